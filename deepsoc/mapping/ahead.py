"""How far pixels may be fetched while the operation before still writes (docs/architecture.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepsoc.hw import Hardware
from deepsoc.mapping.operation import Operation

__all__ = ["Ahead", "ahead"]


@dataclass(frozen=True)
class Ahead:
    """What the pixel reader waits for before it reads.

    Attributes:
        follows: `mark`: the writer's mark; `none`: nothing; `all`: the last acknowledged write.
        returns: how often the writes return to lower addresses until the last iteration, in which they are final.
        guard: bytes from line buffer 0 of a row block to the line that the mark must have passed.
    """

    follows: Literal["mark", "none", "all"]
    returns: int = 0
    guard: int = 0


def ahead(op: Operation, before: Operation | None, hw: Hardware) -> Ahead:
    """What the pixels of `op` wait for when `before`, the operation before it, writes.

    In its last iteration an operation writes from lower to higher addresses, each vector for the lines of a tile: what
    lies before a vector, in the lines of its tile as well, is final. A vector of pooled rows begins at any line.
    """
    if before is None or op.x.buffer != before.y.buffer:
        return Ahead("none")
    if before.every[0] > op.reads[0]:  # its vectors are of every so-many-th line
        return Ahead("all")
    results, x = before.work.results, op.x
    returns = 0 if before.work.blocks(hw) * results.wo == 1 else results.t - 1
    if op.flat:
        return Ahead("mark", returns, (min(hw.rows, op.loops.y_rows) - 1) * x.line_pitch)
    line = op.x.lines - 1 if op.spread else op.loops.first_block_tile(hw.rows) * hw.tile_lines
    if before.pool and before.pool.kind == "windows":
        line = min(line + hw.tile_lines, x.lines) - 1
    return Ahead("mark", returns, (hw.top_lines + line) * x.line_pitch)
