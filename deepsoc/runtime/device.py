"""What the driver needs of a machine: registers, memory that the accelerator sees, caches, and maybe an interrupt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = ["Buffer", "Bytes", "Device", "Interrupt"]

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Buffer:
    """Memory that CPU and accelerator share; neither sees what the other wrote before `flush` or `invalidate`.

    Attributes:
        address: of its first byte, as the accelerator's bus sees it.
        array: the CPU's view, one dimension of bytes.
        handle: what the device keeps with it.
    """

    address: int
    array: Bytes
    handle: Any = None

    def part(self, offset: int, size: int) -> Buffer:
        """The `size` bytes from `offset` on, for `flush` and `invalidate`."""
        return Buffer(self.address + offset, self.array[offset : offset + size], self.handle)


class Device(Protocol):
    """One accelerator in one machine."""

    def read32(self, offset: int) -> int:
        """The register at byte `offset`, 0 … 2^32 - 1."""

    def write32(self, offset: int, value: int) -> None:
        """Writes the register at byte `offset`."""

    def alloc(self, size: int) -> Buffer:
        """`size` bytes that lie one after the other on the bus, at a multiple of 4096.

        Raises:
            DeviceError: there is not so much memory.
        """

    def flush(self, buffer: Buffer) -> None:
        """Makes the CPU's writes to a buffer, or a part of one, visible to the accelerator."""

    def invalidate(self, buffer: Buffer) -> None:
        """Makes the accelerator's writes to a buffer, or a part of one, visible to the CPU."""

    def close(self) -> None:
        """Gives registers and memory back."""


@runtime_checkable
class Interrupt(Protocol):
    """A device that can sleep until the accelerator raises its interrupt."""

    def wait_irq(self, timeout: float | None) -> bool:
        """Sleeps until the interrupt or for `timeout` seconds (None: for ever); may return early.

        Returns:
            False: there is no use in looking again, as a simulated accelerator that stands still.
        """
