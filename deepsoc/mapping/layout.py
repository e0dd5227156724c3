"""How tensors lie in the memory of one accelerator (docs/architecture.md, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from deepsoc._tensors import SlotForm, TileForm
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware

__all__ = ["RawLayout", "TensorLayout"]


@dataclass(frozen=True)
class TensorLayout:
    """A tensor (n, h, w, c) in tiles of `hw.rows` rows; a matrix (n, c) is the tensor (1, n, 1, c).

    Attributes:
        step: bytes from column to column; 0: its own channels. More where it is a range of another tensor's channels.
        every: it is every so-many-th row, and column, of a larger tensor, whose columns are `step` bytes apart. Of rows
            that is possible where no two share a byte.
    """

    hw: Hardware
    n: int
    h: int
    w: int
    c: int
    step: int = 0
    every: tuple[int, int] = (1, 1)

    @property
    def tiles(self) -> int:
        """Tiles a batch element."""
        return -(-self.h // self.hw.rows)

    @property
    def column(self) -> int:
        """Bytes from column to column."""
        return max(self.step, self.c) * self.every[1]

    @property
    def pitch(self) -> int:
        """Bytes from line to line."""
        return -(-self.w * self.column // self.hw.grid_bytes) * self.hw.grid_bytes * self.every[0]

    def channels(self, count: int) -> TensorLayout:
        """`count` of its channels, wherever they begin, as a range of them."""
        return self if count == self.c else replace(self, c=count, step=max(self.step, self.c))

    def cells(self, every: tuple[int, int]) -> TensorLayout:
        """Every so-many-th of its rows and columns, of which it has a multiple."""
        if every == (1, 1):
            return self
        return replace(self, h=self.h // every[0], w=self.w // every[1], step=max(self.step, self.c), every=every)

    @property
    def tile_pitch(self) -> int:
        """Bytes from tile to tile."""
        return self.hw.tile_lines * self.pitch

    @property
    def n_pitch(self) -> int:
        """Bytes from batch element to batch element."""
        return -(-self.h * self.every[0] // self.hw.rows) * self.hw.tile_lines * (self.pitch // self.every[0])

    @property
    def size(self) -> int:
        """Bytes of the whole tensor, up to the end of its place in the last line."""
        return self.form.size

    @property
    def lines(self) -> int:
        """Lines of a batch element that hold an existing row."""
        return self.hw.lines(self.h)

    @property
    def form(self) -> TileForm:
        """The same in plain numbers."""
        image = self.n_pitch if self.every[0] > 1 else 0
        return TileForm(self.hw.rows, self.hw.x_bits, self.n, self.h, self.w, self.c, self.pitch, self.column, image)

    def pack(self, values: IntArray) -> bytes:
        """Memory image of a tensor, as `TileForm.pack`."""
        return self.form.pack(values).tobytes()

    def unpack(self, image: bytes) -> IntArray:
        """Integers (n, h, w, c) of a memory image of `size` bytes, as `TileForm.unpack`."""
        return self.form.unpack(np.frombuffer(image, np.uint8))


@dataclass(frozen=True)
class RawLayout:
    """32-bit values (n, h, w, c) in slots of `hw.rows` words, in the order in which they leave the array."""

    hw: Hardware
    n: int
    h: int
    w: int
    c: int
    ch_per_t: int

    @property
    def form(self) -> SlotForm:
        """The same in plain numbers."""
        return SlotForm(self.hw.rows, self.n, self.h, self.w, self.c, self.hw.slot_bytes, self.ch_per_t)

    @property
    def size(self) -> int:
        """Bytes of all slots."""
        return self.form.size

    def pack(self, values: IntArray) -> bytes:
        """Memory image of values, as `SlotForm.pack`."""
        return self.form.pack(values).tobytes()

    def unpack(self, image: bytes) -> IntArray:
        """Integers (n, h, w, c) of a memory image of `size` bytes, as `SlotForm.unpack`."""
        return self.form.unpack(np.frombuffer(image, np.uint8))
