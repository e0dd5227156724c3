"""Keras and the integer graph compute the same integers, at every Bundle."""

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest

from deepsoc.errors import InputError, MappingError, MismatchError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Add, AvgPool2D, Conv2D, Dense, Linear, ReLU, flatten
from deepsoc.frontend.keras.lower import lower, validate
from deepsoc.frontend.keras.model import Model
from deepsoc.frontend.keras.netkeras import from_netspec, to_netspec
from deepsoc.graph import ir
from deepsoc.graph.executor import execute
from deepsoc.netspec.spec import NetSpec, parse_net
from tests.strategies import random_net


def randomize(model: Model, rng: np.random.Generator) -> None:
    """Random weights of random size, batch statistics included."""
    for variable in model.weights:
        if variable.path.endswith("limit"):
            continue
        values = rng.normal(size=variable.shape) * 0.3 * rng.choice([0.1, 1, 4])
        variable.assign(np.abs(values) + 0.1 if "variance" in variable.path else values)


def random_spec(rng: np.random.Generator) -> NetSpec:
    """A random network in which every bundle is read."""
    while True:
        spec = parse_net(random_net(rng, groups=0.3, joints=0.3, pads=0.3, ups=0.2))
        read = {name for b in spec.bundles for name in b.input} | {b.add.with_ for b in spec.bundles if b.add}
        trained = all(b.core.type != "conv2d_transpose" for b in spec.bundles)
        if trained and all(b.name in read for b in spec.bundles[:-1]):
            return spec


