from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.graph.ir import Act, Add, Align, Bundle, Conv2D, Dense, Graph, Pool, Quant, Scale
from deepsoc.graph.shapes import Tensor, infer, validate

X = Quant(4, 3)
K = Quant(4, 5)
B = Quant(16, 8)
RELU = Act("relu", X)
POOL = Pool("avg", (2, 3), (2, 1), "same", Quant(4, 4))


def conv(co: int = 4, ci: int = 3, padding: Any = "same", strides: tuple[int, int] = (1, 1)) -> Conv2D:
    return Conv2D(np.zeros((3, 2, ci, co), np.int64), np.zeros(co, np.int64), strides, padding, K, B)


def dense(ci: int, co: int) -> Dense:
    return Dense(np.zeros((ci, co), np.int64), None, K, B)


def good() -> Graph:
    return Graph(
        "net",
        (2, 7, 6, 3),
        X,
        (
            Bundle("first", "input", conv(strides=(2, 1)), RELU),
            Bundle("second", "first", conv(ci=4), add=Add("first", Act("relu", X, 7)), pool=POOL, flatten=True),
            Bundle("last", "second", dense(2 * 6 * 4, 5), softmax=True),
        ),
    )


def edited(index: int, **changes: Any) -> Graph:
    graph = good()
    bundles = list(graph.bundles)
    bundles[index] = replace(bundles[index], **changes)
    return replace(graph, bundles=tuple(bundles))


def core(index: int, **changes: Any) -> Graph:
    return edited(index, core=replace(good().bundles[index].core, **changes))


def scaled(m: tuple[int, ...], s: tuple[int, ...]) -> Graph:
    return edited(0, act=Act("relu", Quant(4, 3, 1.5), scale=Scale(m, s)))


def test_shapes_and_types_of_a_good_graph() -> None:
    infos = validate(good())
    assert infos["first"].core == infos["first"].output == Tensor((2, 4, 6, 4), X)
    second = infos["second"]
    assert second.input == second.operand == infos["first"].output
    assert (second.acc_frac, second.sum_frac) == (8, 8)
    assert second.core == Tensor((2, 4, 6, 4), X)
    assert second.output == Tensor((2, 48), Quant(4, 4))
    assert infos["last"].core == infos["last"].output == Tensor((2, 5), Quant(32, 9))


def test_flatten_of_a_matrix_is_the_matrix() -> None:
    graph = Graph("g", (3, 8), X, (Bundle("a", "input", dense(8, 5), RELU, flatten=True),))
    assert infer(graph)["a"].output.shape == (3, 5)


def test_order_of_flattened_elements() -> None:
    """Dense weights follow (h, w, c)."""
    from deepsoc.graph.executor import execute

    x = np.arange(-6, 6).reshape(1, 2, 3, 2) // 2
    identity = Conv2D(np.eye(2, dtype=np.int64).reshape(1, 1, 2, 2), None, (1, 1), "same", Quant(4, 0), B)
    flat = Bundle("a", "input", identity, Act("linear", X), flatten=True)
    weights = np.zeros((12, 1), np.int64)
    weights[(1 * 3 + 2) * 2 + 0] = 1
    graph = Graph("g", (1, 2, 3, 2), X, (flat, Bundle("b", "a", Dense(weights, None, Quant(4, 0), B))))
    assert execute(graph, x)["b"].out.tolist() == [[x[0, 1, 2, 0]]]


