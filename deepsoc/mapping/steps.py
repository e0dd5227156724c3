"""The array clock by clock: which pixel and weight every processing element holds, how sums move and leave.

The order of clocks is that of the equation (docs/architecture.md, section 3): iterations t begin with a configuration
clock, then batch n, row blocks l, input columns w, and for each column one clock a (ci, kh) and the shift of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, mac_clocks, split
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.plan import Plan
from deepsoc.mapping.reference import run_plan
from deepsoc.mapping.weights import flat_order, weight_words

__all__ = ["CONFIG", "INDICES", "MAC", "SHIFT", "ArrayStates", "array_steps", "operation_input", "step_indices"]

CONFIG, MAC, SHIFT = 0, 1, 2
"""Events: weights get ready; pixels times weights; sums move one column to the right inside their groups."""

INDICES = ("t", "n", "l", "w", "ci", "kh")
"""Columns of `step_indices`."""

_MOST_ELEMENTS = 1 << 24  # clocks x processing elements
_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ArrayStates:
    """What the array does and holds in each of T clocks, stalls left out; R rows and C columns of elements.

    Attributes:
        events: (T,) CONFIG, MAC or SHIFT.
        zero: (T,) the products of a MAC clock start new sums.
        pixels: (T, R) pixel of each row in a MAC clock, 0 in others.
        weights: (T, C) weight of each column in a MAC clock, 0 in others.
        sums: (T, R, C) partial sums behind the clock; 0 before the first product.
        leaves: (T, C) columns whose sums are finished and leave behind the clock.
        group: columns of an elastic group.
    """

    events: npt.NDArray[np.uint8]
    zero: _Bools
    pixels: _Ints
    weights: _Ints
    sums: _Ints
    leaves: _Bools
    group: int

    def __len__(self) -> int:
        return len(self.events)

    def useful(self) -> _Bools:
        """(T, C) columns that multiply with a weight other than 0 for a sum that will leave."""
        useful = np.zeros(self.leaves.shape, np.bool_)
        live = np.zeros(self.leaves.shape[1], np.bool_)  # sums behind the clock that will leave
        starts = np.arange(len(live)) % self.group == 0
        for i in range(len(self) - 1, -1, -1):
            live = live | self.leaves[i]
            if self.events[i] == MAC:
                useful[i] = live & (self.weights[i] != 0)
                live = live & ~self.zero[i]
            elif self.events[i] == SHIFT:
                live = np.append(live[1:] & ~starts[1:], False)
        return useful


def array_steps(op: Operation, hw: Hardware, source: IntArray) -> ArrayStates:
    """States of the array in every clock of an operation, computed from the dataflow.

    Args:
        op: a convolution or dense layer of a plan.
        hw: the accelerator of that plan.
        source: the tensor that it reads, in the shape of the network: (n, h, w, c), or (n, c) (`operation_input`).

    Returns:
        As many clocks as the equation has, and one more for each chained weights block behind the first.

    Raises:
        InputError: the operation is a pool, or so large that its states would not fit into memory.
    """
    events, indices = _schedule(op, hw)
    loops, cols, count = op.loops, hw.cols, len(events)
    group = loops.kw + loops.sw - 1
    inside = np.arange(cols) % group > 0  # columns that take their left neighbour's sum
    begins = (indices[:, 3] == 0) | (loops.kw == 1)  # with this input column new sums begin
    zero = (events == MAC) & begins & np.all(indices[:, 4:] == 0, axis=1)
    pixels, weights = np.zeros((count, hw.rows), np.int32), np.zeros((count, cols), np.int32)
    sums, leaves = np.zeros((count, hw.rows, cols), np.int32), np.zeros((count, cols), np.bool_)
    tensor, now = _tensor(op, hw, source), np.zeros((hw.rows, cols), np.int64)
    words = [weight_words(hw, loops, _weights(op), t) for t in range(loops.t)]
    last = (loops.words - 1, 0) if op.flat else (loops.ci - 1, loops.kh - 1)
    for i, (t, n, l, w, ci, kh) in enumerate(indices.tolist()):  # noqa: E741
        if events[i] == SHIFT:
            now = np.where(inside, np.roll(now, 1, axis=1), 0)
        elif events[i] == MAC:
            pixels[i] = _pixels(op, hw, tensor, (n, l, w, ci, kh))
            weights[i] = words[t][(w + loops.pos0) % loops.sw, ci if op.flat else ci * loops.kh + kh]
            now = now * (not zero[i]) + np.outer(pixels[i], weights[i])
            if (ci, kh) == last:
                leaves[i] = _leaving(loops, cols, t, w)
        sums[i] = now
    return ArrayStates(events, zero, pixels, weights, sums, leaves, group)


def step_indices(op: Operation, hw: Hardware) -> IntArray:
    """Loop indices of every clock of `array_steps`, (T, 6): the columns are INDICES.

    `ci` counts the features of a dense layer in the order of use, which is `flat_order` on a flattened tensor. In
    clocks of configuration and shift `ci` and `kh` are -1; w is the column whose sums shift.
    """
    return _schedule(op, hw)[1]


def operation_input(plan: Plan, index: int, x: IntArray) -> IntArray:
    """The buffer that an operation reads when the network's input is `x`, both in the shapes of the network."""
    op = plan.operations[index]
    values = run_plan(plan, x).buffers[op.x.buffer]
    return values[0, :, 0] if op.dense and not op.flat else values


