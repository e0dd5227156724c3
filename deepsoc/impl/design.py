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
from deepsoc.perf.resources import FpgaResources

__all__ = ["Design", "check_tables", "estimate", "forecast", "of_board"]

_SYNTHESIS_S, _ROUTE_S, _MEMORY_MB = 0.02, 0.09, 0.09  # for each lookup table


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


def estimate(job: Job, resource: str) -> float:
    """What the accelerator takes of an AMD 7 series."""
    return float(FpgaResources("xc7").explain(job.hw)[resource].sum())


def check_tables(job: Job, least: float, what: str) -> None:
    """Refuses a design that takes more lookup tables than the board has.

    Args:
        job: with its board.
        least: tables of four inputs for each lookup table that the accelerator takes of an AMD 7 series.
        what: is counted, for people.

    Raises:
        InputError: the board has not as many.
    """
    board, _ = of_board(job)
    count = round(least * estimate(job, "lut"))
    if count > board.lut:
        raise InputError(
            f"{what} at least {count:,} lookup tables; {board.title} has {board.lut:,}; "
            "take fewer rows and columns, or another board",
            where="board",
        )


def forecast(job: Job, share: float = 1.0) -> Forecast:
    """What a whole run takes.

    Args:
        job: what is implemented.
        share: of the time and memory that the whole system takes.
    """
    count = share * estimate(job, "lut")
    return Forecast((_SYNTHESIS_S + job.seeds * _ROUTE_S) * count, _MEMORY_MB * count)
