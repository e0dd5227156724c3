"""FPGA boards: what a design may use of each, from one TOML file a board in `deepsoc/hw/boards`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from deepsoc._json import INTEGER
from deepsoc.hw._data import Entry, find, read_all

__all__ = ["Board", "Fill", "board", "boards"]

_Share = Annotated[float, Field(gt=0, le=1)]
_Count = Annotated[int, Field(ge=0, le=1 << 32)]
_Rate = Annotated[float, Field(ge=1e-3, le=1e6)]


class Fill(Entry):
    """Shares of an FPGA's resources that still route and close timing."""

    name: str = "fill"
    lut: _Share = 0.70
    ff: _Share = 0.50
    dsp: _Share = 0.80
    bram36: _Share = 0.80


class Board(Entry):
    """A board: its FPGA, its memory, and where the figures come from."""

    title: str  # as people call it
    part: str  # full part number, for Vivado
    family: Literal["xc7", "xcup"]  # 7 series, UltraScale+: what Yosys maps to
    board_part: str  # Vivado's name of the board's preset
    board_connections: str = ""  # for Vivado, where the board is a module on a carrier: connector and carrier, in pairs
    lut: _Count
    ff: _Count
    dsp: _Count
    bram36: _Count  # block RAMs of 36 Kbit
    uram: _Count = 0  # UltraRAMs of 288 Kbit
    fill: Fill = Fill()
    axi_data_bits: Annotated[Literal[32, 64, 128, 256, 512], INTEGER]  # width of a memory port of the processing system
    memory_ports: int = Field(ge=1, le=1024)  # how many of them there are
    memory_gb_per_s: _Rate  # peak of the DRAM, 10^9 bytes a second
    frequency_mhz: _Rate  # clock that such designs reach
    source: str  # of these figures

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
