"""Mutates the Python of the model with mutmut and prints the mutants that the tests of their package do not see.

    python scripts/mutate_python.py [PACKAGE ...] [--sample N] [--seed N] [--jobs N] [--again]

mutmut ([tool.mutmut] in pyproject.toml) makes the mutants, in the folder `mutants`. The tests of each package are
collected once; each mutant is tried in a fork by those that reach its function, the quickest first. Without --sample
all are tried, which takes hours. What a test computes while it is collected is not mutated. Verdicts are kept in
build/mutate/python.jsonl until the source of the mutant changes.

Mutants of which scripts/mutants_equivalent.toml says that no test can see them are not counted. Exit status 1 if less
than 90 % of the others are caught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "mutants"
OUT = ROOT / "build" / "mutate" / "python.jsonl"
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
PACKAGES = ("export", "graph", "mapping", "netspec", "perf")
LEAST = 0.90
LEFT_OUT = (
    "not rtl_clocks and not killed and not real_interrupt and not interrupted and not cpus_clocks and not cluster"
)
"""Tests that simulate, or start other processes."""
ELSEWHERE = "deepsoc.perf.cluster."
"""Mutants that are not chosen: none but those tests reach them."""


class Trial:
    """A plugin of pytest: after the collection, runs all tests once and then those of each mutant in a fork.

    Attributes:
        names: of the mutants, each with the hash of its source.
        jobs: forks at a time.
        reached: file for what the tests reach.
    """

    def __init__(self, names: dict[str, str], jobs: int, reached: Path) -> None:
        self.names, self.jobs, self.reached = names, jobs, reached
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
            self.reached.write_text(json.dumps([reached, seconds]))
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError("a test fails without any mutation")
        reached, seconds = json.loads(self.reached.read_text())
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
            entry = {"name": name, "source": self.names[name], "caught": status != 0}
            with OUT.open("a") as stream:
                stream.write(json.dumps(entry) + "\n")


def generate() -> dict[str, list[str]]:
    """Has mutmut make its mutants; their names by package."""
    from mutmut import __main__ as mutmut
    from mutmut.mutation.trampoline import set_mutant_under_test
    from mutmut.utils import file_utils

    set_mutant_under_test("mutant_generation")
    MUTANTS.mkdir(exist_ok=True)
    for name in ("tests", "scripts"):  # mutmut copies over what is there, and deletes nothing
        shutil.rmtree(MUTANTS / name, ignore_errors=True)
    for copied in (MUTANTS / "deepsoc").rglob("*"):
        if copied.is_file() and copied.suffix not in (".py", ".meta"):
            copied.unlink()
    for copied in (MUTANTS / "deepsoc").rglob("*.py"):
        if not (ROOT / copied.relative_to(MUTANTS)).exists():
            for file in copied.parent.glob(f"{copied.name}*"):
                file.unlink()
    file_utils.copy_src_dir()
    file_utils.copy_also_copy_files()
    mutmut.create_mutants(2)
    os.environ.pop("MUTANT_UNDER_TEST")
    names: dict[str, list[str]] = {}
    for package in PACKAGES:
        files = sorted((MUTANTS / "deepsoc" / package).rglob("*.meta"))
        found = (name for file in files for name in json.loads(file.read_text())["exit_code_by_key"])
        names[package] = sorted(name for name in found if not name.startswith(ELSEWHERE))
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
    request = OUT.parent / f"python-{package}.json"
    request.write_text(json.dumps({name: source(name) for name in names}))
    environment = {**os.environ, "PYTHONPATH": str(MUTANTS), "DEEPSOC_SEED": "1"}
    command = [sys.executable, __file__, "--inside", str(jobs), str(request), f"tests/{package}"]
    with request.with_suffix(".log").open("w") as log:
        subprocess.run(command, cwd=MUTANTS, env=environment, stdout=log, stderr=log, check=True)


def inside(jobs: str, request: str, tests: str) -> int:
    """Runs pytest with the plugin, in the folder of the mutants."""
    sys.path[0] = str(MUTANTS)
    os.environ["MUTANT_UNDER_TEST"] = ""
    options = ["-q", "-m", "not slow", "-k", LEFT_OUT, "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir=."]
    trial = Trial(json.loads(Path(request).read_text()), int(jobs), Path(request).with_suffix(".reached"))
    return pytest.main([*options, tests], plugins=[trial]) not in (0, 5)


def same(out: str, put: str) -> bool:
    """Whether two lines differ only in what no test can see: a check of lengths that are equal by construction, and the
    case of an encoding's name."""
    plain = [re.sub(r",? ?strict=(True|False|None)", "", line).replace("UTF-8", "utf-8") for line in (out, put)]
    return plain[0] == plain[1]


def report(package: str, names: list[str], equivalent: dict[tuple[str, str, str], str]) -> tuple[int, int]:
    """Prints the survivors of a package; how many were caught, and of how many."""
    verdicts = known()
    caught = judged = left = untried = 0
    for name in names:
        verdict = verdicts.get((name, source(name)))
        if verdict is None:
            untried += 1
            continue
        out, put = ("", "") if verdict else change(name)
        if not verdict and (same(out, put) or (name.rpartition("__mutmut_")[0], out, put) in equivalent):
            left += 1
            continue
        judged += 1
        caught += verdict
        if not verdict:
            print(f"SURVIVED {name}\n  - {out}\n  + {put}")
    print(f"{package}: {caught} of {judged} caught; {left} equivalent, {untried} not tried")
    return caught, judged


def main() -> int:
    """Makes, chooses and tries mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("--sample", type=int, help="mutants of each package, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried at a time, of all packages")
    parser.add_argument("--again", action="store_true", help="forget earlier verdicts")
    parser.add_argument("--report", action="store_true", help="try nothing, report what is known")
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # not this folder, whose coverage.py is not the package
    OUT.parent.mkdir(parents=True, exist_ok=True)
    if given.again:
        OUT.unlink(missing_ok=True)
    table = tomllib.loads(EQUIVALENT.read_text()).get("mutant", [])
    equivalent = {(entry["function"], entry["out"], entry["put"]): entry["why"] for entry in table}
    everything = generate()
    chosen: dict[str, list[str]] = {}
    for package in given.packages:
        names = everything[package]
        few = given.sample is not None and given.sample < len(names)
        chosen[package] = random.Random(given.seed).sample(names, given.sample) if few else names
    verdicts = known()
    new = {package: [n for n in names if (n, source(n)) not in verdicts] for package, names in chosen.items()}
    todo = [] if given.report else [(package, names) for package, names in new.items() if names]
    with ThreadPoolExecutor(max(1, given.jobs)) as pool:
        for done in [pool.submit(try_package, *one, max(1, given.jobs // len(todo))) for one in todo]:
            done.result()
    counts = [report(package, names, equivalent) for package, names in chosen.items()]
    caught, judged = (sum(column) for column in zip(*counts, strict=True))
    print(f"{caught} of {judged} caught: {caught / max(judged, 1):.1%} of the non-equivalent ones")
    return int(caught < LEAST * judged)


if __name__ == "__main__":
    sys.exit(inside(*sys.argv[2:]) if sys.argv[1:2] == ["--inside"] else main())
