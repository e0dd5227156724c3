"""`deepsoc demo`: what it passes on and how it answers; the demo itself is tested in tests/demo."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Cli

FIGURES = {
    "accuracy_float": 0.97,
    "accuracy_int": 0.96,
    "bit_exact": True,
    "cycles_rtl": 1234567,
    "cycles_model": 1200000,
    "utilization": 0.4,
    "dram_bytes": 10,
    "fps": 1000.0,
    "bundles": [{"name": "b1"}],
}


@pytest.fixture
def calls(monkeypatch):
    calls = []

    def run_demo(out, *, quick, progress):
        calls.append((str(out), quick))
        print("noise")
        return FIGURES

    monkeypatch.setattr("deepsoc.demo.run_demo", run_demo)
    return calls


def test_json(cli: Cli, calls):
    outcome = cli("demo", "--out", "here", "--quick", "--json")
    assert outcome.status == 0, outcome.stderr
    assert json.loads(outcome.stdout) == FIGURES
    assert calls == [("here", True)]


def test_text(cli: Cli, calls):
    outcome = cli("demo")
    assert outcome.status == 0, outcome.stderr
    assert calls == [("build/demo", False)]
    for words in ("97.0%", "1,234,567", "40.0%", "report: build/demo/report.html"):
        assert words in outcome.stdout


def test_a_difference_is_an_answer_of_no(cli: Cli, calls, monkeypatch):
    monkeypatch.setitem(FIGURES, "bit_exact", False)
    outcome = cli("demo", "--json")
    assert outcome.status == 1
    assert json.loads(outcome.stdout)["bit_exact"] is False
    assert outcome.stderr.splitlines()[-1].startswith("error: RTL and reference differ")


@pytest.mark.parametrize("out", ["net.json", "net.json/demo", "$(touch pwned)", "/proc/demo"])
def test_wrong_folders(cli: Cli, calls, out):
    cli.refused("demo", "--out", out, says="--out")
    assert calls == []


def test_a_folder_with_other_files_is_left_alone(cli: Cli):
    cli.refused("demo", "--out", ".", says="no earlier demo")
