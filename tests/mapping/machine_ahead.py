"""What an operation may read while the one before still writes, from docs/architecture.md and the descriptor alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, product

from deepsoc.hw import Hardware
from deepsoc.hw.regmap import unpack_descriptor
from tests.mapping.machine import Trace
from tests.mapping.machine_ports import Fields, LineReader, Memory

__all__ = ["check_ahead"]

_ALL, _MARK, _NONE = range(3)  # of x_follows


def check_ahead(words: Sequence[int], before: Trace | None, hw: Hardware) -> None:
    """No part of an operation's pixels is read before the last write to it by the operation before.

    Args:
        words: the operation's descriptor.
        before: what the operation before it wrote; None: it is the first.
        hw: parameters, every maximum known.
    """
    d = unpack_descriptor(list(words))
    last = {address: i for i, (address, _) in enumerate(before.written)} if before else {}
    if d["x_follows"] == _ALL:
        return
    steps = list(_marks(before, d["x_returns"], hw)) if before and d["x_follows"] == _MARK else []
    marks = list(accumulate((mark for mark, _ in steps), max))
    for held, read in _parts(d, hw):
        passed = bisect_right(marks, held)
        if d["x_follows"] == _NONE or passed < len(marks):
            free = -1 if d["x_follows"] == _NONE else steps[passed][1]
            late = [address for address in read if last.get(address, -1) > free]
            assert not late, f"operation {d['tag']} reads {late[0]:#x} before it is written"


def _marks(before: Trace, returns: int, hw: Hardware) -> Iterator[tuple[int, int]]:
    """(mark, index of the last byte that is in memory then), beat by beat: the earliest that a writer may know of."""
    falls = written = end = 0
    for i, (address, lines) in enumerate(before.vectors):
        beat = address // hw.axi_bytes
        joins = i > 0 and (beat, lines) == (before.vectors[i - 1][0] // hw.axi_bytes, before.vectors[i - 1][1])
        if i and not joins:
            if falls == returns:
                yield end, written - 1
            falls += beat * hw.axi_bytes < end
        end = (beat + 1) * hw.axi_bytes
        written += lines
    if falls == returns:
        yield end, written - 1


def _parts(d: Fields, hw: Hardware) -> Iterator[tuple[int, list[int]]]:
    """(what the mark must have passed, addresses that are read) of every beat of a row block's lines."""
    reader = LineReader(d, "x", Memory(bytearray(), hw.axi_bytes), hw)
    counts = d["n_count"], d["t_count"] if reader.t_step else 1  # iterations that read the same are one
    for n, t in product(*map(range, counts)):
        length = reader.seg_bytes[t == d["t_count"] - 1]
        for l in range(d["l_count"]):  # noqa: E741
            base = d["x_base"] + n * d["x_n_pitch"] + l * d["x_l_pitch"]
            lines = [
                base + f * d["x_line_pitch"]
                for f in range(reader.lanes)
                if reader.mask >> f & 1 and 0 <= d["x_lam0"] + l * d["x_lam_step"] + f < d["x_lines"]
            ]
            for segment in range(d["x_seg_count"]):
                at = d["x_off0"] + segment * d["x_seg_step"] + t * reader.t_step
                end = at + length
                while at < end:
                    beat = at // hw.axi_bytes * hw.axi_bytes
                    part = range(at, min(beat + hw.axi_bytes, end))
                    yield (
                        (base + beat + d["x_guard"]) % 2**32,
                        [line + off & 0xFFFF_FFFF for line in lines for off in part],
                    )
                    at = part.stop
