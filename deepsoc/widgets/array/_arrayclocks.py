"""The clocks that ArrayView shows: the array's steps, waits for results to leave, and the last results on their way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping import ArrayStates, array_steps, step_indices
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.steps import CONFIG, MAC, SHIFT
from deepsoc.mapping.weights import column_roles, flat_order

__all__ = ["DRAIN", "HOLD", "LANES", "ArrayClocks", "array_clocks"]

HOLD, DRAIN = 3, 4
"""Events beside those of `mapping.steps`: the array waits for earlier results; only results move."""

LANES = ("configure", "multiply", "shift", "hold", "drain")
"""Names of the events by their number."""

_MOST_CLOCKS, _MOST_SUMS = 20_000, 1 << 22  # that a page holds


@dataclass(frozen=True, eq=False)
class ArrayClocks:
    """T clocks of an operation, a step or a wait each; one channel of one output column may leave in any of them.

    Attributes:
        states: of the array in its S steps, waits left out.
        indices: (S, 6) `step_indices`.
        step: (T,) the step that the clock does, or behind which it waits.
        events: (T,) CONFIG, MAC, SHIFT, HOLD or DRAIN.
        leaving: (T, 3) what leaves: column of the array, output channel, output column; -1 where nothing does.
        batch: (T,) number of the input column's end at which that became finished; -1 where nothing leaves.
        live: (S, C) columns whose sums, behind the step, will leave.
        image: (n, h, w, c) the tensor as the array reads it; of dense layers (1, batch, features, 1).
        outputs: (n, h, w, c) finished sums; of dense layers (1, batch, units, 1).
        done: as `outputs`, the clock in which each one leaves.
        roles: (t, Sw, C, 2) kernel column and output channel of each column (`column_roles`).
        total: clocks of the whole operation; more than T where a page could not hold them.
    """

    states: ArrayStates
    indices: IntArray
    step: IntArray
    events: IntArray
    leaving: IntArray
    batch: IntArray
    live: npt.NDArray[np.bool_]
    image: IntArray
    outputs: IntArray
    done: IntArray
    roles: IntArray
    total: int

    def __len__(self) -> int:
        return len(self.step)


def array_clocks(op: Operation, hw: Hardware, source: IntArray) -> ArrayClocks:
    """All clocks of an operation, as long as memory keeps up.

    The results of an input column's end are copied at once and leave one channel a clock, so the array holds at the
    next end if the copy is still in use (docs/architecture.md, section 7).

    Args:
        op: a convolution or dense layer of a plan.
        hw: the accelerator of that plan.
        source: the tensor that it reads (`operation_input`).

    Raises:
        InputError: as of `array_steps`.
    """
    states, indices = array_steps(op, hw, source), step_indices(op, hw)
    step, events, leaving, batch, ends = _timed(op, states, indices)
    outputs, done = _outputs(op, hw, states, indices, (leaving, batch, ends))
    shown = min(len(step), _MOST_CLOCKS, _MOST_SUMS // (hw.rows * hw.cols))
    loops = op.loops
    roles = [[np.stack(column_roles(hw, loops, t, s), axis=-1) for s in range(loops.sets)] for t in range(loops.t)]
    return ArrayClocks(
        states=states, indices=indices, step=step[:shown], events=events[:shown], leaving=leaving[:shown],
        batch=batch[:shown], live=_live(states), image=_image(op, hw, source), outputs=outputs, done=done,
        roles=np.array(roles), total=len(step),
    )  # fmt: skip


def _timed(
    op: Operation, states: ArrayStates, indices: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, list[int]]:
    """Step, event, what leaves, and batch of every clock; and the step at which each batch is finished."""
    step: list[int] = []
    events: list[int] = []
    queue: dict[int, tuple[int, int, int, int]] = {}  # by clock: column of the array, channel, output column, batch
    ends: list[int] = []
    free = 0  # first clock in which the copy can be taken again
    for i, event in enumerate(states.events.tolist()):
        step.append(i)
        events.append(event)
        if not states.leaves[i].any():
            continue
        while len(step) - 1 < free:
            step.append(i)
            events.append(HOLD)
        for place in _order(op, states.group, indices[i]):
            free = max(free, len(step) - 1) + 1
            queue[free] = (*place, len(ends))
        ends.append(i)
    step += [len(states) - 1] * (free + 1 - len(step))
    events += [DRAIN] * (len(step) - len(events))
    left = np.full((len(step), 4), -1)
    left[list(queue)] = list(queue.values())
    return np.array(step), np.array(events), left[:, :3], left[:, 3], ends


def _order(op: Operation, group: int, index: IntArray) -> list[tuple[int, int, int]]:
    """Results of an input column's end in the order in which they leave: array column, output channel, output column.

    Channel s of output column o is at place w - o*Sw + pos0 + s of its group.
    """
    loops, (t, _, _, w) = op.loops, index[:4].tolist()
    columns = range(loops.wo)
    places = [w + loops.pos0 - o * loops.sw for o in columns]
    last = w == loops.w - 1
    taken = [o for o in columns if (0 <= places[o] < loops.kw if last else places[o] == loops.kw - 1)]
    return [
        (k // loops.sw * group + k % loops.sw + places[o], t * loops.ch_per_t + k, o)
        for o in taken
        for k in range(loops.channels(t))
    ]


def _live(states: ArrayStates) -> npt.NDArray[np.bool_]:
    """(S, C) columns whose sums behind the step will leave."""
    live = np.zeros(states.leaves.shape, np.bool_)
    now = np.zeros(states.leaves.shape[1], np.bool_)
    first = np.arange(len(now)) % states.group == 0
    for i in range(len(states) - 1, -1, -1):
        live[i] = now = now | states.leaves[i]
        if states.events[i] == SHIFT:
            now = np.append(now[1:] & ~first[1:], False)
        elif states.events[i] == CONFIG or states.zero[i]:
            now = now & (states.events[i] == CONFIG) & _chained(states, i)
    return live


def _chained(states: ArrayStates, i: int) -> bool:
    """Whether the sums go on behind a clock of configuration: the next products do not begin new ones."""
    return bool(i + 1 < len(states) and states.events[i + 1] == MAC and not states.zero[i + 1])


def _image(op: Operation, hw: Hardware, source: IntArray) -> IntArray:
    if not op.dense:
        return source[..., op.c0 : op.c0 + op.loops.ci]
    rows = source.reshape(len(source), -1)
    rows = rows[:, flat_order(hw, source.shape[1:])] if op.flat else rows[:, op.c0 : op.c0 + op.loops.ci]
    return rows[None, op.row0 : op.row0 + op.loops.y_rows, :, None]


def _outputs(
    op: Operation, hw: Hardware, states: ArrayStates, indices: IntArray, drained: tuple[IntArray, IntArray, list[int]]
) -> tuple[IntArray, IntArray]:
    """Finished sums, and the clock in which each leaves."""
    loops, (leaving, batch, ends) = op.loops, drained
    values = np.zeros((loops.n, loops.l * hw.rows, loops.wo, loops.co), np.int64)
    done = np.full(values.shape, -1)
    for clock in np.flatnonzero(batch >= 0).tolist():
        column, channel, o = leaving[clock].tolist()
        end = ends[batch[clock]]
        n, l = indices[end, 1:3].tolist()  # noqa: E741
        rows = slice(l * hw.rows, (l + 1) * hw.rows)
        values[n, rows, o, channel] = states.sums[end, :, column]
        done[n, rows, o, channel] = clock
    values, done = values[:, : loops.y_rows], done[:, : loops.y_rows]
    return (np.moveaxis(values, 3, 2), np.moveaxis(done, 3, 2)) if op.dense else (values, done)
