"""The state of a run and its file."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Interval

from deepsoc.jobs import _records

__all__ = ["JobState", "Status", "load", "save"]

Status = Literal["queued", "running", "done", "failed", "cancelled", "lost"]

_FILE = "state.json"
_BYTES = 4096  # a state always takes so many, so that the last one still fits into its place on a full disk
_LENGTHS = {"stage": 80, "message": 240, "reason": 480}


@dataclass(frozen=True)
class JobState:
    """What a run is doing.

    Attributes:
        status: `queued`, `running`, `done`, `failed`, `cancelled`, or `lost`: its supervisor or its folder is gone.
        stage: what it does now.
        progress: share of the run that is over, 0 … 1; None: not known.
        message: more about the stage.
        pid: of the command, once it runs.
        started: Unix time in seconds, once it runs.
        ended: Unix time in seconds.
        exit_code: of the command; negative: ended by that signal.
        reason: why it failed, was cancelled or is lost.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _records.CONFIG

    status: Status
    stage: str = ""
    progress: Annotated[float, Interval(ge=0, le=1)] | None = None
    message: str = ""
    pid: Annotated[int, Interval(ge=1, lt=1 << 31)] | None = None
    started: _records.Moment | None = None
    ended: _records.Moment | None = None
    exit_code: Annotated[int, Interval(gt=-(1 << 31), lt=1 << 31)] | None = None
    reason: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ("queued", "running")

    @property
    def seconds(self) -> float | None:
        """How long it took, or has run so far; None before it starts."""
        return None if self.started is None else max(0.0, (self.ended or time.time()) - self.started)


def load(folder: Path) -> JobState:
    """Reads the state of a run.

    Raises:
        InputError: there is none, or it is damaged.
    """
    return _records.read(JobState, folder / _FILE)


def save(folder: Path, state: JobState) -> None:
    """Replaces the state at once; on a full disk it is written over the old one. Never fails."""
    new = folder / "state.new"
    try:
        new.write_bytes(_encode(state))
        new.replace(folder / _FILE)
    except OSError as error:
        trouble = f"state.json: {error.strerror}"
        told = replace(state, message=trouble, reason=f"{state.reason}; {trouble}" if state.reason else "")
        with contextlib.suppress(OSError), (folder / _FILE).open("r+b") as file:
            file.write(_encode(told))


def _encode(state: JobState) -> bytes:
    data = asdict(state)
    for name, length in _LENGTHS.items():
        text = "".join(c if c.isprintable() else " " for c in data[name])
        data[name] = text if len(text) <= length else f"{text[: length - 2]} …"
    return json.dumps(data, ensure_ascii=False).encode(errors="replace").ljust(_BYTES - 1) + b"\n"