ILLEGAL: dict[str, tuple[Callable[[], Graph], str]] = {
    "no bundles": (lambda: replace(good(), bundles=()), "at least one bundle"),
    "graph name": (lambda: replace(good(), name="a b"), "graph name"),
    "name with a newline": (lambda: edited(0, name="first\n"), "bundle name"),
    "duplicate name": (lambda: edited(1, name="first"), "bundle first: .*rename"),
    "bundle called input": (lambda: edited(0, name="input"), "bundle input: .*rename"),
    "dangling source": (lambda: edited(1, source="nobody"), "bundle second: .*'nobody'"),
    "reads itself": (lambda: edited(1, source="second"), "bundle second: .*'second'"),
    "cycle": (lambda: edited(0, source="last"), "bundle first: .*'last'"),
    "dangling residual": (lambda: edited(1, add=Add("nobody", RELU)), "bundle second: .*'nobody'"),
    "residual shape": (lambda: edited(1, add=Add("input", RELU)), "bundle second: add.with: .*one shape"),
    "input rank": (lambda: replace(good(), input_shape=(2, 7, 6)), "input: .*shape"),
    "input of no rows": (lambda: replace(good(), input_shape=(2, 0, 6, 3)), "input: .*shape"),
    "input bits": (lambda: replace(good(), input_quant=Quant(5, 2)), "input: .*bits"),
    "dense unflattened": (lambda: edited(1, flatten=False), "bundle last: core: .*flatten"),
    "convolution of a matrix": (lambda: edited(2, core=conv()), "bundle last: core: .*flatten"),
    "pool of a matrix": (lambda: edited(2, act=RELU, pool=POOL), "bundle last: pool: "),
    "channels": (lambda: edited(0, core=conv(ci=4)), "bundle first: core: .*4 channels"),
    "kernel rank": (lambda: core(0, weights=np.zeros((3, 3, 4), int)), "bundle first: core: "),
    "dense rank": (lambda: core(2, weights=np.zeros(48, int)), "bundle last: core: "),
    "bias shape": (lambda: core(0, bias=np.zeros(3, int)), "bundle first: core: .*bias"),
    "no output channel": (lambda: edited(0, core=conv(co=0)), "bundle first: core: .*no output"),
    "kernel beyond the input": (
        lambda: core(0, padding="valid", weights=np.zeros((9, 2, 3, 4), int)),
        "bundle first: core: .*does not fit",
    ),
    "pool beyond its input": (
        lambda: edited(1, pool=replace(POOL, size=(5, 1), padding="valid")),
        "bundle second: pool: .*does not fit",
    ),
    "stride 0": (lambda: core(0, strides=(0, 1)), "bundle first: core: .*stride"),
    "padding": (lambda: core(0, padding="full"), "bundle first: core: .*padding"),
    "softmax in the middle": (lambda: edited(0, softmax=True), "bundle first: softmax: "),
    "null act in the middle": (lambda: edited(0, act=None), "bundle first: act: .*linear"),
    "null sum in the middle": (lambda: edited(1, add=Add("first", None), pool=None), "bundle second: add.act: "),
    "null act before a pool": (
        lambda: replace(good(), bundles=(Bundle("only", "input", conv(), pool=POOL),)),
        "bundle only: act: .*linear",
    ),
    "act bits": (lambda: edited(0, act=Act("relu", Quant(5, 3))), "bundle first: act: .*bits"),
    "act kind": (lambda: edited(0, act=Act("tanh", X)), "bundle first: act: .*tanh"),  # type: ignore[arg-type]
    "slope": (lambda: edited(0, act=Act("relu", X, 8)), "bundle first: act: slope_log2"),
    "slope of linear": (lambda: edited(0, act=Act("linear", X, 1)), "bundle first: act: slope_log2"),
    "left shift": (lambda: edited(0, act=Act("relu", Quant(4, 16))), "bundle first: act: .*-8 bits"),
    "right shift": (lambda: edited(0, act=Act("relu", Quant(4, -24))), "bundle first: act: .*32 bits"),
    "right shift of the slope": (lambda: edited(0, act=Act("relu", Quant(4, -18), 6)), "bundle first: act: .*26 bits"),
    "kernel bits": (lambda: core(0, k_quant=Quant(5, 3)), "bundle first: core.k_quant: .*bits"),
    "bias bits": (lambda: core(0, b_quant=Quant(24, 3)), "bundle first: core.b_quant: .*bits"),
    "bias frac": (lambda: core(0, b_quant=Quant(16, 9)), "bundle first: core.b_quant: .*frac 9"),
    "bias far off": (lambda: core(0, b_quant=Quant(16, -24)), "bundle first: core.b_quant: .*frac -24 .* in -23 … 8,"),
    "pool bits": (lambda: edited(1, pool=replace(POOL, out=Quant(5, 3))), "bundle second: pool: .*bits"),
    "pool kind": (lambda: edited(1, pool=replace(POOL, kind="sum")), "bundle second: pool: .*sum"),
    "average frac": (lambda: edited(1, pool=replace(POOL, out=Quant(4, 7))), "bundle second: pool: .*at most 3"),
    "max left shift": (lambda: edited(1, pool=replace(POOL, kind="max", out=Quant(4, 11))), "second: pool: .*-8 bits"),
    "absurd frac": (lambda: core(0, k_quant=Quant(4, 1000)), "bundle first: core.k_quant: frac"),
    "one scale a channel as output": (
        lambda: core(2, k_quant=Quant(4, 3, (1.0, 1.5, 1.0, 1.0, 1.0)), bias=None),
        "bundle last: act: null leaves accumulators with one scale a channel",
    ),
    "zero point of weights": (
        lambda: core(0, k_quant=Quant(4, 3, zero=1)),
        "bundle first: core.k_quant: .*zero point 0",
    ),
    "scales of weights": (
        lambda: core(0, k_quant=Quant(4, 3, (1.0, 2.0))),
        "first: core.k_quant: .* each of 4 channels",
    ),
    "zero point": (lambda: replace(good(), input_quant=Quant(4, 3, zero=8)), "input: the zero point must be in -8 … 7"),
    "scale of a tensor": (
        lambda: replace(good(), input_quant=Quant(4, 3, 0.0)),
        "input: a tensor has one finite scale",
    ),
    "unscaled": (lambda: edited(0, act=Act("relu", Quant(4, 3, 1.5))), "first: act: the scales 1.0 and 1.5 differ"),
    "clamp": (lambda: edited(0, act=Act("relu", X, hi=8)), "bundle first: act: clamp -8 … 8: expected ends in -8 … 7"),
    "clamp without 0": (
        lambda: edited(0, act=Act("relu", X, lo=1)),
        "first: act: clamp 1 … 7: .* zero point 0 between",
    ),
    "number of scales": (
        lambda: scaled((1 << 16,) * 3, (20,) * 3),
        "bundle first: act: expected m and s for each of 4",
    ),
    "multiplier": (
        lambda: scaled((1 << 15,), (20,)),
        "bundle first: act: expected m 0 or of 17 bits, .* received 32768",
    ),
    "shift": (lambda: scaled((1 << 16,), (42,)), "bundle first: act: .* s in 0 … 41, received 65536, 42"),
    "scale of a pool": (
        lambda: edited(1, pool=replace(POOL, out=Quant(4, 3, 1.5))),
        "bundle second: pool: a pool keeps the scale of its input",
    ),
    "unaligned": (
        lambda: edited(1, core=replace(conv(ci=4), k_quant=Quant(4, 5, 1.5))),
        "bundle second: add: the scales 1.5 and 1.0 differ",
    ),
    "alignment": (
        lambda: edited(1, add=Add("first", RELU, Align(Scale((1 << 16,), (20,)), 16))),
        "bundle second: add.align: shift must be in 0 … 15",
    ),
    "residual far off": (lambda: core(1, k_quant=Quant(4, 32), bias=None), "bundle second: add: .*too far apart"),
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_illegal_graphs_are_refused_by_name(case: str) -> None:
    make, match = ILLEGAL[case]
    with pytest.raises(InputError, match=match):
        infer(make())


@pytest.mark.parametrize(
    ("graph", "match"),
    [
        (core(0, weights=np.full((3, 2, 3, 4), 8)), "bundle first: weights: 4 bits hold -8 … 7, received 8"),
        (core(0, weights=np.full((3, 2, 3, 4), -9)), "bundle first: weights"),
        (core(0, bias=np.full(4, 32768)), "bundle first: bias: 16 bits"),
        (core(2, weights=np.zeros((48, 5))), "bundle last: weights: expected integers"),
        (core(0, k_quant=Quant(1, 5)), "bundle first: weights: weights of 1 bit are -1 and 1, received 0"),
        (
            core(0, k_quant=Quant(1, 5), weights=np.full((3, 2, 3, 4), -2)),
            "first: weights: 1 bits hold -1 … 1, received -2",
        ),
    ],
)
def test_values_outside_their_type(graph: Graph, match: str) -> None:
    with pytest.raises(InputError, match=match):
        validate(graph)


def test_limits_themselves_are_legal() -> None:
    validate(edited(0, act=Act("relu", Quant(4, 15))))
    validate(Graph("g", (1, 7, 6, 3), X, (Bundle("a", "input", conv(), Act("relu", Quant(4, -17), 6)),)))
    validate(edited(1, pool=replace(POOL, out=Quant(4, 6))))
    validate(core(0, b_quant=Quant(16, 8), bias=np.full(4, -32768), weights=np.full((3, 2, 3, 4), -8)))
