"""Lines of the RTL that the block tests reach: runs them with counters and writes tests/rtl/coverage.json.

The documentation's verification table shows the figures. Options go to pytest; without `-m` the long tests run too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "rtl" / "coverage.json"
LEFT_OUT = ("test_mutations.py", "test_elaboration.py", "test_runner.py")  # faulty sources, or no simulation


def counts(path: Path) -> Counter[tuple[str, int]]:
    """How often each counted point of a file was reached; a point is its module and line, the rarest branch counts."""
    found: dict[tuple[str, int, str], int] = {}
    for entry in path.read_text(errors="replace").splitlines():
        if not entry.startswith("C '"):
            continue
        fields, _, count = entry[3:].rpartition("' ")
        known = dict(part.split("\x02", 1) for part in fields.split("\x01") if "\x02" in part)
        name, line = Path(known.get("f", "")).stem, int(known.get("l", 0))
        if known.get("page", "").startswith(("v_line", "v_branch")):
            key = (name, line, known.get("o", "") + known.get("n", ""))
            found[key] = found.get(key, 0) + int(count)
    return Counter({(name, line): n for (name, line, _), n in sorted(found.items(), key=lambda item: -item[1])})


def main() -> int:
    """Runs the tests and writes the figures."""
    with tempfile.TemporaryDirectory() as folder:
        tests = [str(path) for path in sorted(OUT.parent.glob("test_*.py")) if path.name not in LEFT_OUT]
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *sys.argv[1:], *tests]
        status = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "DEEPSOC_COVERAGE": folder}, check=False
        ).returncode
        total: Counter[tuple[str, int]] = Counter()
        for path in Path(folder).glob("*.dat"):
            for key, n in counts(path).items():
                total[key] += n
    if status or not total:
        return status or 1
    modules = sorted({name for name, _ in total if name.startswith("dsoc_")})
    figures = {}
    for module in modules:
        lines = {line: n for (name, line), n in total.items() if name == module}
        missed = sorted(line for line, n in lines.items() if n == 0)
        figures[module] = {"points": len(lines), "reached": len(lines) - len(missed), "missed_lines": missed}
        print(f"{module:22} {figures[module]['reached']:4} of {len(lines):4}  {missed}")
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
