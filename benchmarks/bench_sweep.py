"""A million points of hardware with ResNet-50: the sweep, and a plain vectorised evaluation of the same equations."""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
import numpy.typing as npt

from deepsoc.perf import Layers, Memory
from deepsoc.perf.sweep import sweep
from deepsoc.workloads import load_workload

SPACE = {"rows": {"min": 1, "max": 500, "step": 1}, "cols": {"min": 13, "max": 2012, "step": 1}}
LIMIT_S, LIMIT_GB = 20.0, 2.0
PLAIN_POINTS, PLAIN_SLAB = 100_000, 10_000
BEAT_BYTES = 16  # of the default 128 bit ports; words have 8 bits


def plain(layers: Layers, rows: npt.NDArray[np.int64], cols: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Clocks, efficiency, words, end-to-end clocks of each point, the equations written with broadcasting."""
    R, C = rows[:, None], cols[:, None]
    at_once = C // (layers.kw + layers.sw - 1) * layers.sw
    T = layers.groups * -(-layers.co // at_once)
    L = -(-layers.h // (R * layers.sh))
    F = -(-layers.kh // layers.sh) - 1
    steps = layers.w * ((layers.kw > 1) + layers.kh * layers.ci)
    blocks = layers.groups * layers.n * L
    clocks = T * (1 + layers.n * L * steps)
    x = T * layers.n * L * layers.w * layers.ci * layers.sh * (R + F)
    k = T * layers.ci * layers.kh * layers.sw * C
    y = T * layers.n * L * layers.wo * at_once * R
    full = T // layers.groups - 1
    waits = full * np.maximum(layers.wo * at_once - steps, 0)
    waits = blocks * (waits + np.maximum(layers.wo * (layers.co - full * at_once) - steps, 0))
    ports = np.maximum(np.maximum(x, k), y) / BEAT_BYTES
    end_to_end = np.maximum(clocks + waits, ports) + 2 * Memory().latency_clocks * layers.groups
    total = clocks.sum(axis=1)
    efficiency = layers.macs.sum() / (total * rows * cols)
    return np.stack([total, efficiency, (x + k + y).sum(axis=1), end_to_end.sum(axis=1)], axis=1)


def main() -> None:
    """Print seconds, points a second and memory."""
    sweep(["resnet50"], {"rows": 7, "cols": 96})  # imports
    start = time.perf_counter()
    table = sweep(["resnet50"], SPACE)
    seconds = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    layers = Layers.of(load_workload("resnet50").layers)
    some = table.sample(PLAIN_POINTS, random_state=0)
    rows, cols = some["rows"].to_numpy(), some["cols"].to_numpy()
    start = time.perf_counter()
    found = np.concatenate(
        [plain(layers, rows[i : i + PLAIN_SLAB], cols[i : i + PLAIN_SLAB]) for i in range(0, len(some), PLAIN_SLAB)]
    )
    plain_seconds = (time.perf_counter() - start) * len(table) / len(some)
    equal = np.allclose(found, some[["clocks", "efficiency", "dram_words", "end_to_end_clocks"]], rtol=1e-12)

    print(f"{len(table):,} points; the sweep may take {LIMIT_S:g} s and {LIMIT_GB:g} GB")
    figures = {
        "sweep_points": len(table),
        "sweep_s": round(seconds, 2),
        "sweep_points_per_s": round(len(table) / seconds),
        "sweep_peak_gb": round(gigabytes, 2),
        "plain_numpy_s": round(plain_seconds, 2),
        "equal_to_plain": equal,
    }
    print(json.dumps(figures))
    sys.exit(not equal or seconds > LIMIT_S or gigabytes > LIMIT_GB)


if __name__ == "__main__":
    main()
