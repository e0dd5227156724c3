"""Runs the steps of a flow in a work folder: each once for each content of its inputs, each with a log and a stamp."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepsoc import _process
from deepsoc.errors import ToolError
from deepsoc.impl.flow import Availability, Step
from deepsoc.impl.result import StepTime

__all__ = ["Progress", "StepFiles", "run_steps"]

State = Literal["running", "done", "kept", "failed"]
Progress = Callable[[str, int, int, State], None]
"""Called with a step's name, its index, the number of steps and its state."""

_TAIL_LINES = 15
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class StepFiles:
    """Files of one step, relative to the work folder.

    Attributes:
        log: what the tool printed.
        stamp: JSON with the step's `key`, `outputs` and `seconds`; there when the step is done.
    """

    log: str
    stamp: str

    @classmethod
    def of(cls, index: int, name: str) -> StepFiles:
        """Those of the step with this index in its flow and this name."""
        return cls(f"logs/{index + 1}-{name}.log", f"stamps/{index + 1}-{name}.json")


def run_steps(
    steps: Sequence[Step],
    work: Path,
    tool: Availability,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[StepTime, ...]:
    """Runs steps in their order; one whose inputs, command and outputs are as its stamp says is kept.

    Args:
        steps: the first steps of a flow.
        work: work folder with the inputs of the first step.
        tool: the programs.
        fresh: run every step.
        progress: told when a step starts and ends.
        cancel: when set, the running program is ended with all its children.

    Returns:
        One entry a step.

    Raises:
        ToolError: a step failed, was cancelled, or did not write an output; names step and log.
    """
    tell = progress or (lambda name, index, count, state: None)
    times = []
    for folder in ("logs", "stamps"):
        (work / folder).mkdir(exist_ok=True)
    for index, step in enumerate(steps):
        place = StepFiles.of(index, step.name)
        key = _key(step, work, tool)
        seconds = None if fresh else _kept(step, work / place.stamp, key, work)
        if seconds is None:
            tell(step.name, index, len(steps), "running")
            try:
                seconds = _run(step, place, work, tool.programs[step.program], cancel)
            except BaseException:
                tell(step.name, index, len(steps), "failed")
                raise
            _stamp(work / place.stamp, key, _hashes(work, step.outputs), seconds)
            times.append(StepTime(name=step.name, seconds=seconds, kept=False, log=place.log))
            tell(step.name, index, len(steps), "done")
        else:
            times.append(StepTime(name=step.name, seconds=seconds, kept=True, log=place.log))
            tell(step.name, index, len(steps), "kept")
    return tuple(times)


def _run(step: Step, place: StepFiles, work: Path, program: Path, cancel: threading.Event | None) -> float:
    """Runs one step; returns its seconds. What an earlier run of it left is removed first."""
    for name in (place.stamp, place.log, *step.outputs):
        (work / name).unlink(missing_ok=True)
    begin = time.monotonic()
    log = work / place.log
    command: list[str | Path] = [program, *(argument.format(log=place.log) for argument in step.arguments)]
    with log.open("a", encoding="utf-8", buffering=1) as file:

        def on_line(line: str) -> bool:
            file.write(line)
            return True

        try:
            _process.run(command, cwd=work, on_line=on_line, cancel=cancel)
        except ToolError as error:
            reason = str(error).partition("\n")[0].rstrip(":")
            raise ToolError(f"step {step.name}: {reason}; log: {log}\n{_tail(log)}") from None
    if missing := [name for name in step.outputs if not (work / name).is_file()]:
        raise ToolError(f"step {step.name} ended without writing {missing[0]}; log: {log}\n{_tail(log)}")
    return time.monotonic() - begin


def _tail(log: Path) -> str:
    """The last lines of a log, however long it is."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").rstrip().splitlines()
    return "\n".join(lines[-_TAIL_LINES:])


def _key(step: Step, work: Path, tool: Availability) -> str:
    """Hash of all that a step's outputs depend on."""
    parts = {"arguments": step.arguments, "version": tool.version, "files": _hashes(work, _files(work, step.inputs))}
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _files(work: Path, names: Iterable[str]) -> list[str]:
    """The files of these names, and those below the folders among them."""
    found = []
    for name in names:
        path = work / name
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [file.relative_to(work).as_posix() for file in below if file.is_file()]
    return found


def _hashes(work: Path, names: Iterable[str]) -> dict[str, str]:
    hashes = {}
    for name in names:
        with (work / name).open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def _kept(step: Step, stamp: Path, key: str, work: Path) -> float | None:
    """The seconds of the run that made the stamp; None if the step must run, also when the stamp is damaged."""
    try:
        data = json.loads(stamp.read_text(encoding="utf-8"))
        if data["key"] == key and data["outputs"] == _hashes(work, step.outputs):
            return float(data["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _stamp(path: Path, key: str, outputs: dict[str, str], seconds: float) -> None:
    """Writes the stamp in one move, so that there is never half of one."""
    half = path.with_suffix(".new")
    half.write_text(json.dumps({"key": key, "outputs": outputs, "seconds": round(seconds, 3)}) + "\n", encoding="utf-8")
    half.replace(path)
