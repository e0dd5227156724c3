"""Clocks of whole networks on the RTL, AXI 128 bit, no stalls, and the simulator's speed.

peer_demo and ResNet-18 at 32 x 32 on 8 x 24, 4 bit; ResNet-50 at 224 x 224 on 7 x 96, 8 bit.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net
from deepsoc.sim import simulate

NETS = Path(__file__).resolve().parents[1] / "tests" / "data"
SMALL = Hardware(rows=8, cols=24, frequency_mhz=250, x_bits=4, k_bits=4, axi_data_bits=128)
LARGE = Hardware(rows=7, cols=96, frequency_mhz=250, x_bits=8, k_bits=8, axi_data_bits=128)
AIMS = {"peer_demo": (SMALL, 10_000), "resnet18_32": (SMALL, 3_820_000), "resnet50_224": (LARGE, 6_800_000)}
"""Hardware of each network, and the clocks it must stay under."""


def main() -> int:
    """Prints each network's figures, then all of them as one JSON object."""
    figures: dict[str, float] = {}
    for name, (hw, aim) in AIMS.items():
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            export(load_net(NETS / f"{name}.json").to_graph(seed=1), hw, Path(folder) / "export", seed=1)
            figures[f"{name}_export_s"] = round(time.perf_counter() - begin, 2)
            result = simulate(Path(folder) / "export")
        result.raise_for_mismatch()
        figures[f"{name}_clocks"] = result.cycles_rtl
        figures[f"{name}_model_clocks"] = result.cycles_model
        figures[f"{name}_clocks_per_second"] = round(result.clocks_per_second)
        print(f"{name}: {result.cycles_rtl:,} clocks, bit-exact, aim under {aim:,}")
    print(json.dumps(figures))
    return int(any(figures[f"{name}_clocks"] >= aim for name, (_, aim) in AIMS.items()))


if __name__ == "__main__":
    sys.exit(main())
