"""Mutates the Python of the model with mutmut and prints the mutants that the tests of their package do not see.

    python scripts/mutate_python.py [PACKAGE ...] [--sample N] [--seed N] [--jobs N] [--again]

mutmut ([tool.mutmut] in pyproject.toml) makes the mutants, in the folder `mutants`. The tests of each package are
collected once; each mutant is tried in a fork by those that reach its function, the quickest first. Without --sample
all are tried, which takes hours. Verdicts are kept in build/mutate/python.jsonl until the source of the mutant changes.

Mutants of which scripts/mutants_equivalent.toml says that no test can see them are not counted. Exit status 1 if less
than 90 % of the others are caught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "mutants"
OUT = ROOT / "build" / "mutate" / "python.jsonl"
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
PACKAGES = ("export", "graph", "mapping", "netspec", "perf")
LEAST = 0.90
LEFT_OUT = "not rtl_clocks and not killed and not real_interrupt and not cpus_clocks and not cluster"
"""Tests that simulate, or start other processes, whose mutants are not chosen."""


class Trial:
    """A plugin of pytest: after the collection, runs all tests once and then those of each mutant in a fork.

    Attributes:
        names: of the mutants.
        jobs: forks at a time.
        report: file that gets a line for each mutant: its name, whether it was caught, and by what.
    """

    def __init__(self, names: list[str], jobs: int, report: Path) -> None:
        self.names, self.jobs, self.report = names, jobs, report
        self._failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a failure."""
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Replaces the loop over the tests."""
        reached, seconds = self._all(session.items)
        by_name = {item.nodeid: item for item in session.items}
        limit = 60 + 20 * sum(seconds.values())
        running: dict[int, tuple[str, float]] = {}
        for name in self.names:
            tests = sorted(reached.get(name.rpartition("__mutmut_")[0], ()), key=seconds.__getitem__)
            child = os.fork()
            if child == 0:
                self._try(name, [by_name[test] for test in tests])
            running[child] = (name, time.monotonic() + limit)
            while len(running) >= self.jobs:
                self._wait(running)
        while running:
            self._wait(running)
        return True

    def _all(self, items: list[pytest.Item]) -> tuple[dict[str, list[str]], dict[str, float]]:
        """Which tests reach which function, and how long each takes; in a fork, so that nothing is left of them."""
        from mutmut.mutation.trampoline import set_mutant_under_test
        from mutmut.state import state

        place = self.report.with_suffix(".reached")
        child = os.fork()
        if child == 0:
            set_mutant_under_test("stats")
            reached, seconds = defaultdict(list), {}
            for item in items:
                state()._stats.clear()
                begin = time.monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                seconds[item.nodeid] = time.monotonic() - begin
                for function in state()._stats:
                    reached[function].append(item.nodeid)
                if self._failed:
                    os._exit(1)
            place.write_text(json.dumps([reached, seconds]))
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError("a test fails without any mutation")
        reached, seconds = json.loads(place.read_text())
        return reached, seconds

    def _try(self, name: str, items: list[pytest.Item]) -> None:
        """In a fork: ends it with status 1 at the first failure."""
        from mutmut.mutation.trampoline import set_mutant_under_test

        set_mutant_under_test(name)
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self._failed:
                os._exit(1)
        os._exit(0)

    def _wait(self, running: dict[int, tuple[str, float]]) -> None:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            for process, (_, limit) in running.items():
                if time.monotonic() > limit:
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        elif child in running:
            name, _ = running.pop(child)
            with self.report.open("a") as stream:
                stream.write(json.dumps({"name": name, "caught": status != 0}) + "\n")


def generate() -> dict[str, list[str]]:
    """Has mutmut make its mutants; their names by package."""
    from mutmut import __main__ as mutmut
    from mutmut.mutation.trampoline import set_mutant_under_test
    from mutmut.utils import file_utils

    set_mutant_under_test("mutant_generation")
    MUTANTS.mkdir(exist_ok=True)
    for name in ("tests", "scripts"):  # mutmut copies over what is there, and deletes nothing
        shutil.rmtree(MUTANTS / name, ignore_errors=True)
    for copied in (MUTANTS / "deepsoc").rglob("*.py"):
        if not (ROOT / copied.relative_to(MUTANTS)).exists():
            copied.unlink()
    file_utils.copy_src_dir()
    file_utils.copy_also_copy_files()
    mutmut.create_mutants(2)
    os.environ.pop("MUTANT_UNDER_TEST")
    names: dict[str, list[str]] = {}
    for package in PACKAGES:
        files = sorted((MUTANTS / "deepsoc" / package).rglob("*.meta"))
        names[package] = sorted(name for file in files for name in json.loads(file.read_text())["exit_code_by_key"])
    return names


def change(name: str) -> tuple[str, str]:
    """The lines that a mutant takes out and puts in, without blanks at their ends."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    lines = get_diff_for_mutant(name).splitlines()
    return tuple(
        "\n".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )  # type: ignore[return-value]


