"""The command `run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json, output_file, probability
from deepsoc.errors import InputError

if TYPE_CHECKING:
    from deepsoc.runtime.design import Design
    from deepsoc.runtime.device import Device

__all__ = ["register"]

_IMAGES = "Real values, or integers that are taken as they are; any number."


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(run)


def run(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `export` or `deploy` wrote.")],
    images: Annotated[Path | None, typer.Argument(metavar="IMAGES.npy", help=_IMAGES, show_default=False)] = None,
    device: Annotated[
        Literal["simulation", "linux", "pynq"], typer.Option("--device", help="The machine.")
    ] = "simulation",
    given: Annotated[
        Path | None, typer.Option("--input", metavar="X.npy", help="The images, in place of the argument.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "--output", metavar="Y.npy", help="File for the outputs.", callback=output_file),
    ] = None,
    integers: Annotated[bool, typer.Option("--integers", help="Outputs are integers.")] = False,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="Seconds for one run; 10 on a board, no limit (0) in simulation."),
    ] = None,
    uio: Annotated[str, typer.Option(metavar="NAME", help="linux: the UIO device.")] = "dsoc",
    address: Annotated[
        str | None, typer.Option(metavar="A", help="linux: bus address of the registers, for /dev/mem.")
    ] = None,
    memory: Annotated[str, typer.Option(metavar="NAME", help="linux: the u-dma-buf.")] = "udmabuf0",
    bitstream: Annotated[
        Path | None, typer.Option(metavar="F.bit", help="pynq: the bitstream; left out: the one beside the design.")
    ] = None,
    stall_prob: Annotated[
        float, typer.Option(metavar="P", callback=probability, help="simulation: probability of a stall.")
    ] = 0.0,
    mem_latency: Annotated[
        int, typer.Option(metavar="N", min=0, help="simulation: clocks from read request to first data.")
    ] = 16,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="simulation: seed of the stalls.")] = 0,
    as_json: Json = False,
) -> None:
    """Infer images through the driver: on the simulated RTL, or on the board that this is called on."""
    chosen = [path for path in (images, given) if path is not None]
    if len(chosen) != 1:
        raise InputError("exactly one of IMAGES.npy and --input X.npy is expected", where="run")
    if device != "simulation" and (stall_prob, mem_latency, seed) != (0.0, 16, 0):
        raise InputError("stalls, latency and seed are those of the simulation; leave them out", where=device)
    try:
        place = None if address is None else int(address, 0)
    except ValueError:
        raise InputError(f"expected a number such as 0xA0000000, received {address!r}", where="--address") from None

    def work() -> Answer:
        from deepsoc.runtime.run import open_board, run_files

        with _text.progress() as report:

            def opened(design: Design) -> Device:
                if device != "simulation":
                    return open_board(device, design, uio=uio, address=place, memory=memory, bitstream=bitstream)
                from deepsoc.sim import open_device

                return open_device(folder, stall_prob=stall_prob, mem_latency=mem_latency, seed=seed, progress=report)

            def told(done: int, total: int) -> None:
                if report is not None:
                    report(f"{done:,} of {total:,} images", done / total)

            limit = timeout if timeout is not None else 0 if device == "simulation" else 10
            result = run_files(
                folder, chosen[0], opened, out=out, integers=integers, timeout=limit or None, progress=told
            )
        return Answer(result.to_dict(), lambda: print(result.text()))  # noqa: T201

    respond(work, as_json=as_json)
