"""Fixed-point arithmetic: the one rounding, the one saturation and the activation, on integer arrays.

The equations are in docs/architecture.md, section 1. All functions are exact for values that fit 62 bits. Values are
counted from their zero point: `zero` of a type is added to results, never taken from what comes in.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from deepsoc._tensors import fixed, limits
from deepsoc.errors import InputError
from deepsoc.graph.ir import Act, Add, IntArray, Quant, Scale

__all__ = [
    "ACC_BITS",
    "ALIGNED_BITS",
    "MAX_INT_BITS",
    "MAX_LEFT_SHIFT",
    "MAX_RIGHT_SHIFT",
    "MAX_SCALE_SHIFT",
    "SCALED_BITS",
    "SCALE_BITS",
    "activate",
    "add_operand",
    "align_shift",
    "best_int_bits",
    "largest_frac",
    "limits",
    "multiplier",
    "needless_saturation",
    "quant_of",
    "quantize",
    "requant",
    "rescale",
    "round_half_even",
    "saturate",
    "weight_limits",
]

ACC_BITS = 32
"""Bits of everything behind the accumulator: bias, residual sum, raw output."""
MAX_INT_BITS = 24
"""Binary points of activations are placed at -24 … 24 integer bits."""
MAX_LEFT_SHIFT = 7
"""The requantizer shifts left by at most this much."""
MAX_RIGHT_SHIFT = 31
"""The requantizer shifts right by at most this much."""
SCALE_BITS = 17
"""Bits of the multiplier m of a scale: unsigned, beside a sign they are the narrower operand of a DSP block."""
SCALED_BITS = 25
"""Bits that a sum is saturated to before it is multiplied: the wider operand."""
MAX_SCALE_SHIFT = 41
"""The product is shifted right by at most this much, and the slope: all that is smaller makes m 0."""
ALIGNED_BITS = 16
"""Bits of a value that waits, in the scale of the tensor that is to be added to it."""
_MUCH = 0.05
"""Share of saturated values that is worth a warning."""
_CANDIDATES = 8


def saturate(a: IntArray, bits: int) -> IntArray:
    """Clip integers to the range of `bits` bits."""
    low, high = limits(bits)
    return np.clip(a, low, high)


def weight_limits(bits: int) -> tuple[int, int]:
    """Smallest and largest weight of `bits` bits; those of one bit are -1 and 1."""
    return limits(bits) if bits > 1 else (-1, 1)


def round_half_even(a: IntArray, shift: int | IntArray) -> IntArray:
    """Divide by 2**shift and round to the nearest integer, ties to the even one.

    Args:
        a: integers of any shape.
        shift: at least 0; several are broadcast against `a`.
    """
    floor = a >> shift
    below_half = np.left_shift(1, shift) // 2 - np.minimum(shift, 1)
    return np.asarray((a + below_half + (floor & np.minimum(shift, 1))) >> shift, np.int64)


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
        a: integers at `frac`, any shape; channels last where `act` has a scale for each.
        frac: fractional bits of `a`.
        act: what to apply; its `out` is the type of the result.
    """
    return np.clip(rescale(a, frac, act), *act.ends)


def rescale(a: IntArray, frac: int, act: Act) -> IntArray:
    """`activate` before its results are clamped to `act.ends`."""
    slope = act.slope_log2 or 0
    if act.kind == "relu" and act.slope_log2 is None:
        a = np.maximum(a, 0)
    if act.scale:
        return _scaled(a, act.scale, slope) + act.out.zero
    shift = frac - act.out.frac
    rounded = _shifted(a, shift)
    return (np.where(a >= 0, rounded, _shifted(a, shift + slope)) if slope else rounded) + act.out.zero


def _shifted(a: IntArray, shift: int) -> IntArray:
    """a * 2**-shift, rounded half to even."""
    return round_half_even(a, shift) if shift >= 0 else saturate(a, ACC_BITS) << -shift


