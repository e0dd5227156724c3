"""FPGA boards: what a design may use of each, from one TOML file a board in `deepsoc/hw/boards`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from deepsoc._json import INTEGER
from deepsoc.hw._data import Entry, find, read_all
from deepsoc.hw.socmap import ROM_BYTES

__all__ = ["Board", "Fill", "System", "board", "boards"]

_Share = Annotated[float, Field(gt=0, le=1)]
_Count = Annotated[int, Field(ge=0, le=1 << 32)]
_Rate = Annotated[float, Field(ge=1e-3, le=1e6)]
_Pin = Annotated[str, Field(pattern=r"^[A-Z]{0,2}[0-9]{1,3}$")]
_OPEN = ("ecp5", "gowin")
_BLOCK_BYTES = 2048  # of a block RAM of 18 Kbit, which stores 16 Kbit where bytes are written


class Fill(Entry):
    """Shares of an FPGA's resources that still route and close timing."""

    name: str = "fill"
    lut: _Share = 0.70
    ff: _Share = 0.50
    dsp: _Share = 0.90  # in columns of their own, between which there is wire for all of them
    bram36: _Share = 0.80


class System(BaseModel):
    """What the RISC-V SoC is built with on a board whose FPGA has no processor: clock, pins, memories."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    clock_mhz: Annotated[float, Field(ge=3, le=400)]  # oscillator
    clock: _Pin
    rx: _Pin  # serial port, from the host
    tx: _Pin  # serial port, to the host
    leds: tuple[_Pin, ...] = Field(default=(), max_length=8, strict=False)  # from bit 0 on
    leds_low: bool = False  # they light at 0
    reset: _Pin | None = None  # button
    reset_low: bool = True  # it resets at 0
    io_type: Annotated[str, Field(pattern="^LVCMOS(12|15|18|25|33)$")] = "LVCMOS33"
    chip: Annotated[str, Field(pattern="^[A-Z0-9-]*$")] = ""  # Gowin: device as the open tools name it
    baud: Annotated[int, Field(ge=1200, le=4_000_000)] = 1_000_000
    ram_bytes: Annotated[int, Field(ge=4096, le=1 << 20)] = 32768  # program RAM, a power of two
    memory_bytes: Annotated[int, Field(ge=4096, le=1 << 24)]  # most block RAM for a network, a power of two

    def block_rams(self, memory_bytes: Any) -> Any:
        """Block RAMs of 18 Kbit that boot ROM, program RAM and a shared memory take.

        Args:
            memory_bytes: what networks need of the shared memory, one or an array; a power of two is built.
        """
        built = 2 ** np.ceil(np.log2(np.maximum(memory_bytes, 1)))
        return sum(np.ceil(size / _BLOCK_BYTES) for size in (ROM_BYTES, self.ram_bytes, built))

    @model_validator(mode="after")
    def _powers(self) -> Self:
        for name in ("ram_bytes", "memory_bytes"):
            if getattr(self, name) & (getattr(self, name) - 1):
                raise ValueError(f"expected a power of two as {name}")
        return self


class Board(Entry):
    """A board: its FPGA, its memory, and where the figures come from."""

    title: str  # as people call it
    part: str  # full part number
    family: Literal["xc7", "xcup", "ecp5", "gowin"]  # 7 series, UltraScale+, ...: what Yosys maps to
    board_part: str = ""  # AMD: Vivado's name of the board's preset
    board_connections: str = ""  # for Vivado, where the board is a module on a carrier: connector and carrier, in pairs
    lut: _Count
    ff: _Count
    dsp: _Count
    bram36: _Count  # block RAMs of 36 Kbit; two of 18 are one
    uram: _Count = 0  # UltraRAMs of 288 Kbit
    fill: Fill = Fill()
    axi_data_bits: Annotated[Literal[32, 64, 128, 256, 512], INTEGER]  # width of a memory port
    memory_ports: int = Field(ge=1, le=1024)  # how many of them there are
    memory_gb_per_s: _Rate  # peak of the DRAM, 10^9 bytes a second
    frequency_mhz: _Rate  # clock that such designs reach
    source: str  # of these figures
    system: System | None = None  # ECP5, Gowin

    @model_validator(mode="after")
    def _of_its_family(self) -> Self:
        if (self.family in _OPEN) != (self.system is not None):
            needs = "needs a table system" if self.family in _OPEN else "has a processor, and no table system"
            raise ValueError(f"a board of {self.family} {needs}")
        if (self.family in _OPEN) != (not self.board_part):
            needs = "has no board_part" if self.family in _OPEN else "needs a board_part"
            raise ValueError(f"a board of {self.family} {needs}")
        return self

    def budget(self) -> dict[str, float]:
        """What a design may take: `lut`, `ff`, `dsp`, `bram36`, each times its fill limit."""
        return {name: getattr(self, name) * getattr(self.fill, name) for name in ("lut", "ff", "dsp", "bram36")}


def board(name_or_path: str | Path) -> Board:
    """A board by its name, or a user's own by the path of its TOML file.

    Raises:
        InputError: no such board or file, or a field is wrong; lists the boards, or names file and field.
    """
    return find(Board, "boards", name_or_path)


def boards() -> dict[str, Board]:
    """All boards of the package by name."""
    return read_all(Board, "boards")
