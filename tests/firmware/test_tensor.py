"""Packing, unpacking and softmax of the firmware against the layouts of the mapping and against float64."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from deepsoc.hw import Hardware
from deepsoc.mapping.layout import RawLayout, TensorLayout
from tests.firmware.library import Model, Tensor, status_names

SHAPES = [(1, 1, 1, 1), (1, 28, 28, 1), (2, 7, 5, 3), (3, 8, 4, 2), (1, 9, 1, 17), (1, 16, 3, 6), (2, 15, 2, 1)]


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@pytest.mark.parametrize("rows", [1, 3, 7, 8])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("shape", SHAPES)
def test_tensor_round_trip(firmware, rng, rows: int, bits: int, shape: tuple[int, int, int, int]) -> None:
    layout = TensorLayout(Hardware(rows=rows, cols=8, x_bits=bits), *shape)
    values = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), shape)
    tensor = Tensor(0, layout.size, layout.pitch, layout.n_pitch, *shape, 0, 0, 0, bits, 0, 0)
    image = np.full(layout.size, 0xA5, np.uint8)
    packed = values.astype(np.int8)
    assert firmware.dsoc_tensor_pack(ctypes.byref(tensor), rows, pointer(image), pointer(packed)) == 0

    np.testing.assert_array_equal(layout.unpack(image.tobytes()), values)
    written = image != 0xA5
    expected = np.frombuffer(layout.pack(values), np.uint8)
    np.testing.assert_array_equal(image[written], expected[written])  # zero bits where no row is

    back = np.zeros(shape, np.int32)
    firmware.dsoc_tensor_unpack(ctypes.byref(tensor), rows, pointer(image), pointer(back))
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize(("bits", "value"), [(2, 2), (2, -3), (4, 8), (4, -9)])
def test_pack_refuses_values_outside_the_bits(firmware, bits: int, value: int) -> None:
    layout = TensorLayout(Hardware(rows=4, cols=8, x_bits=bits), 1, 3, 2, 2)
    tensor = Tensor(0, layout.size, layout.pitch, layout.n_pitch, 1, 3, 2, 2, 0, 0, 0, bits, 0, 0)
    values = np.zeros(12, np.int8)
    values[-1] = value
    image = np.zeros(layout.size, np.uint8)
    status = firmware.dsoc_tensor_pack(ctypes.byref(tensor), 4, pointer(image), pointer(values))
    assert status == status_names(firmware)["DSOC_ERR_VALUE"]


@pytest.mark.parametrize("rows", [1, 3, 7, 8])
@pytest.mark.parametrize("ch_per_t", [1, 4, 6, 24])
@pytest.mark.parametrize("shape", SHAPES)
def test_raw_unpack(firmware, rng, rows: int, ch_per_t: int, shape: tuple[int, int, int, int]) -> None:
    hw = Hardware(rows=rows, cols=8, x_bits=8)
    layout = RawLayout(hw, *shape, ch_per_t)
    values = rng.integers(-(1 << 31), 1 << 31, shape)
    values.flat[0] = -(1 << 31)
    values.flat[-1] = (1 << 31) - 1
    image = np.frombuffer(layout.pack(values), np.uint8).copy()
    tensor = Tensor(0, layout.size, 0, 0, *shape, hw.slot_bytes, ch_per_t, 1, 32, 0, 0)
    back = np.zeros(shape, np.int32)
    firmware.dsoc_tensor_unpack(ctypes.byref(tensor), rows, pointer(image), pointer(back))
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize("offset", [0, 1, 2, 4])
@pytest.mark.parametrize(("rows", "ch_per_t", "channels"), [(1, 1, 1), (1, 3, 7), (4, 3, 8), (9, 24, 1003)])
def test_raw_unpack_of_one_row(firmware, rng, rows: int, ch_per_t: int, channels: int, offset: int) -> None:
    """As it leaves a classifier, wherever the arena lies for the CPU."""
    hw = Hardware(rows=rows, cols=8, x_bits=8, k_bits=8, axi_data_bits=64)
    layout = RawLayout(hw, 1, 1, 1, channels, ch_per_t)
    values = rng.integers(-(1 << 31), 1 << 31, (1, 1, 1, channels)).astype(np.int32)
    image = np.zeros(layout.size + offset, np.uint8)
    image[offset:] = np.frombuffer(layout.pack(values), np.uint8)
    tensor = Tensor(0, layout.size, 0, 0, 1, 1, 1, channels, hw.slot_bytes, ch_per_t, 1, 32, 0, 0)
    back = np.zeros(channels + 1, np.int32)
    firmware.dsoc_tensor_unpack(ctypes.byref(tensor), rows, pointer(image[offset:]), pointer(back))
    np.testing.assert_array_equal(back, [*values.ravel(), 0])


def softmax(firmware, values: np.ndarray, frac: int, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of rows of integers by the firmware, and in float64."""
    rows, channels = values.shape
    integers = np.ascontiguousarray(values, np.int32)
    model = Model(softmax=1, output=Tensor(0, 0, 0, 0, 1, rows, 1, channels, 0, 0, 1, 32, frac, 0, scale))
    received = np.zeros(values.shape, np.float32)
    assert firmware.dsoc_softmax(ctypes.byref(model), pointer(integers), pointer(received)) == 0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        below = integers.astype(np.float64) - integers.max(axis=1, keepdims=True)
        exact = np.exp(below * scale * 2.0 ** -float(frac))
    return received, exact / exact.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("frac", [-128, -100, -3, 0, 4, 9, 20, 31, 126, 127])
