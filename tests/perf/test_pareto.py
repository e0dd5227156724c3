"""The front against its definition, on random points with ties."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.perf.pareto import front, pareto


def by_definition(costs: np.ndarray) -> np.ndarray:
    no_worse = (costs[:, None, :] <= costs[None, :, :]).all(axis=2)
    better = (costs[:, None, :] < costs[None, :, :]).any(axis=2)
    return ~(no_worse & better).any(axis=0)


@pytest.mark.parametrize("objectives", [1, 2, 3, 5])
@pytest.mark.parametrize("values", [2, 4, 1000])
def test_front_is_what_nothing_dominates(rng, objectives, values):
    for count in (1, 2, 7, 150):
        costs = rng.integers(-values, values, (count, objectives)).astype(float)
        np.testing.assert_array_equal(front(costs), by_definition(costs))


def test_large_values_that_a_sum_would_round_together():
    costs = np.array([[1e16, 0.0, 0.0], [1e16, 1.0, 0.0], [1e16, 0.0, 1.0]])
    assert front(costs).tolist() == [True, False, False]


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_infinite_costs_and_no_points(objectives):
    assert front(np.full((3, objectives), np.inf)).all()
    assert front(np.array([[np.inf] * objectives, [0.0] * objectives])).tolist() == [False, True]
    assert front(np.empty((0, objectives))).shape == (0,)


def test_frame_keeps_its_rows_best_first():
    frame = pd.DataFrame({"fps": [10, 30, 20, 30], "pes": [1, 9, 4, 12], "name": list("abcd")})
    best = pareto(frame, {"fps": "max", "pes": "min"})
    assert best["name"].tolist() == ["b", "c", "a"]
    assert best.index.tolist() == [1, 2, 0]


def test_what_cannot_be_built_is_no_candidate():
    frame = pd.DataFrame({"fps": [10, 30, 20], "pes": [1, 9, 4], "buildable": [True, False, True]})
    assert pareto(frame, {"fps": "max", "pes": "min"}).index.tolist() == [2, 0]
    assert pareto(frame[1:2], {"fps": "max"}).empty


@pytest.mark.parametrize(
    ("objectives", "says"),
    [
        ({}, "no objective"),
        ({"speed": "max"}, "objectives.speed: no such column of numbers; expected one of fps"),
        ({"name": "max"}, "objectives.name"),
        ({"fps": "more"}, "expected max or min, received 'more'"),
    ],
)
def test_wrong_objectives_are_refused(objectives, says):
    with pytest.raises(InputError, match=says):
        pareto(pd.DataFrame({"fps": [1.0], "name": ["a"]}), objectives)


def test_nan_is_refused():
    with pytest.raises(InputError, match="1 points, the first of them 1, hold NaN"):
        pareto(pd.DataFrame({"fps": [1.0, np.nan]}), {"fps": "max"})


def test_two_objectives_do_not_take_quadratic_time(rng):
    """All points on the front: the worst case of a pairwise method, hours at this size."""
    x = rng.permutation(300_000).astype(float)
    start = time.process_time()
    assert front(np.stack([x, -x], axis=1)).all()
    assert time.process_time() - start < 5
