"""The accelerator's performance counters, operation by operation; needs no more than the device's registers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

from deepsoc.runtime import _registers as regs

__all__ = ["WAITS", "OperationCounters", "read_counters"]

WAITS = ("start", "pixels", "weights", "operands", "results", "outputs", "end", "writes")
"""Causes of a clock in which the array makes no step."""


@dataclass(frozen=True)
class OperationCounters:
    """What was counted of one operation; docs/architecture.md says what each clock is blamed on.

    Attributes:
        index: row of the descriptor table.
        clocks: from the end of the operation before it, or the start, until its last result is in the writer, of the
            last one until its last write is acknowledged; the sum of the next nine.
        start: until the first pixels are there.
        array: in which the array makes a step.
        pixels, weights, operands: in which it waits for them.
        results: in which it waits because results leave one channel a clock.
        outputs: in which it waits because the writer takes no result.
        end: behind the last step, until the last result is in the writer.
        writes: from there to the last acknowledgement, of the last operation.
        x_beats, k_beats, o_beats, y_beats: beats of pixels, weights and descriptors, operands, outputs. All but
            operands count in the operation during which they move: pixels and weights are fetched ahead.
    """

    index: int
    clocks: int
    start: int
    array: int
    pixels: int
    weights: int
    operands: int
    results: int
    outputs: int
    end: int
    writes: int
    x_beats: int
    k_beats: int
    o_beats: int
    y_beats: int

    @property
    def waits_for(self) -> str:
        """The cause of most clocks without a step, one of WAITS."""
        return max(WAITS, key=lambda name: int(getattr(self, name)))


class _Registers(Protocol):
    def read32(self, offset: int, /) -> int: ...
    def write32(self, offset: int, value: int, /) -> None: ...


def read_counters(device: _Registers, depth: int) -> tuple[OperationCounters, ...]:
    """Counters of the operations of the current or last run that have begun, without stopping it.

    Those of the operation that runs are as far as it is.

    Args:
        device: the machine.
        depth: operations whose counters the hardware keeps, `counters_depth` of its parameters; 0: none.

    Returns:
        At most the last `depth` operations.
    """
    last = (device.read32(regs.OP_INDEX) & regs.OP_INDEX_INDEX_MASK) + 1
    return tuple(_read(device, index) for index in range(max(last - depth, 0), last if depth else 0))


def _read(device: _Registers, index: int) -> OperationCounters:
    device.write32(regs.COUNT_OPERATION, index)
    counted = [field.name for field in fields(OperationCounters) if field.name not in ("index", "clocks", "start")]
    values = {name: device.read32(getattr(regs, f"COUNT_{name.upper()}")) for name in counted}
    clocks = device.read32(regs.COUNT_CLOCKS)  # after those that it must hold
    known = values["array"] + sum(values[name] for name in WAITS if name != "start")
    return OperationCounters(index=index, clocks=clocks, start=clocks - known, **values)
