"""Model: stock Keras calls, storage, and the networks that it refuses."""

import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Add, AvgPool2D, Conv2D, Dense, Linear, MaxPool2D, ReLU, concatenate, flatten
from deepsoc.frontend.keras.lower import lower, validate
from deepsoc.frontend.keras.model import Model
from deepsoc.frontend.keras.storage import load_model
from deepsoc.frontend.keras.training import accuracy, fit_classifier, set_seed
from deepsoc.graph import ir

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
    again = load_model(tmp_path / "net.keras")
    assert isinstance(again, Model)
    assert again.bits == BITS
    assert np.array_equal(again.predict(x, verbose=0), trained.predict(x, verbose=0))
    assert again.evaluate(x, y, verbose=0) == pytest.approx(trained.evaluate(x, y, verbose=0))
    validate(again, lower(again), x)
    again.fit(x, y, epochs=1, verbose=0)


OTHER_PROCESS = """
import sys, numpy as np

import deepsoc                      # before Keras
assert "keras" not in sys.modules and "numpy.typing" not in sys.modules
import keras
for again in (True, False):
    model = keras.saving.load_model("net.keras")
    assert type(model).__name__ == "Model" and model.bits.x == 4
    assert np.array_equal(model.predict(np.load("x.npy"), verbose=0), np.load("y.npy"))
    if again:                       # as if nothing had been imported, and now Keras first
        for name in [name for name in sys.modules if name.startswith("deepsoc")]:
            del sys.modules[name]
        keras.saving.get_custom_objects().clear()
        import deepsoc
"""


