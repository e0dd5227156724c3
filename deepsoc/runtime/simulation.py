"""The simulated accelerator as a device: the Verilated RTL in a shared library that `deepsoc.sim` builds.

The accelerator runs while registers are touched or the interrupt is waited for. Its memory lies apart from the CPU's
buffers: what is not flushed or invalidated stays unseen, as behind a cache.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Literal

import numpy as np

from deepsoc.errors import InputError
from deepsoc.runtime.device import Buffer, Bytes
from deepsoc.runtime.errors import DeviceError

__all__ = ["MEMORY_BUS", "ApartMemory", "SimulatedDevice", "memory_for"]

MEMORY_BUS = 0x12_3400_0000
"""Bus address of the simulated memories; needs both address registers."""
_ALIGN = 4096
_SLICE = 20_000  # clocks between looks at the time and at the keyboard
_WATCHDOG = 500_000  # clocks without a transfer
_STILL, _RAISED = 2, 1


def memory_for(arena_bytes: int) -> int:
    """Bytes of memory in which a driver finds place for its two arenas."""
    return 2 * (arena_bytes + _ALIGN)


class ApartMemory:
    """Memory of a simulated accelerator, apart from the CPU's buffers: only `flush` and `invalidate` copy.

    Attributes:
        memory: its bytes.
    """

    def __init__(self, base: int, memory: Bytes, seed: int) -> None:
        self.memory = memory
        self._base = base
        self._rng = np.random.default_rng(seed)
        self._used = 0

    def alloc(self, size: int) -> Buffer:
        """Memory of the accelerator, and a buffer of the CPU's with other content."""
        begin = -(-self._used // _ALIGN) * _ALIGN
        if begin + size > self.memory.size:
            raise DeviceError(f"no {size} bytes left of the simulated memory's {self.memory.size}")
        self._used = begin + size
        return Buffer(self._base + begin, self._rng.integers(0, 256, size, np.uint8))

    def flush(self, buffer: Buffer) -> None:
        """Copies a buffer to the memory."""
        self._place(buffer)[:] = buffer.array

    def invalidate(self, buffer: Buffer) -> None:
        """Copies the memory to a buffer."""
        buffer.array[:] = self._place(buffer)

    def _place(self, buffer: Buffer) -> Bytes:
        begin = buffer.address - self._base
        return self.memory[begin : begin + buffer.array.size]


class SimulatedDevice(ApartMemory):
    """One accelerator with its memory, clock by clock.

    Args:
        library: what `deepsoc.sim.build_device` made.
        memory_bytes: of the accelerator's memory.
        stall_prob: probability, for each channel of each bus and each clock, that memory or CPU stalls.
        mem_latency: clocks from an accepted address to the first data.
        max_burst: longest burst that the memory takes, beats.
        seed: of stalls, first content of the memory, and registers without reset.
    """

    def __init__(
        self,
        library: str | Path,
        *,
        memory_bytes: int,
        stall_prob: float = 0.0,
        mem_latency: int = 16,
        max_burst: int = 16,
        seed: int = 0,
    ) -> None:
        if not 0 <= stall_prob < 1:
            raise InputError(f"expected 0 up to less than 1, received {stall_prob}", where="stall_prob")
        self._library = _declared(ctypes.CDLL(str(library)))
        watchdog = _WATCHDOG + 100 * mem_latency
        self._device = self._library.dsoc_device_open(stall_prob, mem_latency, max_burst, seed, watchdog, memory_bytes)
        base = int(self._library.dsoc_device_address(self._device))
        place = ctypes.cast(self._library.dsoc_device_memory(self._device), ctypes.POINTER(ctypes.c_uint8))
        super().__init__(base, np.ctypeslib.as_array(place, (memory_bytes,)), seed)

    @property
    def clock(self) -> int:
        """Clocks since the device was opened."""
        return int(self._library.dsoc_device_clock(self._device))

    def read32(self, offset: int) -> int:
        """The register at byte `offset`."""
        value = ctypes.c_uint32()
        self._checked(self._library.dsoc_device_read32(self._device, offset, ctypes.byref(value)))
        return value.value

    def write32(self, offset: int, value: int) -> None:
        """Writes the register at byte `offset`."""
        self._checked(self._library.dsoc_device_write32(self._device, offset, value))

    def wait_irq(self, timeout: float | None) -> bool:
        """Runs the accelerator until its interrupt, at most so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self.advance(_SLICE)
            if found in (_RAISED, _STILL) or (end is not None and time.monotonic() > end):
                return bool(found != _STILL)

    def advance(self, clocks: int) -> int:
        """Lets the accelerator run until its interrupt, at most so many clocks.

        Returns:
            1: the interrupt is raised; 2: the accelerator stands still; 0: neither.
        """
        return self._checked(self._library.dsoc_device_wait_irq(self._device, clocks))

    def plant(self, port: Literal["x", "k", "o", "y", "b"], after: int = 0) -> None:
        """Plants a fault.

        Args:
            port: a beat on a read port (x, k, o) or a write (y) is answered with an error, or an answer to a write is
                lost (b).
            after: beats, or answers, that are right before.
        """
        self._library.dsoc_device_fault(self._device, port.encode(), after)

    def close(self) -> None:
        """Ends the simulation."""
        if self._device:
            self.memory = np.zeros(0, np.uint8)
            self._library.dsoc_device_close(self._device)
            self._device = None

    def _checked(self, status: int) -> int:
        if status < 0:
            raise DeviceError(self._library.dsoc_device_error(self._device).decode())
        return status


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, word, long = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
    for name, result, arguments in (
        ("open", pointer, [ctypes.c_double, word, word, long, long, long]),
        ("close", None, [pointer]),
        ("error", ctypes.c_char_p, [pointer]),
        ("memory", pointer, [pointer]),
        ("address", long, [pointer]),
        ("clock", long, [pointer]),
        ("read32", ctypes.c_int, [pointer, word, ctypes.POINTER(word)]),
        ("write32", ctypes.c_int, [pointer, word, word]),
        ("wait_irq", ctypes.c_int, [pointer, word]),
        ("fault", None, [pointer, ctypes.c_char, long]),
    ):
        function = getattr(library, f"dsoc_device_{name}")
        function.restype, function.argtypes = result, arguments
    return library
