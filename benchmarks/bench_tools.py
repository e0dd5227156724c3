"""SCALE-Sim 3, ZigZag and a plain NumPy evaluation beside this package: the same layers, one array, one run.

The other tools live in environments of their own below build/tools, made by pip when they are absent. Seconds are
CPU seconds, so that ratios hold on a shared machine. What a tool calls a clock is its own dataflow's: for orientation.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from bench_sweep import plain
from rich.console import Console
from rich.table import Table

from deepsoc.hw import Hardware
from deepsoc.perf import Layers, estimate
from deepsoc.perf.sweep import sweep
from deepsoc.workloads import Layer, Workload, load_workload

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parent / "build" / "tools"
ROWS, COLS = 7, 96
LAYERS = ("conv2_1_reduce", "conv4_2_3x3", "conv5_3_expand")  # of resnet50
SPACE = {"rows": {"min": 1, "max": 100, "step": 1}, "cols": {"min": 13, "max": 2012, "step": 1}}
PLAIN_SLAB = 10_000  # points evaluated at once
INSTALL_LIMIT_S, RUN_LIMIT_S = 600, 900
ESTIMATES = 20


@dataclass(frozen=True)
class Tool:
    """Another tool: its packages, and what its time grows with, for a whole network."""

    name: str
    packages: tuple[str, ...]
    grows_with: str


TOOLS = (
    Tool("scalesim", ("scalesim==3.0.0", "numpy<2.4"), "clocks"),  # newer NumPy ends it with a TypeError
    Tool("zigzag", ("zigzag-dse==3.9.1", "six"), "layers"),  # it imports six without asking for it
)


class UnusableError(Exception):
    """A tool cannot be installed or cannot run; says why."""


def environment(tool: Tool) -> Path:
    """The interpreter of the tool's own environment, made when its packages are not there."""
    folder = ENVIRONMENTS / tool.name
    python, done = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(tool.packages)
    if not (done.is_file() and done.read_text() == wanted):
        quietly([sys.executable, "-m", "venv", "--clear", str(folder)], INSTALL_LIMIT_S)
        quietly([str(python), "-m", "pip", "install", "--quiet", *tool.packages], INSTALL_LIMIT_S)
        done.write_text(wanted)
    return python


def quietly(command: list[str], limit_s: float, text: str = "") -> str:
    """What a command prints.

    Raises:
        UnusableError: it fails or takes longer.
    """
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise UnusableError(str(err)) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise UnusableError(f"{Path(command[0]).name} {' '.join(command[1:3])}: {lines[-1]}")
    return done.stdout


def others(tool: Tool, layers: tuple[Layer, ...]) -> pd.DataFrame:
    """Clocks and seconds of each layer, by name."""
    job = json.dumps({"rows": ROWS, "cols": COLS, "layers": [asdict(layer) for layer in layers]})
    script = HERE / "tools" / f"{tool.name}_layers.py"
    output = quietly([str(environment(tool)), str(script)], RUN_LIMIT_S, job)
    table = pd.DataFrame([json.loads(line) for line in output.splitlines()]).set_index("name")
    if list(table.index) != [layer.name for layer in layers]:
        raise UnusableError(f"answered for {', '.join(table.index)} only")
    return table


def seconds_of(work: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ours(workload: Workload, hw: Hardware) -> float:
    """Seconds of an estimate, which is a table with a row a layer."""
    estimate(workload, hw)  # the first one imports
    return seconds_of(lambda: [estimate(workload, hw) for _ in range(ESTIMATES)]) / ESTIMATES


def sweeps(workload: Workload) -> tuple[float, float]:
    """Seconds a point of a sweep, and of the plain evaluation of its points."""
    layers = Layers.of(workload.layers)
    points = sweep([workload], SPACE)
    rows, cols = points["rows"].to_numpy(), points["cols"].to_numpy()

    def by_numpy() -> None:
        for start in range(0, len(points), PLAIN_SLAB):
            plain(layers, rows[start : start + PLAIN_SLAB], cols[start : start + PLAIN_SLAB])

    return seconds_of(lambda: sweep([workload], SPACE)) / len(points), seconds_of(by_numpy) / len(points)


def compare(
    tool: Tool, found: pd.DataFrame, estimate_s: float, whole: Workload, clocks: float, point_s: float
) -> dict[str, float]:
    """Figures of another tool: on the same layers, and extrapolated to a point of the whole network."""
    part = clocks if tool.grows_with == "clocks" else len(whole.layers) / len(found)
    seconds = found["seconds"].sum()
    return {
        f"{tool.name}_s_a_layer": short(seconds / len(found)),
        f"{tool.name}_over_estimate": short(seconds / estimate_s),
        f"{tool.name}_resnet50_s": short(seconds * part),
        f"{tool.name}_resnet50_over_sweep": short(seconds * part / point_s),
    }


def short(value: float) -> float:
    """Three digits: more would be noise."""
    return float(f"{value:.3g}")


def main() -> None:
    """Print a table of clocks and seconds, and the ratios."""
    whole = load_workload("resnet50").only("conv")
    chosen = Workload("some of resnet50", tuple(layer for layer in whole.layers if layer.name in LAYERS))
    hw = Hardware(rows=ROWS, cols=COLS, frequency_mhz=400)
    model = estimate(chosen, hw)
    clocks = estimate(whole, hw)["clocks"].sum() / model["clocks"].sum()
    estimate_s = ours(chosen, hw)
    point_s, plain_s = sweeps(whole)
    few_s, few_plain_s = sweeps(chosen)

    console = Console(width=120)
    table = Table("tool", "layer", "clocks", "CPU seconds", box=None)
    for row in model.itertuples():
        table.add_row("deepsoc", row.name, f"{row.clocks:,}", f"{estimate_s / len(model):.4f}")
    figures: dict[str, Any] = {
        "estimate_ms_a_layer": short(estimate_s / len(model) * 1e3),
        "sweep_resnet50_us_a_point": short(point_s * 1e6),
        "plain_numpy_resnet50_over_sweep": short(plain_s / point_s),
        "plain_numpy_chosen_over_sweep": short(few_plain_s / few_s),
    }
    for tool in TOOLS:
        try:
            found = others(tool, chosen.layers)
        except UnusableError as why:
            console.print(f"{tool.name}: not measured: {why}", markup=False)
            figures[f"{tool.name}_not_measured"] = str(why)
            continue
        for row in found.itertuples():
            table.add_row(tool.name, row.Index, f"{row.clocks:,}", f"{row.seconds:.2f}")
        figures |= compare(tool, found, estimate_s, whole, clocks, point_s)
    console.print(f"{ROWS} × {COLS} processing elements, layers of ResNet-50, batch 1:")
    console.print(table)
    grows = ", ".join(f"{tool.name} by {tool.grows_with}" for tool in TOOLS)
    console.print(f"A point of the whole ResNet-50, convolutions only: measured here, extrapolated for {grows}.")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
