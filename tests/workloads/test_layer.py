"""Shapes of layers: output sizes, and what is refused with which field."""

from __future__ import annotations

from typing import Any

import pytest

from deepsoc.errors import InputError
from deepsoc.workloads import Layer, Workload

CONV: dict[str, Any] = {
    "name": "c", "type": "conv", "n": 2, "h": 13, "w": 11, "ci": 6, "co": 4, "kh": 5, "kw": 3, "sh": 2, "sw": 1,
    "pad_h": 2, "pad_w": 1, "groups": 2,
}  # fmt: skip


def test_output_size() -> None:
    layer = Layer(**CONV)
    assert (layer.ho, layer.wo) == (7, 11)


def test_output_size_that_is_given_stays() -> None:
    layer = Layer("same", "conv", 1, 4, 4, 1, 1, 3, 3, 2, 2, 0, 0, ho=2, wo=2)
    assert (layer.ho, layer.wo) == (2, 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"type": "pool"}, "type"),
        ({"type": "dense"}, "type"),
        ({"n": 0}, "n"),
        ({"h": -1}, "h"),
        ({"w": 1 << 16}, "w"),
        ({"ci": 2.0}, "ci"),
        ({"co": True}, "co"),
        ({"ci": 5}, "groups"),
        ({"co": 3}, "groups"),
        ({"groups": 0}, "groups"),
        ({"kh": 256}, "kh"),
        ({"kh": 19, "pad_h": 2}, "kh"),
        ({"kw": 14, "pad_w": 1}, "kw"),
        ({"sw": 0}, "sw"),
        ({"pad_h": 5}, "pad_h"),
        ({"pad_w": -1}, "pad_w"),
        ({"ho": 20}, "ho"),
        ({"h": 60000, "w": 60000, "ci": 1 << 20, "co": 1 << 20}, "co"),
    ],
    ids=str,
)
def test_faults(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        Layer(**{**CONV, **change})
    assert caught.value.where == field


def test_workload_by_type_and_batch() -> None:
    work = Workload("w", (Layer(**CONV), Layer("d", "dense", 1, 1, 1, 8, 3)))
    assert [layer.name for layer in work.only("dense").layers] == ["d"]
    assert [layer.n for layer in work.with_batch(5).layers] == [5, 5]
    with pytest.raises(InputError, match="n: expected an integer of 1"):
        work.with_batch(0)
    with pytest.raises(InputError, match="at least one layer"):
        Workload("w", (Layer(**CONV),)).only("dense")
