"""The performance model against RTL and firmware: end-to-end clocks of five networks, with and without memory delays.

Prints the table of docs/performance.md, then the figures as one JSON object. Exit status 1 if one is off by over 10 %.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from deepsoc.export import export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.mapping import plan
from deepsoc.netspec.spec import parse_net
from deepsoc.perf import Memory, operation_times
from deepsoc.sim import simulate

NETS = Path(__file__).resolve().parents[1] / "tests" / "data"
NAMES = ("peer_demo", "resnet18_32", "digits", "kws_cnn", "autoencoder")
HARDWARE = (
    Hardware(rows=8, cols=24, x_bits=4, k_bits=4, axi_data_bits=128),
    Hardware(rows=7, cols=30, x_bits=8, k_bits=8, axi_data_bits=64, weights_ram_depth=1024),
)
MEMORIES = (Memory(0), Memory(16), Memory(100), Memory(300), Memory(30, efficiency=0.7))  # the last: 30 % stalls
AIM = 0.10


def graph(name: str, hw: Hardware) -> Graph:
    """A network with random weights, in the bits of the hardware."""
    net = json.loads((NETS / f"{name}.json").read_text(encoding="utf-8"))
    net["bits"] |= {"x": hw.x_bits, "k": hw.k_bits}
    return parse_net(net, name).to_graph(seed=1)


def compare(name: str, hw: Hardware) -> float:
    """Prints one line a memory; returns the largest deviation of the model."""
    integers = graph(name, hw)
    mapped = plan(integers, hw)
    equation = sum(cost.clocks for cost in mapped.costs)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        export(integers, hw, Path(folder) / "export", seed=1)
        for memory in MEMORIES:
            stalls = round(1 - memory.efficiency, 3)
            result = simulate(Path(folder) / "export", mem_latency=memory.latency_clocks, stall_prob=stalls)
            result.raise_for_mismatch()
            model = sum(time.clocks for time in operation_times(mapped, memory))
            off = model / result.cycles_rtl - 1
            worst = max(worst, abs(off))
            print(
                f"| {name} | {hw.rows} × {hw.cols} | {memory.latency_clocks} | {stalls:.0%} "
                f"| {equation:,} | {model:,.0f} | {result.cycles_rtl:,} | {off:+.1%} |",
                flush=True,
            )
    return worst


def main() -> int:
    """Compares every network on every accelerator, but for the long one, which runs on the first."""
    print("| network | array | latency | stalls | array clocks | model | RTL | deviation |")
    print("|---|---|---|---|---|---|---|---|")
    worst: dict[str, float] = dict.fromkeys(NAMES, 0.0)
    for hw in HARDWARE:
        for name in NAMES:
            if name != "resnet18_32" or hw is HARDWARE[0]:
                worst[name] = max(worst[name], compare(name, hw))
    print(json.dumps({f"{name}_deviation_percent": round(100 * off, 2) for name, off in worst.items()}))
    return int(max(worst.values()) > AIM)


if __name__ == "__main__":
    sys.exit(main())
