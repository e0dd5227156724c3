"""scripts/mutate.py: every fault of its list can still be made, alone and together with the others of its file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deepsoc.assets import rtl_files, rtl_headers
from deepsoc.sim.tools import find_verilator
from scripts import mutate
from scripts.mutate import Mutation

MUTATIONS = mutate.load()
FILES = sorted({mutation.file for mutation in MUTATIONS})


def test_there_are_enough() -> None:
    assert len(MUTATIONS) >= 150
    assert len({(mutation.file, mutation.what) for mutation in MUTATIONS}) == len(MUTATIONS)
    assert sum(bool(mutation.equivalent) for mutation in MUTATIONS) <= len(MUTATIONS) / 20


@pytest.mark.parametrize("file", FILES)
def test_every_mutation_can_be_made(file: str) -> None:
    text = (mutate.ROOT / file).read_text()
    for mutation in MUTATIONS:
        if mutation.file == file:
            assert mutation.apply(text) != text
    assert mutate.tests_of(file)
    for test in mutate.tests_of(file):
        assert (mutate.ROOT / test.split()[0]).exists()


def test_all_together_are_verilog(tmp_path: Path) -> None:
    """The design with all mutations of the RTL, of which a file chooses one."""
    for path in [*rtl_files(), *rtl_headers()]:
        name = path.relative_to(mutate.ROOT).as_posix()
        mine = [(i, mutation) for i, mutation in enumerate(MUTATIONS, 1) if mutation.file == name]
        text = path.read_text()
        (tmp_path / path.name).write_text(mutate.switched(text, mine, tmp_path / "mutant") if mine else text)
    verilator = find_verilator()
    sources = [tmp_path / path.name for path in rtl_files() if path.stem != "dsoc_top"]
    command = [
        verilator.program,
        "--lint-only",
        "-Wno-lint",
        "-Wno-style",
        f"-I{tmp_path}",
        "--top-module",
        "dsoc_core",
    ]
    done = subprocess.run(
        [*command, *sources], env=verilator.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_switched_source_reads_as_the_plain_one() -> None:
    text = (
        "module m (\n    input logic a\n);\n  assign b = a && c;\n  always_comb begin\n    d = e;\n  end\nendmodule\n"
    )
    three = [
        Mutation("m.sv", "one", "assign b = «a ⇒ 1'b1» && c;"),
        Mutation("m.sv", "the same place", "b = «a ⇒ !a» &&"),
        Mutation("m.sv", "a statement", "«d = e; ⇒»"),
    ]
    switched = mutate.switched(text, list(enumerate(three, 1)), Path("/chosen"))
    assert "assign b = ((mutant == 32'd2) ? (!a) : (((mutant == 32'd1) ? (1'b1) : (a)))) && c;" in switched
    assert "if (mutant == 32'd3) begin  end else begin d = e; end" in switched
    assert switched.index('$fopen("/chosen", "r")') < switched.index("assign b")
    assert [mutation.apply("b = a && c; d = e;") for mutation in three[1:]] == ["b = !a && c; d = e;", "b = a && c; "]


@pytest.mark.parametrize(
    ("edit", "says"),
    [("no mark", "expected one"), ("«d ⇒ 0» = 1", "found 0"), ("x = «1 ⇒ 0»", "found 2")],
)
def test_edits_that_do_not_fit_are_refused(edit: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Mutation("m.sv", "fault", edit).apply("x = 1; x  =\n1; d = 2;")


def test_overlapping_mutations_are_refused() -> None:
    text = "module m (\n    input logic a\n);\n  assign b = a && c;\nendmodule\n"
    two = [(1, Mutation("m.sv", "one", "«a && c ⇒ a»;")), (2, Mutation("m.sv", "two", "a && «c ⇒ 1'b0»;"))]
    with pytest.raises(ValueError, match="overlap"):
        mutate.switched(text, two, Path("/chosen"))


def test_the_report_counts_and_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.sv").write_text("a")
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    monkeypatch.setattr(mutate, "OUT", tmp_path)
    some = [Mutation("m.sv", str(i), f"«a ⇒ {i}»", "why" if i == 9 else "") for i in range(11)]
    verdicts = ["caught"] * 8 + ["survived", "survived"]  # the last one was not run
    lines = [
        f'{{"key": "{mutate.key_of(mutation)}", "verdict": "{verdict}"}}\n'
        for mutation, verdict in zip(some, verdicts, strict=False)
    ]
    (tmp_path / "verdicts.jsonl").write_text("".join(lines))
    assert mutate.report(some) == 1
    printed = capsys.readouterr().out
    assert "SURVIVED: m.sv: 8" in printed
    assert "equivalent: m.sv: 9: why" in printed
    assert "caught 8, survived 1, equivalent 1, not run 1: 88.9%" in printed
    assert mutate.report(some[:8]) == 0
    (tmp_path / "m.sv").write_text("changed: a")
    assert mutate.report(some) == 1
    assert "not run 11" in capsys.readouterr().out
