"""Networks of separable convolutions, by shape with random weights, with a channel for each elastic group and without.

RTL and firmware, 8 × 24 of 8 bit, AXI 128, two drain lanes, memory without latency, every value compared. Prints a
table, then the figures as one JSON object. Exit status 1 if a network takes more clocks than it may.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate

Net = dict[str, Any]
RELU = {"type": "relu"}
HARDWARE: dict[str, dict[str, Any]] = {"a channel at once": {}, "8 channels": {"depthwise": 8}}


class _Builder:
    """Bundles one behind the other."""

    def __init__(self, name: str, shape: Sequence[int]) -> None:
        self.net: Net = {
            "format": "deepsoc-net/1", "name": name, "input": {"shape": list(shape)},
            "bits": {"x": 8, "k": 8, "b": 16}, "bundles": [],
        }  # fmt: skip
        self.source, self.channels = "input", shape[-1]

    def conv(self, filters: int, kernel: tuple[int, int], stride: int = 1, **more: Any) -> None:
        """A convolution; `groups` and `padding` of the core, or parts of the bundle, in `more`."""
        core = {"type": "conv2d", "filters": filters, "kernel": list(kernel), "strides": [stride, stride],
                "padding": more.pop("padding", "same"), "groups": more.pop("groups", 1)}  # fmt: skip
        name = f"b{len(self.net['bundles'])}"
        self.net["bundles"].append({"name": name, "input": self.source, "core": core, "act": RELU, **more})
        self.source, self.channels = name, filters

    def separable(self, filters: int, kernel: tuple[int, int] = (3, 3), stride: int = 1, **more: Any) -> None:
        """A depthwise convolution and one of 1 x 1."""
        self.conv(self.channels, kernel, stride, groups=self.channels, padding=more.pop("padding", "same"))
        self.conv(filters, (1, 1), **more)

    def classes(self, count: int) -> Net:
        """The network with a dense layer behind what is flattened."""
        core = {"type": "dense", "units": count}
        self.net["bundles"].append({"name": "classes", "input": self.source, "core": core, "softmax": True})
        return self.net


def ds_cnn() -> Net:
    """Keywords: MLPerf Tiny's, 49 x 10 spectra."""
    net = _Builder("ds_cnn", (49, 10, 1))
    net.conv(64, (10, 4), 2)
    for i in range(4):
        net.separable(64, **(_average(25, 5) if i == 3 else {}))
    return net.classes(12)


def vww() -> Net:
    """Persons in pictures: MLPerf Tiny's MobileNetV1 0.25 at 96 x 96."""
    net = _Builder("vww", (96, 96, 3))
    net.conv(8, (3, 3), 2)
    layers = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    for i, (filters, stride) in enumerate(layers):
        net.separable(filters, stride=stride, **(_average(3, 3) if i == len(layers) - 1 else {}))
    return net.classes(2)


def wakeword() -> Net:
    """A wake word: four separable layers over 49 frames of 40 features."""
    net = _Builder("wakeword", (49, 1, 40))
    for filters, size in ((128, 3), (128, 5), (128, 10), (32, 15)):
        net.separable(filters, (size, 1), padding="valid", flatten=size == 15)
    return net.classes(3)


def _average(rows: int, cols: int) -> dict[str, Any]:
    pool = {"type": "avg", "size": [rows, cols], "strides": [rows, cols], "padding": "valid"}
    return {"pool": pool, "flatten": True}


NETWORKS = {"ds_cnn": (ds_cnn(), 35_000), "vww": (vww(), 100_000), "wakeword": (wakeword(), 30_000)}
"""Networks, and clocks that they may take with channels for each group."""


def run(net: Net, given: dict[str, Any]) -> tuple[int, int]:
    """Clocks of one network on one accelerator, bit-exact, and what the model says."""
    hw = Hardware(rows=8, cols=24, drain_lanes=2, **given)
    with tempfile.TemporaryDirectory() as folder:
        export(parse_net(net).to_graph(seed=1), hw, f"{folder}/export", seed=1)
        result = simulate(f"{folder}/export", mem_latency=0)
    result.raise_for_mismatch()
    return result.cycles_rtl, result.cycles_model


def main() -> int:
    """Runs all networks."""
    found = {name: {label: run(net, given) for label, given in HARDWARE.items()} for name, (net, _) in NETWORKS.items()}
    print("| network | " + " | ".join(f"{label}: clocks on RTL, model" for label in HARDWARE) + " | at most |")
    print("|---" * (len(HARDWARE) + 2) + "|")
    for name, (_, most) in NETWORKS.items():
        cells = " | ".join(f"{clocks:,}, {model:,}" for clocks, model in found[name].values())
        print(f"| {name} | {cells} | {most:,} |")
    labels = {label: label.replace(" ", "_") for label in HARDWARE}
    print(
        json.dumps({f"{name}_{labels[label]}_clocks": each[label][0] for name, each in found.items() for label in each})
    )
    return int(any(found[name]["8 channels"][0] > most for name, (_, most) in NETWORKS.items()))


if __name__ == "__main__":
    sys.exit(main())
