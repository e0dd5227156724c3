"""`deepsoc course`: hands out, collects and marks; bad input writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepsoc.cli.main import main
from tests.teaching.test_submissions import notebook


@pytest.fixture
def roster(tmp_path: Path) -> str:
    path = tmp_path / "list.csv"
    path.write_text("student\nAda\nGrace Hopper\n")
    return str(path)


def said(capfd: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capfd.readouterr().out)


def test_handout_collect_and_grade(tmp_path, roster, capfd):
    assert main(["course", "handout", str(tmp_path / "course"), "--students", roster, "--json"]) == 0
    data = said(capfd)
    assert (data["points"], data["labs"]) == (70, 7)
    assert [Path(each["folder"]).name for each in data["students"]] == ["Ada", "Grace_Hopper"]
    assert len(list((tmp_path / "course" / "Grace_Hopper").glob("*.ipynb"))) == 8

    place = tmp_path / "subs"
    notebook(place / "Grace_Hopper" / "a.ipynb", 'from deepsoc.teaching import check\ncheck("6.1", 64)')
    assert main(["course", "collect", str(place), "--out", str(tmp_path / "all"), "--students", roster, "--json"]) == 0
    data = said(capfd)
    assert [(each["student"], each["labs"], each["points"]) for each in data["students"]] == [
        ("Ada", [], 0), ("Grace Hopper", [6], 10),
    ]  # fmt: skip
    assert data["points"] == 10
    assert [path.name for path in (tmp_path / "all").rglob("*.ipynb")] == ["a.ipynb"]

    assert main(["course", "grade", str(tmp_path / "all"), "--students", roster, "--json"]) == 0
    data = said(capfd)
    assert set(data["points"]) == {"Ada", "Grace Hopper"}
    assert data["points"]["Ada"] == 0
    assert all(each["of"] == 70 for each in data["students"])
    assert Path(data["table"]) == tmp_path / "all-grades" / "points.csv"
    assert all(Path(each["report"]).is_file() for each in data["students"])


def test_text_names_students_and_what_is_left_out(tmp_path, capfd):
    notebook(tmp_path / "ada.ipynb", 'check("1.1", 5)')
    (tmp_path / "notes.txt").write_text("")
    assert main(["course", "collect", str(tmp_path)]) == 0
    assert capfd.readouterr().out == "ada: labs 1\nleft out: notes.txt: neither a folder nor a notebook\n"


@pytest.mark.parametrize("command", ["handout", "collect", "grade"])
def test_bad_input_is_a_line_and_nothing_is_written(command, tmp_path, capfd):
    (tmp_path / "list.csv").write_text("a\na\n")
    (tmp_path / "subs").mkdir()
    arguments = [str(tmp_path / ("new" if command == "handout" else "subs")), "--students", str(tmp_path / "list.csv")]
    assert main(["course", command, *arguments]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "twice" in captured.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "subs"]
    assert main(["course", command, str(tmp_path / "list.csv")]) == 2
