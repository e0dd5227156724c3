"""An independent model of a bundle: real values as fractions, one output element at a time, no arrays, no shifts.

It shares no arithmetic with the package: windows are found by TensorFlow's published padding formula, numbers are
rounded by Python's `round` of a `Fraction`, which takes ties to the even integer.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any

import numpy as np

from deepsoc.graph.ir import Act, Bundle, Conv2D, Graph, Pool, Quant

Values = dict[tuple[int, ...], Fraction]
"""Real values by index."""


def to_real(integers: np.ndarray, quant: Quant) -> Values:
    scale = Fraction(2) ** -quant.frac
    return {tuple(map(int, index)): int(integers[tuple(index)]) * scale for index in np.ndindex(*integers.shape)}


def to_integers(values: Values, quant: Quant) -> np.ndarray:
    shape = tuple(1 + max(index[d] for index in values) for d in range(len(next(iter(values)))))
    out = np.zeros(shape, dtype=object)
    for index, value in values.items():
        scaled = value * Fraction(2) ** quant.frac
        assert scaled.denominator == 1, "the reference left the grid of its type"
        out[index] = int(scaled)
    return out


def on_grid(value: Fraction, quant: Quant) -> Fraction:
    """Nearest value of the type, ties to even, clamped to its ends."""
    n = round(value * Fraction(2) ** quant.frac)
    n = max(-(2 ** (quant.bits - 1)), min(2 ** (quant.bits - 1) - 1, n))
    return n * Fraction(2) ** -quant.frac


def activate(value: Fraction, act: Act) -> Fraction:
    if act.kind == "relu" and value < 0:
        value = Fraction(0) if act.slope_log2 is None else value / 2**act.slope_log2
    return on_grid(value, act.out)


def sides(padding: Any) -> Any:
    """Padding of rows, and of columns."""
    return (padding, padding) if isinstance(padding, str) else padding


def window(size: int, kernel: int, stride: int, padding: str | tuple[int, int]) -> list[list[tuple[int, int]]]:
    """For each output: pairs of kernel index and input index that exist."""
    if padding == "same":
        count = ceil(size / stride)
        total = max(kernel - stride, 0) if size % stride == 0 else max(kernel - size % stride, 0)
        before = total // 2
    elif isinstance(padding, tuple):
        before, after = padding
        count = 0
        while count * stride + kernel <= before + size + after:
            count += 1
    else:
        count, before = ceil((size - kernel + 1) / stride), 0
    reach = [[(k, o * stride + k - before) for k in range(kernel)] for o in range(count)]
    return [[(k, i) for k, i in taps if 0 <= i < size] for taps in reach]


def sums(bundle: Bundle, x: Values, shape: tuple[int, ...]) -> Values:
    core = bundle.core
    k = to_real(core.weights, core.k_quant)
    b = to_real(core.bias, core.b_quant) if core.bias is not None else {}
    co = core.weights.shape[-1]
    zero = Fraction(0)
    out: Values = {}
    if not isinstance(core, Conv2D):
        for n, o in product(range(shape[0]), range(co)):
            out[n, o] = sum((x[n, i] * k[i, o] for i in range(shape[1])), b.get((o,), zero))
        return out
    kh, kw, ci, _ = core.weights.shape
    above, left = sides(core.padding)
    rows = window(shape[1], kh, core.strides[0], above)
    cols = window(shape[2], kw, core.strides[1], left)
    for n, (ho, hs), (wo, ws), o in product(range(shape[0]), enumerate(rows), enumerate(cols), range(co)):
        taps = ((p, q, i, h, w) for (p, h), (q, w), i in product(hs, ws, range(ci)))
        first = o * core.groups // co * ci  # input channel of the group
        out[n, ho, wo, o] = sum((x[n, h, w, first + i] * k[p, q, i, o] for p, q, i, h, w in taps), b.get((o,), zero))
    return out


def pooled(pool: Pool, x: Values, shape: tuple[int, ...]) -> Values:
    above, left = sides(pool.padding)
    rows = window(shape[1], pool.size[0], pool.strides[0], above)
    cols = window(shape[2], pool.size[1], pool.strides[1], left)
    out: Values = {}
    for n, (ho, hs), (wo, ws), c in product(range(shape[0]), enumerate(rows), enumerate(cols), range(shape[3])):
        seen = [x[n, h, w, c] for (_, h), (_, w) in product(hs, ws)]
        out[n, ho, wo, c] = on_grid(max(seen) if pool.kind == "max" else sum(seen) / len(seen), pool.out)
    return out


def beside(parts: list[Values]) -> Values:
    """Tensors side by side, on the channels."""
    out, first = dict[tuple[int, ...], Fraction](), 0
    for part in parts:
        out |= {(*index[:-1], first + index[-1]): value for index, value in part.items()}
        first += shape_of(part)[-1]
    return out


def shape_of(values: Values) -> tuple[int, ...]:
    return tuple(1 + max(index[d] for index in values) for d in range(len(next(iter(values)))))


def run(graph: Graph, x: np.ndarray) -> dict[str, tuple[Values, Values]]:
    """Real values behind the core and behind the whole of every bundle."""
    tensors: dict[str, Values] = {"input": to_real(x, graph.input_quant)}
    results: dict[str, Any] = {}
    for bundle in graph.bundles:
        source = beside([tensors[name] for name in bundle.sources])
        a = sums(bundle, source, shape_of(source))
        if bundle.act:
            a = {index: activate(value, bundle.act) for index, value in a.items()}
        if bundle.add:
            a = {index: value + tensors[bundle.add.source][index] for index, value in a.items()}
            if bundle.add.act:
                a = {index: activate(value, bundle.add.act) for index, value in a.items()}
        out = pooled(bundle.pool, a, shape_of(a)) if bundle.pool else a
        if bundle.upsample != (1, 1):
            out = {
                (n, i * bundle.upsample[0] + y, j * bundle.upsample[1] + x, k): value
                for (n, i, j, k), value in out.items()
                for y, x in product(range(bundle.upsample[0]), range(bundle.upsample[1]))
            }
        if bundle.flatten and len(next(iter(out))) == 4:
            _, _, w, c = shape_of(out)
            out = {(n, (i * w + j) * c + k): value for (n, i, j, k), value in out.items()}
        results[bundle.name], tensors[bundle.name] = (a, out), out
    return results
