"""Runs a tool with several seeds and keeps what the best one made. All paths are relative to the working folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deepsoc import _process
from deepsoc._files import read_bytes
from deepsoc.errors import DeepSocError, ToolError
from deepsoc.impl.tools import program

__all__ = ["COMMAND", "SeedJob", "achieved_mhz", "main", "run"]

COMMAND = ("-c", "from deepsoc.impl.seeds import main; main()")
"""Python's arguments in front of the job."""


class SeedJob(BaseModel):
    """What is run: `{seed}` in the arguments and `{name}` of the outputs stand for seed and file.

    Attributes:
        program: name of the tool.
        arguments: of it; `{seed}` stands for the seed.
        seeds: 1 … seeds are run.
        outputs: files that the tool writes; each gets its own one for a seed, named by `{0}`, `{1}`, …
        report: which of the outputs is nextpnr's report, by which the best is found; None: there is one seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    seeds: int = 1
    report: int | None = None


def achieved_mhz(report: Path) -> float:
    """The clock rate that nextpnr's report names; of several clocks the lowest.

    Raises:
        ToolError: it has another form.
    """
    try:
        clocks = json.loads(report.read_text(encoding="utf-8"))["fmax"]
        return min(float(clock["achieved"]) for clock in clocks.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise ToolError(f"{report} is no report of a nextpnr that is known ({err!r}); try another version") from None


def run(job: SeedJob) -> None:
    """Runs all seeds; a seed that fails is left out if another one ends.

    Raises:
        ToolError: the tool is missing, or no seed ends.
    """
    path = program(job.program)
    if path is None:
        raise ToolError(f"{job.program} is missing; get it with: pip install 'deepsoc[fpga]'")
    best: tuple[float, tuple[Path, ...]] | None = None
    failed: ToolError | None = None
    for seed in range(1, job.seeds + 1):
        files = tuple(Path(f"seed{seed}-{name}") for name in job.outputs) if job.seeds > 1 else ()
        files = files or tuple(map(Path, job.outputs))
        command = [part.format(*files, seed=seed) for part in job.arguments]
        try:
            _process.run([path, *command], cwd=Path(), on_line=_show)
        except ToolError as error:
            failed = error
            print(f"seed {seed}: {error}", flush=True)  # noqa: T201
            for file in files:
                file.unlink(missing_ok=True)
            continue
        rate = 0.0 if job.report is None else achieved_mhz(files[job.report])
        if job.report is not None:
            print(f"seed {seed}: {rate:.2f} MHz", flush=True)  # noqa: T201
        worse = files
        if best is None or rate > best[0]:
            worse, best = (best[1] if best else ()), (rate, files)
        for file in worse:
            file.unlink(missing_ok=True)
    if best is None:
        raise failed or ToolError("no seed was run")
    for name, file in zip(job.outputs, best[1], strict=True):
        file.replace(name)


def _show(line: str) -> bool:
    print(line, end="", flush=True)  # noqa: T201
    return True


def main() -> None:
    """Runs the job, a `SeedJob` as JSON, whose file is the program's argument."""
    try:
        run(SeedJob.model_validate_json(read_bytes(sys.argv[1], "the job")))
    except DeepSocError as error:
        sys.exit(str(error))
