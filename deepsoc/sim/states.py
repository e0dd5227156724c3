"""What the array of the RTL did in every clock, out of the trace of a simulation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping.steps import CONFIG, MAC, SHIFT, ArrayStates
from deepsoc.sim.trace import variables

__all__ = ["CONTROLLER_STATES", "read_states"]

CONTROLLER_STATES = ("idle", "configure", "shift", "chain", "products")
"""States of the array's controller by their code (rtl/engine/dsoc_controller.sv, state_e)."""

_CORE = "TOP.dsoc_top.i_core"
_ARRAY = "i_engine.i_array"
_LATENCY = 3  # clocks from a step to its sums (rtl/engine/dsoc_array.sv)
_Ints = npt.NDArray[np.int64]


def read_states(trace: str | Path, hw: Hardware, index: int) -> ArrayStates:
    """States of the array in every clock of an operation, clocks in which it waits left out.

    Args:
        trace: what `simulate(..., trace=True)` wrote.
        hw: the accelerator that was simulated, every maximum known.
        index: of the operation, a convolution or dense layer.

    Raises:
        InputError: the file is no such trace, or holds no such operation.
    """
    signals = _Signals(trace)
    begin, end = _span(signals, index)
    clocks = np.arange(begin, end)
    # All is frozen while the array does not advance: without these clocks, sums lie three clocks behind their step.
    clocks = clocks[signals.read(f"{_ARRAY}.advance_i", clocks) == 1]
    config = _configured(signals, clocks)
    mac, shift = (signals.read(f"{_ARRAY}.{name}", clocks) == 1 for name in ("mac_i", "shift_i"))
    steps = np.flatnonzero(config | mac | shift)
    if not mac.any():
        raise InputError(f"operation {index} did no products; expected a convolution or dense layer", where=str(trace))
    at, behind = clocks[steps], clocks[np.minimum(steps + _LATENCY, len(clocks) - 1)]
    events = np.select([mac[steps], shift[steps]], [MAC, SHIFT], CONFIG).astype(np.uint8)
    macs = events == MAC
    sums = np.stack([_sums(signals, hw, row, behind) for row in range(hw.rows)], axis=1)
    sums[: int(np.argmax(macs))] = 0
    return ArrayStates(
        events=events,
        zero=macs & (signals.read(f"{_ARRAY}.zero_i", at) == 1),
        pixels=np.where(macs[:, None], signals.lanes(f"{_ARRAY}.pixel_i", at, hw.rows, hw.x_bits), 0).astype(np.int32),
        weights=np.where(macs[:, None], signals.lanes(f"{_ARRAY}.weights_i", at, hw.cols, hw.k_bits), 0).astype(
            np.int32
        ),
        sums=sums.astype(np.int32),
        leaves=_leaves(signals, hw.cols, behind) & macs[:, None],
        group=int(signals.read(f"{_ARRAY}.group_i", at[:1])[0]),
    )


def _span(signals: _Signals, index: int) -> tuple[int, int]:
    """First clock of an operation, and the clock behind its last: its end, or the start of the next one."""
    clocks = np.arange(signals.clocks)
    starts, dones = (np.flatnonzero(signals.read(f"op_{name}_o", clocks)) for name in ("start", "done"))
    if not 0 <= index < len(dones):
        raise InputError(f"the trace holds {len(dones)} operations, received {index}", where="index")
    return int(starts[index]), int(min([dones[index] + 1, *starts[index + 1 : index + 2]]))


def _configured(signals: _Signals, clocks: _Ints) -> npt.NDArray[np.bool_]:
    """Clocks, at the array, in which the controller has left a state that waits for a weights block."""
    state = signals.read("i_engine.i_controller.state_q", clocks)
    waits = np.isin(state, [CONTROLLER_STATES.index(name) for name in ("configure", "chain")])
    return np.append([False, False], (waits[:-1] & ~waits[1:])[:-1])  # operands enter a register on their way


def _sums(signals: _Signals, hw: Hardware, row: int, clocks: _Ints) -> _Ints:
    names = [f"{_ARRAY}.gen_portable.gen_row[{row}].sum_q.[{col}]" for col in range(hw.cols)]
    return np.stack([_signed(signals.read(name, clocks), signals.bits(name)) for name in names], axis=1)


def _leaves(signals: _Signals, cols: int, clocks: _Ints) -> npt.NDArray[np.bool_]:
    """(T, cols) columns that the drain takes over."""
    group, sw, sets, leave, pos, count, channels = (
        signals.read(f"i_engine.i_drain.{name}", clocks)
        for name in ("group_i", "sw_i", "sets_i", "leave_q", "leave_pos_q", "leave_count_q", "leave_channels_q")
    )
    taken = np.zeros((len(clocks), cols), np.bool_)
    for i in np.flatnonzero(leave):
        channel = np.arange(channels[i])
        first = channel // sets[i] * group[i] + channel % sets[i] + pos[i]
        taken[i, (first - np.arange(count[i])[:, None] * sw[i]).ravel()] = True
    return taken


def _signed(values: _Ints, bits: int) -> _Ints:
    half = 1 << (bits - 1)
    return ((values & (2 * half - 1)) ^ half) - half


class _Signals:
    """Signals of the core by clock; the harness writes each clock at an even and its edge at an odd time."""

    def __init__(self, trace: str | Path) -> None:
        prefix = f"{_CORE}."
        self._trace = str(trace)
        self._vars = {name.removeprefix(prefix): variable for name, variable in variables(trace).items()}
        self.clocks = 1 + int(self._changes("clk_i")[0][-1]) // 2

    def bits(self, name: str) -> int:
        """Width of a signal."""
        return int(self._var(name).bitwidth)

    def read(self, name: str, clocks: _Ints) -> _Ints:
        """Values of a signal of up to 63 bits before the edges of some clocks."""
        times, values = self._changes(name)
        return np.array(values, np.int64)[self._at(times, clocks)]

    def lanes(self, name: str, clocks: _Ints, count: int, bits: int) -> _Ints:
        """Signed lanes of a packed signal, (clocks, count)."""
        times, values = self._changes(name)
        mask = (1 << bits) - 1
        lanes = np.array([[value >> (i * bits) & mask for i in range(count)] for value in values], np.int64)
        return _signed(lanes, bits)[self._at(times, clocks)]

    def _at(self, times: _Ints, clocks: _Ints) -> _Ints:
        return np.asarray(np.searchsorted(times, 2 * clocks, side="right") - 1)

    def _changes(self, name: str) -> tuple[_Ints, Sequence[int]]:
        times, values = zip(*self._var(name).tv, strict=True)
        return np.array(times, np.int64), values

    def _var(self, name: str) -> Any:
        if name not in self._vars:
            raise InputError(
                f"the trace lacks {_CORE}.{name}; expected one of `simulate(..., trace=True)`, of an array of at most "
                "32 columns, of portable processing elements",
                where=self._trace,
            )
        return self._vars[name]
