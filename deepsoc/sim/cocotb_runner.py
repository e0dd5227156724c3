"""Builds SystemVerilog with Verilator for cocotb, and runs Python modules of cocotb tests on it.

The simulator and all that it starts run below a guard, as every tool that the package starts.
"""

from __future__ import annotations

import os
import shutil
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cocotb
import cocotb_tools.config
import find_libpython

from deepsoc import _process
from deepsoc.errors import ToolError
from deepsoc.sim.tools import Toolchain

__all__ = ["BUILD", "Outcome", "build_tests", "cocotb_version", "run_tests"]

BUILD = (
    *("--assert", "--x-assign", "unique", "--x-initial", "unique"),  # registers without reset start at random
    *("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Werror-PINMISSING"),  # the linter has its own test
    *("-O3", "-CFLAGS", "-O0"),  # a run is short: the compiler takes longer than the simulation
)
"""Options of Verilator."""


@dataclass(frozen=True)
class Outcome:
    """What a run answered: number of cocotb tests, the failed ones, and the simulator's log."""

    tests: int
    failed: tuple[str, ...]
    log: str


def cocotb_version() -> str:
    """Of this installation; a simulator fits one."""
    return str(cocotb.__version__)


def build_tests(
    tools: Toolchain,
    place: Path,
    top: str,
    texts: Mapping[str, str],
    *,
    parameters: Mapping[str, int] | None = None,
    options: Sequence[str] = BUILD,
    on_line: Callable[[str], bool] | None = None,
) -> None:
    """Makes a simulator, `place/top`, by the commands of cocotb's own runner.

    They run in their folder, so that a compiler cache helps.

    Args:
        tools: what it is built with.
        place: an empty folder.
        top: name of the module.
        texts: the sources by file name.
        parameters: of the module.
        options: of Verilator.
        on_line: gets every line that the tools print.

    Raises:
        ToolError: a tool fails.
    """
    for name, text in texts.items():
        (place / name).write_text(text)
    libraries = cocotb_tools.config.libs_dir
    command: list[str | Path] = [
        *(tools.verilator.program, "-cc", "--exe", "-Mdir", "objects"),
        *("--top-module", top, "--vpi", "--public-flat-rw", "--prefix", "Vtop", "-o", top, "--timescale", "1ns/1ps"),
        *("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
        *(*options, "-I."),
        *(f"-G{name}={value}" for name, value in (parameters or {}).items()),
        cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp",
        *(name for name in texts if name.endswith((".sv", ".v"))),
    ]
    env = _environment(tools)
    _process.run(command, cwd=place, env=env, on_line=on_line)
    _process.run(["make", "-j", "2", "-C", "objects", "-f", "Vtop.mk"], cwd=place, env=env, on_line=on_line)
    shutil.move(place / "objects" / top, place / top)
    shutil.rmtree(place / "objects")


def run_tests(
    tools: Toolchain,
    built: Path,
    work: Path,
    top: str,
    module: str,
    *,
    seed: int,
    environment: Mapping[str, str] | None = None,
    plusargs: Sequence[str] = (),
    on_line: Callable[[str], bool] | None = None,
) -> Outcome:
    """Runs the cocotb tests of a Python module on a simulator that `build_tests` made.

    Args:
        tools: what it was built with.
        built: folder of the simulator.
        work: folder in which it runs.
        top: name of the module.
        module: of the tests, as in `import`; what this process can import the simulator can.
        seed: of all that is random.
        environment: more variables of the simulator.
        plusargs: more arguments of the simulator.
        on_line: gets every line of the log; True keeps it out.
    """
    results = work / "results.xml"
    lines: list[str] = []

    def keep(line: str) -> bool:
        if on_line is None or not on_line(line):
            lines.append(line)
        return False

    env = _environment(tools) | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYGPI_PYTHON_BIN": sys.executable,
        "GPI_USERS": f"{find_libpython.find_libpython()};{cocotb_tools.config.pygpi_entry_point()}",
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": module,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_RANDOM_SEED": str(seed),
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_ANSI_OUTPUT": "0",
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # rewriting all that is imported takes ten times the rest
        **(environment or {}),
    }
    random = (f"+verilator+seed+{seed % (2**31 - 1) + 1}", "+verilator+rand+reset+2")
    with suppress(ToolError):  # the results tell
        _process.run([str(built / top), *random, *plusargs], cwd=work, env=env, on_line=keep)
    text = "".join(lines)
    if not results.exists():
        return Outcome(0, (), text)
    cases = list(ET.parse(results).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return Outcome(len(cases), tuple(str(case.get("name")) for case in failed), text)


def _environment(tools: Toolchain) -> dict[str, str]:
    environment = tools.verilator.environment()
    environment["MAKEFLAGS"] = f"{environment.get('MAKEFLAGS', '')} LINK={tools.cxx}"
    # the cocotb of this installation, which need not be the one that the simulator was built with
    libraries = [str(cocotb_tools.config.libs_dir), os.environ.get("LD_LIBRARY_PATH", "")]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))
    return environment
