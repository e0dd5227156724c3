"""The checker marks, adds up, and survives whatever is answered."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.teaching import Check, check, measure
from deepsoc.teaching.bugs import Case
from deepsoc.teaching.checker import LABS, exercises
from deepsoc.teaching.verdicts import RIGHT, function, names, number, numbers, word


def test_every_lab_has_ten_points_and_its_exercises_in_order():
    for lab in range(1, LABS + 1):
        assert sum(each.points for each in exercises(lab)) == 10, lab
        assert [each.name for each in exercises(lab)] == [f"{lab}.{i + 1}" for i in range(len(exercises(lab)))]


def test_no_answer_gives_no_points():
    marks = Check()
    for answer in (None, (1, None)):
        mark = marks("1.4", answer)
        assert (mark.points, mark.message) == (0, "no answer yet")


def test_points_add_up_and_the_last_answer_counts():
    marks = Check()
    marks("1.2", 1)
    assert marks.report().points == 0
    marks("1.2", 2 * 56 * 56 * 256 + 9 * 256 * 256)
    marks("1.1", 56 * 56 * 256 * 256 * 9)
    report = marks.report()
    assert (report.points, report.of, report.complete) == (3, 10, False)
    assert len(report.table) == len(exercises(1))
    assert "3 of 10 points" in repr(report)
    assert "3 of 10 points" in report._repr_html_()


def test_a_usual_mistake_is_named():
    assert "operations" in Check()("1.1", 2 * 56 * 56 * 256 * 256 * 9).message


@pytest.mark.parametrize("name", ["1.9", "0.1", "8.1", "", "two", 1.2, None])
def test_an_unknown_exercise_is_refused(name):
    if name == 1.2:
        name = 1.25
    with pytest.raises(InputError, match="no such exercise"):
        check(name, 1)


def test_a_fault_of_the_package_becomes_a_message():
    mark = Check()("6.2", (8, 24))
    assert mark.points == 0
    assert "dsp" in mark.message
    assert Check()("6.2", (0, 24)).points == 0


class Hostile:
    """Nothing works with it."""

    def __repr__(self) -> str:
        raise ValueError

    def __eq__(self, other: object) -> bool:
        raise ValueError

    __hash__ = None


ANSWERS: list[Any] = [
    True, -1, 0, math.nan, math.inf, 1 + 2j, "", "?", b"x", [], [None], [[1, 2], [3]], {}, {1: 2}, {"x"}, (1, 2, 3),
    (1, 2), ("a", "b"), int, lambda *args: args, lambda: 1, lambda *args: 1 / 0, lambda *args: None, 10**400, Hostile(),
    "5", ("32", "16", "4"), (math.nan, math.nan), [4, None], pd.NA, Decimal(5), np.array(-5), np.zeros((2, 2)),
    np.array("dsp"), pd.DataFrame({"a": [1]}), lambda *args: "5", lambda *args: 10**400, lambda *args: sys.exit(1),
    lambda *args: [[1], [1, 2]], lambda *args: Hostile(), (Hostile(), Hostile()),
]  # fmt: skip


@pytest.mark.xdist_group("simulator")  # lab 5 simulates
@pytest.mark.parametrize("lab", range(1, LABS + 1))
def test_no_answer_breaks_the_checker(lab):
    for exercise in exercises(lab):
        for answer in ANSWERS:
            mark = Check()(exercise.name, answer)
            assert mark.points < mark.of
            assert mark.message


def tap(c: int, w: int, kw: int, sw: int, pad: int) -> int:
    """Kernel column of exercise 2.5, above kw - 1 for none."""
    q = c % (kw + sw - 1)
    found = q - (q - w - pad) % sw
    return found if found >= 0 else kw


TABLE = pd.DataFrame({"bits": [32, 8, 4], "trained": [0.97, 0.95, 0.9]})


@pytest.mark.parametrize(
    ("exercise", "answer", "message"),
    [
        ("1.1", "1849688064", "expected a number, received '1849688064'"),
        ("1.1", math.nan, "expected a number, received nan"),
        ("1.1", [1, 2], "expected a number, received [1, 2]"),
        ("1.4", (3136, "2304"), "uses of a pixel: expected a number, received '2304'"),
        ("1.4", (3136, math.nan), "uses of a pixel: expected a number, received nan"),
        ("1.4", [3136, None], "no answer yet"),
        ("1.4", {3136, 2304}, "expected 2 numbers"),
        ("1.4", (3136, 2304, 1), "received 3"),
        ("1.6", ["fc6", 7], "expected a set of names"),
        ("1.6", {"fc6", "fc9"}, "there is no 'fc9'"),
        ("2.5", lambda *args: "0", "returns '0'; expected a number"),
        ("2.5", lambda *args: [0], "returns [0]; expected a number"),
        ("2.5", lambda *args: sys.exit(), "raises SystemExit"),
        ("3.6", (TABLE[1:], 8), "expected (table, bits)"),
        ("3.6", (TABLE.assign(trained=math.nan), 8), "expected (table, bits)"),
        ("3.6", (TABLE, "8"), "expected a number, received '8'"),
        ("4.2", (1, 1, 1, 1, 0.819), "look again at: shift"),
        ("4.4", "Channels", "expected one of rows, columns, channels"),
        ("6.2", ("4", "40"), "expected (rows, cols), two whole numbers"),
        ("6.2", (4.5, 40), "expected (rows, cols), two whole numbers"),
        ("6.2", ([2, 4], [20, 40]), "expected (rows, cols), two whole numbers"),
        ("6.2", ({"min": 1, "max": 8, "step": 1}, 40), "expected (rows, cols), two whole numbers"),
        ("7.1", "conv1", "expected (case, answer)"),
        ("7.5", (Case(1, None), "x"), "expected a Graph, received str"),  # type: ignore[arg-type]
    ],
)
def test_an_answer_of_the_wrong_kind_is_explained(exercise, answer, message):
    mark = Check()(exercise, answer)
    assert mark.points < mark.of
    assert message in mark.message


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("1.1", 1849688064.0),
        ("1.1", np.array(1849688064)),
        ("1.3", 1690),
        ("1.4", np.array([3136, 2304])),
        ("1.5", np.float32(42)),
        ("1.6", pd.Index(["fc6", "fc7", "fc8"])),
        ("2.5", lambda c, w, kw, sw, pad: np.where((t := tap(c, w, kw, sw, pad)) < kw, t, -1)),
        ("3.1", (1.0, -2.0, 4.0, 7.0, -8.0)),
        ("3.5", 6),
        ("3.5", 6.02),
        ("3.6", (TABLE, 8)),  # two points of percent, which binary fractions miss
        ("4.2", (1, 1, 1, 0.999, 0.819)),
        ("4.2", {"rows": 1, "columns": 1, "channels": 1, "shift": 0.9993, "padding": 0.8186}),
        ("5.2", (0.89, 1.0)),
        ("6.1", 176.0),
        ("6.2", (4.0, np.int64(40))),
    ],
)
def test_right_answers_pass_whatever_their_form(exercise, answer):
    mark = Check()(exercise, answer)
    assert mark.points == mark.of, mark


def test_numbers_and_words():
    assert number(3.0, 3, hint="") is RIGHT
    assert number(2, 3, hint="see").message == "too low; see"
    assert number(3.02, 3, hint="", within=0.01) is RIGHT
    assert numbers([1, 5], [1, 2], labels=("a", "b"), hint="see").message == "look again at: b; see"
    assert numbers([1, 5], [1, 2], labels=("a", "b"), hint="").share == 0.5
    assert word("b", ["b"], choices="abc", hint="") is RIGHT
    assert "expected one of" in word("d", ["b"], choices="abc", hint="").message
    assert names({"a", "b"}, ["a", "b"], choices="abc", hint="") is RIGHT
    assert names({"a"}, ["a", "b"], choices="abc", hint="").share == 0.5
    assert "there is no 'd'" in names({"d"}, ["a"], choices="abc", hint="").message


def test_functions_are_told_the_first_case_that_differs():
    def half(x: int) -> int:
        return x // 2

    assert function(half, lambda x: x // 2, [(1,), (2,)], hint="") is RIGHT
    verdict = function(half, lambda x: -(-x // 2), [(2,), (3,), (5,)], hint="round up")
    assert verdict.message == "half(3) returns 1, which is wrong; round up"
    assert "ZeroDivisionError" in function(lambda x: 1 / 0, half, [(1,)], hint="").message


@pytest.mark.parametrize(
    ("predicted", "value", "text"),
    [
        (None, 5, "n: write a prediction first, then run this cell again."),
        (100, 100, "n: predicted 100, measured 100; exactly right."),
        (90, 100, "n: predicted 90, measured 100; 10.0 % too low."),
        (5000, 10, "n: predicted 5,000, measured 10; too high by a factor of 500."),
        (0, 10, "n: predicted 0, measured 10; too low by a factor of inf."),
        (3, 0, "n: predicted 3, measured 0; too high."),
        ("x", "x", "n: predicted x, measured x; right."),
        ("x", "k", "n: predicted x, measured k; not the same."),
        (np.arange(2), "k", "n: predicted [0 1], measured k; not the same."),
        ("7", 5, "n: predicted 7, measured 5; predict a number."),
        (math.nan, 5, "n: predicted nan, measured 5; predict a number."),
        (math.inf, 5, "n: predicted inf, measured 5; too high by a factor of inf."),
        (10**400, 5, f"n: predicted {10**400}, measured 5; predict a number."),
    ],
)
def test_a_measurement_needs_a_prediction(predicted, value, text):
    assert repr(measure("n", predicted, value)) == text
