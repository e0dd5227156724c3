"""Memory layouts: round trips, and every byte where docs/architecture.md puts it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping.layout import RawLayout, TensorLayout

SIZES = {"n": st.integers(1, 3), "h": st.integers(1, 20), "w": st.integers(1, 5), "c": st.integers(1, 9)}
hardware = st.builds(
    Hardware,
    rows=st.integers(1, 9),
    cols=st.just(4),
    x_bits=st.sampled_from([2, 4, 8]),
    axi_data_bits=st.sampled_from([32, 64, 128]),
    axi_max_burst=st.sampled_from([1, 4, 16]),
)
seeds = st.integers(0, 2**32 - 1)


@given(hw=hardware, seed=seeds, others=st.integers(0, 5), **SIZES)
def test_tensor(hw: Hardware, seed: int, others: int, n: int, h: int, w: int, c: int) -> None:
    """`others`: channels beside those of the layout, if it is a range of a larger tensor's."""
    rng = np.random.default_rng(seed)
    layout = TensorLayout(hw, n, h, w, c, c + others if others else 0)
    half = 1 << (hw.x_bits - 1)
    values = rng.integers(-half, half, (n, h, w, c))
    image = layout.pack(values)
    assert len(image) == layout.size
    np.testing.assert_array_equal(layout.unpack(image), values)
    # One element, by the words of the document.
    i, row, x, ch = (int(rng.integers(k)) for k in (n, h, w, c))
    group = -(-hw.rows // hw.rpb)
    line = row // hw.rows * group + row % hw.rows // hw.rpb
    assert layout.pitch % hw.grid_bytes == 0
    step = c + others
    assert layout.pitch >= w * step > layout.pitch - hw.grid_bytes
    byte = image[i * (-(-h // hw.rows) * group * layout.pitch) + line * layout.pitch + x * step + ch]
    assert byte >> (row % hw.rows % hw.rpb * hw.x_bits) & (2 * half - 1) == values[i, row, x, ch] & (2 * half - 1)
    # Rows that do not exist are 0; noise where nothing belongs does not matter.
    assert image.count(0) >= layout.size - n * h * w * c
    noisy = bytearray(image)
    for at in range(layout.size):
        if at % layout.pitch >= w * step or at % layout.pitch % step >= c:
            noisy[at] = int(rng.integers(256))
    np.testing.assert_array_equal(layout.unpack(bytes(noisy)), values)


@given(hw=hardware, seed=seeds, others=st.integers(0, 5), fh=st.integers(1, 3), fw=st.integers(1, 3), **SIZES)
def test_every_so_many_th_row_and_column(
    hw: Hardware, seed: int, others: int, fh: int, fw: int, n: int, h: int, w: int, c: int
) -> None:
    """The parts of a tensor fill it, each in its own bytes; rows that share a byte are no parts."""
    fh = fh if hw.x_bits == 8 else 1
    whole = TensorLayout(hw, n, h * fh, w * fw, c, c + others if others else 0)
    part, half = whole.cells((fh, fw)), 1 << (hw.x_bits - 1)
    values = np.random.default_rng(seed).integers(-half, half, (n, h, w, c))
    image = np.zeros(whole.size, np.uint8)
    for i in range(fh):
        for j in range(fw):
            at = i * whole.pitch + j * whole.column
            place = image[at : at + part.size]
            assert len(place) == part.size
            packed = np.frombuffer(part.pack(values), np.uint8)
            assert not (place[packed != 0]).any()
            place |= packed
            np.testing.assert_array_equal(part.unpack(place.tobytes()), values)
    np.testing.assert_array_equal(whole.unpack(image.tobytes()), values.repeat(fh, axis=1).repeat(fw, axis=2))


@given(hw=hardware, seed=seeds, ch_per_t=st.integers(1, 9), **SIZES)
def test_raw(hw: Hardware, seed: int, ch_per_t: int, n: int, h: int, w: int, c: int) -> None:
    rng = np.random.default_rng(seed)
    layout = RawLayout(hw, n, h, w, c, ch_per_t)
    values = rng.integers(-(1 << 31), 1 << 31, (n, h, w, c))
    image = layout.pack(values)
    assert len(image) == layout.size
    np.testing.assert_array_equal(layout.unpack(image), values)
    slot = 0
    for first in range(0, c, ch_per_t):
        for i in range(n):
            for block in range(0, h, hw.rows):
                for x in range(w):
                    for k in range(first, min(first + ch_per_t, c)):
                        words = np.frombuffer(image, "<i4", hw.rows, slot * hw.slot_bytes)
                        rows = min(hw.rows, h - block)
                        assert words[:rows].tolist() == values[i, block : block + rows, x, k].tolist()
                        assert not words[rows:].any()
                        slot += 1
    assert slot == layout.form.slots


def test_a_matrix_has_its_batch_on_the_rows() -> None:
    hw = Hardware(rows=4, cols=4, x_bits=4, axi_data_bits=32, axi_max_burst=1)
    image = TensorLayout(hw, 1, 3, 1, 2).pack(np.array([[1, 2], [3, 4], [5, -6]]))
    assert image == bytes([0x31, 0x42, 0, 0, 0x05, 0x0A, 0, 0])


def test_faults() -> None:
    hw = Hardware(rows=4, cols=4, x_bits=4)
    layout = TensorLayout(hw, 1, 4, 2, 2)
    with pytest.raises(InputError, match="expected 1"):
        layout.pack(np.zeros((1, 4, 2, 3), np.int64))
    with pytest.raises(InputError, match="4 bits hold -8 … 7"):
        layout.pack(np.full((1, 4, 2, 2), 8))
    with pytest.raises(InputError, match="bytes"):
        layout.unpack(b"\0")
    with pytest.raises(InputError, match="bytes"):
        RawLayout(hw, 1, 4, 2, 2, 1).unpack(b"\0")
