"""The Verilated accelerator below a C++ harness, with the real firmware."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from deepsoc import _process
from deepsoc.export import Artifacts
from deepsoc.sim.backends import Found, Options, Progress, Run
from deepsoc.sim.build import build

__all__ = ["prepare", "progress_lines", "write_regions"]


def prepare(export: Artifacts, work: Path, options: Options, tell: Progress) -> Run:
    """Builds the simulator, unless the cache has it."""
    program = build(
        export.path,
        work,
        trace=options.trace is not None,
        assertions=options.assertions,
        rtl=options.rtl,
        progress=tell,
    )

    def run(batch: Artifacts, place: Path, seed: int, tell: Progress) -> Found:
        values: dict[str, object] = {
            "weights": batch.path / "weights.bin",
            "input": batch.path / "input.bin",
            "outputs": write_regions(batch, place),
            "out": place,
            "stall-prob": options.stall_prob,
            "mem-latency": options.mem_latency,
            "max-burst": batch.hw.axi_max_burst,
            "seed": seed,
            "watchdog": options.watchdog,
            "runs": 2 if any(op.load_bytes for op in batch.manifest.operations) else 1,
        }
        if options.trace:
            values["trace"] = options.trace
        command = [str(program), *(part for key, value in values.items() for part in (f"--{key}", str(value)))]
        command += [part for fault in options.faults for part in ("--fault", fault)]
        _process.run(command, cwd=place, on_line=progress_lines(batch, tell))
        found: Found = json.loads((place / "result.json").read_text())
        return found

    return run


def write_regions(export: Artifacts, place: Path) -> Path:
    """Writes where in the arena each operation's results lie, a line an operation."""
    file = place / "outputs.txt"
    file.write_text("".join(f"{op.y_offset} {op.y_bytes}\n" for op in export.manifest.operations))
    return file


def progress_lines(export: Artifacts, tell: Progress) -> Callable[[str], bool]:
    """A reader of a simulator's output: progress goes to `tell`, anything else is for the error message."""
    operations = export.manifest.operations
    total = max(1, sum(op.clocks for op in operations))

    def on_line(line: str) -> bool:
        try:
            report = json.loads(line)
            clock, index = int(report["clock"]), int(report["operation"])
        except (ValueError, KeyError, TypeError):
            return False
        if index < len(operations):
            tell(f"simulating {operations[index].name}", min(clock / total, 1.0))
        return True

    return on_line
