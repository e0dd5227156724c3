"""A run: its folder, read afresh at every question."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from deepsoc._files import read_bytes
from deepsoc.errors import InputError, ToolError
from deepsoc.jobs import _records, _state
from deepsoc.jobs._state import JobState

__all__ = ["CANCEL", "KEPT", "LOCK", "Job", "Specification"]

CANCEL = "cancel"
"""File whose appearance ends the run."""
LOCK = "lock"
"""File that the supervisor has locked as long as it lives."""
KEPT = "kept"
"""Folder of a run that holds copies of files as they were at its start."""
_TAIL_BYTES = 1 << 18
_MAX_RESULT_BYTES = 1 << 28
_PERIOD_S = 0.1


@dataclass(frozen=True)
class Specification:
    """What a run is; what `job.json` holds. Fields as of `Job`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _records.CONFIG

    kind: str
    title: str
    created: _records.Moment
    command: tuple[str, ...] = ()
    cwd: str = "."
    about: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Job(Specification):
    """A run, of this process or of any other.

    Attributes:
        folder: holds `job.json`, `state.json`, `log.txt` (what it wrote to stderr), `result.json` (to stdout).
        id: its name, which sorts by time of creation.
        kind: the command: `export`, `simulate`, …; `damaged` if its `job.json` is.
        title: for people.
        created: Unix time in seconds.
        command: program and arguments.
        cwd: where it runs.
        about: what the caller added.
        damage: what is wrong with its `job.json`; empty if nothing is.
    """

    folder: Path = field(kw_only=True)
    damage: str = field(default="", kw_only=True)

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    def kept(self, name: str) -> Path:
        """Where the copy of a file is that was kept with it; there may be none."""
        return self.folder / KEPT / name

    @classmethod
    def load(cls, folder: Path) -> Job:
        """Reads a run from its folder; a damaged `job.json` leaves its id as its title.

        Raises:
            FileNotFoundError: there is no run.
        """
        created = folder.stat().st_mtime
        try:
            return cls(**vars(_records.read(Specification, folder / "job.json")), folder=folder)
        except InputError as error:
            return cls("damaged", folder.name, created, folder=folder, damage=f"job.json is damaged: {error}")

    @property
    def state(self) -> JobState:
        """What it is doing now."""
        alive = self.alive()  # first: a supervisor writes its last state before it goes
        try:
            state = _state.load(self.folder)
        except InputError as error:
            trouble = f"state.json is damaged: {error}"
            if alive:
                return JobState("running", message=trouble, reason=self.damage)
            if not self.folder.is_dir():
                return JobState("lost", reason="its folder was deleted")
            return JobState("lost", reason=f"{self._and_damage(trouble)}; the log may tell more")
        if alive or not state.active:
            return replace(state, reason=self._and_damage(state.reason))
        how = "before it began" if state.status == "queued" else "in the middle, as by a reboot or lack of memory"
        reason = f"its supervisor was ended {how}, or this is a copy of its folder"
        return replace(state, status="lost", reason=self._and_damage(reason))

    def _and_damage(self, reason: str) -> str:
        return "; ".join(filter(None, (reason, self.damage)))

    def log(self, offset: int = 0, limit: int = 65536) -> tuple[str, int]:
        """A piece of the log.

        Args:
            offset: byte at which it begins; what an earlier call returned.
            limit: bytes at most, 4 at least.

        Returns:
            The text, and the offset of the next piece.

        Raises:
            InputError: offset or limit is out of range.
        """
        if offset < 0 or limit < 4:
            raise InputError(f"expected offset >= 0 and limit >= 4, received {offset} and {limit}", where="log")
        data = self._log_bytes(offset, limit)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=not self.state.active and len(data) < limit)
        return text, offset + len(data) - len(decoder.getstate()[0])

    def log_tail(self, lines: int = 100) -> str:
        """The last lines of the log, out of its last 256 KiB."""
        try:
            size = (self.folder / "log.txt").stat().st_size
        except OSError:
            return ""
        data = self._log_bytes(max(0, size - _TAIL_BYTES), _TAIL_BYTES)
        return "\n".join(data.decode(errors="replace").splitlines()[-lines:]) if lines > 0 else ""

    def cancel(self) -> None:
        """Ends all its processes, or takes it out of the queue; does nothing to a run that is over.

        Returns at once; the state becomes `cancelled` when the last process is gone, which `wait` awaits.

        Raises:
            ToolError: its folder cannot be written.
        """
        if self.state.active:
            try:
                (self.folder / CANCEL).touch()
            except FileNotFoundError:
                return  # deleted, which ends it
            except OSError as error:
                raise ToolError(f"cannot cancel job {self.id}: {self.folder}: {error.strerror}") from None

    def wait(self, timeout: float | None = None) -> JobState:
        """Waits until the run is over, or for so many seconds, and returns its state then."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (state := self.state).active and (deadline is None or time.monotonic() < deadline):
            time.sleep(_PERIOD_S)
        return state

    async def watch(self, callback: Callable[[JobState], object], period: float = _PERIOD_S) -> JobState:
        """Tells every change of the state until the run is over; leaves the event loop free.

        Args:
            callback: gets each new state, the present one first and the last one last.
            period: seconds between two looks, 0.1 at least.

        Returns:
            The last state.
        """
        told = None
        while True:
            if (state := self.state) != told:
                callback(state)
                told = state
            if not state.active:
                return state
            await asyncio.sleep(max(period, _PERIOD_S))

    def result(self) -> dict[str, Any]:
        """The JSON object that the command printed; there is one of a failed run if the answer was no.

        Raises:
            InputError: the run is not over.
            ToolError: it printed none; says why the run failed.
        """
        state = self.state
        if state.active:
            raise InputError(f"it is {state.status}; wait() for its end first", where=f"job {self.id}")
        try:
            data = json.loads(read_bytes(self.folder / "result.json", "the result", most=_MAX_RESULT_BYTES))
            if isinstance(data, dict):
                return data
        except (InputError, ValueError, RecursionError):
            pass
        why = f"; {state.reason}" if state.reason else ""
        raise ToolError(f"job {self.id} is {state.status} and has no result{why}; see {self.folder / 'log.txt'}")

    def remove(self) -> None:
        """Deletes its folder.

        Raises:
            InputError: the run is not over.
            ToolError: the folder cannot be deleted.
        """
        if self.state.active:
            raise InputError(f"it is {self.state.status}; cancel() it first", where=f"job {self.id}")
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ToolError(f"cannot delete {self.folder}: {error.strerror}") from None

    def alive(self) -> bool:
        """Whether its supervisor is there: it holds a lock in the folder as long as it lives, which no copy has."""
        try:
            lock = os.open(self.folder / LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(lock)
        return False

    def _log_bytes(self, offset: int, limit: int) -> bytes:
        try:
            with os.fdopen(os.open(self.folder / "log.txt", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                file.seek(offset)
                return file.read(limit)
        except OSError:
            return b""
