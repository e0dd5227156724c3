from __future__ import annotations

import numpy as np
import pytest

from deepsoc.errors import MappingError
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, Pool, Quant
from deepsoc.graph.ranges import StepBits, check_ranges, worst_case_bits
from tests.strategies import random_case


def dense(fan_in: int, x: int = 8, k: int = 8, **more: object) -> Graph:
    core = Dense(np.ones((fan_in, 1), np.int64), None, Quant(k, 0), Quant(8, 0))
    return Graph("g", (1, fan_in), Quant(x, 0), (Bundle("wide", "input", core, **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fan_in", "bits"), [(1, 16), (2, 17), (3, 18), (4, 18), (5, 19), (255, 24), (256, 24), (257, 25), (65536, 32)]
)
def test_accumulator_rule(fan_in: int, bits: int) -> None:
    graph = dense(fan_in)
    assert worst_case_bits(graph)["wide"].accumulator == bits
    check_ranges(graph, bits)
    with pytest.raises(MappingError, match=f"bundle wide: the accumulator may need {bits} bits, the hardware has"):
        check_ranges(graph, bits - 1)


def test_every_step_of_one_bundle() -> None:
    core = Conv2D(np.ones((3, 2, 4, 4), np.int64), np.full(4, -100), (1, 1), "same", Quant(4, 2), Quant(8, 3))
    add = Add("input", Act("linear", Quant(4, 1)))
    pool = Pool("avg", (3, 3), (1, 1), "same", Quant(4, 3))
    graph = Graph("g", (1, 5, 5, 4), Quant(4, 6), (Bundle("b", "input", core, add=add, pool=pool),))
    peak = 24 * 64 + 100 * 2**5
    assert worst_case_bits(graph)["b"] == StepBits(
        accumulator=4 + 4 + 5,
        biased=peak.bit_length() + 1,
        residual=(peak + 8 * 2**2).bit_length() + 1,
        pool=(9 * 8 * 2**2).bit_length() + 1,
    )


def test_far_binary_points_of_a_residual_are_refused() -> None:
    core = Dense(np.ones((64, 64), np.int64), None, Quant(8, 0), Quant(8, 0))
    bundle = Bundle("far", "a", core, add=Add("input", Act("linear", Quant(8, 10))))
    first = Bundle("a", "input", core, Act("linear", Quant(8, -4)))
    graph = Graph("g", (1, 64), Quant(8, 10), (first, bundle))
    with pytest.raises(MappingError, match="bundle far: the residual sum may need 36 bits"):
        check_ranges(graph)


def test_no_value_exceeds_its_bits(seed: int) -> None:
    for offset in range(40):
        _, graph, x = random_case(seed + offset)
        bits = check_ranges(graph)
        for name, result in execute(graph, x).items():
            if result.core_quant.bits == 32:
                limit = 2 ** ((bits[name].residual or bits[name].biased) - 1)
                assert np.abs(result.core).max() < limit
