"""The target `riscv-soc`: what memories of the RISC-V SoC hold at power-up, and the same for its boot loader.

A board whose FPGA holds that SoC (flows `ecp5`, `gowin`) is a target of its own: the stream fits its memories.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from deepsoc.deploy.sources import render, runtime, taken
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.hw.boards import Board
from deepsoc.hw.socmap import load_map
from deepsoc.sim.backends.riscv import RAM_BYTES, memory_bytes, memory_contents
from deepsoc.sim.firmware import ROM_BYTES, boot_rom, frames, hex_words, program_image

__all__ = ["files", "files_of"]


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
        **_common(artifacts, image),
        "boot.hex": hex_words(rom).encode(),
        "program.hex": hex_words(image).encode(),
        "params.svh": (artifacts.path / "params.svh").read_bytes(),
        "README.md": render("riscv-soc.md.j2", values),
    }


def files_of(board: Board, artifacts: Artifacts) -> dict[str, bytes]:
    """The stream for the boot loader of a board with its sender, and the sources.

    Raises:
        InputError: the network does not fit the board's memory, or the program its RAM.
        ToolError: the cross compiler is missing or fails.
    """
    if board.system is None:
        raise InputError(f"{board.name} has a processor of its own", where="target")
    needed, there = memory_bytes(artifacts), board.system.memory_bytes
    if needed > there:
        raise InputError(f"needs {needed:,} bytes of memory; {board.title} gives {there:,}", where="target")
    with tempfile.TemporaryDirectory(prefix="deepsoc-deploy-") as name:
        image = program_image(artifacts.path, Path(name), ram_bytes=board.system.ram_bytes)
    values = {"manifest": artifacts.manifest, "board": board, "baud": board.system.baud}
    return {**_common(artifacts, image), "README.md": render("board.md.j2", values)}


def _common(artifacts: Artifacts, image: bytes) -> dict[str, bytes]:
    return {
        **runtime(artifacts),
        **taken(["port/riscv/*", "port/baremetal/dsoc_port_mmio.*", "port/baremetal/dsoc_libc.c"], "src/"),
        **taken(["program/riscv/send.py"]),
        "serial.bin": frames(memory_contents(artifacts), image),
    }
