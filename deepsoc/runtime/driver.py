"""The driver: a design folder and a device become `predict(images)`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc._tensors import Integers
from deepsoc.errors import InputError
from deepsoc.runtime import _registers as regs
from deepsoc.runtime._interrupt import ENDED
from deepsoc.runtime.design import Design
from deepsoc.runtime.device import Buffer, Device, Interrupt
from deepsoc.runtime.errors import DeviceError, HardwareError, HardwareTimeout
from deepsoc.runtime.performance import OperationCounters, read_counters

__all__ = ["Driver", "Ticket"]

_UNDER_WAY = 2  # inputs that are in memory at a time: one runs, the next is copied
_ABORT_S = 1.0  # for transfers under way to end
_ARENA_ALIGN = 4096


@dataclass
class Ticket:
    """One run that was submitted; `Driver.wait` gives its outputs."""

    slot: int
    started: bool = False
    outputs: Integers | None = None
    failure: DeviceError | None = None


@dataclass
class _Slot:
    """One arena: the network's table and weights, and the tensors of one run."""

    memory: Buffer
    ticket: Ticket | None = None


class Driver:
    """One network on one accelerator.

    Two inputs may be under way: while the accelerator works on one, the CPU copies the next and reads the last. A run
    that fails, times out or is interrupted from the keyboard is abandoned in the accelerator; the next one is right.

    Args:
        design: a design, or the folder that `deepsoc export` or `deepsoc deploy` wrote.
        device: the machine.
        timeout: seconds for one run; None: no limit.

    Raises:
        InputError: the folder is not a design.
        DeviceError: no accelerator answers, or one of other parameters than the design's.
    """

    def __init__(self, design: Design | str | Path, device: Device, *, timeout: float | None = 10.0) -> None:
        if timeout is not None and not timeout > 0:
            raise InputError(f"expected seconds above 0 or None, received {timeout!r}", where="timeout")
        self.design = design if isinstance(design, Design) else Design.load(design)
        self.timeout = timeout
        self._device = device
        self._slots: list[_Slot] = []
        self._waiting: deque[Ticket] = deque()
        self._running: Ticket | None = None
        self._has_run = False
        self._deadline: float | None = None
        self._check()
        self.abort()  # of a run that another program left behind

    # ---- inference ---------------------------------------------------------------------------------------------------
    def predict(
        self,
        images: npt.ArrayLike,
        *,
        integers: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> npt.NDArray[Any]:
        """Runs the network on any number of images.

        Args:
            images: shape (count, …) or one image. Real values are quantized as in training (round half to even,
                saturate); integers are taken as they are.
            integers: return the output integers in place of real values.
            progress: told images done, and all.

        Returns:
            Shape (count, …): real outputs, probabilities if the network ends with softmax; or integers.

        Raises:
            InputError: another shape, or integers that the input's bits do not hold.
            DeviceError: the accelerator failed; the driver can be used again.
        """
        values, single = self._integers(images)
        try:
            parts = []
            for part in self._runs(values):
                parts.append(part)
                if progress is not None:
                    progress(min(len(parts) * self.design.batch, len(values)), len(values))
            found = np.concatenate(parts)[: len(values)]
        except BaseException:
            with suppress(DeviceError):  # the first one says what is wrong
                self.abort()
            raise
        result = found if integers else self.real(found)
        return result[0] if single else result

    def submit(self, images: npt.ArrayLike) -> Ticket:
        """Copies one batch and starts it, or lets it wait for the one before.

        Args:
            images: at most `design.batch` of them.

        Raises:
            InputError: too many images, another shape or integers out of range; two runs are under way already.
        """
        values, _ = self._integers(images)
        if len(values) > self.design.batch:
            raise InputError(f"expected at most {self.design.batch} images, received {len(values)}", where="images")
        ticket = Ticket(self._free_slot())
        slot = self._slots[ticket.slot]
        slot.ticket = ticket
        padded = np.zeros(self.design.input.shape, np.int64)
        padded[: len(values)] = values
        place = self.design.input
        slot.memory.array[place.offset : place.offset + place.form.size] = place.form.pack(padded)
        self._device.flush(slot.memory.part(place.offset, place.form.size))
        self._waiting.append(ticket)
        if self._running is None:
            self._start_next()
        return ticket

    def wait(self, ticket: Ticket) -> Integers:
        """The output integers of a run, shape `design.output.shape`; those before it are finished first.

        Raises:
            HardwareError, HardwareTimeout: the run failed; names the operation.
            DeviceError: the run was aborted.
        """
        while ticket.outputs is None:
            if ticket.failure is not None:
                raise ticket.failure
            try:
                self._finish_running()
            except KeyboardInterrupt:
                self.abort()
                raise
        return ticket.outputs

    def abort(self) -> None:
        """Abandons what runs and what waits; returns when the accelerator is idle, with no transfer under way.

        Raises:
            DeviceError: it does not become idle.
        """
        left = [*([self._running] if self._running else []), *self._waiting]
        self._running = None
        self._waiting.clear()
        for ticket in left:
            ticket.failure = DeviceError("the run was aborted")
            self._slots[ticket.slot].ticket = None
        self._device.write32(regs.CTRL, regs.CTRL_SOFT_RESET_MASK)
        end = time.monotonic() + _ABORT_S
        while self._device.read32(regs.STATUS) & regs.STATUS_BUSY_MASK:
            if time.monotonic() > end:
                raise DeviceError(
                    "the accelerator is busy and does not stop: the memory does not answer; load the bitstream again"
                )

    def performance(self) -> tuple[OperationCounters, ...]:
        """Performance counters of the run that goes on, as far as it is, or of the last one; stops nothing.

        Returns:
            By operation, at most the last `counters_depth` that have begun; `design.operations` has their names.
        """
        return read_counters(self._device, self.design.hw["counters_depth"]) if self._has_run else ()

    def close(self) -> None:
        """Abandons what is under way and gives the device back."""
        try:
            if self._running or self._waiting:
                self.abort()
        finally:
            self._device.close()

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- values ------------------------------------------------------------------------------------------------------
    def _integers(self, images: npt.ArrayLike) -> tuple[Integers, bool]:
        """Input integers (count, …), and whether one image came without a batch axis."""
        return self.design.input.integers(images)

    def real(self, outputs: Integers) -> npt.NDArray[np.float64]:
        """Output integers as real values, or as probabilities if the network ends with softmax."""
        real = self.design.output.real(outputs)
        if not self.design.softmax:
            return real
        powers = np.exp(real - real.max(axis=-1, keepdims=True))
        shares: npt.NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
        return shares

    # ---- runs --------------------------------------------------------------------------------------------------------
    def _runs(self, values: Integers) -> Iterator[Integers]:
        """Outputs of one batch after the other, the next one submitted before the last is read."""
        batch = self.design.batch
        parts = [values[i : i + batch] for i in range(0, len(values), batch)]
        tickets: deque[Ticket] = deque()
        for part in parts:
            tickets.append(self.submit(part))
            if len(tickets) == _UNDER_WAY:
                yield self.wait(tickets.popleft())
        while tickets:
            yield self.wait(tickets.popleft())

    def _free_slot(self) -> int:
        for index, slot in enumerate(self._slots):
            if slot.ticket is None or slot.ticket.outputs is not None or slot.ticket.failure is not None:
                return index
        if len(self._slots) == _UNDER_WAY:
            raise InputError(f"{_UNDER_WAY} runs are under way; wait for the first", where="submit")
        memory = self._device.alloc(self.design.arena_bytes)
        if memory.address % _ARENA_ALIGN:
            raise DeviceError(f"the device gave memory at {memory.address:#x}, expected a multiple of {_ARENA_ALIGN}")
        self.design.arena(memory.array)
        self._device.flush(memory)
        self._slots.append(_Slot(memory))
        return len(self._slots) - 1

    def _start_next(self) -> None:
        if not self._waiting:
            return
        ticket = self._running = self._waiting.popleft()
        address = self._slots[ticket.slot].memory.address
        write = self._device.write32
        write(regs.ARENA_LO, address & 0xFFFF_FFFF)
        write(regs.ARENA_HI, address >> 32)
        write(regs.DESC_OFFSET, self.design.desc_offset)
        write(regs.N_OPS, len(self.design.operations))
        write(regs.NET_ID, self.design.net_id)
        irq = regs.CTRL_IRQ_ENABLE_MASK if isinstance(self._device, Interrupt) else 0
        write(regs.CTRL, regs.CTRL_START_MASK | irq)
        self._has_run = True
        ticket.started = True
        self._deadline = None if self.timeout is None else time.monotonic() + self.timeout

    def _finish_running(self) -> None:
        """Waits for the run that goes on, starts the next one, then reads the outputs."""
        ticket = self._running
        if ticket is None:
            raise DeviceError("nothing is under way")
        failure = self._outcome()
        self._running = None
        if failure is not None:
            self._fail(ticket, failure)
            return
        self._device.write32(regs.IRQ_ACK, regs.IRQ_ACK_ACK_MASK)
        self._start_next()
        place = self.design.output
        memory = self._slots[ticket.slot].memory.part(place.offset, place.form.size)
        self._device.invalidate(memory)
        ticket.outputs = place.form.unpack(memory.array).reshape(place.shape)

    def _fail(self, ticket: Ticket, failure: DeviceError) -> None:
        """One run fails; those that wait go on once the accelerator is idle."""
        waiting = list(self._waiting)
        self._waiting.clear()
        ticket.failure = failure
        try:
            self.abort()
        except DeviceError as error:
            failure.args = (f"{failure}; {error}",)
            raise failure from None
        self._waiting.extend(waiting)
        self._start_next()

    def _outcome(self) -> DeviceError | None:
        """Waits until the accelerator is done; None, or why it is not right."""
        looks = 0
        while True:
            status = self._device.read32(regs.STATUS)
            if status & regs.STATUS_ERROR_MASK:
                code = (status & regs.STATUS_ERROR_CODE_MASK) >> regs.STATUS_ERROR_CODE_LSB
                return HardwareError(_words(code), code=code, operation=self._operation())
            if status & regs.STATUS_DONE_MASK:
                return None
            left = None if self._deadline is None else self._deadline - time.monotonic()
            if left is not None and left <= 0:
                return HardwareTimeout(f"not done within {self.timeout:g} s", operation=self._operation())
            if isinstance(self._device, Interrupt):
                if not self._device.wait_irq(left) and not self._device.read32(regs.STATUS) & ENDED:
                    return HardwareTimeout("stands still, no transfer goes on", operation=self._operation())
            else:
                looks += 1
                time.sleep(min(1e-5 * looks, 1e-3))

    def _operation(self) -> str:
        index = self._device.read32(regs.OP_INDEX) & regs.OP_INDEX_INDEX_MASK
        names = self.design.operations
        return f"{index} ({names[index]})" if index < len(names) else str(index)

    def _check(self) -> None:
        """The accelerator is one, of this register map, and has the design's geometry."""
        ident, hw = self._device.read32(regs.ID), self.design.hw
        magic = (ident & regs.ID_MAGIC_MASK) >> regs.ID_MAGIC_LSB
        version = (ident & regs.ID_MAP_VERSION_MASK) >> regs.ID_MAP_VERSION_LSB
        if magic != regs.ID_MAGIC:
            raise DeviceError(f"no DeepSoC accelerator answers at this address: ID reads {ident:#010x}")
        if not version == regs.MAP_VERSION == self.design.map_version:
            raise DeviceError(
                f"register map version {version} in the accelerator, {self.design.map_version} in the design, "
                f"{regs.MAP_VERSION} in this driver; export, implement and deploy again"
            )
        word = self._device.read32(regs.GEOMETRY)
        for name in ("rows", "cols", "x_bits", "k_bits"):
            mask, lsb = (getattr(regs, f"GEOMETRY_{name.upper()}_{part}") for part in ("MASK", "LSB"))
            if (word & mask) >> lsb != hw[name]:
                raise DeviceError(
                    f"the accelerator has {name}={(word & mask) >> lsb}, the design {hw[name]}; "
                    "load the bitstream of this design"
                )
        found = self._device.read32(regs.PARAMS_HASH)
        if found != self.design.params_hash:
            raise DeviceError(
                f"the accelerator was made of other parameters: its hash is {found:#010x}, the design's "
                f"{self.design.params_hash:#010x}; load the bitstream of this design"
            )


def _words(code: int) -> str:
    for name, value in regs.STATUS_ERROR_CODE_VALUES.items():
        if value == code:
            return f"hardware error {code}: {name.replace('_', ' ')}"
    return f"hardware error {code}, unknown to this driver"
