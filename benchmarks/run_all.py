"""Runs every benchmark of this folder and collects the figures.

Prints a table and writes figures.json, which the documentation shows; figures of benchmarks that were not run stay.
Exit status 1 if a benchmark failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
CONSOLE = Console(stderr=True)


def run(script: Path) -> dict[str, Any]:
    """The figures of one benchmark, or {"error": …}."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    try:
        figures = json.loads(lines[-1]) if lines else None
    except ValueError:
        figures = None
    if done.returncode or not isinstance(figures, dict):
        print(done.stdout, file=sys.stderr)
        return {"error": f"exit status {done.returncode}, and a JSON object on the last line was expected"}
    return {**figures, "wall_s": round(time.perf_counter() - start, 2)}


def main() -> int:
    """Runs the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", help="part of a benchmark's file name")
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()

    results = json.loads(options.out.read_text())["results"] if options.out.exists() else {}
    for script in sorted(HERE.glob("bench_*.py")):
        if not options.name or any(name in script.stem for name in options.name):
            CONSOLE.print(f"{script.stem} …")
            results[script.stem] = run(script)

    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine, "results": results}, indent=2) + "\n")

    table = Table("benchmark", "figure", "value", box=None)
    for name, figures in results.items():
        for figure, value in figures.items():
            table.add_row(name, figure, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return int(any("error" in figures for figures in results.values()))


if __name__ == "__main__":
    sys.exit(main())
