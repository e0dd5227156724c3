"""Bundle: what it refuses, how it is stored, how it folds a batch norm."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Add, AvgPool2D, Conv2D, Dense, Flatten, Linear, MaxPool2D, ReLU, flatten
from deepsoc.frontend.keras.model import Model

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "slope not a power of two": (lambda: ReLU(0.3), "slope=0.3"),
    "slope above 1": (lambda: ReLU(2.0), "slope=2.0"),
    "slope negative": (lambda: ReLU(-0.5), "slope=-0.5"),
    "slope too flat": (lambda: ReLU(2.0**-8), "2**-n with n = 0 … 7"),
    "int_bits a float": (lambda: ReLU(int_bits=1.5), "int_bits=1.5"),  # type: ignore[arg-type]
    "int_bits absurd": (lambda: MaxPool2D(int_bits=99), "int_bits=99"),
    "one bit": (lambda: Bits(x=1), "Received: x=1"),
    "three bits": (lambda: Bits(k=3), "Received: k=3"),
    "bias bits": (lambda: Bits(b=12), "Received: b=12"),
    "bits as bool": (lambda: Bits(x=True), "x=True"),
    "alpha": (lambda: Conv2D(8, 3, alpha="auto"), "Scales are powers of two"),
    "kernel_quantizer": (
        lambda: Dense(8, kernel_quantizer="quantized_bits(4, 0, alpha='auto')"),
        "Scales are powers of two",
    ),
    "activation": (lambda: Conv2D(8, 3, activation="relu"), "act=ds.ReLU"),
    "dilation": (lambda: Conv2D(8, 3, dilation_rate=2), "Dilation is not there yet"),
    "groups": (lambda: Conv2D(8, 3, groups=0), "groups=0"),
    "keyword of ReLU": (lambda: ReLU(max_value=6), "for ReLU6 take int_bits=3"),
    "slope of Keras 2": (lambda: ReLU(alpha=0.1), "The slope for negative values is slope="),
    "slope of Keras 3": (lambda: ReLU(negative_slope=0.1), "The slope for negative values is slope="),
    "keyword of pool": (lambda: MaxPool2D(2, data_format="channels_first"), "['data_format']"),
    "keyword of Bundle": (lambda: Bundle(Dense(3), activation=ReLU()), "['activation']"),
    "keyword of Flatten": (lambda: Flatten(data_format="channels_last"), "['data_format']"),
    "no filters": (lambda: Conv2D(0, 3), "filters=0"),
    "kernel of three": (lambda: Conv2D(4, (3, 3, 3)), "kernel_size=(3, 3, 3)"),  # type: ignore[arg-type]
    "stride 0": (lambda: Conv2D(4, 3, strides=0), "strides=0"),
    "padding": (lambda: Conv2D(4, 3, padding="full"), "padding='full'"),
    "units a float": (lambda: Dense(2.5), "units=2.5"),  # type: ignore[arg-type]
    "stock core": (lambda: Bundle(keras.layers.Conv2D(4, 3)), "Invalid core"),
    "activation as core": (lambda: Bundle(ReLU()), "Invalid core"),  # type: ignore[arg-type]
    "pool as act": (lambda: Bundle(Dense(4), act=MaxPool2D(2)), "in this order"),  # type: ignore[arg-type]
    "act as pool": (lambda: Bundle(Conv2D(4, 3), pool=ReLU()), "Invalid pool"),  # type: ignore[arg-type]
    "act as string": (lambda: Bundle(Dense(4), act="relu"), "act='relu'"),  # type: ignore[arg-type]
    "add with a pool": (lambda: Add(act=MaxPool2D(2)), "Invalid act"),  # type: ignore[arg-type]
    "softmax as layer": (lambda: Bundle(Dense(4), softmax="yes"), "softmax='yes'"),  # type: ignore[arg-type]
    "image into dense": (lambda: Bundle(Dense(4))(keras.Input((8, 8, 1))), "flatten it first"),
    "vector into convolution": (lambda: Bundle(Conv2D(4, 3))(keras.Input((8,))), "do not flatten"),
    "pool behind dense": (lambda: Bundle(Dense(4), pool=MaxPool2D(2))(keras.Input((8,))), "Invalid pool"),
    "add without shortcut": (lambda: Bundle(Dense(4), add=Add())(keras.Input((8,))), "[x, shortcut]"),
    "unknown sizes": (lambda: Bundle(Conv2D(4, 3))(keras.Input((None, None, 1))), "known shape"),
    "unknown length": (lambda: Bundle(Dense(4))(keras.Input((None,))), "known shape"),
    "unknown sizes flattened": (lambda: flatten(keras.Input((None, 8, 1))), "known shape"),
    "kernel larger than the input": (
        lambda: Bundle(Conv2D(4, 7), name="k")(keras.Input((5, 3, 2))),
        "k: Invalid core: a window of 7 does not fit into 5",
    ),
    "pool larger than its input": (
        lambda: Bundle(Conv2D(4, 3), pool=AvgPool2D((1, 4)), name="p")(keras.Input((5, 5, 2))),
        "p: Invalid pool: a window of 4 does not fit into 3",
    ),
    "shortcut of another shape": (
        lambda: Bundle(Conv2D(4, 3), add=Add())([keras.Input((8, 8, 4)), keras.Input((8, 8, 4))]),
        "Invalid shortcut",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_refusals_say_what_was_expected(fault: str) -> None:
    make, message = REFUSED[fault]
    with pytest.raises(InputError) as caught:
        make()
    assert message in str(caught.value)


def full_bundle() -> Bundle:
    return Bundle(
        Conv2D(5, (3, 2), strides=(2, 1), padding="same", use_bias=False, kernel_regularizer="l2"),
        act=ReLU(0.25, int_bits=2),
        add=Add(act=ReLU(0.5)),
        pool=AvgPool2D((2, 3), (1, 2), "same", int_bits=-1),
        flatten=True,
        batch_norm=True,
        name="all_of_it",
    )


@pytest.mark.parametrize(
    "bundle",
    [full_bundle(), Bundle(Dense(3), softmax=True), Bundle(Conv2D(2, 1), act=Linear(1), pool=MaxPool2D(2))],
    ids=["full", "dense", "linear"],
)
def test_configuration_makes_an_equal_bundle(bundle: Bundle) -> None:
    config = bundle.get_config()
    again = Bundle.from_config(config)
    assert again.get_config() == config
    stored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(bundle))
    assert stored.get_config() == config
    if bundle.name == "all_of_it":
        assert again.pool.int_bits == -1
        assert again.add.act.slope == 0.5
        assert again.core.strides == (2, 1)


def random_norm(bundle: Bundle, rng: np.random.Generator) -> None:
    norm = bundle.batch_norm
    norm.gamma.assign(rng.normal(size=norm.gamma.shape))
    norm.beta.assign(rng.normal(size=norm.gamma.shape))
    norm.moving_mean.assign(rng.normal(size=norm.gamma.shape))
    norm.moving_variance.assign(rng.uniform(0.1, 3, size=norm.gamma.shape))


@pytest.mark.parametrize("use_bias", [True, False])
def test_folded_batch_norm_is_batch_norm(use_bias: bool) -> None:
    rng = np.random.default_rng(3)
    bundle = Bundle(Conv2D(4, 3, use_bias=use_bias), act=ReLU(), batch_norm=True)
    x = rng.normal(size=(16, 7, 6, 3)).astype(np.float32)
    bundle.build(x.shape)
    random_norm(bundle, rng)
    if use_bias:
        bundle.core.bias.assign(rng.normal(size=4))

    def stock(training: bool) -> np.ndarray:
        sums = keras.ops.conv(x, bundle.core.kernel, padding="valid")
        if use_bias:
            sums = sums + bundle.core.bias
        norm = keras.layers.BatchNormalization(momentum=bundle.batch_norm.momentum)
        norm.build(sums.shape)
        norm.set_weights(bundle.batch_norm.get_weights())
        result = np.maximum(np.asarray(norm(sums, training=training)), 0)
        if training:
            moving.extend(norm.get_weights())
        return result

    moving: list[np.ndarray] = []
    assert np.allclose(np.asarray(bundle(x)), stock(training=False), atol=1e-4)
    expected = stock(training=True)
    assert np.allclose(np.asarray(bundle(x, training=True)), expected, atol=1e-4)
    for got, want in zip(bundle.batch_norm.get_weights(), moving, strict=True):
        assert np.allclose(got, want, rtol=1e-3, atol=1e-4)


def test_integers_are_the_folded_weights_rounded() -> None:
    rng = np.random.default_rng(4)
    inputs = keras.Input((6, 6, 2))
    bundle = Bundle(Conv2D(3, 3), act=ReLU(), batch_norm=True)
    model = Model(inputs, Bundle(Dense(2))(flatten(bundle(inputs))), bits=Bits(4, 4, 16, input_int_bits=0))
    random_norm(bundle, rng)
    numbers = bundle.integers()
    norm = bundle.batch_norm
    scale = np.asarray(norm.gamma) / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    kernel = np.asarray(bundle.core.kernel) * scale
    bias = np.asarray(norm.beta) + (np.asarray(bundle.core.bias) - np.asarray(norm.moving_mean)) * scale
    assert np.abs(np.clip(kernel * 2**numbers.k_frac, -8, 7) - numbers.kernel).max() <= 0.501
    assert np.abs(bias * 2.0**numbers.b_frac - numbers.bias).max() <= 0.501
    assert 4 <= np.abs(numbers.kernel).max() <= 8, "the scale wastes a bit"
    assert numbers.b_frac <= numbers.k_frac + model.input_grid.frac(4), "finer than the accumulator"
