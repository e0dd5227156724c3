"""Clocks of whole networks on the RTL with firmware, no stalls, beside the equations', and the simulator's speed.

AXI 128 bit: peer_demo and ResNet-18 at 32 x 32 on 8 x 24, 4 bit; ResNet-50 and the convolutions of VGG-16 at 224 x 224
on 7 x 96, 8 bit. ResNet-8 of MLPerf Tiny runs on what `deepsoc fit` chooses for a PYNQ-Z2.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import deepsoc as ds
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net
from deepsoc.sim import simulate

NETS = Path(__file__).resolve().parents[1] / "tests" / "data"
SMALL = Hardware(rows=8, cols=24, frequency_mhz=250, x_bits=4, k_bits=4, axi_data_bits=128)
LARGE = Hardware(rows=7, cols=96, frequency_mhz=250, x_bits=8, k_bits=8, axi_data_bits=128)
BOARD = "pynq-z2"
RUNS = {
    "peer_demo": (SMALL, 6_800),
    "resnet18_32": (SMALL, 3_763_197),
    "resnet50_224": (LARGE, 6_407_170),
    "vgg16_224": (LARGE, 23_220_000),
    "resnet8": (BOARD, 62_000),
}
"""Hardware of each network, or the board that it is chosen for, and the most clocks that it may take."""


def main() -> int:
    """Prints each network's figures, then all of them as one JSON object."""
    figures: dict[str, float] = {}
    for name, (target, most) in RUNS.items():
        graph = load_net(NETS / f"{name}.json").to_graph(seed=1)
        hw = target if isinstance(target, Hardware) else ds.fit([graph], board=target).hw
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
    print(json.dumps(figures))
    return int(any(figures[f"{name}_clocks"] > most for name, (_, most) in RUNS.items()))


if __name__ == "__main__":
    sys.exit(main())
