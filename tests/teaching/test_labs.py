"""The labs: students' notebooks are the instructor's without solutions, and get no points without answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from deepsoc.assets import folder
from deepsoc.teaching.checker import LABS, Report, check
from deepsoc.teaching.handout import TAG, handout

LABS_FOLDER = folder("notebooks") / "labs"
INSTRUCTOR = sorted((LABS_FOLDER / "instructor").glob("*.ipynb"))
STUDENT = [LABS_FOLDER / path.name for path in INSTRUCTOR]


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def run(path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that the notebook shows, run in quick mode in a new folder."""
    monkeypatch.setenv("DEEPSOC_QUICK", "1")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(work)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    return [output.get("data", {}).get("text/plain", "") or output.get("text", "") for output in outputs]


def test_there_is_one_of_each_and_an_index():
    assert [path.name[:2] for path in INSTRUCTOR] == [f"{lab:02}" for lab in range(1, LABS + 1)]
    assert sorted(LABS_FOLDER.glob("*.ipynb")) == [LABS_FOLDER / "00_index.ipynb", *STUDENT]


@pytest.mark.parametrize("path", INSTRUCTOR, ids=lambda path: path.stem)
def test_the_students_notebook_is_the_instructors_without_solutions(path):
    student = read(LABS_FOLDER / path.name)
    assert student == handout(read(path)), "run: python -m deepsoc.teaching.handout"
    assert f"# {TAG}" not in "".join("".join(cell["source"]) for cell in student["cells"])


@pytest.mark.parametrize("path", [LABS_FOLDER / "00_index.ipynb", *INSTRUCTOR, *STUDENT], ids=lambda p: p.stem)
def test_notebooks_are_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_links_of_the_index_lead_to_the_labs():
    text = "".join("".join(cell["source"]) for cell in read(LABS_FOLDER / "00_index.ipynb")["cells"])
    assert all(f"]({path.name})" in text for path in STUDENT)


# tests/notebooks runs all of them; a missing point stops the instructor's in its last cell.
@pytest.mark.parametrize("path", INSTRUCTOR, ids=lambda path: path.stem)
def test_the_instructors_notebook_asserts_all_points(path):
    last = read(path)["cells"][-1]
    assert "".join(last["source"]) == "assert check.report().complete"
    assert last["metadata"]["tags"] == [TAG]


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.stem, marks=() if p.name.startswith("01") else pytest.mark.slow) for p in STUDENT],
)
@pytest.mark.xdist_group("notebooks")
def test_without_answers_there_are_no_points(path, tmp_path, monkeypatch):
    texts = run(path, tmp_path, monkeypatch)
    assert not any(text.startswith("✓") for text in texts)
    assert any("\n0 of 10 points" in text for text in texts)


def solved(path: Path, number: int) -> Report:
    """The points of the instructor's solutions for a student's number."""
    check.marks.clear()
    names: dict[str, Any] = {}
    for cell in read(path)["cells"][:-1]:
        if cell["cell_type"] == "code":
            exec(re.sub(r"^NUMBER = \d+", f"NUMBER = {number}", "".join(cell["source"]), flags=re.MULTILINE), names)
    return check.report()


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.stem, marks=pytest.mark.slow if p.name[1] in "3567" else ()) for p in INSTRUCTOR],
)
@pytest.mark.xdist_group("simulator")
def test_the_solutions_are_right_whatever_the_number(path, seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEEPSOC_QUICK", "1")
    for number in (2, 1000 + seed % 9000):
        report = solved(path, number)
        assert report.complete, (number, report)
    check.number = 1


def test_no_answer_is_in_a_students_notebook():
    """What gave answers away: formulas in code, measured values that are answers, the answer in the text."""
    for path in STUDENT:
        for cell in read(path)["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                assert not re.search(r"case\.fault|FAULTS|EXERCISES|_own_view|_factors", source), (path.name, source)
                measured = re.search(r"^measure\(", source, flags=re.MULTILINE)
                assert not (measured and "mine" in source), (path.name, source)
