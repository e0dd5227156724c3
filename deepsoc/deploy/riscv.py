"""The target `riscv-soc`: what memories of the RISC-V SoC hold at power-up, and the same for its boot loader."""

from __future__ import annotations

import tempfile
from pathlib import Path

from deepsoc.deploy.sources import render, runtime, taken
from deepsoc.export import Artifacts
from deepsoc.hw.socmap import load_map
from deepsoc.sim.backends.riscv import RAM_BYTES, memory_bytes, memory_contents
from deepsoc.sim.firmware import ROM_BYTES, boot_rom, frames, hex_words, program_image

__all__ = ["files"]


def files(artifacts: Artifacts) -> dict[str, bytes]:
    """Images of ROM and RAM, the stream for the boot loader with its sender, and the sources.

    Raises:
        InputError: the program does not fit the RAM.
        ToolError: the cross compiler is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="deepsoc-deploy-") as name:
        work = Path(name)
        rom, image = boot_rom(work), program_image(artifacts.path, work, ram_bytes=RAM_BYTES)
    needed = memory_bytes(artifacts)
    values = {
        "manifest": artifacts.manifest,
        "hw": artifacts.hw,
        "memory": load_map().region("MEMORY"),
        "needed": needed,
        "memory_bytes": 1 << (needed - 1).bit_length(),
        "rom_bytes": ROM_BYTES,
        "ram_bytes": RAM_BYTES,
    }
    return {
        **runtime(artifacts),
        **taken(["port/riscv/*", "port/baremetal/dsoc_port_mmio.*", "port/baremetal/dsoc_libc.c"], "src/"),
        **taken(["program/riscv/send.py"]),
        "boot.hex": hex_words(rom).encode(),
        "program.hex": hex_words(image).encode(),
        "serial.bin": frames(memory_contents(artifacts), image),
        "params.svh": (artifacts.path / "params.svh").read_bytes(),
        "README.md": render("riscv-soc.md.j2", values),
    }
