"""BundleBuilder without a browser: edits, history, figures, faults, files, code."""

import ast
import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.graph.ranges import worst_case_bits
from deepsoc.graph.shapes import infer
from deepsoc.netspec.spec import load_net, parse_net
from deepsoc.perf.layers import Layers
from deepsoc.perf.sources import layers_of
from deepsoc.widgets import BundleBuilder
from deepsoc.widgets.network import _netedit as edit
from deepsoc.widgets.network._netcheck import check
from deepsoc.widgets.network._nettemplates import TEMPLATES

DATA = Path(__file__).parents[2] / "data"
NETS = [path for path in sorted(DATA.glob("*.json")) if path.stem != "resnet18_32"]  # that one takes long
FULL = [name for name in TEMPLATES if name != "empty"]


def lenet() -> dict[str, Any]:
    return TEMPLATES["LeNet-like"]()


def resnet() -> dict[str, Any]:
    return TEMPLATES["small ResNet"]()


def names(net: dict[str, Any]) -> list[str]:
    return [bundle["name"] for bundle in net["bundles"]]


def links(net: dict[str, Any]) -> list[str]:
    return [bundle["input"] for bundle in net["bundles"]]


def refusal(net: dict[str, Any]) -> str | None:
    """Path of the fault for which the reader refuses a network; None where it takes it."""
    try:
        parse_net(net)
    except InputError as error:
        return error.where.removeprefix("net: ")
    return None


# ---- figures and faults ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_figures_are_those_of_the_integer_graph(path: Path) -> None:
    builder = BundleBuilder(value=json.loads(path.read_text()))
    graph = builder.graph()
    infos, bits, layers = infer(graph), worst_case_bits(graph), layers_of(graph)
    macs = Layers.of(layers).macs // graph.input_shape[0]
    assert builder.faults == []
    assert len(builder.rows) == len(graph.bundles)
    for row, bundle, products in zip(builder.rows, graph.bundles, macs, strict=True):
        info, core = infos[bundle.name], bundle.core
        biases = 0 if core.bias is None else core.bias.size
        assert row["name"] == bundle.name
        assert row["input_shape"] == list(info.input.shape[1:])
        assert row["output_shape"] == list(info.output.shape[1:])
        assert row["macs"] == products
        assert row["weights"] == core.weights.size + biases
        assert row["weight_bits"] == core.weights.size * core.k_quant.bits + biases * core.b_quant.bits
        assert row["sum_bits"] == bits[bundle.name].accumulator
        assert row["out_bits"] == info.output.quant.bits


@pytest.mark.parametrize("name", FULL)
def test_templates_have_no_fault_and_are_not_shared(name: str) -> None:
    assert check(TEMPLATES[name]()) == (check(TEMPLATES[name]())[0], [])
    TEMPLATES[name]()["bundles"].clear()
    assert TEMPLATES[name]()["bundles"]


FAULTS: list[tuple[list[str | int], Any, str, str]] = [
    (["name"], "1", "$.name", "letter"),
    (["bits", "x"], 3, "$.bits.x", "received 3"),
    (["input", "shape"], [28, 28], "$.input.shape", "expected [h, w, c]"),
    (["input", "shape"], [28, 28, None], "$.input.shape[2]", "integer"),
    (["bundles"], [], "$.bundles", "needs a bundle"),
    (["bundles", 0, "core", "filters"], 0, "$.bundles[0].core.filters", "received 0"),
    (["bundles", 0, "core", "kernel"], [3, 0], "$.bundles[0].core.kernel[1]", "received 0"),
    (["bundles", 0, "core"], None, "$.bundles[0].core", "received null"),
    (["bundles", 1, "pool", "strides"], None, "$.bundles[1].pool.strides", "received null"),
    (["bundles", 1, "pool", "size"], [99, 2], "$.bundles[1].pool", "does not fit"),
    (["bundles", 1, "act", "slope"], 0.3, "$.bundles[1].act.slope", "power of two"),
    (["bundles", 1, "colour"], "red", "$.bundles[1].colour", "unknown key"),
    (["bundles", 1, "flatten"], False, "$.bundles[2].core", "set flatten"),
    (["bundles", 1, "input"], "nobody", "$.bundles[1].input", "no bundle 'nobody'"),
    (["bundles", 1, "add"], {"with": "dense1", "act": None}, "$.bundles[1].add.with", "stands later"),
    (["bundles", 1, "add"], {"with": "input", "act": None}, "$.bundles[1].add.with", "one shape"),
    (["bundles", 1, "name"], "conv1", "$.bundles[1].name", "already the name"),
    (["bundles", 0, "softmax"], True, "$.bundles[0].softmax", "only the last"),
]


