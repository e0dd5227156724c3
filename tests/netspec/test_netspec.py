from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Conv2D, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import validate
from deepsoc.netspec import lower as lowering
from deepsoc.netspec.spec import NetSpec, load_net, parse_net
from tests.strategies import nets, random_input, renumbered

DATA = Path(__file__).parent.parent / "data"
Json = dict[str, Any]

TINY: Json = {
    "format": "deepsoc-net/1",
    "name": "tiny",
    "input": {"shape": [9, 8, 1], "batch": 2},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {
            "name": "b1",
            "input": "input",
            "core": {"type": "conv2d", "filters": 8, "kernel": [3, 3], "strides": [1, 1], "padding": "same"},
            "act": {"type": "relu", "slope": 0},
            "pool": {"type": "max", "size": [2, 2], "strides": [2, 2], "padding": "valid"},
        },
        {
            "name": "b2",
            "input": "b1",
            "core": {"type": "conv2d", "filters": 8, "kernel": [3, 2], "padding": "same", "use_bias": True},
            "act": None,
            "add": {"with": "b1", "act": {"type": "relu", "slope": 0.125}},
            "flatten": True,
        },
        {"name": "out", "input": "b2", "core": {"type": "dense", "units": 10}, "act": None, "softmax": True},
    ],
}


def test_tiny_lowers_as_written() -> None:
    graph = parse_net(TINY).to_graph(seed=1)
    validate(graph)
    assert graph.input_shape == (2, 9, 8, 1)
    assert graph.input_quant == Quant(4, 3)
    first, second, out = graph.bundles
    assert isinstance(first.core, Conv2D)
    assert first.core.weights.shape == (3, 3, 1, 8)
    assert first.act is not None
    assert (first.act.kind, first.act.slope_log2) == ("relu", None)
    assert first.pool is not None
    assert second.act is None
    assert second.add is not None
    assert second.add.act is not None
    assert second.add.act.slope_log2 == 3
    assert out.core.weights.shape == (4 * 4 * 8, 10)
    assert out.act is None
    assert out.softmax
    assert execute(graph, np.zeros((2, 9, 8, 1), int))["out"].out.shape == (2, 10)


@pytest.mark.parametrize("name", ["peer_demo", "resnet18_32"])
def test_stored_networks_load_and_run(name: str) -> None:
    spec = load_net(DATA / f"{name}.json")
    assert spec.name == name
    graph = spec.to_graph(seed=0)
    check_ranges(graph)
    results = execute(graph, random_input(graph, np.random.default_rng(0)))
    assert list(results) == [bundle.name for bundle in spec.bundles]
    assert all(result.out.any() for result in results.values())
    assert list(results.values())[-1].out_quant.bits == 32


@given(nets(joints=0.3, pads=0.3, ups=0.2))
def test_dump_reads_back(net: Json) -> None:
    spec = parse_net(net)
    text = json.dumps(spec.dump())
    assert parse_net(json.loads(text)) == spec


def test_dump_keeps_the_written_form() -> None:
    text = (DATA / "peer_demo.json").read_text()
    dumped = parse_net(json.loads(text)).dump()
    for bundle in dumped["bundles"]:
        for key in ("flatten", "softmax"):
            if not bundle[key]:
                del bundle[key]
    assert dumped == json.loads(text)


def test_one_seed_one_graph() -> None:
    def weights(seed: int) -> list[bytes]:
        return [bundle.core.weights.tobytes() for bundle in parse_net(TINY).to_graph(seed=seed).bundles]

    assert weights(3) == weights(3)
    assert weights(3) != weights(4)


def test_random_weights_use_the_whole_range() -> None:
    for bits, low, high in ((2, -2, 1), (4, -8, 7), (8, -128, 127)):
        graph = parse_net(TINY | {"bits": {"x": 4, "k": bits, "b": 16}}).to_graph(seed=5)
        k = graph.bundles[2].core.weights
        assert (k.min(), k.max()) == (low, high)


def test_random_weights_are_scaled_by_their_fan_in() -> None:
    """Sums of n products grow with the square root of n, which the weights' binary point takes back."""
    kernels = {bundle.name: bundle.core for bundle in parse_net(TINY).to_graph(seed=5).bundles}
    for name, fan_in in {"b1": 3 * 3 * 1, "b2": 3 * 2 * 8, "out": 4 * 4 * 8}.items():
        assert kernels[name].k_quant == Quant(4, 3 + round(math.log2(math.sqrt(fan_in))))


# ---- binary points ----------------------------------------------------------------------------------------------


def changed(*path: str | int, to: Any) -> Json:
    """TINY with one member replaced, or removed where `to` is ..."""
    net = copy.deepcopy(TINY)
    place: Any = net
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = copy.deepcopy(to)
    return net


def test_int_bits_place_the_binary_point() -> None:
    net = changed("input", "int_bits", to=2)
    net["bundles"][0]["act"]["int_bits"] = 1
    net["bundles"][0]["pool"]["int_bits"] = -1
    net["bundles"][1]["add"]["act"]["int_bits"] = 3
    graph = parse_net(net).to_graph()
    first, second, _ = graph.bundles
    assert graph.input_quant == Quant(4, 1)
    assert first.act is not None
    assert first.act.out == Quant(4, 2)
    assert first.pool is not None
    assert first.pool.out == Quant(4, 4)
    assert second.add is not None
    assert second.add.act is not None
    assert second.add.act.out == Quant(4, 0)


