"""Exercises of lab 6: design under a budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deepsoc.hw.boards import board
from deepsoc.perf.fit import Fit, NoFitError, fit
from deepsoc.teaching.variants import stream
from deepsoc.teaching.verdicts import RIGHT, Exercise, Verdict, is_number, names, number, numbers

__all__ = ["AREAS_MM2", "BOARD", "EXERCISES", "NETWORK", "NODE", "Own", "design", "own"]

NETWORK, BOARD, NODE = "kws_cnn", "pynq-z2", "28nm"
"""The network, the board of the example, and the process of the lab."""

AREAS_MM2 = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Areas to choose from in exercise 6.5."""

_ENOUGH = 0.95  # of the best rate, for all points


@dataclass(frozen=True)
class Own:
    """What one student works on.

    Attributes:
        board: of all exercises but 6.5.
        fps: frames a second that exercise 6.5 asks for.
    """

    board: str
    fps: float


@lru_cache
def own(student: int) -> Own:
    """The board and the rate of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(6, student)
    board_name = rng.choice(("cora-z7-10", "kv260", "ultra96-v2", "zcu102", "zcu104"))
    return Own(board_name, 100.0 * rng.randint(15, 240))


def design(rows: int, cols: int, board: str = BOARD) -> Fit:
    """The best design of the lab's network with an array of this shape.

    Args:
        rows: of processing elements.
        cols: of processing elements.
        board: that it must fit.

    Raises:
        InputError: no such array.
        NoFitError: it exceeds the board; says by how much.
    """
    return fit([NETWORK], board=board, space={"rows": rows, "cols": cols})


@lru_cache
def _best(board: str, goal: Any = "fps", *others: str) -> Fit:
    return fit([NETWORK, *others], board=board, goal=goal)


def _1(answer: object, student: int) -> Verdict:
    mine = board(own(student).board)
    slips = {"leave some free: a full FPGA neither routes nor meets timing": float(mine.dsp)}
    hints = ("which share of its DSPs may be filled?", "a part of a DSP is none")
    return number(answer, math.floor(mine.budget()["dsp"]), hints=hints, slips=slips)


def _2(answer: Any, student: int) -> Verdict:
    try:
        rows, cols = (int(part) if is_number(part) and part % 1 == 0 else None for part in answer)
    except (TypeError, ValueError):
        rows = cols = None
    if rows is None or cols is None:
        return Verdict(0.0, "expected (rows, cols), two whole numbers")
    mine = own(student).board
    found = design(rows, cols, mine)
    share = found.fps / _best(mine).fps
    if share >= _ENOUGH:
        return RIGHT
    reach = "not far from" if share >= 0.75 else "more than half of" if share >= 0.5 else "less than half of"
    hints = (
        "what does the board have left?",
        "which layer of the network is idle most, and in which direction of the array?",
    )
    said = f"legal, {found.fps:,.0f} frames/s, {reach} what is possible"
    return Verdict(0.5 if share >= 0.5 else 0.25, said, hints)


def _3(answer: object, student: int) -> Verdict:
    limits = _best(own(student).board).limits
    binding = limits.loc[limits["binds"], "limit"].tolist()
    hints = (
        "look at the limits of the best design for your board",
        "what would each of them gain if it were not there?",
    )
    return names(answer, binding, choices=limits["limit"].tolist(), hints=hints)


def _4(answer: object, student: int) -> Verdict:
    hw = _best(own(student).board, "fps_per_watt").hw
    return number(answer, hw.rows * hw.cols, hints=("search again, with the other goal", "on your board?"))


def _5(answer: object, student: int) -> Verdict:
    hints = ("begin with the largest area and go down", "what is too small raises; the last one that does not is it")
    return number(answer, next(area for area in AREAS_MM2 if _reaches(area, own(student).fps)), hints=hints)


@lru_cache
def _reaches(area_mm2: float, fps: float) -> bool:
    try:
        fit([NETWORK], area_mm2=area_mm2, node=NODE, fps_min=fps)
    except NoFitError:
        return False
    return True


def _6(answer: object, student: int) -> Verdict:
    hw = _best(own(student).board, "fps", "autoencoder").hw
    hints = ("one search can serve several networks", "on your board?")
    return numbers(answer, (hw.rows, hw.cols), labels=("rows", "columns"), hints=hints)


EXERCISES = (
    Exercise("6.1", 1, "multipliers of the board", _1),
    Exercise("6.2", 3, "a design by hand", _2),
    Exercise("6.3", 2, "limits that bind", _3),
    Exercise("6.4", 1, "best for energy", _4),
    Exercise("6.5", 2, "the smallest chip", _5),
    Exercise("6.6", 1, "one array for two networks", _6),
)
