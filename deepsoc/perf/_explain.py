"""The best of the points that were evaluated, and why there is none better."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.perf._problem import Problem
from deepsoc.perf._search import Scores, everywhere

__all__ = ["best_points", "explained", "finalists", "ties", "why_none"]

_BETTER = 1 + 1e-9
_FINALISTS = 24  # points of each ranking whose mapping is looked at, at least
_Ints = npt.NDArray[np.int64]


def best_points(problem: Problem, scores: Scores, legal: npt.NDArray[np.bool_], count: int) -> _Ints:
    """Indices of the best of the points that are legal, best first; of equals the smaller array."""
    places = np.flatnonzero(legal & (scores.score > 0))
    if len(places) > count:
        score = scores.score[places]
        places = places[score >= np.partition(score, -count)[-count]]
    points = problem.frame(scores.index[places]) if len(places) else pd.DataFrame()
    order = np.lexsort((*ties(points), -scores.score[places])) if len(places) else np.arange(0)
    return scores.index[places[order[:count]]]


def finalists(problem: Problem, scores: Scores, count: int, ignored: int = 0) -> _Ints:
    """The best points by the equations, which know no passes: of all legal ones, and of those of one pass a layer.

    Args:
        problem: whose goal the scores are of.
        scores: of all points.
        count: of each, at least.
        ignored: limits that need not hold, as bits.
    """
    one_pass, any_passes = (scores.refused & ~free == 0 for free in (ignored, ignored | problem.passes))
    count = max(count, _FINALISTS)
    return np.union1d(best_points(problem, scores, one_pass, count), best_points(problem, scores, any_passes, count))


def ties(frame: pd.DataFrame) -> list[npt.NDArray[Any]]:
    """Keys that order equally good points, the last one first."""
    names = ("lut", "rows", "axi_data_bits", "weights_ram_depth", "pes")
    return [frame[name].to_numpy() for name in names if name in frame]


def explained(problem: Problem, scores: Scores, best: pd.DataFrame) -> pd.DataFrame:
    """What every limit leaves, and what it costs."""
    # Passes count as legal only where nothing else is.
    ignored = 0 if scores.best() > 0 else problem.passes
    score = scores.best(ignored)
    rows: list[dict[str, Any]] = []
    for i, limit in enumerate(problem.limits):
        gain = scores.best(ignored | 1 << i) / score - 1
        rows.append(
            {
                "limit": limit.name, "budget": float(limit.bound(best)[0]), "used": float(best[limit.used].iloc[0]),
                "share": float(limit.share(best)[0]), "binds": gain > _BETTER - 1, "gain": max(gain, 0.0),
            }
        )  # fmt: skip
    if not any(row["binds"] for row in rows):  # several limits together
        better = np.flatnonzero(scores.score > score * _BETTER)
        if len(better):
            refused = int(scores.refused[better[scores.score[better].argmin()]])
            for i, row in enumerate(rows):
                row["binds"] = bool(refused >> i & 1)
    if problem.memory.gb_per_s < math.inf:
        free = everywhere(scores.index, problem.with_memory(replace(problem.memory, gb_per_s=math.inf)).scores)
        gain = free.best(ignored) / score - 1
        used = float(best["dram_gb_per_s"].iloc[0])
        rows.append(
            {
                "limit": "memory_gb_per_s", "budget": problem.memory.gb_per_s, "used": used,
                "share": used / problem.memory.gb_per_s, "binds": gain > _BETTER - 1, "gain": max(gain, 0.0),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def why_none(problem: Problem, scores: Scores) -> str:
    """Why no point is legal: the smallest array, or the fastest that fits."""
    floors = sum(1 << i for i, limit in enumerate(problem.limits) if limit.floor)
    if np.any((scores.refused & ~(floors | problem.passes) == 0) & (scores.score > 0)):
        fastest = replace(problem, goal="fps")
        row = _fastest(fastest, everywhere(scores.index, fastest.scores), floors)
        fps = float(row["least_fps"].iloc[0])
        wanted = next((limit.budget for limit in problem.limits if limit.floor), 0)
        return (
            f"no hardware within the limits reaches fps_min: the best, {_size(row)}, makes {fps:,.4g} of {wanted:,.4g} "
            "frames a second; lower fps_min or raise the budget"
        )
    places = np.flatnonzero(scores.score > 0)
    if not len(places):
        return "no point of the space can run the networks: every array is too narrow for a kernel; widen cols"
    wide = places[scores.refused[places] & 1 << [limit.name for limit in problem.limits].index("cols") == 0]
    frame = problem.frame(scores.index[wide if len(wide) else places])
    smallest = frame.iloc[[int(np.lexsort(tuple(ties(frame)))[0])]]
    over = [
        f"{limit.name} {smallest[limit.used].iloc[0]:,.4g} of {limit.bound(smallest)[0]:,.4g} "
        f"({100 * limit.share(smallest)[0]:,.0f} %)"
        for limit in problem.limits
        if not limit.share(smallest)[0] <= 1
    ]
    return (
        f"no hardware fits: the smallest array, {_size(smallest)}, takes {', '.join(over) or 'more than the limits'}; "
        "raise the budget or widen the space"
    )


def _fastest(problem: Problem, scores: Scores, floors: int) -> pd.DataFrame:
    """The row of the fastest point within all limits but the floors; one of 0 frames/s if none can be mapped."""
    if not problem.mapped:
        return problem.frame(best_points(problem, scores, scores.refused & ~(floors | problem.passes) == 0, 1))
    rows = [problem.frame(np.array([index])) for index in finalists(problem, scores, 1, floors)]
    mapped = [row for one in rows if (row := problem.exact(one)) is not None]
    return max(mapped, key=lambda row: float(row["least_fps"].iloc[0])) if mapped else rows[0].assign(least_fps=0.0)


def _size(row: pd.DataFrame) -> str:
    return f"{row['rows'].iloc[0]} × {row['cols'].iloc[0]} with weights_ram_depth {row['weights_ram_depth'].iloc[0]}"
