"""Plants the faults of scripts/mutations.toml in RTL and firmware, one at a time, and prints those that no test sees.

    python scripts/mutate.py [--only TEXT] [--sample N] [--seed N] [--jobs N] [--again]

The sources themselves are not touched: every job works on a copy in build/mutate. All mutations of the RTL are in the
copy at once, chosen by a number in a file that the simulation reads when it starts, so that a module is built once for
all of its mutations. Each mutation meets the tests of its own file first, then whole networks; one that is marked as
equivalent, the first of them alone. Verdicts are kept in
build/mutate/verdicts.jsonl; what was caught, in a file that has not changed since, is not run again.

Exit status 1 if less than 95 % of the mutations that are not marked as equivalent are caught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from deepsoc import _guard

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).with_name("mutations.toml")
OUT = ROOT / "build" / "mutate"
SUMMARY = ROOT / "tests" / "mutations.json"
"""How many faults of each file were caught, survived and are equivalent, in the last run of all: for the docs."""
LEAST = 0.95
SECONDS = {"tests/firmware": 180, "tests/rtl": 400, "": 900}  # of a test run, by its path; what hangs is caught
SEEDS = (1, 2)  # a single seed of a random block test misses some faults

_FIRMWARE = ("tests/firmware/test_runtime.py", "tests/firmware/test_tensor.py")
_NETWORKS = ("tests/system/test_networks.py -k 'test_network and 8x24_x4k4'", "tests/system -m 'not slow'")
TESTS: dict[str, tuple[str, ...]] = {
    "rtl/cells/dsoc_ram.sv": ("tests/rtl/test_memories.py",),
    "rtl/cells/dsoc_regfile.sv": ("tests/rtl/test_memories.py",),
    "rtl/engine/dsoc_array.sv": ("tests/rtl/test_conv.py",),
    "rtl/engine/dsoc_drain.sv": ("tests/rtl/test_conv.py",),
    "rtl/engine/dsoc_controller.sv": ("tests/rtl/test_conv.py", "tests/rtl/test_pool.py"),
    "rtl/engine/dsoc_output_lane.sv": ("tests/rtl/test_output_stage.py",),
    "rtl/memory/dsoc_weights_reader.sv": ("tests/rtl/test_weights_reader.py", "tests/rtl/test_conv.py"),
    "rtl/control/dsoc_core.sv": ("tests/sim/test_recovery.py",),
    "rtl/soc/dsoc_soc_bus.sv": ("tests/rtl/test_soc_bus.py", "tests/sim/test_riscv.py"),
    "rtl/soc/dsoc_soc_timer.sv": ("tests/sim/test_riscv.py",),
    "c/dsoc.c": _FIRMWARE[:1],
    "c/dsoc_tensor.c": _FIRMWARE[1:],
    "c/dsoc_softmax.c": _FIRMWARE[1:],
    "c/port/linux/dsoc_port_linux.c": ("tests/runtime/test_classify.py",),
    "c/program/linux/images.c": ("tests/runtime/test_classify.py",),
    "c/program/linux/classify.c": ("tests/runtime/test_classify.py",),
    "c/program/baremetal/main.c": ("tests/firmware/test_deployed.py",),
}
"""Tests of a file, the quickest first; otherwise tests/rtl/test_NAME.py for rtl/*/dsoc_NAME.sv, and none for others."""


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Attributes:
        file: that it is in, from the root.
        what: is wrong then.
        edit: text of the source, whatever the blanks, in which «old ⇒ new» is changed.
        equivalent: why no test can see it; empty if one must.
    """

    file: str
    what: str
    edit: str
    equivalent: str = ""

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Text before, old text, new text, text behind."""
        found = re.fullmatch(r"(.*)«(.*) ⇒ ?(.*)»(.*)", self.edit, re.S)
        if found is None:
            raise ValueError(f"{self.file}: expected one «old ⇒ new» in {self.edit!r}")
        before, old, new, behind = found.groups()
        return before, old, new, behind

    def span(self, text: str) -> tuple[int, int]:
        """Where the old text stands in the source.

        Raises:
            ValueError: nowhere, or in several places.
        """
        before, old, _, behind = self.parts
        found = list(re.finditer(f"{_pattern(before)}(?P<old>{_pattern(old)}){_pattern(behind)}", text))
        if len(found) != 1:
            raise ValueError(f"{self.file}: {self.what}: expected {before + old + behind!r} once, found {len(found)}")
        return found[0].span("old")

    def apply(self, text: str) -> str:
        """The source with the fault."""
        start, end = self.span(text)
        return text[:start] + self.parts[2] + text[end:]


def load() -> list[Mutation]:
    """All mutations of the data file."""
    return [Mutation(**entry) for entry in tomllib.loads(DATA.read_text(encoding="utf-8"))["mutation"]]


def _pattern(text: str) -> str:
    """The text as a regular expression that does not care how many blanks there are."""
    return re.sub(r"(?:\\[ \n]|\n)+", r"\\s+", re.escape(text))


def switched(text: str, mutations: Sequence[tuple[int, Mutation]], choice: Path) -> str:
    """A SystemVerilog source with all of these mutations, of which the number in the file `choice` chooses one.

    Args:
        text: the source.
        mutations: with their numbers, from 1.
        choice: file that is read when a simulation starts.
    """
    spans: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for number, mutation in mutations:
        spans.setdefault(mutation.span(text), []).append((number, mutation.parts[2]))
    places = sorted(spans, reverse=True)
    for (start, _), (_, end) in pairwise(places):
        if end > start:
            raise ValueError(f"mutations overlap: {text[start:end]!r}")
    for start, end in places:
        old = text[start:end]
        for number, new in spans[start, end]:
            here = f"mutant == 32'd{number}"
            if old.rstrip().endswith(";"):
                old = f"if ({here}) begin {new} end else begin {old} end"
            else:
                old = f"(({here}) ? ({new}) : ({old}))"
        text = text[:start] + old + text[end:]
    head = re.search(r"^module\b.*?\);\n", text, re.M | re.S)
    assert head is not None
    reader = f"""
  int unsigned mutant;
  initial begin : read_mutant
    int file;
    mutant = 0;
    file = $fopen("{choice}", "r");
    if (file != 0 && $fscanf(file, "%d", mutant) != 1) mutant = 0;
    if (file != 0) $fclose(file);
  end
"""
    return text[: head.end()] + reader + text[head.end() :]


class Job:
    """A copy of the project in which mutations are tried one after the other."""

    def __init__(self, place: Path, mutations: Sequence[Mutation]) -> None:
        self.place = place
        self._choice = place / "mutant"
        self._numbers = {mutation: i for i, mutation in enumerate(mutations, 1)}
        self._good: dict[str, bool] = {}
        shutil.rmtree(place, ignore_errors=True)
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split("\0")  # fmt: skip
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place / name)
        for file in {mutation.file for mutation in mutations if _is_rtl(mutation.file)}:
            mine = [(number, mutation) for mutation, number in self._numbers.items() if mutation.file == file]
            path = place / file
            path.write_text(switched(path.read_text(), mine, self._choice))

    def verdict(self, mutation: Mutation) -> tuple[str, str]:
        """("caught" or "survived", the test that caught it)."""
        path = self.place / mutation.file
        text = path.read_text()
        try:
            if not _is_rtl(mutation.file):
                path.write_text(mutation.apply(text))
            tests = tests_of(mutation.file)
            for test in tests[:1] if mutation.equivalent else tests:
                if _is_rtl(mutation.file):
                    self._choice.write_text("0")
                    if not self._passes(test):
                        continue
                    self._choice.write_text(str(self._numbers[mutation]))
                for seed in SEEDS if test.startswith("tests/rtl") else SEEDS[:1]:
                    if not self._run(test, seed):
                        return "caught", test
        finally:
            path.write_text(text)
        return "survived", ""

    def _passes(self, test: str) -> bool:
        """Whether the tests pass without a fault, which is asked once."""
        if test not in self._good:
            self._good[test] = self._run(test, SEEDS[0])
            if not self._good[test]:
                print(f"warning: {test} fails without any fault and is left out", file=sys.stderr)
        return self._good[test]

    def _run(self, test: str, seed: int) -> bool:
        environment = {**os.environ, "PYTHONPATH": str(self.place), "DEEPSOC_SEED": str(seed)}
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header"]
        seconds = next(limit for place, limit in SECONDS.items() if test.startswith(place))
        log = self.place / "log"
        # the guard ends what a test has started, too: a simulator with a fault may run for ever
        guarded = _guard.command([*command, *shlex.split(test)], watch=True)
        with log.open("w") as output, subprocess.Popen(
            guarded, cwd=self.place, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as child:  # fmt: skip
            try:
                status = child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.terminate()
                return False
        if status > 2:  # a crash is negative; 5: nothing was collected
            raise RuntimeError(f"pytest {test}: status {status}\n{log.read_text()[-2000:]}")
        return status == 0


def tests_of(file: str) -> tuple[str, ...]:
    """Arguments of pytest, one run each, the cheapest first."""
    if file.startswith("c/port/baremetal/"):
        return ("tests/firmware/test_baremetal.py",)
    own = TESTS.get(file)
    if own is None:
        block = f"tests/rtl/test_{Path(file).stem.removeprefix('dsoc_')}.py"
        own = (block,) if (ROOT / block).exists() else ()
    if not _is_rtl(file):
        return (*own, "tests/firmware/test_baremetal.py") if own else ("tests/sim/test_simulate.py",)
    if file.startswith("rtl/soc/"):  # no part of the accelerator
        return own
    return (*(f"{test} -m 'not slow'" for test in own), _NETWORKS[0], *own, *_NETWORKS[1:])


def _is_rtl(file: str) -> bool:
    return file.startswith("rtl/")


def key_of(mutation: Mutation) -> str:
    """Changes when the mutation or its file does."""
    text = f"{mutation.file}\0{mutation.edit}\0{(ROOT / mutation.file).read_text()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def known() -> dict[str, dict[str, str]]:
    """Verdicts of earlier runs by key."""
    path = OUT / "verdicts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {entry["key"]: entry for entry in map(json.loads, lines)}


def run(mutations: Sequence[Mutation], everything: Sequence[Mutation], jobs: int) -> None:
    """Finds the verdicts of `mutations` and keeps each as soon as it is there."""
    lock = threading.Lock()
    files: dict[str, list[Mutation]] = {}
    for mutation in mutations:
        files.setdefault(mutation.file, []).append(mutation)
    # firmware first, then the smallest modules, whose builds are the quickest
    queue = sorted(files.values(), key=lambda group: (_is_rtl(group[0].file), (ROOT / group[0].file).stat().st_size))

    def work(number: int) -> None:
        job = Job(OUT / str(number), everything)
        while True:
            with lock:
                if not queue:
                    return
                group = queue.pop(0)
            for mutation in group:
                verdict, test = job.verdict(mutation)
                entry = {"key": key_of(mutation), "file": mutation.file, "what": mutation.what}
                with lock, (OUT / "verdicts.jsonl").open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(entry | {"verdict": verdict, "test": test}) + "\n")
                print(f"{verdict:9} {mutation.file}: {mutation.what}" + (f"  [{test}]" if test else ""), flush=True)

    OUT.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(work, number) for number in range(jobs)]:
            done.result()


def report(mutations: Sequence[Mutation]) -> int:
    """Prints survivors and the share that was caught, keeps the summary of a whole run; the exit status."""
    verdicts = known()
    counts = {"caught": 0, "survived": 0, "equivalent": 0, "not run": 0}
    files: dict[str, dict[str, int]] = {}
    for mutation in mutations:
        verdict = verdicts.get(key_of(mutation), {}).get("verdict", "not run")
        if verdict == "survived" and mutation.equivalent:
            verdict = "equivalent"
            print(f"equivalent: {mutation.file}: {mutation.what}: {mutation.equivalent}")
        elif verdict == "survived":
            print(f"SURVIVED: {mutation.file}: {mutation.what}: {mutation.edit}")
        elif verdict == "caught" and mutation.equivalent:
            print(f"caught, though it is marked as equivalent: {mutation.file}: {mutation.what}")
        counts[verdict] += 1
        files.setdefault(mutation.file, dict.fromkeys(counts, 0))[verdict] += 1
    judged = counts["caught"] + counts["survived"]
    share = counts["caught"] / judged if judged else 0.0
    print(", ".join(f"{name} {n}" for name, n in counts.items()) + f": {share:.1%} of the non-equivalent ones caught")
    if len(mutations) == len(load()) and not counts["not run"]:
        SUMMARY.write_text(json.dumps(files, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return int(share < LEAST)


def main() -> int:
    """Runs what has no verdict yet and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="mutations whose file or description holds this text")
    parser.add_argument("--sample", type=int, help="a random part of them, so many")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=int, default=1, help="copies of the project that work at a time")
    parser.add_argument("--again", action="store_true", help="forget earlier verdicts")
    given = parser.parse_args()
    everything = load()
    chosen = [m for m in everything if given.only in f"{m.file}: {m.what}"]
    if given.sample is not None and given.sample < len(chosen):
        chosen = random.Random(given.seed).sample(chosen, given.sample)
        print(f"a sample of {given.sample}, seed {given.seed}")
    if given.again:
        (OUT / "verdicts.jsonl").unlink(missing_ok=True)
    verdicts = known()
    # survivors are tried again: there may be a test by now
    new = [m for m in chosen if verdicts.get(key_of(m), {}).get("verdict") != "caught"]
    run([m for m in new if not m.equivalent or key_of(m) not in verdicts], everything, max(1, given.jobs))
    return report(chosen)


if __name__ == "__main__":
    sys.exit(main())
