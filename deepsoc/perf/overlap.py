"""What of an operation's start lies beside the end of the one before, whose results it reads once acknowledged."""

from __future__ import annotations

from dataclasses import dataclass

from deepsoc.hw import Hardware
from deepsoc.mapping.ports import Work
from deepsoc.perf import constants as const

__all__ = ["Behind", "over_clocks", "reads_behind"]


@dataclass(frozen=True)
class Behind:
    """When an operation can use what the one before writes.

    Attributes:
        first: clock in which its first pixels can be there.
        last: clock in which the last ones can; it needs them in its first iteration.
        share: of that iteration, the part that is still to be made then.
    """

    first: float
    last: float
    share: float


def over_clocks(op: Work, hw: Hardware) -> float:
    """Clocks from the last step of an operation to its last result in the writer."""
    loops, longer = op.loops, op.factor_clocks(hw)
    if op.kind != "mac":
        return const.POOL_OVER + longer
    pool = op.pool.last_clocks(loops.ch_last) if op.pool else 0
    return const.OVER + longer + hw.row_sum_clocks + loops.ch_last * _last_columns(op) + pool


def reads_behind(
    op: Work, before: Work, hw: Hardware, latency: int, *, clocks: float, end: float, done: float
) -> Behind:
    """When the pixels of `op` can be there that `before`, the operation before it, writes.

    Args:
        op: the operation.
        before: the one before it.
        hw: the accelerator.
        latency: of the memory, clocks.
        clocks: that `before` takes in the array.
        end: clock of its last step.
        done: clock of its last acknowledgement.
    """
    read = latency + _lines(op) + const.REFILL
    share = _share_behind(op, before, hw)
    if before.pool or op.spread:  # each line of a vector that is spread is a part of it
        return Behind(done + read, done + read, 1.0)
    first = end - _steps_behind(op, before, hw) * clocks + over_clocks(before, hw) + latency + const.WRITE
    return Behind(min(first, done) + read, done + read, share)


def _lines(op: Work) -> int:
    return op.x.mask.bit_count()


def _last_columns(op: Work) -> int:
    """Output columns that leave at the last input column."""
    loops = op.loops
    before = (loops.w - 1 + loops.pos0 - loops.kw) // loops.sw + 1  # that left before it
    return max(loops.wo - max(before, 0), 1)


def _steps_behind(op: Work, before: Work, hw: Hardware) -> float:
    """Share of the clocks of `before` that are left when the first beat is made that `op` reads of each line."""
    loops = before.loops
    if loops.n * loops.l * loops.wo == 1:
        return max(loops.t - -(-hw.axi_bytes // loops.ch_per_t), 0) / loops.t
    column = -(-hw.axi_bytes // loops.co)  # the one behind the beat
    behind = max(loops.w - 1 - (column * loops.sw + loops.kw - 1 - loops.pos0), 0) / loops.w
    blocks = loops.n * loops.l
    tile = 0 if _flat(op) else op.loops.first_block_tile(hw.rows)
    return (behind + max(blocks - 1 - tile, 0)) / blocks / loops.t


def _share_behind(op: Work, before: Work, hw: Hardware) -> float:
    """Share of the first iteration of `op` that is left when it needs the last bytes that `before` writes."""
    loops, x = op.loops, op.x
    beat = min(hw.axi_bytes / (x.seg_bytes * (1 if _flat(op) else x.seg_count)), 1.0)
    if _flat(op):  # lines behind the first of a tile wait for everything
        return 1 - (0 if before.loops.l > 1 else 1 / x.seg_count) if x.seg_count > 1 else beat
    blocks, tiles = loops.n * loops.l, -(-loops.x_rows // hw.rows)
    step = max(loops.row_step // hw.rows, 1)
    first = tiles - 1 - loops.first_block_tile(hw.rows)
    block = min(-(-first // step), loops.l - 1)  # the first that needs the last tile
    return (loops.l - 1 - block + beat) / blocks


def _flat(op: Work) -> bool:
    return op.x.n_pitch == 0 and op.x.lam0 == 0
