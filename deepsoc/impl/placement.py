"""Where place and route has put the cells: a small table, kept beside nextpnr's large netlist."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc._files import read_bytes, replacing
from deepsoc.errors import InputError, ToolError

if TYPE_CHECKING:
    import pandas as pd

    from deepsoc.impl.result import Implementation, ModuleResources

__all__ = ["KINDS", "PLACEMENT", "owner", "placement", "write_placement"]

PLACEMENT = "placement.csv.gz"
KINDS = ("lut", "carry", "lutram", "ff", "bram", "dsp", "other")
"""Kinds of cells: tables of logic, of carry chains and of RAM, flip-flops, block RAMs, multipliers, the rest."""

_COLUMNS = {"instance": str, "module": str, "kind": str, "x": int, "y": int, "cells": int}
_MOST = 1 << 26  # bytes of the table's file
_BEL = re.compile(r"X(\d+)/?Y(\d+)/.+")
_MODES = {"CCU2": "carry", "DPRAM": "lutram", "RAMW_BLOCK": "lutram"}  # of TRELLIS_COMB
_TYPES = {
    "lut": re.compile(r"TRELLIS_COMB|LUT[1-4]"),
    "carry": re.compile(r"ALU"),
    "lutram": re.compile(r"RAM16\w+"),
    "ff": re.compile(r"TRELLIS_FF|DFF\w*"),
    "bram": re.compile(r"DP16KD|PDPW16KD|(SD|D)PX?9?B?|SPX?9?|pROM\w*"),
    "dsp": re.compile(r"MULT\d+X\d+D?"),
}


def placement(result: Implementation) -> pd.DataFrame:
    """Where the cells are.

    Args:
        result: of a flow that places, with its step `route` done.

    Returns:
        One row for the cells of one kind of one instance in one tile; columns `instance` and `module` (as of
        `by_module`; `module` is empty for cells that place and route has added), `kind` (one of `KINDS`), `x` and `y`
        (of the tile, counted from the top left), `cells` (how many).

    Raises:
        InputError: the flow has placed nothing, or the table is gone or damaged.
    """
    import pandas as pd

    if PLACEMENT not in result.artifacts:
        raise InputError(
            f"{result.flow} has no placement; take a flow that places, such as ecp5, to its step route or further",
            where="placement",
        )
    path = Path(result.folder) / PLACEMENT
    data = read_bytes(path, "the placement", most=_MOST)
    try:
        table = pd.read_csv(io.BytesIO(gzip.decompress(data)), dtype=_COLUMNS, keep_default_na=False)
        if tuple(table) != tuple(_COLUMNS) or not table["kind"].isin(KINDS).all():
            raise ValueError("other columns or kinds")
    except (OSError, EOFError, ValueError) as err:
        raise InputError(f"not a placement ({err}); run the flow again", where=str(path)) from None
    return table.astype({"instance": "category", "module": "category", "kind": pd.CategoricalDtype(list(KINDS))})


def write_placement(routed: Path, below: str, rows: Sequence[ModuleResources]) -> Path:
    """Reads the netlist that nextpnr wrote with `--write`, and keeps the cells' places beside it.

    Args:
        routed: the netlist, in JSON.
        below: instance in its top that holds the design.
        rows: the design's instances, and the top of the netlist.

    Returns:
        The file of the table.

    Raises:
        ToolError: it has another form, a cell has no place, or two cells have the same one.
    """
    try:
        ((frame, top),) = json.loads(routed.read_bytes())["modules"].items()
        # Where the design's own top is kept beside its frame, both have an empty path.
        modules = {row.instance: row.module for row in sorted(rows, key=lambda row: row.module != frame)}
        cells: Mapping[str, Mapping[str, Any]] = top["cells"]
        places = {name: cell["attributes"]["NEXTPNR_BEL"] for name, cell in cells.items()}
        if len(set(places.values())) != len(places):
            raise ValueError("two cells have the same place")
        counts: Counter[tuple[str, str, str, int, int]] = Counter()
        for name, cell in cells.items():
            found = _BEL.fullmatch(places[name])
            if found is None:
                raise ValueError(f"{places[name]!r} is no place")
            instance = owner(name.removeprefix(f"{below}."), modules)
            module = modules[instance] if name.startswith(f"{below}.") else "" if name.startswith("$") else frame
            counts[instance, module, _kind(cell), int(found[2]), int(found[1])] += 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise ToolError(f"{routed} is no netlist of a nextpnr that is known ({err!r}); try another version") from None
    lines = [",".join(_COLUMNS)]
    lines += [
        f"{_quoted(i)},{_quoted(m)},{kind},{x},{y},{count}" for (i, m, kind, y, x), count in sorted(counts.items())
    ]
    path = routed.with_name(PLACEMENT)
    with replacing(path) as new:
        new.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    return path


def owner(path: str, instances: Container[str]) -> str:
    """The instance that a path counts for: the longest beginning of it that is one; else the top, an empty path."""
    while path and path not in instances:
        path = path.rpartition(".")[0]
    return path


def _kind(cell: Mapping[str, Any]) -> str:
    mode = cell["parameters"].get("MODE", "")
    found = _MODES.get(mode) if cell["type"] == "TRELLIS_COMB" else None
    return found or next((kind for kind, pattern in _TYPES.items() if pattern.fullmatch(cell["type"])), "other")


def _quoted(text: str) -> str:
    """A name as CSV has it."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\r\n') else text