def source(name: str) -> str:
    """Hash of the source file of a mutant."""
    module = name.partition(".x_")[0].partition(".xǁ")[0]
    return hashlib.sha256((ROOT / f"{module.replace('.', '/')}.py").read_bytes()).hexdigest()[:16]


def known() -> dict[tuple[str, str], bool]:
    """Whether mutants were caught, by name and source."""
    lines = OUT.read_text().splitlines() if OUT.exists() else []
    return {(entry["name"], entry["source"]): entry["caught"] for entry in map(json.loads, lines)}


def try_package(package: str, names: list[str], jobs: int) -> None:
    """Tries the mutants of a package by its tests."""
    report = OUT.parent / f"python-{package}.jsonl"
    report.unlink(missing_ok=True)
    request = report.with_suffix(".names")
    request.write_text(json.dumps(names))
    environment = {**os.environ, "PYTHONPATH": str(MUTANTS), "DEEPSOC_SEED": "1"}
    with report.with_suffix(".log").open("w") as log:
        command = [sys.executable, __file__, "--inside", str(jobs), str(request), str(report), f"tests/{package}"]
        subprocess.run(command, cwd=MUTANTS, env=environment, stdout=log, stderr=log, check=True)
    with OUT.open("a") as stream:
        for line in report.read_text().splitlines():
            entry: dict[str, Any] = json.loads(line)
            stream.write(json.dumps(entry | {"source": source(entry["name"])}) + "\n")


def inside(jobs: str, request: str, report: str, tests: str) -> int:
    """Runs pytest with the plugin, in the folder of the mutants."""
    sys.path[0] = str(MUTANTS)
    os.environ["MUTANT_UNDER_TEST"] = ""
    options = ["-q", "-m", "not slow", "-k", LEFT_OUT, "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir=."]
    trial = Trial(json.loads(Path(request).read_text()), int(jobs), Path(report))
    return pytest.main([*options, tests], plugins=[trial]) not in (0, 5)


def report(package: str, names: list[str], equivalent: dict[tuple[str, str, str], str]) -> tuple[int, int]:
    """Prints the survivors of a package; how many were caught, and of how many."""
    verdicts = known()
    caught = judged = left = 0
    for name in names:
        if verdicts[name, source(name)]:
            caught += 1
            judged += 1
            continue
        out, put = change(name)
        where = name.rpartition("__mutmut_")[0]
        if (where, out, put) in equivalent:
            left += 1
            continue
        judged += 1
        print(f"SURVIVED {name}\n  - {out}\n  + {put}")
    print(f"{package}: {caught} of {judged} caught, {left} equivalent")
    return caught, judged


def main() -> int:
    """Makes, chooses and tries mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("--sample", type=int, help="mutants of each package, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried at a time")
    parser.add_argument("--again", action="store_true", help="forget earlier verdicts")
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # not this folder, whose coverage.py is not the package
    OUT.parent.mkdir(parents=True, exist_ok=True)
    if given.again:
        OUT.unlink(missing_ok=True)
    table = tomllib.loads(EQUIVALENT.read_text()).get("mutant", [])
    equivalent = {(entry["function"], entry["out"], entry["put"]): entry["why"] for entry in table}
    everything = generate()
    caught = judged = 0
    for package in given.packages:
        names = everything[package]
        if given.sample is not None and given.sample < len(names):
            names = random.Random(given.seed).sample(names, given.sample)
        verdicts = known()
        if new := [name for name in names if (name, source(name)) not in verdicts]:
            try_package(package, new, given.jobs)
        one, of = report(package, names, equivalent)
        caught, judged = caught + one, judged + of
    print(f"{caught} of {judged} caught: {caught / max(judged, 1):.1%} of the non-equivalent ones")
    return int(caught < LEAST * judged)


if __name__ == "__main__":
    sys.exit(inside(*sys.argv[2:]) if sys.argv[1:2] == ["--inside"] else main())
