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

from deepsoc.graph.ir import Act, Align, Bundle, Conv2D, Graph, Pool, Quant, Scale

Values = dict[tuple[int, ...], Fraction]
"""Real values by index."""


def unit(quant: Quant, channel: int = 0) -> Fraction:
    scale = quant.scale[channel] if isinstance(quant.scale, tuple) else quant.scale
    return Fraction(scale) * Fraction(2) ** -quant.frac


def to_real(integers: np.ndarray, quant: Quant) -> Values:
    places = [tuple(map(int, index)) for index in np.ndindex(*integers.shape)]
    return {place: (int(integers[place]) - quant.zero) * unit(quant, place[-1]) for place in places}


def to_integers(values: Values, quant: Quant) -> np.ndarray:
    shape = tuple(1 + max(index[d] for index in values) for d in range(len(next(iter(values)))))
    out = np.zeros(shape, dtype=object)
    for index, value in values.items():
        out[index] = whole(value / unit(quant)) + quant.zero
    return out


def whole(number: Fraction) -> int:
    assert number.denominator == 1, "the reference left the grid of its type"
    return int(number)


def between(n: int, low: int, high: int) -> int:
    return max(low, min(high, n))


def on_grid(value: Fraction, quant: Quant, low: int | None = None, high: int | None = None) -> Fraction:
    """Nearest value of the type, ties to even, clamped to its ends, or to others."""
    half = 2 ** (quant.bits - 1)
    n = between(
        round(value / unit(quant)) + quant.zero, -half if low is None else low, half - 1 if high is None else high
    )
    return (n - quant.zero) * unit(quant)


def scaled(value: Fraction, of: Fraction, scale: Scale, channel: int, slope: Fraction = Fraction(1)) -> Fraction:
    """A value of the grid `of` in units of the result, not rounded yet."""
    i = channel if len(scale.m) > 1 else 0
    n = between(whole(value / of), -(2**24), 2**24 - 1)
    return n * slope * scale.m[i] / 2 ** scale.s[i]


def activate(value: Fraction, act: Act, of: Fraction, channel: int) -> Fraction:
    slope = Fraction(1)
    if act.kind == "relu" and value < 0:
        slope = Fraction(0) if act.slope_log2 is None else Fraction(1, 2**act.slope_log2)
    if act.scale:
        value = scaled(value, of, act.scale, channel, slope) * unit(act.out)
    else:
        value *= slope
    return on_grid(value, act.out, act.lo, act.hi)


def aligned(value: Fraction, of: Fraction, how: Align, operand: Quant, channel: int) -> Fraction:
    fine = unit(operand) / 2**how.shift
    n = round(scaled(value, of, how.scale, channel)) - operand.zero * 2**how.shift
    return (between(n, -(2**15), 2**15 - 1) + operand.zero * 2**how.shift) * fine


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


def sums(bundle: Bundle, x: Values, x_quant: Quant, shape: tuple[int, ...]) -> Values:
    core = bundle.core
    k = to_real(core.weights, core.k_quant)
    co = core.weights.shape[-1]
    b: Values = {}
    if core.bias is not None:  # a multiple of the unit of the sum
        moved = Fraction(2) ** (x_quant.frac + core.k_quant.frac - core.b_quant.frac)
        b = {(o,): int(core.bias[o]) * moved * unit(x_quant) * unit(core.k_quant, o) for o in range(co)}
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
    quants = {"input": graph.input_quant}
    results: dict[str, Any] = {}
    for bundle in graph.bundles:
        source, x_quant = beside([tensors[name] for name in bundle.sources]), quants[bundle.sources[0]]
        if bundle.channels:
            first, end = bundle.channels
            source = {(*i[:-1], i[-1] - first): value for i, value in source.items() if first <= i[-1] < end}
        a = sums(bundle, source, x_quant, shape_of(source))
        units = [unit(x_quant) * unit(bundle.core.k_quant, o) for o in range(shape_of(a)[-1])]
        if bundle.act:
            a = {index: activate(value, bundle.act, units[index[-1]], index[-1]) for index, value in a.items()}
            units = [unit(bundle.act.out)] * len(units)
            quants[bundle.name] = bundle.act.out
        if bundle.add:
            operand = quants[bundle.add.source]
            align = bundle.add.align
            if align:
                a = {index: aligned(value, units[index[-1]], align, operand, index[-1]) for index, value in a.items()}
                units = [unit(operand) / 2**align.shift] * len(units)
            else:
                units = [min(each, unit(operand)) for each in units]
            a = {index: value + tensors[bundle.add.source][index] for index, value in a.items()}
            if bundle.add.act:
                a = {index: activate(value, bundle.add.act, units[index[-1]], 0) for index, value in a.items()}
                quants[bundle.name] = bundle.add.act.out
        out = pooled(bundle.pool, a, shape_of(a)) if bundle.pool else a
        if bundle.pool:
            quants[bundle.name] = bundle.pool.out
        if bundle.upsample != (1, 1):
            out = {
                (n, i * bundle.upsample[0] + y, j * bundle.upsample[1] + x, k): value
                for (n, i, j, k), value in out.items()
                for y, x in product(range(bundle.upsample[0]), range(bundle.upsample[1]))
            }
        if bundle.depth_to_space != (1, 1):
            down, across = bundle.depth_to_space
            c = shape_of(out)[3] // (down * across)
            out = {
                (n, i * down + k // c // across, j * across + k // c % across, k % c): value
                for (n, i, j, k), value in out.items()
            }
        if bundle.flatten and len(next(iter(out))) == 4:
            _, _, w, c = shape_of(out)
            out = {(n, (i * w + j) * c + k): value for (n, i, j, k), value in out.items()}
        results[bundle.name], tensors[bundle.name] = (a, out), out
    return results
