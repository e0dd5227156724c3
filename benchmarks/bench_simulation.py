"""Clocks of the two reference networks on 8 x 24, 4 bit, AXI 128 bit, without stalls, and the simulator's speed."""

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
HW = Hardware(rows=8, cols=24, frequency_mhz=250, x_bits=4, k_bits=4, axi_data_bits=128)
AIMS = {"peer_demo": 10_000, "resnet18_32": 3_820_000}


def main() -> int:
    """Prints each network's figures, then all of them as one JSON object."""
    figures: dict[str, float] = {}
    for name in AIMS:
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            export(load_net(NETS / f"{name}.json").to_graph(seed=1), HW, Path(folder) / "export", seed=1)
            figures[f"{name}_export_s"] = round(time.perf_counter() - begin, 2)
            result = simulate(Path(folder) / "export")
        result.raise_for_mismatch()
        figures[f"{name}_clocks"] = result.cycles_rtl
        figures[f"{name}_model_clocks"] = result.cycles_model
        figures[f"{name}_clocks_per_second"] = round(result.clocks_per_second)
        print(f"{name}: {result.cycles_rtl:,} clocks, bit-exact, aim under {AIMS[name]:,}")
    print(json.dumps(figures))
    return int(any(figures[f"{name}_clocks"] >= aim for name, aim in AIMS.items()))


if __name__ == "__main__":
    sys.exit(main())
