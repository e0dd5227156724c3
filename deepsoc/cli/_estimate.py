"""The command `estimate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import HwFile, Json
from deepsoc.errors import InputError

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(estimate)


def estimate(
    source: Annotated[
        str, typer.Argument(metavar="NET|WORKLOAD", help="net.json, layer table (CSV), or a built-in workload's name.")
    ],
    hw: HwFile,
    batch: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Batch of every layer of a workload; its own if left out.")
    ] = None,
    mem_latency: Annotated[int, typer.Option(metavar="N", min=0, help="Clocks from read request to first data.")] = 16,
    cpu_mhz: Annotated[
        float | None,
        typer.Option(metavar="F", help="Clock of the CPU, which does the softmax; the accelerator's if left out."),
    ] = None,
    cpu_float: Annotated[
        bool, typer.Option("--cpu-float/--no-cpu-float", help="Whether the CPU has a floating-point unit.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Clocks, traffic and frames per second of a network or workload, layer by layer, without simulating it."""

    def work() -> Answer:
        from deepsoc.hw import Hardware
        from deepsoc.perf import Cpu, Memory, summary
        from deepsoc.perf import estimate as run

        cpu = Cpu(cpu_mhz, cpu_float)
        table = run(_source(source, batch), Hardware.load(hw), memory=Memory(mem_latency), cpu=cpu)
        types = {kind: summary(part) for kind, part in table.groupby("type")}
        data: dict[str, Any] = {
            "totals": summary(table),
            "totals_by_type": types,
            "layers": table.to_dict(orient="records"),
        }
        return Answer(data, lambda: _text.estimate(data))

    respond(work, as_json=as_json)


def _source(source: str, batch: int | None) -> Source:
    if batch is None:
        return source
    if Path(source).suffix.lower() == ".json":
        raise InputError("the batch of a network is in its net.json; change input.batch there", where="--batch")
    from deepsoc.workloads import load_workload

    return load_workload(source).with_batch(batch)