@pytest.mark.parametrize("channels", [1, 2, 10, 1000])
@pytest.mark.parametrize("scale", [1.0, float(np.float32(1.7131))])
def test_softmax_is_as_exact_as_the_header_says(firmware, rng, frac: int, channels: int, scale: float) -> None:
    one = 2.0 ** min(max(frac, -20), 27)
    drawn = [rng.normal(0, spread * one, (8, channels)) for spread in (0.01, 0.3, 1, 6, 30)]
    alike = -np.outer(np.linspace(0, 12, 40), np.full(channels, one))  # one class, and many equal ones below it
    alike[:, 0] = 0
    values = np.clip(np.round(np.concatenate([*drawn, alike])), -(2**31), 2**31 - 1)
    received, exact = softmax(firmware, values, frac, scale)
    assert np.abs(received - exact).max() < 3e-7
    assert np.abs(received.astype(np.float64).sum(axis=1) - 1).max() < 1e-6


@pytest.mark.parametrize("frac", [0, 4, 10, 17, 20])
def test_the_exponential_is_as_exact_as_its_comment_says(firmware, frac: int) -> None:
    """Of two classes far apart the lesser one's probability is e^-x: its relative error shows what 1e-6 of 1 hides."""
    most = min(86.9 * 2.0**frac, 2**24 - 1)  # larger differences are rounded to a float, later ones are 0
    below = np.unique(np.linspace(0, most, 30001).astype(np.int64))
    received, exact = softmax(firmware, np.stack([np.zeros_like(below), -below], axis=1), frac)
    assert np.abs(received[:, 1] / exact[:, 1] - 1).max() < 3e-7
    received, _ = softmax(firmware, np.array([[0, -(88 << min(frac, 24))]]), frac)
    np.testing.assert_array_equal(received, [[1.0, 0.0]])


def test_softmax_survives_the_whole_integer_range(firmware) -> None:
    values = np.array([-(2**31), 2**31 - 1], np.int32)
    model = Model(softmax=1, output=Tensor(0, 0, 0, 0, 1, 1, 1, 2, 0, 0, 1, 32, 0, 0, 1.0))
    received = np.zeros(2, np.float32)
    assert firmware.dsoc_softmax(ctypes.byref(model), pointer(values), pointer(received)) == 0
    np.testing.assert_array_equal(received, [0.0, 1.0])


@pytest.mark.parametrize(("softmax", "group"), [(1, 3), (2, 12)])
def test_softmax_groups(firmware, softmax: int, group: int) -> None:
    model = Model(softmax=softmax, output=Tensor(0, 0, 0, 0, 2, 2, 2, 3, 0, 0, 1, 32, 2, 0, 1.0))
    values = np.arange(24, dtype=np.int32)
    received = np.zeros(24, np.float32)
    assert firmware.dsoc_softmax(ctypes.byref(model), pointer(values), pointer(received)) == 0
    exact = np.exp(values.reshape(-1, group) / 4)
    np.testing.assert_allclose(received, (exact / exact.sum(axis=1, keepdims=True)).ravel(), atol=1e-6)
