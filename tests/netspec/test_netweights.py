from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.graph.executor import execute
from deepsoc.graph.fixed import quantize
from deepsoc.graph.ir import Graph, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import infer, validate
from deepsoc.netspec.spec import load_samples, load_weights, parse_net
from tests.netspec.test_netspec import TINY
from tests.strategies import random_case


def real_weights(graph: Graph) -> dict[str, np.ndarray]:
    """Real values of a graph's integers."""
    weights = {}
    for bundle in graph.bundles:
        core = bundle.core
        weights[f"{bundle.name}/kernel"] = np.ldexp(core.weights.astype(float), -core.k_quant.frac)
        if core.bias is not None:
            weights[f"{bundle.name}/bias"] = np.ldexp(core.bias.astype(float), -core.b_quant.frac)
    return weights


def good_weights() -> dict[str, np.ndarray]:
    return real_weights(parse_net(TINY).to_graph(seed=2))


def test_weights_on_a_grid_keep_their_values(tmp_path: Path, seed: int) -> None:
    for offset in range(20):
        spec, drawn, _ = random_case(seed + offset, groups=0.3, joints=0.4, pads=0.3, ups=0.2)
        if any(bundle.core.type == "conv2d_transpose" for bundle in spec.bundles):
            continue  # their weights lie otherwise in the graph
        np.savez(tmp_path / "w.npz", **real_weights(drawn))
        given_back = spec.to_graph(load_weights(tmp_path / "w.npz"))
        expected = real_weights(drawn)
        for name, values in real_weights(given_back).items():
            if name.endswith("/kernel"):
                np.testing.assert_array_equal(values, expected[name])
        for bundle, info in zip(given_back.bundles, infer(given_back).values(), strict=True):
            if bundle.core.bias is not None:
                real = np.ldexp(bundle.core.bias.astype(float), -bundle.core.b_quant.frac)
                assert np.abs(real - expected[f"{bundle.name}/bias"]).max() <= 2.0 ** -(info.acc_frac + 1)
        validate(given_back)


def test_weights_off_the_grid_are_rounded_half_to_even() -> None:
    weights = good_weights()
    kernel = np.zeros((3, 3, 1, 8))
    kernel[0, 0, 0] = [7, 0.5, 1.5, 2.5, -0.5, -1.5, -2.49, 3.51]
    graph = parse_net(TINY).to_graph(weights | {"b1/kernel": kernel / 8})
    core = graph.bundles[0].core
    assert core.k_quant == Quant(4, 3)
    assert core.weights[0, 0, 0].tolist() == [7, 0, 2, 2, 0, -2, -2, 4]


def test_biases_are_never_finer_than_the_accumulator() -> None:
    tiny_bias = {"b1/bias": np.full(8, 1e-9)}
    core = parse_net(TINY).to_graph(good_weights() | tiny_bias).bundles[0].core
    assert core.bias is not None
    assert core.b_quant.frac == 3 + core.k_quant.frac
    assert not core.bias.any()


def test_zeros_do_not_place_a_binary_point() -> None:
    """Inputs of 125 … 127 / 128 come out as 1 … 3 / 128, all others as 0: the few that are left choose."""
    kernel = np.zeros((3, 3, 1, 8))
    kernel[1, 1] = 1
    weights = good_weights() | {"b1/kernel": kernel, "b1/bias": np.full(8, -124 / 128)}
    act = parse_net(TINY | {"bits": {"x": 8, "k": 4, "b": 16}}).to_graph(weights).bundles[0].act
    assert act is not None
    assert act.out.frac == 12  # 3 / 128 is 96 of at most 127


def test_the_largest_magnitude_is_legal() -> None:
    weights = good_weights() | {"b1/kernel": np.full((3, 3, 1, 8), -(2.0**24))}
    core = parse_net(TINY).to_graph(weights).bundles[0].core
    assert (core.weights == -8).all()
    weights["b1/kernel"][0] *= 1 + 2.0**-20
    with pytest.raises(InputError, match="expected magnitudes up to"):
        parse_net(TINY).to_graph(weights)


Weights = dict[str, np.ndarray]
BAD_WEIGHTS: dict[str, tuple[Callable[[Weights], Weights], str]] = {
    "missing kernel": (lambda w: {k: v for k, v in w.items() if k != "out/kernel"}, "out/kernel: missing"),
    "missing bias": (lambda w: {k: v for k, v in w.items() if k != "b1/bias"}, "b1/bias: missing"),
    "unknown": (lambda w: w | {"b7/kernel": np.zeros(3)}, "'b7/kernel': the network has no such array"),
    "shape": (lambda w: w | {"b1/kernel": np.zeros((3, 3, 8))}, r"b1/kernel: expected shape \(3, 3, 1, 8\)"),
    "transposed": (lambda w: w | {"out/kernel": w["out/kernel"].T}, r"received \(10, 128\)"),
    "scalar": (lambda w: w | {"b1/bias": np.float64(0)}, r"received \(\)"),
    "NaN": (lambda w: w | {"b1/bias": np.full(8, np.nan)}, "b1/bias'?: expected finite"),
    "infinity": (lambda w: w | {"b1/kernel": np.full((3, 3, 1, 8), -np.inf)}, "b1/kernel'?: expected finite"),
    "huge": (lambda w: w | {"b1/kernel": np.full((3, 3, 1, 8), 1e30)}, "b1/kernel'?: expected magnitudes"),
    "complex": (lambda w: w | {"b1/bias": np.zeros(8, complex)}, "b1/bias'?: expected real numbers"),
    "text": (lambda w: w | {"b1/bias": np.array(["0"] * 8)}, "b1/bias'?: expected real numbers"),
    "bool": (lambda w: w | {"b1/bias": np.zeros(8, bool)}, "b1/bias'?: expected real numbers"),
}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights(case: str, tmp_path: Path) -> None:
    change, match = BAD_WEIGHTS[case]
    file = tmp_path / "w.npz"
    np.savez(file, **change(good_weights()))
    with pytest.raises(InputError, match=match) as error:
        parse_net(TINY).to_graph(load_weights(file))
    assert error.value.where.startswith(str(file))
    with pytest.raises(InputError, match=match):
        parse_net(TINY).to_graph(change(good_weights()))


