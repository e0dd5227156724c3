"""Lines and signals of the RTL that block tests reach, counted by Verilator; writes tests/rtl/coverage.json.

The fast tests, unless `-m` says otherwise (options go to pytest), on simulators of their own. A line counts once it is
reached in any test, a branch too; a signal's bit once it has risen, and once it has fallen. What cannot be reached is
in scripts/coverage.toml, with its reason. Exit status 1 if a test fails, if less than 95 % of the lines are reached, or
if something excluded is reached after all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepsoc.assets import rtl_files, soc_files

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "rtl" / "coverage.json"
LEFT_OUT = {"mutations", "elaboration", "runner", "vivado_hazards", "assert", "axi_check"}  # no simulation of right RTL
LEAST = 0.95


@dataclass
class Points:
    """Counts of one module: `branches` by place and kind, with the lines of each; `bits` by bit and direction."""

    branches: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    lines_of: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def lines(self) -> dict[int, int]:
        """How often each line was reached, at most by one of its branches."""
        found: dict[int, int] = {}
        for key, count in self.branches.items():
            for line in self.lines_of[key]:
                found[line] = max(count, found.get(line, 0))
        return found


def read(path: Path, modules: dict[str, Points]) -> None:
    """Adds the counts of one run; instances and parameter sets of a module are one."""
    for entry in path.read_text(errors="replace").splitlines():
        if not entry.startswith("C '"):
            continue
        fields, _, count = entry[3:].rpartition("' ")
        known = dict(part.split("\x02", 1) for part in fields.split("\x01") if "\x02" in part)
        points = modules.get(Path(known.get("f", "")).stem)
        if points is None:
            continue
        if known["page"].startswith("v_toggle"):
            points.bits[known["o"]] += int(count)
        elif known["page"].startswith(("v_line", "v_branch")):
            key = int(known["l"]), f"{known['n']} {known['o']}"
            points.branches[key] += int(count)
            spans = [span.split("-") for span in known["S"].split(",")] if known.get("S") else []
            points.lines_of[key] = {n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)}


def excluded() -> dict[str, list[str]]:
    """By module, texts of the lines at which a block begins that need not be reached."""
    entries = tomllib.loads((ROOT / "scripts" / "coverage.toml").read_text(encoding="utf-8")).get("exclude", [])
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        assert entry["reason"], entry
        found[entry["module"]].append(entry["line"])
    return found


def count(options: list[str]) -> dict[str, Points] | int:
    """Runs the tests; the counts by module, or the exit status of those that failed."""
    modules = {path.stem: Points() for path in [*rtl_files(), *soc_files()]}
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(OUT.parent.glob("test_*.py"))
        tests = [str(path) for path in files if path.stem.removeprefix("test_") not in LEFT_OUT]
        chosen = options if "-m" in options else [*options, "-m", "not slow"]
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *chosen, *tests]
        environment = {**os.environ, "DEEPSOC_COVERAGE": folder}
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        for path in Path(folder).glob("*.dat"):
            read(path, modules)
    return status or modules


def main() -> int:
    """Counts, prints and writes the figures."""
    modules = count(sys.argv[1:])
    if isinstance(modules, int):
        return modules
    sources = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in [*rtl_files(), *soc_files()]}
    without = excluded()
    stale = [
        f"{module}.sv holds no line {text!r}"
        for module, texts in without.items()
        for text in texts
        if not any(text in line for line in sources[module])
    ]
    figures: dict[str, dict[str, object]] = {}
    total = [0] * 6  # lines, branches and directions of bits, reached and all
    for module, points in sorted(modules.items()):
        if not points.branches and not points.bits:
            print(f"{module:24} no block test")
            continue
        for key in [key for key in points.branches for text in without[module] if text in sources[module][key[0] - 1]]:
            if points.branches.pop(key):
                stale.append(f"{module}.sv:{key[0]} is reached, and excluded")
        lines = points.lines()
        missed = sorted(line for line, n in lines.items() if n == 0)
        counts = [len(lines) - len(missed), len(lines)]
        counts += [sum(n > 0 for n in points.branches.values()), len(points.branches)]
        counts += [sum(n > 0 for n in points.bits.values()), len(points.bits)]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        names = ("reached", "points", "branches_reached", "branches", "toggled", "toggles")
        figures[module] = {**dict(zip(names, counts, strict=True)), "missed_lines": missed}
        print(f"{module:24} {_shares(counts)}  {missed or ''}")
    print(f"{'all':24} {_shares(total)}")
    print(*stale, sep="\n", end="\n" if stale else "")
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(bool(stale) or total[0] < LEAST * total[1])


def _shares(counts: Sequence[int]) -> str:
    pairs = zip(("lines", "branches", "toggles"), counts[::2], counts[1::2], strict=True)
    return "  ".join(f"{name} {part:6} of {all_:6} {part / max(all_, 1):6.1%}" for name, part, all_ in pairs)


if __name__ == "__main__":
    sys.exit(main())