def test_null_act_becomes_linear_but_at_an_add_and_at_the_end() -> None:
    net = changed("bundles", 0, "act", to=None)
    net["bundles"][1]["add"]["act"] = None
    first, second, out = parse_net(net).to_graph().bundles
    assert first.act is not None
    assert first.act.kind == "linear"
    assert second.act is None
    assert second.add is not None
    assert second.add.act is not None
    assert second.add.act.kind == "linear"
    assert out.act is None


def test_a_pool_at_the_end_is_not_raw() -> None:
    net = changed("bundles", to=TINY["bundles"][:1])
    net["bundles"][0]["act"] = None
    (only,) = parse_net(net).to_graph().bundles
    assert only.act is not None
    assert only.act.kind == "linear"


@pytest.mark.parametrize(
    ("path", "int_bits", "where"),
    [
        (("bundles", 0, "act"), -24, r"tiny: \$.bundles\[0\]: act: requantization"),
        (("bundles", 1, "add", "act"), -20, r"tiny: \$.bundles\[1\]: add.act: requantization"),
        (("bundles", 0, "pool"), -20, r"tiny: \$.bundles\[0\]: pool: requantization"),
    ],
)
def test_int_bits_out_of_reach(path: tuple[str | int, ...], int_bits: int, where: str) -> None:
    net = changed(*path, "int_bits", to=int_bits)
    with pytest.raises(InputError, match=where):
        parse_net(net).to_graph()


def test_average_pool_gains_at_most_three_bits() -> None:
    net = changed("bundles", 0, "act", "int_bits", to=2)
    net["bundles"][0]["pool"] |= {"type": "avg", "int_bits": -1}
    parse_net(net).to_graph()
    net["bundles"][0]["pool"]["int_bits"] = -2
    with pytest.raises(InputError, match=r"\$.bundles\[0\]: pool: an average's frac 5"):
        parse_net(net).to_graph()


def test_an_average_of_small_values_gains_three_bits_by_itself() -> None:
    """Results of a few units in 8 bits leave room for more fractional bits than an average can have."""
    net = changed("bits", "x", to=8)
    net["bundles"][0]["act"]["int_bits"] = 7
    net["bundles"][0]["pool"]["type"] = "avg"
    first = parse_net(net).to_graph(seed=5).bundles[0]
    assert first.act is not None
    assert first.pool is not None
    assert first.pool.out.frac == first.act.out.frac + 3


# ---- concatenations ---------------------------------------------------------------------------------------------


def side_by_side(*sources: str, **int_bits: int) -> Json:
    """Layers of very different ranges, the first three of them side by side in a fourth; `int_bits` by name."""

    def layer(name: str, source: Any, scale: int) -> Json:
        core = {"type": "conv2d", "filters": 3, "kernel": [scale, scale], "padding": "same"}
        act: Json = {"type": "relu", "slope": 0.5} | ({"int_bits": int_bits[name]} if name in int_bits else {})
        return {"name": name, "input": source, "core": core, "act": act}

    b = layer("b", "a", 1)
    b["pool"] = {"type": "avg", "size": [3, 3], "strides": [1, 1], "padding": "same"}
    return {
        "format": "deepsoc-net/2", "name": "net", "input": {"shape": [6, 5, 2]}, "bits": {"x": 8, "k": 8, "b": 16},
        "bundles": [
            layer("a", "input", 5), b, layer("c", "b", 1), layer("d", list(sources), 3), layer("e", ["d", "d"], 1)
        ],
    }  # fmt: skip


def points(net: Json) -> dict[str, int]:
    """Integer bits of the input and of every result."""
    graph = parse_net(net).to_graph(seed=4)
    infos = validate(graph)
    return {"input": 7 - graph.input_quant.frac} | {name: 7 - info.output.quant.frac for name, info in infos.items()}


def test_what_is_concatenated_has_the_binary_point_of_the_widest_range() -> None:
    alone = {name: points(side_by_side(name))[name] for name in "abc"}
    assert len(set(alone.values())) > 1
    together = points(side_by_side("a", "b", "c"))
    assert {together[name] for name in "abc"} == {max(alone.values())}


def test_a_given_binary_point_is_that_of_all_that_is_concatenated() -> None:
    assert {points(side_by_side("a", "b", "c", b=3) | {})[name] for name in "ac"} != {3}  # not that of its pool
    assert {points(side_by_side("a", "b", "c", c=3))[name] for name in "abc"} == {3}
    assert {points(side_by_side("c", "input"))[name] for name in ("input", "c")} == {0}
    with pytest.raises(InputError, match=r"bundles\[3\]: input: .* one binary point, received frac 5 of 'a', 4 of 'c'"):
        points(side_by_side("a", "b", "c", a=2, c=3))


def typed(**types: Json) -> Json:
    """`side_by_side` of a, b and c, with types of their activations by name."""
    net = side_by_side("a", "b", "c")
    for bundle in net["bundles"]:
        bundle["act"] |= types.get(bundle["name"], {})
    return net


def test_what_is_concatenated_has_one_type() -> None:
    kind = {"scale": 0.3, "zero_point": -5}
    graph = parse_net(typed(a=kind, b=kind, c=kind)).to_graph(seed=1)
    assert {info.output.quant for info in list(validate(graph).values())[:3]} == {Quant(8, 2, 1.2, -5)}
    execute(graph, random_input(graph, np.random.default_rng(0)))
    for types, message in (
        ({"a": kind, "b": kind}, "one scale, received scale 1.2 of 'a', 1.2 of 'b', 1 of 'c'"),
        ({"c": {"zero_point": -5}}, "one zero point, received zero 0 of 'a', 0 of 'b', -5 of 'c'"),
        ({"a": {"scale": 0.25}, "c": {"scale": 0.125}}, "one binary point, received frac 2 of 'a', 3 of 'c'"),
    ):
        with pytest.raises(InputError, match=rf"net: \$.bundles\[3\]: input: .* {message}"):
            parse_net(typed(**types)).to_graph(seed=1)
    net = typed()
    net["bundles"][1]["bits"] = {"x": 4}
    with pytest.raises(InputError, match=r"one width, received bits 8 of 'a', 4 of 'b', 8 of 'c'; give .* bits\.x"):
        parse_net(net).to_graph(seed=1)


