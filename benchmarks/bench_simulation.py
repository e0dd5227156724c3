"""Clocks of whole networks on the RTL with firmware, no stalls, beside the equations', and the simulator's speed.

AXI 128 bit: peer_demo and ResNet-18 at 32 x 32 on 8 x 24, 4 bit; ResNet-50 and the convolutions of VGG-16 at 224 x 224
and of AlexNet (grouped) at 227 x 227 on 7 x 96, 8 bit. ResNet-8 of MLPerf Tiny runs on what `deepsoc fit` chooses for a
PYNQ-Z2.

With --against RTL, a folder of other sources of the accelerator, it compares the speed of simulators instead: that of
the other sources, of these, and of these without assertions, in turn and by the CPU time of the simulator, so that
other work on the machine counts little. Such a folder: `git worktree add --detach ../before COMMIT`, `../before/rtl`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import deepsoc as ds
from deepsoc.export import export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net
from deepsoc.sim import simulate
from deepsoc.sim.backends import Options
from deepsoc.sim.backends.verilator import prepare

NETS = Path(__file__).resolve().parents[1] / "tests" / "data"
SMALL = Hardware(rows=8, cols=24, frequency_mhz=250, x_bits=4, k_bits=4, axi_data_bits=128)
LARGE = Hardware(rows=7, cols=96, frequency_mhz=250, x_bits=8, k_bits=8, axi_data_bits=128, drain_lanes=2)
BOARD = "pynq-z2"
TABLE = Path(ds.__file__).parent / "perf" / "rtl_clocks.csv"  # what notebooks show
RUNS = {
    "peer_demo": (SMALL, 6_800),
    "resnet18_32": (SMALL, 3_763_197),
    "resnet50_224": (LARGE, 6_290_000),
    "vgg16_224": (LARGE, 23_012_000),
    "alexnet_227": (LARGE, 1_205_000),
    "resnet8": (BOARD, 62_000),
}
"""Hardware of each network, or the board that it is chosen for, and the most clocks that it may take."""
ROUNDS = 2


def network(name: str) -> tuple[Graph, Hardware]:
    """A network with random weights, and its hardware."""
    graph, target = load_net(NETS / f"{name}.json").to_graph(seed=1), RUNS[name][0]
    return graph, target if isinstance(target, Hardware) else ds.fit([graph], board=target).hw


def cpu_s() -> float:
    """CPU time in user mode of the processes that this one started and that have ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def compare(other: Path, names: list[str]) -> dict[str, float]:
    """Clocks a CPU second of each network and kind of simulator, and the ratio to the other sources."""
    figures: dict[str, float] = {}
    for name in names:
        kinds = {"other": (other, True), "these": (None, True), "no_assertions": (None, False)}
        with tempfile.TemporaryDirectory() as folder:
            given = export(*network(name), Path(folder) / "export", seed=1)
            runs = {}
            for kind, (rtl, assertions) in kinds.items():
                work = Path(folder) / kind
                work.mkdir()
                options = Options(0.0, 16, "verilator", None, (), rtl, assertions)
                runs[kind] = (prepare(given, work, options, lambda what, fraction: None), work)
            seconds = dict.fromkeys(kinds, 0.0)
            clocks = dict.fromkeys(kinds, 0)
            for _ in range(ROUNDS):
                for kind, (run, work) in runs.items():
                    begin = cpu_s()
                    clocks[kind] += run(given, work, 0, lambda what, fraction: None)["clocks"]
                    seconds[kind] += cpu_s() - begin
        speed = {kind: clocks[kind] / seconds[kind] for kind in kinds}
        for kind in kinds:
            figures[f"{name}_{kind}_clocks_per_cpu_s"] = round(speed[kind])
            figures[f"{name}_{kind}_ratio"] = round(speed[kind] / speed["other"], 2)
        print(name, *(f"{kind} {speed[kind]:,.0f} ({speed[kind] / speed['other']:.2f})" for kind in kinds))
    return figures


def main() -> int:
    """Prints each network's figures, then all of them as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="networks that are compared; all if none is named")
    parser.add_argument("--against", type=Path, metavar="RTL", help="folder of the other sources")
    options = parser.parse_args()
    if options.against:
        print(json.dumps(compare(options.against.resolve(), options.name or list(RUNS))))
        return 0
    figures: dict[str, float] = {}
    for name, (target, most) in RUNS.items():
        graph, hw = network(name)
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            export(graph, hw, Path(folder) / "export", seed=1)
            figures[f"{name}_export_s"] = round(time.perf_counter() - begin, 2)
            result = simulate(Path(folder) / "export")
        result.raise_for_mismatch()
        clocks, equations = result.cycles_rtl, int(ds.estimate(graph, hw)["clocks"].sum())
        figures[f"{name}_clocks"] = clocks
        figures[f"{name}_model_clocks"] = result.cycles_model
        figures[f"{name}_equation_clocks"] = equations
        figures[f"{name}_over_equations_percent"] = round(100 * (clocks / equations - 1), 2)
        figures[f"{name}_clocks_per_second"] = round(result.clocks_per_second)
        if target == BOARD:
            figures[f"{name}_rows"], figures[f"{name}_cols"] = hw.rows, hw.cols
            figures[f"{name}_fps"] = round(hw.frequency_mhz * 1e6 / clocks)
        print(
            f"{name}: {clocks:,} clocks, bit-exact, {clocks / equations - 1:.2%} more than the equations, most {most:,}"
        )
    table = pd.read_csv(TABLE)
    for column, figure in (("equations", "equation_clocks"), ("rtl", "clocks")):
        table[column] = [int(figures[f"{name}_{figure}"]) for name in table["network"]]
    table.to_csv(TABLE, index=False)
    print(json.dumps(figures))
    return int(any(figures[f"{name}_clocks"] > most for name, (_, most) in RUNS.items()))


if __name__ == "__main__":
    sys.exit(main())
