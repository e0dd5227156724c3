"""The reference: a bit-exact NumPy executor of the integer graph (docs/architecture.md, section 1).

Sums of products are taken in floating point matrix products where no partial sum can leave the integers that the
floating point type holds exactly; everything else is 64-bit integer arithmetic. There is no tolerance anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.graph.fixed import ACC_BITS, activate, add_operand, limits, round_half_even, saturate
from deepsoc.graph.ir import Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import concatenated, pool_windows, sum_quant, validate
from deepsoc.graph.window import Window, windows

__all__ = [
    "BundleResult", "accumulate", "add_bias", "execute", "pool2d", "rearranged", "run_bundle", "softmax",
]  # fmt: skip

_CHUNK_ELEMENTS = 1 << 22
"""Elements of unfolded input that are held at a time."""
_FLOAT32_EXACT = 1 << 24
_FLOAT64_EXACT = 1 << 53

AnyInts = npt.NDArray[np.integer]
_Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class BundleResult:
    """Integers of one bundle.

    Attributes:
        core: behind core, act and add, before the pool.
        out: behind pool and flatten: what consumers read.
        core_quant: type of `core`; 32 bits for a raw output.
        out_quant: type of `out`.
    """

    core: IntArray
    out: IntArray
    core_quant: Quant
    out_quant: Quant


def execute(graph: Graph, x: AnyInts) -> dict[str, BundleResult]:
    """Run a network.

    Args:
        graph: the network.
        x: integers of the graph's input shape and type; the batch may be another one.

    Returns:
        The result of every bundle, by name, in the graph's order.

    Raises:
        InputError: the graph is illegal, a step could exceed 32 bits, or `x` does not fit.
    """
    validate(graph)
    check_ranges(graph)
    tensors = {"input": _checked_input(graph, x)}
    quants = {"input": graph.input_quant}
    results: dict[str, BundleResult] = {}
    for bundle in graph.bundles:
        operand = (tensors[bundle.add.source], quants[bundle.add.source]) if bundle.add else None
        source = concatenated(bundle.sources, tensors, bundle.channels)
        result = run_bundle(bundle, source, quants[bundle.sources[0]], operand)
        results[bundle.name], tensors[bundle.name], quants[bundle.name] = result, result.out, result.out_quant
    return results


def _checked_input(graph: Graph, x: AnyInts) -> IntArray:
    low, high = limits(graph.input_quant.bits)
    if not np.issubdtype(x.dtype, np.integer):
        raise InputError(f"expected integers, received {x.dtype}; quantize the input first", where="x")
    if x.shape[1:] != graph.input_shape[1:] or not x.size:
        raise InputError(f"expected a batch of {graph.input_shape[1:]}, received {x.shape}", where="x")
    if x.min() < low or x.max() > high:
        raise InputError(f"expected values in {low} … {high}, received {x.min()} … {x.max()}", where="x")
    return x.astype(np.int64)


def run_bundle(bundle: Bundle, x: IntArray, x_quant: Quant, operand: tuple[IntArray, Quant] | None) -> BundleResult:
    """Run one bundle of a legal graph.

    Args:
        bundle: what to compute.
        x: integers that the core reads, (n, h, w, c) or (n, c).
        x_quant: type of `x`.
        operand: residual tensor and its type, None without `add`.
    """
    quant = sum_quant(bundle.core, x_quant)
    a = add_bias(accumulate(bundle.core, x - x_quant.zero, x_quant), quant.frac, bundle.core)
    if bundle.act:
        a, quant = activate(a, quant.frac, bundle.act), bundle.act.out
    if bundle.add and operand:
        a, quant = add_operand(bundle.add, a - quant.zero, quant, *operand)
        if bundle.add.act:
            a, quant = activate(a, quant.frac, bundle.add.act), bundle.add.act.out
    out, out_quant = a, quant
    if bundle.pool:
        out, out_quant = pool2d(a - quant.zero, quant.frac, bundle.pool), bundle.pool.out
    out = rearranged(out, bundle.upsample, bundle.depth_to_space)
    if bundle.flatten:
        out = out.reshape(len(out), -1)
    return BundleResult(a, out, quant, out_quant)


def accumulate(core: Conv2D | Dense, x: IntArray, x_quant: Quant) -> IntArray:
    """Sums of products, without the bias, at frac x_frac + k_frac: (n, ho, wo, co), or (n, co) for dense.

    Args:
        core: what to compute.
        x: integers, counted from the zero point of `x_quant`.
        x_quant: type of the input.
    """
    weights = core.weights.reshape(-1, core.weights.shape[-1]).astype(np.int64)
    # No partial sum, in whatever order, exceeds the largest input times the sum of a channel's weights.
    peak = int(np.abs(weights).sum(axis=0).max()) * max(abs(end - x_quant.zero) for end in limits(x_quant.bits))
    if peak > _FLOAT64_EXACT:
        raise InputError(f"a sum of products may reach {peak}, beyond the exact integers of float64", where="core")
    dtype = np.dtype(np.float32 if peak <= _FLOAT32_EXACT else np.float64)
    xf: _Floats = x.astype(dtype)
    k: _Floats = weights.astype(dtype)
    if isinstance(core, Dense):
        return (xf @ k).astype(np.int64)
    parts = zip(np.split(xf, core.groups, axis=-1), np.split(k, core.groups, axis=-1), strict=True)
    return np.concatenate([_convolve(core, *part) for part in parts], axis=-1).astype(np.int64)


def add_bias(sums: IntArray, frac: int, core: Conv2D | Dense) -> IntArray:
    """Sums at `frac` plus the core's bias, if it has one, moved to the same binary point."""
    if core.bias is None:
        return sums
    return sums + (core.bias.astype(np.int64) << (frac - core.b_quant.frac))


