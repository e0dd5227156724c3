"""The equations of the engine, vectorised over points x layers.

N batch, H x W input, Ci and Co channels of a group, g groups, Kh x Kw kernel, Sh x Sw stride, Wo output columns:

    E = floor(C / (Kw + Sw - 1))        T = g * ceil(Co / (E*Sw))
    L = ceil(H / (R*Sh))                F = ceil(Kh / Sh) - 1         qs = 1 if Kw > 1 else 0
    clocks = T * (1 + N*L*W*(qs + Kh*Ci))
    X = T*N*L*W*Ci*Sh*(R + F)           K = T*Ci*Kh*Sw*C              Y = T*N*L*Wo*E*Sw*R
    efficiency = valid MACs / (clocks*R*C)

E and T depend on the columns of the array alone, L on its rows alone.
"""

from __future__ import annotations

import numpy as np

from deepsoc.perf.layers import Floats, Ints, Layers, Points

__all__ = ["OUTPUTS", "evaluate", "result_waits", "totals"]

OUTPUTS = (
    "clocks", "efficiency", "macs", "x_words", "k_words", "y_words", "words", "lower_words", "ops_per_access",
    "x_bytes", "k_bytes", "y_bytes", "dram_bytes", "x_bytes_per_clock", "k_bytes_per_clock", "y_bytes_per_clock",
)  # fmt: skip


def _counts(layers: Layers, points: Points) -> tuple[Ints, Ints, Ints, Ints]:
    """Clocks and words X, K, Y, each (points, layers); 0 where the array is too narrow."""
    R, C = points.rows[:, None], points.cols[:, None]
    E = C // (layers.kw + layers.sw - 1)
    per_iteration = E * layers.sw
    T = np.where(E > 0, layers.groups * -(-layers.co // np.maximum(per_iteration, 1)), 0)
    L = -(-layers.h // (R * layers.sh))
    F = -(-layers.kh // layers.sh) - 1
    blocks = T * (L * layers.n)
    clocks = T + blocks * (layers.w * ((layers.kw > 1) + layers.kh * layers.ci))
    x = blocks * (layers.w * layers.ci * layers.sh) * (R + F)
    k = T * (layers.ci * layers.kh * layers.sw) * C
    y = blocks * layers.wo * per_iteration * R
    return clocks, x, k, y


def evaluate(layers: Layers, points: Points) -> dict[str, Ints | Floats]:
    """Clocks and traffic of every layer at every point.

    Args:
        layers: l of them.
        points: p of them.

    Returns:
        Arrays (p, l) by the names in OUTPUTS. Where a kernel needs more columns than the array has, `clocks` is 0 and
        floating-point figures are NaN. int64: clocks, macs and words; float64: the rest. Bytes are words times bits
        / 8, without the rounding up to beats and lines.
    """
    clocks, x, k, y = _counts(layers, points)
    words = x + k + y
    x_bytes, k_bytes, y_bytes = (
        count * (bits[:, None] / 8) for count, bits in ((x, points.x_bits), (k, points.k_bits), (y, points.y_bits))
    )
    macs = np.broadcast_to(layers.macs, clocks.shape)
    runs = np.where(clocks > 0, clocks, np.nan)
    return {
        "clocks": clocks, "efficiency": macs / (runs * (points.rows * points.cols)[:, None]), "macs": macs,
        "x_words": x, "k_words": k, "y_words": y, "words": words,
        "lower_words": np.broadcast_to(layers.lower_words, clocks.shape),
        "ops_per_access": 2 * macs / np.where(words > 0, words, np.nan),
        "x_bytes": x_bytes, "k_bytes": k_bytes, "y_bytes": y_bytes, "dram_bytes": x_bytes + k_bytes + y_bytes,
        "x_bytes_per_clock": x_bytes / runs, "k_bytes_per_clock": k_bytes / runs,
        "y_bytes_per_clock": y_bytes / runs,
    }  # fmt: skip


def totals(layers: Layers, points: Points) -> dict[str, Ints | Floats]:
    """Sums over the layers at every point.

    Args:
        layers: of one network.
        points: p of them.

    Returns:
        Arrays (p,): `clocks`, `fps`, `efficiency`, `dram_words`, `dram_bytes`, `ops_per_access`. A point whose array
        is too narrow for a layer has clocks 0 and NaN elsewhere. Layers of different batches are weighed by theirs.
    """
    counts = _counts(layers, points)
    legal = np.all(counts[0] > 0, axis=1)
    clocks, x, k, y = (np.where(legal, count.sum(axis=1), 0) for count in counts)
    words, macs = x + k + y, int(layers.macs.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "clocks": clocks,
            "fps": np.where(legal, points.frequency_mhz * 1e6 / (counts[0] @ (1 / layers.frames)), np.nan),
            "efficiency": np.where(legal, macs / (clocks * points.rows * points.cols), np.nan),
            "dram_words": words,
            "dram_bytes": np.where(legal, (x * points.x_bits + k * points.k_bits + y * points.y_bits) / 8, np.nan),
            "ops_per_access": np.where(legal, 2 * macs / words, np.nan),
        }


def result_waits(layers: Layers, points: Points) -> Floats:
    """Clocks that the array waits because results leave one channel a clock, or `drain_lanes`, (points, layers)."""
    groups = points.cols[:, None] // (layers.kw + layers.sw - 1)
    most = np.maximum(groups * layers.sw, 1)
    count = -(-layers.co // most)
    steps = layers.w * ((layers.kw > 1) + layers.kh * layers.ci)
    blocks = layers.groups * layers.n * -(-layers.h // (points.rows[:, None] * layers.sh))
    last = layers.co - (count - 1) * most
    lanes = points.drain_lanes[:, None]
    aligned = (layers.sw == 1) & (layers.co % lanes == 0) & ((count == 1) | (most % lanes == 0))
    lanes = np.where(aligned, lanes, 1)
    leaving, leaving_last = (layers.wo * -(-channels // lanes) for channels in (most, last))
    waits = (count - 1) * np.maximum(leaving - steps, 0) + np.maximum(leaving_last - steps, 0)
    return np.where(groups > 0, blocks * waits, np.nan)
