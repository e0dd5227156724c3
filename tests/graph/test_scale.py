"""Numbers of the second edition (docs/architecture.md, section 1), each rule by itself."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.executor import execute
from deepsoc.graph.fixed import (
    MAX_SCALE_SHIFT,
    SCALE_BITS,
    activate,
    add_operand,
    align_shift,
    limits,
    multiplier,
    quant_of,
    quantize,
    round_half_even,
)
from deepsoc.graph.ir import Act, Add, Align, Bundle, Conv2D, Dense, Graph, IntArray, Quant, Scale
from deepsoc.graph.ranges import biases, check_ranges, clamped
from deepsoc.graph.store import load_graph, pack_graph
from deepsoc.graph.window import Window
from deepsoc.netspec.spec import parse_net
from tests.strategies import random_input, random_net, renumbered

sums = st.integers(-(2**31), 2**31 - 1)
multipliers = st.just(0) | st.integers(2**16, 2**17 - 1)
ratios = st.floats(2.0**-24, 2.0**16)


def array(*values: int) -> IntArray:
    return np.array(values, np.int64)


@given(st.lists(st.tuples(st.integers(-(2**41), 2**41), st.integers(0, 48)), min_size=1))
def test_shifts_of_every_value_its_own(pairs: list[tuple[int, int]]) -> None:
    values, shifts = zip(*pairs, strict=True)
    expected = [round(Fraction(v, 2**s)) for v, s in pairs]
    assert round_half_even(array(*values), array(*shifts)).tolist() == expected


@given(st.data(), sums, multipliers, st.integers(0, MAX_SCALE_SHIFT), st.sampled_from((1, 2, 3, 4, 8)))
def test_scaled_requantization(data: st.DataObject, a: int, m: int, s: int, bits: int) -> None:
    low, high = limits(bits)
    zero = data.draw(st.integers(low, high))
    lo, hi = data.draw(st.integers(low, zero)), data.draw(st.integers(zero, high))
    slope = data.draw(st.sampled_from((None, *range(8))))
    kind = data.draw(st.sampled_from(("linear", "relu")))
    slope = slope if kind == "relu" else None
    act = Act(kind, Quant(bits, 5, 1.5, zero), slope, Scale((m,), (s,)), lo, hi)  # type: ignore[arg-type]
    real = Fraction(max(-(2**24), min(2**24 - 1, a))) * m / 2**s
    if kind == "relu" and real < 0:
        real = Fraction(0) if slope is None else real / 2**slope
    assert activate(array(a), 99, act).tolist() == [max(lo, min(hi, round(real) + zero))]


def test_sums_are_saturated_to_25_bits_before_they_are_multiplied() -> None:
    act = Act("linear", Quant(8, 0, 1.5), scale=Scale((1 << 16,), (36,)))  # 2^-20
    values = array(2**24 - 1, 2**24, 2**31 - 1, -(2**24) - 1, -(2**31))
    assert activate(values, 0, act).tolist() == [16, 16, 16, -16, -16]


@given(ratios, st.integers(1, 2**24 - 1))
@example(1.0, 1)
@example(2.0**-24, 2**24 - 1)
@example(1 - 2.0**-20, 100)  # rounds up to the next power of two
def test_multipliers_are_normalized_and_next_to_their_ratio(ratio: float, peak: int) -> None:
    m, s = multiplier(ratio, (-peak, peak), limits(8))
    exact = Fraction(ratio)
    if exact * peak <= Fraction(1, 2):
        assert (m, s) == (0, 0)
        return
    assert m.bit_length() == SCALE_BITS
    assert 0 <= s <= MAX_SCALE_SHIFT
    assert abs(Fraction(m) / 2**s - exact) <= exact / 2**SCALE_BITS


def test_channels_whose_results_are_all_zero_need_no_multiplier() -> None:
    assert multiplier(1e-9, (-(2**28), 2**28), limits(8)) == (0, 0)
    assert multiplier(2.0**-9, (-256, 256), limits(8)) == (0, 0)  # 0.5 is rounded to 0
    assert multiplier(2.0**-9, (-257, 256), limits(8))[0] == 1 << 16


def test_ratios_without_a_form_are_refused() -> None:
    assert multiplier(2.0**16, (-1, 1), limits(8)) == (1 << 16, 0)
    with pytest.raises(InputError, match="a unit of the sum is 131072 units of the result, expected less than 131072"):
        multiplier(2.0**17, (-1, 1), limits(8))
    # 2^24 times the ratio is 128: at the one end the sum saturates where the result has not.
    assert multiplier(2.0**-17, (-(2**24), 2**24 - 1), (-130, 130))[0]
    with pytest.raises(InputError, match=r"the sum may reach 16777216, .* what is multiplied has 25 bits"):
        multiplier(2.0**-17, (0, 2**24), (-128, 130))
    with pytest.raises(InputError, match="the sum may reach -16777217"):
        multiplier(2.0**-17, (-(2**24) - 1, 0), (-130, 130))
    assert multiplier(2.0**-17, (-(2**30), 5), (0, 255))[0]  # nothing is negative behind a ReLU


@given(ratios, st.data())
def test_no_saturation_of_an_aligned_value_is_seen(ratio: float, data: st.DataObject) -> None:
    """Only where the result saturates in any case."""
    bits = data.draw(st.sampled_from((2, 4, 8)))
    try:
        shift = align_shift(ratio, bits)
    except InputError:
        assert ratio >= 2 ** (15 - bits) - 1
        return
    low, high = limits(bits)
    operand, zero_o = (data.draw(st.integers(low, high)) for _ in range(2))
    for end, sign in ((2**15 - 1, 1), (-(2**15), -1)):
        # The least magnitude of a sum whose first term has come to its end, in units of the result.
        total = Fraction(end + operand * 2**shift) / 2**shift / Fraction(ratio)
        assert total * sign >= 2**bits - 1, (shift, zero_o)


def test_an_operand_with_a_zero_point_is_added_to_an_aligned_value() -> None:
    add = Add("x", None, Align(Scale((3 << 15,), (18,)), 4))  # 3/8
    total, quant = add_operand(
        add, array(100, -3, 2**20), Quant(32, 10, 1.7), array(7, -128, 127), Quant(8, 3, 1.3, -50)
    )
    assert quant == Quant(32, 7, 1.3)
    assert total.tolist() == [38 + 57 * 16, -1 - 78 * 16, 2**15 - 1 + 127 * 16]


# ---- zero points ------------------------------------------------------------------------------------------------


def test_folded_zero_points_and_padding_values_give_the_same_sums(rng: np.random.Generator) -> None:
    """What the hardware does: products of the integers as they are, z in the place of padding, the rest in the bias."""
    for zero, padding, strides in ((-128, "same", (1, 1)), (57, "same", (2, 3)), (-3, "valid", (1, 2))):
        k, bias = rng.integers(-128, 128, (3, 4, 5, 6)), rng.integers(-1000, 1000, 6)
        core = Conv2D(k, bias, strides, padding, Quant(8, 7), Quant(16, 9))  # type: ignore[arg-type]
        x_quant = Quant(8, 4, zero=zero)
        x = rng.integers(-128, 128, (2, 9, 8, 5))
        graph = Graph("g", x.shape, x_quant, (Bundle("a", "input", core),))
        rows, cols = (Window(x.shape[1 + i], k.shape[i], strides[i], padding) for i in (0, 1))  # type: ignore[arg-type]
        around = ((0, 0), (rows.pad_before, rows.pad_after), (cols.pad_before, cols.pad_after), (0, 0))
        padded = np.pad(x, around, constant_values=zero)
        folded = np.zeros((2, rows.out, cols.out, 6), np.int64) + biases(core, x_quant)
        for i, j in np.ndindex(3, 4):
            taps = padded[:, i :: strides[0], j :: strides[1]][:, : rows.out, : cols.out]
            folded += np.einsum("nhwc,co->nhwo", taps, k[i, j])
        np.testing.assert_array_equal(execute(graph, x)["a"].out, folded)
        half = Graph("g", x.shape, replace(x_quant, zero=0), graph.bundles)
        assert not np.array_equal(execute(half, x)["a"].out, folded)


def test_unsigned_numbers_are_signed_ones_from_their_lowest_integer(rng: np.random.Generator) -> None:
    """A two-bit ReLU has four values."""
    k = rng.integers(-2, 2, (5, 40))
    x = rng.integers(-2, 2, (50, 5))
    unsigned = Act("relu", Quant(2, 0, zero=-2))
    graph = Graph(
        "g", x.shape, Quant(2, 1), (Bundle("a", "input", Dense(k, None, Quant(2, 1), Quant(8, 0)), unsigned),)
    )
    out = execute(graph, x)["a"].out
    expected = np.clip(np.rint(np.maximum(x @ k, 0) / 4), 0, 3)
    np.testing.assert_array_equal(out + 2, expected)
    assert np.unique(expected).tolist() == [0, 1, 2, 3]


# ---- against TFLite's published arithmetic ------------------------------------------------------------------------


def tflite_multiply(a: int, ratio: float) -> int:
    """Rounded a * ratio by a 31-bit multiplier, a doubling product's high half, and a rounding shift."""
    mantissa, exponent = np.frexp(ratio)
    m = round(float(mantissa) * 2**31)
    if m == 2**31:
        m, exponent = m // 2, exponent + 1
    left, right = max(int(exponent), 0), max(-int(exponent), 0)
    product = (a << left) * m
    nudge = 2**30 if product >= 0 else 1 - 2**30
    high = abs(product + nudge) // 2**31 * (1 if product + nudge >= 0 else -1)  # truncates
    floor, rest = high >> right, high & ((1 << right) - 1)
    return floor + (rest > ((1 << right) >> 1) - (high >= 0)) if right else high


