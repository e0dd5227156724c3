"""AMD Vivado by the scripts in fpga/vivado: a board's system to the bitstream, the accelerator alone, or as an IP."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from deepsoc.assets import folder, rtl_files, rtl_headers
from deepsoc.errors import InputError
from deepsoc.export.writer import hardware_files
from deepsoc.hw.boards import Board
from deepsoc.hw.params import RTL_PARAMETERS
from deepsoc.hw.regmap import load_map
from deepsoc.impl.flow import Availability, Findings, Flow, Job, Step
from deepsoc.impl.vivado_reports import hierarchy, paths, power, slack
from deepsoc.impl.yosys import target, write_sources
from deepsoc.perf.resources import FpgaResources

__all__ = ["FLOWS", "find"]

_FAMILIES = frozenset(("xc7", "xcup"))
_BOARD = {
    "name": r"[A-Za-z0-9][\w.-]*",
    "part": r"[A-Za-z0-9][\w-]*",
    "family": r"\w+",
    "board_part": r"[\w.-]+(:[\w.-]+){3}",
    "board_connections": r"(\w+ [\w.-]+(:[\w.-]+){3})?( \w+ [\w.-]+(:[\w.-]+){3})*",
    "axi_data_bits": r"\d+",
    "memory_ports": r"\d+",
}
"""What the scripts need of a board, and how it looks."""
_WINDOWS = {"xc7": (0x4000_0000, 0x8000_0000), "xcup": (0xA000_0000, 0xB000_0000)}
"""Addresses that the port for registers of a family's processing system reaches; the end is outside."""
_REGISTERS = 4096  # bytes
_ERROR = 0.1  # of the estimate of resources
_INPUTS = ("scripts", "src", "config.tcl", "board.toml")
_REPORTS = ("utilization.rpt", "hierarchy.rpt", "timing.rpt", "paths.rpt", "paths.tsv", "power.rpt")
_REMEDY = (
    "installing AMD Vivado 2022.2 or later with the devices of the board, then `source settings64.sh` of its folder, "
    "so that `vivado` is on the PATH"
)


def find() -> Availability:
    """Looks for Vivado on PATH, and where XILINX_VIVADO says; its version is that of its folder."""
    places = [os.environ.get("PATH", os.defpath)]
    if home := os.environ.get("XILINX_VIVADO"):
        places.append(str(Path(home) / "bin"))
    program = shutil.which("vivado", path=os.pathsep.join(places))
    if program is None:
        return Availability({}, "", _REMEDY)
    version = re.search(r"20\d\d\.\d", str(Path(program).resolve()))
    return Availability({"": Path(program)}, version[0] if version else "", "")


def _prepare(work: Path, job: Job, *, flow: str) -> None:
    """Writes sources, scripts and what they read.

    Raises:
        InputError: the folder has a name that Vivado does not take, the board's file holds what the scripts do not
            take, the board's processors do not reach the registers, or the accelerator does not fit.
    """
    assert job.board is not None
    if not re.fullmatch(r"[\w./+,=@-]+", str(work), re.ASCII):
        raise InputError("Vivado takes no path with blanks and the like; give another folder", where=str(job.folder))
    board = _board(job.board)
    if flow == "vivado":
        _check_address(job)
    if flow != "vivado-ip":
        _check_size(job)
    place = folder("fpga") / "vivado"
    write_sources(work, job.params, rtl_files(), [*rtl_headers(), place / "dsoc.v"], target(job.board.family))
    for script in place.glob("*.tcl"):
        (work / "scripts" / script.name).write_bytes(script.read_bytes())
    (work / "board.toml").write_text(board, encoding="utf-8")
    (work / "config.tcl").write_bytes(_config(job))