@pytest.mark.parametrize(
    ("types", "quant"),
    [
        ({"c": {"scale": 0.125}}, Quant(8, 3)),
        ({"a": {"slope": 0, "max": 6}}, Quant(8, 4)),
        (
            {name: {"slope": 0, "unsigned": True} for name in "ab"} | {"c": {"zero_point": -128, "int_bits": 4}},
            Quant(8, 4, zero=-128),
        ),
        ({name: {"zero_point": 3} for name in "ab"} | {"c": {"zero_point": 3, "int_bits": 2}}, Quant(8, 5, zero=3)),
        ({name: {"scale": 0.3} for name in "ab"} | {"c": {"scale": 0.6}}, None),
        ({"b": {"scale": 0.6}} | {name: {"scale": 0.3} for name in "ac"}, Quant(8, 2, 1.2)),
    ],
)  # fmt: skip
def test_every_way_to_give_a_binary_point_is_that_of_all(types: dict[str, Json], quant: Quant | None) -> None:
    """By scale, by largest value, with all integers from 0 on; the pool of b, given none, takes it from the others."""
    if quant is None:
        with pytest.raises(InputError, match="one binary point, received frac 2 of 'a', 1 of 'c'"):
            parse_net(typed(**types)).to_graph(seed=1)
    else:
        graph = parse_net(typed(**types)).to_graph(seed=1)
        assert {info.output.quant for info in list(validate(graph).values())[:3]} == {quant}


def test_concatenated_weights_are_drawn_and_checked() -> None:
    graph = parse_net(side_by_side("a", "input", "c")).to_graph(seed=1)
    assert graph.bundles[3].core.weights.shape == (3, 3, 8, 3)
    assert graph.bundles[4].sources == ("d", "d")
    assert parse_net(side_by_side("a", "b")).dump()["bundles"][3]["input"] == ["a", "b"]
    net = side_by_side("a", "b")
    net["bundles"][1]["pool"]["padding"] = "valid"
    with pytest.raises(InputError, match=r"net: \$.bundles\[3\].input: bundle d: 'b' \(1, 4, 3, 3\) cannot stand"):
        parse_net(net)


# ---- faults in net.json -----------------------------------------------------------------------------------------

