"""Pools in line: those whose results never lie in memory unpooled (docs/architecture.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepsoc.graph.fixed import MAX_LEFT_SHIFT
from deepsoc.graph.ir import Add, Bundle, Conv2D, Pool, Quant
from deepsoc.graph.shapes import BundleInfo, pool_windows
from deepsoc.graph.window import Window
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, depthwise, passes

__all__ = ["InlinePool", "changes", "global_count", "in_line", "inline_pool", "late_residual", "window_words"]

# rtl/engine/dsoc_pool_global.sv: clocks of a channel's division besides its bits.
_CHANNEL_CLOCKS = 4
# rtl/engine/dsoc_pool_windows.sv: rows of a window, vertical strides; clocks from a result to what it completes, and
# between two row blocks.
_ROWS, _STRIDES, _WINDOW_CLOCKS, _BLOCK_CLOCKS = 3, (2, 3), 7, 15
_COLUMNS = 255


@dataclass(frozen=True)
class InlinePool:
    """The pool behind the output stage of an operation.

    Attributes:
        kind: maxima over windows, or maximum or average of the whole map.
        count: whole map: elements that a sum is divided by.
        steps: whole map: bits of the quotient.
        rows: pooled rows.
        cols: pooled columns.
        window: rows and columns of a window.
        strides: vertical and horizontal stride.
        pads: rows of padding above and columns of padding on the left.
    """

    kind: Literal["windows", "global_max", "global_avg"]
    count: int = 1
    steps: int = 0
    rows: int = 1
    cols: int = 1
    window: tuple[int, int] = (0, 0)
    strides: tuple[int, int] = (0, 0)
    pads: tuple[int, int] = (0, 0)

    def last_clocks(self, channels: int) -> int:
        """Clocks from the last result of a map to its last pooled one."""
        return _WINDOW_CLOCKS if self.kind == "windows" else channels * (self.steps + _CHANNEL_CLOCKS)

    def map_clocks(self, loops: Loops, channels: int) -> int:
        """Clocks that a map of `channels` channels takes at least, the array's left out.

        Maxima over windows take a result a clock and count between row blocks; a whole map is divided.
        """
        if self.kind == "windows":
            return loops.l * (loops.wo * channels + _BLOCK_CLOCKS)
        return self.last_clocks(channels)

    def blocks(self, hw: Hardware, count: int) -> int:
        """Row blocks, of `count`, behind which bytes of pooled rows of a map are whole, of maxima over windows."""
        last = [min(i + hw.rpb, self.rows) - 1 for i in range(0, self.rows, hw.rpb)]  # rows that end a byte
        ends = [i * self.strides[0] - self.pads[0] + self.window[0] - 1 for i in last]
        return len({min(end // hw.rows, count - 1) for end in ends})


def global_count(pool: Pool | None, shape: tuple[int, ...]) -> int:
    """Elements that a pool divides by if its one window covers a whole map (n, h, w, c), 1 for a maximum; else 0."""
    if pool is None:
        return 0
    windows = pool_windows(pool, shape)
    if any(window.out > 1 or window.kernel - window.pad_before < window.in_size for window in windows):
        return 0
    return 1 if pool.kind == "max" else shape[1] * shape[2]


def window_words(bundle: Bundle, info: BundleInfo) -> int:
    """Words of `pool_ram_depth` with which the maxima of a bundle are in line in any array; 0 if they cannot be."""
    pool, shape = bundle.pool, info.core.shape
    if pool is None or pool.kind != "max" or global_count(pool, shape):
        return 0
    rows, cols = pool_windows(pool, shape)
    strides = _strides(rows, cols)
    # Requantization takes the last place of the output stage where the residual add leaves it.
    place = info.core.quant.frac == pool.out.frac or bundle.add is None
    fits = rows.kernel <= _ROWS and cols.kernel <= _COLUMNS and strides[0] in _STRIDES and strides[1] <= _COLUMNS
    overlap = rows.kernel <= strides[0] + 1 and cols.kernel <= strides[1] + (strides[1] > 1)
    # No two windows end in one column, as they would where the last one has just a column that is no padding.
    ends = cols.out == 1 or cols.span(cols.out - 2)[1] < cols.in_size
    return cols.out * shape[3] if place and fits and overlap and ends else 0


def _strides(rows: Window, cols: Window) -> tuple[int, int]:
    """Strides of windows; one output of a row or column leaves them open."""
    return _STRIDES[0] if rows.out == 1 else rows.stride, cols.kernel if cols.out == 1 else cols.stride


def late_residual(hw: Hardware, bundle: Bundle) -> Add | None:
    """The residual add of a convolution, if it is an operation of its own.

    It is behind several passes, or groups, and where an activation, the alignment and what follows multiply once each.
    """
    core, add = bundle.core, bundle.add
    if add is None or bundle.act is None or not isinstance(core, Conv2D):
        return None
    return add if add.align or (core.groups > 1 and not depthwise(hw, core)) or len(passes(hw, core)) > 1 else None


def changes(hw: Hardware, before: Quant, after: Quant) -> bool:
    """Whether integers change where a pool takes them from one type to the other."""
    return before.frac != after.frac or (hw.scale_bits > 0 and (before.zero, before.bits) != (after.zero, after.bits))


def _keeps_whole_map(hw: Hardware, pool: Pool, before: Quant) -> bool:
    """Whether the pool of whole maps, which takes integers as they are, gives those that the pool wants."""
    if hw.scale_bits == 0:
        return True
    if before.zero or pool.out.zero:  # the rounding of a tie looks at whether the integer is even
        return not changes(hw, before, pool.out) and (pool.kind == "max" or before.zero % 2 == 0)
    return pool.out.bits == hw.x_bits or not changes(hw, before, pool.out)


def in_line(hw: Hardware, bundle: Bundle, info: BundleInfo) -> bool:
    """Whether the pool of a bundle is in line behind its convolution.

    A residual tensor that is added by an operation of its own leaves the pool one too.
    """
    core, shape = bundle.core, info.core.shape
    if bundle.pool is None or not isinstance(core, Conv2D):
        return False
    if late_residual(hw, bundle):
        return False
    if count := global_count(bundle.pool, shape):
        return count <= hw.global_pool_max and _keeps_whole_map(hw, bundle.pool, info.core.quant)
    if bundle.add and changes(hw, info.core.quant, bundle.pool.out):
        return False
    if not window_words(bundle, info) or hw.pool_ram_depth == 0:
        return False
    whole = hw.rpb == 1 or (hw.rows % hw.rpb == 0 and hw.rows >= 2 * hw.rpb)
    kw, sw = core.weights.shape[1], core.strides[1]
    own = depthwise(hw, core)
    sw = 1 if kw == 1 or own else sw
    channels = min(hw.e_groups(kw, sw) * sw, shape[3] // (1 if own else core.groups))
    carried = pool_windows(bundle.pool, shape)[1].out * channels if shape[1] > hw.rows else 0
    return whole and carried <= hw.pool_ram_depth


def inline_pool(hw: Hardware, pool: Pool, info: BundleInfo) -> InlinePool:
    """The pool in line over the results of a core."""
    shape = info.core.shape
    if count := global_count(pool, shape):
        gain = min(pool.out.frac - info.core.quant.frac, MAX_LEFT_SHIFT)  # more saturates all but 0 in any case
        kind: Literal["global_max", "global_avg"] = "global_max" if pool.kind == "max" else "global_avg"
        return InlinePool(kind, count, max(hw.x_bits + gain, 0))
    rows, cols = pool_windows(pool, shape)
    return InlinePool(
        "windows", rows=rows.out, cols=cols.out, window=(rows.kernel, cols.kernel), strides=_strides(rows, cols),
        pads=(rows.pad_before, cols.pad_before),
    )  # fmt: skip
