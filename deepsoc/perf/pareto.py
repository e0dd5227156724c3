"""The Pareto front: what no other choice beats in every objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError

__all__ = ["Goal", "front", "pareto"]

Goal = Literal["max", "min"]


def pareto(frame: pd.DataFrame, objectives: Mapping[str, Goal]) -> pd.DataFrame:
    """Rows that no other row beats: at least as good in every objective and better in one.

    Rows that are equal in all objectives are all kept; those whose `buildable`, if there is such a column, is false are
    no candidates.

    Args:
        frame: candidates, such as a sweep's table.
        objectives: by column whether more (`max`) or less (`min`) is better.

    Returns:
        The rows of the front, the best by the first objective first.

    Raises:
        InputError: no objective, an unknown column or goal, or a value that is not a number.
    """
    if not objectives:
        raise InputError("no objective; give at least one column with max or min", where="objectives")
    if "buildable" in frame:
        frame = frame[frame["buildable"].astype(bool)]
    costs = np.empty((len(frame), len(objectives)))
    for i, (name, goal) in enumerate(objectives.items()):
        if name not in frame or not pd.api.types.is_numeric_dtype(frame[name]):
            numeric = ", ".join(map(str, frame.select_dtypes("number").columns))
            raise InputError(f"no such column of numbers; expected one of {numeric}", where=f"objectives.{name}")
        if goal not in ("max", "min"):
            raise InputError(f"expected max or min, received {goal!r}", where=f"objectives.{name}")
        costs[:, i] = frame[name].to_numpy(dtype=np.float64) * (-1 if goal == "max" else 1)
    chosen = np.flatnonzero(front(costs))
    return frame.iloc[chosen[np.lexsort(costs[chosen].T[::-1])]]


def front(costs: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Marks the points that no other point dominates; O(n log n) for up to two objectives.

    Args:
        costs: (points, objectives), less is better, infinite allowed.

    Raises:
        InputError: a cost is not a number.
    """
    bad = np.flatnonzero(np.isnan(costs).any(axis=1))
    if len(bad):
        raise InputError(f"{len(bad)} points, the first of them {bad[0]}, hold NaN; drop them", where="objectives")
    return _staircase(costs) if costs.shape[1] <= 2 else _cull(costs)


def _staircase(costs: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """One or two objectives: in the order of the first, a point is on the front if it lowers the second."""
    first, second = costs[:, 0], costs[:, -1]
    order = np.lexsort((second, first))
    a, b = first[order], second[order]
    best = np.concatenate([[np.inf], np.minimum.accumulate(b)[:-1]])
    lowers = b < best
    lowers[:1] = True
    # A point equal to its predecessor in the order shares its fate.
    group = np.cumsum(np.concatenate([[True], (a[1:] != a[:-1]) | (b[1:] != b[:-1])])[: len(a)]) - 1
    kept = np.empty(len(costs), dtype=np.bool_)
    kept[order] = lowers[np.searchsorted(group, group)]
    return kept


def _cull(costs: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Any number of objectives: each pivot is on the front and removes what it dominates.

    Whatever dominates a point has a smaller sum of ranks, so it was a pivot, or fell to one, before.
    """
    ranks = np.stack([np.unique(column, return_inverse=True)[1] for column in costs.T], axis=1)
    left = np.argsort(ranks.sum(axis=1), kind="stable")
    ranks = ranks[left]
    kept = np.zeros(len(costs), dtype=np.bool_)
    while len(left):
        pivot = ranks[0]
        kept[left[(ranks == pivot).all(axis=1)]] = True
        better = (ranks < pivot).any(axis=1)
        left, ranks = left[better], ranks[better]
    return kept