def _board(board: Board) -> str:
    """The board's file for the scripts.

    Raises:
        InputError: a field is empty or holds other characters than such names have.
    """
    lines = []
    for name, pattern in _BOARD.items():
        value = getattr(board, name)
        if not re.fullmatch(pattern, str(value), re.ASCII):
            raise InputError(f"{value!r} is not what Vivado calls one", where=f"board {board.title}: {name}")
        lines.append(f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"')
    return "\n".join(lines) + "\n"


def _check_address(job: Job) -> None:
    assert job.board is not None
    begin, end = _WINDOWS[job.board.family]
    base = job.hw.base_address
    if not begin <= base <= end - _REGISTERS:
        raise InputError(
            f"the processors of {job.board.name} reach registers at {begin:#x} … {end - 1:#x}, received {base:#x}; set "
            f"base_address in hw.json, e.g. to {begin} ({begin:#x}), and export again",
            where="base_address",
        )


def _check_size(job: Job) -> None:
    """Multipliers that find no DSP block become lookup tables: their number is no limit."""
    assert job.board is not None
    need = FpgaResources(job.board.family).explain(job.hw).sum()
    for name, title in (("lut", "lookup tables"), ("ff", "flip-flops"), ("bram36", "block RAMs")):
        there = getattr(job.board, name)
        if need[name] > (1 + _ERROR) * there:
            raise InputError(
                f"the accelerator takes about {need[name]:,.0f} {title}, {job.board.name} has {there:,}; `deepsoc fit "
                f"--board {job.board.name}` finds hardware that fits",
                where="hw.json",
            )


def _config(job: Job) -> bytes:
    """Those lines of config.tcl that the result depends on, so that others do not run the tool again."""
    names = {*RTL_PARAMETERS, "frequency_mhz", "base_address"}
    lines = hardware_files(job.hw)["config.tcl"].splitlines(keepends=True)
    return b"".join(line for line in lines if (m := re.match(rb"set dsoc\((\w+)\)", line)) and m[1].decode() in names)


def _read(work: Path, done: frozenset[str], *, alone: bool) -> Findings:
    if "implementation" not in done:
        total, rows = hierarchy(work / "synthesis.rpt") if "synthesis" in done else (None, ())
        return Findings(total, rows, None, "not known: the flow stopped before the step implementation")
    total, rows = hierarchy(work / "hierarchy.rpt")
    period, worst = slack(work / "timing.rpt")
    what = "of the accelerator alone, out of context" if alone else "of the whole system"
    basis = (
        f"after place and route {what}: 1 / (period - worst setup slack), slowest corner, by Vivado's timing summary"
    )
    return Findings(
        total,
        rows,
        None if worst is None else round(1e3 / (period - worst), 1),
        "not known: Vivado's timing summary has no constrained path" if worst is None else basis,
        slack_ns=worst,
        power_w=power(work / "power.rpt"),
        power_basis=f"estimate of Vivado {what}, without simulated activity",
        paths=paths(work / "paths.tsv"),
    )


def _step(name: str, title: str, inputs: tuple[str, ...], outputs: tuple[str, ...], script: str, *words: str) -> Step:
    arguments = ["-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source", f"scripts/{script}.tcl"]
    tail = ["-tclargs", *words] if words else []
    return Step(name, title, (*_INPUTS, *inputs), outputs, (*arguments, *tail))


def _flow(
    name: str,
    title: str,
    steps: tuple[Step, ...],
    artifacts: tuple[str, ...],
    read: Callable[[Path, frozenset[str]], Findings],
) -> Flow:
    def prepare(work: Path, job: Job) -> None:
        _prepare(work, job, flow=name)

    family = "AMD Zynq-7000 and Zynq UltraScale+"
    return Flow(name, title, family, steps, artifacts, find, prepare, read, _FAMILIES)


_SYSTEM = (
    _step("project", "make the block design", (), ("project.txt",), "project"),
    _step("synthesis", "synthesize", ("project.txt",), ("synthesis.rpt",), "synthesis"),
    _step("implementation", "place, route, report", ("project.txt", "synthesis.rpt"), _REPORTS, "implementation"),
    _step(
        "bitstream", "write the bitstream", ("project.txt", "hierarchy.rpt"), ("design.bit", "design.hwh"), "bitstream"
    ),
    _step("xsa", "write the hardware description", ("design.bit", "design.hwh"), ("design.xsa",), "xsa"),
)
_ALONE = (
    _step("synthesis", "synthesize", (), ("synthesized.dcp", "synthesis.rpt"), "ooc_synthesis"),
    _step(
        "implementation", "place, route, report", ("synthesized.dcp",), ("routed.dcp", *_REPORTS), "ooc_implementation"
    ),
)
_PACKAGE = (_step("package", "package the IP", (), ("ip/component.xml",), "package", load_map().vlnv),)


def _nothing(work: Path, done: frozenset[str]) -> Findings:
    return Findings(None, (), None, "not known: the flow packages sources")


FLOWS = (
    _flow(
        "vivado", "a board's system with AMD Vivado, to the bitstream", _SYSTEM,
        ("design.bit", "design.hwh", "design.xsa", "synthesis.rpt", *_REPORTS),
        lambda work, done: _read(work, done, alone=False),
    ),
    _flow(
        "vivado-ooc", "the accelerator alone with AMD Vivado, placed and routed", _ALONE,
        ("routed.dcp", "synthesized.dcp", "synthesis.rpt", *_REPORTS),
        lambda work, done: _read(work, done, alone=True),
    ),
    _flow("vivado-ip", "an IP for one's own block designs, by AMD Vivado", _PACKAGE, ("ip/component.xml",), _nothing),
)  # fmt: skip
