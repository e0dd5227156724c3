"""Loop bounds and clocks of an operation: stride, padding, tiling and elastic groups.

Words and symbols are those of docs/architecture.md, section 3; sizes along one dimension come from `graph.window`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from deepsoc.errors import MappingError
from deepsoc.graph.ir import Conv2D, Pool
from deepsoc.graph.shapes import pool_strides, pool_windows
from deepsoc.graph.window import windows
from deepsoc.hw import Hardware

__all__ = [
    "Loops", "conv_loops", "dense_loops", "depthwise", "mac_clocks", "overhead_clocks", "passes", "pool_clocks",
    "pool_loops", "row_mask", "split", "spread_loops", "spread_pitch",
]  # fmt: skip

# Clocks of an operation besides its steps, its first pixels and its last results: sequencer, pipelines, first address,
# acknowledgement. Measured on the RTL (ten arrays, memory without latency).
_FIXED_CLOCKS = 23


@dataclass(frozen=True)
class Loops:
    """Loop bounds of one operation, as its descriptor holds them."""

    t: int  # iterations
    n: int  # batch elements
    l: int  # row blocks  # noqa: E741
    w: int  # input columns processed a row block
    x_cols: int  # of these, columns that exist; others lie behind them, and `x_before` in front
    wo: int  # output columns a row block
    x_rows: int  # input rows; flat: rows of the flattened tensor
    y_rows: int  # output rows
    x_step: int  # distance of the input columns that are read; more than 1 when decimated
    row_step: int  # input rows a row block
    tap: int  # distance of neighbouring PE rows in the pixel shifter
    ci: int  # input channels a column; flat: bytes a line
    kh: int  # kernel or window rows; flat: most rows a byte holds
    kh_count: int  # clocks a column and channel
    kw: int  # kernel or window columns as the array sees them
    sw: int  # horizontal stride as the array sees it
    pad_top: int  # zero rows above
    pad_left: int  # zero columns on the left
    ns: int  # pools: windows that are open at a time
    words: int  # weight words of one set: steps of a column; dense: features
    ch_per_t: int  # output channels an iteration
    ch_last: int  # output channels of the last iteration
    lines_flat: int = 1  # flat: byte lines of the flattened tensor
    x_before: int = 0  # of the columns of padding on the left, those that are processed
    depthwise: bool = False  # every elastic group has an input channel of its own

    @property
    def sets(self) -> int:
        """Sets of weights, and output channels of an elastic group."""
        return 1 if self.depthwise else self.sw

    @property
    def group(self) -> int:
        """Columns of an elastic group."""
        return self.kw + self.sets - 1

    @property
    def co(self) -> int:
        """Output channels."""
        return (self.t - 1) * self.ch_per_t + self.ch_last

    @property
    def pos0(self) -> int:
        """Columns of padding on the left that are left out: place of the first output column at input column 0."""
        return self.pad_left - self.x_before

    def channels(self, t: int) -> int:
        """Output channels of iteration `t`."""
        return self.ch_last if t == self.t - 1 else self.ch_per_t

    def first_block_tile(self, rows: int) -> int:
        """Tile, of `rows` input rows, of the last row that exists and that the first row block reads; not flat."""
        last_row = (rows - 1) * self.tap + self.kh - 1 - self.pad_top
        return min(last_row, self.x_rows - 1) // rows


def _groups(hw: Hardware, kw: int, sw: int, *, own: bool = False) -> int:
    """Elastic groups of the array; `own`: each with a channel of its own, whatever the stride."""
    sets = 1 if own else sw
    if groups := hw.e_groups(kw, sets):
        return groups
    at = "" if own else f" at stride {sw}"
    raise MappingError(
        f"a kernel of {kw} columns{at} takes {kw + sets - 1} columns of processing elements, "
        f"the array has {hw.cols}; use a smaller kernel or stride, or more columns"
    )


def _iterations(co: int, per_t: int) -> tuple[int, int, int]:
    """Iterations, output channels an iteration, and of the last one."""
    t = -(-co // per_t)
    return t, per_t, co - (t - 1) * per_t


def depthwise(hw: Hardware, core: Conv2D) -> bool:
    """Whether a convolution is one operation with a channel for every elastic group."""
    return hw.depthwise > 0 and core.depthwise


def _own_channels(hw: Hardware, co: int, kh: int, kw: int) -> int:
    """Channels an iteration of a depthwise convolution: as many as can be, or those that move in whole lanes."""
    most = min(_groups(hw, kw, 1, own=True), hw.depthwise)

    def clocks(channels: int) -> int:
        lanes = 1 if channels % hw.drain_lanes else hw.drain_lanes
        return -(-co // channels) * max((kw > 1) + kh, channels // lanes)

    return min((most, most - most % hw.drain_lanes or most), key=clocks)


def split(count: int, most: int) -> list[tuple[int, int]]:
    """Cuts `range(count)` into the fewest ranges of at most `most`, as even as can be."""
    parts = -(-count // most)
    return [(i * count // parts, (i + 1) * count // parts) for i in range(parts)]


def passes(hw: Hardware, core: Conv2D) -> list[tuple[int, int]]:
    """Ranges of input channels of which a convolution takes one at a time; of one channel if the RAM holds none."""
    kh, kw, ci, _ = core.weights.shape
    words = kh * (1 if kw == 1 else core.strides[1])
    return split(ci, max(hw.weights_ram_depth // words, 1))


def conv_loops(hw: Hardware, core: Conv2D, shape: tuple[int, ...], zero: int = 0) -> Loops:
    """Loops of a convolution that is one operation, or of one of its groups.

    Args:
        hw: the accelerator.
        core: the convolution.
        shape: (n, h, w, c) of its input.
        zero: its zero point; columns of padding are left out where it is 0.

    Raises:
        MappingError: the array has too few columns.
    """
    n, h, w, _ = shape
    kh, kw, ci, co = core.weights.shape
    sh, stride = core.strides
    own = depthwise(hw, core)
    rows, cols = windows((h, w), (kh, kw), core.strides, core.padding)
    decimated = kw == 1
    sw = 1 if decimated else stride
    reached = (cols.out - 1) * sw - cols.pad_before + kw  # behind the last column that a window takes
    x_cols = cols.out if decimated else min(w, reached)
    padded = bool(zero) and (cols.pad_before > 0 or x_cols < reached) and not decimated
    w_count = cols.pad_before + reached if padded else x_cols
    per_t = _own_channels(hw, co, kh, kw) if own else _groups(hw, kw, sw) * sw
    t, ch_per_t, ch_last = _iterations(co, per_t)
    return Loops(
        t=t, n=n, l=-(-rows.out // hw.rows), w=w_count, x_cols=x_cols, wo=cols.out, x_rows=h, y_rows=rows.out,
        x_step=stride if decimated else 1, row_step=hw.rows * sh, tap=sh, ci=ci, kh=kh, kh_count=kh, kw=kw, sw=sw,
        pad_top=rows.pad_before, pad_left=cols.pad_before, ns=-(-kw // sw), words=ci * kh,
        ch_per_t=ch_per_t, ch_last=ch_last, x_before=cols.pad_before if padded else 0, depthwise=own,
    )  # fmt: skip


def dense_loops(hw: Hardware, batch: int, co: int, shape: tuple[int, int, int], *, flat: bool) -> Loops:
    """Loops of a dense layer.

    Args:
        hw: the accelerator.
        batch: batch elements, on the rows.
        co: output features.
        shape: (h, w, c) of the flattened input; (1, 1, c) of a matrix.
        flat: whether the input is a flattened tensor, not a matrix.
    """
    h, w, c = shape
    t, ch_per_t, ch_last = _iterations(co, _groups(hw, 1, 1))
    kh = min(hw.rpb, hw.rows, h)
    return Loops(
        t=t, n=1, l=-(-batch // hw.rows), w=1, x_cols=1, wo=1, x_rows=h if flat else batch, y_rows=batch,
        x_step=1, row_step=hw.rows, tap=hw.rpb if flat else 1, ci=w * c, kh=kh, kh_count=kh, kw=1, sw=1,
        pad_top=0, pad_left=0, ns=1, words=h * w * c, ch_per_t=ch_per_t, ch_last=ch_last,
        lines_flat=hw.lines(h) if flat else 1,
    )  # fmt: skip


def spread_pitch(hw: Hardware, features: int) -> int:
    """Features of each row, of a vector that is spread over the rows: whole beats; the last row may have fewer."""
    return -(-features // (hw.rows * hw.axi_bytes)) * hw.axi_bytes


def spread_loops(hw: Hardware, co: int, features: int) -> Loops:
    """Loops of a dense layer that spreads its one vector of features over the rows.

    Args:
        hw: the accelerator.
        co: output features.
        features: input features.
    """
    pitch = spread_pitch(hw, features)
    loops = dense_loops(hw, 1, co, (1, 1, min(pitch, features)), flat=False)
    return replace(loops, x_rows=-(-features // pitch))


def pool_loops(hw: Hardware, pool: Pool, shape: tuple[int, ...]) -> Loops:
    """Loops of a pool over a tensor (n, h, w, c)."""
    n, h, w, c = shape
    (kh, kw), (sh, sw) = pool.size, pool_strides(pool, shape)
    rows, cols = pool_windows(pool, shape)
    w_count = (cols.out - 1) * sw - cols.pad_before + kw
    ns = -(-kw // sw)
    return Loops(
        t=1, n=n, l=-(-rows.out // hw.rows), w=w_count, x_cols=min(w, w_count), wo=cols.out, x_rows=h, y_rows=rows.out,
        x_step=1, row_step=hw.rows * sh, tap=sh, ci=c, kh=kh, kh_count=max(kh, ns, -(-4 // c)), kw=kw, sw=sw,
        pad_top=rows.pad_before, pad_left=cols.pad_before, ns=ns, words=0, ch_per_t=c, ch_last=c,
    )  # fmt: skip


def row_mask(hw: Hardware, loops: Loops) -> int:
    """Line buffers that hold a row which some processing element reads, as bits (not for flattened tensors)."""
    mask = 0
    for r in range(hw.rows):
        for kh in range(loops.kh):
            mask |= 1 << (hw.line(r * loops.tap + kh - loops.pad_top) + hw.top_lines)
    return mask


def mac_clocks(loops: Loops, channel_clocks: int = 1, lanes: int = 1) -> tuple[int, int]:
    """Clocks of a convolution or dense layer.

    Args:
        loops: of the operation.
        channel_clocks: in which a channel of all rows passes the output stage.
        lanes: channels that pass it at once.

    Returns:
        Clocks of the equation `T * (1 + N*L*W*(qs + Kh*Ci))`, and those that the array waits on top of it for the
        results of a column to leave.
    """
    steps = (1 if loops.kw > 1 else 0) + loops.words
    blocks = loops.n * loops.l
    leaving = [-(-loops.channels(t) // lanes) * channel_clocks for t in range(loops.t)]
    waits = sum(max(0, loops.wo * clocks - loops.w * steps) for clocks in leaving)
    return loops.t * (1 + blocks * loops.w * steps), blocks * waits


def pool_clocks(loops: Loops, channel_clocks: int = 1) -> tuple[int, int]:
    """Clocks of a pool or elementwise operation, as `mac_clocks`: `N*L*W*Ci*kh_count`, and those of waits."""
    blocks, steps = loops.n * loops.l, loops.w * loops.ci * loops.kh_count
    return blocks * steps, blocks * max(0, loops.wo * loops.ci * channel_clocks - steps)


def overhead_clocks(first_beats: int, last_clocks: int) -> int:
    """Clocks of an operation beside its steps: fixed ones, the fetch of the first pixels, the last results' way out.

    Args:
        first_beats: beats that are fetched before the first pixel can be used.
        last_clocks: from the last step to the last beat.
    """
    return _FIXED_CLOCKS + first_beats + last_clocks