@given(st.integers(-(2**23), 2**23), st.floats(1e-5, 0.5), st.integers(-128, 127))
def test_results_are_within_one_of_tflites(a: int, ratio: float, zero: int) -> None:
    m, s = multiplier(ratio, (-(2**24), 2**24 - 1), (-1, 1))
    ours = activate(array(a), 0, Act("linear", Quant(8, 0, 1.5, zero), scale=Scale((m,), (s,))))
    theirs = max(-128, min(127, tflite_multiply(a, ratio) + zero))
    assert abs(int(ours[0]) - theirs) <= 1


byte = st.integers(-128, 127)


@given(byte, byte, byte, byte, byte, st.floats(0.01, 0.3), st.floats(0.01, 0.3), st.floats(0.6, 3))
def test_residual_adds_are_within_one_of_tflites(
    x1: int, z1: int, x2: int, z2: int, z3: int, s1: float, s2: float, size: float
) -> None:
    """ADD of two int8 tensors: shifted left by 20, scaled to twice the larger scale, added, scaled to the output's."""
    s3 = max(s1, s2) * size
    twice = 2 * max(s1, s2)
    raw = sum(tflite_multiply((x - z) << 20, scale / twice) for x, z, scale in ((x1, z1, s1), (x2, z2, s2)))
    theirs = max(-128, min(127, tflite_multiply(raw, twice / (2**20 * s3)) + z3))
    shift = align_shift(s3 / s2, 8)
    align = Align(Scale(*((n,) for n in multiplier(s1 / s2 * 2**shift, (-255, 255), limits(16)))), shift)
    total, quant = add_operand(
        Add("x", None, align), array(x1 - z1), Quant(8, 0, s1, z1), array(x2), Quant(8, 0, s2, z2)
    )
    m, s = multiplier(s2 / 2**shift / s3, (-(2**17), 2**17), limits(8))
    ours = activate(total, quant.frac, Act("linear", Quant(8, 0, s3, z3), scale=Scale((m,), (s,))))
    assert abs(int(ours[0]) - theirs) <= 1


