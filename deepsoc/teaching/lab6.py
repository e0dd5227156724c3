"""Exercises of lab 6: design under a budget."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from deepsoc.hw.boards import board
from deepsoc.perf.fit import Fit, NoFitError, fit
from deepsoc.teaching.verdicts import RIGHT, Exercise, Verdict, is_number, names, number, numbers

__all__ = ["AREAS_MM2", "BOARD", "EXERCISES", "FPS", "NETWORK", "NODE", "design"]

NETWORK, BOARD, NODE = "kws_cnn", "pynq-z2", "28nm"
"""The network, the board and the process of the lab."""

FPS = 10_000.0
"""Frames a second that exercise 6.5 asks for."""

AREAS_MM2 = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Areas to choose from there."""

_ENOUGH = 0.95  # of the best rate, for all points


def design(rows: int, cols: int) -> Fit:
    """The best design of the lab with an array of this shape.

    Args:
        rows: of processing elements.
        cols: of processing elements.

    Raises:
        InputError: no such array.
        NoFitError: it exceeds the board; says by how much.
    """
    return fit([NETWORK], board=BOARD, space={"rows": rows, "cols": cols})


@lru_cache
def _best(goal: Any = "fps", *others: str) -> Fit:
    return fit([NETWORK, *others], board=BOARD, goal=goal)


def _1(answer: object) -> Verdict:
    budget = board(BOARD).budget()["dsp"]
    slips = {"leave some free: a full FPGA neither routes nor meets timing": float(board(BOARD).dsp)}
    return number(answer, math.floor(budget), hint="DSPs of the board times the fill limit", slips=slips)


def _2(answer: Any) -> Verdict:
    try:
        rows, cols = (int(part) if is_number(part) and part % 1 == 0 else None for part in answer)
    except (TypeError, ValueError):
        rows = cols = None
    if rows is None or cols is None:
        return Verdict(0.0, "expected (rows, cols), two whole numbers")
    best, found = _best(), design(rows, cols)
    share = found.fps / best.fps
    if share >= _ENOUGH:
        return RIGHT
    said = f"legal, {found.fps:,.0f} frames/s; the best design reaches {best.fps:,.0f}"
    return Verdict(0.5 if share >= 0.5 else 0.25, said)


def _3(answer: object) -> Verdict:
    limits = _best().limits
    binding = limits.loc[limits["binds"], "limit"].tolist()
    return names(answer, binding, choices=limits["limit"].tolist(), hint="look at the column `binds` of `limits`")


def _4(answer: object) -> Verdict:
    hw = _best("fps_per_watt").hw
    hint = "`goal='fps_per_watt'`; processing elements are rows times columns"
    return number(answer, hw.rows * hw.cols, hint=hint)


def _5(answer: object) -> Verdict:
    hint = "try the areas with `fps_min`; what is too small raises"
    return number(answer, next(area for area in AREAS_MM2 if _reaches(area)), hint=hint)


@lru_cache
def _reaches(area_mm2: float) -> bool:
    try:
        fit([NETWORK], area_mm2=area_mm2, node=NODE, fps_min=FPS)
    except NoFitError:
        return False
    return True


def _6(answer: object) -> Verdict:
    hw = _best("fps", "autoencoder").hw
    return numbers(answer, (hw.rows, hw.cols), labels=("rows", "columns"), hint="give `fit` both networks at once")


EXERCISES = (
    Exercise("6.1", 1, "multipliers of the board", _1),
    Exercise("6.2", 3, "a design by hand", _2),
    Exercise("6.3", 2, "limits that bind", _3),
    Exercise("6.4", 1, "best for energy", _4),
    Exercise("6.5", 2, "the smallest chip", _5),
    Exercise("6.6", 1, "one array for two networks", _6),
)
