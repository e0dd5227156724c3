from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from deepsoc.errors import InputError, MappingError
from deepsoc.graph import executor
from deepsoc.graph.executor import execute, pool2d, softmax
from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, Pool, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import infer
from deepsoc.netspec.spec import parse_net
from tests.graph import plain_reference as plain
from tests.strategies import nets, random_case, random_input, renumbered

X4 = Quant(4, 3)
SMALL: dict[str, Any] = {"max_size": 7, "max_channels": 5, "max_bundles": 4, "max_macs": 3000, "max_batch": 2}


def ints(rng: np.random.Generator, bits: int, *shape: int) -> np.ndarray:
    return rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), shape)


def conv(name: str, source: str, weights: np.ndarray, frac: int = 3, **more: Any) -> Bundle:
    core = Conv2D(weights, None, (1, 1), "same", Quant(4, frac), Quant(16, 0))
    return Bundle(name, source, core, **more)


def check_against_plain(graph: Graph, x: np.ndarray) -> None:
    infos = infer(graph)
    expected = plain.run(graph, x)
    for name, result in execute(graph, x).items():
        info = infos[name]
        assert (result.core_quant, result.out_quant) == (info.core.quant, info.output.quant)
        assert result.core.shape[1:] == info.core.shape[1:]
        assert result.out.shape[1:] == info.output.shape[1:]
        for values, received, quant in (
            (expected[name][0], result.core, result.core_quant),
            (expected[name][1], result.out, result.out_quant),
        ):
            np.testing.assert_array_equal(received, plain.to_integers(values, quant).astype(np.int64), err_msg=name)


@settings(max_examples=60)
@given(nets(groups=0.3, **SMALL), st.integers(0, 2**31))
def test_random_networks_against_fractions(net: dict[str, Any], seed: int) -> None:
    graph = parse_net(net).to_graph(seed=seed)
    try:
        check_ranges(graph)
    except MappingError:
        reject()
    check_against_plain(graph, random_input(graph, np.random.default_rng(seed)))


@settings(max_examples=60)
@given(nets(groups=0.3, **SMALL), st.integers(0, 2**31))
def test_scales_and_zero_points_against_fractions(net: dict[str, Any], seed: int) -> None:
    spec = parse_net(renumbered(net, random.Random(seed)))
    assert parse_net(spec.dump()) == spec
    try:
        graph = spec.to_graph(seed=seed)
        check_ranges(graph)
    except InputError as error:
        event(str(error).rpartition(": ")[2][:40])
        reject()
    check_against_plain(graph, random_input(graph, np.random.default_rng(seed)))


@pytest.mark.slow
def test_many_random_networks_against_fractions(seed: int) -> None:
    for offset in range(300):
        _, graph, x = random_case(seed + offset, groups=0.3, **SMALL)
        check_against_plain(graph, x)


def test_random_networks_use_their_range(seed: int) -> None:
    """Random weights and chosen binary points must neither end in zeros nor in saturation."""
    zeros, ends, shares = 0, [], 0
    for offset in range(80):
        _, graph, x = random_case(seed + offset)
        for result in execute(graph, x).values():
            if result.out_quant.bits == 8 and result.out.size >= 20:
                shares += 1
                zeros += not result.out.any()
                ends.append(np.isin(result.out, (-128, 127)).mean())
    assert shares > 20
    assert zeros < 0.25 * shares
    assert np.mean(ends) < 0.25


def test_residual_of_unequal_scales_and_several_consumers(rng: np.random.Generator) -> None:
    """One tensor feeds two kernels and a residual add; the terms of the adds lie 4 and 2 bits apart."""
    relu = Act("relu", Quant(4, 1))
    bundles = (
        conv("a", "input", ints(rng, 4, 3, 3, 2, 5), act=Act("linear", Quant(4, 2))),
        conv("b", "a", ints(rng, 4, 1, 1, 5, 5), add=Add("a", relu)),
        conv("c", "a", ints(rng, 4, 2, 3, 5, 5), act=Act("relu", Quant(4, 0), 3), add=Add("a", relu)),
        conv("d", "c", ints(rng, 4, 1, 1, 5, 5), act=Act("linear", X4), add=Add("b", Act("linear", Quant(4, 0)))),
    )
    graph = Graph("unequal", (2, 4, 5, 2), X4, bundles)
    infos = infer(graph)
    assert [infos[name].sum_frac for name in "abcd"] == [None, 5, 2, 3]
    check_against_plain(graph, ints(rng, 4, 2, 4, 5, 2))


def test_raw_output_is_the_accumulator_and_the_raw_sum(rng: np.random.Generator) -> None:
    weights = ints(rng, 4, 1, 1, 2, 2)
    x = ints(rng, 4, 1, 2, 2, 2)
    sums = np.einsum("nhwc,co->nhwo", x, weights[0, 0])
    bare = execute(Graph("raw", (1, 2, 2, 2), X4, (conv("a", "input", weights),)), x)["a"]
    assert bare.out_quant == Quant(32, 6)
    np.testing.assert_array_equal(bare.out, sums)
    added = execute(Graph("raw", (1, 2, 2, 2), X4, (conv("a", "input", weights, add=Add("input", None)),)), x)["a"]
    assert added.out_quant == Quant(32, 6)
    np.testing.assert_array_equal(added.out, sums + 8 * x)
    negative = Graph("raw", (1, 2, 2, 2), X4, (conv("a", "input", weights, frac=-2, add=Add("input", None)),))
    result = execute(negative, x)["a"]
    assert result.out_quant == Quant(32, 3)
    np.testing.assert_array_equal(result.out, 4 * sums + x)


