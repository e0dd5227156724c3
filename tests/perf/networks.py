"""Networks of tests/data on two accelerators."""

from __future__ import annotations

import json
from pathlib import Path

from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net

__all__ = ["DATA", "NARROW", "WIDE", "graph"]

DATA = Path(__file__).parent.parent / "data"
WIDE = Hardware(rows=8, cols=24, x_bits=4, k_bits=4, axi_data_bits=128)
NARROW = Hardware(rows=7, cols=30, x_bits=8, k_bits=8, axi_data_bits=64, weights_ram_depth=1024)


def graph(name: str, hw: Hardware) -> Graph:
    """A network with random weights, in the bits of the hardware."""
    net = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    net["bits"] |= {"x": hw.x_bits, "k": hw.k_bits}
    return parse_net(net, name).to_graph(seed=1)
