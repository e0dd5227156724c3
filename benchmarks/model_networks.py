"""Networks and accelerators on which the performance model is compared with the RTL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deepsoc.frontend.netspec import parse_net
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware

__all__ = ["HARDWARE", "NAMES", "graph"]

_DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
_RELU = {"type": "relu", "slope": 0}

HARDWARE = {
    "8x24, 4 bit, AXI 128": Hardware(rows=8, cols=24, x_bits=4, k_bits=4, axi_data_bits=128),
    "7x30, 8 bit, AXI 64": Hardware(rows=7, cols=30, x_bits=8, k_bits=8, axi_data_bits=64, weights_ram_depth=1024),
}


def _conv(name: str, source: str, filters: int, kernel: list[int], **more: Any) -> dict[str, Any]:
    core = {"type": "conv2d", "filters": filters, "kernel": kernel, "padding": "same"}
    core["strides"] = more.pop("strides", [1, 1])
    return {"name": name, "input": source, "core": core, "act": more.pop("act", _RELU), **more}


def _dense(name: str, source: str, units: int, *, act: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "input": source, "core": {"type": "dense", "units": units}, "act": act}


def _pool(kind: str, size: int, padding: str = "valid") -> dict[str, Any]:
    return {"type": kind, "size": [size, size], "strides": [size, size], "padding": padding}


def _chain(units: list[int]) -> list[dict[str, Any]]:
    names = ["input", *(f"fc{i}" for i in range(1, len(units) + 1))]
    acts = [_RELU] * (len(units) - 1) + [None]
    return [_dense(names[i + 1], names[i], u, act=act) for i, (u, act) in enumerate(zip(units, acts, strict=True))]


_NETWORKS: dict[str, tuple[list[int], int, list[dict[str, Any]]]] = {
    "digits": ([28, 28, 1], 1, [
        _conv("conv1", "input", 8, [3, 3], pool=_pool("max", 2)),
        _conv("conv2", "conv1", 16, [3, 3], pool=_pool("max", 2)),
        _conv("residual", "conv2", 16, [3, 3], act=None, pool=_pool("avg", 2, "same"), flatten=True,
              add={"with": "conv2", "act": {"type": "relu", "slope": 0.125}}),
        _dense("classes", "residual", 10),
    ]),
    "kws_cnn": ([49, 10, 1], 1, [
        _conv("conv1", "input", 64, [10, 4], strides=[2, 2]),
        _conv("conv2", "conv1", 64, [3, 3]),
        _conv("conv3", "conv2", 64, [3, 3]),
        _conv("conv4", "conv3", 64, [3, 3], pool=_pool("avg", 5), flatten=True),
        _dense("fc", "conv4", 12),
    ]),
    "autoencoder": ([640], 4, _chain([128, 128, 128, 128, 8, 128, 128, 128, 128, 640])),
}  # fmt: skip

NAMES = ("peer_demo", "resnet18_32", *_NETWORKS)


def graph(name: str, hw: Hardware) -> Graph:
    """A network with random weights in the bits of the hardware."""
    if name in _NETWORKS:
        shape, batch, bundles = _NETWORKS[name]
        net = {"format": "deepsoc-net/1", "name": name, "input": {"shape": shape, "batch": batch}, "bundles": bundles}
    else:
        net = json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))
    net["bits"] = {"x": hw.x_bits, "k": hw.k_bits, "b": 16}
    return parse_net(net, name).to_graph(seed=1)
