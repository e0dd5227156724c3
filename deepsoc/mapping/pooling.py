"""Pools in line: those whose results never lie in memory unpooled (docs/architecture.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepsoc.graph.fixed import MAX_LEFT_SHIFT
from deepsoc.graph.ir import Bundle, Conv2D, Pool
from deepsoc.graph.shapes import pool_windows
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import passes

__all__ = ["InlinePool", "global_count", "in_line", "inline_pool"]

_CHANNEL_CLOCKS = 4  # of a channel's division besides its bits (rtl/engine/dsoc_pool_global.sv)


@dataclass(frozen=True)
class InlinePool:
    """The pool behind the output stage of an operation.

    Attributes:
        kind: maximum or average of the whole map.
        count: elements that a sum is divided by.
        steps: bits of the quotient.
    """

    kind: Literal["global_max", "global_avg"]
    count: int
    steps: int

    def last_clocks(self, channels: int) -> int:
        """Clocks from the last result of a map to its last pooled one."""
        return channels * (self.steps + _CHANNEL_CLOCKS)


def global_count(pool: Pool | None, shape: tuple[int, ...]) -> int:
    """Elements that a pool divides by if its one window covers a whole map (n, h, w, c), 1 for a maximum; else 0."""
    if pool is None:
        return 0
    windows = pool_windows(pool, shape)
    if any(window.out > 1 or window.kernel - window.pad_before < window.in_size for window in windows):
        return 0
    return 1 if pool.kind == "max" else shape[1] * shape[2]


def in_line(hw: Hardware, bundle: Bundle, shape: tuple[int, ...]) -> bool:
    """Whether the pool of a bundle is in line behind its convolution, whose results are (n, h, w, c).

    A residual tensor that is added behind several passes, by an operation of its own, leaves the pool one too.
    """
    core = bundle.core
    late = bundle.act and bundle.add and isinstance(core, Conv2D) and len(passes(hw, core)) > 1
    return 0 < global_count(bundle.pool, shape) <= hw.global_pool_max and not late


def inline_pool(hw: Hardware, pool: Pool, frac: int, shape: tuple[int, ...]) -> InlinePool:
    """The pool in line over results (n, h, w, c) with `frac` fractional bits."""
    gain = min(pool.out.frac - frac, MAX_LEFT_SHIFT)  # more saturates all but 0 in any case
    kind: Literal["global_max", "global_avg"] = "global_max" if pool.kind == "max" else "global_avg"
    return InlinePool(kind, global_count(pool, shape), max(hw.x_bits + gain, 0))
