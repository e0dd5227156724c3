"""The accelerator under Linux: registers by UIO or /dev/mem, memory by u-dma-buf; nothing but the kernel's files."""

from __future__ import annotations

import errno
import mmap
import os
import select
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.runtime._interrupt import waited
from deepsoc.runtime.device import Buffer, Bytes
from deepsoc.runtime.errors import DeviceError
from deepsoc.runtime.lock import DeviceLock

__all__ = ["LinuxDevice"]

_ALIGN = 4096
_SPAN = 4096  # bytes of registers
_MEMORY = ("sys/class/u-dma-buf", "sys/class/udmabuf")  # since version 3, before
_TO_DEVICE, _FROM_DEVICE = 1, 2  # directions of u-dma-buf


class LinuxDevice:
    """One accelerator, as the device tree, or a bus address, tells where it is.

    Registers are reached by UIO, with the interrupt, or with `address` by /dev/mem, without. It is this process's alone
    until `close`.

    Args:
        uio: name of the UIO device in /sys/class/uio/*/name, which is that of the node in the device tree; or `uioN`.
        address: of the registers on the bus; not UIO but /dev/mem is used then.
        memory: name of the u-dma-buf that all buffers come from.
        root: of the file system.

    Raises:
        InputError: the address is not a multiple of 4, or a name fits more than one device.
        DeviceError: a kernel module is not loaded, permission is missing, or another process has the accelerator; says
            what to do.
    """

    def __init__(
        self, uio: str = "dsoc", *, address: int | None = None, memory: str = "udmabuf0", root: str | Path = "/"
    ) -> None:
        self._root = Path(root)
        self._files: list[int] = []
        self._locks: list[DeviceLock] = []
        self._used = 0
        try:
            if address is None:
                self._open_uio(uio)
            else:
                self._open_mem(address)
            self._open_memory(memory)
        except BaseException:
            self.close()
            raise

    def read32(self, offset: int) -> int:
        """The register at byte `offset`."""
        return int(self._words[offset >> 2])

    def write32(self, offset: int, value: int) -> None:
        """Writes the register at byte `offset`."""
        self._words[offset >> 2] = value

    def alloc(self, size: int) -> Buffer:
        """The next `size` bytes of the u-dma-buf."""
        begin = -(-self._used // _ALIGN) * _ALIGN
        if begin + size > self._memory.size:
            raise DeviceError(
                f"{self._name} has {self._memory.size:,} bytes, expected at least {begin + size:,} (a driver takes two "
                f"arenas of its design); load the module u-dma-buf with {self._name}=SIZE, or change the device tree"
            )
        self._used = begin + size
        return Buffer(self._address + begin, self._memory[begin : begin + size])

    def flush(self, buffer: Buffer) -> None:
        """Writes the CPU's caches to memory."""
        self._sync(self._for_device, buffer, _TO_DEVICE)

    def invalidate(self, buffer: Buffer) -> None:
        """Drops what the CPU's caches hold of it."""
        self._sync(self._for_cpu, buffer, _FROM_DEVICE)

    def close(self) -> None:
        """Gives everything back to the system; buffers stay mapped as long as someone holds their arrays."""
        for file in self._files:
            os.close(file)
        self._files.clear()
        for lock in self._locks:
            lock.release()
        self._locks.clear()

    # ---- interrupt ---------------------------------------------------------------------------------------------------
    def _wait_uio(self, timeout: float | None) -> bool:
        """Sleeps until the interrupt; `wait_irq` of a device that has one."""
        os.write(self._uio, struct.pack("=i", 1))  # the kernel masks an interrupt that it has told of
        if not waited(self._came, self.read32, timeout):
            del self.wait_irq
        return True

    def _came(self, timeout: float) -> bool:
        if not select.select([self._uio], [], [], timeout)[0]:
            return False
        os.read(self._uio, 4)  # how often since it was opened
        return True

    # ---- opening -----------------------------------------------------------------------------------------------------
    def _open_uio(self, name: str) -> None:
        found = self._uio_devices()
        places = [place for place, known in found.items() if name in (known, place.name)]
        if len(places) > 1:
            names = ", ".join(place.name for place in places)
            raise InputError(f"{len(places)} UIO devices have this name; give one of {names}", where=f"uio: {name}")
        if not places:
            there = ", ".join(f"{place.name} ({known})" for place, known in found.items()) or "none"
            raise DeviceError(
                f"no UIO device is named {name!r}, there: {there}. Load the bitstream, a device tree whose node {name} "
                'has compatible = "generic-uio", and `modprobe uio_pdrv_genirq of_id=generic-uio`; or give the '
                "address of the registers, for /dev/mem"
            )
        node, region = places[0].name, places[0] / "maps/map0"
        begin, span = (self._number(region / field) for field in ("addr", "size"))
        within = self._number(region / "offset") if (region / "offset").exists() else 0
        self._locks.append(DeviceLock("the accelerator", begin + within, root=self._root))
        self._uio, view = self._mapped(self._root / "dev" / node, os.O_RDWR | os.O_SYNC, span)
        self._words = view[within:].view("<u4")
        self.wait_irq = self._wait_uio

    def _uio_devices(self) -> dict[Path, str]:
        places = sorted((self._root / "sys/class/uio").glob("uio*"))
        return {place: (place / "name").read_text().strip() for place in places if (place / "name").is_file()}

    def _open_mem(self, address: int) -> None:
        if address < 0 or address % 4:
            raise InputError(f"expected a multiple of 4, received {address:#x}", where="address")
        self._locks.append(DeviceLock("the accelerator", address, root=self._root))
        within = address % mmap.PAGESIZE
        _, view = self._mapped(self._root / "dev/mem", os.O_RDWR | os.O_SYNC, within + _SPAN, address - within)
        self._words = view[within:].view("<u4")

    def _open_memory(self, name: str) -> None:
        place = next((p for base in _MEMORY if (p := self._root / base / name).is_dir()), None)
        if place is None:
            raise DeviceError(
                f"no u-dma-buf is named {name!r}; load it with `insmod u-dma-buf.ko {name}=SIZE`, SIZE at least two "
                "arenas of the design, or by the device tree"
            )
        self._name = name
        self._address, size = (self._number(place / field) for field in ("phys_addr", "size"))
        self._locks.append(DeviceLock(f"the memory {name}", self._address, root=self._root))
        _, self._memory = self._mapped(self._root / "dev" / name, os.O_RDWR, size)
        self._for_device, self._for_cpu = (
            self._opened(place / f"sync_for_{who}", os.O_WRONLY) for who in ("device", "cpu")
        )

    def _number(self, path: Path) -> int:
        try:
            return int(path.read_text(), 0)
        except (OSError, ValueError) as error:
            raise DeviceError(f"cannot read {path}: {error}; is its driver of another version?") from None

    def _opened(self, path: Path, flags: int) -> int:
        with _explained(path):
            self._files.append(os.open(path, flags | os.O_CLOEXEC))
        return self._files[-1]

    def _mapped(self, path: Path, flags: int, size: int, offset: int = 0) -> tuple[int, Bytes]:
        file = self._opened(path, flags)
        with _explained(path):
            return file, np.frombuffer(mmap.mmap(file, size, offset=offset), np.uint8)

    def _sync(self, file: int, buffer: Buffer, direction: int) -> None:
        """Tells u-dma-buf in one write: offset, bytes in sixteens, direction, go."""
        offset, size = buffer.address - self._address, -(-buffer.array.size // 16) * 16
        os.pwrite(file, f"{offset << 32 | size | direction << 2 | 1:#018x}".encode(), 0)

    _words: npt.NDArray[np.uint32]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Says of an error of the system what can be done."""
    try:
        yield
    except OSError as error:
        remedy = {
            errno.EACCES: "run as root, or give your user the right to it with a udev rule",
            errno.EPERM: "run as root; a kernel with CONFIG_STRICT_DEVMEM refuses /dev/mem: use UIO",
            errno.ENOENT: "is its kernel module loaded?",
            errno.ENODEV: "is its kernel module loaded?",
            errno.EBUSY: "another program has it open",
            errno.EINVAL: "the address or the size is not one of this machine",
        }.get(error.errno or 0, "see `dmesg`")
        raise DeviceError(f"cannot open {path}: {error.strerror or error}; {remedy}") from None