def _scaled(a: IntArray, scale: Scale, slope: int = 0) -> IntArray:
    """a * m * 2**-s, or 2**-(s + slope) where `a` is negative, rounded half to even."""
    m, s = np.array(scale.m, np.int64), np.array(scale.s, np.int64)
    return round_half_even(saturate(a, SCALED_BITS) * m, s + np.where(a < 0, slope, 0) if slope else s)


def add_operand(add: Add, a: IntArray, quant: Quant, operand: IntArray, operand_quant: Quant) -> tuple[IntArray, Quant]:
    """Sum of a value and a residual tensor of one shape, and its type; exact where it needs no alignment.

    Args:
        add: how; its `act` is not applied.
        a: integers, channels last.
        quant: type of `a`.
        operand: integers of the tensor as they are, its zero point among them.
        operand_quant: their type.
    """
    if add.align:
        shift, zero = add.align.shift, operand_quant.zero
        aligned = saturate(_scaled(a, add.align.scale) - (zero << shift), ALIGNED_BITS)
        return aligned + (operand << shift), Quant(ACC_BITS, operand_quant.frac + shift, operand_quant.scale)
    frac = max(quant.frac, operand_quant.frac)
    total = (a << (frac - quant.frac)) + ((operand - operand_quant.zero) << (frac - operand_quant.frac))
    return total, Quant(ACC_BITS, frac, operand_quant.scale)


def align_shift(ratio: float, bits: int) -> int:
    """Bits of an aligned value below the operand's lowest one: as many as leave its saturation unseen in the result.

    Args:
        ratio: scale of the result / scale of the operand.
        bits: of the wider of both.

    Raises:
        InputError: the result is so coarse that no bit is left.
    """
    shift = math.floor(ALIGNED_BITS - 1 - bits - math.log2(1 + ratio))
    if shift < 0:
        raise InputError(
            f"the result's scale is {ratio:g} times the operand's, expected less than "
            f"{2 ** (ALIGNED_BITS - 1 - bits)}; bring the scales closer together"
        )
    return shift


def multiplier(ratio: float, peaks: tuple[int, int], ends: tuple[int, int]) -> tuple[int, int]:
    """The m and s of a channel, m * 2**-s being `ratio` to SCALE_BITS bits.

    Args:
        ratio: real scale of what comes in / real scale of the result, above 0.
        peaks: least and largest integer that can come in.
        ends: of the result's clamp, counted from its zero point.

    Raises:
        InputError: no m and s give the result.
    """
    if max(-peaks[0], peaks[1]) * ratio <= 0.5:
        return 0, 0
    mantissa, exponent = math.frexp(ratio)
    m, s = round(math.ldexp(mantissa, SCALE_BITS)), SCALE_BITS - exponent
    if m >> SCALE_BITS:
        m, s = m >> 1, s - 1
    if s < 0:
        raise InputError(
            f"a unit of the sum is {ratio:g} units of the result, expected less than {1 << SCALE_BITS}; "
            "give the result a larger scale"
        )
    for peak, saturated, end in zip(peaks, limits(SCALED_BITS), ends, strict=True):
        if abs(peak) > abs(saturated) and abs(saturated) * ratio < abs(end):
            raise InputError(
                f"the sum may reach {peak}, and a unit of it is {ratio:g} units of the result: what is multiplied has "
                f"{SCALED_BITS} bits; use fewer inputs to a sum, fewer bits, or a smaller scale of the result"
            )
    return m, s


def quant_of(bits: int, scale: float, zero: int = 0) -> Quant:
    """The type whose unit is `scale`, a normal number above 0."""
    mantissa, exponent = math.frexp(scale)
    return Quant(bits, 1 - exponent, 2 * mantissa, zero)


def quantize(real: npt.NDArray[np.float64], quant: Quant) -> IntArray:
    """Nearest integers of `quant` (ties to even, saturated) to finite real values, channels last."""
    return fixed(real, quant.bits, quant.frac, np.array(quant.scale), quant.zero)


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
