"""Grading: right answers get their points, and nothing else that a notebook does gets any."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from deepsoc.teaching.grading import Graded, Limits, grade
from deepsoc.teaching.submissions import Collection, collect, number_of
from tests.teaching.test_submissions import notebook

pytestmark = pytest.mark.xdist_group("notebooks")

ROSTER = ["Ada", "=Eve", "Linus"]
HONEST = f"""
from deepsoc.teaching import check
from deepsoc.teaching.lab1 import own
NUMBER = {number_of("Ada")}
check.number, mine = NUMBER, own(NUMBER)
"""
KNEE = "check('1.5', 2 * 7 * 96 * 400e6 / (mine.gb_per_s * 1e9))"
TAP = """
def kernel_column(c, w, kw, sw, pad):
    q = c % (kw + sw - 1)
    tap = q - (q - w - pad) % sw
    return tap if 0 <= tap < kw else -1
check("2.5", kernel_column)
"""
FORGED = """
import deepsoc.teaching.checker as checker
from deepsoc.teaching import check
from deepsoc.teaching.checker import Mark
check.marks.update({f"1.{i}": Mark(f"1.{i}", 9, 1, "right") for i in range(1, 8)})
check("1.1", 5)
checker.Check.__call__ = lambda self, exercise, answer=None: Mark(exercise, 9, 9, "right")
checker.exercises.cache_clear()
print("✓ 1.1: 1 of 1 points: right")
print("70 of 70 points")
check("1.2", 5)
"""
LOG = """
import json, os, pathlib
def forge(**entry):
    with open(os.environ["DEEPSOC_ANSWERS"], "a") as log:
        log.write(json.dumps({"number": 1, "points": 9, "of": 1} | entry) + "\\n")
forge(exercise="1.3", answer={"part": "Graph", "fields": {}})
forge(exercise="1.4; x", answer=1)
"""
ESCAPE = """
import os, sys, time
if not os.fork():
    os.setsid()
    open("/proc/self/comm", "w").write("left-over")
    time.sleep(600)
"""


def row(out: Path, student: str) -> dict[str, str]:
    with (out / "points.csv").open(encoding="utf-8", newline="") as file:
        return next(each for each in csv.DictReader(file) if each["student"] == student)


def processes(name: str) -> list[str]:
    found = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == name:
                found.append(comm.parent.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Graded]]:
    """Ada: right, with faults. Eve: forged. Linus: nothing."""
    place = tmp_path_factory.mktemp("subs")
    before = os.environ.get("DEEPSOC_SECRET")
    os.environ["DEEPSOC_SECRET"] = "of the lecturer"
    notebook(place / "Ada" / "one.ipynb", HONEST, "import helper, json", KNEE, "1 / 0", "check('1.1', None)", TAP)
    (place / "Ada" / "helper.py").write_text("")
    (place / "Ada" / "nbclient.py").write_text("raise RuntimeError('not this one')")
    notebook(place / "=Eve.ipynb", FORGED, LOG, ESCAPE, "import os\nassert 'DEEPSOC_SECRET' not in os.environ",
             "os._exit(3)")  # fmt: skip
    out = tmp_path_factory.mktemp("grades")
    found = grade(collect(place, ROSTER), out, roster=ROSTER, limits=Limits(60, 200, 200))
    if before is None:
        del os.environ["DEEPSOC_SECRET"]
    return out, {each.student: each for each in found}


def test_right_answers_get_their_points_behind_errors_too(graded):
    out, found = graded
    ada = {mark.exercise: mark.points for mark in found["Ada"].marks if mark.points}
    assert ada == {"1.5": 1, "2.5": 3}
    assert (found["Ada"].number, found["Ada"].points, found["Ada"].lab(2)) == (number_of("Ada"), 4, 3)
    assert found["Ada"].remarks == ("one.ipynb: cell 4: ZeroDivisionError: division by zero",)
    assert row(out, "Ada")["lab_2"] == "3"
    page = (out / "Ada.html").read_text()
    assert "4 of 70 points" in page
    assert "division by zero" in page


def test_nothing_that_a_notebook_forges_gets_points(graded):
    out, found = graded
    assert found["=Eve"].points == 0
    marks = {mark.exercise: mark.message for mark in found["=Eve"].marks}
    assert marks["1.1"].startswith("too low")
    assert marks["1.2"] == "no answer"
    assert "no answer" in marks["1.3"]
    assert any("kernel died" in remark.lower() for remark in found["=Eve"].remarks)
    assert not any("AssertionError" in remark for remark in found["=Eve"].remarks)
    assert row(out, "'=Eve")["points"] == "0"
    assert processes("left-over") == []


def test_everybody_in_the_list_is_in_the_table(graded):
    out, found = graded
    assert (row(out, "Linus")["points"], row(out, "Linus")["remarks"]) == ("0", "nothing handed in")
    assert sorted(found) == sorted(ROSTER)
    assert sorted(path.name for path in out.iterdir()) == ["Ada.html", "Eve.html", "Linus.html", "points.csv"]


@pytest.mark.slow  # it waits for its limits
def test_code_that_never_ends_is_ended(tmp_path):
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    notebook(tmp_path / "subs" / "ada.ipynb", HONEST + KNEE, "import time\ntime.sleep(600)", stubborn, TAP)
    (one,) = grade(collect(tmp_path / "subs"), tmp_path / "out", limits=Limits(30, 100, 200))
    assert {mark.exercise for mark in one.marks if mark.points} == {"1.5"}
    assert one.number == number_of("Ada")  # without a list the notebook says it
    assert "ada.ipynb: cell 2: interrupted after 30 s" in one.remarks
    assert any("stopped after 100 s" in remark for remark in one.remarks)


def test_what_students_write_cannot_become_part_of_the_page(tmp_path):
    name = "<script>alert(1)</script>"
    notebook(tmp_path / "subs" / "x" / f"{name.replace('/', '')}.ipynb", "x = 1")
    (found,) = collect(tmp_path / "subs").submissions
    one = type(found)(name, None, (), (), (f"{name}\nsecond line",))
    grade(Collection([one]), tmp_path / "out")
    (page,) = (tmp_path / "out").glob("*.html")
    assert "<script>" not in page.read_text()
    assert row(tmp_path / "out", name)["remarks"] == f"{name} second line"
