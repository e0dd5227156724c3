"""What the open tools are given for one board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepsoc.errors import InputError
from deepsoc.hw.boards import Board
from deepsoc.hw.boards import System as Parts
from deepsoc.impl.flow import Forecast, Job
from deepsoc.perf.resources import FAMILIES, FpgaResources

__all__ = ["Design", "check_tables", "estimate", "forecast", "of_board"]

_SYNTHESIS_S, _ROUTE_S, _MEMORY_MB = 0.01, 0.045, 0.045  # for each lookup table of four inputs
_LEAST = 0.85  # of the estimate, which is within ten percent of what was measured (docs/resources.md)
_LIKE = "ecp5"  # what families without a model are like: their lookup tables have four inputs too


@dataclass(frozen=True)
class Design:
    """What goes in.

    Attributes:
        board: for which.
        parts: of the board.
        template: of the board's top.
        values: of the template, beside board, parts and names.
        clock_mhz: of the clock pin.
        rate_mhz: that is wanted of the design.
        pins: name and pin of the top's ports, and whether the pin is pulled to 1.
        files: of the RTL, in their order.
        included: by them.
        parameters: of the module.
        contents: of further files that the RTL reads, by name.
    """

    board: Board
    parts: Parts
    template: str
    values: Mapping[str, Any]
    clock_mhz: float
    rate_mhz: float
    pins: Sequence[tuple[str, str, bool]]
    files: Sequence[Path]
    included: Sequence[Path]
    parameters: Mapping[str, int] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)


def of_board(job: Job) -> tuple[Board, Parts]:
    """The board of a job, and what a system is built with on it.

    Raises:
        InputError: there is no such table in the board's file.
    """
    if job.board is None or job.board.system is None:
        raise InputError("expected a board with a table system", where="board")
    return job.board, job.board.system


def estimate(job: Job, resource: str, *, system: bool = False) -> float:
    """What the accelerator takes of the board.

    Args:
        job: with its board.
        resource: `lut` or another of FIGURES.
        system: what is around it on the board is counted too.
    """
    board, parts = of_board(job)
    family = board.family if board.family in FAMILIES else _LIKE
    return float(FpgaResources(family, parts if system else None).explain(job.hw)[resource].sum())


def check_tables(job: Job, *, system: bool) -> None:
    """Refuses a design that takes more lookup tables than the board has.

    Args:
        job: with its board.
        system: what is around the accelerator on the board is counted too.

    Raises:
        InputError: the board has not as many.
    """
    board, _ = of_board(job)
    count = round(_LEAST * estimate(job, "lut", system=system))
    what = "core and accelerator take" if system else "the accelerator takes"
    if count > board.lut:
        raise InputError(
            f"{what} at least {count:,} lookup tables; {board.title} has {board.lut:,}; "
            "take fewer rows and columns, or another board",
            where="board",
        )


def forecast(job: Job, *, system: bool) -> Forecast:
    """What a whole run takes.

    Args:
        job: what is implemented.
        system: what is around the accelerator on the board is counted too.
    """
    count = estimate(job, "lut", system=system)
    return Forecast((_SYNTHESIS_S + job.seeds * _ROUTE_S) * count, _MEMORY_MB * count)