def check_random_network(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spec = random_spec(rng)
    print(f"seed {seed}: {spec.dump()}")
    model = from_netspec(spec, batch_norm=bool(rng.integers(2)))
    randomize(model, rng)
    x = rng.normal(size=(6, *spec.input.shape)) * rng.choice([0.5, 2])
    model.calibrate(x)
    graph = lower(model, batch=spec.input.batch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wide sums, softmax of one class
        validate(model, graph, x)
        predicted = model.predict(x, verbose=0)
    last = graph.bundles[-1]
    result = execute(graph, model.quantized_input(x))[last.name]
    if last.softmax:
        real = np.ldexp(result.out.astype(np.float64), -result.out_quant.frac)
        expected = np.exp(real - real.max(axis=-1, keepdims=True))
        expected /= expected.sum(axis=-1, keepdims=True)
        assert np.allclose(predicted, expected, atol=1e-5), f"seed {seed}"
    else:
        scaled = np.ldexp(predicted.astype(np.float64), result.out_quant.frac)
        assert np.array_equal(scaled, result.out.astype(np.float32)), f"seed {seed}"
    # The declarative network with the binary points of the trained one has the same form.
    again = to_netspec(model, batch=spec.input.batch)
    assert [b.name for b in again.bundles] == [link.bundle.name for link in model.links]
    assert again.bits == spec.bits
    known = {b.name: b for b in again.bundles}
    for bundle in spec.bundles:
        assert known[bundle.name].input == bundle.input
        assert known[bundle.name].core.type == bundle.core.type
        assert (known[bundle.name].add is None) == (bundle.add is None)


@pytest.mark.parametrize("seed", range(14))
def test_random_networks(seed: int) -> None:
    check_random_network(seed)


def test_a_new_random_network(seed: int) -> None:
    check_random_network(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_random_networks(seed: int) -> None:
    check_random_network(seed)


def test_declarative_network_survives_the_way_through_keras() -> None:
    net = {
        "format": "deepsoc-net/1",
        "name": "tiny",
        "input": {"shape": [8, 8, 1], "batch": 2, "int_bits": 1},
        "bits": {"x": 4, "k": 4, "b": 16},
        "bundles": [
            {
                "name": "b1", "input": "input",
                "core": {"type": "conv2d", "filters": 4, "kernel": [3, 2], "strides": [1, 2], "padding": "same"},
                "act": {"type": "relu", "slope": 0.5, "int_bits": 2},
                "pool": {"type": "avg", "size": [2, 3], "strides": [1, 2], "padding": "same", "int_bits": 1},
            },
            {
                "name": "b2", "input": "b1",
                "core": {"type": "conv2d", "filters": 4, "kernel": [1, 1], "padding": "valid", "use_bias": False},
                "act": None, "add": {"with": "b1", "act": {"type": "relu", "slope": 0.0}}, "flatten": True,
            },
            {"name": "out", "input": "b2", "core": {"type": "dense", "units": 3}, "act": None, "softmax": True},
        ],
    }  # fmt: skip
    spec = parse_net(net)
    assert to_netspec(from_netspec(spec), batch=2) == spec
    b1, b2, out = net["bundles"]
    places = {**b1, "pool": None, "depth_to_space": [2, 1]}
    net |= {
        "format": "deepsoc-net/2",
        "bundles": [places, {**b2, "channels": [1, 2], "add": None, "act": b1["act"]}, out],
    }
    spec = parse_net(net)
    assert to_netspec(from_netspec(spec), batch=2) == spec
    net["bundles"][0] = {**b1, "pool": None, "core": {**b1["core"], "type": "conv2d_transpose"}}
    with pytest.raises(InputError, match="bundle b1: the Keras layers do not train conv2d_transpose; use conv2d with"):
        from_netspec(parse_net(net | {"bundles": [*net["bundles"][:1], {**b2, "add": None}, out]}))


def test_a_bundle_that_nobody_reads_is_refused() -> None:
    core = {"type": "dense", "units": 3}
    spec = parse_net(
        {
            "format": "deepsoc-net/1",
            "name": "dead",
            "input": {"shape": [4]},
            "bits": {"x": 4, "k": 4, "b": 16},
            "bundles": [{"name": "a", "input": "input", "core": core}, {"name": "b", "input": "input", "core": core}],
        }
    )
    with pytest.raises(InputError, match=r"bundles\[0\].*read by none"):
        from_netspec(spec)


def test_a_network_that_no_layer_trains_is_refused() -> None:
    net = {
        "format": "deepsoc-net/2",
        "name": "scaled",
        "input": {"shape": [4]},
        "bits": {"x": 4, "k": 4, "b": 16},
        "bundles": [{"name": "a", "input": "input", "core": {"type": "dense", "units": 3}, "act": {"type": "relu"}}],
    }
    from_netspec(parse_net(net))
    with pytest.raises(InputError, match=r"\$.bundles\[0\].bits: the Keras layers do not train this"):
        from_netspec(parse_net({**net, "bundles": [net["bundles"][0] | {"bits": {"k": 2}}]}))  # type: ignore[index]


def small(last: Linear | None = None) -> tuple[Model, np.ndarray]:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 3))
    x = Bundle(Conv2D(4, 3), act=ReLU(), name="a")(inputs)
    x = Bundle(Dense(2), act=last, name="b")(flatten(x))
    model = Model(inputs, x, name="small net!", bits=Bits(4, 4, 16))
    x = np.random.default_rng(0).normal(size=(70, 6, 6, 3)).astype(np.float32)
    model.calibrate(x)
    return model, x


def test_validation_catches_a_changed_weight_and_names_the_place() -> None:
    model, x = small()
    graph = lower(model, batch=3)
    assert graph.name == "small_net_"
    assert graph.input_shape == (3, 6, 6, 3)
    validate(model, graph, x)
    first = graph.bundles[0]
    weights = first.core.weights.copy()
    weights[1, 1, 2, 3] ^= 1
    broken = dataclasses.replace(first, core=dataclasses.replace(first.core, weights=weights))
    with pytest.raises(MismatchError, match=r"bundle a, before the pool: .* the first at \(\d, \d, \d, 3\)"):
        validate(model, dataclasses.replace(graph, bundles=(broken, *graph.bundles[1:])), x)


def test_validation_catches_a_difference_in_a_later_batch() -> None:
    model, x = small()
    graph = lower(model)
    first = graph.bundles[0]
    assert first.act is not None
    # Without biases an input of zeros hides that the activation is another one.
    wrong = dataclasses.replace(first, act=ir.Act("linear", first.act.out))
    x[:-1] = 0
    with pytest.raises(MismatchError, match=r"first at \(69, "):
        validate(model, dataclasses.replace(graph, bundles=(wrong, *graph.bundles[1:])), x)


def test_last_bundle_is_raw_unless_an_activation_says_otherwise() -> None:
    model, x = small()
    assert lower(model).bundles[-1].act is None
    model, x = small(last=Linear())
    graph = lower(model)
    assert graph.bundles[-1].act == ir.Act("linear", ir.Quant(4, model.bundles["b"].act.frac(4)))
    validate(model, graph, x)
    with pytest.raises(InputError, match="linear activation"):
        to_netspec(model)


def test_sums_beyond_float32_are_compared_exactly_and_named() -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((2000,))
    model = Model(inputs, Bundle(Dense(3), name="wide")(inputs), bits=Bits(8, 8, 32, input_int_bits=0))
    rng = np.random.default_rng(0)
    model.bundles["wide"].core.kernel.assign(rng.choice([-0.99, 0.97], size=(2000, 3)))
    x = np.sign(np.asarray(model.bundles["wide"].core.kernel)[:, 0]) * rng.uniform(0.5, 1, size=(20, 2000))
    model.calibrate(x)
    graph = lower(model)
    raw = execute(graph, model.quantized_input(x))["wide"].out
    assert np.abs(raw).max() > 2**24, "the test does not test"
    with pytest.warns(UserWarning, match="wide may exceed 24 bits"):
        validate(model, graph, x)


def with_layers_to_kill(bits: Bits, slope: float) -> Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 2))
    a = Bundle(Conv2D(4, 3, padding="same"), act=ReLU(slope), batch_norm=True, name="a")(inputs)
    b = Bundle(Conv2D(4, 3, padding="same"), act=Linear(), add=Add(act=ReLU(slope)), batch_norm=True, name="b")([a, a])
    c = Bundle(Conv2D(4, 3, padding="same"), add=Add(act=ReLU(slope)), batch_norm=True, name="c")([b, b])
    d = Bundle(Conv2D(4, 3), act=ReLU(slope), pool=AvgPool2D(2), batch_norm=True, name="d")(c)
    return Model(inputs, Bundle(Dense(3), name="e")(flatten(d)), bits=bits)


