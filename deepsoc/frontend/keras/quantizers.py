"""Quantization on power-of-two grids: QKeras rounds, a power of two places the grid.

Every scale is an exact power of two, so that scaling never rounds and each value on a grid is an integer times the
grid's step. Sums of such values are exact in float32 up to 24 bits, and in float64 up to 53.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from deepsoc.frontend.keras._backend import keras, qkeras
from deepsoc.frontend.keras.formats import check_int_bits
from deepsoc.graph.fixed import MAX_INT_BITS, best_int_bits

__all__ = ["Grid", "convolve", "covering_limit", "exponent", "fixed_point", "weight_limit"]

ops = keras.ops

_LIMITS = np.ldexp(1.0, np.arange(-MAX_INT_BITS, MAX_INT_BITS + 1)).astype(np.float32)


def fixed_point(x: Any, step: Any, bits: int, *, clip_gradient: bool = True) -> Any:
    """Nearest values of a grid: multiples of `step`, ties to even, saturated to `bits` bits.

    Args:
        x: tensor. QKeras computes in float32, so a float64 tensor is rounded by the same rule first.
        step: distance of neighbouring values, a power of two.
        bits: width of the integers.
        clip_gradient: False lets gradients through where values saturate, too.

    Returns:
        float32 tensor. Its gradient is that of the identity (straight through), zero where values saturate.
    """
    high = _largest_float32(bits)
    v = x * ops.cast(1.0 / step, x.dtype)
    if clip_gradient:
        v = ops.clip(v, -(2.0 ** (bits - 1)), high)
    if keras.backend.standardize_dtype(v.dtype) == "float64":
        v = ops.cast(ops.round(v), "float32")
    return qkeras.quantized_bits(bits, bits - 1, alpha=1.0)(v) * step


def _largest_float32(bits: int) -> float:
    return float(2 ** (bits - 1) - 2 ** max(bits - 1 - 24, 0))


def convolve(x: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """2-D convolution, channels last; of integers times powers of two it is exact while sums have 24 bits.

    TensorFlow's float32 kernel for CPUs reads beyond its input where that has one channel and the strides differ: such
    an input gets a second channel, of zeros.
    """
    if x.shape[-1] == 1 and strides[0] != strides[1]:
        x = ops.concatenate([x, ops.zeros_like(x)], axis=-1)
        kernel = ops.concatenate([kernel, ops.zeros_like(kernel)], axis=2)
    return ops.conv(x, kernel, strides=strides, padding=padding)


def covering_limit(peak: Any) -> Any:
    """Smallest power of two that is at least `peak`; exact, by comparison, never by a logarithm."""
    return ops.min(ops.where(peak <= _LIMITS, _LIMITS, _LIMITS[-1]))


def weight_limit(kernel: Any, bits: int) -> Any:
    """Power of two at which the weights of a layer saturate.

    With few bits, rounding costs more than saturation: the largest weight may then exceed the limit by a third.
    """
    share = 1.0 if bits > 4 else 0.75
    return covering_limit(ops.stop_gradient(ops.max(ops.abs(kernel))) * share)


def exponent(power: float) -> int:
    """The integer e of the power of two 2**e."""
    return math.frexp(float(power))[1] - 1


class Grid(keras.layers.Layer):  # type: ignore[misc]
    """A grid of fixed-point values whose binary point is fixed by the user or chosen from data.

    Values lie in [-limit, limit); the limit is a power of two. It is a weight, so that it is saved with the model.

    Args:
        int_bits: log2 of the limit; None: chosen by calibration.
    """

    def __init__(self, int_bits: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.int_bits = check_int_bits(int_bits, type(self).__name__)
        # 0 stands for "not chosen yet".
        self.limit = self.add_weight(
            name="limit", shape=(), initializer=keras.initializers.Constant(self._initial_limit()), trainable=False
        )
        self.built = True

    def _initial_limit(self) -> float:
        return 0.0 if self.int_bits is None else 2.0**self.int_bits

    @property
    def calibrated(self) -> bool:
        """Whether the binary point is known."""
        return float(self.limit) > 0.0

    def step(self, bits: int) -> Any:
        """Distance of neighbouring values: a scalar tensor, a power of two."""
        return ops.where(self.limit > 0.0, self.limit, 1.0) * 2.0 ** (1 - bits)

    def known_step(self, bits: int) -> Any:
        """`step`, but 0 where the binary point is not chosen yet."""
        return self.limit * 2.0 ** (1 - bits)

    def frac(self, bits: int) -> int:
        """Fractional bits: the step is 2**-frac."""
        return -exponent(float(self.step(bits)))

    def place(self, limit: float) -> None:
        """Moves the binary point, unless the user fixed it."""
        if self.int_bits is None:
            self.limit.assign(limit)

    def calibrate(self, values: Any, bits: int, least: float = 0.0) -> None:
        """Chooses the binary point with the least squared error on `values`, unless the user fixed it.

        Args:
            values: that the grid has to represent.
            bits: width of the integers.
            least: the limit becomes no smaller than this power of two.
        """
        self.place(max(2.0 ** best_int_bits(ops.convert_to_numpy(values), bits), least))

    def snap(self, x: Any, bits: int) -> Any:
        """Nearest values of the grid (see `fixed_point`)."""
        return fixed_point(x, self.step(bits), bits)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "int_bits": self.int_bits}
