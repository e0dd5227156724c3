"""Reports in the form of Vivado's, and the description of a block design that PYNQ and Vitis read."""

from __future__ import annotations

from tests.impl.vivado.design import Design

CELLS = (  # depth, instance, module; own logic LUTs, LUTRAMs, SRLs, FFs, RAMB36, RAMB18, URAM, DSPs
    (0, "i_top", "dsoc_top", 3, 0, 0, 5, 0, 0, 0, 0),
    (1, "i_core", "dsoc_core", 120, 8, 2, 210, 0, 0, 0, 0),
    (2, "i_engine", "dsoc_engine", 40, 0, 0, 64, 0, 1, 0, 0),
    (3, "i_array", "dsoc_array", 800, 0, 16, 1900, 4, 0, 0, 24),
    (2, "i_writer", "dsoc_writer", 300, 44, 0, 520, 1, 1, 0, 0),
)
PATHS = (  # slack, of a clock of 1 ns; logic's share, levels, from, to, through
    (0.05, 0.4, 7, "i_core/i_engine/i_array/sum_q_reg[3]/C", "i_core/i_writer/data_q_reg[9]/D",
     "i_core/i_engine/i_array/sum_q_reg[3] i_core/i_engine/round_i_2 i_core/i_writer/data_q[9]_i_1 "
     "i_core/i_writer/data_q_reg[9]"),
    (0.15, 0.5, 4, "i_core/i_writer/data_q_reg[1]/C", "i_core/state_q_reg[0]/D",
     "i_core/i_writer/data_q_reg[1] i_core/state_q[0]_i_1 i_core/state_q_reg[0]"),
)  # fmt: skip
POWER = (1.478, 1.335, 0.143)


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "|" + "|".join(f" {cell:<{w}} " for cell, w in zip(row, widths, strict=True)) + "|" for row in [head, *rows]
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def rows(outer: tuple[tuple[str, str], ...]) -> list[tuple[int, str, str, list[int], list[int]]]:
    """Depth, instance, module, own counts, counts with all below; `outer` are the levels above the accelerator."""
    cells = [(depth, name, module, *([0] * 8)) for depth, (name, module) in enumerate(outer)]
    cells += [(depth + len(outer), *rest) for depth, *rest in CELLS]
    found = []
    for index, (depth, name, module, *own) in enumerate(cells):
        total = list(own)
        for below_depth, _, _, *counts in cells[index + 1 :]:
            if below_depth <= depth:
                break
            total = [a + b for a, b in zip(total, counts, strict=True)]
        found.append((depth, name, module, own, total))
    return found


def hierarchy(outer: tuple[tuple[str, str], ...], ultra: bool) -> str:
    """`report_utilization -hierarchical`."""
    head = ["Instance", "Module", "Total LUTs", "Logic LUTs", "LUTRAMs", "SRLs", "FFs", "RAMB36", "RAMB18"]
    head += ["URAM"] * ultra + ["DSP Blocks" if ultra else "DSP48 Blocks"]
    cells = rows(outer)
    lines = []
    for index, (depth, name, module, own, total) in enumerate(cells):
        lines.append(_row("  " * depth + name, "(top)" if depth == 0 else module, total, ultra))
        if index + 1 < len(cells) and cells[index + 1][0] > depth:
            lines.append(_row("  " * depth + f"  ({name})", "(top)" if depth == 0 else module, own, ultra))
    note = "* Note: The sum of lower-level cells may be larger than their parent cells total"
    table = _table(head, lines)
    title = f"1. Utilization by Hierarchy\n{'-' * 27}"
    return f"{_head('Utilization Design Information')}\n{title}\n\n{table}\n{note}, due to LUT combining\n"


def _row(name: str, module: str, counts: list[int], ultra: bool) -> list[str]:
    luts, *rest = counts
    cells = [luts + rest[0] + rest[1], *counts]
    if not ultra:
        del cells[7]
    return [name, module, *map(str, cells)]


def utilization(ultra: bool) -> str:
    """`report_utilization`, as far as it is of use."""
    kind = "CLB" if ultra else "Slice"
    total = rows((("top", "top"),))[0][4]
    table = _table(
        ["Site Type", "Used", "Fixed", "Prohibited", "Available", "Util%"],
        [
            [f"{kind} LUTs", str(sum(total[:3])), "0", "0", "53200", "2.50"],
            [f"{kind} Registers", str(total[3]), "0", "0", "106400", "2.54"],
        ],
    )
    return f"{_head('Utilization Design Information')}\n1. {kind} Logic\n--------------\n\n{table}\n"


_SETUP = (("WNS(ns)", 11), ("TNS(ns)", 11), ("TNS Failing Endpoints", 21), ("TNS Total Endpoints", 19))
_HOLD = (("WHS(ns)", 11), ("THS(ns)", 11), ("THS Failing Endpoints", 21), ("THS Total Endpoints", 19))
_PULSE = (("WPWS(ns)", 11), ("TPWS(ns)", 11), ("TPWS Failing Endpoints", 22), ("TPWS Total Endpoints", 20))


