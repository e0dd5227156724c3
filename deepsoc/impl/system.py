"""The RISC-V SoC with the accelerator for one board: how large its memories are, and what its ROM holds."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from deepsoc.assets import core_files, rtl_files, rtl_headers, soc_files
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.hw.boards import Board
from deepsoc.hw.boards import System as Parts
from deepsoc.impl.design import Design, check_tables, estimate, forecast, of_board
from deepsoc.impl.flow import Forecast, Job
from deepsoc.impl.pll import Pll, settings
from deepsoc.sim.backends.riscv import memory_bytes
from deepsoc.sim.firmware import ROM_BYTES, boot_rom, hex_words

__all__ = ["System", "design", "forecast_system", "rom_words", "sources", "system"]


@dataclass(frozen=True)
class System:
    """What a job builds on its board.

    Attributes:
        board: for which.
        parts: of the board.
        pll: makes the clock; None: the oscillator does.
        clock_hz: of the system.
        memory_bytes: block RAM that the accelerator and the core share.
    """

    board: Board
    parts: Parts
    pll: Pll | None
    clock_hz: int
    memory_bytes: int

    @property
    def parameters(self) -> dict[str, int]:
        """Of the RTL's top."""
        return {
            "ClkHz": self.clock_hz,
            "Baud": self.parts.baud,
            "RomBytes": ROM_BYTES,
            "RamBytes": self.parts.ram_bytes,
            "MemoryBytes": self.memory_bytes,
        }


def system(job: Job) -> System:
    """The system of a job: the memory is as large as its network needs, or as the board has room for.

    Raises:
        InputError: the network needs more than the board gives, or the block RAMs do not suffice, or the clock cannot
            be made; names the figures.
    """
    board, parts = of_board(job)
    memory = parts.memory_bytes
    if (job.folder / "manifest.json").exists():
        needed = memory_bytes(Artifacts.load(job.folder))
        if needed > memory:
            raise InputError(
                f"the network needs {needed:,} bytes of memory; {board.title} gives {memory:,} bytes of block RAM "
                "(memory_bytes of its file); take a smaller network or another board",
                where="board",
            )
        memory = 1 << (needed - 1).bit_length()
    of_system = int(parts.block_rams(memory))
    of_accelerator = round(2 * estimate(job, "bram36"))
    there = 2 * board.bram36
    if of_system + of_accelerator > there:
        raise InputError(
            f"boot ROM, program RAM and {memory:,} bytes of memory need {of_system} block RAMs of 18 Kbit, the "
            f"accelerator about {of_accelerator}; {board.title} has {there}; make weights_ram_depth, the network or "
            "the file's ram_bytes smaller",
            where="board",
        )
    check_tables(job, system=True)
    pll = settings(board.family, parts.clock_mhz, job.hw.frequency_mhz)
    rate = parts.clock_mhz if pll is None else pll.frequency_mhz
    return System(board, parts, pll, round(rate * 1e6), memory)


def design(job: Job) -> Design:
    """The whole system, with what its ROM holds.

    Raises:
        InputError: as `system`.
        ToolError: the package with the core is missing, or the cross compiler is or fails.
    """
    what = system(job)
    parts = what.parts
    pins = [("clk", parts.clock, False), ("rx", parts.rx, True), ("tx", parts.tx, False)]
    if parts.reset:
        pins.append(("reset", parts.reset, parts.reset_low))
    files, included = sources(what.board.family)
    return Design(
        what.board,
        parts,
        template="system.v.j2",
        values={"pll": what.pll},
        clock_mhz=parts.clock_mhz,
        rate_mhz=what.clock_hz / 1e6,
        pins=[*pins, *((f"led{index}", pin, False) for index, pin in enumerate(parts.leds))],
        files=files,
        included=included,
        parameters=what.parameters,
        contents={"boot.hex": rom_words()},
    )


def forecast_system(job: Job) -> Forecast:
    """What a whole run takes.

    Raises:
        InputError: as `system`.
    """
    system(job)
    return forecast(job, system=True)


def sources(family: str = "") -> tuple[list[Path], list[Path]]:
    """Sources of the system in their order, and what they include.

    Args:
        family: of FPGAs, for which the accelerator has some of its own.

    Raises:
        ToolError: the package with the core is missing.
    """
    core, included = core_files()
    return [*core, *rtl_files(family=family), *soc_files()], [*included, *rtl_headers()]


def rom_words() -> str:
    """The boot loader, as the ROM reads it.

    Raises:
        ToolError: the cross compiler is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="deepsoc-rom-") as place:
        return hex_words(boot_rom(Path(place)))
