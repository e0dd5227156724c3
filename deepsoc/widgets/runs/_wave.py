"""A window of clocks out of the trace of a simulation, as lanes to draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepsoc.errors import InputError
from deepsoc.sim.states import CONTROLLER_STATES

__all__ = ["MOST_CLOCKS", "Wave"]

MOST_CLOCKS = 400
"""Clocks of the largest window."""

_TOP = "TOP"
_ENGINE = f"{_TOP}.dsoc_top.i_core.i_engine"
# Channel, its name in signals, what it carries.
_CHANNELS = (
    ("pixels", "m_axi_x_r", "read data of the pixel port"),
    ("weights", "m_axi_k_r", "read data of the weights port"),
    ("operands", "m_axi_o_r", "read data of the operand port"),
    ("outputs", "m_axi_y_w", "write data of the output port"),
)
_BEATS = ("", "waits", "stalled", "beat")  # neither, ready alone, valid alone, both


class Wave:
    """Signals of a trace by clock.

    Args:
        trace: what `simulate(..., trace=True)` wrote.

    Attributes:
        clocks: of the run.
        operations: first and last clock of each, in their order; one begins before the last writes of another.

    Raises:
        InputError: the file is no such trace.
        ToolError: the package that reads traces is missing.
    """

    def __init__(self, trace: str | Path) -> None:
        from deepsoc.sim.trace import variables

        self._trace = str(trace)
        self._vars = variables(trace)
        starts, ends = (self._rises(f"{_TOP}.op_{name}_o") for name in ("start", "done"))
        self.operations = list(zip(starts, ends, strict=False))
        self.clocks = max([0, *starts, *ends]) + 1

    def window(self, begin: int, count: int) -> list[dict[str, Any]]:
        """Lanes of some clocks.

        Args:
            begin: first clock; moved so that the window lies inside the run.
            count: clocks, at most MOST_CLOCKS.

        Returns:
            Of each lane its `name`, its `title` for people, its `kind` (`bit`, `words`, `beats`) and its `runs`: first
            clock behind `begin`, clocks, and text.
        """
        count = min(max(count, 1), MOST_CLOCKS, self.clocks)
        clocks = range(min(max(begin, 0), self.clocks - count), min(max(begin, 0), self.clocks - count) + count)
        core = self._reader(f"{_ENGINE}.i_controller.state_q")
        lanes = [
            self._lane("start", "an operation starts", "bit", clocks, self._bits(f"{_TOP}.op_start_o")),
            self._lane("operation", "row of the descriptor table", "words", clocks, self._index()),
            self._lane(
                "array", "state of the array's controller", "words", clocks, lambda at: CONTROLLER_STATES[core(at)]
            ),
            self._lane("advance", "the array moves on", "bit", clocks, self._bits(f"{_ENGINE}.i_array.advance_i")),
        ]
        for name, prefix, title in _CHANNELS:
            lanes.append(self._lane(name, title, "beats", clocks, self._beats(f"{_TOP}.{prefix}")))
        lanes.append(self._lane("done", "an operation is done", "bit", clocks, self._bits(f"{_TOP}.op_done_o")))
        return lanes

    def _lane(self, name: str, title: str, kind: str, clocks: range, text: Callable[[int], str]) -> dict[str, Any]:
        """Equal values of neighbouring clocks are one run."""
        runs: list[list[Any]] = []
        for at, clock in enumerate(clocks):
            value = text(clock)
            if runs and runs[-1][2] == value:
                runs[-1][1] += 1
            else:
                runs.append([at, 1, value])
        return {"name": name, "title": title, "kind": kind, "runs": runs}

    def _bits(self, name: str) -> Callable[[int], str]:
        read = self._reader(name)
        return lambda at: "1" if read(at) else "0"

    def _index(self) -> Callable[[int], str]:
        def text(at: int) -> str:
            last_begun = sum(first <= at for first, _ in self.operations) - 1
            return str(last_begun) if last_begun >= 0 and at <= self.operations[last_begun][1] else ""

        return text

    def _beats(self, prefix: str) -> Callable[[int], str]:
        valid, ready = (self._reader(f"{prefix}{name}") for name in ("valid", "ready"))
        return lambda at: _BEATS[2 * bool(valid(at)) + bool(ready(at))]

    def _reader(self, name: str) -> Callable[[int], int]:
        """Value before the edge that ends a clock: the harness writes clocks at even and edges at odd times."""
        signal = self._var(name).signal
        return lambda at: int(signal.value_at(2 * at) or 0)

    def _rises(self, name: str) -> list[int]:
        """Clocks in which a signal is high, of those that are never so for long."""
        return [time + 1 >> 1 for time, value in self._var(name).tv if value]

    def _var(self, name: str) -> Any:
        if name not in self._vars:
            raise InputError(f"the trace lacks {name}; expected one of `simulate(..., trace=True)`", where=self._trace)
        return self._vars[name]
