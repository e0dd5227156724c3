"""`deepsoc simulate`: its faults, and its answer."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.cli.conftest import Cli

EXPORT = ("export", "net.json", "--hw", "hw.json", "--out", "out", "--random-weights")


@pytest.fixture
def exported(cli: Cli) -> Cli:
    outcome = cli(*EXPORT)
    assert outcome.status == 0, outcome.stderr
    return cli


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--stall-prob", "-0.1"), "--stall-prob"),
        (("--stall-prob", "1.5"), "--stall-prob"),
        (("--stall-prob", "nan"), "--stall-prob"),
        (("--stall-prob", "inf"), "--stall-prob"),
        (("--stall-prob", "often"), "--stall-prob"),
        (("--stall-prob", "1"), "stall_prob"),
        (("--mem-latency", "-1"), "--mem-latency"),
        (("--mem-latency", "2.5"), "--mem-latency"),
        (("--mem-latency", "1000000000"), "mem_latency"),
        (("--seed", "-1"), "--seed"),
        (("--seed", "99999999999999999999"), "seed"),
        (("--backend", "modelsim"), "--backend"),
        (("--backend", "$(touch pwned)"), "--backend"),
        (("--backend", "xsim"), "--backend"),
        (("--simulator", "modelsim"), "--simulator"),
        (("--simulator", "xsim"), "simulator: backend verilator runs on verilator"),
        (("--input", "nowhere.npy"), "--input"),
        (("--input", "net.json"), "net.json: not an .npy file"),
        (("--output", "no/folder/y.npy"), "--output"),
    ],
    ids=" ".join,
)
def test_wrong_options(exported: Cli, options, says):
    exported.refused("simulate", "out", *options, says=says)


def test_folders_that_are_no_export(cli: Cli):
    (cli.folder / "empty").mkdir()
    for folder, says in (("nowhere", "nowhere"), ("net.json", "net.json"), ("empty", "empty"), (".", "manifest.json")):
        cli.refused("simulate", folder, says=says)


@pytest.mark.parametrize("name", ["weights.bin", "input.bin", "params.svh", "model.h", "hw.json", "expected/000.npy"])
def test_a_damaged_export_is_named(exported: Cli, name):
    file = exported.folder / "out" / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    exported.refused("simulate", "out", says=name)
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    exported.refused("simulate", "out", says=name)
    file.unlink()
    exported.refused("simulate", "out", says=name)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "deepsoc-export/999"}'])
def test_a_broken_manifest_is_named(exported: Cli, content):
    (exported.folder / "out" / "manifest.json").write_text(content)
    exported.refused("simulate", "out", says="manifest.json")


def test_a_missing_tool_is_named_with_its_remedy(exported: Cli, monkeypatch):
    which = shutil.which
    monkeypatch.setattr("shutil.which", lambda name, *a, **k: None if name == "perl" else which(name, *a, **k))
    outcome = exported("simulate", "out")
    assert outcome.status == 1
    assert outcome.stderr == "error: perl is missing; get it with: apt-get install perl\n"


@pytest.mark.xdist_group("simulator-8x24")
def test_the_answer_holds_what_is_promised(exported: Cli):
    outcome = exported("simulate", "out", "--stall-prob", "0.2", "--seed", "3", "--json")
    assert outcome.status == 0, outcome.stderr
    answer = json.loads(outcome.stdout)
    assert answer["bit_exact"] is True
    assert answer["mismatches"] == 0
    assert answer["cycles_rtl"] > 0
    assert answer["wall_s"] > 0
    assert [bundle["name"] for bundle in answer["bundles"]] == ["b1", "b2", "out"]
    for bundle in answer["bundles"]:
        assert {"name", "cycles_rtl", "cycles_model", "axi_read_bytes", "axi_write_bytes"} <= set(bundle)

    np.save(exported.folder / "x.npy", np.zeros((3, 8, 8, 2)))
    outcome = exported("simulate", "out", "--input", "x.npy", "--output", "y.npy")
    assert outcome.status == 0, outcome.stderr
    assert "bit-exact: every value" in outcome.stdout
    assert "3 outputs: y.npy" in outcome.stdout
    assert np.load(exported.folder / "y.npy").shape == (3, 5)


@pytest.mark.xdist_group("simulator-8x24")
def test_a_difference_is_an_answer_of_no(exported: Cli, monkeypatch):
    """The folder is right, the hardware is not: a fault is injected below the command line."""
    from deepsoc.sim import simulate

    monkeypatch.setattr("deepsoc.sim.simulate", lambda folder, **options: simulate(folder, faults=["flip-weight-bit"]))
    outcome = exported("simulate", "out", "--json")
    assert outcome.status == 1
    answer = json.loads(outcome.stdout)
    assert answer["bit_exact"] is False
    assert answer["mismatches"] > 0
    assert outcome.stderr.startswith("error: ")
    assert "expected" in outcome.stderr
    outcome = exported("simulate", "out")
    assert outcome.status == 1
    assert "NOT bit-exact" in outcome.stdout
