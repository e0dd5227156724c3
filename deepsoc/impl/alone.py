"""The accelerator alone on a board with open tools, to be measured: what it takes, and how fast it is."""

from __future__ import annotations

import re

from deepsoc.assets import rtl_files, rtl_headers
from deepsoc.impl.design import Design, check_tables, forecast, of_board
from deepsoc.impl.flow import Forecast, Job

__all__ = ["alone", "forecast_alone"]

_PORT = re.compile(r"^ +(input|output) +logic +(?:\[ *(\S+):0\] *)?(\w+),?$", re.MULTILINE)


def _ports(text: str) -> dict[str, list[tuple[str, str]]]:
    """Name and highest bit, as an expression, of the ports of the accelerator's top but the clock, by direction."""
    found: dict[str, list[tuple[str, str]]] = {"input": [], "output": []}
    for direction, high, name in _PORT.findall(text):
        if name != "clk_i":
            found[direction].append((name, high or "0"))
    return found


def alone(job: Job) -> Design:
    """The accelerator between two shift registers: it needs three pins, and no path of it leaves the chip.

    Raises:
        InputError: the board has not enough lookup tables.
    """
    board, parts = of_board(job)
    check_tables(job, system=False)
    files = rtl_files(family=board.family)
    return Design(
        board,
        parts,
        template="alone.v.j2",
        values=_ports(files[-1].read_text(encoding="utf-8")),
        clock_mhz=job.hw.frequency_mhz,
        rate_mhz=job.hw.frequency_mhz,
        pins=(("clk", parts.clock, False), ("scan_in", parts.rx, False), ("scan_out", parts.tx, False)),
        files=files,
        included=rtl_headers(),
    )


def forecast_alone(job: Job) -> Forecast:
    """What a whole run takes.

    Raises:
        InputError: as `alone`.
    """
    check_tables(job, system=False)
    return forecast(job, system=False)