def kill(bundle: Bundle, how: str) -> None:
    core, norm = bundle.core, bundle.batch_norm
    if how.startswith("kernel"):
        core.kernel.assign(core.kernel * float(how.split()[1]))
        norm.beta.assign(np.random.default_rng(3).normal(size=norm.beta.shape) * 4)
    elif how.startswith("gamma"):
        norm.gamma.assign(norm.gamma * float(how.split()[1]))
    elif how == "variance":
        norm.moving_variance.assign(np.full(norm.gamma.shape, 1e12))
    else:  # nothing is left behind the ReLU
        norm.beta.assign(np.full(norm.beta.shape, -1e4))


DEAD = ["kernel 0", "kernel 1e-7", "gamma 0", "gamma 1e-9", "gamma 1e-4", "variance", "beta"]
FORMATS = [
    (Bits(8, 8, 16), 0.0, 1.0),
    (Bits(8, 8, 32), 2.0**-7, 1.0),
    (Bits(4, 4, 16), 0.0, 1e-3),
    (Bits(2, 2, 8), 2.0**-7, 1e3),
]


def check_dead(how: str, dead: str, bits: Bits, slope: float, scale: float) -> None:
    """A network with dead layers becomes integers, and they are right; inputs are about `scale`."""
    seed = 0
    model = with_layers_to_kill(bits, slope)
    for name in dead:
        kill(model.bundles[name], how)
    x = np.random.default_rng(seed).normal(size=(3, 6, 6, 2)) * scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wide sums; a dead layer saturates
        model.calibrate(x)
        validate(model, lower(model), x)


@pytest.mark.parametrize("how", DEAD)
def test_dead_layers_are_exported_like_others(how: str) -> None:
    for dead, numbers in zip(("a", "c", "bd"), FORMATS, strict=False):
        check_dead(how, dead, *numbers)


@pytest.mark.parametrize("act", [None, Linear], ids=["raw", "act"])
def test_residuals_of_very_different_size_are_exported(act: type[Linear] | None) -> None:
    rng = np.random.default_rng(0)
    for tiny, bits in (("a", Bits(8, 8, 16)), ("b", Bits(8, 8, 16)), ("a", Bits(4, 4, 16))):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((6, 6, 2))
        a = Bundle(Conv2D(4, 1), act=ReLU(), batch_norm=True, name="a")(inputs)
        b = Bundle(Conv2D(4, 1), act=act() if act else None, add=Add(act=ReLU()), batch_norm=True, name="b")(
            [inputs, a]
        )
        model = Model(inputs, Bundle(Dense(3), name="c")(flatten(b)), bits=bits)
        kill(model.bundles[tiny], "gamma 1e-8")
        x = rng.normal(size=(8, 6, 6, 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.calibrate(x)
            validate(model, lower(model), x)
        exact, out = model.bundles["b"], model.bundle_outputs(x)["b"][1]
        assert np.asarray(out).max() > 0.1, f"{exact}: nothing is left of the larger term"


@pytest.mark.slow
@pytest.mark.parametrize("how", DEAD)
@pytest.mark.parametrize("numbers", FORMATS, ids=str)
def test_dead_layers_anywhere_in_any_format(how: str, numbers: tuple[Bits, float, float]) -> None:
    for dead in ("a", "b", "c", "d", "bc", "abcd"):
        check_dead(how, dead, *numbers)


def test_export_writes_what_was_validated(tmp_path: Path) -> None:
    from deepsoc.hw import Hardware

    model, x = small()
    hw = Hardware(rows=4, cols=6, x_bits=4, k_bits=4)
    artifacts = model.export(hw, tmp_path / "net", x=x, batch=2)
    assert np.array_equal(artifacts.input(), model.quantized_input(x[:2]))
    assert (tmp_path / "net" / "net.json").is_file()
    graph = lower(model, batch=2)
    result = execute(graph, model.quantized_input(x[:2]))
    assert np.array_equal(artifacts.expected(len(artifacts.manifest.operations) - 1), result["b"].out)
    with pytest.raises(InputError, match="batch=80"):
        model.export(hw, tmp_path / "other", x=x, batch=80)
    assert not (tmp_path / "other").exists()
    model.export(hw, tmp_path / "random", seed=3)
    with pytest.raises(MappingError, match="x_bits"):
        model.export(Hardware(rows=4, cols=6, x_bits=8, k_bits=4), tmp_path / "other")
    linear, _ = small(last=Linear())
    linear.export(hw, tmp_path / "linear")
    assert not (tmp_path / "linear" / "net.json").exists()