def _columns(names: tuple[str, ...], numbers: tuple[tuple[str, int], ...], lines: list[tuple[str, ...]]) -> str:
    """Names to the left, numbers to the right of their columns, as in a timing summary; a blank line behind them."""
    widths = [*(max(len(name), 17) for name in names), *(width for _, width in numbers)]

    def row(cells: tuple[str, ...]) -> str:
        left = [f"{cell:<{w}}" for cell, w in zip(cells[: len(names)], widths, strict=False)]
        right = [f"{cell:>{w}}" for cell, w in zip(cells[len(names) :], widths[len(names) :], strict=True)]
        return "  ".join([*left, *right]) + "  "

    titles = (*names, *(name for name, _ in numbers))
    return "\n".join([row(titles), row(tuple("-" * len(title) for title in titles)), *map(row, lines), "", ""])


def timing(clock: str, period: float, wns: float) -> str:
    """`report_timing_summary -no_detailed_paths`, with a clock that no path belongs to."""
    setup = (f"{wns:.3f}", f"{min(wns, 0):.3f}", str(int(wns < 0)), "4000")
    hold, pulse = ("0.021", "0.000", "0", "4000"), ("1.500", "0.000", "0", "900")
    clocks = [f"{name:<11} {{0.000 {period / 2:.3f}}}      {period:<10.3f}      {1000 / period:<14.3f}  "
              for name in (clock, "clk_unused")]  # fmt: skip
    between = ("From Clock", "To Clock")
    parts = [
        _head("Timing Summary Report"),
        _section("Timer Settings"), "", "  Enable Multi Corner Analysis               :  Yes", "",
        "  Corner  Analyze    Analyze    ", "  Name    Max Paths  Min Paths  ", "  ------  ---------  ---------  ",
        "  Slow    Yes        Yes        ", "  Fast    Yes        Yes        ", "", "", "",
        "check_timing report", "", "1. checking no_clock", "--------------------",
        " There are 0 register/latch pins with no clock.", "", "", "",
        _section("Design Timing Summary"), "", _columns((), (*_SETUP, *_HOLD, *_PULSE), [(*setup, *hold, *pulse)]),
        "All user specified timing constraints are met." if wns >= 0 else "Timing constraints are not met.", "", "",
        _section("Clock Summary"), "",
        "Clock       Waveform(ns)       Period(ns)      Frequency(MHz)",
        "-----       ------------       ----------      --------------",
        *clocks, "", "",
        _section("Intra Clock Table"), "",
        _columns(("Clock",), (*_SETUP, *_HOLD, *_PULSE),
                 [(clock, *setup, *hold, *pulse), ("clk_unused", *([""] * 8), *pulse)]),
        _section("Inter Clock Table"), "", _columns(between, (*_SETUP, *_HOLD), []),
        _section("Other Path Groups Table"), "", _columns(("Path Group", *between), (*_SETUP, *_HOLD),
                 [("**async_default**", clock, clock, "1.900", "0.000", "0", "200", *hold)]),
        _section("User Ignored Path Table"), "", _columns(("Path Group", *between), (), []),
        _section("Unconstrained Path Table"), "", _columns(("Path Group", *between), (), []),
    ]  # fmt: skip
    return "\n".join(parts)


def power() -> str:
    """`report_power`."""
    total, dynamic, static = POWER
    table = _table(
        ["Total On-Chip Power (W)", f"{total}"],
        [["Design Power Budget (W)", "Unspecified*"], ["Dynamic (W)", f"{dynamic}"], ["Device Static (W)", f"{static}"],
         ["Junction Temperature (C)", "42.0"], ["Confidence Level", "Low"]],
    )  # fmt: skip
    return f"{_head('Power Report')}\n1. Summary\n----------\n\n{table}\n"


def _head(title: str) -> str:
    rule = "-" * 60
    return (
        f"Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.\n{rule}\n| Tool Version : stand-in\n{rule}\n\n{title}\n"
    )


def _section(title: str) -> str:
    return f"{'-' * 98}\n| {title}\n| {'-' * len(title)}\n{'-' * 98}"


def handoff(design: Design) -> str:
    """The .hwh of a block design: its blocks and the address map of its processor."""
    modules = []
    for cell in design.cells.values():
        kind = cell.vlnv.split(":")[2]
        ranges = "".join(
            f'<MEMRANGE INSTANCE="{segment.partition("/")[0]}" BASEVALUE="{mapped.offset:#X}" '
            f'HIGHVALUE="{mapped.offset + mapped.size - 1:#X}" MASTERBUSINTERFACE="{design.spaces()[space][0]}"/>'
            for (space, segment), mapped in design.mapped.items()
            if space.partition("/")[0] == cell.name
        )
        modules.append(
            f'<MODULE FULLNAME="/{cell.name}" INSTANCE="{cell.name}" MODTYPE="{kind}" VLNV="{cell.vlnv}">'
            f"<MEMORYMAP>{ranges}</MEMORYMAP></MODULE>"
        )
    return f'<?xml version="1.0"?>\n<EDKSYSTEM><MODULES>{"".join(modules)}</MODULES></EDKSYSTEM>\n'
