"""Reads nextpnr's report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc.errors import ToolError
from deepsoc.impl.result import Hop, TimingPath

__all__ = ["Timing", "read_timing"]

_INSTANCES = re.compile(r"(?:(?:i|u|gen)_\w+(?:\[\d+\])?\.)*")
_TYPES = re.compile(r"_(?:TRELLIS_\w+|DFF[A-Z]*|CCU2C|ALU|LUT\d|PFUMX|L6MUX21|MULT18X18D?|DP16KD)_")


@dataclass(frozen=True)
class Timing:
    """What nextpnr's report says.

    Attributes:
        fmax_mhz: of the slowest clock.
        slack_ns: of its longest path at the rate it was asked for.
        paths: the longest one between registers of each pair of clocks, the longest one first.
    """

    fmax_mhz: float
    slack_ns: float
    paths: tuple[TimingPath, ...]


def read_timing(report: Path, below: str) -> Timing:
    """Reads the file of `--report`.

    Args:
        report: the file.
        below: instance whose name all paths begin with; it is left out.

    Raises:
        ToolError: the file has another form.
    """
    try:
        data = json.loads(report.read_text(encoding="utf-8"))
        rates = {float(clock["achieved"]): float(clock["constraint"]) for clock in data["fmax"].values()}
        slowest = min(rates)
        paths = [_path(entry["path"], below) for entry in data["critical_paths"] if _clocked(entry)]
        paths.sort(key=lambda path: -path.delay_ns)
        return Timing(slowest, 1e3 / rates[slowest] - 1e3 / slowest, tuple(paths))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as err:
        raise ToolError(f"{report} is no report of a nextpnr that is known ({err!r}); try another version") from None


def _clocked(entry: Mapping[str, Any]) -> bool:
    return "<async>" not in (entry["from"], entry["to"])


def _path(parts: list[dict[str, Any]], below: str) -> TimingPath:
    cells = [part["to"]["cell"].removeprefix(f"{below}.") for part in parts]
    nets = [_signal(part["net"]).removeprefix(f"{below}.") for part in parts if part["type"] == "routing"]
    return TimingPath(
        start=nets[0] if nets else _register(cells[0]),
        end=_register(cells[-1]),
        modules=tuple(dict.fromkeys(_instance(cell) for cell in cells if not cell.startswith("$"))),
        delay_ns=round(sum(float(part["delay"]) for part in parts), 3),
        logic_ns=round(sum(float(part["delay"]) for part in parts if part["type"] != "routing"), 3),
        levels=sum(part["type"] == "logic" for part in parts),
        hops=tuple(
            Hop(
                kind=part["type"],
                delay_ns=round(float(part["delay"]), 3),
                instance=_instance(cell),
                x=part["to"]["loc"][0],
                y=part["to"]["loc"][1],
            )
            for part, cell in zip(parts, cells, strict=True)
        ),
    )


def _signal(net: str) -> str:
    """The path of a net, also of one that Yosys' flatten has made a name of its own of."""
    return net.removeprefix("$flatten").replace("\\", "").replace("$", "") if net.startswith("$flatten") else net


def _register(cell: str) -> str:
    """What Yosys named a register's cell after: the signal in front of the types of cells."""
    return _TYPES.split(cell, maxsplit=1)[0]


def _instance(cell: str) -> str:
    """The instance that a cell is in."""
    return _INSTANCES.match(cell)[0].rstrip(".")  # type: ignore[index]
