"""Exercises of lab 2: the dataflow by hand."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from deepsoc.graph.ir import Conv2D, IntArray, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping import ArrayStates
from deepsoc.mapping.geometry import conv_loops
from deepsoc.mapping.weights import column_roles
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers

if TYPE_CHECKING:
    from deepsoc.widgets import ArrayView

__all__ = ["CLOCK", "EXERCISES", "PE", "array", "pixels"]

CLOCK, PE = 20, (1, 2)
"""The clock and the element of exercise 2.4."""


def pixels() -> IntArray:
    """The input of the layer of lab 2, (1, 6, 6, 2) integers."""
    return np.random.default_rng(4).integers(-3, 4, (1, 6, 6, 2))


def array() -> ArrayView:
    """The array and the layer of lab 2: 4 × 7 elements, 3 × 3 kernel, 6 × 6 pixels, 2 channels in and 3 out."""
    from deepsoc.widgets import ArrayView

    view = ArrayView(4, 7, kernel=(3, 3), height=6, width=6, channels_in=2, channels_out=3)
    view.show(view.plan.graph, view.plan.hw, "layer", x=pixels())
    return view


@lru_cache
def _states() -> ArrayStates:
    return array().states


def _1(answer: object) -> Verdict:
    states = _states()
    cols = states.leaves.shape[1]
    expected = (states.group, cols // states.group, cols % states.group)
    labels = ("columns of a group", "groups", "idle columns")
    return numbers(answer, expected, labels=labels, hint="a group has Kw + Sw - 1 columns")


def _2(answer: object) -> Verdict:
    slips = {
        "the clock in which the weights get ready is missing, once an iteration": len(_states()) - 2,
        "the three output channels need more than one iteration": len(_states()) / 2,
    }
    return number(answer, len(_states()), hint="clocks = T·(1 + L·W·(1 + Kh·Ci)); what are T and L?", slips=slips)


def _3(answer: object) -> Verdict:
    first = int(np.flatnonzero(_states().leaves.any(axis=1))[0])
    hint = "with one column of padding, the first output column needs input columns 0 and 1"
    return number(answer, first, hint=hint, slips={"clocks count from 0": first + 1})


def _4(answer: object) -> Verdict:
    total = int(_states().sums[CLOCK, *PE])
    return number(answer, total, hint="products enter, shifts move the sum to the right: follow it back to its start")


def _5(answer: object) -> Verdict:
    rng = random.Random(5)
    cases = [(5, 1, 3, 1, 1)]
    for _ in range(200):
        kw = rng.randint(2, 7)
        cases.append((rng.randrange(24), rng.randrange(30), kw, rng.randint(1, 3), (kw - 1) // 2))
    hint = "position in the group q = c mod (Kw + Sw - 1), channel s = (q - w - pad) mod Sw, kernel column q - s"
    return function(answer, _tap, cases, hint=hint)


def _tap(c: int, w: int, kw: int, sw: int, pad: int) -> int:
    """Kernel column whose weights PE column c gets during input column w, or -1; of the mapping."""
    group = kw + sw - 1
    hw = Hardware(rows=4, cols=(c // group + 1) * group)
    core = Conv2D(np.ones((1, kw, 1, 64), np.int64), None, (1, sw), "same", Quant(8, 0), Quant(16, 0))
    loops = conv_loops(hw, core, (1, 4, 64, 1), 1)
    return int(column_roles(hw, loops, 0, (w + pad) % sw)[0][c])


EXERCISES = (
    Exercise("2.1", 1, "groups of the array", _1),
    Exercise("2.2", 2, "clocks of the layer", _2),
    Exercise("2.3", 2, "when the first column leaves", _3),
    Exercise("2.4", 2, "a partial sum", _4),
    Exercise("2.5", 3, "kernel column of a PE column", _5),
)
