"""Fixed-point arithmetic: the one rounding, the one saturation and the activation, on integer arrays.

The equations are in docs/architecture.md, section 1. All functions are exact for values that fit 62 bits.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from deepsoc._tensors import fixed, limits
from deepsoc.graph.ir import Act, IntArray, Quant

__all__ = [
    "ACC_BITS",
    "MAX_INT_BITS",
    "MAX_LEFT_SHIFT",
    "MAX_RIGHT_SHIFT",
    "activate",
    "best_int_bits",
    "largest_frac",
    "limits",
    "needless_saturation",
    "quantize",
    "requant",
    "round_half_even",
    "saturate",
]

ACC_BITS = 32
"""Bits of everything behind the accumulator: bias, residual sum, raw output."""
MAX_INT_BITS = 24
"""Binary points of activations are placed at -24 … 24 integer bits."""
MAX_LEFT_SHIFT = 7
"""The requantizer shifts left by at most this much."""
MAX_RIGHT_SHIFT = 31
"""The requantizer shifts right by at most this much."""
_MUCH = 0.05
"""Share of saturated values that is worth a warning."""
_CANDIDATES = 8


def saturate(a: IntArray, bits: int) -> IntArray:
    """Clip integers to the range of `bits` bits."""
    low, high = limits(bits)
    return np.clip(a, low, high)


def round_half_even(a: IntArray, shift: int) -> IntArray:
    """Divide by 2**shift and round to the nearest integer, ties to the even one.

    Args:
        a: integers of any shape.
        shift: at least 0.
    """
    if shift == 0:
        return a
    floor = a >> shift
    return (a + ((1 << (shift - 1)) - 1) + (floor & 1)) >> shift


def requant(a: IntArray, shift: int, bits: int) -> IntArray:
    """Move the binary point and saturate: `a` at frac f becomes a `bits`-bit integer at frac f - shift.

    Args:
        a: integers of any shape.
        shift: bits to the right; negative ones shift left (saturating before and after, as the hardware does).
        bits: width of the result.
    """
    if shift >= 0:
        return saturate(round_half_even(a, shift), bits)
    return saturate(saturate(a, bits) << -shift, bits)


def activate(a: IntArray, frac: int, act: Act) -> IntArray:
    """Activation and requantization in one rounding.

    Args:
        a: integers at `frac`, any shape.
        frac: fractional bits of `a`.
        act: what to apply; its `out` is the type of the result.
    """
    shift, bits = frac - act.out.frac, act.out.bits
    if act.kind == "linear":
        return requant(a, shift, bits)
    if act.slope_log2 is None:
        return requant(np.maximum(a, 0), shift, bits)
    return np.where(a >= 0, requant(a, shift, bits), requant(a, shift + act.slope_log2, bits))


def quantize(real: npt.NDArray[np.float64], quant: Quant) -> IntArray:
    """Nearest integers of `quant` (ties to even, saturated) to finite real values."""
    return fixed(real, quant.bits, quant.frac)


def largest_frac(low: float, high: float, bits: int) -> int:
    """Finest frac at which no value of the interval [low, high] saturates in `bits` bits.

    Args:
        low: smallest value, finite.
        high: largest value, finite. For an interval that holds 0 alone the answer is bits - 1.
        bits: width of the integers.
    """
    if low == high == 0:
        return bits - 1
    least, most = limits(bits)
    frac = bits - int(np.frexp(max(abs(low), abs(high)))[1])
    while np.rint(np.ldexp(high, frac)) > most or np.rint(np.ldexp(low, frac)) < least:
        frac -= 1
    return frac


def best_int_bits(values: npt.NDArray[np.floating], bits: int) -> int:
    """Integer bits, without the sign, at which `bits` bits represent the values with the least squared error.

    Args:
        values: finite values of any shape, at least one.
        bits: width of the integers.

    Returns:
        The smallest of several that are as good; 0 for values that are all 0.
    """
    peak = float(np.abs(values).max())
    if peak == 0.0:
        return 0
    unit = math.frexp(peak)[1]  # squares of the largest floats are none
    top = min(max(math.ceil(math.log2(peak)) + 1, _CANDIDATES - MAX_INT_BITS), MAX_INT_BITS)

    def error(int_bits: int) -> float:
        frac = bits - 1 - int_bits
        off = np.ldexp(fixed(values, bits, frac).astype(np.float64), -frac) - values
        return float(np.mean(np.ldexp(off, -unit) ** 2))

    return min(range(top - _CANDIDATES + 1, top + 1), key=error)


def needless_saturation(values: npt.NDArray[np.floating], bits: int, int_bits: int) -> str:
    """What is wrong where many values saturate and more integer bits would represent them better; else "".

    With few bits the best binary point lets some values saturate: this is no fault.

    Args:
        values: as for `best_int_bits`.
        bits: width of the integers.
        int_bits: their integer bits.
    """
    low, high = limits(bits)
    above, below = (math.ldexp(end, 1 + int_bits - bits) for end in (high + 0.5, low - 0.5))
    share = float(np.mean((values > above) | (values < below)))
    if share <= _MUCH or (better := best_int_bits(values, bits)) <= int_bits:
        return ""
    return f"{share:.0%} of the values saturate with {int_bits} integer bits; {better} would be best for them"
