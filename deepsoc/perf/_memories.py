"""What synthesis makes of a memory with one write and one read port: block RAMs, or lookup tables used as memory.

Yosys takes the cheapest of what the family's library offers. The cost of a candidate is that of its cells and of what
they need around them: half a unit for each bit of a multiplexer behind them and for each enable before them, two for
each point of logic that emulates what they lack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["memory"]

_Values = npt.NDArray[np.float64]
_HALF = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))  # 18 Kbit
_WHOLE = ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768))
_BYTE = 9  # bits of a block RAM's word that are written together


@dataclass(frozen=True)
class _Cell:
    """A cell that stores bits.

    Attributes:
        cost: of one.
        scaled: the part of it that shrinks with the bits that are used.
        shapes: bits of a word, words.
        around: cost of what it needs beside it, however many there are.
        bram36: block RAMs of 36 Kbit that it is.
        lut: lookup tables that it is.
    """

    cost: float
    scaled: float
    shapes: tuple[tuple[int, int], ...]
    around: float = 2.0  # a read port of its own
    bram36: float = 0.0
    lut: int = 0


_CELLS: dict[str, tuple[_Cell, ...]] = {
    "xc7": (
        _Cell(8, 7, ((6, 32), (3, 64)), lut=4),
        _Cell(129, 0, _HALF, bram36=0.5),
        _Cell(257, 0, _WHOLE, bram36=1.0),
    ),
    "xcup": (
        _Cell(16, 16, ((14, 32), (7, 64)), lut=8),
        _Cell(129, 0, _HALF, bram36=0.5),
        _Cell(257, 0, _WHOLE, bram36=1.0),
    ),
    # A word that is read while it is written is the old one: ECP5's block RAMs need registers and multiplexers for it.
    "ecp5": (_Cell(4, 0, ((4, 16),), lut=4), _Cell(128, 0, _HALF, around=14.0, bram36=0.5)),
}


def memory(
    family: str, width: npt.ArrayLike, depth: npt.ArrayLike, read: npt.ArrayLike | None = None
) -> tuple[_Values, _Values]:
    """Block RAMs of 36 Kbit (halves: of 18) and lookup tables that a memory takes; the multiplexers are not counted.

    Args:
        family: of the FPGA.
        width: bits of a word.
        depth: words.
        read: bits of a word that are read, the lowest ones; cells of others are left out. None: all.
    """
    read = width if read is None else read
    width, depth, read = np.broadcast_arrays(*(np.asarray(values, np.float64) for values in (width, depth, read)))
    cheapest = np.full(width.shape, np.inf)
    bram36, lut = np.zeros(width.shape), np.zeros(width.shape)
    for cell in _CELLS[family]:
        for bits, words in cell.shapes:
            byte = min(bits, _BYTE) if cell.bram36 else bits
            parts = np.ceil(depth / words)
            cells = np.ceil(parts * np.ceil(width / byte) * byte / bits)
            cost = (cell.cost - cell.scaled) * cells + cell.scaled * parts * width / bits + cell.around
            cost += ((parts - 1) * width + np.where(parts > 1, parts, 0)) / 2
            used = np.minimum(cells, parts * np.ceil(read / bits))
            better = cost < cheapest
            cheapest = np.where(better, cost, cheapest)
            bram36 = np.where(better, cell.bram36 * used, bram36)
            lut = np.where(better, cell.lut * used, lut)
    return bram36, lut