def test_saved_model_opens_in_a_fresh_process_and_after_modules_moved(trained: Model, tmp_path: Path) -> None:
    x, _ = data(8)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", trained.predict(x, verbose=0))
    trained.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(tmp_path / "net.keras", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "config.json":
                moved = content.replace(b"deepsoc.frontend.keras.", b"deepsoc.somewhere.else.")
                assert moved != content
                content = json.dumps(json.loads(moved)).encode()
            old.writestr(name, content)
    done = subprocess.run([sys.executable, "-c", OTHER_PROCESS], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_layer_in_keras_registry_is_announced() -> None:
    import deepsoc

    names = {name for name in keras.saving.get_custom_objects() if name.startswith("deepsoc>")}
    assert len(names) >= 10
    assert {name.removeprefix("deepsoc>") for name in names} <= set(deepsoc.__all__)


def test_files_that_would_lose_the_number_formats_are_refused(trained: Model, tmp_path: Path) -> None:
    for save in (trained.save, lambda path: keras.saving.save_model(trained, path)):
        for name in ("net.h5", "net.hdf5"):
            with pytest.raises(InputError, match=r"number formats.*\.keras"):
                save(tmp_path / name)
    with pytest.raises(InputError, match="HDF5 keeps no number formats"):
        load_model(tmp_path / "net.h5")
    with pytest.raises(InputError, match="no such file"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "broken.keras").write_bytes(b"PK no archive")
    with pytest.raises(InputError, match="cannot load"):
        load_model(tmp_path / "broken.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "stock.keras")
    with pytest.raises(InputError, match=r"holds no deepsoc\.Model, but a Sequential"):
        load_model(tmp_path / "stock.keras")


def test_a_model_whose_bundles_went_to_another_says_so_until_it_takes_them_back(tmp_path: Path) -> None:
    x, y = data(16)
    first = residual()
    first.calibrate(x)
    first.compile("sgd", "sparse_categorical_crossentropy")
    before = first.predict(x, verbose=0)
    second = Model(first.inputs, first.bundles["second"].output, name="features", bits=Bits(8, 8, 16))
    for use in (
        lambda: first.predict(x, verbose=0),
        lambda: first.evaluate(x, y, verbose=0),
        lambda: first.fit(x, y, verbose=0),
        lambda: first(x),
        lambda: first.calibrate(x),
        lambda: first.bundle_outputs(x),
        lambda: lower(first),
        lambda: first.save(tmp_path / "net.keras"),
        lambda: first.get_config(),
    ):
        with pytest.raises(InputError, match=r"small: its Bundle 'first' belongs to the Model 'features'.*set_bits"):
            use()
    assert not list(tmp_path.iterdir())
    first.set_bits(BITS)
    assert np.array_equal(first.predict(x, verbose=0), before)
    with pytest.raises(InputError, match="features: its Bundle 'first' belongs to the Model 'small'"):
        second.calibrate(x)


def noisy(bits: Bits | None = BITS, *, noise: bool = True) -> Model:
    set_seed(0)
    layers = keras.layers

    def maybe(layer: Any, x: Any) -> Any:
        return layer(x) if noise else x

    inputs = keras.Input((9, 8, 2))
    a = Bundle(Conv2D(4, 3, padding="same"), act=ReLU(), name="a")(maybe(layers.GaussianNoise(0.1), inputs))
    b = maybe(layers.SpatialDropout2D(0.2), maybe(layers.GaussianDropout(0.1), a))
    b = Bundle(Conv2D(4, 3, padding="same"), add=Add(act=ReLU()), name="b")([b, maybe(layers.Dropout(0.2), a)])
    c = Bundle(Dense(3), softmax=True, name="c")(maybe(layers.ActivityRegularization(l2=0.01), flatten(b)))
    return Model(inputs, maybe(layers.Identity(), c), name="noisy", bits=bits)


def test_what_does_nothing_at_inference_passes(tmp_path: Path) -> None:
    x, y = data()
    model, plain = noisy(), noisy(noise=False)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    assert model.losses, "the regularization is gone"
    assert not np.array_equal(np.asarray(model(x, training=True)), np.asarray(model(x, training=True)))
    plain.set_weights(model.get_weights())
    assert np.array_equal(model.predict(x, verbose=0), plain.predict(x, verbose=0))
    ours, theirs = lower(model), lower(plain)
    validate(model, ours, x)
    for one, other in zip(ours.bundles, theirs.bundles, strict=True):
        assert (one.name, one.source, one.add, one.act, one.flatten) == (
            other.name, other.source, other.add, other.act, other.flatten
        )  # fmt: skip
        assert np.array_equal(one.core.weights, other.core.weights)
    model.save(tmp_path / "net.keras")
    again = load_model(tmp_path / "net.keras")
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


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


def test_training_data_in_the_order_of_its_classes_is_calibrated_as_a_whole() -> None:
    x, y = data(600)
    order = np.argsort(y)
    x, y = x[order] * np.array([0.01, 0.1, 4.0], np.float32)[y[order], None, None, None], y[order]
    limits = []
    for inputs in (x, x[::-1].copy()):
        model = residual()
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(inputs, y, verbose=0, epochs=1, batch_size=200)
        limits.append(float(model.input_grid.limit))
    assert limits[0] == limits[1] >= 4.0
    # A generator is read ahead, and still trains on all that it yields.
    batches = ((x[i : i + 100], y[i : i + 100]) for i in range(0, 600, 100))
    model = residual()
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(batches, steps_per_epoch=6, epochs=1, verbose=0)
    assert float(model.input_grid.limit) == limits[0]
    assert len(history.history["loss"]) == 1


def test_needless_saturation_is_told_with_the_remedy(tmp_path: Path) -> None:
    from deepsoc.hw import Hardware

    x, _ = data(16)
    model = residual(Bits(4, 4, 16, input_int_bits=-3))
    with pytest.warns(UserWarning, match=r"input: \d+% of the values saturate with -3 integer bits; 1 would be best"):
        model.calibrate(x)
    model = residual()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.calibrate(x)
    # As if training had moved the weights after the calibration.
    kernel = model.bundles["first"].core.kernel
    kernel.assign(16 * kernel)
    hw = Hardware(rows=4, cols=6, x_bits=4, k_bits=4)
    with pytest.warns(UserWarning, match=r"ReLU of first: \d+% of the values saturate.*calibrate again"):
        model.export(hw, tmp_path / "net", x=x)


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


def side_by_side(**int_bits: int) -> Model:
    """Two layers of very different ranges and the input side by side, twice; `int_bits` of the layers, by name."""
    set_seed(0)
    inputs = keras.Input((6, 5, 2))
    core = Conv2D(3, 3, padding=((2, 0), (1, 1)), kernel_initializer="ones")
    pool = MaxPool2D(3, 1, ((1, 1), (0, 2)))
    halved = MaxPool2D((2, 1), int_bits=int_bits.get("big"))
    big = Bundle(core, act=ReLU(), pool=halved, upsample=(2, 1), name="big")
    small = Bundle(Conv2D(2, 1), act=ReLU(int_bits=int_bits.get("small")), pool=pool, name="small")
    y, z = big(inputs), small(inputs)
    x = Bundle(Conv2D(4, 1), act=ReLU(), batch_norm=True, name="both")(concatenate([concatenate([y, z]), inputs]))
    x = Bundle(Conv2D(3, 3), act=ReLU(), flatten=True, name="again")(keras.layers.Concatenate()([z, x]))
    x = Bundle(Dense(3), softmax=True, name="last")(x)
    return Model(inputs, x, name="joint", bits=Bits(4, 4, 16, input_int_bits=int_bits.get("input")))


def test_concatenations_train_and_leave_equal_integers(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(24, 6, 5, 2)).astype(np.float32)
    model = side_by_side()
    fit_classifier(model, x, np.arange(24) % 3, epochs=2, batch_size=8)
    validate(model, lower(model), x)
    again = load_model(model_file(model, tmp_path))
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    graph = lower(again)
    big, small = graph.by_name()["big"].core, graph.by_name()["small"].pool
    assert isinstance(big, ir.Conv2D)
    assert small
    assert (big.padding, small.padding) == (((2, 0), (1, 1)), ((1, 1), (0, 2)))
    assert [bundle.source for bundle in graph.bundles[2:4]] == [("big", "small", "input"), ("small", "both")]


def test_depth_to_space_trains_and_leaves_equal_integers(tmp_path: Path) -> None:
    set_seed(0)
    inputs = keras.Input((6, 5, 2))
    x = Bundle(Conv2D(12, 3), act=ReLU(), batch_norm=True, depth_to_space=(2, 3), name="up")(inputs)
    x = Bundle(Conv2D(3, 3, 2), act=ReLU(), channels=(1, 2), flatten=True, name="down")(x)
    x = Bundle(Dense(3), softmax=True, name="last")(x)
    model = Model(inputs, x, name="places", bits=Bits(8, 4, 16))
    data = np.random.default_rng(0).normal(size=(24, 6, 5, 2)).astype(np.float32)
    fit_classifier(model, data, np.arange(24) % 3, epochs=2, batch_size=8)
    validate(model, lower(model), data)
    again = load_model(model_file(model, tmp_path))
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))
    assert lower(again).by_name()["up"].depth_to_space == (2, 3)
    assert lower(again).by_name()["down"].channels == (1, 2)
    y = np.random.default_rng(0).normal(size=(2, 4, 3, 8)).astype(np.float32)
    places = Bundle(Conv2D(8, 1, use_bias=False), act=Linear(), depth_to_space=2)
    places(y)
    places.core.set_weights([np.eye(8)[None, None]])
    tf = pytest.importorskip("tensorflow")
    np.testing.assert_array_equal(places(y), tf.nn.depth_to_space(y, 2))


def model_file(model: Model, folder: Path) -> Path:
    model.save(folder / "model.keras")
    return folder / "model.keras"


def test_concatenated_tensors_share_a_binary_point() -> None:
    x = np.random.default_rng(0).normal(size=(24, 6, 5, 2)) / 8

    def limits(**int_bits: int) -> dict[str, float]:
        model = side_by_side(**int_bits)
        model.calibrate(x)
        validate(model, lower(model), x.astype(np.float32))
        grids = {name: model.bundles[name].out_grid() for name in ("big", "small", "both")}
        return {name: float(grid.limit) for name, grid in ({"input": model.input_grid} | grids).items()}

    found = limits()
    assert len(set(found.values())) == 1
    assert found["big"] > 1  # while the input alone would have less
    assert set(limits(big=1).values()) == {2.0}
    assert set(limits(input=-1).values()) == {0.5}
    with pytest.raises(InputError, match=r"Expected equal ones of all that is concatenated.*'big': 1, 'input': 0"):
        side_by_side(big=1, input=0)


def test_a_model_of_calibrated_bundles_is_calibrated_again_where_they_are_concatenated() -> None:
    x = np.random.default_rng(0).normal(size=(8, 8, 8, 2))
    inputs = image()
    first, second = conv(act=ReLU(int_bits=None), name="one"), conv(act=ReLU(), name="two")
    y, z = first(inputs), second(inputs)
    for bundle, limit in ((first, 1.0), (second, 4.0)):
        bundle.out_grid().limit.assign(limit)
    model = Model(inputs, conv(act=ReLU(int_bits=1))(concatenate([y, z])), bits=Bits(4, 4, 16, input_int_bits=1))
    assert not model.calibrated
    model.calibrate(x)
    assert model.calibrated


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


def misnamed(name: str) -> Callable[[Any], Any]:
    return lambda x: conv(name=name)(conv(name="first")(x))


def after(layer: Any) -> Callable[[Any], Any]:
    """A network with a stock layer between two Bundles."""
    return lambda x: conv()(layer(conv(act=ReLU())(x)))


class AlwaysOn(keras.layers.Dropout):  # type: ignore[misc]
    """Drops at inference, too."""


stock = keras.layers
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a stock layer": (lambda x: conv()(keras.layers.ReLU()(x)), "Expected ds.Bundle"),
    "an operation": (lambda x: conv()(keras.ops.abs(x)), "Expected ds.Bundle"),
    "no bundle": (lambda x: keras.layers.Flatten()(x), "at least one"),
    "softmax in the middle": (lambda x: conv()(conv(softmax=True)(x)), "not the last"),
    "a bundle used twice": (shared, "used twice"),
    "sizes side by side": (
        lambda x: conv()(concatenate([x, conv(pool=MaxPool2D(2))(x)])),
        "Expected a list of tensors that differ in their",
    ),
    "a flattened input": (lambda x: Bundle(Dense(2))(flatten(x)), "one-dimensional"),
    "a flattened shortcut": (two_forms, "shortcut cannot be flattened"),
    "one tensor in two forms": (flat_and_not, "both flattened and not"),
    "a dash": (misnamed("conv4-2"), "conv4-2: Invalid name of a Bundle. Expected a letter"),
    "an umlaut": (misnamed("größe"), "Received: 'größe'"),
    "a digit first": (misnamed("1conv"), "Invalid name of a Bundle"),
    "70 letters": (misnamed("n" * 70), "at most 63"),
    "the name of the input": (misnamed("input"), "'input' is the network's input"),
    "a name twice": (misnamed("first"), "unique"),
    "an activation": (after(stock.LeakyReLU()), "act=ds.ReLU"),
    "a softmax": (after(stock.Softmax()), "softmax=True"),
    "an activation by name": (after(stock.Activation("relu")), "act=ds.ReLU"),
    "a max pool": (after(stock.MaxPooling2D()), "pool=ds.MaxPool2D"),
    "a global pool": (after(stock.GlobalAveragePooling2D(keepdims=True)), "pool=ds.AvgPool2D((8, 8)), flatten=True"),
    "a batch norm": (after(stock.BatchNormalization()), "batch_norm=True"),
    "a stock convolution": (after(stock.Conv2D(2, 1)), "ds.Bundle(ds.Conv2D"),
    "a depthwise convolution": (after(stock.DepthwiseConv2D(1)), "ds.Conv2D(channels, kernel, groups=channels)"),
    "padding": (after(stock.ZeroPadding2D()), "padding=((top, bottom), (left, right))"),
    "up-sampling": (after(stock.UpSampling2D()), "upsample=(rows, columns)"),
    "a transposed convolution": (after(stock.Conv2DTranspose(2, 2)), "depth_to_space=(rows, columns)"),
    "a reshape": (after(stock.Reshape((8, 8, 2))), "only change of shape"),
    "a scale": (after(stock.Rescaling(1 / 255)), "rescale the data"),
    "a concatenation of rows": (lambda x: conv()(stock.Concatenate(axis=1)([x, x])), "concatenates on axis 1; only"),
    "a flattened concatenation": (
        lambda x: Bundle(Dense(2))(flatten(concatenate([x, conv()(x)]))),
        "cannot be flattened; flatten the result of the",
    ),
    "flattened tensors side by side": (
        lambda x: Bundle(Dense(2))(concatenate([flatten(conv()(x)), flatten(conv()(x))])),
        "flattened tensor cannot be",
    ),
    "tensors that flatten side by side": (
        lambda x: Bundle(Dense(2))(concatenate([conv(flatten=True, name="a")(x), conv(flatten=True)(x)])),
        "reads 'a', which",
    ),
    "a concatenated shortcut": (
        lambda x: Bundle(Conv2D(4, 1), add=Add())([x, concatenate([x, x])]),
        "cannot be a shortcut; add to each of its parts",
    ),
    "a concatenation at the end": (
        lambda x: concatenate([conv()(x), x]),
        "cannot be the output; give it a Bundle behind",
    ),
    "an unknown layer": (after(stock.UnitNormalization()), "no form for it yet"),
    "a sum by +": (lambda x: conv()(conv()(x) + x), "add=ds.Add"),
    "dropout at inference": (after(lambda x: stock.Dropout(0.1)(x, training=True)), "training=True"),
    "dropout of another kind": (after(AlwaysOn(0.1)), "Expected ds.Bundle"),
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


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_weights_that_are_no_numbers_are_named(value: float) -> None:
    x, _ = data(4)
    model = residual()
    model.calibrate(x)
    model.bundles["second"].core.kernel.assign(np.full((3, 3, 4, 4), value))
    for use in (lambda: lower(model), lambda: model.calibrate(x)):
        with pytest.raises(InputError, match=r"second: Invalid kernel.*smaller learning rate"):
            use()
    model = residual()
    model.bundles["first"].batch_norm.moving_variance.assign([-1.0, 1, 1, 1])
    with pytest.raises(InputError, match=r"first: Invalid kernel.*NaN.*moving_variance"):
        model.calibrate(x)