# ---- types, ranges, files -----------------------------------------------------------------------------------------


@given(st.floats(1e-6, 1e6), byte, st.lists(st.floats(-1e3, 1e3), min_size=1))
def test_real_values_are_rounded_to_their_type(scale: float, zero: int, values: list[float]) -> None:
    quant = quant_of(8, scale, zero)
    assert isinstance(quant.scale, float)
    assert 1 <= quant.scale < 2
    assert np.ldexp(quant.scale, -quant.frac) == scale
    found = quantize(np.array(values), quant)
    for value, n in zip(values, found.tolist(), strict=True):
        exact = Fraction(value) / Fraction(scale) + zero
        assert -128 <= n <= 127
        assert abs(n - max(-128, min(127, exact))) <= Fraction(1, 2) + Fraction(1, 10**6)


def scaled_graphs(seed: int, count: int) -> list[Graph]:
    """Random graphs with numbers of the second edition."""
    found: list[Graph] = []
    rng = random.Random(seed)
    while len(found) < count:
        net = renumbered(random_net(rng, max_size=6, max_channels=5, max_bundles=3, groups=0.3), rng)
        try:
            graph = parse_net(net).to_graph(seed=rng.randrange(1000))
            check_ranges(graph)
        except InputError:
            continue
        found.append(graph)
    return found