B0, B1, B2 = ("bundles", 0), ("bundles", 1), ("bundles", 2)
FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    # path, new value, JSON path of the fault, part of the message
    (("format",), "deepsoc-net/3", "$.format", "deepsoc-net/2"),
    (("format",), ..., "$.format", "missing"),
    (("name",), "a b", "$.name", "letter"),
    (("name",), "", "$.name", "letter"),
    (("name",), "x" * 65, "$.name", "letter"),
    (("name",), "net\n", "$.name", "letter"),
    (("name",), "größe", "$.name", "letter"),
    (("name",), 7, "$.name", "string"),
    (("colour",), "red", "$.colour", "unknown key"),
    (("odd key\n",), 1, '$["odd key\\n"]', "unknown key"),
    (("input",), ..., "$.input", "missing"),
    (("input", "shape"), [28, 28], "$.input.shape", "[h, w, c] or [c]"),
    (("input", "shape"), [], "$.input.shape", "[h, w, c] or [c]"),
    (("input", "shape"), [28, 0, 1], "$.input.shape[1]", "greater"),
    (("input", "shape"), [28, 28.0, 1], "$.input.shape[1]", "integer"),
    (("input", "shape"), [65535, 65535, 65535], "$.input.shape", "elements"),
    (("input", "shape"), "28", "$.input.shape", "received"),
    (("input", "batch"), 0, "$.input.batch", "greater"),
    (("input", "batch"), True, "$.input.batch", "integer"),
    (("input", "int_bits"), 99, "$.input.int_bits", "less"),
    (("bits", "x"), 3, "$.bits.x", "received 3"),
    (("bits", "k"), 16, "$.bits.k", "received 16"),
    (("bits", "k"), "4", "$.bits.k", 'received "4"'),
    (("bits", "b"), 4, "$.bits.b", "received 4"),
    (("bits",), None, "$.bits", "received null"),
    (("bundles",), [], "$.bundles", "at least 1"),
    (("bundles",), {}, "$.bundles", "received {}"),
    ((*B0, "name"), "$(reboot)", "$.bundles[0].name", "letter"),
    ((*B0, "name"), "[exec rm]", "$.bundles[0].name", "letter"),
    ((*B0, "name"), "../../etc/x", "$.bundles[0].name", "letter"),
    ((*B0, "name"), "a;b", "$.bundles[0].name", "letter"),
    ((*B0, "name"), "1st", "$.bundles[0].name", "letter"),
    ((*B0, "name"), "input", "$.bundles[0].name", "already"),
    ((*B2, "name"), "b1", "$.bundles[2].name", "already the name of bundle 0"),
    ((*B1, "input"), "b9", "$.bundles[1].input", "no bundle 'b9'"),
    ((*B1, "input"), "b2", "$.bundles[1].input", "cannot read itself"),
    ((*B0, "input"), "b2", "$.bundles[0].input", "stands later"),
    ((*B1, "input"), None, "$.bundles[1].input", "received null"),
    ((*B1, "input"), [], "$.bundles[1].input", "at least 1"),
    ((*B1, "input"), ["b1", 7], "$.bundles[1].input[1]", "string"),
    ((*B1, "input"), ["b1", "b1"], "$.bundles[1].input", "this is of format 'deepsoc-net/2'"),
    ((*B1, "add", "with"), "b9", "$.bundles[1].add.with", "no bundle 'b9'"),
    ((*B1, "add", "with"), "out", "$.bundles[1].add.with", "stands later"),
    ((*B1, "add", "with"), "b2", "$.bundles[1].add.with", "cannot read itself"),
    ((*B1, "add", "with"), "input", "$.bundles[1].add.with", "one shape"),
    ((*B1, "add", "with"), ..., "$.bundles[1].add.with", "missing"),
    ((*B0, "core", "filters"), 10**9, "$.bundles[0].core.filters", "less than or equal"),
    ((*B0, "core", "filters"), -1, "$.bundles[0].core.filters", "greater"),
    ((*B0, "core", "filters"), "8", "$.bundles[0].core.filters", "integer"),
    ((*B0, "core", "filters"), ..., "$.bundles[0].core.filters", "missing"),
    ((*B0, "core", "kernel"), [3], "$.bundles[0].core.kernel[1]", "missing"),
    ((*B0, "core", "kernel"), [3, 3, 3], "$.bundles[0].core.kernel", "at most 2"),
    ((*B0, "core", "kernel"), 3, "$.bundles[0].core.kernel", "received 3"),
    ((*B0, "core", "strides"), [0, 1], "$.bundles[0].core.strides[0]", "greater"),
    ((*B0, "core", "padding"), "full", "$.bundles[0].core.padding", 'received "full"'),
    ((*B0, "core", "padding"), 1, "$.bundles[0].core.padding", "received 1"),
    ((*B0, "core", "padding"), [[1, 1]], "$.bundles[0].core.padding[1]", "missing"),
    ((*B0, "core", "padding"), [1, 1], "$.bundles[0].core.padding[0]", "received 1"),
    ((*B0, "core", "padding"), [[1, -1], [0, 0]], "$.bundles[0].core.padding[0][1]", "greater"),
    ((*B0, "core", "padding"), [[1, 1], [0, 0]], "$.bundles[0].core.padding", "this is of format 'deepsoc-net/2'"),
    ((*B0, "pool", "padding"), [[1, 1], [0, 0]], "$.bundles[0].pool.padding", "this is of format 'deepsoc-net/2'"),
    ((*B0, "core", "use_bias"), 1, "$.bundles[0].core.use_bias", "boolean"),
    ((*B0, "core", "groups"), 0, "$.bundles[0].core.groups", "greater"),
    ((*B0, "core", "groups"), 7, "$.bundles[0].core", "7 groups do not divide"),
    ((*B0, "core", "dilation"), 2, "$.bundles[0].core.dilation", "unknown key"),
    ((*B0, "core", "type"), "lstm", "$.bundles[0].core.type", 'received "lstm"'),
    ((*B0, "core", "type"), ..., "$.bundles[0].core.type", "missing"),
    ((*B2, "core", "filters"), 8, "$.bundles[2].core.filters", "unknown key"),
    ((*B0, "act", "slope"), 0.3, "$.bundles[0].act.slope", "power of two"),
    ((*B0, "act", "slope"), 2.0**-8, "$.bundles[0].act.slope", "power of two"),
    ((*B0, "act", "slope"), -0.5, "$.bundles[0].act.slope", "power of two"),
    ((*B0, "act", "slope"), 2, "$.bundles[0].act.slope", "power of two"),
    ((*B0, "act", "slope"), math.nan, "$.bundles[0].act.slope", "finite"),
    ((*B0, "act", "slope"), -math.inf, "$.bundles[0].act.slope", "finite"),
    ((*B0, "act", "type"), "tanh", "$.bundles[0].act.type", 'received "tanh"'),
    ((*B0, "act"), "relu", "$.bundles[0].act", 'received "relu"'),
    ((*B0, "act", "int_bits"), 0.5, "$.bundles[0].act.int_bits", "integer"),
    ((*B0, "pool", "type"), "sum", "$.bundles[0].pool.type", 'received "sum"'),
    ((*B0, "pool", "size"), [10, 1], "$.bundles[0].pool", "does not fit"),
    ((*B0, "pool", "size"), [0, 1], "$.bundles[0].pool.size[0]", "greater"),
    ((*B0, "pool", "strides"), ..., "$.bundles[0].pool.strides", "missing"),
    ((*B0, "upsample"), [2, 2], "$.bundles[0].upsample", "this is of format 'deepsoc-net/2'"),
    ((*B0, "upsample"), [0, 2], "$.bundles[0].upsample[0]", "greater"),
    ((*B0, "upsample"), 2, "$.bundles[0].upsample", "received 2"),
    ((*B0, "softmax"), True, "$.bundles[0].softmax", "last"),
    ((*B1, "flatten"), False, "$.bundles[2].core", "flatten"),
    ((*B0, "flatten"), True, "$.bundles[1].core", "flatten"),
    ((*B2, "pool"), TINY["bundles"][0]["pool"], "$.bundles[2].pool", "(n, h, w, c)"),
    ((*B0, "core"), TINY["bundles"][2]["core"], "$.bundles[0].core", "flatten"),
]


def test_there_are_enough_different_faults() -> None:
    assert len({(path, str(value)) for path, value, _, _ in FAULTS}) >= 60


