"""Tensors as the accelerator's memory holds them (docs/architecture.md, section 2), packed and unpacked with NumPy.

Boards need it too: nothing but NumPy is imported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError

__all__ = ["Image", "Integers", "SlotForm", "TileForm", "fixed", "limits", "to_integers"]

Integers = npt.NDArray[np.int64]
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class TileForm:
    """A tensor (n, h, w, c) in tiles of `rows` rows, several rows a byte.

    Attributes:
        bits: of a value, 2, 4 or 8.
        pitch: bytes from line to line.
        step: bytes from column to column; 0: its own channels. More where it is a range of another tensor's channels.
        image: bytes from batch element to batch element; 0: its own tiles. Others where its rows are some of another's.
    """

    rows: int
    bits: int
    n: int
    h: int
    w: int
    c: int
    pitch: int
    step: int = 0
    image: int = 0

    @property
    def rows_per_byte(self) -> int:
        """Rows that share a byte."""
        return 8 // self.bits

    @property
    def tile_lines(self) -> int:
        """Byte lines a tile."""
        return -(-self.rows // self.rows_per_byte)

    @property
    def tiles(self) -> int:
        """Tiles a batch element."""
        return -(-self.h // self.rows)

    @property
    def size(self) -> int:
        """Bytes of the whole tensor, up to the end of its place in the last line."""
        if self.image:  # behind its last line lies another tensor's
            return (self.n - 1) * self.image + (self.lines - 1) * self.pitch + (self.w - 1) * self.column + self.c
        return self.n * self.tiles * self.tile_lines * self.pitch - (self.column - self.c)

    @property
    def lines(self) -> int:
        """Lines of a batch element that hold an existing row."""
        tile, row = divmod(self.h - 1, self.rows)
        return tile * self.tile_lines + row // self.rows_per_byte + 1

    @property
    def column(self) -> int:
        """Bytes from column to column."""
        return max(self.step, self.c)

    def pack(self, values: npt.NDArray[np.integer]) -> Image:
        """Memory image, `size` bytes.

        Args:
            values: integers of `bits` bits; any shape of n*h*w*c elements whose order is (n, h, w, c).

        Raises:
            InputError: another number of elements, or a value that does not fit.
        """
        if values.size != self.n * self.h * self.w * self.c:
            raise InputError(f"expected {self.n}*{self.h}*{self.w}*{self.c} integers, received shape {values.shape}")
        limit = 1 << (self.bits - 1)
        if values.min() < -limit or values.max() >= limit:
            raise InputError(f"{self.bits} bits hold {-limit} … {limit - 1}, received {values.min()} … {values.max()}")
        line = self.w * self.column
        rows = np.zeros((self.n, self.tiles * self.rows, self.w, self.column), np.uint8)
        rows[:, : self.h, :, : self.c] = values.reshape(self.n, self.h, self.w, self.c) & (2 * limit - 1)
        lanes = np.zeros((self.n, self.tiles, self.tile_lines * self.rows_per_byte, line), np.uint8)
        lanes[:, :, : self.rows] = rows.reshape(self.n, self.tiles, self.rows, line)
        lanes = lanes.reshape(self.n, self.tiles * self.tile_lines, self.rows_per_byte, line)
        image = np.zeros(self.size + self.column - self.c, np.uint8)
        for r in range(self.rows_per_byte):
            self._lines(image)[:] |= lanes[:, : self.lines, r] << (r * self.bits)
        return image[: self.size]

    def _lines(self, image: Image) -> Image:
        """View (n, lines, bytes) of the lines of a memory image that goes on to the end of the last column."""
        step = self.image or self.tiles * self.tile_lines * self.pitch
        shape = (self.n, self.lines, self.w * self.column)
        return np.lib.stride_tricks.as_strided(image, shape, (step, self.pitch, 1))

    def unpack(self, image: Image) -> Integers:
        """Integers (n, h, w, c) of a memory image of `size` bytes; what lies between them is ignored."""
        whole = np.pad(_checked(image, self.size), (0, self.column - self.c))
        tiled = np.zeros((self.n, self.tiles * self.tile_lines, self.w * self.column), np.uint8)
        tiled[:, : self.lines] = self._lines(whole)
        lines = tiled.reshape(self.n, self.tiles, self.tile_lines, -1)
        half = 1 << (self.bits - 1)
        shifts = range(0, 8, self.bits)
        lanes = [((lines >> shift & (2 * half - 1)) ^ half).astype(np.int64) - half for shift in shifts]
        rows = np.stack(lanes, axis=3).reshape(self.n, self.tiles, self.tile_lines * self.rows_per_byte, -1)
        values: Integers = rows[:, :, : self.rows].reshape(self.n, self.tiles * self.rows, self.w, -1)
        return values[:, : self.h, :, : self.c]


@dataclass(frozen=True)
class SlotForm:
    """32-bit values (n, h, w, c) in slots of `rows` words, in the order in which they leave the array.

    Attributes:
        slot_bytes: from slot to slot.
        ch_per_t: channels an iteration.
    """

    rows: int
    n: int
    h: int
    w: int
    c: int
    slot_bytes: int
    ch_per_t: int

    @property
    def blocks(self) -> int:
        """Row blocks a batch element."""
        return -(-self.h // self.rows)

    @property
    def slots(self) -> int:
        """Number of slots."""
        return self.n * self.blocks * self.w * self.c

    @property
    def size(self) -> int:
        """Bytes of all slots."""
        return self.slots * self.slot_bytes

    def _slot(self) -> Integers:
        """Slot of every (n, row block, w, c)."""
        k = np.arange(self.c)
        t = k // self.ch_per_t
        channels = np.minimum(self.c - t * self.ch_per_t, self.ch_per_t)  # of the iteration that makes k
        column = np.arange(self.n * self.blocks * self.w).reshape(self.n, self.blocks, self.w, 1)
        return np.asarray(t * self.ch_per_t * column.size + column * channels + k % self.ch_per_t, np.int64)

    def pack(self, values: npt.NDArray[np.integer]) -> Image:
        """Memory image of values whose order is (n, h, w, c); words of rows that do not exist are 0."""
        rows = np.zeros((self.n, self.blocks * self.rows, self.w, self.c), np.int64)
        rows[:, : self.h] = values.reshape(self.n, self.h, self.w, self.c)
        blocks = rows.reshape(self.n, self.blocks, self.rows, self.w, self.c)
        image = np.zeros((self.slots, self.slot_bytes // 4), "<i4")
        image[self._slot(), : self.rows] = np.moveaxis(blocks, 2, -1)
        return image.view(np.uint8).reshape(-1)

    def unpack(self, image: Image) -> Integers:
        """Integers (n, h, w, c) of a memory image of `size` bytes."""
        words = _checked(image, self.size).view("<i4").reshape(self.slots, -1)[:, : self.rows]
        blocks = np.moveaxis(words[self._slot()], -1, 2).astype(np.int64)
        values: Integers = blocks.reshape(self.n, self.blocks * self.rows, self.w, self.c)[:, : self.h]
        return values


def limits(bits: int) -> tuple[int, int]:
    """Smallest and largest two's complement integer of `bits` bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def fixed(
    real: npt.NDArray[np.floating], bits: int, frac: int, scale: float | npt.NDArray[np.float64] = 1.0, zero: int = 0
) -> Integers:
    """Nearest integers of `bits` bits to real / scale * 2**frac, ties to the even one, and `zero` more, saturated.

    Args:
        real: values of any shape and size, none of them NaN.
        bits: of an integer, at most 53.
        frac: real value = (integer - zero) * scale * 2^-frac.
        scale: one for all, or what has the shape of the last dimensions.
        zero: the integer of the real value 0.
    """
    with np.errstate(over="ignore"):  # what is too large for a float saturates like all that is too large
        scaled = np.rint(np.ldexp((real / scale).astype(np.float64), frac))
    values: Integers = np.clip(scaled + zero, *limits(bits)).astype(np.int64)
    return values


