"""The comparison and the messages made of it."""

from __future__ import annotations

import numpy as np
import pytest

from deepsoc.errors import MismatchError
from deepsoc.sim.compare import Comparison, compare
from deepsoc.sim.result import Difference, SimResult


def result(**changes: object) -> SimResult:
    values: dict[str, object] = {
        "bit_exact": True,
        "mismatches": 0,
        "first_difference": None,
        "error": "",
        "cycles_rtl": 10,
        "cycles_register": 10,
        "cycles_model": 9,
        "bundles": (),
        "operations": (),
        "faults": (),
        "trace": "",
        "wall_s": 1.0,
        "run_s": 0.5,
        "clocks_per_second": 20.0,
    }
    return SimResult.model_validate(values | changes)


def test_the_first_difference_of_all_is_kept() -> None:
    total = Comparison()
    expected = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    received = expected.copy()
    assert compare(total, bundle="a", operation="a", expected=expected, received=received) == 0
    received[1, 0, 2] = -5
    received[1, 2, 3] = 7
    assert compare(total, bundle="b", operation="b.pass0", expected=expected, received=received.ravel()) == 2
    assert compare(total, bundle="c", operation="c", expected=expected, received=None) == 24
    assert total.mismatches == 26
    assert total.first == Difference(bundle="b", operation="b.pass0", index=(1, 0, 2), expected=14, received=-5)


def test_tolerance_and_nan() -> None:
    expected = np.array([0.5, 0.5], np.float64)
    near, nan = np.array([0.5, 0.500001]), np.array([0.5, np.nan])
    names = {"bundle": "a", "operation": "softmax"}
    assert compare(Comparison(), expected=expected, received=near, tolerance=1e-5, **names) == 0
    assert compare(Comparison(), expected=expected, received=near, **names) == 1
    assert compare(Comparison(), expected=expected, received=nan, tolerance=1e-5, **names) == 1


def test_raise_for_mismatch() -> None:
    result().raise_for_mismatch()
    difference = Difference(bundle="b", operation="b.pass0", index=(1, 0, 2), expected=14, received=-5)
    wrong = result(bit_exact=False, mismatches=2, first_difference=difference)
    with pytest.raises(MismatchError, match=r"2 values differ; .* b\.pass0, at \(1, 0, 2\): expected 14, received -5"):
        wrong.raise_for_mismatch()
    with pytest.raises(MismatchError, match="hardware: AXI read error"):
        result(bit_exact=False, mismatches=9, error="operation 1 (b): hardware: AXI read error").raise_for_mismatch()


def test_a_result_is_plain_json() -> None:
    difference = Difference(bundle="b", operation="b", index=(1, 0), expected=1, received=2)
    data = result(bit_exact=False, mismatches=1, first_difference=difference).to_dict()
    assert data["first_difference"] == {
        "bundle": "b",
        "operation": "b",
        "index": [1, 0],
        "batch": 0,
        "expected": 1,
        "received": 2,
    }
