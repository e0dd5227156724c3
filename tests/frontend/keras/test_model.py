"""Model: stock Keras calls, storage, and the networks that it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Add, AvgPool2D, Conv2D, Dense, MaxPool2D, ReLU, flatten
from deepsoc.frontend.keras.lower import lower, validate
from deepsoc.frontend.keras.model import Model
from deepsoc.frontend.keras.training import accuracy, fit_classifier, set_seed

BITS = Bits(4, 4, 16)


def residual(bits: Bits | None = BITS) -> Model:
    set_seed(0)
    inputs = keras.Input((9, 8, 2))
    x = Bundle(Conv2D(4, 3, padding="same"), act=ReLU(), pool=MaxPool2D(2), batch_norm=True, name="first")(inputs)
    x = Bundle(Conv2D(4, 3, padding="same"), add=Add(act=ReLU(0.125)), pool=AvgPool2D(2), name="second")([x, x])
    x = Bundle(Dense(3), softmax=True, name="last")(flatten(x))
    return Model(inputs, x, name="small", bits=bits)


def data(count: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Three classes that a tiny network can tell apart."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, count)
    x = rng.normal(scale=0.3, size=(count, 9, 8, 2)).astype(np.float32)
    x[np.arange(count), y * 3] += 1.0
    return x, y


@pytest.fixture(scope="module")
def trained() -> Model:
    model = residual()
    x, y = data()
    fit_classifier(model, x, y, epochs=40, batch_size=32)
    return model


def test_quantized_training_learns_and_leaves_equal_integers(trained: Model) -> None:
    x, y = data()
    assert accuracy(trained, x, y) > 0.9
    validate(trained, lower(trained), x)


def test_compiled_and_eager_inference_are_equal(trained: Model) -> None:
    x, _ = data()
    assert np.array_equal(trained.predict(x, verbose=0), np.asarray(trained(x)))


def test_saved_model_is_the_same_network(trained: Model, tmp_path: Path) -> None:
    x, y = data()
    trained.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    assert isinstance(again, Model)
    assert again.bits == BITS
    assert np.array_equal(again.predict(x, verbose=0), trained.predict(x, verbose=0))
    assert again.evaluate(x, y, verbose=0) == pytest.approx(trained.evaluate(x, y, verbose=0))
    validate(again, lower(again), x)
    again.fit(x, y, epochs=1, verbose=0)


def test_clone_with_the_weights_is_the_same_network(trained: Model) -> None:
    x, _ = data()
    clone = keras.models.clone_model(trained)
    assert isinstance(clone, Model)
    assert clone.bits == BITS
    assert not clone.calibrated
    clone.set_weights(trained.get_weights())
    assert np.array_equal(clone.predict(x, verbose=0), trained.predict(x, verbose=0))
    validate(clone, lower(clone), x)


def test_weights_move_between_floating_point_and_quantized_networks(tmp_path: Path) -> None:
    x, _ = data()
    for source, target in ((residual(None), residual()), (residual(), residual(None))):
        if source.bits:
            source.calibrate(x)
        source.save_weights(tmp_path / "net.weights.h5")
        target.load_weights(tmp_path / "net.weights.h5")
        for a, b in zip(source.get_weights(), target.get_weights(), strict=True):
            assert np.array_equal(a, b)


def test_floating_point_first_then_bits() -> None:
    x, y = data()
    model = residual(None)
    assert model.calibrated
    fit_classifier(model, x, y, epochs=6, batch_size=32)
    exact = model.predict(x, verbose=0)
    model.set_bits(Bits(8, 8, 32))
    with pytest.raises(InputError, match="binary points"):
        model.predict(x, verbose=0)
    model.calibrate(x)
    quantized = model.predict(x, verbose=0)
    assert not np.array_equal(exact, quantized)
    assert np.abs(exact - quantized).max() < 0.1
    fit_classifier(model, x, y, epochs=1, batch_size=32)
    validate(model, lower(model), x)


def test_sequential_use() -> None:
    set_seed(0)
    stack = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            Bundle(Conv2D(4, 3), act=ReLU(), flatten=True, name="a"),
            Bundle(Dense(5), act=ReLU(0.5), name="b"),
            Bundle(Dense(2), name="c"),
        ]
    )
    model = Model(stack.inputs, stack.outputs[0], bits=Bits(8, 4, 16))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(40, 8, 8, 1))
    model.fit(x, np.zeros((40, 2)), verbose=0)
    validate(model, lower(model), x)


def test_fit_calibrates_from_a_data_set() -> None:
    import tensorflow as tf

    x, y = data()
    model = residual()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32), verbose=0)
    assert model.calibrated


def test_fit_says_when_it_cannot_calibrate() -> None:
    model = residual()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(InputError, match="calibrate"):
        model.fit(iter([data()]), steps_per_epoch=1, verbose=0)


def test_fixed_binary_points_stay() -> None:
    inputs = keras.Input((6, 6, 1))
    x = Bundle(Conv2D(2, 3), act=ReLU(int_bits=3), pool=MaxPool2D(2, int_bits=4), name="a")(inputs)
    model = Model(inputs, Bundle(Dense(2), name="b")(flatten(x)), bits=Bits(8, 8, 16, input_int_bits=1))
    model.calibrate(np.random.default_rng(0).normal(size=(4, 6, 6, 1)) / 100)
    graph = lower(model)
    assert graph.input_quant.frac == 6
    assert graph.bundles[0].act is not None
    assert graph.bundles[0].act.out.frac == 4
    assert graph.bundles[0].pool is not None
    assert graph.bundles[0].pool.out.frac == 3


def image() -> Any:
    return keras.Input((8, 8, 2))


def conv(**parts: Any) -> Bundle:
    return Bundle(Conv2D(2, 3, padding="same"), **parts)


def shared(x: Any) -> Any:
    layer = conv()
    return layer(layer(x))


def two_forms(x: Any) -> Any:
    x = conv()(x)
    return Bundle(Dense(128), add=Add())([flatten(x), flatten(conv()(x))])


def flat_and_not(x: Any) -> Any:
    x = conv(act=ReLU())(x)
    y = flatten(conv(add=Add())([x, x]))
    return Bundle(Dense(2), add=Add())([flatten(x), Bundle(Dense(2))(y)])


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a stock layer": (lambda x: conv()(keras.layers.ReLU()(x)), "Expected ds.Bundle"),
    "an operation": (lambda x: conv()(keras.ops.abs(x)), "Expected ds.Bundle"),
    "no bundle": (lambda x: keras.layers.Flatten()(x), "at least one"),
    "softmax in the middle": (lambda x: conv()(conv(softmax=True)(x)), "not the last"),
    "a bundle used twice": (shared, "used twice"),
    "a flattened input": (lambda x: Bundle(Dense(2))(flatten(x)), "one-dimensional"),
    "a flattened shortcut": (two_forms, "shortcut cannot be flattened"),
    "one tensor in two forms": (flat_and_not, "both flattened and not"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_networks_without_a_form_are_refused(fault: str) -> None:
    make, message = REFUSED[fault]
    inputs = image()
    with pytest.raises(InputError) as caught:
        Model(inputs, make(inputs), bits=BITS)
    assert message in str(caught.value)


def test_other_refusals() -> None:
    inputs = image()
    out = conv()(inputs)
    with pytest.raises(InputError, match="Unknown keyword"):
        Model(inputs, out, alpha="auto")
    with pytest.raises(InputError, match="Invalid bits"):
        Model(inputs, out, bits=4)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one input"):
        Model([inputs, image()], out)
    model = Model(inputs, out, bits=BITS)
    with pytest.raises(InputError, match="Expected a batch of"):
        model.calibrate(np.zeros((2, 5, 5, 2)))
    with pytest.raises(InputError, match="NaN"):
        model.calibrate(np.full((1, 8, 8, 2), np.nan))
    with pytest.raises(InputError, match="binary points"):
        lower(model)
    with pytest.raises(InputError, match="floating point"):
        lower(residual(None))
