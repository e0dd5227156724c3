"""The weights stream of an operation (docs/architecture.md, section 4), vectorised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deepsoc.graph.ir import IntArray, Scale
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, split, spread_pitch

__all__ = [
    "column_roles", "flat_order", "resident_stream", "spread_words", "stream_cells", "weight_words", "weights_stream",
]  # fmt: skip

_Bytes = npt.NDArray[np.uint8]
_RESIDENT = 1 << 19  # of a header's count of words: they are for the resident weights


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


def column_roles(hw: Hardware, loops: Loops, t: int, phase: int) -> tuple[IntArray, IntArray]:
    """What the columns of the array compute in an iteration (docs/architecture.md, section 4).

    Args:
        hw: the accelerator.
        loops: of the operation.
        t: the iteration.
        phase: (input column + padding on the left) mod `sets`, which selects the weights set.

    Returns:
        (cols,) kernel column, and (cols,) output channel; both -1 for columns that get the weight 0.
    """
    group, place = np.divmod(np.arange(hw.cols), loops.group)
    s = (place - phase) % loops.sets  # channel within the group
    tap, channel = place - s, t * loops.ch_per_t + group * loops.sets + s
    used = (tap >= 0) & (tap < loops.kw) & (group < loops.ch_per_t // loops.sets) & (channel < loops.co)
    return np.where(used, tap, -1), np.where(used, channel, -1)


def weight_words(hw: Hardware, loops: Loops, weights: IntArray, t: int) -> IntArray:
    """Weights of iteration `t`, as the array takes them: (sets, words a set, cols); see `weights_stream`."""
    sets = []
    for phase in range(loops.sets):
        tap, channel = column_roles(hw, loops, t, phase)
        sets.append(np.where(tap >= 0, weights[:, tap, :, channel].T, 0))  # (ci, kh, cols)
    return np.stack(sets).reshape(loops.sets, -1, hw.cols).astype(np.int64)


def spread_words(hw: Hardware, loops: Loops, weights: IntArray) -> IntArray:
    """Resident weights of a layer that spreads its vector over the rows: (words, rows, cols) in the order of use.

    Args:
        hw: the accelerator.
        loops: of the operation.
        weights: (features, co).
    """
    parts = np.zeros((loops.x_rows * spread_pitch(hw, len(weights)), loops.t * loops.ch_per_t), np.int64)
    parts[: len(weights), : weights.shape[1]] = weights
    parts = parts.reshape(loops.x_rows, -1, loops.t, loops.ch_per_t)[:, : loops.ci]
    words = np.zeros((loops.t, loops.ci, hw.rows, hw.cols), np.int64)
    words[:, :, : loops.x_rows, : loops.ch_per_t] = parts.transpose(2, 1, 0, 3)
    return words.reshape(-1, hw.rows, hw.cols)


def resident_stream(hw: Hardware, words: IntArray) -> bytes:
    """The stream that fills resident weights (words, rows, cols): blocks without biases, a row's word at a time."""
    rows = words.reshape(-1, hw.cols)
    parts: list[_Bytes] = []
    for start, stop in split(len(rows), hw.weights_ram_depth):
        parts += [_header(hw, stop - start | _RESIDENT, 0), _beats(hw, _packed(hw, rows[start:stop]).ravel())]
    return np.concatenate(parts).tobytes()


def weights_stream(
    hw: Hardware, loops: Loops, weights: IntArray | None, bias: IntArray, scale: Scale | None = None
) -> bytes:
    """The stream of one operation, a whole number of beats of all ports (`Hardware.stream_bytes`).

    Args:
        hw: the accelerator.
        loops: of the operation.
        weights: (kh, kw, ci, co) of a convolution (ci 1 of a depthwise one), or (1, 1, features, co) in the order of
            use. Features beyond the weights RAM make chained blocks. None: they are resident, and blocks bring biases
            alone.
        bias: (co,) at the frac of the accumulator.
        scale: factors of the sums, one for all or one a channel; None: they are not requantized.
    """
    channels = _channels(hw, bias, scale or Scale((0,), (0,)))
    parts: list[_Bytes] = []
    for t in range(loops.t):
        first = t * loops.ch_per_t
        if weights is None:
            mine = channels[first : first + loops.channels(t)]
            parts += [_header(hw, 0, len(mine)), _biases(hw, mine.ravel())]
            continue
        words = weight_words(hw, loops, weights, t).reshape(-1, hw.cols)
        for start, stop in split(len(words), hw.weights_ram_depth):
            mine = channels[first : first + loops.channels(t)] if start == 0 else channels[:0]
            parts += [_header(hw, stop - start, len(mine)), _biases(hw, mine.ravel())]
            parts.append(_beats(hw, _packed(hw, words[start:stop]).ravel()))
    return np.concatenate(parts).tobytes()


def stream_cells(hw: Hardware, stream: bytes) -> bytes:
    """A stream as it lies in memory: with several ports, cells of a burst of each, one port after the other."""
    ports = hw.weights_ports
    if ports == 1:
        return stream
    cell = hw.weights_burst * hw.stream_bytes
    beats = np.frombuffer(stream + bytes(-len(stream) % cell), np.uint8)
    return beats.reshape(-1, hw.weights_burst, ports, hw.axi_bytes).swapaxes(1, 2).tobytes()


def _header(hw: Hardware, n_words: int, n_bias: int) -> _Bytes:
    return _beats(hw, np.array([n_words | n_bias << 20], "<u4").view(np.uint8))


def _channels(hw: Hardware, bias: IntArray, scale: Scale) -> _Bytes:
    """What the stream has of every channel, (co, bytes): the bias, and the factor if the hardware has them."""
    biases = bias.astype("<i4").view(np.uint8).reshape(-1, 4)
    if hw.scale_bits == 0:
        return biases
    m, s = (np.broadcast_to(np.array(part, "<u4"), len(bias)) for part in (scale.m, scale.s))
    factors = (m | s << hw.scale_bits).astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([biases, factors])


def _biases(hw: Hardware, data: _Bytes) -> _Bytes:
    """Channels, as many in every beat as the reader's memory of them has in a word."""
    size = hw.bias_bytes
    rows = np.pad(data, (0, -len(data) % size)).reshape(-1, size)
    return np.pad(rows, ((0, 0), (0, hw.stream_bytes - size))).ravel()


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
    return np.pad(data, (0, -len(data) % hw.stream_bytes))
