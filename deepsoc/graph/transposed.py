"""Transposed convolutions: a convolution at stride 1, one set of channels for each place between two inputs."""

from __future__ import annotations

import numpy as np

from deepsoc.graph.ir import IntArray
from deepsoc.graph.window import Pads

__all__ = ["as_convolution"]


def as_convolution(kernel: IntArray, strides: tuple[int, int]) -> tuple[IntArray, tuple[Pads, Pads]]:
    """Kernel and padding of the convolution that, with depth to space by the strides, does the same.

    Output o of a transposed convolution sums the inputs i at tap o + p - i * s, where p = max(k - s, 0) // 2 is the
    padding `same` (that of TensorFlow's convolution from s times as many elements, of which this is the gradient). With
    o = s * q + r place r reads input q + d at tap r + p - s * d. Taps that there are not are 0.

    Args:
        kernel: (kh, kw, ci, co).
        strides: (sh, sw), how many rows and columns one becomes.

    Returns:
        Kernel (h, w, ci, sh * sw * co), places first, and ((top, bottom), (left, right)).
    """
    (rows, top, bottom), (cols, left, right) = (_taps(kernel.shape[axis], strides[axis]) for axis in (0, 1))
    padded = np.concatenate([kernel, np.zeros_like(kernel[:1])])  # tap -1 is 0
    padded = np.concatenate([padded, np.zeros_like(padded[:, :1])], axis=1)
    taps = padded[rows[:, None, :, None], cols[None, :, None, :]]  # sh, sw, h, w, ci, co
    h, w, ci = taps.shape[2:5]
    return taps.transpose(2, 3, 4, 0, 1, 5).reshape(h, w, ci, -1), ((top, bottom), (left, right))


def _taps(size: int, stride: int) -> tuple[IntArray, int, int]:
    """Of every place and element of its window the tap, -1: none; elements before and behind the place's own input."""
    pad = max(size - stride, 0) // 2
    places = np.arange(stride)
    before, behind = (size - 1 - pad) // stride, (stride - 1 + pad) // stride
    taps = places[:, None] + pad - stride * np.arange(-before, behind + 1)
    return np.where((taps >= 0) & (taps < size), taps, -1).astype(np.int64), before, behind
