"""Counts the cells of a netlist as resources of an FPGA."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc.errors import ToolError
from deepsoc.impl.result import ModuleResources, Resources

__all__ = ["AMD", "ECP5", "GOWIN", "Library", "counted", "modules", "resources"]


@dataclass(frozen=True)
class Library:
    """What the cells of a family are.

    Attributes:
        lutram: lookup tables of one memory cell.
        bram36: block RAMs of one memory cell.
        fields: cells by field of `Resources`.
        carry_luts: lookup tables of one carry cell, where it is made of them.
        free: cells that are nothing of all that.
    """

    lutram: Mapping[str, int]
    bram36: Mapping[str, float]
    fields: Mapping[str, re.Pattern[str]]
    carry_luts: int
    free: re.Pattern[str]


AMD = Library(
    # By the cell libraries' guides (UG953 and UG974); RAM32M is one slice's four tables.
    lutram={
        "RAM16X1D": 2, "RAM32X1D": 2, "RAM32X1S": 1, "RAM32M": 4, "RAM32M16": 8,
        "RAM64X1D": 2, "RAM64X1S": 1, "RAM64M": 4, "RAM64M8": 8,
        "RAM128X1D": 4, "RAM128X1S": 2, "RAM256X1D": 8, "RAM256X1S": 4, "RAM512X1S": 8,
    },
    bram36={"RAMB18E1": 0.5, "RAMB18E2": 0.5, "RAMB36E1": 1.0, "RAMB36E2": 1.0},
    fields={
        "lut_logic": re.compile(r"LUT[1-6]"),
        "srl": re.compile(r"SRL16E?|SRLC16E?|SRLC32E"),
        "ff": re.compile(r"FD[RSCP]E(_1)?|LD[CP]E"),
        "dsp": re.compile(r"DSP48E[12]"),
        "uram": re.compile(r"URAM288(_BASE)?"),
        "carry": re.compile(r"CARRY[48]"),
    },
    carry_luts=0,
    # Inverters go into the tables and registers behind them, wide multiplexers and buffers are not lookup tables.
    free=re.compile(r"INV|MUXF[789]|I?BUF\w*|OBUF\w*|VCC|GND"),
)  # fmt: skip
ECP5 = Library(
    lutram={"TRELLIS_DPR16X4": 4},
    bram36={"DP16KD": 0.5, "PDPW16KD": 0.5},
    fields={
        "lut_logic": re.compile(r"LUT4"),
        "ff": re.compile(r"TRELLIS_FF"),
        "dsp": re.compile(r"MULT18X18D"),
        "carry": re.compile(r"CCU2C"),
    },
    carry_luts=2,
    free=re.compile(r"PFUMX|L6MUX21|TRELLIS_IO|EHXPLLL|VLO|VHI|GSR"),
)
GOWIN = Library(
    lutram={"RAM16SDP1": 1, "RAM16SDP2": 2, "RAM16SDP4": 4, "RAM16S1": 1, "RAM16S2": 2, "RAM16S4": 4},
    bram36=dict.fromkeys(("SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B", "pROM", "pROMX9"), 0.5),
    fields={
        "lut_logic": re.compile(r"LUT[1-4]"),
        "ff": re.compile(r"DFF\w*"),
        "dsp": re.compile(r"MULT(9X9|18X18)"),
        "carry": re.compile(r"ALU"),
    },
    carry_luts=1,
    free=re.compile(r"MUX2_LUT[5-8]|[IO]BUF|rPLL|VCC|GND|GSR|INV"),
)


def resources(cells: Mapping[str, int], library: Library = AMD) -> dict[str, Any]:
    """The resources that so many cells of each type take, by the names of `Resources`.

    Raises:
        ToolError: a type of cell is unknown.
    """
    found: dict[str, Any] = dict.fromkeys(Resources.model_fields, 0)
    for cell, count in cells.items():
        if cell in library.lutram:
            found["lutram"] += library.lutram[cell] * count
        elif cell in library.bram36:
            found["bram36"] += library.bram36[cell] * count
        elif name := next((name for name, pattern in library.fields.items() if pattern.fullmatch(cell)), None):
            found[name] += count
        elif not library.free.fullmatch(cell):
            raise ToolError(f"the netlist holds {count} cells of type {cell}, which no resource is known for")
    found["lut_logic"] += library.carry_luts * found["carry"]
    found["lut"] = found["lut_logic"] + found["lutram"] + found["srl"]
    return found


def modules(statistics: Mapping[str, Any], top: str, library: Library = AMD) -> tuple[ModuleResources, ...]:
    """One row an instance, from the JSON statistics of Yosys; every instance has a module `MODULE$TOP.PATH` of its own.

    Args:
        statistics: of the command `stat -json -hierarchy`.
        top: what every path begins with.
        library: of the cells.

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
                    **resources({cell: count for cell, count in cells.items() if count}, library),
                )
            )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise ToolError(
            f"the statistics of Yosys are not in the expected form ({err!r}); try another version"
        ) from None
    return tuple(sorted(rows, key=lambda row: row.instance))


def counted(statistics: Path, top: str, library: Library = AMD) -> tuple[Resources, tuple[ModuleResources, ...]]:
    """The resources of a design and those of its instances, from the file of the statistics; otherwise as `modules`."""
    rows = modules(json.loads(statistics.read_text(encoding="utf-8")), top, library)
    return Resources(**{name: sum(getattr(row, name) for row in rows) for name in Resources.model_fields}), rows
