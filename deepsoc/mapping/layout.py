"""How tensors lie in memory (docs/architecture.md, section 2): sizes, packing and unpacking, vectorised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepsoc.errors import InputError
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware

__all__ = ["RawLayout", "TensorLayout"]


@dataclass(frozen=True)
class TensorLayout:
    """A tensor (n, h, w, c) in tiles of `hw.rows` rows; a matrix (n, c) is the tensor (1, n, 1, c)."""

    hw: Hardware
    n: int
    h: int
    w: int
    c: int

    @property
    def tiles(self) -> int:
        """Tiles a batch element."""
        return -(-self.h // self.hw.rows)

    @property
    def pitch(self) -> int:
        """Bytes from line to line."""
        return -(-self.w * self.c // self.hw.grid_bytes) * self.hw.grid_bytes

    @property
    def tile_pitch(self) -> int:
        """Bytes from tile to tile."""
        return self.hw.tile_lines * self.pitch

    @property
    def n_pitch(self) -> int:
        """Bytes from batch element to batch element."""
        return self.tiles * self.tile_pitch

    @property
    def size(self) -> int:
        """Bytes of the whole tensor."""
        return self.n * self.n_pitch

    @property
    def lines(self) -> int:
        """Lines of a batch element that hold an existing row."""
        return self.hw.lines(self.h)

    def pack(self, values: IntArray) -> bytes:
        """Memory image of a tensor.

        Args:
            values: integers of `x_bits` bits; any shape of n*h*w*c elements whose order is (n, h, w, c).

        Raises:
            InputError: another number of elements, or a value that does not fit.
        """
        hw = self.hw
        if values.size != self.n * self.h * self.w * self.c:
            raise InputError(f"expected {self.n}*{self.h}*{self.w}*{self.c} integers, received shape {values.shape}")
        limit = 1 << (hw.x_bits - 1)
        if values.min() < -limit or values.max() >= limit:
            raise InputError(f"{hw.x_bits} bits hold {-limit} … {limit - 1}, received {values.min()} … {values.max()}")
        rows = np.zeros((self.n, self.tiles * hw.rows, self.w * self.c), np.uint8)
        rows[:, : self.h] = values.reshape(self.n, self.h, -1) & ((1 << hw.x_bits) - 1)
        lanes = np.zeros((self.n, self.tiles, hw.tile_lines * hw.rpb, self.w * self.c), np.uint8)
        lanes[:, :, : hw.rows] = rows.reshape(self.n, self.tiles, hw.rows, -1)
        lanes = lanes.reshape(self.n, self.tiles, hw.tile_lines, hw.rpb, -1)
        image = np.zeros((self.n, self.tiles, hw.tile_lines, self.pitch), np.uint8)
        for r in range(hw.rpb):
            image[..., : self.w * self.c] |= lanes[..., r, :] << (r * hw.x_bits)
        return image.tobytes()

    def unpack(self, image: bytes) -> IntArray:
        """Integers (n, h, w, c) of a memory image of `size` bytes; what lies between them is ignored."""
        hw = self.hw
        lines = _checked(image, self.size).reshape(self.n, self.tiles, hw.tile_lines, self.pitch)
        lines = lines[..., : self.w * self.c]
        half = 1 << (hw.x_bits - 1)
        lanes = [((lines >> (r * hw.x_bits) & (2 * half - 1)) ^ half).astype(np.int64) - half for r in range(hw.rpb)]
        rows = np.stack(lanes, axis=3).reshape(self.n, self.tiles, hw.tile_lines * hw.rpb, -1)[:, :, : hw.rows]
        return rows.reshape(self.n, self.tiles * hw.rows, self.w, self.c)[:, : self.h]


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
    def blocks(self) -> int:
        """Row blocks a batch element."""
        return -(-self.h // self.hw.rows)

    @property
    def slots(self) -> int:
        """Number of slots."""
        return self.n * self.blocks * self.w * self.c

    @property
    def size(self) -> int:
        """Bytes of all slots."""
        return self.slots * self.hw.slot_bytes

    def _slot(self) -> IntArray:
        """Slot of every (n, row block, w, c)."""
        k = np.arange(self.c)
        t = k // self.ch_per_t
        channels = np.minimum(self.c - t * self.ch_per_t, self.ch_per_t)  # of the iteration that makes k
        column = np.arange(self.n * self.blocks * self.w).reshape(self.n, self.blocks, self.w, 1)
        return np.asarray(t * self.ch_per_t * column.size + column * channels + k % self.ch_per_t, np.int64)

    def pack(self, values: IntArray) -> bytes:
        """Memory image of values whose order is (n, h, w, c); words of rows that do not exist are 0."""
        rows = np.zeros((self.n, self.blocks * self.hw.rows, self.w, self.c), np.int64)
        rows[:, : self.h] = values.reshape(self.n, self.h, self.w, self.c)
        blocks = rows.reshape(self.n, self.blocks, self.hw.rows, self.w, self.c)
        image = np.zeros((self.slots, self.hw.slot_bytes // 4), "<i4")
        image[self._slot(), : self.hw.rows] = np.moveaxis(blocks, 2, -1)
        return image.tobytes()

    def unpack(self, image: bytes) -> IntArray:
        """Integers (n, h, w, c) of a memory image of `size` bytes."""
        words = _checked(image, self.size).view("<i4").reshape(self.slots, -1)[:, : self.hw.rows]
        blocks = np.moveaxis(words[self._slot()], -1, 2).astype(np.int64)
        return blocks.reshape(self.n, self.blocks * self.hw.rows, self.w, self.c)[:, : self.h]


def _checked(image: bytes, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if len(image) != size:
        raise InputError(f"expected a memory image of {size} bytes, received {len(image)}")
    return np.frombuffer(image, np.uint8)