@pytest.mark.parametrize(("path", "value", "where", "message"), FAULTS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_fault_stands_at_its_path(path: list[str | int], value: Any, where: str, message: str) -> None:
    builder = BundleBuilder(value=lenet())
    builder.on_set(path, value)
    assert builder.error == ""
    found = [fault["message"] for fault in builder.faults if fault["path"] == where]
    assert any(message in text for text in found), builder.faults
    assert builder.code == ""


def test_all_faults_are_told_at_once() -> None:
    net = lenet()
    net["bundles"][0]["core"] |= {"filters": 0, "padding": "full"}
    net["bundles"][3]["input"] = "nobody"
    paths = {fault["path"] for fault in check(net)[1]}
    assert {"$.bundles[0].core.filters", "$.bundles[0].core.padding", "$.bundles[3].input"} <= paths


def test_bundles_behind_a_fault_say_what_they_wait_for_and_have_none_themselves() -> None:
    net = lenet()
    net["bundles"][0]["core"]["filters"] = 0
    rows, faults = check(net)
    assert [fault["path"] for fault in faults] == ["$.bundles[0].core.filters"]
    assert rows[1]["output_shape"] is None
    assert "'conv1'" in rows[1]["note"]


def test_a_residual_that_does_not_fit_leaves_the_shapes_behind_it() -> None:
    net = resnet()
    net["bundles"][2]["core"]["filters"] = 24
    rows, faults = check(net)
    assert [fault["path"] for fault in faults] == ["$.bundles[2].add.with"]
    assert rows[2]["output_shape"] == [32, 32, 24]
    assert rows[-1]["output_shape"] == [10]


def test_sums_wider_than_the_accumulator_are_a_fault() -> None:
    net = lenet()
    net["bits"] |= {"x": 8, "k": 8}
    net["input"]["shape"] = [28, 28, 65535]
    assert "accumulator" in check(net)[1][0]["message"]


def test_faults_are_there_exactly_where_the_reader_refuses(rng: np.random.Generator) -> None:
    """Random damage to real networks; the reader's first fault is among ours."""
    values: list[Any] = [None, 0, -1, 1, 7, 2.5, "", "input", "stem", True, [], [2], [2, 2], [9, 9, 9], {}]
    refused = 0
    for _ in range(150):
        net = [lenet, resnet][rng.integers(2)]()
        for _ in range(rng.integers(1, 3)):
            at: Any = net
            path: list[str | int] = []
            while isinstance(at, dict | list) and at and (not path or rng.random() < 0.8):
                key = list(at)[rng.integers(len(at))] if isinstance(at, dict) else int(rng.integers(len(at)))
                path.append(key)
                at = at[key]
            if path == ["bundles"] or (path[0] == "bundles" and len(path) < 3):
                continue
            net = edit.changed(net, path, values[rng.integers(len(values))]) if path[-1] != "type" else net
        paths = [fault["path"] for fault in check(net)[1]]
        first = refusal(net)
        assert (first is None) == (paths == []), (first, paths)
        if first is not None:
            refused += 1
            assert first in paths
    assert refused > 50


# ---- edits ----------------------------------------------------------------------------------------------------------
def test_edits_leave_the_network_they_start_from_alone() -> None:
    net = resnet()
    before = copy.deepcopy(net)
    for result in (
        edit.inserted(net, 2, "conv2d"), edit.inserted(net, 9, "dense", flatten=True), edit.duplicated(net, 2),
        edit.removed(net, 3), edit.moved(net, 1, 5), edit.renamed(net, 0, "first"),
        edit.changed(net, ["bundles", 0, "core", "kernel"], [1, 1]),
        edit.changed(net, ["bundles", 0, "core", "type"], "dense"),
    ):  # fmt: skip
        assert result != before
        assert net == before


def test_a_new_bundle_joins_the_chain() -> None:
    builder = BundleBuilder(value=lenet())
    builder.on_add("conv2d", 0)
    assert names(builder.value)[:3] == ["conv1", "conv3", "conv2"]
    assert links(builder.value)[:3] == ["input", "conv1", "conv3"]
    assert builder.selected == 1
    assert builder.faults == []


def test_three_bundles_from_nothing_make_a_network() -> None:
    builder = BundleBuilder()
    builder.on_add("conv2d", -1)
    builder.on_add("conv2d", 0)
    builder.on_set(["bundles", 1, "add"], {"with": "conv1", "act": None})
    builder.on_add("dense", 1)
    assert builder.faults == []
    assert builder.value["bundles"][1]["flatten"] is True
    assert builder.spec() == parse_net(builder.value)
    assert builder.graph().bundles[2].source == "conv2"


def test_softmax_stays_at_the_end() -> None:
    net = lenet()
    for other in (edit.inserted(net, 4, "dense"), edit.removed(net, 4), edit.duplicated(net, 4), edit.moved(net, 4, 3)):
        assert [bool(bundle.get("softmax")) for bundle in other["bundles"]].index(True) == len(other["bundles"]) - 1


def test_a_copy_reads_the_original() -> None:
    net = edit.duplicated(resnet(), 0)
    assert names(net)[:3] == ["stem", "stem1", "s1_a"]
    assert links(net)[:3] == ["input", "stem", "stem1"]


def test_readers_of_a_removed_bundle_read_its_input() -> None:
    net = edit.removed(resnet(), 0)
    assert links(net)[0] == "input"
    assert net["bundles"][1]["add"]["with"] == "input"
    assert parse_net(edit.removed(resnet(), 1)).bundles[1].input == "stem"


def test_a_chain_stays_a_chain_when_sorted() -> None:
    net = edit.moved(lenet(), 1, 0)
    assert names(net)[:3] == ["conv2", "conv1", "dense1"]
    assert links(net)[:3] == ["input", "conv2", "conv1"]
    assert edit.moved(net, 0, 1) == lenet()


def test_links_out_of_turn_stay_when_sorted() -> None:
    net = edit.moved(resnet(), 4, 3)
    moved = {bundle["name"]: bundle for bundle in net["bundles"]}
    assert moved["s2_b"]["add"]["with"] == "s2_short"
    assert names(edit.moved(resnet(), 0, 99))[-1] == "stem"


def test_renaming_follows_every_reader() -> None:
    net = edit.renamed(resnet(), 3, "shortcut")
    assert net["bundles"][5]["add"]["with"] == "shortcut"
    parse_net(net)


@pytest.mark.parametrize("name", ["conv2", "input", "1st", "", "a b"])
def test_a_name_that_cannot_be_is_refused_beside_the_field(name: str) -> None:
    builder = BundleBuilder(value=lenet())
    builder.on_rename(0, name)
    assert builder.refused["path"] == "$.bundles[0].name"
    assert names(builder.value) == names(lenet())
    builder.on_rename(0, "fine")
    assert builder.refused == {}
    assert links(builder.value)[1] == "fine"


def test_another_core_keeps_what_both_have() -> None:
    net = edit.changed(lenet(), ["bundles", 0, "core", "use_bias"], False)
    dense = edit.changed(net, ["bundles", 0, "core", "type"], "dense")["bundles"][0]["core"]
    assert dense == {"type": "dense", "units": 6, "use_bias": False}


def test_messages_that_mean_nothing_are_told() -> None:
    builder = BundleBuilder(value=lenet())
    for message in (
        {"do": "remove", "index": 9}, {"do": "add", "kind": "pool", "after": 0}, {"do": "template", "name": "?"},
        {"do": "set", "path": ["bundles", 9, "name"], "value": "x"}, {"do": "add", "kind": "dense", "after": 12},
        {"do": "set", "path": ["bundles", 0, "core", "type"], "value": "lstm"},
    ):  # fmt: skip
        builder._received(None, message, [])
        assert builder.error, message
        assert builder.value == lenet()
    builder._received(None, {"do": "remove", "index": 0}, [])
    assert builder.error == ""


# ---- history --------------------------------------------------------------------------------------------------------
def test_undo_and_redo_go_through_all_states() -> None:
    builder = BundleBuilder(value=lenet())
    states = [builder.value]
    for action in (
        lambda: builder.on_add("dense", 4), lambda: builder.on_move(0, 1), lambda: builder.on_remove(2),
        lambda: builder.on_template("small ResNet"), lambda: setattr(builder, "value", lenet() | {"name": "other"}),
    ):  # fmt: skip
        action()
        states.append(builder.value)
    for state in reversed(states[:-1]):
        builder.undo()
        assert builder.value == state
    assert not builder.can_undo
    builder.undo()
    for state in states[1:]:
        builder.redo()
        assert builder.value == state
    assert not builder.can_redo


def test_keys_into_one_field_are_one_step() -> None:
    builder = BundleBuilder(value=lenet())
    for value in (1, 12, 128):
        builder.on_set(["bundles", 0, "core", "filters"], value)
    builder.on_set(["bundles", 1, "core", "filters"], 8)
    builder.undo()
    assert builder.value["bundles"][0]["core"]["filters"] == 128
    builder.undo()
    assert builder.value == lenet()


def test_an_edit_after_undo_ends_what_could_be_redone() -> None:
    builder = BundleBuilder(value=lenet())
    builder.on_remove(0)
    builder.undo()
    builder.on_remove(1)
    assert not builder.can_redo
    assert names(builder.value)[0] == "conv1"


# ---- traits and files -----------------------------------------------------------------------------------------------
def test_the_value_is_a_copy_and_json() -> None:
    net = lenet()
    builder = BundleBuilder(value=net)
    net["bundles"].clear()
    assert len(builder.value["bundles"]) == 5
    builder.value = {**lenet(), "input": {"shape": (28, 28, 1), "batch": 1}}
    assert builder.value["input"]["shape"] == [28, 28, 1]


@pytest.mark.parametrize("value", [{"bundles": 3}, {"bundles": [3]}, {"x": object()}, {"x": float("nan")}])
def test_what_is_no_network_at_all_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        BundleBuilder(value=value)
    builder = BundleBuilder(value=lenet())
    with pytest.raises(InputError):
        builder.value = value
    assert builder.value == lenet()


def test_unknown_option_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown option colour; .*selected"):
        BundleBuilder(colour="red")


def test_selection_stays_inside() -> None:
    builder = BundleBuilder(value=lenet(), selected=4)
    builder.selected = 9
    assert builder.selected == 4
    builder.value = {**lenet(), "bundles": lenet()["bundles"][:2]}
    assert builder.selected == 1
    assert len(builder.rows) == 2


def test_save_and_load_keep_the_network_whole_or_faulty(tmp_path: Path) -> None:
    builder = BundleBuilder(value=resnet())
    file = builder.save(tmp_path / "nets" / "mine.json")
    assert load_net(file) == builder.spec()
    builder.on_set(["bundles", 0, "core", "filters"], 0)
    builder.on_save(str(file))
    assert "1 fault " in builder.status
    other = BundleBuilder()
    other.load(file)
    assert other.value == builder.value
    assert other.path == str(file)
    other.undo()
    assert other.value["bundles"] == []
    assert [each.name for each in file.parent.iterdir()] == ["mine.json"]


def test_files_that_cannot_be_are_named(tmp_path: Path) -> None:
    builder = BundleBuilder(value=lenet())
    with pytest.raises(InputError, match=r"missing\.json: cannot read"):
        builder.load(tmp_path / "missing.json")
    bad = tmp_path / "bad.json"
    for text in ('{"bundles": 1}', "[1]", "{", '{"a": 1, "a": 2}', "\xff"):
        bad.write_text(text, encoding="latin-1")
        with pytest.raises(InputError, match=r"bad\.json"):
            builder.load(bad)
    with pytest.raises(InputError, match="cannot write"):
        builder.save(bad / "net.json")
    builder._received(None, {"do": "open", "name": "mine.json", "text": "{"}, [])
    assert "mine.json" in builder.error
    assert builder.value == lenet()


# ---- weight -----------------------------------------------------------------------------------------------
def test_opening_loads_no_tensorflow() -> None:
    code = (
        "import sys; from deepsoc.widgets import BundleBuilder; BundleBuilder().on_template('small ResNet')\n"
        "print([name for name in ('tensorflow', 'keras', 'qkeras') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# ---- code -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", FULL)
def test_code_is_python_of_one_line_a_name(name: str) -> None:
    code = BundleBuilder(value=TEMPLATES[name]()).keras_code()
    targets = [node.targets[0].id for node in ast.parse(code).body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert targets == ["inputs", *names(TEMPLATES[name]()), "net"]
    assert max(map(len, code.splitlines())) <= 120


def test_bits_of_a_layer_are_counted_and_have_no_code() -> None:
    net = lenet() | {"format": "deepsoc-net/2"}
    before = BundleBuilder(value=copy.deepcopy(net)).rows
    net["bundles"][1]["bits"] = {"x": 4, "k": 2}
    builder = BundleBuilder(value=net)
    assert builder.faults == []
    x, k, b = (net["bits"][name] for name in "xkb")
    kernel = (before[1]["weight_bits"] - (biases := before[1]["core_shape"][-1] * b)) // k
    assert builder.rows[1]["weight_bits"] == 2 * kernel + biases
    assert builder.rows[1]["out_bits"] == 4
    assert builder.rows[1]["sum_bits"] == before[1]["sum_bits"] + 2 - k
    assert builder.rows[2]["sum_bits"] == before[2]["sum_bits"] + 4 - x
    with pytest.raises(InputError, match=r"\$\.bundles\[1\]\.bits: the Keras layers have no form for this"):
        builder.keras_code()


def test_a_bundle_that_none_reads_has_a_note_and_no_code() -> None:
    net = lenet()
    net["bundles"][1]["input"] = "input"
    builder = BundleBuilder(value=net)
    assert builder.faults == []
    assert "no bundle reads" in builder.rows[0]["note"]
    assert builder.code == ""
    with pytest.raises(InputError, match=r"\$\.bundles\[0\]\.name.*read by none"):
        builder.keras_code()
