"""Networks of dense layers at batch 1, with weights that stay on chip and vectors spread over the rows, and without.

RTL and firmware, 8 × 24 of 8 bit, AXI 128, memory latency 16, every value compared. Prints the table of
docs/performance.md, then the figures as one JSON object. Exit status 1 if the autoencoder takes over 4,000 clocks.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import SimResult, simulate

NETWORKS = {
    "autoencoder": (640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640),
    "kws_mlp": (490, 256, 256, 256, 12),
    "jet_tagger": (16, 64, 32, 32, 5),
}
"""Features of the input and of every layer: anomalies of a machine, keywords, jets of particles (hls4ml's networks)."""
HARDWARE: dict[str, dict[str, Any]] = {
    "streamed": {},
    "resident": {"weights_resident": 2048},
    "two lanes": {"weights_resident": 2048, "drain_lanes": 2},
}
MOST = 4_000


def network(name: str) -> dict[str, Any]:
    """Dense layers with ReLU; the last one's sums are the output."""
    first, *units = NETWORKS[name]
    bundles = [
        {
            "name": f"fc{i}",
            "input": f"fc{i - 1}" if i > 1 else "input",
            "core": {"type": "dense", "units": count},
            "act": {"type": "relu", "slope": 0} if i < len(units) else None,
        }
        for i, count in enumerate(units, 1)
    ]
    bits = {"x": 8, "k": 8, "b": 16}
    shape = {"shape": [first], "batch": 1}
    return {"format": "deepsoc-net/1", "name": name, "input": shape, "bits": bits, "bundles": bundles}


def run(name: str, given: dict[str, Any]) -> SimResult:
    """One network on one accelerator, bit-exact."""
    graph = parse_net(network(name), name).to_graph(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        export(graph, Hardware(rows=8, cols=24, **given), f"{folder}/export", seed=1)
        result = simulate(f"{folder}/export")
    result.raise_for_mismatch()
    return result


def main() -> int:
    """Runs every network on every accelerator."""
    print("| network | weights | first frame | each frame | model | bytes read a frame |")
    print("|---|---|---|---|---|---|")
    figures = {}
    for name in NETWORKS:
        for hardware, given in HARDWARE.items():
            result = run(name, given)
            read = sum(bundle.axi_read_bytes for bundle in result.bundles)
            first = result.cycles_first or result.cycles_rtl
            print(
                f"| {name} | {hardware} | {first:,} | {result.cycles_rtl:,} | {result.cycles_model:,} | {read:,} |",
                flush=True,
            )
            figures[f"{name}_{hardware.replace(' ', '_')}_clocks"] = result.cycles_rtl
    print(json.dumps(figures))
    return int(figures["autoencoder_resident_clocks"] > MOST)


if __name__ == "__main__":
    sys.exit(main())
