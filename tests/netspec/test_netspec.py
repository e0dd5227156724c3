from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Conv2D, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import validate
from deepsoc.netspec.spec import NetSpec, load_net, parse_net
from tests.strategies import nets, random_input

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
    with pytest.raises(
        InputError, match=r"bundles\[3\]: input: .* one binary point, received int_bits 2 of 'a', 3 of 'c'"
    ):
        points(side_by_side("a", "b", "c", a=2, c=3))


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
    (("format",), "deepsoc-net/3", "$.format", "deepsoc-net/1"),
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
    ((*B1, "input"), ["b1", "b1"], "$.bundles[1].input", "several inputs are of format 'deepsoc-net/2'"),
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
    ((*B0, "core", "padding"), [[1, 1], [0, 0]], "$.bundles[0].core.padding", "are of format 'deepsoc-net/2'"),
    ((*B0, "pool", "padding"), [[1, 1], [0, 0]], "$.bundles[0].pool.padding", "are of format 'deepsoc-net/2'"),
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
    ((*B0, "upsample"), [2, 2], "$.bundles[0].upsample", "up-sampling is of format 'deepsoc-net/2'"),
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
