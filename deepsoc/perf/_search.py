"""Searches a design space for its best points: all of it, or as far as Optuna leads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError, ToolError
from deepsoc.perf.cluster import run_each
from deepsoc.perf.space import Space

__all__ = ["Evaluate", "Scores", "everywhere", "guided"]

_PART = 50_000  # points that are evaluated together
_REACH = 12  # steps along each of two axes to the farthest neighbour
_STARTS = 5  # best trials whose neighbours are looked at
_LARGEST = 2**62  # index of a point
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """How good some points of a space are, one element a point.

    Attributes:
        index: which points.
        score: more is better; 0 where a network cannot run.
        refused: bit i is set where limit i refuses the point.
        excess: by how much the limits are exceeded, sum of shares.
    """

    index: _Ints
    score: npt.NDArray[np.float64]
    refused: _Ints
    excess: npt.NDArray[np.float64]

    @classmethod
    def joined(cls, parts: list[Scores]) -> Scores:
        """All points of some parts, each once, in order."""
        index, first = np.unique(np.concatenate([part.index for part in parts]), return_index=True)
        score, refused, excess = (
            np.concatenate([getattr(part, name) for part in parts])[first] for name in ("score", "refused", "excess")
        )
        return cls(index, score, refused, excess)

    def best(self, ignored: int = 0) -> float:
        """Best score of the points that no limit refuses but those of the bits `ignored`; 0 if there is none."""
        return float(self.score[self.refused & ~ignored == 0].max(initial=0))


Evaluate = Callable[[_Ints], Scores]
"""Scores of the points of some indices."""


def everywhere(index: _Ints, evaluate: Evaluate, progress: Callable[[int, int], None] | None = None) -> Scores:
    """Scores of all those points, on threads."""
    parts, found = [], []
    for start in range(0, len(index), _PART):
        parts.append((start, min(start + _PART, len(index))))
    done = 0
    for (start, stop), scores in run_each(lambda part: evaluate(index[slice(*part)]), parts):
        found.append(scores)
        done += stop - start
        if progress:
            progress(done, len(index))
    return Scores.joined(found)


def guided(
    space: Space, evaluate: Evaluate, *, trials: int, seed: int, progress: Callable[[int, int], None] | None = None
) -> Scores:
    """Scores of the points that Optuna tries, and of the neighbours of its best until none of them is better.

    Raises:
        InputError: the space has more points than an index counts.
        ToolError: Optuna is not installed.
    """
    if space.size > _LARGEST:
        raise InputError(f"expected at most {_LARGEST:,} points, received {space.size:,}", where="space")
    found = list(_trials(space, evaluate, trials, seed, progress))
    best = sorted(found, key=lambda scores: -_value(scores)[0])[:_STARTS]
    seen: set[int] = set()
    for start in best:
        point, value = int(start.index[0]), float(_value(start)[0])
        while point not in seen:
            seen.add(point)
            scores = evaluate(_neighbours(space, point))
            found.append(scores)
            values = _value(scores)
            if values.max() > value:
                point, value = int(scores.index[values.argmax()]), float(values.max())
    return Scores.joined(found)


def _value(scores: Scores) -> npt.NDArray[np.float64]:
    """The score of legal points; below 0, the more the limits are exceeded, of others."""
    return np.where(scores.refused == 0, scores.score, -scores.excess)


def _trials(
    space: Space, evaluate: Evaluate, trials: int, seed: int, progress: Callable[[int, int], None] | None
) -> Iterator[Scores]:
    try:
        import optuna
    except ImportError:
        raise ToolError(
            "the space has too many points to try them all, and Optuna is not installed; get it with: "
            "pip install 'deepsoc[fit]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    axes = [axis for axis in space.axes if axis.count > 1]
    sampler: Any = optuna.samplers.TPESampler(seed=seed, multivariate=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for done in range(trials):
        trial = study.ask()
        places = {axis.name: trial.suggest_int(axis.name, 0, axis.count - 1) for axis in axes}
        index = 0
        for axis in space.axes:
            index = index * axis.count + places.get(axis.name, 0)
        scores = evaluate(np.array([index], np.int64))
        study.tell(trial, float(_value(scores)[0]))
        yield scores
        if progress:
            progress(done + 1, trials)


def _neighbours(space: Space, point: int) -> _Ints:
    """Points that differ from one in at most two parameters, by a few steps each."""
    steps, stride = [], 1
    for axis in reversed(space.axes):
        place = point // stride % axis.count
        near = np.arange(max(place - _REACH, 0), min(place + _REACH, axis.count - 1) + 1, dtype=np.int64)
        if len(near) > 1:
            steps.append((near - place) * stride)
        stride *= axis.count
    pairs = [np.add.outer(a, b).ravel() for a, b in itertools.combinations(steps, 2)]
    return np.unique(point + np.concatenate([np.zeros(1, np.int64), *steps, *pairs]))
