"""Answers arrive at the grader as the values that they were, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.teaching import Check, bugs
from deepsoc.teaching.answers import LOG, decode, encode, read_log, record
from deepsoc.teaching.checker import exercises
from tests.teaching.test_checker import ANSWERS, tap


def moved(value: Any, folder: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value))), folder)


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 2.5, "x", (1, "a"), [1, (2, None)], {"a", "b"}, {"rows": 1.0, "shift": [1]}, 10**400, np.int64(4),
     np.float32(0.5), np.True_],
)  # fmt: skip
def test_values_arrive_as_they_were(value, tmp_path):
    found = moved(value, tmp_path)
    assert found == value
    assert type(found) is type(value.item() if isinstance(value, np.generic) else value)


def test_arrays_tables_and_cases_arrive(tmp_path):
    np.testing.assert_array_equal(moved(np.arange(6).reshape(2, 3), tmp_path), np.arange(6).reshape(2, 3))
    table = pd.DataFrame({"bits": [32, 8], "trained": [0.97, 0.9]})
    pd.testing.assert_frame_equal(moved(table, tmp_path), table)
    assert moved(pd.Index(["fc6", "fc7"]), tmp_path) == ["fc6", "fc7"]
    source = bugs.plant(3, tmp_path / "students")
    (source.rtl / "files.f").write_text("whatever a student leaves there")
    case, said = moved((source, "none"), tmp_path / "graders")
    assert (case.number, said) == (3, "none")
    assert case.rtl == (tmp_path / "graders" / "lab7" / "rtl").resolve()
    assert "dsoc_array" in (case.rtl / "files.f").read_text()


def test_a_network_arrives_whole(tmp_path):
    net = bugs.network()
    found = moved(net, tmp_path)
    assert (found.name, found.input_shape, len(found.bundles)) == (net.name, net.input_shape, 3)
    np.testing.assert_array_equal(found.bundles[0].core.weights, net.bundles[0].core.weights)
    assert found.bundles[0].core.weights.dtype == np.int64
    assert found.bundles[1].add == net.bundles[1].add
    assert found.bundles[1].pool == net.bundles[1].pool


def test_any_answer_can_be_handed_in_and_none_breaks_the_checker(tmp_path):
    for answer in ANSWERS:
        for name in ("1.1", "2.5", "6.3"):
            exercise = next(each for each in exercises(int(name[0])) if each.name == name)
            record(str(tmp_path / "log"), exercise, 1, answer)
            entry = read_log((tmp_path / "log").read_text())[name]
            assert Check()(name, decode(entry["answer"], tmp_path)).points < 3


@pytest.mark.parametrize(
    "forged",
    [[], {}, {"a": 1}, {"part": "Path", "fields": {}}, {"part": "Graph", "fields": []}, {"calls": 3}, {"calls": [[1]]},
     {"array": [[1], [2, 3]]}, {"array": ["x"]}, {"table": {"a": [1]}}, {"case": "x"}, {"list": 3}, {"mapping": [1]},
     {"set": [{"list": [1]}]}, {"list": [1], "tuple": [2]}],
)  # fmt: skip
def test_what_is_forged_is_refused(forged, tmp_path):
    with pytest.raises(InputError):
        decode(forged, tmp_path)


def test_a_log_may_hold_anything():
    good = '{"exercise": "1.1", "number": 1, "answer": 5}'
    text = f'\n[]\nnull\n{{"exercise": 3, "number": 1, "answer": 2}}\n{good}\n{"[" * 100_000}\n{good[:-2]}7}}\nno'
    assert read_log(text) == {"1.1": {"number": 1, "answer": 7}}


def test_where_answers_are_collected_the_checker_gives_no_points(tmp_path, monkeypatch):
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    marks = Check(3)
    assert repr(marks("4.4", "rows")) == "✗ 4.4: 0 of 1 points: handed in"
    marks("2.5", lambda c, w, kw, sw, pad: c // 0)
    assert marks.report().points == 0
    found = read_log((tmp_path / "log").read_text())
    assert found["4.4"] == {"number": 3, "answer": "rows"}
    monkeypatch.delenv(LOG)
    mark = Check(3)("2.5", decode(found["2.5"]["answer"], tmp_path))
    assert "raises ZeroDivisionError" in mark.message


def test_a_function_is_marked_by_what_it_returned(tmp_path):
    exercise = next(each for each in exercises(2) if each.name == "2.5")
    record(str(tmp_path / "log"), exercise, 3, lambda *args: np.array(found if (found := tap(*args)) < args[2] else -1))
    answer = read_log((tmp_path / "log").read_text())["2.5"]["answer"]
    assert Check(3)("2.5", decode(answer, tmp_path)).points == 3
    assert "not recorded; is it your number?" in Check(4)("2.5", decode(answer, tmp_path)).message
    answer["calls"][7][1] += 1
    assert Check(3)("2.5", decode(answer, tmp_path)).points == 0
