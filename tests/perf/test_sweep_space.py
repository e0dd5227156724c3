"""Spaces: decoding, ranges, sizes, and everything that is not a space."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.perf.space import Space

ROWS_COLS = {"rows": 8, "cols": 24}


def test_points_are_all_combinations_in_order():
    space = Space.parse(
        {"rows": {"min": 2, "max": 8, "step": 3}, "cols": [24, 12], "frequency_mhz": 250, "x_bits": [4, 8]}
    )
    assert space.size == 3 * 2 * 2
    columns = space.take(0, space.size)
    points = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    assert points == list(itertools.product([2, 5, 8], [24, 12], [250.0], [4, 8]))
    assert [columns[name].dtype.kind for name in columns] == ["i", "i", "f", "i"]


def test_any_part_equals_the_whole(rng):
    space = Space.parse({"rows": {"min": 1, "max": 97, "step": 4}, "cols": [6, 7, 9], "k_bits": [2, 4, 8]})
    whole = space.take(0, space.size)
    for _ in range(20):
        start, stop = np.sort(rng.integers(0, space.size, 2, endpoint=True)).tolist()
        for name, column in space.take(start, stop).items():
            np.testing.assert_array_equal(column, whole[name][start:stop])


@pytest.mark.parametrize(
    ("range_", "values"),
    [
        ({"min": 4, "max": 4, "step": 1}, [4]),
        ({"min": 4, "max": 9, "step": 5}, [4, 9]),
        ({"min": 4, "max": 8, "step": 5}, [4]),
        ({"min": 100.1, "max": 100.4, "step": 0.1}, [100.1, 100.2, 100.3, 100.4]),
        ({"min": 100, "max": 101, "step": 0.5}, [100, 100.5, 101]),
    ],
)
def test_both_ends_belong_to_a_range(range_, values):
    space = Space.parse({**ROWS_COLS, "frequency_mhz": range_})
    assert space.take(0, space.size)["frequency_mhz"].tolist() == values


def test_a_billion_points_are_only_counted():
    space = Space.parse(
        {
            "rows": {"min": 1, "max": 512, "step": 1},
            "cols": {"min": 1, "max": 2048, "step": 1},
            "weights_ram_depth": {"min": 2, "max": 200_000, "step": 2},
        }
    )
    assert space.size == 512 * 2048 * 100_000
    last = space.take(space.size - 1, space.size)
    assert [int(column[0]) for column in last.values()] == [512, 2048, 200_000]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": 1}, r"space\.colour: unknown parameter; expected one of rows, cols"),
        ({"format": "deepsoc-hw/1"}, r"space\.format: unknown parameter"),
        ({"rows": []}, r"space\.rows: the list is empty"),
        ({"rows": {}}, "expected the keys min, max and step, received none"),
        ({"rows": {"min": 1, "max": 2}}, "expected the keys min, max and step, received min, max"),
        ({"rows": {"min": 1, "max": 2, "step": 1, "log": 1}}, "received min, max, step, log"),
        ({"rows": {"min": 9, "max": 2, "step": 1}}, r"space\.rows: min 9 is above max 2"),
        ({"rows": {"min": 1, "max": 9, "step": 0}}, r"space\.rows\.step: expected a step above 0"),
        ({"rows": {"min": 1, "max": 9, "step": -1}}, r"space\.rows\.step: expected a step above 0"),
        ({"rows": {"min": 0, "max": 9, "step": 1}}, r"greater than or equal to 1; received 0"),
        ({"rows": {"min": 1, "max": 1_000_000_000, "step": 1}}, r"less than or equal to 512"),
        ({"rows": {"min": 1, "max": 9, "step": 0.5}}, r"valid integer; received 1\.0"),
        ({"rows": math.nan}, r"space\.rows: expected a number, a list of numbers or a range, received NaN"),
        ({"rows": {"min": 1, "max": math.inf, "step": 1}}, r"space\.rows\.max: expected a number"),
        ({"rows": [8, math.nan]}, r"space\.rows\[1\]: expected a number"),
        ({"rows": [8, 16, 8]}, "value 8 is there 2 times"),
        ({"rows": True}, "received true"),
        ({"rows": None}, "received null"),
        ({"rows": "8"}, 'received "8"'),
        ({"rows": [[8]]}, r"space\.rows\[0\]: expected a number"),
        ({"x_bits": [4, 3]}, r"space\.x_bits\[1\]: Input should be 2, 4 or 8; received 3"),
        ({"x_bits": {"min": 2, "max": 8, "step": 2}}, "Input should be 2, 4 or 8; received 6"),
        ({"axi_max_burst": 12}, "expected a power of two, received 12"),
        ({"frequency_mhz": 0}, "greater than or equal to 0.001"),
        ({"frequency_mhz": {"min": 1, "max": 9, "step": 1e-320}}, "expected a larger step"),
        ({"frequency_mhz": 10**400}, "expected a number"),
    ],
)
def test_faults_are_refused(change, says):
    with pytest.raises(InputError, match=says):
        Space.parse({**ROWS_COLS, **change})


def test_missing_parameter_and_wrong_kind_are_refused():
    with pytest.raises(InputError, match=r"space\.cols: this parameter has no default"):
        Space.parse({"rows": 8})
    with pytest.raises(InputError, match="expected an object of parameters, received list"):
        Space.parse([])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1: not JSON"),
        ("[]", "received list"),
        ('{"rows": NaN}', r"\$\.rows: expected a finite number, received NaN"),
        ('{"rows": 1, "rows": 2}', r"\$\.rows: this key stands here twice"),
        ('{"rows": 1, "cols": [0]}', r"space\.json\.cols\[0\]"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep"),
    ],
)
def test_faulty_files_are_refused(tmp_path, text, says):
    path = tmp_path / "space.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        Space.load(path)
    assert str(path) in str(caught.value)


def test_a_file_reads_as_its_description(tmp_path):
    path = tmp_path / "space.json"
    data = {**ROWS_COLS, "frequency_mhz": [100, 200.5]}
    path.write_text(json.dumps(data))
    assert Space.load(path) == Space.parse(data)
    with pytest.raises(InputError, match=r"missing\.json"):
        Space.load(tmp_path / "missing.json")
