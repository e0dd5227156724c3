"""The weights stream of an operation (docs/architecture.md, section 4), vectorised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, split

__all__ = ["flat_order", "weights_stream"]

_Bytes = npt.NDArray[np.uint8]


def flat_order(hw: Hardware, shape: tuple[int, int, int]) -> IntArray:
    """Order in which a dense layer takes the features of a flattened tensor (h, w, c) from memory.

    Returns:
        Index into the (h, w, c) order, one a clock: byte lines, bytes of a line, existing rows of a byte.
    """
    h, w, c = shape
    columns = np.arange(w * c)[:, None]
    parts = []
    for line in range(hw.lines(h)):
        tile, g = divmod(line, hw.tile_lines)
        in_tile = np.arange(g * hw.rpb, min((g + 1) * hw.rpb, hw.rows))
        rows = tile * hw.rows + in_tile
        parts.append((rows[rows < h] * w * c + columns).ravel())
    return np.concatenate(parts).astype(np.int64)


def weights_stream(hw: Hardware, loops: Loops, weights: IntArray, bias: IntArray) -> bytes:
    """The stream of one operation, a whole number of beats.

    Args:
        hw: the accelerator.
        loops: of the operation.
        weights: (kh, kw, ci, co) of a convolution, or (1, 1, features, co) in the order of use. Features beyond the
            weights RAM make chained blocks.
        bias: (co,) at the frac of the accumulator.
    """
    kw, co = weights.shape[1], weights.shape[3]
    columns = np.arange(hw.cols)
    group, q = np.divmod(columns, kw + loops.sw - 1)
    sets = np.arange(loops.sw)[:, None]
    s = (q - sets) % loops.sw  # (set, column): channel within the group
    tap = q - s
    parts: list[_Bytes] = []
    for t in range(loops.t):
        channel = t * loops.ch_per_t + group * loops.sw + s
        used = (tap >= 0) & (tap < kw) & (group < hw.e_groups(kw, loops.sw)) & (channel < co)
        taken = weights[:, np.where(used, tap, 0), :, np.where(used, channel, 0)]  # (set, column, kh, ci)
        words = np.where(used[..., None, None], taken, 0).transpose(0, 3, 2, 1).reshape(-1, hw.cols)
        first = t * loops.ch_per_t
        for start, stop in split(len(words), hw.weights_ram_depth):
            biases = bias[first : first + loops.channels(t)] if start == 0 else bias[:0]
            parts += [_header(hw, stop - start, len(biases)), _beats(hw, biases.astype("<i4").view(np.uint8))]
            parts.append(_beats(hw, _packed(hw, words[start:stop]).ravel()))
    return np.concatenate(parts).tobytes()


def _header(hw: Hardware, n_words: int, n_bias: int) -> _Bytes:
    return _beats(hw, np.array([n_words | n_bias << 20], "<u4").view(np.uint8))


def _packed(hw: Hardware, words: IntArray) -> _Bytes:
    """Weight words (n, columns) as bytes (n, WP / 8), column 0 in the low bits."""
    per_byte = 8 // hw.k_bits
    lanes = np.zeros((len(words), hw.weight_word_bits // hw.k_bits), np.uint8)
    lanes[:, : words.shape[1]] = words & ((1 << hw.k_bits) - 1)
    packed = np.zeros((len(words), lanes.shape[1] // per_byte), np.uint8)
    for i in range(per_byte):
        packed |= lanes[:, i::per_byte] << (i * hw.k_bits)
    return packed


def _beats(hw: Hardware, data: _Bytes) -> _Bytes:
    """`data`, filled up with zeros to whole beats."""
    return np.pad(data, (0, -len(data) % hw.axi_bytes))
