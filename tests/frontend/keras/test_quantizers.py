"""One rounding: QKeras, the layers and the integer reference agree on ties, both signs and both saturation ends."""

import os
import subprocess
import sys
from typing import Literal

import numpy as np
import pytest

from deepsoc.frontend.keras._backend import keras, qkeras
from deepsoc.frontend.keras.layers import AvgPool2D, Linear, MaxPool2D, ReLU
from deepsoc.frontend.keras.quantizers import convolve, covering_limit, fixed_point, weight_limit
from deepsoc.graph import ir
from deepsoc.graph.executor import accumulate, pool2d
from deepsoc.graph.fixed import activate, requant

ops = keras.ops
SUMS = np.unique(np.concatenate([np.arange(-1200, 1201), [-(2**23), -(2**20) - 8, 2**20 + 8, 2**23]]))
BITS = (2, 4, 8)


def integers(values: object, frac: int) -> np.ndarray:
    scaled = np.ldexp(np.asarray(values, np.float64), frac)
    assert np.array_equal(scaled, np.rint(scaled)), "values off the grid"
    return scaled.astype(np.int64)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("shift", [-7, -3, -1, 0, 1, 2, 3, 4, 7, 11])
def test_fixed_point_rounds_as_the_reference(bits: int, shift: int, dtype: str) -> None:
    frac = 9
    real = ops.convert_to_tensor(np.ldexp(SUMS.astype(dtype), -frac), dtype=dtype)
    got = fixed_point(real, 2.0 ** -(frac - shift), bits)
    assert np.array_equal(integers(got, frac - shift), requant(SUMS, shift, bits))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("shift", [0, 1, 2, 5])
def test_qkeras_itself_rounds_as_the_reference(bits: int, shift: int) -> None:
    frac = 1
    real = np.ldexp(SUMS.astype(np.float32), -frac - shift)
    linear = qkeras.quantized_bits(bits, bits - 1 - frac, alpha=1.0, use_ste=True)(real)
    assert np.array_equal(integers(linear, frac), requant(SUMS, shift, bits))
    # QKeras' unsigned relu of one bit less is the signed one.
    if bits > 2:
        relu = qkeras.quantized_relu(bits - 1, bits - 1 - frac)(real)
        act = ir.Act("relu", ir.Quant(bits, frac))
        assert np.array_equal(integers(relu, frac), activate(SUMS, frac + shift, act))


@pytest.mark.parametrize("slope_log2", [None, 0, 1, 3, 7])
@pytest.mark.parametrize(("bits", "shift"), [(2, 3), (4, 0), (4, 5), (8, 2), (8, -2)])
def test_relu_rounds_once(bits: int, shift: int, slope_log2: int | None) -> None:
    frac = 9
    layer = ReLU(0 if slope_log2 is None else 2.0**-slope_log2, int_bits=bits - 1 - (frac - shift))
    got = layer.snap(layer.call(np.ldexp(SUMS.astype(np.float32), -frac)), bits)
    act = ir.Act("relu", ir.Quant(bits, frac - shift), slope_log2)
    assert np.array_equal(integers(got, frac - shift), activate(SUMS, frac, act))


def test_float64_is_not_rounded_twice() -> None:
    # 2**25 + 1 halves is above a tie, but float32 would make it the tie, and the tie goes down.
    sums = np.array([2**26 + 2**25 + 1, 2**26 + 2**25, 2**25 + 1, -(2**25) - 1, 2**25], np.int64)
    got = fixed_point(ops.convert_to_tensor(sums.astype(np.float64)), 2.0**26, 4)
    assert np.array_equal(integers(got, -26), requant(sums, 26, 4))


def test_covering_limit_is_exact_around_powers_of_two() -> None:
    for power in (2.0**-9, 0.25, 1.0, 64.0):
        peak = np.float32(power)
        assert float(covering_limit(peak)) == power
        assert float(covering_limit(np.nextafter(peak, np.float32(0)))) == power
        assert float(covering_limit(np.nextafter(peak, np.float32(np.inf)))) == 2 * power
    assert float(covering_limit(np.float32(0))) > 0


