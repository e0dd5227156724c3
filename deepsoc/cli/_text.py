"""What people read: tables on stdout, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc import _progress

if TYPE_CHECKING:
    from rich.table import Table

    from deepsoc.doctor import Tool
    from deepsoc.impl import Implementation
    from deepsoc.sim import SimResult

__all__ = [
    "demo",
    "estimate",
    "files",
    "fit",
    "implementation",
    "progress",
    "simulation",
    "sweep",
    "sweep_progress",
    "tools",
]


@contextmanager
def progress() -> Iterator[Callable[[str, float], None] | None]:
    """Yields a function (what, fraction 0 … 1) that moves a bar on stderr, or tells the job that this command is.

    None: nobody is told.
    """
    if not sys.stderr.isatty():
        yield (lambda what, fraction: _progress.report(what, fraction, 1.0)) if _progress.wanted() else None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, fraction: bar.update(task, description=what, completed=fraction)


@contextmanager
def sweep_progress() -> Iterator[Callable[[int, int], None] | None]:
    """Yields a function (points done, points) that moves a bar with rate and time left, or tells the job.

    None: nobody is told.
    """
    if not sys.stderr.isatty():
        yield (lambda done, total: _progress.report("points", done, total)) if _progress.wanted() else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, rate=f"{bar.tasks[0].speed or 0:,.0f} points/s")

        yield report


def files(folder: Path, names: Sequence[str]) -> None:
    """Prints what was written."""
    _print(f"{len(names)} files in {folder}:")
    for name in names:
        _print(f"  {name}")


def simulation(result: SimResult) -> None:
    """Prints clocks and bytes of each bundle and the verdict."""
    from deepsoc.sim.result import SocResult

    table = _table(
        "bundle",
        "clocks RTL",
        f"clocks model ({result.basis})",
        "difference",
        "bound by",
        "bytes read",
        "bytes written",
    )
    for bundle in result.bundles:
        rtl, model = bundle.cycles_rtl, bundle.cycles_model
        difference = f"{rtl / model - 1:+.1%}" if model else ""
        counts = (f"{value:,}" for value in (bundle.axi_read_bytes, bundle.axi_write_bytes))
        table.add_row(bundle.name, f"{rtl:,}", f"{model:,}", difference, bundle.bound, *counts)
    _print(table)
    if rows := result.waits():
        _print("\nclocks by the hardware's own counters: steps of the array, and what it waits for")
        table = _table(*rows[0])
        for row in rows:
            table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row.values()))
        _print(table)
    _print(
        f"{result.cycles_rtl:,} clocks; {result.wall_s:.1f} s with building, {result.clocks_per_second:,.0f} clocks/s"
    )
    if isinstance(result, SocResult):
        _print(
            f"firmware: {result.firmware_instructions:,} instructions an inference, "
            f"{result.firmware_instructions_softmax:,} with softmax; {result.firmware_clocks:,} clocks from reset"
        )
    verdict = "bit-exact: every value of every bundle equals the reference"
    _print(verdict if result.bit_exact else f"NOT bit-exact: {result.mismatches:,} values differ")
    if result.outputs:
        _print(f"{result.images} outputs: {result.outputs}")
    if result.trace:
        _print(f"trace: {result.trace}")


def estimate(data: Mapping[str, Any]) -> None:
    """Prints the layers of an estimate and the sums by type."""
    table = _table("layer", "type", "clocks", "efficiency", "words", "ops/word", "end to end", "bound by")
    for row in data["layers"]:
        numbers = f"{row['clocks']:,}", f"{row['efficiency']:.1%}", f"{row['words']:,}", f"{row['ops_per_access']:.1f}"
        table.add_row(row["name"], row["type"], *numbers, f"{row['end_to_end_clocks']:,.0f}", row["bound"])
    _print(table)
    sums = _table(
        *("sum", "clocks", "frames/s", "efficiency", "DRAM words", "DRAM bytes", "ops/word"),
        f"frames/s end to end ({data['totals']['basis']})",
    )
    for name, total in (*data["totals_by_type"].items(), ("all", data["totals"])):
        sums.add_row(
            name, f"{total['clocks']:,}", f"{total['fps']:,.1f}", f"{total['efficiency']:.1%}",
            f"{total['dram_words']:,}", f"{total['dram_bytes']:,.0f}", f"{total['ops_per_access']:.1f}",
            f"{total['end_to_end_fps']:,.1f}",
        )  # fmt: skip
    _print("")
    _print(sums)
    if grouped := [row for row in data["layers"] if row["groups"] > 1]:
        operations = sum(row["groups"] for row in grouped)
        _print(f"{len(grouped)} grouped layers are {operations:,} operations, one a group")
    if cpu_us := data["totals"].get("cpu_us"):
        clocks = data["totals"]["cpu_clocks"]
        _print(f"softmax on the CPU: {clocks:,} clocks at {clocks / cpu_us:g} MHz, {cpu_us:,.1f} us; in end to end")


def sweep(data: Mapping[str, Any], most: int = 20) -> None:
    """Prints the Pareto front of a sweep, at most so many rows of it."""
    rows = data["pareto"]
    _print(
        f"{data['points']:,} points, {data['rows']:,} of them kept; {data['seconds']:.1f} s, "
        f"{data['points_per_second']:,.0f} points/s"
    )
    objectives = ", ".join(f"{name} {goal}" for name, goal in data["objectives"].items())
    _print(
        f"Pareto front of {objectives}, by the {data['basis']}: {len(rows)} points"
        + (f", {most} shown" if len(rows) > most else "")
    )
    if rows:
        table = _table(*rows[0])
        for i in sorted({round(i * (len(rows) - 1) / (most - 1)) for i in range(most)}):
            table.add_row(*(f"{v:,.4g}" if isinstance(v, float) else str(v) for v in rows[i].values()))
        _print(table)


def fit(data: Mapping[str, Any]) -> None:
    """Prints the best hardware, its runners-up, and what limits it."""
    hw, found = data["hw"], data["figures"]
    _print(
        f"{hw.rows} × {hw.cols} processing elements at {hw.frequency_mhz:g} MHz, weights_ram_depth "
        f"{hw.weights_ram_depth}, axi_data_bits {hw.axi_data_bits}: {data['fps']:,.1f} frames/s end to end "
        f"({data['basis']}), "
        f"efficiency {found['efficiency']:.1%}"
    )
    shown = ["rows", "cols", "weights_ram_depth", "axi_data_bits", "end_to_end_fps", "latency_us", *data["resources"]]
    shown += [data["goal"]] if data["goal"].startswith("fps_per") else []
    points = _table(*shown)
    for row in data["table"]:
        points.add_row(*(f"{row[name]:,.4g}" if isinstance(row[name], float) else str(row[name]) for name in shown))
    _print(points)
    limits = _table("limit", "budget", "used", "share", "binds", f"{data['goal']} without it")
    for row in data["limits"]:
        numbers = f"{row['budget']:,.4g}", f"{row['used']:,.4g}", f"{row['share']:.0%}"
        limits.add_row(row["limit"], *numbers, "yes" if row["binds"] else "", f"+{row['gain']:.1%}")
    _print("")
    _print(limits)
    _print(f"{data['points']:,} points, {data['method']}" + (f"; {data['out']}" if data["out"] else ""))


def demo(data: Mapping[str, Any], folder: Path) -> None:
    """Prints the figures of the demo and where its report is."""
    table = _table("figure", "value")
    for key, value in data.items():
        if isinstance(value, float):
            table.add_row(key, f"{value:.1%}" if key.startswith(("accuracy", "util")) else f"{value:,.1f}")
        elif isinstance(value, int) and not isinstance(value, bool):
            table.add_row(key, f"{value:,}")
        elif isinstance(value, bool | str) and value != "":
            table.add_row(key, str(value))
    _print(table)
    _print(f"report: {folder / 'report.html'}")


def implementation(result: Implementation) -> None:
    """Prints the resources of each instance, the clock rate, slack, longest path, power, the steps and the files."""
    if result.resources is not None:
        table = _table("instance", "module", "LUT", "of them RAM", "FF", "DSP", "BRAM36", "URAM")
        table.columns[1].justify = "left"
        named = [(row.instance or "top", row.module, row) for row in result.by_module]
        for name, module, row in (*named, ("all", "", result.resources)):
            counts = (row.lut, row.lutram, row.ff, row.dsp, row.bram36, row.uram)
            table.add_row(name, module, *(f"{count:,g}" for count in counts))
        _print(table)
    rate = "not known" if result.fmax_mhz is None else f"{result.fmax_mhz:,.0f} MHz"
    _print(f"clock: {rate} ({result.fmax_basis})")
    if result.slack_ns is not None:
        met = "met" if result.slack_ns >= 0 else "missed"
        _print(f"slack: {result.slack_ns:.3f} ns at {result.hw.frequency_mhz:g} MHz, {met}")
    if result.paths:
        path = result.paths[0]
        what = f"{path.delay_ns:.3f} ns, {path.logic_ns:.3f} ns of it logic, {path.levels} levels"
        _print(f"longest path: {what}, from {path.start} to {path.end}")
    if result.power_w is not None:
        _print(f"power: {result.power_w:.3f} W ({result.power_basis})")
    for step in result.steps:
        _print(f"step {step.name}: {step.seconds:,.1f} s{', from an earlier run' if step.kept else ''}, {step.log}")
    files(Path(result.folder), result.artifacts)


def tools(found: Sequence[Tool]) -> None:
    """Prints which tools are there and how to get the rest."""
    table = _table("tool", "status", "version", "purpose", "where, or how to get it")
    table.columns[1].justify = table.columns[2].justify = table.columns[3].justify = table.columns[4].justify = "left"
    for tool in found:
        status = tool.status if tool.status == "ok" or tool.required else f"{tool.status} (optional)"
        table.add_row(tool.name, status, tool.version, tool.purpose, tool.remedy or tool.path)
    _print(table)


def note(text: str) -> None:
    """Prints a line on stderr, where it is no part of the answer."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _table(first: str, *others: str) -> Table:
    from rich.table import Table

    table = Table(first, box=None, pad_edge=False, header_style="bold")
    for name in others:
        table.add_column(name, justify="right")
    return table


def _print(what: object) -> None:
    """Prints without markup, wide enough to stay greppable when stdout is a file."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)
    console.print(what, soft_wrap=isinstance(what, str))
