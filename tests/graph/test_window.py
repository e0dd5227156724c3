from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.graph.window import Window, windows
from tests.graph.plain_reference import window


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        # TensorFlow: out, before, after
        (28, 3, 1, "same", (28, 1, 1)),
        (28, 7, 2, "same", (14, 2, 3)),
        (224, 7, 2, "same", (112, 2, 3)),
        (112, 3, 2, "same", (56, 0, 1)),
        (5, 2, 2, "same", (3, 0, 1)),
        (5, 2, 1, "same", (5, 0, 1)),
        (5, 4, 1, "same", (5, 1, 2)),
        (9, 1, 4, "same", (3, 0, 0)),
        (8, 2, 4, "same", (2, 0, 0)),
        (1, 5, 4, "same", (1, 2, 2)),
        (28, 3, 1, "valid", (26, 0, 0)),
        (28, 3, 2, "valid", (13, 0, 0)),
        (7, 7, 4, "valid", (1, 0, 0)),
        (9, 2, 4, "valid", (2, 0, 0)),
    ],
)
def test_tensorflow_sizes(size: int, kernel: int, stride: int, padding: str, expected: tuple[int, int, int]) -> None:
    made = Window(size, kernel, stride, padding)  # type: ignore[arg-type]
    assert (made.out, made.pad_before, made.pad_after) == expected


PADDINGS = st.sampled_from(("same", "valid")) | st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 6), PADDINGS)
def test_every_window_against_a_list_of_taps(size: int, kernel: int, stride: int, padding: Any) -> None:
    pads = padding if isinstance(padding, tuple) else (0, 0)
    small = "does not fit" if kernel > size + sum(pads) else ""
    refused = "" if padding == "same" else "whole window" if max(pads) >= kernel else small
    if refused:
        with pytest.raises(InputError, match=refused):
            Window(size, kernel, stride, padding)
        return
    made = Window(size, kernel, stride, padding)
    expected = window(size, kernel, stride, padding)
    assert made.out == len(expected)
    for index, taps in enumerate(expected):
        assert made.span(index) == (taps[0][1], taps[-1][1] + 1)
    # The padded dimension holds the last window.
    assert made.pad_before + size + made.pad_after >= (made.out - 1) * stride + kernel


@pytest.mark.parametrize("sizes", [(0, 1, 1), (4, 0, 1), (4, 1, 0), (4, -1, 1)])
def test_sizes_must_be_positive(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="at least 1"):
        Window(*sizes, "same")


def test_unknown_padding() -> None:
    with pytest.raises(InputError, match="'full'"):
        Window(4, 2, 1, "full")  # type: ignore[arg-type]
    for pads in ((1,), (1, -1), [1, 1], (1, 1.0)):
        with pytest.raises(InputError, match="elements before and behind"):
            Window(4, 2, 1, pads)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\(\(top, bottom\), \(left, right\)\)"):
        windows((4, 4), (2, 2), (1, 1), ((1, 1),))  # type: ignore[arg-type]
