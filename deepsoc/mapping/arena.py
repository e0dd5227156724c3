"""Places buffers in one arena; what is dead makes room for what comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Buffer", "allocate"]


@dataclass(frozen=True)
class Buffer:
    """Memory that is in use from operation `first` (its writer) to operation `last` (its last reader)."""

    name: str
    size: int
    first: int
    last: int


def allocate(buffers: Iterable[Buffer], *, start: int, align: int) -> tuple[dict[str, int], int]:
    """First fit, largest buffer first.

    Args:
        buffers: what to place.
        start: lowest offset, bytes.
        align: alignment of every buffer, bytes.

    Returns:
        Offset of every buffer, by name, and the end of the last one. Two buffers that are in use at the same operation
        do not overlap.
    """
    placed: list[tuple[Buffer, int]] = []
    for buffer in sorted(buffers, key=lambda b: -b.size):
        offset = -(-start // align) * align
        for other, at in sorted(placed, key=lambda item: item[1]):
            live = other.first <= buffer.last and buffer.first <= other.last
            if live and offset < at + other.size and at < offset + buffer.size:
                offset = -(-(at + other.size) // align) * align
        placed.append((buffer, offset))
    return {b.name: at for b, at in placed}, max((at + b.size for b, at in placed), default=start)
