"""Line buffer geometry as docs/architecture.md defines it, from rows and maxima."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Geometry", "word_bits"]


@dataclass(frozen=True)
class Geometry:
    """Line buffers of an array.

    Attributes:
        rows, x_bits, kh_max, sh_max, n_max: hardware parameters.
    """

    rows: int
    x_bits: int
    kh_max: int
    sh_max: int
    n_max: int = 1

    @property
    def rpb(self) -> int:
        """Rows a byte."""
        return 8 // self.x_bits

    @property
    def pt_max(self) -> int:
        """Largest top padding."""
        return (self.kh_max - 1) // 2

    def line(self, row: int) -> int:
        """Line of a row, relative to a row that begins a tile."""
        return row // self.rows * -(-self.rows // self.rpb) + row % self.rows // self.rpb

    @property
    def gt(self) -> int:
        """Line buffers above the block's first row."""
        return -self.line(-self.pt_max)

    @property
    def nf(self) -> int:
        """Line buffers."""
        last = self.sh_max * (self.rows - 1) + self.kh_max - 1
        return max(self.line(last) + self.gt + 1, min(self.rows, self.n_max))

    def place(self, row: int) -> int:
        """Bit of the line buffers' bytes at which the pixel of a row of the block lies."""
        return 8 * (self.line(row) + self.gt) + row % self.rows % self.rpb * self.x_bits


def word_bits(cols: int, k_bits: int, axi_bits: int, ports: int = 1) -> int:
    """Bits of a stored word of weights."""
    unit = ports * max(axi_bits // 8, 8)
    return -(-cols * k_bits // unit) * unit
