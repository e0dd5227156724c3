"""What the reports of Vivado say, in the terms of the common report."""

from __future__ import annotations

import re
from pathlib import Path

from deepsoc.errors import ToolError
from deepsoc.impl.result import ModuleResources, Resources, TimingPath

__all__ = ["hierarchy", "paths", "power", "slack"]

_COLUMNS = {  # of report_utilization -hierarchical, by family and version
    "lut": ("Total LUTs",),
    "lut_logic": ("Logic LUTs",),
    "lutram": ("LUTRAMs",),
    "srl": ("SRLs",),
    "ff": ("FFs",),
    "ramb36": ("RAMB36",),
    "ramb18": ("RAMB18",),
    "uram": ("URAM",),
    "dsp": ("DSP Blocks", "DSP48 Blocks"),
}
_OPTIONAL = ("uram",)
_INDENT = 2  # spaces a level


def hierarchy(report: Path) -> tuple[Resources, tuple[ModuleResources, ...]]:
    """Resources of the design, and those of every instance without what is below it.

    The rows add up to the whole, but for lookup tables that instances share. Carry cells are not in that report: 0.

    Raises:
        ToolError: the report has no such table.
    """
    rows = [line.strip().strip("|").split("|") for line in _lines(report) if line.startswith("|")]
    head = next((i for i, row in enumerate(rows) if row[0].strip() == "Instance"), None)
    if head is None or len(rows) < head + 2:
        raise ToolError(f"{report}: there is no table of the hierarchy; run the flow again with fresh")
    titles = [cell.strip() for cell in rows[head]]
    columns = {}
    for name, known in _COLUMNS.items():
        found = [titles.index(title) for title in known if title in titles]
        if not found and name not in _OPTIONAL:
            raise ToolError(f"{report}: the table has no column {known[0]}, but {', '.join(titles)}")
        columns.update({name: found[0]} if found else {})
    try:
        return _summed([(row[0], row[1].strip(), _counts(row, columns)) for row in rows[head + 1 :]])
    except (ValueError, IndexError) as error:
        raise ToolError(f"{report}: the table of the hierarchy cannot be read ({error})") from None


def _counts(row: list[str], columns: dict[str, int]) -> Resources:
    """A row's counts; Vivado adds shares in brackets where it was asked to."""
    cell = {name: int(row[index].split("(")[0]) for name, index in columns.items()}
    ramb36, ramb18 = cell.pop("ramb36"), cell.pop("ramb18")
    return Resources(**cell, bram36=ramb36 + ramb18 / 2)


def _summed(rows: list[tuple[str, str, Resources]]) -> tuple[Resources, tuple[ModuleResources, ...]]:
    """An instance with others in it has a second row, of its name in brackets, for what is its own."""
    path: list[str] = []
    found: dict[str, ModuleResources] = {}
    for cell, module, counts in rows:
        name = cell.strip()
        if name.startswith("(") and name.endswith(")"):
            instance = "/".join(path[1:])
        else:
            level = (len(cell) - len(cell.lstrip(" ")) - 1) // _INDENT
            path = [*path[:level], name]
            instance = "/".join(path[1:])
        module = name.strip("()") if module == "(top)" else module
        found[instance] = ModuleResources(module=module, instance=instance, **counts.model_dump())
    return rows[0][2], tuple(found.values())


def slack(report: Path) -> tuple[float, float | None]:
    """Period of the clock that is tightest, and worst setup or recovery slack, ns; None where no path is constrained.

    Raises:
        ToolError: the report has no clock.
    """
    try:
        from edalize.vivado_reporting import VivadoReporting
    except ImportError:
        raise ToolError("Edalize, which reads the reports, is missing: pip install 'deepsoc[sim]'") from None
    tables = VivadoReporting.report_timing(str(report))
    try:
        periods = tables["Clock Summary"].set_index("Clock")["Period(ns)"]
        clocks = tables["Intra Clock Table"].set_index("Clock")["WNS(ns)"].dropna()
        worst = float(tables["Design Timing Summary"]["WNS(ns)"].iloc[0])
        return float(periods[clocks.idxmin()]), worst
    except (KeyError, IndexError) as error:
        raise ToolError(f"{report}: the timing summary lacks {error}; the design has no clock") from None
    except ValueError:  # no figures
        return float(periods.iloc[0]), None


def power(report: Path) -> float | None:
    """Watts of the chip; None if the report has no figure."""
    found = re.search(r"^\| Total On-Chip Power \(W\) +\| ([0-9.]+)", "\n".join(_lines(report)), re.MULTILINE)
    return float(found[1]) if found else None


def paths(table: Path) -> tuple[TimingPath, ...]:
    """The longest paths, as fpga/vivado/common.tcl wrote them."""
    found = []
    for line in filter(None, _lines(table)):
        fields = line.split("\t")
        try:
            delay, logic, levels, start, end, cells = fields[2:]
            found.append(
                TimingPath(
                    start=start.rpartition("/")[0],
                    end=end.rpartition("/")[0],
                    modules=tuple(dict.fromkeys(cell.rpartition("/")[0] for cell in cells.split())),
                    delay_ns=float(delay),
                    logic_ns=float(logic),
                    levels=int(levels),
                )
            )
        except ValueError as error:
            raise ToolError(f"{table}: not a table of paths ({error})") from None
    return tuple(found)


def _lines(report: Path) -> list[str]:
    return report.read_text(encoding="utf-8", errors="replace").splitlines()
