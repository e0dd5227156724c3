"""Seconds that the bit-exact executor takes for ResNet-18 at 224 x 224, 8 bit, batch 1."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from deepsoc.graph.executor import execute
from deepsoc.graph.fixed import limits
from deepsoc.netspec.spec import parse_net

LIMIT_S = 20.0
Json = dict[str, Any]


def conv(name: str, source: str, filters: int, kernel: int, stride: int, **more: Any) -> Json:
    """One convolution bundle with a ReLU, unless `act` says otherwise."""
    core = {
        "type": "conv2d", "filters": filters, "kernel": [kernel, kernel], "strides": [stride, stride],
        "padding": "same", "use_bias": True,
    }  # fmt: skip
    return {"name": name, "input": source, "core": core, "act": {"type": "relu", "slope": 0}, **more}


def resnet18(size: int = 224, bits: int = 8) -> Json:
    """ResNet-18 for `size` x `size` images as a `deepsoc-net/1` dictionary."""
    pool = {"type": "max", "size": [3, 3], "strides": [2, 2], "padding": "same"}
    bundles = [conv("stem", "input", 64, 7, 2, pool=pool)]
    x = "stem"
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in range(2):
            name, stride = f"s{stage}b{block}", 2 if stage and not block else 1
            shortcut = x
            if stride == 2:
                shortcut = f"{name}p"
                bundles.append(conv(shortcut, x, filters, 1, stride, act=None))
            bundles.append(conv(f"{name}a", x, filters, 3, stride))
            add = {"with": shortcut, "act": {"type": "relu", "slope": 0}}
            bundles.append(conv(f"{name}b", f"{name}a", filters, 3, 1, act=None, add=add))
            x = f"{name}b"
    last = size // 32
    bundles[-1] |= {
        "pool": {"type": "avg", "size": [last, last], "strides": [last, last], "padding": "valid"},
        "flatten": True,
    }
    dense = {"type": "dense", "units": 1000, "use_bias": True}
    bundles.append({"name": "fc", "input": x, "core": dense, "act": None, "softmax": True})
    return {
        "format": "deepsoc-net/1", "name": "resnet18", "input": {"shape": [size, size, 3], "batch": 1},
        "bits": {"x": bits, "k": bits, "b": 32}, "bundles": bundles,
    }  # fmt: skip


def main() -> None:
    """Print the seconds."""
    start = time.perf_counter()
    graph = parse_net(resnet18()).to_graph(seed=0)
    lowered = time.perf_counter()
    low, high = limits(graph.input_quant.bits)
    x = np.random.default_rng(0).integers(low, high, graph.input_shape, endpoint=True)
    started = time.perf_counter()
    execute(graph, x)
    seconds = {"executor_s": time.perf_counter() - started, "lowering_s": lowered - start}
    print(f"ResNet-18, 224 x 224, 8 bit, batch 1; the executor may take {LIMIT_S:g} s")
    print(json.dumps({f"resnet18_{name}": round(value, 3) for name, value in seconds.items()}))
    sys.exit(seconds["executor_s"] > LIMIT_S)


if __name__ == "__main__":
    main()
