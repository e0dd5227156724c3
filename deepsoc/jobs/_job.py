"""A run: its folder, read afresh at every question."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepsoc.errors import InputError, ToolError
from deepsoc.jobs import _processes, _state
from deepsoc.jobs._state import JobState

__all__ = ["KEPT", "Job"]

KEPT = "kept"
"""Folder of a run that holds copies of files as they were at its start."""
_TAIL_BYTES = 1 << 18
_PERIOD_S = 0.1
_FIND_S = 5.0


@dataclass(frozen=True)
class Job:
    """A run, of this process or of any other.

    Attributes:
        folder: holds `job.json`, `state.json`, `log.txt` (what it wrote to stderr), `result.json` (to stdout).
        id: its name, which sorts by time of creation.
        kind: the command: `export`, `simulate`, …
        title: for people.
        created: Unix time in seconds.
        command: program and arguments.
        cwd: where it runs.
        about: what the caller added.
    """

    folder: Path
    kind: str
    title: str
    created: float
    command: tuple[str, ...] = ()
    cwd: str = "."
    about: Mapping[str, Any] = field(default_factory=dict, hash=False)

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
        data = (folder / "job.json").read_bytes()
        created = (folder / "job.json").stat().st_mtime
        try:
            spec = json.loads(data)
            return cls(folder, **{**spec, "command": tuple(spec["command"])})
        except (ValueError, TypeError, KeyError):
            return cls(folder, kind="damaged", title=folder.name, created=created)

    @property
    def state(self) -> JobState:
        """What it is doing now."""
        alive = self._alive()  # first: a supervisor writes its last state before it goes
        try:
            state = _state.load(self.folder)
        except FileNotFoundError:
            return JobState("lost", reason="its folder was deleted")
        except (OSError, ValueError) as error:
            if alive:
                return JobState("running", message=f"state.json is damaged: {error}")
            return JobState("lost", reason=f"state.json is damaged: {error}; the log may tell more")
        if alive or not state.active:
            return state
        how = "before it began" if state.status == "queued" else "in the middle, as by a reboot or lack of memory"
        return JobState(**{**vars(state), "status": "lost", "reason": f"its supervisor was ended {how}"})

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
        Of a lost run it ends what is left.

        Raises:
            ToolError: its supervisor cannot be reached from here.
        """
        deadline = time.monotonic() + _FIND_S
        while (state := self.state).active:
            if pid := _processes.supervisor(self.id):
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    continue
                except PermissionError:
                    raise ToolError(f"job {self.id} belongs to another user; cancel it as that user") from None
                return
            if time.monotonic() > deadline:
                raise ToolError(f"job {self.id} runs, but not on this machine; cancel it there")
            time.sleep(0.01)
        if state.status == "lost":
            _processes.end(self.id, 0)

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
            data = json.loads((self.folder / "result.json").read_bytes())
            if isinstance(data, dict):
                return data
        except (OSError, ValueError):
            pass
        why = f"; {state.reason}" if state.reason else ""
        raise ToolError(f"job {self.id} is {state.status} and has no result{why}; see {self.folder / 'log.txt'}")

    def remove(self) -> None:
        """Deletes its folder, and ends what a lost run left.

        Raises:
            InputError: the run is not over.
            ToolError: the folder cannot be deleted.
        """
        if self.state.active:
            raise InputError(f"it is {self.state.status}; cancel() it first", where=f"job {self.id}")
        _processes.end(self.id, 0)
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ToolError(f"cannot delete {self.folder}: {error.strerror}") from None

    def _alive(self) -> bool:
        """Whether its supervisor is there: it holds a lock on `job.json` as long as it lives."""
        try:
            with (self.folder / "job.json").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _log_bytes(self, offset: int, limit: int) -> bytes:
        try:
            with (self.folder / "log.txt").open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except OSError:
            return b""
