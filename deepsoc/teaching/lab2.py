"""Exercises of lab 2: the dataflow by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from deepsoc.graph.ir import Conv2D, IntArray, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import conv_loops
from deepsoc.mapping.weights import column_roles
from deepsoc.teaching.variants import stream
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers

if TYPE_CHECKING:
    from deepsoc.widgets import ArrayView

__all__ = ["EXERCISES", "Own", "array", "own"]


@dataclass(frozen=True, eq=False)
class Own:
    """The layer and the array of one student: 3 × 3 kernel, stride 1, `same` padding.

    Attributes:
        rows: of processing elements.
        cols: of processing elements.
        height: of the feature map.
        width: of the feature map.
        channels_in: of the layer.
        channels_out: of the layer.
        clock: of exercise 2.4.
        pe: row and column of its element.
        pixels: (row, column, channel).
        weights: (row, column, channel in, channel out) of the kernel.
    """

    rows: int
    cols: int
    height: int
    width: int
    channels_in: int
    channels_out: int
    clock: int
    pe: tuple[int, int]
    pixels: IntArray = field(repr=False)
    weights: IntArray = field(repr=False)


@lru_cache
def own(student: int) -> Own:
    """The layer and the array of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(2, student)
    rows, group = rng.randint(3, 5), 3
    cols = group * rng.randint(2, 3) + rng.randint(1, 2)
    height, width = rows + rng.randint(1, rows), rng.randint(5, 8)
    channels_in = rng.randint(2, 3)
    channels_out = cols // group + rng.randint(1, cols // group)
    # Behind the last product of an input column that is not at the border, the right column of a group holds an output.
    column = rng.randint(2, width - 2)
    clock = column * (1 + 3 * channels_in) + 3 * channels_in
    pe = (rng.randint(1, rows - 1), group * rng.randint(1, cols // group) - 1)
    draw = np.random.default_rng(rng.getrandbits(32))
    pixels = draw.integers(-3, 4, (height, width, channels_in))
    view = _view(rows, cols, pixels, channels_out)
    weights = view.plan.graph.bundles[0].core.weights
    return Own(rows, cols, height, width, channels_in, channels_out, clock, pe, pixels, weights)


def array() -> ArrayView:
    """The array and the layer of the lab's pictures: 4 × 7 elements, 6 × 6 pixels, 2 channels in and 3 out."""
    return _view(4, 7, np.random.default_rng(4).integers(-3, 4, (6, 6, 2)), 3)


def _view(rows: int, cols: int, pixels: IntArray, channels_out: int) -> ArrayView:
    from deepsoc.widgets import ArrayView

    height, width, channels_in = pixels.shape
    sizes = {"height": height, "width": width, "channels_in": channels_in, "channels_out": channels_out}
    view = ArrayView(rows, cols, kernel=(3, 3), **sizes)
    view.show(view.plan.graph, view.plan.hw, "layer", x=pixels[None])
    return view


@lru_cache
def _own_view(student: int) -> ArrayView:
    mine = own(student)
    return _view(mine.rows, mine.cols, mine.pixels, mine.channels_out)


def _1(answer: object, student: int) -> Verdict:
    states = _own_view(student).states
    cols = states.leaves.shape[1]
    expected = (states.group, cols // states.group, cols % states.group)
    labels = ("columns of a group", "groups", "idle columns")
    hints = ("how many columns does a kernel need side by side?", "only whole groups work")
    return numbers(answer, expected, labels=labels, hints=hints)


def _2(answer: object, student: int) -> Verdict:
    view, mine = _own_view(student), own(student)
    clocks = len(view.states)
    if answer == view.clocks and not isinstance(answer, bool):  # until the last results have left, as ArrayView counts
        answer = clocks
    iterations = -(-mine.channels_out // (mine.cols // 3))
    slips = {
        "the clock in which the weights get ready is missing, once an iteration": clocks - iterations,
        "the output channels need more than one iteration": clocks / iterations,
        "the rows of the map need more than one row block": iterations
        + (clocks - iterations) / -(-mine.height // mine.rows),
    }
    hints = (
        "write down what happens in the order of time, from the first clock on",
        "how often do the weights get ready, and how often does an input column come?",
    )
    return number(answer, clocks, hints=hints, slips=slips)


def _3(answer: object, student: int) -> Verdict:
    first = int(np.flatnonzero(_own_view(student).states.leaves.any(axis=1))[0])
    hints = ("which input columns does the first output column need, with the padding?", "count shifts, too")
    return number(answer, first, hints=hints, slips={"clocks count from 0": first + 1})


def _4(answer: object, student: int) -> Verdict:
    mine = own(student)
    total = int(_own_view(student).states.sums[mine.clock, *mine.pe])
    hints = (
        "which input column ends behind this clock?",
        "products enter, shifts move the sum to the right: follow it back to its start",
    )
    return number(answer, total, hints=hints)


def _cases(student: int) -> list[tuple[int, ...]]:
    rng = stream(2, student)
    cases: list[tuple[int, ...]] = [(5, 1, 3, 1, 1)]
    for _ in range(200):
        kw = rng.randint(2, 7)
        cases.append((rng.randrange(24), rng.randrange(30), kw, rng.randint(1, 3), (kw - 1) // 2))
    return cases


def _5(answer: object, student: int) -> Verdict:
    hints = (
        "first find where in its group the column is",
        "then whose turn it is among the channels of the group",
        "try the case by hand, with the picture of the text",
    )
    return function(answer, _tap, _cases(student), hints=hints)


def _tap(c: int, w: int, kw: int, sw: int, pad: int) -> int:
    """Kernel column whose weights PE column c gets during input column w, or -1; of the mapping."""
    group = kw + sw - 1
    hw = Hardware(rows=4, cols=(c // group + 1) * group)
    core = Conv2D(np.ones((1, kw, 1, 64), np.int64), None, (1, sw), "same", Quant(8, 0), Quant(16, 0))
    loops = conv_loops(hw, core, (1, 4, 64, 1))
    return int(column_roles(hw, loops, 0, (w + pad) % sw)[0][c])


EXERCISES = (
    Exercise("2.1", 1, "groups of the array", _1),
    Exercise("2.2", 2, "clocks of the layer", _2),
    Exercise("2.3", 2, "when the first column leaves", _3),
    Exercise("2.4", 2, "a partial sum", _4),
    Exercise("2.5", 3, "kernel column of a PE column", _5, _cases),
)
