"""Reports of Vivado in other forms than the flows' tests have, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepsoc.errors import ToolError
from deepsoc.impl.vivado_reports import hierarchy, paths, power, slack
from tests.impl.vivado import reports

OUTER = (("system_wrapper", "system_wrapper"), ("system_i", "system"))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "x.rpt"


@pytest.mark.parametrize("ultra", [False, True])
def test_the_table_of_either_family(report: Path, ultra: bool) -> None:
    report.write_text(reports.hierarchy(OUTER, ultra))
    total, rows = hierarchy(report)
    assert total.ff == sum(row.ff for row in rows) == sum(cell[6] for cell in reports.CELLS)
    assert total.bram36 == 6.0
    array = next(row for row in rows if row.module == "dsoc_array")
    assert (array.instance, array.dsp, array.lut) == ("system_i/i_top/i_core/i_engine/i_array", 24, 816)


def test_shares_in_percent(report: Path) -> None:
    report.write_text(reports.hierarchy(OUTER, True).replace(" 816 ", " 816(0.35%) "))
    assert next(row.lut for row in hierarchy(report)[1] if row.module == "dsoc_array") == 816


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Instance", "Instances", "no table of the hierarchy"),
        ("LUTRAMs", "LUTROMs", "no column LUTRAMs"),
        (" 816 ", " x816 ", "cannot be read"),
    ],
)
def test_a_table_that_is_another(report: Path, old: str, new: str, says: str) -> None:
    report.write_text(reports.hierarchy(OUTER, False).replace(old, new))
    with pytest.raises(ToolError, match=says):
        hierarchy(report)


def test_an_empty_report(report: Path) -> None:
    report.write_text("")
    with pytest.raises(ToolError, match="no table"):
        hierarchy(report)
    assert power(report) is None
    assert paths(report) == ()


def test_the_slack_is_the_worst_of_all_groups(report: Path) -> None:
    text = reports.timing("clk_fpga_0", 8.0, 1.234)
    report.write_text(text)
    assert slack(report) == (8.0, 1.234)
    summary, rest = text.split("Clock Summary", 1)
    report.write_text(summary.replace("      1.234", "     -0.500") + "Clock Summary" + rest)
    assert slack(report) == (8.0, -0.5)


@pytest.mark.parametrize("blank", ["         NA", "           "])
def test_no_path_is_constrained(report: Path, blank: str) -> None:
    report.write_text(reports.timing("clk_fpga_0", 8.0, 1.234).replace("      1.234", blank))
    assert slack(report) == (8.0, None)


def test_a_design_without_a_clock(report: Path) -> None:
    report.write_text(reports.timing("clk_fpga_0", 8.0, 1.234).split("| Clock Summary")[0])
    with pytest.raises(ToolError, match="lacks 'Clock Summary'; the design has no clock"):
        slack(report)


def test_damaged_paths(report: Path) -> None:
    report.write_text("0.1\t8.0\t7.9\n")
    with pytest.raises(ToolError, match="not a table of paths"):
        paths(report)
