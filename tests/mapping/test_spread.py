"""Dense layers on one vector, spread over the rows with resident weights: against the executable specification."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.graph.ir import Act, Add, Bundle, Dense, Graph, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping import plan
from tests.mapping.nets import conv
from tests.mapping.test_machine import check

X = Quant(8, 4)
RELU, LINEAR = Act("relu", X, None), Act("linear", X)


def dense(rng: np.random.Generator, ci: int, co: int, bits: int = 8) -> Dense:
    half = 1 << bits - 1
    return Dense(rng.integers(-half, half, (ci, co)), rng.integers(-500, 500, co), Quant(bits, bits + 2), Quant(16, 3))


def hardware(**given: Any) -> Hardware:
    return Hardware(
        **{"rows": 5, "cols": 7, "axi_data_bits": 64, "weights_ram_depth": 20, "weights_resident": 4096} | given
    )


def chain(rng: np.random.Generator, *sizes: int) -> Graph:
    """Dense layers one behind the other; the last one's results are raw."""
    names = ["input", *(f"d{i}" for i in range(len(sizes) - 1))]
    bundles = [
        Bundle(name, source, dense(rng, ci, co), act=RELU if i < len(sizes) - 2 else None)
        for i, (source, name, ci, co) in enumerate(zip(names, names[1:], sizes, sizes[1:], strict=False))
    ]
    return Graph("chain", (1, sizes[0]), X, tuple(bundles))


@pytest.mark.parametrize("index", range(24))
def test_random_chains(index: int, seed: int) -> None:
    rng = np.random.default_rng([seed, index])
    sizes = [int(size) for size in rng.integers(1, 90, rng.integers(2, 6))]
    hw = hardware(
        rows=int(rng.integers(1, 14)),
        cols=int(rng.integers(1, 14)),
        axi_data_bits=int(rng.choice([32, 64, 128, 512])),
        axi_max_burst=int(rng.choice([1, 4, 16])),
        weights_ram_depth=int(rng.choice([2, 20, 2048])),
        weights_resident=1 << 17,
    )
    ops = check(chain(rng, *sizes), hw, rng)
    assert all(op.spread for op in ops)
    ends = [op.resident + op.loops.t * op.loops.ci for op in ops]
    assert [op.resident for op in ops] == [0, *ends[:-1]]


def test_layers_that_find_no_room_run_as_ever(rng: np.random.Generator) -> None:
    ops = check(chain(rng, 40, 30, 30, 8), hardware(weights_resident=79), rng)
    assert [op.spread for op in ops] == [True, False, True]


def test_several_vectors_are_not_spread(rng: np.random.Generator) -> None:
    net = Graph("batch", (2, 30), X, (Bundle("d", "input", dense(rng, 30, 8)),))
    assert not any(op.spread for op in check(net, hardware(), rng))


def test_residual_sums_and_concatenations(rng: np.random.Generator) -> None:
    net = Graph(
        "joints",
        (1, 33),
        X,
        (
            Bundle("a", "input", dense(rng, 33, 19), act=RELU),
            Bundle("b", "a", dense(rng, 19, 19), act=LINEAR, add=Add("a", RELU)),
            Bundle("c", ("a", "b"), dense(rng, 38, 24), act=RELU),
            Bundle("d", "b", dense(rng, 19, 24), act=LINEAR, add=Add("c", None)),
        ),
    )
    assert all(op.spread for op in check(net, hardware(), rng))


def test_flattened_tensors_of_one_row(rng: np.random.Generator) -> None:
    """One row of columns lies in memory as a vector does; more rows do not."""
    for shape, spread in (((1, 1, 3, 5), True), ((1, 2, 3, 5), False)):
        features = shape[1] * shape[2] * 6
        net = Graph(
            "flat",
            shape,
            X,
            (
                Bundle("a", "input", conv(rng, (1, 1, 5, 6), bits=8), act=RELU, flatten=True),
                Bundle("b", "a", dense(rng, features, 9)),
            ),
        )
        assert [op.spread for op in check(net, hardware(), rng)] == [False, spread]


def test_weights_are_read_once(rng: np.random.Generator) -> None:
    """A frame reads biases alone; the first one besides every word of every row."""
    net = chain(rng, 64, 56, 35)
    hw = hardware()
    found, ever = plan(net, hw), plan(net, hardware(weights_resident=0))
    for op, cost in zip(found.operations, found.costs, strict=True):
        words = op.loops.t * op.loops.ci * hw.rows
        assert cost.load_bytes >= words * hw.weight_word_bits // 8
        assert cost.k_bytes - 256 <= op.loops.t * (1 + -(-4 * op.loops.ch_per_t // hw.bias_bytes)) * hw.stream_bytes
    assert sum(cost.k_bytes for cost in found.costs) < sum(cost.k_bytes for cost in ever.costs) / 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x_bits": 4}, "puts 2 rows into a byte; use x_bits 8"),
        ({"pe": "dsp_pair"}, "dsp_pair multiplies two rows with the same; use dsp_cascade"),
        ({"weights_resident": 1}, "expected 0 or at least 2"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        hardware(**given)
    assert caught.value.where == "weights_resident"