def test_no_value_leaves_its_worst_case(seed: int) -> None:
    """Types, ends of clamps and bits of sums hold for every value; the bounds of clamps for what comes to them."""
    tight = 0
    for graph in scaled_graphs(seed, 30):
        bits = check_ranges(graph)
        parts = list(clamped(graph))
        for salt in range(3):
            results = execute(graph, random_input(graph, np.random.default_rng(seed + salt)))
            for bundle in graph.bundles:
                result = results[bundle.name]
                if result.core_quant.bits == 32:
                    limit = 2 ** ((bits[bundle.name].residual or bits[bundle.name].biased) - 1)
                    assert np.abs(result.core).max() < limit
                reached = [(least, most, ends) for name, _, (least, most), ends in parts if name == bundle.name]
                if reached and result.out_quant.bits < 32:
                    least, most = np.clip(reached[-1][:2], *reached[-1][2])
                    assert least <= result.out.min()
                    assert result.out.max() <= most
                    tight += result.out.max() == most
    assert tight > 10


def test_bounds_of_clamps_are_reached() -> None:
    """Inputs at the ends of their type, by the sign of each weight, reach the bounds of a core."""
    k = array(3, -4, 5, 0).reshape(2, 2)
    core = Dense(k, array(10, -20), Quant(4, 0), Quant(8, 0))
    graph = Graph("g", (1, 2), Quant(8, 0, zero=7), (Bundle("a", "input", core, Act("linear", Quant(8, -4))),))
    ((name, part, bounds, ends),) = clamped(graph)
    assert (name, part, ends) == ("a", "act", (-128, 127))
    inputs = np.array([(-128, -128), (127, 127), (127, -128), (-128, 127)])
    out = execute(graph, inputs)["a"].out
    assert bounds == (out.min(), out.max())


def test_a_zero_point_counts_for_the_bits_of_a_sum() -> None:
    core = Dense(np.full((4, 1), 7), array(1000), Quant(4, 0), Quant(16, 0))

    def graph(zero: int) -> Graph:
        return Graph("g", (1, 4), Quant(8, 0, zero=zero), (Bundle("a", "input", core),))

    assert biases(core, Quant(8, 0, zero=-128)).tolist() == [1000 + 28 * 128]
    check_ranges(graph(0), 14, 14)
    with pytest.raises(MappingError, match="the accumulator plus bias may need 15 bits"):
        check_ranges(graph(-128), 14, 14)


def test_graphs_come_back_from_their_file(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("store") / "g.npz"
    seen = set()
    for graph in scaled_graphs(seed, 20):
        data = pack_graph(graph)
        path.write_bytes(data)
        again = load_graph(path)
        assert pack_graph(again) == data
        assert again.input_quant == graph.input_quant
        for a, b in zip(again.bundles, graph.bundles, strict=True):
            assert (a.act, a.add, a.pool, a.core.k_quant) == (b.act, b.add, b.pool, b.core.k_quant)
            seen |= {"act"} if a.act and a.act.scale else set()
            seen |= {"align"} if a.add and a.add.align else set()
            seen |= {"weights"} if isinstance(a.core.k_quant.scale, tuple) else set()
    assert seen == {"act", "align", "weights"}