def test_a_batch_equals_its_elements_one_by_one(seed: int) -> None:
    for offset in range(10):
        _, graph, _ = random_case(seed + offset)
        x = random_input(replace(graph, input_shape=(4, *graph.input_shape[1:])), np.random.default_rng(seed))
        together = execute(graph, x)
        for n in range(4):
            for name, alone in execute(graph, x[n : n + 1]).items():
                np.testing.assert_array_equal(together[name].out[n : n + 1], alone.out)


def test_chunks_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for offset in range(10):
        _, graph, x = random_case(seed + offset, max_batch=5)
        whole = execute(graph, x)
        with monkeypatch.context() as patch:
            patch.setattr(executor, "_CHUNK_ELEMENTS", 50)
            parts = execute(graph, x)
        for name, result in whole.items():
            np.testing.assert_array_equal(result.out, parts[name].out)


@pytest.mark.parametrize("fan_in", [1023, 1024, 1025, 4096, 60000])
def test_long_sums_are_exact_at_both_ends(fan_in: int) -> None:
    """The largest sums of 8-bit products: up to 1024 of them fit float32, more need float64."""
    k = np.full((fan_in, 3), -128, np.int8)
    k[:, 1] = 127
    k[0, 2] = -127
    graph = Graph("long", (2, fan_in), Quant(8, 7), (Bundle("a", "input", Dense(k, None, Quant(8, 7), Quant(8, 0))),))
    x = np.full((2, fan_in), -128, np.int64)
    x[1, :] = 127
    np.testing.assert_array_equal(execute(graph, x)["a"].out, x @ k.astype(np.int64))


def test_bias_is_aligned_to_the_accumulator() -> None:
    core = Dense(np.array([[3], [5]]), np.array([-7]), Quant(4, 2), Quant(8, 1))
    result = execute(Graph("bias", (1, 2), X4, (Bundle("a", "input", core),)), np.array([[1, -2]]))["a"]
    assert result.out.tolist() == [[3 - 10 - 7 * 2**4]]


def test_average_ties_and_partial_windows() -> None:
    x = np.array([[1, 2, -1], [2, 1, -2]]).reshape(1, 2, 3, 1)
    half = Pool("avg", (2, 2), (1, 2), "same", Quant(4, 3))
    # Windows of 4, 2 (right edge), 2 (bottom) and 1 elements; 1.5 rounds to 2, -1.5 to -2.
    assert pool2d(x, 3, half)[0, :, :, 0].tolist() == [[2, -2], [2, -2]]
    coarse = replace(half, out=Quant(4, 2))
    assert pool2d(x, 3, coarse)[0, :, :, 0].tolist() == [[1, -1], [1, -1]]
    fine = replace(half, out=Quant(4, 6))
    assert pool2d(x, 3, fine)[0, :, :, 0].tolist() == [[7, -8], [7, -8]]
    third = Pool("avg", (1, 3), (1, 3), "valid", Quant(4, 6))
    assert pool2d(x, 3, third)[0, :, :, 0].tolist() == [[5], [3]]  # 8 * 2/3 = 5.33, 8 * 1/3 = 2.67


def test_max_pool_does_not_see_the_padding() -> None:
    x = np.full((1, 3, 3, 1), -5)
    pool = Pool("max", (3, 3), (2, 2), "same", Quant(4, 3))
    assert (pool2d(x, 3, pool) == -5).all()
    assert pool2d(x, 3, replace(pool, out=Quant(4, 2)))[0, 0, 0, 0] == -2  # -2.5 to the even -2
    assert pool2d(x, 3, replace(pool, out=Quant(4, 4)))[0, 0, 0, 0] == -8  # saturates


def test_softmax() -> None:
    raw = np.array([[0, 8, 16], [2**31 - 1, -(2**31), 0]])
    p = softmax(raw, 3)
    np.testing.assert_allclose(p[0], np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(), rtol=1e-14)
    np.testing.assert_array_equal(p[1], [1, 0, 0])


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.zeros((1, 2, 2, 2)), "expected integers"),
        (np.zeros((1, 2, 2, 3), int), "expected a batch"),
        (np.zeros((2, 2, 2), int), "expected a batch"),
        (np.zeros((0, 2, 2, 2), int), "expected a batch"),
        (np.full((1, 2, 2, 2), 8), "in -8 … 7"),
        (np.full((1, 2, 2, 2), -9), "in -8 … 7"),
    ],
)
def test_bad_input(x: np.ndarray, match: str) -> None:
    graph = Graph("g", (1, 2, 2, 2), X4, (conv("a", "input", np.ones((1, 1, 2, 1), int)),))
    with pytest.raises(InputError, match=match):
        execute(graph, x)


def test_a_step_that_could_exceed_32_bits_is_refused() -> None:
    core = Dense(np.ones((2, 1), int), np.array([2**31 - 1]), Quant(4, 3), Quant(32, 6))
    with pytest.raises(MappingError, match="bundle a: the accumulator plus bias may need 33 bits"):
        execute(Graph("g", (1, 2), X4, (Bundle("a", "input", core),)), np.zeros((1, 2), int))


def test_a_wrong_executor_would_be_noticed(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself: rounding half up instead of half to even must fail it."""
    bundle = conv("a", "input", ints(rng, 4, 3, 3, 2, 4), act=Act("linear", Quant(4, 2)))
    graph = Graph("g", (1, 8, 8, 2), X4, (bundle,))
    x = ints(rng, 4, 1, 8, 8, 2)
    check_against_plain(graph, x)
    import deepsoc.graph.fixed as fixed

    monkeypatch.setattr(fixed, "round_half_even", lambda a, s: (a + ((1 << s) >> 1)) >> s)
    with pytest.raises(AssertionError):
        check_against_plain(graph, x)