def to_integers(
    images: npt.ArrayLike, shape: tuple[int, ...], *, bits: int, frac: int, scale: float = 1.0, zero: int = 0,
    where: str = "images",
) -> tuple[Integers, bool]:  # fmt: skip
    """Inputs of a network as its integers.

    Args:
        images: shape (count, *shape), or one of them without the first axis. Real values are quantized as in training
            (round half to even, saturate); integers are taken as they are.
        shape: of one input.
        bits: of an integer.
        frac: real value = (integer - zero) * scale * 2^-frac.
        scale: see `frac`.
        zero: the integer of the real value 0.
        where: names the images in errors.

    Returns:
        Integers (count, *shape), and whether one image came alone.

    Raises:
        InputError: another shape, no numbers, NaN or infinity, or integers that `bits` do not hold.
    """
    values = np.asarray(images)
    single = values.shape == shape
    if single:
        values = values[None]
    if values.shape[1:] != shape or len(values) == 0:
        expected = ", ".join(map(str, ("count", *shape)))
        raise InputError(f"expected images of shape ({expected}), received {values.shape}", where=where)
    if np.issubdtype(values.dtype, np.floating):
        if not np.isfinite(values).all():
            raise InputError("a value is NaN or infinite; expected finite numbers", where=where)
        return fixed(values, bits, frac, scale, zero), single
    if not np.issubdtype(values.dtype, np.integer):
        raise InputError(f"expected numbers, received {values.dtype}", where=where)
    least, most = limits(bits)
    if values.min() < least or values.max() > most:
        raise InputError(
            f"integers of {bits} bits are {least} … {most}, received {values.min()} … {values.max()}; "
            "give real values to have them quantized",
            where=where,
        )
    return values.astype(np.int64), single


def _checked(image: Image, size: int) -> Image:
    if len(image) != size:
        raise InputError(f"expected a memory image of {size} bytes, received {len(image)}")
    return np.ascontiguousarray(image)
