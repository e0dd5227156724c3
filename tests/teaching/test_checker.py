"""The checker marks, adds up, and survives whatever is answered."""

from __future__ import annotations

import math
import re
import sys
from decimal import Decimal
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.teaching import Check, check, lab1, lab2, lab3, lab4, measure
from deepsoc.teaching.bugs import Case
from deepsoc.teaching.checker import LABS, exercises
from deepsoc.teaching.verdicts import RIGHT, Verdict, function, names, number, numbers, word

LAYER = lab1.own(1).layer
PRODUCTS = LAYER.ho * LAYER.wo * LAYER.co * 9 * LAYER.ci
WORDS = LAYER.h * LAYER.w * LAYER.ci + 9 * LAYER.ci * LAYER.co + LAYER.ho * LAYER.wo * LAYER.co
USES = (LAYER.ho * LAYER.wo, 9 * LAYER.co)


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
    marks("1.2", WORDS)
    marks("1.1", PRODUCTS)
    report = marks.report()
    assert (report.points, report.of, report.complete) == (3, 10, False)
    assert len(report.table) == len(exercises(1))
    assert "3 of 10 points" in repr(report)
    assert "3 of 10 points" in report._repr_html_()


def test_a_usual_mistake_is_named():
    assert "operations" in Check()("1.1", 2 * PRODUCTS).message


@pytest.mark.parametrize("name", ["1.9", "0.1", "8.1", "", "two", 1.2, None])
def test_an_unknown_exercise_is_refused(name):
    if name == 1.2:
        name = 1.25
    with pytest.raises(InputError, match="no such exercise"):
        check(name, 1)


def test_a_fault_of_the_package_becomes_a_message():
    mark = Check()("6.2", (80, 96))
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


KNEE = 2 * 7 * 96 * 400e6 / (lab1.own(1).gb_per_s * 1e9)
CLOCKS = lab2._own_view(1)
SHARES = list(lab4._factors(lab4.own(1).map, lab4.own(1).hw).values())
TABLE = pd.DataFrame({"bits": [32, 8, 4], "trained": [0.97, 0.95, 0.9]})


@pytest.mark.parametrize(
    ("exercise", "answer", "message"),
    [
        ("1.1", "18", "expected a number, received '18'"),
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
        ("4.2", (*SHARES[:3], 1, SHARES[4]), "look again at: shift"),
        ("4.4", "Channels", "expected one of rows, columns, channels"),
        ("6.2", ("4", "40"), "expected (rows, cols), two whole numbers"),
        ("6.2", (4.5, 40), "expected (rows, cols), two whole numbers"),
        ("6.2", ([2, 4], [20, 40]), "expected (rows, cols), two whole numbers"),
        ("6.2", ({"min": 1, "max": 8, "step": 1}, 40), "expected (rows, cols), two whole numbers"),
        ("7.1", "conv1", "expected (case, answer)"),
        ("7.1", (Case(2, None), ("conv1", 1)), "this is the fault of number 2; yours is 1"),  # type: ignore[arg-type]
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
        ("1.1", float(PRODUCTS)),
        ("1.1", np.array(PRODUCTS)),
        ("1.3", np.float32(2 * PRODUCTS / WORDS)),
        ("1.4", np.array(USES)),
        ("1.5", np.float32(KNEE)),
        ("1.6", pd.Index(["conv1_1", "fc6", "fc7", "fc8"])),
        ("2.2", len(CLOCKS.states)),  # of the array
        ("2.2", CLOCKS.clocks),  # until the last results have left, as the picture counts
        ("2.5", lambda c, w, kw, sw, pad: np.where((t := tap(c, w, kw, sw, pad)) < kw, t, -1)),
        ("3.1", tuple(float(max(-8, min(7, round(4 * value)))) for value in lab3.own(1).values)),
        ("3.5", np.int64(5)),
        ("3.6", (TABLE, 8)),  # two points of percent, which binary fractions miss
        ("4.2", tuple(round(share, 3) for share in SHARES)),
        ("4.2", dict(zip(lab4.LOSSES, SHARES, strict=True))),
        ("6.1", 72.0),
        ("6.2", (1.0, np.int64(66))),
    ],
)
def test_right_answers_pass_whatever_their_form(exercise, answer):
    mark = Check()(exercise, answer)
    assert mark.points == mark.of, mark


def test_numbers_and_words():
    assert number(3.0, 3, hints=()) is RIGHT
    assert number(2, 3, hints=("see",)) == Verdict(0.0, "too low", ("see",))
    assert number(3.02, 3, hints=(), within=0.01) is RIGHT
    assert numbers([1, 5], [1, 2], labels=("a", "b"), hints=("see",)) == Verdict(0.5, "look again at: b", ("see",))
    assert word("b", ["b"], choices="abc", hints=()) is RIGHT
    assert word("c", ["b"], choices="abc", hints=("see",)) == Verdict(0.0, "no", ("see",))
    assert "expected one of" in word("d", ["b"], choices="abc", hints=()).message
    assert names({"a", "b"}, ["a", "b"], choices="abc", hints=()) is RIGHT
    assert names({"a"}, ["a", "b"], choices="abc", hints=()).share == 0.5
    assert "there is no 'd'" in names({"d"}, ["a"], choices="abc", hints=()).message


def test_functions_are_told_the_first_case_that_differs():
    def half(x: int) -> int:
        return x // 2

    assert function(half, lambda x: x // 2, [(1,), (2,)], hints=()) is RIGHT
    verdict = function(half, lambda x: -(-x // 2), [(2,), (3,), (5,)], hints=("round up",))
    assert verdict == Verdict(0.0, "half(3) returns 1, which is wrong", ("round up",))
    assert "ZeroDivisionError" in function(lambda x: 1 / 0, half, [(1,)], hints=()).message


def test_hints_follow_wrong_answers_one_by_one():
    marks = Check()
    first, second = (marks("1.1", answer).message for answer in (1, 2))
    assert first.startswith("too low; ")
    assert second != first
    assert marks("1.1", 2).message == second  # the same cell again asks for nothing new
    assert marks("1.1", 3).message == second  # the last one stays


WRONG: list[Any] = [
    -3, -4, -5, (-1, -2), (-1, -2, -3), (9,) * 5, "rows", "shift", "x", "y", "k", [], ["lut"], ["conv1_1"], "pixels",
    "outputs", "conv1", (1, 12), lambda *args: -7, lambda *args: -8, lambda *args: -9,
]  # fmt: skip


@pytest.mark.xdist_group("simulator")  # lab 5 simulates
@pytest.mark.parametrize("lab", range(1, LABS))
def test_no_message_shows_a_formula_or_the_answer(lab):
    for exercise in exercises(lab):
        marks, said = Check(), set()
        for answer in WRONG:
            mark = marks(exercise.name, answer)
            if mark.points < mark.of:
                said.add(mark.message)
        assert said
        for message in said:
            assert not re.search(r"[·⌈⌊⌉⌋]|\w = |log2|\^", message), (exercise.name, message)


@pytest.mark.parametrize("lab", range(1, LABS))
def test_every_number_has_its_own_exercises(lab):
    own = import_module(f"deepsoc.teaching.lab{lab}").own
    kinds = {repr(own(number)) for number in range(1, 31)}
    assert len(kinds) > 20, len(kinds)
    assert own(3) is own(3)
    with pytest.raises(InputError, match="whole number"):
        own("3")


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
