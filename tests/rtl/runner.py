"""Builds one RTL module with Verilator, once for each content and parameter set, and runs its cocotb tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import cocotb
import cocotb_tools.config
import pytest
from cocotb_tools.runner import Runner, get_runner

from deepsoc import _process
from deepsoc._files import replace_once
from deepsoc._hashes import key_of
from deepsoc.assets import rtl_files, rtl_headers
from deepsoc.sim import cache
from deepsoc.sim.tools import Toolchain, find_toolchain

__all__ = ["Edit", "Outcome", "Parameters", "check", "parameter_sets", "run", "sources"]

Parameters = Mapping[str, int]

_BUILD = (
    *("--assert", "--x-assign", "unique", "--x-initial", "unique"),  # registers without reset start at random
    *("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Werror-PINMISSING"),  # the linter has its own test
    *("-O3", "-CFLAGS", "-O0"),  # a run is short: the compiler takes longer than the simulation
)
COVERAGE = os.environ.get("DEEPSOC_COVERAGE", "")
"""Folder for the counts of covered lines, which scripts/coverage.py reads; empty: nothing is counted."""


@dataclass(frozen=True)
class Edit:
    """A change of one source: the only place in `file` that reads `old`, whatever the blanks, becomes `new`."""

    file: str
    old: str
    new: str

    def apply(self, text: str) -> str:
        """The changed text."""
        return replace_once(text, self.old, self.new, where=self.file)


@dataclass(frozen=True)
class Outcome:
    """What a run answered: number of cocotb tests, the failed ones, and the simulator's log."""

    tests: int
    failed: tuple[str, ...]
    log: str


def sources(top: str) -> list[Path]:
    """The files that a module needs: those of rtl/files.f and of this folder that it names, directly or not."""
    files = {path.stem: path for path in [*rtl_files(), *Path(__file__).parent.glob("*.sv")]}
    needed: set[str] = set()
    todo = [top]
    while todo:
        name = todo.pop()
        needed.add(name)
        todo += [word for word in re.findall(r"\w+", files[name].read_text()) if word in files and word not in needed]
    return [path for name, path in files.items() if name in needed]


def run(module: str, top: str, parameters: Parameters, *, seed: int, edit: Edit | None = None) -> Outcome:
    """Runs the cocotb tests of a Python module on a SystemVerilog module.

    Args:
        module: name of the Python module.
        top: name of the SystemVerilog module.
        parameters: its parameters; the tests find them in `bench.PARAMETERS`.
        seed: of all that is random.
        edit: a change of the sources.
    """
    tools = find_toolchain()
    environment = tools.verilator.environment()
    environment["MAKEFLAGS"] = f"{environment.get('MAKEFLAGS', '')} LINK={tools.cxx}"
    # the cocotb of this installation, which need not be the one that the simulator was built with
    libraries = [str(cocotb_tools.config.libs_dir), os.environ.get("LD_LIBRARY_PATH", "")]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))
    texts = {path.name: path.read_text() for path in sources(top)}
    texts |= {path.name: path.read_text() for path in rtl_headers()}
    if edit is not None:
        texts[edit.file] = edit.apply(texts[edit.file])
    options = [*_BUILD, *(["--coverage-line", "--coverage-user"] if COVERAGE else [])]
    key = key_of([cocotb.__version__, tools.verilator.version, top, json.dumps(parameters), *options, repr(texts)])
    with patch.dict(os.environ, environment), tempfile.TemporaryDirectory() as work:
        return cache.use(
            key,
            lambda place: _build(tools, place, top, parameters, texts, options),
            lambda built: _test(get_runner("verilator"), built, Path(work), module, top, parameters, seed),
        )


def _build(
    tools: Toolchain, place: Path, top: str, parameters: Parameters, texts: Mapping[str, str], options: Sequence[str]
) -> None:
    """Fills an entry with the simulator, by the commands of cocotb's own runner.

    They run below a guard, so that none outlives the tests, and in their folder, so that a compiler cache helps.
    """
    for name, text in texts.items():
        (place / name).write_text(text)
    libraries = cocotb_tools.config.libs_dir
    command: list[str | Path] = [
        *(tools.verilator.program, "-cc", "--exe", "-Mdir", "objects"),
        *("--top-module", top, "--vpi", "--public-flat-rw", "--prefix", "Vtop", "-o", top, "--timescale", "1ns/1ps"),
        *("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
        *(*options, "-I."),
        *(f"-G{name}={value}" for name, value in parameters.items()),
        cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp",
        *(name for name in texts if name.endswith(".sv")),
    ]
    _process.run(command, cwd=place)
    _process.run(["make", "-j", "2", "-C", "objects", "-f", "Vtop.mk"], cwd=place)
    shutil.move(place / "objects" / top, place / top)
    shutil.rmtree(place / "objects")


def _test(runner: Runner, built: Path, work: Path, module: str, top: str, parameters: Parameters, seed: int) -> Outcome:
    results, log = work / "results.xml", work / "log"
    counts = [f"+verilator+coverage+file+{COVERAGE}/{top}-{uuid.uuid4().hex}.dat"] if COVERAGE else []
    with suppress(SystemExit, RuntimeError):  # the results tell
        runner.test(
            test_module=module,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=built,
            test_dir=work,
            seed=seed,
            plusargs=[f"+verilator+seed+{seed % (2**31 - 1) + 1}", "+verilator+rand+reset+2", *counts],
            extra_env={
                "DEEPSOC_BENCH": json.dumps(dict(parameters)),
                "COCOTB_ANSI_OUTPUT": "0",
                "COCOTB_REWRITE_ASSERTION_FILES": "",  # rewriting all that is imported takes ten times the rest
            },
            results_xml=str(results),
            log_file=log,
        )
    text = log.read_text() if log.exists() else ""
    if not results.exists():
        return Outcome(0, (), text)
    cases = list(ET.parse(results).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return Outcome(len(cases), tuple(str(case.get("name")) for case in failed), text)


def check(module: str, top: str, parameters: Parameters, *, seed: int) -> None:
    """Runs the cocotb tests as `run` and expects that there are some and that all pass."""
    outcome = run(module, top, parameters, seed=seed)
    if outcome.tests == 0 or outcome.failed:
        what = f"{', '.join(outcome.failed) or 'no results'} of {top} {dict(parameters)}, seed {seed}"
        pytest.fail(f"{what}\n{outcome.log[-6000:]}", pytrace=False)


def parameter_sets(*quick: Parameters, slow: tuple[Parameters, ...] = ()) -> pytest.MarkDecorator:
    """Parametrizes a test by `parameters`; the sets of `slow` run in the long test only."""
    cases = [pytest.param(s, id=_name(s)) for s in quick]
    cases += [pytest.param(s, id=_name(s), marks=pytest.mark.slow) for s in slow]
    return pytest.mark.parametrize("parameters", cases)


def _name(parameters: Parameters) -> str:
    return "-".join(f"{name}{value}" for name, value in parameters.items())
