"""A board as PYNQ sees it: a `pynq.Device` whose registers and memory are the simulated RTL's.

PYNQ itself is unmodified: `Overlay`, `DefaultIP`, `MMIO`, `allocate` and its buffers call this class as they call that
of a Zynq. What Vivado's .hwh tells of the block design is given here by hand.
"""

from __future__ import annotations

import struct
from types import SimpleNamespace

import numpy as np
import pynq
from pynq.buffer import PynqBuffer

from deepsoc.runtime.pynq import Accelerator
from deepsoc.runtime.simulation import SimulatedDevice

REGISTERS = 0xA000_0000
VLNV = Accelerator.bindto[0]


class Board(pynq.Device):
    """One board with one accelerator."""

    def __init__(self, sim: SimulatedDevice, blocks: dict[str, str] | None = None) -> None:
        super().__init__("simulated")
        self.sim = sim
        self.blocks = {"dsoc_0": VLNV} if blocks is None else blocks
        self.downloads = 0
        self.timestamp = ""
        self.name = "simulated"

    # ---- MMIO
    def has_capability(self, name: str) -> bool:
        return name == "REGISTER_RW"

    def read_registers(self, address: int, length: int) -> bytes:
        self.sim.advance(500)  # as between two looks
        words = [self.sim.read32(address - REGISTERS + at) for at in range(0, length, 4)]
        return struct.pack(f"<{len(words)}I", *words)

    def write_registers(self, address: int, data: bytes) -> None:
        for at, (word,) in enumerate(struct.iter_unpack("<I", bytes(data))):
            self.sim.write32(address - REGISTERS + 4 * at, word)

    # ---- memory
    def allocate(self, shape: tuple[int, ...], dtype: type, **options: object) -> PynqBuffer:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        place = self.sim.alloc(size)
        return PynqBuffer(
            shape, dtype, buffer=place.array, device=self, device_address=place.address, bo=place, coherent=False
        )

    def flush(self, bo: object, offset: int, virtual_address: int, size: int) -> None:
        self.sim.flush(bo.part(offset, size))

    def invalidate(self, bo: object, offset: int, virtual_address: int, size: int) -> None:
        self.sim.invalidate(bo.part(offset, size))

    # ---- overlays
    def get_bitfile_metadata(self, name: str, *rest: object) -> SimpleNamespace:
        blocks = {
            name: {
                "phys_addr": REGISTERS,
                "addr_range": 4096,
                "type": vlnv,
                "fullpath": name,
                "state": None,
                "parameters": {},
                "registers": {},
                "interrupts": {},
                "gpio": {},
            }
            for name, vlnv in self.blocks.items()
        }
        empty = {"gpio_dict", "interrupt_controllers", "interrupt_pins", "hierarchy_dict", "mem_dict", "clock_dict"}
        return SimpleNamespace(ip_dict=blocks, systemgraph=None, **{name: {} for name in empty})

    def download(self, bitstream: pynq.Bitstream, parser: object = None) -> None:
        self.downloads += 1
        bitstream.timestamp = self.timestamp = f"download {self.downloads}"

    def gen_cache(self, bitstream: object, parser: object = None) -> None:
        pass
