"""Small graphs made by hand, for cases that random networks seldom hit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, Pool, Quant

X4 = Quant(4, 2)


def relu(frac: int = 2, slope_log2: int | None = None, bits: int = 4) -> Act:
    return Act("relu", Quant(bits, frac), slope_log2)


def linear(frac: int = 2, bits: int = 4) -> Act:
    return Act("linear", Quant(bits, frac))


def conv(
    rng: np.random.Generator,
    shape: Sequence[int],
    *,
    strides: tuple[int, int] = (1, 1),
    padding: Any = "same",
    bias: bool = True,
    k_frac: int = 3,
    bits: int = 4,
    groups: int = 1,
) -> Conv2D:
    """Random weights of shape (kh, kw, ci / groups, co)."""
    half = 1 << (bits - 1)
    b = rng.integers(-500, 500, shape[-1]) if bias else None
    return Conv2D(rng.integers(-half, half, shape), b, strides, padding, Quant(bits, k_frac), Quant(16, 3), groups)


def dense(rng: np.random.Generator, ci: int, co: int, *, k_frac: int = 3) -> Dense:
    """Random weights (ci, co)."""
    return Dense(rng.integers(-8, 8, (ci, co)), rng.integers(-500, 500, co), Quant(4, k_frac), Quant(16, 3))


def graph(shape: tuple[int, ...], *bundles: Bundle, quant: Quant = X4, name: str = "net") -> Graph:
    return Graph(name, shape, quant, bundles)


def pool(kind: Any, size: tuple[int, int], strides: tuple[int, int], padding: Any = "same", frac: int = 2) -> Pool:
    return Pool(kind, size, strides, padding, Quant(4, frac))


__all__ = ["X4", "Add", "Bundle", "Quant", "conv", "dense", "graph", "linear", "pool", "relu"]