def _schedule(op: Operation, hw: Hardware) -> tuple[npt.NDArray[np.uint8], IntArray]:
    """Events (T,) and indices (T, 6) of every clock."""
    _weights(op)
    if op.loops.depthwise:
        raise InputError(
            "a depthwise convolution has pixels of its own in every elastic group, and these states one a row; "
            "map it to hardware with depthwise 0",
            where=op.name,
        )
    loops, clocks = op.loops, mac_clocks(op.loops)[0]
    if clocks * hw.rows * hw.cols > _MOST_ELEMENTS:
        raise InputError(
            f"{clocks} clocks of {hw.rows} x {hw.cols} processing elements exceed {_MOST_ELEMENTS}; "
            "use a smaller layer or array",
            where=op.name,
        )
    ci, kh = (loops.words, 1) if op.flat else (loops.ci, loops.kh)
    steps = [(MAC, *step) for step in np.ndindex(ci, kh)]
    blocks = split(loops.words, hw.weights_ram_depth) if op.chain else [(0, loops.words)]
    for start, _ in reversed(blocks[1:]):
        steps.insert(start, (CONFIG, -1, -1))
    if loops.kw > 1:
        steps.append((SHIFT, -1, -1))
    column = np.array(steps)
    visits = np.array(list(np.ndindex(loops.n, loops.l, loops.w)))
    body = np.hstack([np.repeat(visits, len(column), axis=0), np.tile(column[:, 1:], (len(visits), 1))])
    iteration = np.vstack([[0, 0, 0, -1, -1], body])
    events = np.concatenate([[CONFIG], np.tile(column[:, 0], len(visits))]).astype(np.uint8)
    t = np.repeat(np.arange(loops.t), len(iteration))
    return np.tile(events, loops.t), np.column_stack([t, np.tile(iteration, (loops.t, 1))])


def _weights(op: Operation) -> IntArray:
    if op.weights is None:
        raise InputError("expected a convolution or dense layer, received a pool", where=op.name)
    if op.spread:
        raise InputError(
            "its vector is spread over the rows, each of which has weights of its own, and what is shown has one for "
            "all; use an accelerator with weights_resident 0",
            where=op.name,
        )
    return op.weights


def _tensor(op: Operation, hw: Hardware, source: IntArray) -> IntArray:
    """The input as the array sees it: (n, rows, columns, channels); the batch of a dense layer lies on the rows."""
    if op.flat:
        source = source.reshape(len(source), -1)[:, flat_order(hw, source.shape[1:])]
    if op.dense:
        return source[None, op.row0 : op.row0 + op.loops.y_rows, None, op.c0 :]
    return source[:, :, :: op.loops.x_step, op.c0 :]


def _pixels(op: Operation, hw: Hardware, tensor: IntArray, at: tuple[int, ...]) -> IntArray:
    """The pixel of every row of the array; the input's zero point where there is none."""
    n, l, w, ci, kh = at  # noqa: E741
    height, loops = tensor.shape[1], op.loops
    row = l * hw.rows + np.arange(hw.rows) if op.dense else (
        l * loops.row_step + np.arange(hw.rows) * loops.tap + kh - loops.pad_top
    )  # fmt: skip
    exists = (row >= 0) & (row < height) & (loops.x_before <= w < loops.x_before + loops.x_cols)
    column = min(max(w - loops.x_before, 0), loops.x_cols - 1)
    return np.where(exists, tensor[n, np.clip(row, 0, height - 1), column, ci], op.x_zero)


def _leaving(loops: Loops, cols: int, t: int, w: int) -> _Bools:
    """Columns of the array whose sums are finished when input column `w` is."""
    place = w + loops.pos0 - np.arange(loops.wo) * loops.sw  # in its group, of the first channel
    done = place == loops.kw - 1 if w < loops.w - 1 else (place >= 0) & (place < loops.kw)
    group, s = np.divmod(np.arange(loops.channels(t)), loops.sw)
    leaves = np.zeros(cols, np.bool_)
    leaves[(group * (loops.kw + loops.sw - 1) + s + place[done][:, None]).ravel()] = True
    return leaves
