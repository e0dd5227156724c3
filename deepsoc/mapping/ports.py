"""What an operation reads and writes: address patterns of the line readers and of the writer, and their bus traffic.

The patterns are the table "The line reader" of docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, row_mask, spread_pitch
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.pooling import InlinePool

__all__ = [
    "Reader",
    "Work",
    "Writer",
    "flat_reader",
    "operand_reader",
    "partial_reader",
    "pixel_reader",
    "spread_reader",
    "writer",
]

_SECOND_PASS = 5  # clocks of the output stage (rtl/engine/dsoc_output_stage.sv)
_FACTOR = 4  # more of each pass that multiplies


@dataclass(frozen=True)
class Reader:
    """Lines and segments that a line reader fetches, relative to buffer `buffer`."""

    buffer: str
    delta: int  # bytes from the start of the buffer to line buffer 0 at n = l = 0; may be negative
    line_pitch: int
    l_pitch: int
    n_pitch: int
    lam0: int
    lam_step: int
    lines: int
    off0: int
    t_step: int
    seg_step: int
    seg_count: int
    seg_bytes: int
    seg_bytes_last: int
    mask: int
    t: int
    n: int
    l: int  # noqa: E741
    single: bool = False  # it reads beat by beat, and lines begin at any

    @property
    def reach(self) -> int:
        """Bytes from the start of the buffer to the end of what is read of its last line, in one row block."""
        return self.delta + (self.lines - self.lam0 - 1) * self.line_pitch + self.off0 + self.seg_bytes

    def beats(self, hw: Hardware) -> int:
        """Beats that are read in the whole operation."""
        exists = sum(
            0 <= self.lam0 + block * self.lam_step + f < self.lines
            for block in range(self.l)
            for f in range(self.mask.bit_length())
            if self.mask >> f & 1
        )
        total = 0
        segments = np.arange(self.seg_count, dtype=np.int64) * self.seg_step + self.off0
        for t in range(self.t):
            length = self.seg_bytes_last if t == self.t - 1 else self.seg_bytes
            total += _beats(segments + t * self.t_step, length, hw.axi_bytes)
        return self.n * exists * total

    def whole_beats(self, hw: Hardware) -> bool:
        """Whether segments are beats of slots, as those of partial sums are."""
        return self.seg_step == hw.slot_bytes and self.seg_bytes == hw.axi_bytes

    def first_beats(self) -> int:
        """Beats that the consumer waits for: one of each line."""
        return sum(self.mask >> f & 1 and 0 <= self.lam0 + f < self.lines for f in range(self.mask.bit_length()))


@dataclass(frozen=True)
class Writer:
    """Where results go to, relative to buffer `buffer`."""

    buffer: str
    delta: int
    line_pitch: int
    l_pitch: int
    n_pitch: int
    wo_step: int
    rows: int
    raw_step: int  # bytes of a slot; 0 for tensors
    off0: int = 0  # bytes from the column's first channel to the first that is written

    def beats(self, hw: Hardware, loops: Loops, *, alone: bool) -> int:
        """Beats that are written in the whole operation: bytes that follow each other into one beat share it.

        `alone`: no other line lies between two iterations.
        """
        if self.raw_step:
            return loops.n * loops.l * loops.wo * loops.co * hw.raw_beats
        lines = loops.n * sum(-(-min(hw.rows, self.rows - block * hw.rows) // hw.rpb) for block in range(loops.l))
        beats, before = 0, -1
        for t in range(loops.t):
            starts = self._starts(loops, t)
            first, last = starts // hw.axi_bytes, (starts + loops.channels(t) - 1) // hw.axi_bytes
            beats += int(np.sum(last - first + 1) - np.sum(first[1:] == last[:-1]))
            if alone:
                beats -= int(first[0] == before)
                before = int(last[-1])
        return lines * beats

    def bursts(self, hw: Hardware, loops: Loops) -> int:
        """Bursts of the whole operation: slots side by side, or beats of a line in one aligned group."""
        group = hw.write_group
        if self.raw_step:
            slots = loops.n * loops.l * loops.wo * loops.co
            side_by_side = group if self.raw_step == hw.raw_beats * hw.axi_bytes else 1
            return -(-slots // side_by_side) * -(-side_by_side * hw.raw_beats // hw.axi_max_burst)
        lines = loops.n * sum(-(-min(hw.rows, self.rows - block * hw.rows) // hw.rpb) for block in range(loops.l))
        count = 0
        for t in range(loops.t):
            starts = self._starts(loops, t)
            first, last = starts // hw.axi_bytes, (starts + loops.channels(t) - 1) // hw.axi_bytes
            joined = (first[1:] - last[:-1] <= 1) & (first[1:] // group == last[:-1] // group)
            count += int(np.sum(last // group - first // group + 1) - np.sum(joined))
        return lines * count

    def last_beats(self, hw: Hardware, loops: Loops) -> int:
        """Beats that are still to be written when the last results are there."""
        if self.raw_step:
            return loops.ch_last * hw.raw_beats
        rows = self.rows - (loops.l - 1) * hw.rows
        channels = loops.channels(loops.t - 1)
        end = int(self._starts(loops, loops.t - 1)[-1]) + channels
        run = channels * (loops.wo if self.wo_step == channels else 1)
        first, last = (end - run) // hw.axi_bytes, (end - 1) // hw.axi_bytes
        return -(-rows // hw.rpb) * (min(last - first, last % hw.write_group) + 1)

    def _starts(self, loops: Loops, t: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Bytes from a line's start to each column's vectors of iteration `t`."""
        return np.arange(loops.wo, dtype=np.int64) * self.wo_step + self.off0 + t * loops.ch_per_t


