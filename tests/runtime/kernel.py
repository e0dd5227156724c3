"""Linux as the driver sees it: files of UIO and u-dma-buf in a folder, played by a thread on the simulated RTL.

What the device does to its files is real: names, sizes and addresses are read from sysfs files, memory is mapped from a
file, commands of u-dma-buf are written into its files and are parsed from there as its source does, and the interrupt
comes over a file descriptor. Only a load or store of a register, which no file can answer, goes through `Words`.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from pathlib import Path

import numpy as np

from deepsoc.runtime.device import Buffer
from deepsoc.runtime.linux import LinuxDevice
from deepsoc.runtime.simulation import SimulatedDevice

REGISTERS = 0xA000_0000


class Kernel:
    """The files, and the thread that plays UIO's interrupt."""

    def __init__(self, root: Path, sim: SimulatedDevice | None, size: int, *, address: int = 0x4000_0000) -> None:
        self.root, self.sim = root, sim
        uio, memory = root / "sys/class/uio/uio3", root / "sys/class/u-dma-buf/udmabuf0"
        for folder in (uio / "maps/map0", memory, root / "dev", root / "run/lock"):
            folder.mkdir(parents=True)
        (uio / "name").write_text("dsoc\n")
        (uio / "maps/map0/addr").write_text(f"{REGISTERS:#018x}\n")
        (uio / "maps/map0/size").write_text(f"{4096:#018x}\n")
        (memory / "phys_addr").write_text(f"{address:#018x}\n")
        (memory / "size").write_text(f"{size}\n")
        for name in ("sync_for_device", "sync_for_cpu"):
            (memory / name).write_text("0\n")
        (root / "dev/uio3").write_bytes(bytes(4096))
        (root / "dev/udmabuf0").write_bytes(bytes(size))
        self.commands: list[tuple[str, int, int, int]] = []
        self.touching = threading.Lock()
        self.line, self._mine = socket.socketpair()
        self.silent = False
        threading.Thread(target=self._interrupts, daemon=True).start()

    def obey(self, name: str) -> None:
        """Does what was written into a file of u-dma-buf: copies between its memory and the accelerator's."""
        command = int((self.root / "sys/class/u-dma-buf/udmabuf0" / name).read_text(), 0)
        offset, size, direction, go = command >> 32, command & 0xFFFF_FFF0, command >> 2 & 3, command & 1
        assert go == 1
        self.commands.append((name, offset, size, direction))
        total = (self.root / "dev/udmabuf0").stat().st_size
        assert offset + size <= total, "EINVAL"
        if self.sim is None:
            return
        dram = self.sim.memory[offset : offset + size]
        with (self.root / "dev/udmabuf0").open("r+b") as file:
            file.seek(offset)
            if name == "sync_for_device":
                dram[:] = np.frombuffer(file.read(size), np.uint8)
            else:
                file.write(dram.tobytes())

    def passes(self, clocks: int) -> int:
        """Lets the accelerator run; 1: its interrupt is raised."""
        with self.touching:
            return self.sim.advance(clocks)

    def _interrupts(self) -> None:
        count = 0
        while len(word := self._mine.recv(4)) == 4:
            assert struct.unpack("=i", word) == (1,)
            raised = 0
            while self.sim is not None and raised == 0:
                raised = self.passes(2000)
            if raised == 1 and not self.silent:
                count += 1
                self._mine.send(struct.pack("=i", count))


class Words:
    """Registers: every load and store is one of the simulated accelerator's."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def __getitem__(self, index: int) -> np.uint32:
        self._kernel.passes(500)  # as between two looks
        with self._kernel.touching:
            return np.uint32(self._kernel.sim.read32(4 * index))

    def __setitem__(self, index: int, value: int) -> None:
        with self._kernel.touching:
            self._kernel.sim.write32(4 * index, int(np.uint32(value)))


class OnRtl(LinuxDevice):
    """The back end, with the accelerator and its kernel behind the files."""

    def __init__(self, kernel: Kernel, **options: object) -> None:
        self._kernel = kernel
        super().__init__(root=kernel.root, **options)
        self._words = Words(kernel)
        if hasattr(self, "_uio"):
            os.dup2(kernel.line.fileno(), self._uio)

    def _sync(self, file: int, buffer: Buffer, direction: int) -> None:
        super()._sync(file, buffer, direction)
        self._kernel.obey(Path(f"/proc/self/fd/{file}").readlink().name)