@pytest.mark.parametrize(("path", "value", "where", "message"), FAULTS)
def test_faults_are_refused_with_file_and_json_path(
    path: tuple[str | int, ...], value: Any, where: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "net.json"
    file.write_text(json.dumps(changed(*path, to=value)))
    with pytest.raises(InputError) as error:
        load_net(file)
    assert error.value.where == f"{file}: {where}"
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_rows_and_columns_of_padding() -> None:
    net = changed("format", to="deepsoc-net/2")
    net["bundles"][0]["core"] |= {"padding": [[0, 2], [1, 0]], "strides": [2, 1]}
    net["bundles"][0]["pool"]["padding"] = [[1, 0], [0, 0]]
    spec = parse_net({**net, "bundles": net["bundles"][:1]})
    assert spec.dump()["bundles"][0]["core"]["padding"] == [[0, 2], [1, 0]]
    (info,) = validate(spec.to_graph()).values()
    assert (info.core.shape, info.output.shape) == ((2, 5, 7, 8), (2, 3, 3, 8))
    net["bundles"][0]["core"]["padding"] = [[0, 3], [0, 0]]
    with pytest.raises(InputError, match=r"bundles\[0\].core: .* padding of 3 elements would hold a whole window of 3"):
        parse_net(net)


def test_up_sampling_at_the_end_is_not_raw() -> None:
    net = changed("format", to="deepsoc-net/2")
    net["bundles"] = [{**net["bundles"][0], "act": None, "pool": None, "upsample": [2, 3]}]
    graph = parse_net(net).to_graph()
    assert graph.bundles[0].act
    x = random_input(graph, np.random.default_rng(0))
    result = execute(graph, x)["b1"]
    assert result.out.shape == (2, 18, 24, 8)
    assert np.array_equal(result.out[:, 5, 7], result.core[:, 2, 2])
    assert parse_net(net).dump()["bundles"][0]["upsample"] == [2, 3]
    dense = changed("format", to="deepsoc-net/2")
    dense["bundles"][2]["upsample"] = [1, 2]
    with pytest.raises(InputError, match=r"bundles\[2\].upsample: .* needs a tensor \(n, h, w, c\)"):
        parse_net(dense)


def test_transposed_convolutions_are_those_that_scatter(rng: np.random.Generator) -> None:
    """Each input adds its kernel, times its value, to the places around; `same` cuts what stands over."""
    for _ in range(60):
        (kh, kw, sh, sw), (h, w, ci, co) = rng.integers(1, 7, 4).tolist(), rng.integers(1, 6, 4).tolist()
        core = {"type": "conv2d_transpose", "filters": co, "kernel": [kh, kw], "strides": [sh, sw], "padding": "same"}
        bundle = {"name": "up", "input": "input", "core": core, "act": {"type": "linear", "int_bits": 7}}
        net = {"format": "deepsoc-net/2", "name": "net", "input": {"shape": [h, w, ci], "int_bits": 7},
               "bits": {"x": 8, "k": 4, "b": 8}, "bundles": [bundle]}  # fmt: skip
        k, b = rng.integers(-4, 4, (kh, kw, ci, co)), rng.integers(-3, 3, co)
        k.flat[0] = -8  # so that weights of 4 bits are these integers
        graph = parse_net(net).to_graph({"up/kernel": k.astype(float), "up/bias": b.astype(float)})
        x = rng.integers(-2, 2, (2, h, w, ci))
        full = np.zeros((2, (h - 1) * sh + max(kh, sh), (w - 1) * sw + max(kw, sw), co), np.int64)
        for i, j in np.ndindex(h, w):
            full[:, i * sh : i * sh + kh, j * sw : j * sw + kw] += np.einsum("nc,yxck->nyxk", x[:, i, j], k)
        top, left = max(kh - sh, 0) // 2, max(kw - sw, 0) // 2
        wanted = full[:, top : top + h * sh, left : left + w * sw] + b
        np.testing.assert_array_equal(execute(graph, x)["up"].out, np.clip(wanted, -128, 127))


def test_what_a_transposed_convolution_cannot_have() -> None:
    net = changed("format", to="deepsoc-net/2")
    core = {"type": "conv2d_transpose", "filters": 3, "kernel": [2, 2], "strides": [2, 2], "padding": "same"}
    net["bundles"] = [{**net["bundles"][0], "core": core, "pool": None}]
    assert parse_net(net).dump()["bundles"][0]["core"]["type"] == "conv2d_transpose"
    for part, value in {"upsample": [2, 2], "depth_to_space": [1, 2], "add": {"with": "input"}}.items():
        with pytest.raises(InputError, match=rf"bundles\[0\]: .*conv2d_transpose has no {part} behind it"):
            parse_net({**net, "bundles": [{**net["bundles"][0], part: value}]})
    with pytest.raises(InputError, match=r"core.type: this is of format 'deepsoc-net/2', received 'deepsoc-net/1'"):
        parse_net({**net, "format": "deepsoc-net/1"})
    conv = changed("format", to="deepsoc-net/2")
    conv["bundles"] = [{**conv["bundles"][0], "pool": None, "depth_to_space": [3, 1]}]
    with pytest.raises(InputError, match=r"bundles\[0\].depth_to_space: .* a multiple of 3 channels, received 8"):
        parse_net(conv)
    conv["bundles"][0] |= {"depth_to_space": [2, 2], "upsample": [2, 2]}
    with pytest.raises(InputError, match="up-sampling or depth to space, not both"):
        parse_net(conv)


def test_a_range_of_channels() -> None:
    net = changed("format", to="deepsoc-net/2")
    net["bundles"][1]["channels"] = [2, 5]
    graph = parse_net(net).to_graph()
    assert graph.bundles[1].channels == (2, 5)
    assert graph.bundles[1].core.weights.shape[-2] == 3
    for wrong in ([2, 2], [3, 2], [2, 9], [0, 65535]):
        net["bundles"][1]["channels"] = wrong
        with pytest.raises(InputError, match=r"bundles\[1\].channels: .*expected a range in the 8 channels"):
            parse_net(net)


def test_kernel_beyond_a_valid_input() -> None:
    net = changed(*B0, "core", "padding", to="valid")
    net["bundles"][0]["core"]["kernel"] = [10, 1]
    with pytest.raises(InputError, match=r"net: \$.bundles\[0\].core: bundle b1: a window of 10 does not fit into 9"):
        parse_net(net)


def test_a_kernel_of_absurd_size() -> None:
    net = changed(*B0, "core", to={"type": "conv2d", "filters": 65535, "kernel": [255, 255], "padding": "same"})
    with pytest.raises(InputError, match=r"\$.bundles\[0\].core: the kernel .* elements"):
        parse_net(net)


def test_an_output_of_absurd_size() -> None:
    net = changed("input", "shape", to=[2048, 2048, 1])
    net["bundles"][0]["core"]["filters"] = 65535
    with pytest.raises(InputError, match=r"\$.bundles\[0\].core: the output .* elements"):
        parse_net(net)


TEXTS = {
    "empty": (b"", r"line 1, column 1: not JSON"),
    "half a file": (b'{"format": "deepsoc-net/1",', r"line 1, column \d+: not JSON"),
    "a comment": (b"// hello\n{}", "not JSON"),
    "a list": (b"[]", r"net.json: \$: "),
    "a number": (b"7", r"net.json: \$: "),
    "not UTF-8": (b'{"name": "\xff"}', "UTF-8"),
    "duplicate key": (b'{"format": "deepsoc-net/1", "name": "a", "name": "b"}', r"\$.name: .*twice"),
    "duplicate key inside": (b'{"bundles": [{}, {"act": {"x": 0, "x": 1}}]}', r"\$.bundles\[1\].act.x: .*twice"),
    "NaN": (b'{"bits": {"x": NaN}}', r"\$.bits.x: .*finite"),
    "overflow": (b'{"bits": {"x": 1e999}}', r"\$.bits.x: .*finite"),
    "endless number": (b'{"bits": {"x": ' + b"9" * 5000 + b"}}", "not JSON"),
    "endless nesting": (b"[" * 200_000, "nested too deeply"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_broken_files(case: str, tmp_path: Path) -> None:
    text, match = TEXTS[case]
    file = tmp_path / "net.json"
    file.write_bytes(text)
    with pytest.raises(InputError, match=match) as error:
        load_net(file)
    assert str(error.value).startswith(str(file))
    assert len(str(error.value).splitlines()) == 1


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the network: No such file"):
        load_net(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="cannot read the network"):
        load_net(tmp_path)
    with pytest.raises(InputError, match="cannot read the network"):
        load_net("a\0b")


def test_dictionaries_that_are_not_json() -> None:
    with pytest.raises(InputError, match="not JSON"):
        parse_net(changed("name", to={1, 2}))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(InputError) as error:
        parse_net(value)
    assert len(str(error.value).splitlines()) == 1


@given(st.data())
def test_any_change_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever replaces whichever member, the answer is a NetSpec or an InputError, never another exception."""
    places = list(_places(TINY, ()))
    path = data.draw(st.sampled_from(places))
    value = data.draw(scalars | st.sampled_from(([], {}, ...)))
    try:
        spec = parse_net(changed(*path, to=value))
    except InputError as error:
        assert "$" in error.where  # noqa: PT017
    else:
        assert isinstance(spec, NetSpec)


def _places(value: Any, path: tuple[str | int, ...]) -> Any:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(member, (*path, key))


def test_no_heavy_import() -> None:
    heavy = "('tensorflow', 'keras', 'pandas')"
    code = f"import sys, deepsoc.netspec.spec; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- numbers of the second edition ------------------------------------------------------------------------------


def second(**parts: Any) -> Json:
    """One convolution of one channel, of format 2, with parts added to it."""
    bundle = {**TINY["bundles"][0], "name": "b1", "input": "input", "pool": None, **parts}
    bundle["core"] = {**TINY["bundles"][0]["core"], **parts.get("core", {})}
    return TINY | {"format": "deepsoc-net/2", "bundles": [{k: v for k, v in bundle.items() if v is not None}]}


def test_scales_and_zero_points_lower_as_written() -> None:
    scales = [0.25 + i / 64 for i in range(8)]
    net = second(core={"scale": scales}, act={"type": "relu", "scale": 0.75, "zero_point": -3, "max": 2.0})
    net["input"] = {"shape": [9, 8, 1], "scale": 0.1, "zero_point": 2}
    graph = parse_net(net).to_graph(seed=1)
    assert graph.input_quant == Quant(4, 4, 1.6, 2)
    (bundle,) = graph.bundles
    assert bundle.core.k_quant == Quant(4, 2, tuple(4 * scale for scale in scales))
    act = bundle.act
    assert act is not None
    assert act.out == Quant(4, 1, 1.5, -3)
    assert (act.kind, act.lo, act.hi) == ("relu", None, 3 - 3)  # 2 / 0.75 is 2.67
    assert act.scale is not None
    for m, s, scale in zip(act.scale.m, act.scale.s, scales, strict=True):
        assert m.bit_length() == 17
        assert math.ldexp(m, -s) == pytest.approx(0.1 * scale / 0.75, rel=2.0**-17)


def test_weights_on_a_grid_of_scales_keep_their_integers(rng: np.random.Generator) -> None:
    scales = rng.uniform(1e-4, 1, 8)
    k = rng.integers(-8, 8, (3, 3, 1, 8))
    bias = rng.integers(-1000, 1000, 8)
    net = second(core={"scale": scales.tolist()}, act={"type": "linear", "scale": 0.3}, bits={"k": 4})
    net |= {"input": {"shape": [9, 8, 1], "scale": 0.017, "zero_point": -8}, "bits": {"x": 4, "k": 8, "b": 32}}
    real = {"b1/kernel": k * scales, "b1/bias": bias * scales * 0.017}
    (bundle,) = parse_net(net).to_graph(real).bundles
    np.testing.assert_array_equal(bundle.core.weights, k)
    assert bundle.core.bias is not None
    unit = parse_net(net).to_graph(real).input_quant.frac + bundle.core.k_quant.frac - bundle.core.b_quant.frac
    np.testing.assert_array_equal(bundle.core.bias * 2.0**unit, bias)


def test_a_scale_that_is_a_power_of_two_is_a_binary_point() -> None:
    act = parse_net(second(act={"type": "relu", "scale": 0.125})).to_graph().bundles[0].act
    assert act is not None
    assert (act.out, act.scale) == (Quant(4, 3), None)


def test_unsigned_results_have_no_sign_beside_their_integer_bits() -> None:
    for int_bits, frac in ((0, 4), (2, 2)):
        act = parse_net(second(act={"type": "relu", "unsigned": True, "int_bits": int_bits})).to_graph().bundles[0].act
        assert act is not None
        assert (act.out, act.ends) == (Quant(4, frac, zero=-8), (-8, 7))


@pytest.mark.parametrize(("most", "frac", "hi"), [(6, 0, 6), (8, 0, None), (4, 1, None), (3.3, 1, None), (0.75, 3, 6)])
def test_the_largest_value_of_a_relu_places_its_binary_point(most: float, frac: int, hi: int | None) -> None:
    """4 bits: 7 is 7, 3.5, 0.875 …; what is not below that needs no clamp of its own."""
    act = parse_net(second(act={"type": "relu", "max": most})).to_graph().bundles[0].act
    assert act is not None
    assert (act.out.frac, act.hi) == (frac, hi)


def test_bits_of_a_layer() -> None:
    bundle = parse_net(second(bits={"x": 2, "k": 3}) | {"bits": {"x": 8, "k": 8, "b": 16}}).to_graph(seed=3).bundles[0]
    assert bundle.act is not None
    assert bundle.act.out.bits == 2
    assert bundle.core.k_quant.bits == 3
    assert (bundle.core.weights.min(), bundle.core.weights.max()) == (-4, 3)


def test_weights_of_one_bit_are_signs(rng: np.random.Generator) -> None:
    net = second(bits={"k": 1})
    drawn = parse_net(net).to_graph(seed=3).bundles[0].core
    assert np.unique(drawn.weights).tolist() == [-1, 1]
    real = {"b1/kernel": rng.uniform(-0.3, 0.3, (3, 3, 1, 8)), "b1/bias": np.zeros(8)}
    core = parse_net(net).to_graph(real).bundles[0].core
    np.testing.assert_array_equal(core.weights, np.where(real["b1/kernel"] < 0, -1, 1))
    assert core.k_quant.frac == 3  # their mean is 0.15


def test_the_type_of_a_sum_is_that_of_its_add() -> None:
    net = changed("bundles", 1, "add", to={"with": "b1", "scale": 0.3, "zero_point": -8}) | {"format": "deepsoc-net/2"}
    add = parse_net(net).to_graph().bundles[1].add
    assert add is not None
    assert add.align is None
    assert add.act is not None
    assert (add.act.kind, add.act.out) == ("linear", Quant(4, 2, 1.2, -8))
    net["bundles"][0]["act"]["scale"] = net["bundles"][1]["core"]["scale"] = 0.7
    add = parse_net(net).to_graph().bundles[1].add
    assert add is not None
    assert add.align is not None
    assert add.align.shift == 15 - 4 - 1  # of a result with a scale of 3/7


def dead_channel(weights_step: float, value: float) -> tuple[Json, dict[str, Any]]:
    """A dense layer of two channels: the weights of the second have a tiny step, its bias is `value`."""
    steps, rng = np.array([0.01, weights_step]), np.random.default_rng(1)
    k = rng.integers(-127, 128, (30, 2))
    net = {
        "format": "deepsoc-net/2", "name": "dead", "bits": {"x": 8, "k": 8, "b": 32},
        "input": {"shape": [30], "batch": 64, "scale": 0.05, "zero_point": -5},
        "bundles": [{
            "name": "a", "input": "input", "core": {"type": "dense", "units": 2, "scale": steps.tolist()},
            "act": {"type": "linear", "scale": 0.3, "zero_point": 10},
        }],
    }  # fmt: skip
    return net, {"a/kernel": k * steps, "a/bias": np.array([0.2, value])}


@pytest.mark.parametrize("value", [1.3, 0.2, -4.0, 1e-3])
def test_a_channel_of_next_to_no_weights_is_its_bias(value: float, rng: np.random.Generator) -> None:
    """Its bias takes 30 bits, more than can be multiplied."""
    net, real = dead_channel(2.5e-8 * abs(value), value)
    graph = parse_net(net).to_graph(real)
    core, act = graph.bundles[0].core, graph.bundles[0].act
    assert core.bias is not None
    assert isinstance(core.k_quant.scale, tuple)
    check_ranges(graph)
    x = rng.integers(-128, 128, (64, 30))
    out = execute(graph, x)["a"].out
    exact = ((x + 5) * 0.05) @ real["a/kernel"] + real["a/bias"]
    assert np.abs(out - np.clip(np.rint(exact / 0.3) + 10, -128, 127)).max() <= 1
    assert set(out[:, 1].tolist()) <= {10 + round(value / 0.3)}
    assert act is not None
    assert act.scale is not None
    assert (act.scale.m[1] == 0) == (value == 1e-3)  # all zero: no factor


def test_a_sum_beyond_what_is_multiplied_is_refused() -> None:
    net, real = dead_channel(1e-6, 0.0)
    net["bundles"][0]["act"]["scale"] = 1e4
    parse_net(net).to_graph(real)  # all results are zero
    real["a/bias"] = np.array([0.2, 300.0])
    net["bundles"][0]["act"]["scale"] = 30.0
    message = r"\[0\]: act: channel 1: the sum may reach .* multiplied has 25 bits"
    net["bundles"][0]["core"]["scale"][1] = 3e-6
    real["a/kernel"][:, 1] *= 3
    with mock.patch.object(lowering, "_UNSEEN", 0.0), pytest.raises(InputError, match=message):
        parse_net(net).to_graph(real)
    parse_net(net).to_graph(real)


SECOND_FAULTS: list[tuple[Json, str, str]] = [
    ({"act": {"type": "relu", "scale": 0.3, "int_bits": 2}}, "$.bundles[0].act", "give one of them"),
    ({"act": {"type": "relu", "scale": 0}}, "$.bundles[0].act.scale", "greater"),
    ({"act": {"type": "relu", "scale": [0.5, 0.25]}}, "$.bundles[0].act.scale", "number"),
    ({"act": {"type": "relu", "zero_point": 128}}, "$.bundles[0].act.zero_point", "less"),
    ({"act": {"type": "relu", "zero_point": 1.5}}, "$.bundles[0].act.zero_point", "integer"),
    ({"act": {"type": "linear", "max": 6}}, "$.bundles[0].act", "those of a relu"),
    ({"act": {"type": "linear", "slope": 0.5}}, "$.bundles[0].act", "those of a relu"),
    ({"act": {"type": "relu", "max": -1}}, "$.bundles[0].act.max", "greater"),
    ({"act": {"type": "relu", "unsigned": True, "slope": 0.5}}, "$.bundles[0].act", "no negative slope"),
    ({"act": {"type": "relu", "unsigned": True, "zero_point": 1}}, "$.bundles[0].act", "drop one"),
    ({"core": {"scale": 1e-30}}, "$.bundles[0].core.scale", ""),
    ({"core": {"scale": []}}, "$.bundles[0].core.scale", ""),
    ({"bits": {"x": 5}}, "$.bundles[0].bits.x", "received 5"),
    ({"bits": {"b": 8}}, "$.bundles[0].bits.b", "unknown key"),
    ({"add": {"with": "input", "scale": 0.5, "act": {"type": "relu"}}}, "$.bundles[0].add", "give them there"),
]


@pytest.mark.parametrize(("parts", "where", "message"), SECOND_FAULTS)
def test_faults_of_the_second_edition(parts: Json, where: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_net(second(**parts))
    assert error.value.where.startswith(f"net: {where}")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"core": {"scale": [0.5] * 7}},
            r"\$.bundles\[0\]: core: expected a scale for each of 8 output channels, received 7",
        ),
        (
            {"act": {"type": "relu", "zero_point": 8}},
            r"\$.bundles\[0\]: act: the zero point must be in -8 … 7, received 8",
        ),
        (
            {"act": {"type": "relu", "scale": 1e-8}},
            r"\[0\]: act: a unit of the sum is .* give the result a larger scale",
        ),
        (
            {"pool": TINY["bundles"][0]["pool"] | {"scale": 0.3}},
            r"\[0\]: pool: a pool keeps the scale of its input but for powers of two: 1.0, received 1.2",
        ),
        (
            {"core": {"scale": [0.5, 0.3] * 4}, "act": None},
            "bundle b1: act: null leaves accumulators with one scale a channel",
        ),
    ],
)
def test_numbers_without_a_form_are_refused_when_lowered(parts: Json, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_net(second(**parts)).to_graph(seed=1)


def test_the_first_format_has_nothing_of_the_second() -> None:
    parts: list[tuple[Json, str]] = [
        ({"act": {"type": "linear"}}, "$.bundles[0].act.type"),
        ({"act": {"type": "relu", "unsigned": True}}, "$.bundles[0].act.unsigned"),
        ({"core": {"scale": 0.5}}, "$.bundles[0].core.scale"),
        ({"bits": {"x": 4}}, "$.bundles[0].bits"),
        ({"add": {"with": "input", "act": {"type": "relu", "max": 6}}}, "$.bundles[0].add.act.max"),
        ({"pool": TINY["bundles"][0]["pool"] | {"zero_point": 0}}, "$.bundles[0].pool.zero_point"),
    ]
    for part, where in parts:
        with pytest.raises(InputError, match="this is of format 'deepsoc-net/2', received 'deepsoc-net/1'") as error:
            parse_net(second(**part) | {"format": "deepsoc-net/1"})
        assert error.value.where == f"net: {where}"


@given(nets(joints=0.3, pads=0.3, ups=0.2), st.randoms(use_true_random=False))
def test_dump_of_the_second_format_reads_back(net: Json, rng: random.Random) -> None:
    spec = parse_net(renumbered(net, rng))
    assert parse_net(json.loads(json.dumps(spec.dump()))) == spec
