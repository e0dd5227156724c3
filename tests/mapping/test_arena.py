"""Buffers that are in use together never overlap, and dead ones make room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepsoc.mapping.arena import Buffer, allocate


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 20), st.integers(0, 20)), max_size=25),
    st.sampled_from([1, 16, 64]),
    st.integers(0, 100),
)
def test_live_buffers_are_apart(sizes: list[tuple[int, int, int]], align: int, start: int) -> None:
    buffers = [Buffer(str(i), size, min(a, b), max(a, b)) for i, (size, a, b) in enumerate(sizes)]
    offsets, end = allocate(buffers, start=start, align=align)
    for b in buffers:
        assert offsets[b.name] % align == 0
        assert start <= offsets[b.name] <= end - b.size
        for o in buffers:
            if o is not b and o.first <= b.last and b.first <= o.last:
                assert offsets[o.name] + o.size <= offsets[b.name] or offsets[b.name] + b.size <= offsets[o.name]


def test_dead_buffers_are_reused() -> None:
    chain = [Buffer(str(i), 100, i, i + 1) for i in range(10)]
    assert allocate(chain, start=0, align=1)[1] == 200


def test_large_buffers_are_placed_first() -> None:
    """Placed by growing size, the largest would lie above the hole that the smallest leaves: 130 bytes."""
    chain = [Buffer("a", 10, 0, 1), Buffer("b", 20, 1, 2), Buffer("c", 100, 2, 3)]
    assert allocate(chain, start=0, align=1) == ({"c": 0, "b": 100, "a": 0}, 120)