def _convolve(core: Conv2D, x: _Floats, k: _Floats) -> _Floats:
    (kh, kw), (sh, sw) = core.weights.shape[:2], core.strides
    rows, cols = windows(x.shape[1:], (kh, kw), (sh, sw), core.padding)
    pads = ((0, 0), (rows.pad_before, rows.pad_after), (cols.pad_before, cols.pad_after), (0, 0))
    views = np.lib.stride_tricks.sliding_window_view(np.pad(x, pads), (kh, kw), axis=(1, 2))
    taps = views[:, ::sh, ::sw].transpose(0, 1, 2, 4, 5, 3)  # n, ho, wo, kh, kw, ci
    out = np.empty((len(x), rows.out, cols.out, k.shape[1]), k.dtype)
    row_elements = cols.out * len(k)
    row_step = min(max(_CHUNK_ELEMENTS // row_elements, 1), rows.out)
    n_step = max(_CHUNK_ELEMENTS // (row_elements * row_step), 1)
    for n in range(0, len(x), n_step):
        for row in range(0, rows.out, row_step):
            part = (slice(n, n + n_step), slice(row, row + row_step))
            out[part] = (taps[part].reshape(-1, len(k)) @ k).reshape(out[part].shape)
    return out


def pool2d(x: IntArray, frac: int, pool: Pool) -> IntArray:
    """Maximum or average of every window, requantized to `pool.out`; padding counts for neither.

    Args:
        x: integers (n, h, w, c), counted from their zero point.
        frac: fractional bits of `x`.
        pool: what to compute.
    """
    rows, cols = pool_windows(pool, x.shape)
    pads = ((0, 0), (rows.pad_before, rows.pad_after), (cols.pad_before, cols.pad_after), (0, 0))
    is_max = pool.kind == "max"
    padded = np.pad(x, pads, constant_values=limits(ACC_BITS)[0] if is_max else 0)
    down, right = rows.stride * (rows.out - 1) + 1, cols.stride * (cols.out - 1) + 1
    taps = (
        padded[:, i : i + down : rows.stride, j : j + right : cols.stride]
        for i in range(rows.kernel)
        for j in range(cols.kernel)
    )
    result = next(taps).copy()
    for tap in taps:
        if is_max:
            np.maximum(result, tap, out=result)
        else:
            result += tap
    shift = frac - pool.out.frac
    result <<= max(-shift, 0)
    if is_max:
        result = round_half_even(result, max(shift, 0))
    else:
        counts = np.outer(_counts(rows), _counts(cols))[..., None]
        result = _divide_half_even(result, counts << max(shift, 0))
    return saturate(result + pool.out.zero, pool.out.bits)


def rearranged(x: IntArray, upsample: tuple[int, int], depth_to_space: tuple[int, int]) -> IntArray:
    """What stands behind the pool: (n, h, w, c) up-sampled, or with channels moved to rows and columns."""
    if depth_to_space != (1, 1):
        n, h, w, _ = x.shape
        a, b = depth_to_space
        return x.reshape(n, h, w, a, b, -1).transpose(0, 1, 3, 2, 4, 5).reshape(n, h * a, w * b, -1)
    if upsample != (1, 1):
        return x.repeat(upsample[0], axis=1).repeat(upsample[1], axis=2)
    return x


def _counts(window: Window) -> IntArray:
    return np.array([stop - start for start, stop in map(window.span, range(window.out))], np.int64)


def _divide_half_even(numerator: IntArray, denominator: IntArray) -> IntArray:
    quotient, rest = np.divmod(numerator, denominator)
    twice = 2 * rest
    up = (twice > denominator) | ((twice == denominator) & (quotient & 1 == 1))
    return np.asarray(quotient + up, np.int64)


def softmax(raw: AnyInts, frac: int, scale: float = 1.0) -> npt.NDArray[np.float64]:
    """Softmax over the last axis of the real values raw * scale * 2**-frac; their zero point changes nothing."""
    real = np.ldexp(raw * scale, -frac)
    powers = np.exp(real - real.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)
