"""Cells become resources as docs/implementation.md says."""

from __future__ import annotations

from typing import Any

import pytest

from deepsoc.errors import ToolError
from deepsoc.impl.cells import modules, resources


def test_every_kind_counts_as_documented() -> None:
    cells = {
        "LUT1": 1,
        "LUT6": 10,
        "INV": 100,
        "MUXF7": 100,
        "MUXF8": 100,
        "BUFG": 1,
        "CARRY4": 5,
        "CARRY8": 2,
        "RAM32M": 2,
        "RAM64M8": 1,
        "RAM64X1D": 3,
        "SRL16E": 4,
        "SRLC32E": 1,
        "FDRE": 1,
        "FDCE": 2,
        "FDPE": 3,
        "FDSE": 4,
        "DSP48E1": 1,
        "DSP48E2": 2,
        "RAMB18E1": 1,
        "RAMB36E2": 3,
        "URAM288": 2,
    }
    found = resources(cells)
    assert (found["lut_logic"], found["lutram"], found["srl"], found["lut"]) == (11, 2 * 4 + 8 + 3 * 2, 5, 38)
    assert (found["ff"], found["dsp"], found["bram36"], found["uram"], found["carry"]) == (10, 3, 3.5, 2, 7)


@pytest.mark.parametrize("cell", ["LUT7", "$add", "FD", "RAMB72"])
def test_an_unknown_cell_is_not_overlooked(cell: str) -> None:
    with pytest.raises(ToolError, match="no resource is known"):
        resources({"LUT2": 1, cell: 2})


def test_instances_of_submodules_count_nowhere_else() -> None:
    def entry(**cells: int) -> dict[str, Any]:
        return {"num_cells_by_type": {name: {"count": "99", "local_count": str(n)} for name, n in cells.items()}}

    found = modules({"modules": {"\\top": entry(LUT2=0), "\\core$top.i_core": entry(LUT2=3, FDRE=1)}}, "top")
    assert [(row.module, row.instance, row.lut, row.ff) for row in found] == [
        ("top", "", 0, 0),
        ("core", "i_core", 3, 1),
    ]


@pytest.mark.parametrize(
    "damaged", [{}, [], {"modules": {"m": {}}}, {"modules": {"m": {"num_cells_by_type": {"A": {}}}}}]
)
def test_other_statistics_are_refused(damaged: Any) -> None:
    with pytest.raises(ToolError, match="statistics of Yosys"):
        modules(damaged, "top")
