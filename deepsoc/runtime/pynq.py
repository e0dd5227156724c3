"""The accelerator under PYNQ: its registers, memory and interrupt through the package `pynq`.

When this module is imported, PYNQ gives every accelerator in an overlay the driver `Accelerator`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pynq

from deepsoc.runtime._interrupt import waited
from deepsoc.runtime._registers import VLNV
from deepsoc.runtime.device import Buffer
from deepsoc.runtime.driver import Driver
from deepsoc.runtime.errors import DeviceError
from deepsoc.runtime.lock import DeviceLock

__all__ = ["Accelerator", "PynqDevice", "open_overlay"]

_NAME = VLNV.split(":")[2]


class Accelerator(pynq.DefaultIP):  # type: ignore[misc]
    """The accelerator as a block of an overlay: `overlay.dsoc_0.driver("design").predict(images)`."""

    bindto = (VLNV, f"xilinx.com:module_ref:{_NAME}:1.0")  # packaged, or a module that the block design refers to

    def driver(self, folder: str | Path, *, timeout: float | None = 10.0) -> Driver:
        """A driver for a design on this accelerator; arguments and errors as of `Driver`."""
        device = PynqDevice(self)
        try:
            return Driver(folder, device, timeout=timeout)
        except BaseException:
            device.close()
            raise


class PynqDevice:
    """One accelerator of a loaded overlay.

    Its interrupt is used if the block design has one, unless an event loop is running, as in a notebook.

    Args:
        ip: the block, as PYNQ gives it.
        lock: held already; None: taken here.
        root: of the file system, for the lock.

    Raises:
        DeviceError: another process has the accelerator.
    """

    def __init__(self, ip: Any, *, lock: DeviceLock | None = None, root: Path = Path("/")) -> None:
        self._mmio = ip.mmio
        self._board = ip.device
        self._lock = lock or DeviceLock("the accelerator", self._mmio.base_addr, root=root)
        self._buffers: list[Any] = []
        pins = (getattr(ip, pin, None) for pin in getattr(ip, "_interrupts", ()))
        self._interrupt = next((pin for pin in pins if pin is not None), None)
        if self._interrupt is not None and not _is_loop_running():
            self.wait_irq = self._wait_interrupt

    def read32(self, offset: int) -> int:
        """The register at byte `offset`."""
        return int(self._mmio.read(offset))

    def write32(self, offset: int, value: int) -> None:
        """Writes the register at byte `offset`."""
        self._mmio.write(offset, value)

    def alloc(self, size: int) -> Buffer:
        """Contiguous memory of `pynq.allocate`."""
        try:
            memory = pynq.allocate((size,), np.uint8, target=self._board)
        except (RuntimeError, MemoryError, OSError) as error:
            raise DeviceError(
                f"no {size:,} bytes of contiguous memory left ({error}); end other programs and notebooks that use it"
            ) from None
        self._buffers.append(memory)
        return Buffer(int(memory.device_address), memory.view(np.ndarray), memory)

    def flush(self, buffer: Buffer) -> None:
        """Writes the CPU's caches to memory."""
        _part(buffer).flush()

    def invalidate(self, buffer: Buffer) -> None:
        """Drops what the CPU's caches hold of it."""
        _part(buffer).invalidate()

    def close(self) -> None:
        """Gives memory and lock back; PYNQ frees memory that nobody refers to."""
        self._buffers.clear()
        self._lock.release()

    def _wait_interrupt(self, timeout: float | None) -> bool:
        """Sleeps until the interrupt; `wait_irq` of a device that has one."""
        if not waited(self._came, self.read32, timeout):
            del self.wait_irq
        return True

    def _came(self, timeout: float) -> bool:
        waiting = asyncio.wait_for(self._interrupt.wait(), timeout)  # type: ignore[union-attr]
        try:
            asyncio.get_event_loop().run_until_complete(waiting)
        except asyncio.TimeoutError:  # noqa: UP041 - TimeoutError itself since Python 3.11
            return False
        return True


def open_overlay(bitstream: str | Path, *, download: bool = True, root: Path = Path("/")) -> PynqDevice:
    """Loads a bitstream and opens the accelerator in it.

    Args:
        bitstream: the `.bit` file; its `.hwh` lies beside it.
        download: load it; False: it is loaded already.
        root: of the file system, for the lock.

    Raises:
        DeviceError: a file is missing or damaged, there is not one accelerator in it, or another process has it: then
            nothing is loaded.
    """
    place = Path(bitstream).resolve()
    for file in (place, place.with_suffix(".hwh")):
        if not file.is_file():
            raise DeviceError(f"{file} is missing; copy bitstream and .hwh of the FPGA flow there, under one name")
    try:
        overlay = pynq.Overlay(str(place), download=False)
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        raise DeviceError(f"PYNQ cannot open {place.name}: {error}") from None
    blocks = [name for name, block in overlay.ip_dict.items() if block["driver"] is Accelerator]
    if len(blocks) != 1:
        there = ", ".join(f"{name} ({block['type']})" for name, block in overlay.ip_dict.items()) or "nothing"
        raise DeviceError(
            f"{place.name} holds {len(blocks)} accelerators, expected one: {there}. Open a block yourself, by "
            "PynqDevice(overlay.NAME)"
        )
    lock = DeviceLock("the accelerator", overlay.ip_dict[blocks[0]]["phys_addr"], root=root)
    try:
        if download:
            overlay.download()
        block = overlay
        for name in blocks[0].split("/"):
            block = getattr(block, name)
        return PynqDevice(block, lock=lock)
    except BaseException:
        lock.release()
        raise


def _part(buffer: Buffer) -> Any:
    """The part of PYNQ's buffer that `buffer` is."""
    begin = buffer.address - int(buffer.handle.device_address)
    return buffer.handle[begin : begin + buffer.array.size]


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