def test_weights_of_eight_bits_never_saturate_and_those_of_four_by_a_third_at_most() -> None:
    kernel = np.array([0.1, -1.3], np.float32)
    assert float(weight_limit(kernel, 8)) == 2.0
    assert float(weight_limit(kernel, 4)) == 1.0
    assert float(weight_limit(kernel * np.float32(1.1), 4)) == 2.0


@pytest.mark.parametrize("strides", [(1, 4), (4, 1), (1, 2), (2, 3), (2, 2)])
@pytest.mark.parametrize("channels", [1, 3])
def test_convolution_is_exact_for_unequal_strides(strides: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng(7)
    for height, width, kernel in ((13, 1, (5, 5)), (6, 3, (1, 2)), (12, 6, (4, 5)), (4, 1, (2, 4))):
        x = rng.integers(-8, 8, (3, height, width, channels))
        k = rng.integers(-8, 8, (*kernel, channels, 5))
        core = ir.Conv2D(k, None, strides, "same", ir.Quant(4, 0), ir.Quant(16, 0))
        got = convolve(ops.convert_to_tensor(x, "float32"), ops.convert_to_tensor(k, "float32"), strides, "same")
        assert np.array_equal(np.asarray(got), accumulate(core, x, ir.Quant(4, 0)))


@pytest.mark.slow
def test_convolution_is_exact_with_onednn() -> None:
    """That library is the one whose kernel reads beyond its input; the package leaves it off, a user may not."""
    command = [sys.executable, "-m", "pytest", "-q", __file__, "-k", "convolution_is_exact_for_unequal_strides"]
    subprocess.run(command, env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}, check=True)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("gain", [-2, 0, 3])
@pytest.mark.parametrize(("size", "strides"), [((2, 3), (1, 2)), ((3, 3), (2, 2)), ((2, 2), (1, 4)), ((7, 2), (3, 1))])
def test_pools_round_as_the_reference(
    size: tuple[int, int], strides: tuple[int, int], gain: int, padding: Literal["same", "valid"]
) -> None:
    seed = 5
    rng = np.random.default_rng(seed)
    x = rng.integers(-8, 8, (4, 9, 10, 3))
    for kind, layer in (
        ("avg", AvgPool2D(size, strides, padding, int_bits=3 - 2 - gain)),
        ("max", MaxPool2D(size, strides, padding, int_bits=3 - 2 - gain)),
    ):
        pool = ir.Pool(kind, size, strides, padding, ir.Quant(4, 2 + gain))  # type: ignore[arg-type]
        expected = pool2d(x, 2, pool)
        real = np.ldexp(x.astype(np.float32), -2)
        # Compiled, too: a graph optimizer turns divisions by constants into products.
        model = keras.Sequential([keras.Input(x.shape[1:]), layer])
        for pooled in (layer.call(ops.convert_to_tensor(real)), model.predict(real, verbose=0)):
            got = integers(layer.snap(ops.convert_to_tensor(pooled), 4), 2 + gain)
            assert np.array_equal(got, expected), f"{kind}, seed {seed}"


def test_gradients_pass_straight_through_and_stop_where_values_saturate() -> None:
    import tensorflow as tf

    x = tf.constant([-3.0, -0.9, 0.1, 0.4, 0.8, 5.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        clipped = tf.reduce_sum(fixed_point(x, 0.125, 4))
        through = tf.reduce_sum(fixed_point(x, 0.125, 4, clip_gradient=False))
    assert tape.gradient(clipped, x).numpy().tolist() == [0, 1, 1, 1, 1, 0]
    assert tape.gradient(through, x).numpy().tolist() == [1] * 6


def test_calibration_takes_the_binary_point_with_the_least_error() -> None:
    rng = np.random.default_rng(1)
    values = np.append(rng.normal(size=5000), 40.0).astype(np.float32)  # one outlier does not coarsen all
    grid = Linear()
    assert not grid.calibrated
    grid.calibrate(values, 4)
    errors = {}
    for int_bits in range(-3, 8):
        other = Linear(int_bits)
        errors[int_bits] = float(np.mean((np.asarray(other.snap(values, 4)) - values) ** 2))
    assert grid.frac(4) == 3 - min(errors, key=errors.__getitem__)
    fixed = Linear(int_bits=-1)
    fixed.calibrate(values, 4)
    assert fixed.frac(4) == 4
