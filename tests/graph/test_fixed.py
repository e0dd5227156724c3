from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepsoc._tensors import to_integers
from deepsoc.graph.fixed import (
    MAX_INT_BITS,
    activate,
    best_int_bits,
    largest_frac,
    limits,
    needless_saturation,
    quantize,
    requant,
    round_half_even,
    saturate,
)
from deepsoc.graph.ir import Act, Quant

accumulators = st.integers(-(2**31), 2**31 - 1)
widths = st.sampled_from((2, 4, 8))


def array(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def clamp(n: int, bits: int) -> int:
    return max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, n))


def test_ties_go_to_the_even_integer_on_both_sides() -> None:
    a = array(-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7)
    assert round_half_even(a, 1).tolist() == [-4, -3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4]
    assert round_half_even(a, 2).tolist() == [-2, -2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]


@given(st.lists(accumulators, min_size=1), st.integers(0, 31))
@example([2**31 - 1, -(2**31)], 31)
@example([2**30, -(2**30), 3 * 2**29], 31)
def test_round_half_even(values: list[int], shift: int) -> None:
    assert round_half_even(array(*values), shift).tolist() == [round(Fraction(v, 2**shift)) for v in values]


@given(st.data(), st.integers(1, 31))
def test_round_half_even_on_exact_ties(data: st.DataObject, shift: int) -> None:
    odd = 2 * data.draw(st.integers(-(2**30) >> (shift - 1), (2**30 - 1) >> (shift - 1))) + 1
    tie = odd << (shift - 1)
    (rounded,) = round_half_even(array(tie), shift).tolist()
    assert rounded % 2 == 0
    assert abs(rounded * 2**shift - tie) == 2 ** (shift - 1)


@given(accumulators, st.integers(-7, 31), widths)
@example(127 << 3 | 4, 3, 8)
@example(-(128 << 3) - 4, 3, 8)
@example(1, -7, 8)
@example(-1, -7, 8)
def test_requant(value: int, shift: int, bits: int) -> None:
    expected = clamp(round(Fraction(value) / Fraction(2) ** shift), bits)
    assert requant(array(value), shift, bits).tolist() == [expected]


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_saturation_ends(bits: int) -> None:
    low, high = limits(bits)
    assert saturate(array(low - 1, low, 0, high, high + 1), bits).tolist() == [low, low, 0, high, high]
    assert requant(array(2**31 - 1, -(2**31)), 0, bits).tolist() == [high, low]
    assert requant(array(2**31 - 1, -(2**31)), -7, bits).tolist() == [high, low]
    # The value just below the upper end rounds up to it and is not wrapped.
    assert requant(array(((high + 1) << 4) - 1), 4, bits).tolist() == [high]


@given(accumulators, st.integers(-7, 24), widths, st.sampled_from((None, *range(8))))
def test_relu_rounds_once(value: int, shift: int, bits: int, slope_log2: int | None) -> None:
    slope = Fraction(0) if slope_log2 is None else Fraction(1, 2**slope_log2)
    real = value * (slope if value < 0 else 1) / Fraction(2) ** shift
    act = Act("relu", Quant(bits, 20 - shift), slope_log2)
    assert activate(array(value), 20, act).tolist() == [clamp(round(real), bits)]


def test_leaky_slope_is_not_rounded_twice() -> None:
    # -5 / 8 = -0.625 rounds to -1; rounding -5 / 2 to -2 first would give -2 / 4 = -0.5, which rounds to 0.
    assert activate(array(-5), 3, Act("relu", Quant(8, 2), 2)).tolist() == [-1]


@given(accumulators, st.integers(-7, 31), widths)
def test_linear_is_requant(value: int, shift: int, bits: int) -> None:
    act = Act("linear", Quant(bits, -shift))
    assert activate(array(value), 0, act).tolist() == requant(array(value), shift, bits).tolist()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), widths)
@example(0.5, 0.0, 8)
@example(-0.5, 0.0, 8)
@example(1e-300, 0.0, 4)
@example(127.0, -128.0, 8)
def test_largest_frac_is_the_finest_without_saturation(a: float, b: float, bits: int) -> None:
    low, high = sorted((a, b))
    frac = largest_frac(low, high, bits)
    least, most = limits(bits)

    def fits(f: int) -> bool:
        return all(least <= round(Fraction(v) * Fraction(2) ** f) <= most for v in (low, high))

    assert fits(frac)
    assert low == high == 0 or not fits(frac + 1)


@given(st.integers(-128, 127), st.integers(-10, 20))
def test_values_on_the_grid_keep_their_value(n: int, frac: int) -> None:
    real = np.array([n * 2.0**-frac])
    quant = Quant(8, largest_frac(real[0], real[0], 8))
    assert np.ldexp(quantize(real, quant).astype(float), -quant.frac).tolist() == real.tolist()


@pytest.mark.filterwarnings("error")
def test_the_largest_floats_saturate() -> None:
    """Whatever is asked of them, and without a warning."""
    values = np.array([1.7e308, -1.7e308, 1e-320, 0.3])
    assert quantize(values, Quant(8, 20)).tolist() == [127, -128, 0, 127]
    assert to_integers(values, (4,), bits=8, frac=20)[0].tolist() == [[127, -128, 0, 127]]

    assert largest_frac(-1.7e308, 1.7e308, 8) == -1017
    assert best_int_bits(values, 8) == MAX_INT_BITS - 7
    assert needless_saturation(values, 8, -MAX_INT_BITS).startswith("75% of the values")


def test_inputs_of_any_scale_and_zero_point() -> None:
    """Of units of 0.75: ties go to even, then the zero point is added."""
    values = np.array([0.0, 0.75, -0.75, 1.875, 4.0, -40.0])
    found, _ = to_integers(values, (6,), bits=4, frac=1, scale=1.5, zero=-3)
    assert found.tolist() == [[-3, -2, -4, -1, 2, -8]]
    assert to_integers(np.array([5, -8]), (2,), bits=4, frac=1, scale=1.5, zero=-3)[0].tolist() == [[5, -8]]