def test_pickles_and_other_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "pickle.npz", **{"b1/kernel": np.array([{}], dtype=object)})
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez_compressed(tmp_path / "cut.npz", a=np.arange(1000.0))
    whole = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(damaged)
    for name in ("pickle.npz", "single.npy", "text.npz", "empty.npz", "cut.npz", "damaged.npz", "nothing.npz", "."):
        with pytest.raises(InputError) as error:
            load_weights(tmp_path / name)
        assert error.value.where.startswith(str(tmp_path))
        assert len(str(error.value).splitlines()) == 1


def two_bit_network() -> tuple[dict[str, object], dict[str, np.ndarray], np.ndarray]:
    """A network of 2 bits with real weights, and inputs that are mostly dark, as images are."""
    rng = np.random.default_rng(5)
    core = {"type": "conv2d", "filters": 8, "kernel": [3, 3], "padding": "same", "use_bias": False}
    net = {
        "format": "deepsoc-net/1",
        "name": "two",
        "input": {"shape": [8, 8, 1], "int_bits": 0},
        "bits": {"x": 2, "k": 2, "b": 16},
        "bundles": [
            {"name": "a", "input": "input", "core": core, "act": {"type": "relu"}},
            {"name": "b", "input": "a", "core": core, "act": {"type": "relu"}},
            {"name": "c", "input": "b", "core": core, "act": None},
        ],
    }
    kernels = {f"{n}/kernel": rng.choice([-0.5, 0, 0.5], (3, 3, ci, 8)) for n, ci in (("a", 1), ("b", 8), ("c", 8))}
    return net, kernels, np.where(rng.random((600, 8, 8, 1)) < 0.05, 0.5, 0.0)


def test_binary_points_of_samples_keep_what_those_of_random_inputs_lose() -> None:
    net, kernels, x = two_bit_network()
    spec = parse_net(net)
    exact = parse_net({**net, "bits": {"x": 8, "k": 8, "b": 16}}).to_graph(kernels, samples=x)

    def result(graph: Graph) -> np.ndarray:
        last = execute(graph, quantize(x, graph.input_quant))["c"]
        return np.ldexp(last.out.astype(float), -last.out_quant.frac)

    def error(graph: Graph) -> float:
        return float(np.square(result(graph) - result(exact)).mean() / np.square(result(exact)).mean())

    sampled, random = error(spec.to_graph(kernels, samples=x)), error(spec.to_graph(kernels))
    print(f"relative error with samples {sampled:.3f}, with random inputs {random:.3f}")
    assert sampled < 0.6 * random
    again, other = (spec.to_graph(kernels, samples=s) for s in (x, x[::-1]))
    assert [b.act for b in again.bundles] == [b.act for b in other.bundles], "the order of the samples matters"


def test_samples_of_another_range_than_the_network_says_are_told() -> None:
    net, kernels, x = two_bit_network()
    with pytest.warns(UserWarning, match=r"input: \d+% of the values saturate with 0 integer bits; 3 would be best"):
        parse_net(net).to_graph(kernels, samples=np.sign(x + 0.1) * 4)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((4, 8, 8)), r"expected a batch of inputs \(8, 8, 1\), received shape \(4, 8, 8\)"),
        (np.zeros((0, 8, 8, 1)), "expected a batch"),
        (np.full((2, 8, 8, 1), np.nan), "NaN"),
        (np.full((2, 8, 8, 1), "a"), "real numbers"),
    ],
)
def test_samples_that_do_not_fit_are_refused(samples: np.ndarray, message: str) -> None:
    net, kernels, _ = two_bit_network()
    with pytest.raises(InputError, match=message):
        parse_net(net).to_graph(kernels, samples=samples)


def test_files_of_samples(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6, dtype=np.uint8).reshape(2, 3))
    assert load_samples(tmp_path / "x.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    np.savez(tmp_path / "x.npz", np.zeros(3))
    for name, message in (("x.npz", "npy"), ("none.npy", "samples")):
        with pytest.raises(InputError, match=message):
            load_samples(tmp_path / name)


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-6, 1e-3])
@pytest.mark.parametrize("bias", [0.0, 1e-3, 2.0, 1000.0])
def test_dead_layers_have_integers(scale: float, bias: float) -> None:
    weights = good_weights()
    rng = np.random.default_rng(1)
    for name, values in weights.items():
        weights[name] = rng.normal(size=values.shape) * (scale if name.endswith("kernel") else bias)
    graph = parse_net(TINY).to_graph(weights)
    check_ranges(graph)
    validate(graph)
