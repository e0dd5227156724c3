"""Bad input to `deepsoc export`: one line that names the fault, status 2, and nothing written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.cli.conftest import HW, NET, Cli, changed

EXPORT = ("export", "net.json", "--hw", "hw.json", "--out", "out")
RANDOM = (*EXPORT, "--random-weights")
INJECTIONS = (
    '"; rm -rf ~"',
    "$(touch pwned)",
    "`touch pwned`",
    "../../etc/passwd",
    "[exec touch pwned]",
    "a;b",
    "a b",
    "a\nb",
    "a\x1b[31m",
    "${HOME}",
    "{{ 7 * 7 }}",
    "%s%n",
    "",
    "9lives",
    "x" * 1000,
)
NET_FAULTS = (
    ("format", "deepsoc-net/3", "format"),
    ("extra", 1, "extra"),
    ("name", 7, "name"),
    ("input.shape", [8, 8], "input.shape"),
    ("input.shape", [8, 0, 2], "input.shape"),
    ("input.shape", [8, 8, 1e9], "input.shape"),
    ("input.batch", -1, "input.batch"),
    ("bits.x", 3, "bits.x"),
    ("bits.b", "16", "bits.b"),
    ("bundles", [], "bundles"),
    ("bundles", {}, "bundles"),
    ("bundles.0.typo", True, "bundles[0].typo"),
    ("bundles.0.input", "nowhere", "nowhere"),
    ("bundles.0.input", "b2", "bundles[0].input"),
    ("bundles.1.input", "b2", "bundles[1].input"),
    ("bundles.1.name", "b1", "b1"),
    ("bundles.1.name", "input", "input"),
    ("bundles.0.core", None, "bundles[0].core"),
    ("bundles.0.core.type", "conv3d", "conv3d"),
    ("bundles.0.core.filters", 0, "filters"),
    ("bundles.0.core.filters", -4, "filters"),
    ("bundles.0.core.filters", 4.5, "filters"),
    ("bundles.0.core.filters", True, "filters"),
    ("bundles.0.core.filters", 10**12, "filters"),
    ("bundles.0.core.kernel", [3], "kernel"),
    ("bundles.0.core.kernel", [0, 3], "kernel"),
    ("bundles.0.core.strides", [0, 1], "strides"),
    ("bundles.0.core.padding", "full", "padding"),
    ("bundles.0.act.slope", 0.3, "slope"),
    ("bundles.0.act.slope", -1, "slope"),
    ("bundles.0.act.type", "gelu", "act"),
    ("bundles.0.pool.type", "min", "pool"),
    ("bundles.0.pool.size", [9, 9], "b1"),
    ("bundles.0.softmax", True, "softmax"),
    ("bundles.1.add.with", "nobody", "nobody"),
    ("bundles.1.add.with", "input", "b2"),
    ("bundles.1.flatten", False, "out"),
)
HW_FAULTS = (
    ("rows", 0, "rows"),
    ("rows", -8, "rows"),
    ("rows", "8", "rows"),
    ("rows", 8.5, "rows"),
    ("cols", None, "cols"),
    ("colums", 24, "colums"),
    ("x_bits", 5, "x_bits"),
    ("x_bits", 8, "x_bits"),
    ("k_bits", 2, "k_bits"),
    ("axi_data_bits", 48, "axi_data_bits"),
    ("axi_max_burst", 0, "axi_max_burst"),
    ("frequency_mhz", 0, "frequency_mhz"),
    ("frequency_mhz", float("nan"), "hw.json"),
    ("y_bits", 8, "y_bits"),
    ("y_bits", 9, "b1"),
    ("kh_max", 1, "b1"),
    ("ci_max", 1, "b1"),
    ("cols", 2, "b1"),
    ("format", "deepsoc-hw/9", "format"),
)


@pytest.mark.parametrize(("path", "value", "says"), NET_FAULTS, ids=lambda v: str(v)[:30])
def test_faults_in_the_network_name_file_and_field(cli: Cli, path, value, says):
    (cli.folder / "net.json").write_text(json.dumps(changed(NET, path, value)))
    cli.refused(*RANDOM, says=says)
    cli.refused(*RANDOM, says="net.json")


@pytest.mark.parametrize(("path", "value", "says"), HW_FAULTS, ids=lambda v: str(v)[:30])
def test_faults_in_the_hardware_name_the_field(cli: Cli, path, value, says):
    (cli.folder / "hw.json").write_text(json.dumps(changed(HW, path, value)))
    cli.refused(*RANDOM, says=says)


@pytest.mark.parametrize("where", ["name", "bundles.0.name", "bundles.0.input", "bundles.1.add.with"])
@pytest.mark.parametrize("name", INJECTIONS, ids=repr)
def test_names_for_shells_tcl_and_paths_are_refused(cli: Cli, where, name):
    (cli.folder / "net.json").write_text(json.dumps(changed(NET, where, name)))
    cli.refused(*RANDOM, says="net.json")


@pytest.mark.parametrize("file", ["net.json", "hw.json"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe\x00", b"{'a': 1}", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1, "a": 2}'],
    ids=repr,
)
def test_files_that_are_no_such_json_are_named(cli: Cli, file, content):
    (cli.folder / file).write_bytes(content)
    cli.refused(*RANDOM, says=file)


@pytest.mark.parametrize("argument", [1, 3])
def test_missing_files_and_folders_are_named(cli: Cli, argument):
    for bad, says in (("nowhere.json", "nowhere.json"), (".", "directory"), ("", "does not exist")):
        arguments = list(RANDOM)
        arguments[argument] = bad
        if bad or argument == 1:
            cli.refused(*arguments, says=says if bad else "")


def test_exactly_one_kind_of_weights(cli: Cli):
    np.savez(cli.folder / "w.npz", a=np.zeros(1))
    cli.refused(*EXPORT, says="exactly one of --weights F.npz and --random-weights")
    cli.refused(*RANDOM, "--weights", "w.npz", says="exactly one of --weights F.npz and --random-weights")


def weights() -> dict[str, np.ndarray]:
    return {
        "b1/kernel": np.full((3, 3, 2, 4), 0.25),
        "b1/bias": np.zeros(4),
        "b2/kernel": np.full((3, 3, 4, 4), 0.25),
        "b2/bias": np.zeros(4),
        "out/kernel": np.full((64, 5), 0.25),
        "out/bias": np.zeros(5),
    }


def test_right_weights_are_taken(cli: Cli):
    np.savez(cli.folder / "w.npz", **weights())
    outcome = cli(*EXPORT, "--weights", "w.npz", "--json")
    assert outcome.status == 0, outcome.stderr
    assert "weights.bin" in json.loads(outcome.stdout)["files"]


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("b1/kernel", np.zeros((3, 3, 4, 2))),
        ("b1/kernel", np.full((3, 3, 2, 4), np.nan)),
        ("b1/kernel", np.full((3, 3, 2, 4), np.inf)),
        ("b1/kernel", np.full((3, 3, 2, 4), "x")),
        ("b1/bias", np.zeros(5)),
        ("b9/kernel", np.zeros(1)),
        ("b2/kernel", None),
    ],
    ids=str,
)
def test_wrong_weights_are_named(cli: Cli, array, value):
    arrays = {**weights(), array: value}
    np.savez(cli.folder / "w.npz", **{k: v for k, v in arrays.items() if v is not None})
    cli.refused(*EXPORT, "--weights", "w.npz", says=array)


def test_pickles_in_weights_are_not_opened(cli: Cli):
    np.savez(cli.folder / "w.npz", **{**weights(), "b1/kernel": np.array([{"a": 1}], dtype=object)})
    cli.refused(*EXPORT, "--weights", "w.npz", says="w.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"], ids=repr)
def test_weights_that_are_no_npz(cli: Cli, content):
    (cli.folder / "w.npz").write_bytes(content)
    cli.refused(*EXPORT, "--weights", "w.npz", says="w.npz")


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", ""])
def test_seeds_that_are_none(cli: Cli, seed):
    cli.refused(*RANDOM, "--seed", seed, says="--seed")


@pytest.mark.parametrize(
    "out",
    ['"; rm -rf ~"', "$(touch pwned)", "`touch pwned`", "[exec touch pwned]", "a\nb", "{a}", "a|b", "a*b", "a'b", "#x"],
)
def test_output_folders_that_vendor_tools_cannot_quote(cli: Cli, out):
    arguments = list(RANDOM)
    arguments[5] = out
    cli.refused(*arguments, says="--out")


def test_output_folders_that_cannot_be_made(cli: Cli):
    (cli.folder / "file").write_text("mine")
    (cli.folder / "loop").symlink_to("gone")
    for out in ("file", "file/out", "/proc/deepsoc", "/dev/null/out", "loop", ""):
        arguments = list(RANDOM)
        arguments[5] = out
        cli.refused(*arguments, says="")
    assert (cli.folder / "file").read_text() == "mine"


def test_a_folder_with_other_files_is_left_alone(cli: Cli):
    (cli.folder / "out").mkdir()
    (cli.folder / "out" / "thesis.tex").write_text("mine")
    cli.refused(*RANDOM, says="not an earlier export")
    assert (cli.folder / "out" / "thesis.tex").read_text() == "mine"


def test_a_failed_export_leaves_the_earlier_one(cli: Cli):
    assert cli(*RANDOM).status == 0
    before = {path: path.read_bytes() for path in (cli.folder / "out").rglob("*") if path.is_file()}
    (cli.folder / "hw.json").write_text(json.dumps(changed(HW, "rows", 0)))
    cli.refused(*RANDOM, says="rows")
    assert {path: path.read_bytes() for path in before} == before


def test_an_export_replaces_an_earlier_one(cli: Cli):
    assert cli(*RANDOM).status == 0
    first = (cli.folder / "out" / "weights.bin").read_bytes()
    assert cli(*RANDOM, "--seed", "5").status == 0
    assert (cli.folder / "out" / "weights.bin").read_bytes() != first
    assert {name.split("/")[0] for name in cli.names()} == {"net.json", "hw.json", "out"}


def test_paths_with_spaces_and_letters_of_any_language_work(cli: Cli):
    arguments = list(RANDOM)
    arguments[5] = "mes réseaux/größe 1"
    outcome = cli(*arguments, "--json")
    assert outcome.status == 0, outcome.stderr
    assert (cli.folder / "mes réseaux" / "größe 1" / "manifest.json").exists()


def test_samples_place_binary_points_and_are_the_test_vectors(cli: Cli) -> None:
    from deepsoc.export.artifacts import Artifacts

    x = np.random.default_rng(0).uniform(-0.2, 0.2, (20, 8, 8, 2))
    np.save(cli.folder / "x.npy", x)
    assert cli(*RANDOM, "--samples", "x.npy").status == 0
    assert np.array_equal(Artifacts.load(cli.folder / "out").input(), np.clip(np.rint(x[:1] * 8), -8, 7))


@pytest.mark.parametrize(
    ("shape", "message"), [((20, 8, 8), "expected a batch of inputs (8, 8, 2)"), ((0, 8, 8, 2), "expected a batch")]
)
def test_samples_that_do_not_fit(cli: Cli, shape: tuple[int, ...], message: str) -> None:
    np.save(cli.folder / "x.npy", np.zeros(shape))
    before = cli.names()
    outcome = cli(*RANDOM, "--samples", "x.npy")
    assert outcome.status == 2
    assert message in outcome.stderr.splitlines()[-1]
    assert cli.names() == before
