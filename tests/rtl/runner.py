"""Builds one RTL module with Verilator, once for each content and parameter set, and runs its cocotb tests."""

from __future__ import annotations

import json
import os
import re
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cocotb
import pytest

from deepsoc._files import replace_once
from deepsoc._hashes import key_of
from deepsoc.assets import check_files, folder, model_files, rtl_files, rtl_headers, soc_files
from deepsoc.sim import cache
from deepsoc.sim.cocotb_runner import BUILD, Outcome, build_tests, run_tests
from deepsoc.sim.tools import find_toolchain

__all__ = ["Edit", "Outcome", "Parameters", "check", "parameter_sets", "run", "sources"]

Parameters = Mapping[str, int]

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


def sources(top: str, *, bound: bool = True) -> list[Path]:
    """The files that a module needs: those of the lists files.f, cells of the engine that are in none yet, and those of
    this folder that it names, directly or not.

    The rules of its buses too, if checks/`top`_bind.sv binds any and `bound` is true.
    """
    here = Path(__file__).parent
    listed = [*model_files(), *rtl_files(), *soc_files(), *check_files(), *here.glob("*.sv")]
    files = {path.stem: path for path in listed}
    files |= {path.stem: path for path in (folder("rtl") / "engine").glob("*.sv") if path.stem not in files}
    rules = here / "checks" / f"{top}_bind.sv"
    bound = bound and rules.is_file()
    if bound:
        files["bound"] = rules
    needed: set[str] = set()
    todo = [top, "bound"] if bound else [top]
    while todo:
        name = todo.pop()
        needed.add(name)
        todo += [word for word in re.findall(r"\w+", files[name].read_text()) if word in files and word not in needed]
    return [path for name, path in files.items() if name in needed]


def run(
    module: str,
    top: str,
    parameters: Parameters,
    *,
    seed: int,
    edit: Edit | None = None,
    plusargs: Sequence[str] = (),
    others: Mapping[str, str] | None = None,
) -> Outcome:
    """Runs the cocotb tests of a Python module on a SystemVerilog module.

    Args:
        module: name of the Python module.
        top: name of the SystemVerilog module.
        parameters: its parameters; the tests find them in `bench.PARAMETERS`.
        seed: of all that is random.
        edit: a change of the sources.
        plusargs: arguments of the simulator.
        others: by file name the texts of sources that stand for the project's.
    """
    tools = find_toolchain()
    texts = {path.name: path.read_text() for path in sources(top)}
    texts |= {path.name: path.read_text() for path in rtl_headers()}
    texts |= others or {}
    if edit is not None:
        texts[edit.file] = edit.apply(texts[edit.file])
    options = [*BUILD, *(["--coverage-line", "--coverage-toggle"] if COVERAGE else [])]
    key = key_of([cocotb.__version__, tools.verilator.version, top, json.dumps(parameters), *options, repr(texts)])
    counts = [f"+verilator+coverage+file+{COVERAGE}/{top}-{uuid.uuid4().hex}.dat"] if COVERAGE else []
    with tempfile.TemporaryDirectory() as work:
        return cache.use(
            key,
            lambda place: build_tests(tools, place, top, texts, parameters=parameters, options=options),
            lambda built: run_tests(
                tools, built, Path(work), top, module, seed=seed, plusargs=[*counts, *plusargs],
                environment={"DEEPSOC_BENCH": json.dumps(dict(parameters))},
            ),
        )  # fmt: skip


def check(module: str, top: str, parameters: Parameters, *, seed: int, others: Mapping[str, str] | None = None) -> None:
    """Runs the cocotb tests as `run` and expects that there are some and that all pass."""
    outcome = run(module, top, parameters, seed=seed, others=others)
    if outcome.tests == 0 or outcome.failed:
        what = f"{', '.join(outcome.failed) or 'no results'} of {top} {dict(parameters)}, seed {seed}"
        broken = "\n".join(line for line in outcome.log.splitlines() if "Assertion failed" in line)
        pytest.fail(f"{what}\n{broken}\n{outcome.log[-6000:]}", pytrace=False)


def parameter_sets(*quick: Parameters, slow: tuple[Parameters, ...] = ()) -> pytest.MarkDecorator:
    """Parametrizes a test by `parameters`; the sets of `slow` run in the long test only."""
    cases = [pytest.param(s, id=_name(s)) for s in quick]
    cases += [pytest.param(s, id=_name(s), marks=pytest.mark.slow) for s in slow]
    return pytest.mark.parametrize("parameters", cases)


def _name(parameters: Parameters) -> str:
    return "-".join(f"{name}{value}" for name, value in parameters.items())
