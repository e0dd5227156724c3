"""The commands: demo, export, simulate, doctor.

The packages that do the work are imported by the command that needs them, so that `deepsoc --help` stays fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepsoc._backends import BACKENDS, BackendName, SimulatorName
from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import HwFile, Json, NetFile, OutDir, output_file, probability
from deepsoc.errors import InputError, MismatchError

__all__ = ["register"]


_BACKENDS = "; ".join(f"{name}: {backend.about}" for name, backend in BACKENDS.items())


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    for command in (demo, export, simulate, doctor):
        app.command()(command)


def demo(
    out: OutDir = Path("build/demo"),
    quick: Annotated[bool, typer.Option("--quick", help="8 × 8 digits and a smaller network.")] = False,
    as_json: Json = False,
) -> None:
    """Train, export and simulate a small network on real images, and report."""

    def work() -> Answer:
        from deepsoc.demo import run_demo

        with _text.progress() as report:
            data = run_demo(out, quick=quick, progress=report)
        failure = "" if data["bit_exact"] else f"RTL and reference differ; see {out / 'report.html'}"
        return Answer(data, lambda: _text.demo(data, out), failure)

    respond(work, as_json=as_json)


def export(
    net: NetFile,
    hw: HwFile,
    out: OutDir,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="F.npz", help="Weights by bundle.", exists=True, dir_okay=False),
    ] = None,
    random_weights: Annotated[bool, typer.Option("--random-weights", help="Draw weights from --seed.")] = False,
    samples: Annotated[
        Path | None,
        typer.Option(
            "--samples",
            metavar="X.npy",
            help="Real inputs: place binary points, are tested.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of random weights and test inputs.")] = 0,
    as_json: Json = False,
) -> None:
    """Write parameters, firmware tables, weights and test vectors of a network on a hardware."""
    if (weights is None) != random_weights:
        raise InputError("exactly one of --weights F.npz and --random-weights is expected", where="export")

    def work() -> Answer:
        from deepsoc.export import export as export_graph
        from deepsoc.graph.fixed import quantize
        from deepsoc.hw import Hardware
        from deepsoc.netspec.spec import load_net, load_samples, load_weights

        spec = load_net(net)
        real = load_samples(samples) if samples else None
        graph = spec.to_graph(weights=load_weights(weights) if weights else None, seed=seed, samples=real)
        x = None
        if real is not None:
            if len(real) < spec.input.batch:
                raise InputError(
                    f"expected at least batch={spec.input.batch} inputs, received {len(real)}", where=str(samples)
                )
            x = quantize(real[: spec.input.batch], graph.input_quant)
        export_graph(graph, Hardware.load(hw), out, x=x, seed=seed, net=spec.dump())
        files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
        return Answer({"folder": str(out), "files": files}, lambda: _text.files(out, files))

    respond(work, as_json=as_json)


def simulate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that `export` wrote.", exists=True, file_okay=False)
    ],
    backend: Annotated[BackendName, typer.Option(help=_BACKENDS)] = "verilator",
    simulator: Annotated[
        SimulatorName | None, typer.Option(help="Simulator below the back end.", show_default=False)
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="X.npy",
            help="Images (real values) or integers, any number, in place of the exported inputs.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option("--output", metavar="Y.npy", help="File for the network's outputs.", callback=output_file),
    ] = None,
    stall_prob: Annotated[
        float, typer.Option(metavar="P", callback=probability, help="Probability of a stall, each channel and clock.")
    ] = 0.0,
    mem_latency: Annotated[int, typer.Option(metavar="N", min=0, help="Clocks from read request to first data.")] = 16,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the stalls.")] = 0,
    trace: Annotated[bool, typer.Option("--trace", help="Write an FST trace into DIR.")] = False,
    assertions: Annotated[
        bool,
        typer.Option("--assertions/--no-assertions", help="Check assertions and the rules of AXI; faster without."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Run the exported network on the RTL with the firmware and compare every bundle with the reference."""

    def work() -> Answer:
        from deepsoc.sim import simulate as run

        with _text.progress() as report:
            result = run(
                folder,
                backend=backend,
                simulator=simulator,
                images=images,
                outputs=outputs,
                stall_prob=stall_prob,
                mem_latency=mem_latency,
                seed=seed,
                trace=trace,
                assertions=assertions,
                progress=report,
            )
        try:
            result.raise_for_mismatch()
            failure = ""
        except MismatchError as error:
            failure = str(error)
        return Answer(result.to_dict(), lambda: _text.simulation(result), failure)

    respond(work, as_json=as_json)


def doctor(as_json: Json = False) -> None:
    """Show which tools are there and how to get the rest."""

    def work() -> Answer:
        from deepsoc.doctor import examine

        tools = examine()
        missing = [tool.name for tool in tools if tool.required and tool.status != "ok"]
        failure = f"needed and missing: {', '.join(missing)}" if missing else ""
        return Answer({"tools": tools}, lambda: _text.tools(tools), failure)

    respond(work, as_json=as_json)