@dataclass(frozen=True)
class Work:
    """All of an operation that its clocks depend on, with a memory of any speed.

    Attributes:
        kind: `mac`, or the pool.
        loops: loop bounds.
        x: pixels.
        o: operands; None: there are none.
        y: results.
        pool: the pool in line that they pass.
        passes: additions and requantizations that a result takes in the output stage, 1 or 2.
        spread: one vector's features lie on the rows, its weights are resident.
    """

    kind: Literal["mac", "max", "avg"]
    loops: Loops
    x: Reader
    o: Reader | None
    y: Writer
    pool: InlinePool | None = None
    passes: int = 1
    spread: bool = False

    def channel_clocks(self, hw: Hardware) -> int:
        """Clocks in which a channel of all rows, or as many as `lanes`, passes the output stage."""
        return -(-self.passes // hw.requantizers)

    def factor_clocks(self, hw: Hardware) -> int:
        """Clocks that a result passes the output stage longer because it is multiplied."""
        return _FACTOR * self.passes if hw.scale_bits else 0

    def lanes(self, hw: Hardware) -> int:
        """Channels that leave the array at once: several where all results lie in aligned groups of them."""
        loops, y, o = self.loops, self.y, self.o
        if self.kind != "mac" or loops.sets > 1 or self.pool or y.raw_step or (o and o.whole_beats(hw)):
            return 1
        places = [y.wo_step, y.delta, y.off0, *([loops.ch_per_t] if loops.t > 1 else [])]
        places += [o.delta, o.seg_step, *([o.t_step] if o.t > 1 else [])] if o else []
        return 1 if any(place % hw.drain_lanes for place in places) else hw.drain_lanes

    def pixel_lanes(self, hw: Hardware) -> int:
        """Channels whose pixels are taken at once by a depthwise convolution."""
        loops, x = self.loops, self.x
        places = [x.off0, loops.co if x.seg_count == 1 else x.seg_step, *([x.t_step] if x.t > 1 else [])]
        return hw.drain_lanes if loops.depthwise and not any(place % hw.drain_lanes for place in places) else 1

    def pixel_clocks(self, hw: Hardware, t: int) -> int:
        """Clocks in which the pixels of a column are taken in iteration `t`, if they may take longer than its steps."""
        return -(-self.loops.channels(t) // self.pixel_lanes(hw)) if self.loops.depthwise else 0

    @property
    def results(self) -> Loops:
        """Loops of the results as they are written: of a pool in line, of those behind it."""
        if self.pool is None:
            return self.loops
        tile = self.loops.row_step // self.loops.tap  # rows of processing elements
        return replace(self.loops, l=-(-self.pool.rows // tile), wo=self.pool.cols, y_rows=self.pool.rows)

    def blocks(self, hw: Hardware) -> int:
        """Row blocks of all batch elements behind which results are written."""
        if self.pool is None:
            return self.loops.n * self.loops.l
        return self.loops.n * (self.pool.blocks(hw, self.loops.l) if self.pool.kind == "windows" else 1)

    def beats(self, hw: Hardware) -> int:
        """Beats that are written in the whole operation."""
        return self.y.beats(hw, self.results, alone=self.blocks(hw) == 1)

    def last_clocks(self, hw: Hardware) -> int:
        """Clocks from the last step to the last beat of the results, beside those that every operation takes."""
        beats = self.y.last_beats(hw, self.results) + _SECOND_PASS * (self.passes - 1) + self.factor_clocks(hw)
        if self.kind != "mac":
            return beats + 5
        beats += hw.row_sum_clocks
        last = -(-self.loops.ch_last // self.lanes(hw)) * self.channel_clocks(hw)
        if self.pool:
            return beats + last + self.pool.last_clocks(self.loops.ch_last)
        return beats + (3 if self.y.raw_step else last)


def _beats(starts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], length: int, axi_bytes: int) -> int:
    """Beats that segments of `length` bytes touch."""
    return int(np.sum((starts + length - 1) // axi_bytes - starts // axi_bytes + 1))


def pixel_reader(
    hw: Hardware, loops: Loops, buffer: str, layout: TensorLayout, *, delta: int = 0, c0: int = 0
) -> Reader:
    """Pixels of a convolution, a pool, or a dense layer on a matrix.

    Args:
        hw: the accelerator.
        loops: of the operation.
        buffer: name of the buffer that holds the tensor.
        layout: of the tensor.
        delta: bytes from the start of the buffer to the first line of the operation.
        c0: first channel that is read.
    """
    channels, last = (loops.ch_per_t, loops.ch_last) if loops.depthwise else (loops.ci, loops.ci)
    whole = last == layout.column and loops.x_step == 1
    step = loops.row_step // hw.rows
    each = loops.x_cols if whole else 1  # columns of a segment
    return Reader(
        buffer, delta=delta - hw.top_lines * layout.pitch, line_pitch=layout.pitch, l_pitch=step * layout.tile_pitch,
        n_pitch=layout.n_pitch, lam0=-hw.top_lines, lam_step=step * hw.tile_lines, lines=hw.lines(loops.x_rows),
        off0=c0, t_step=channels if loops.depthwise else 0, seg_step=0 if whole else loops.x_step * layout.column,
        seg_count=loops.x_cols // each, seg_bytes=each * channels, seg_bytes_last=each * last,
        mask=row_mask(hw, loops), t=loops.t, n=loops.n, l=loops.l,
    )  # fmt: skip


def spread_reader(hw: Hardware, loops: Loops, buffer: str, layout: TensorLayout, *, c0: int) -> Reader:
    """Pixels of a dense layer that spreads its vector over the rows: parts of one line as if they were lines."""
    pitch, whole = spread_pitch(hw, layout.w * layout.c), replace(layout, w=1, step=0, every=(1, 1))
    x = pixel_reader(hw, loops, buffer, whole, c0=c0)
    return replace(
        x, delta=-hw.top_lines * pitch, line_pitch=pitch, seg_step=0, seg_count=1, seg_bytes=loops.ci,
        seg_bytes_last=loops.ci, mask=(1 << loops.x_rows) - 1 << hw.top_lines, single=True,
    )  # fmt: skip


def flat_reader(hw: Hardware, loops: Loops, buffer: str, layout: TensorLayout, *, delta: int) -> Reader:
    """Pixels of a dense layer on a flattened tensor: line buffer f holds batch element f of the row block."""
    seg_bytes = layout.w * layout.c
    return Reader(
        buffer, delta=delta, line_pitch=layout.n_pitch, l_pitch=hw.rows * layout.n_pitch, n_pitch=0,
        lam0=0, lam_step=hw.rows, lines=loops.y_rows, off0=0, t_step=0, seg_step=layout.pitch, seg_count=layout.lines,
        seg_bytes=seg_bytes, seg_bytes_last=seg_bytes, mask=(1 << min(hw.rows, loops.y_rows)) - 1,
        t=loops.t, n=1, l=loops.l,
    )  # fmt: skip


def operand_reader(
    hw: Hardware, loops: Loops, buffer: str, layout: TensorLayout, *, delta: int = 0, c0: int = 0
) -> Reader:
    """A residual tensor, in the order in which results leave the array; its first channel is `c0` in the buffer.

    The descriptor has no offset for operands: `c0` becomes part of their base, which the bursts want on the grid.
    """
    whole = loops.t == 1 and layout.column == loops.co
    return Reader(
        buffer, delta=delta, line_pitch=layout.pitch, l_pitch=layout.tile_pitch, n_pitch=layout.n_pitch,
        lam0=0, lam_step=hw.tile_lines, lines=hw.lines(loops.y_rows), off0=c0, t_step=loops.ch_per_t,
        seg_step=layout.column, seg_count=1 if whole else loops.wo,
        seg_bytes=loops.wo * layout.c if whole else loops.ch_per_t,
        seg_bytes_last=loops.wo * layout.c if whole else loops.ch_last,
        mask=(1 << hw.tile_lines) - 1, t=loops.t, n=loops.n, l=loops.l,
    )  # fmt: skip


def partial_reader(hw: Hardware, buffer: str, layout: TensorLayout | RawLayout) -> Reader:
    """Partial sums: line buffer f holds beat f of the slots."""
    return Reader(
        buffer, delta=0, line_pitch=hw.axi_bytes, l_pitch=0, n_pitch=0, lam0=0, lam_step=0, lines=hw.raw_beats,
        off0=0, t_step=0, seg_step=hw.slot_bytes, seg_count=layout.size // hw.slot_bytes, seg_bytes=hw.axi_bytes,
        seg_bytes_last=hw.axi_bytes, mask=(1 << hw.raw_beats) - 1, t=1, n=1, l=1,
    )  # fmt: skip


def writer(hw: Hardware, buffer: str, layout: TensorLayout | RawLayout, *, delta: int = 0, k0: int = 0) -> Writer:
    """Results in the layout of their buffer, `delta` bytes behind its start; their first channel is `k0` there."""
    if isinstance(layout, RawLayout):
        return Writer(
            buffer, delta, line_pitch=hw.axi_bytes, l_pitch=0, n_pitch=0, wo_step=0, rows=layout.h,
            raw_step=hw.slot_bytes,
        )  # fmt: skip
    return Writer(
        buffer, delta, line_pitch=layout.pitch, l_pitch=layout.tile_pitch, n_pitch=layout.n_pitch,
        wo_step=layout.column, rows=layout.h, raw_step=0, off0=k0,
    )  # fmt: skip
