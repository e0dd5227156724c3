"""Counts the cells of a netlist as resources of AMD FPGAs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deepsoc.errors import ToolError
from deepsoc.impl.result import ModuleResources, Resources

__all__ = ["modules", "resources"]

# Lookup tables of one memory cell: by the cell libraries' guides (UG953 and UG974), RAM32M is one slice's four tables.
_LUTRAM = {
    "RAM16X1D": 2, "RAM32X1D": 2, "RAM32X1S": 1, "RAM32M": 4, "RAM32M16": 8,
    "RAM64X1D": 2, "RAM64X1S": 1, "RAM64M": 4, "RAM64M8": 8,
    "RAM128X1D": 4, "RAM128X1S": 2, "RAM256X1D": 8, "RAM256X1S": 4, "RAM512X1S": 8,
}  # fmt: skip
_BRAM36 = {"RAMB18E1": 0.5, "RAMB18E2": 0.5, "RAMB36E1": 1.0, "RAMB36E2": 1.0}
# Inverters go into the tables and registers behind them, wide multiplexers and buffers are not lookup tables.
_FREE = re.compile(r"INV|MUXF[789]|I?BUF\w*|OBUF\w*|VCC|GND")
_FIELDS = (
    ("lut_logic", re.compile(r"LUT[1-6]")),
    ("srl", re.compile(r"SRL16E?|SRLC16E?|SRLC32E")),
    ("ff", re.compile(r"FD[RSCP]E(_1)?|LD[CP]E")),
    ("dsp", re.compile(r"DSP48E[12]")),
    ("uram", re.compile(r"URAM288(_BASE)?")),
    ("carry", re.compile(r"CARRY[48]")),
)


def resources(cells: Mapping[str, int]) -> dict[str, Any]:
    """The resources that so many cells of each type take, by the names of `Resources`.

    Raises:
        ToolError: a type of cell is unknown.
    """
    found: dict[str, Any] = dict.fromkeys(Resources.model_fields, 0)
    for cell, count in cells.items():
        if cell in _LUTRAM:
            found["lutram"] += _LUTRAM[cell] * count
        elif cell in _BRAM36:
            found["bram36"] += _BRAM36[cell] * count
        elif name := next((name for name, pattern in _FIELDS if pattern.fullmatch(cell)), None):
            found[name] += count
        elif not _FREE.fullmatch(cell):
            raise ToolError(f"the netlist holds {count} cells of type {cell}, which no resource is known for")
    found["lut"] = found["lut_logic"] + found["lutram"] + found["srl"]
    return found


def modules(statistics: Mapping[str, Any], top: str) -> tuple[ModuleResources, ...]:
    """One row an instance, from the JSON statistics of Yosys; every instance has a module `MODULE$TOP.PATH` of its own.

    Raises:
        ToolError: the statistics have another form.
    """
    rows = []
    try:
        for name, entry in statistics["modules"].items():
            module, _, path = name.removeprefix("\\").partition("$")
            cells = {cell: int(counts["local_count"]) for cell, counts in entry["num_cells_by_type"].items()}
            rows.append(
                ModuleResources(
                    module=module,
                    instance=path.removeprefix(f"{top}."),
                    **resources({cell: count for cell, count in cells.items() if count}),
                )
            )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise ToolError(
            f"the statistics of Yosys are not in the expected form ({err!r}); try another version"
        ) from None
    return tuple(sorted(rows, key=lambda row: row.instance))
