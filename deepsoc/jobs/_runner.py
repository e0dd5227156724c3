"""The supervisor of one run, a process of its own: `python -m deepsoc.jobs._runner FOLDER`.

It waits for a place, runs the command, mirrors its progress, ends what it leaves, and writes the last state. Its
standard error is the run's log.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from deepsoc import _guard, _progress
from deepsoc._files import read_bytes
from deepsoc.errors import InputError
from deepsoc.jobs import _state
from deepsoc.jobs._job import CANCEL, LOCK, Job
from deepsoc.jobs._state import JobState
from deepsoc.jobs._store import GRACE_S, find, places

__all__ = ["main"]

_PERIOD_S = 0.1
_FULL_BYTES = 1 << 20


class _CancelledError(Exception):
    """The run is to end."""


class _Supervisor:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job = Job.load(folder)
        self.state = JobState("queued")
        self.cancelled = False
        for number in (signal.SIGTERM, signal.SIGINT):  # the machine goes down; handlers, so that the command has none
            signal.signal(number, self._cancel)
        _guard.adopt()

    def run(self) -> None:
        """From the queue to the last state."""
        try:
            with self._place():
                last = self._command()
        except _CancelledError:
            last = replace(self.state, status="cancelled", reason="cancelled")
        except (OSError, ValueError, IndexError) as error:  # the last two: of a command that cannot be one
            last = replace(self.state, status="failed", reason=f"cannot be run: {error}")
        finally:
            _guard.end_descendants(GRACE_S)
        self._save(replace(last, message="", ended=time.time()))

    def _cancel(self, *_: object) -> None:
        self.cancelled = True

    def _look(self) -> None:
        """Raises _CancelledError when the run is cancelled or its folder was deleted."""
        if self.cancelled or not self._there() or os.path.lexists(self.folder / CANCEL):
            raise _CancelledError

    def _there(self) -> bool:
        return (self.folder / LOCK).exists()

    def _save(self, state: JobState) -> None:
        """Writes the state if it is new; not into a folder that is being deleted."""
        if state != self.state and self._there():
            _state.save(self.folder, state)
        self.state = state

    def _place(self) -> IO[bytes]:
        """One of the root's places, held until the file is closed; all older runs that wait come first."""
        locks = self.folder.parent / ".slots"
        locks.mkdir(exist_ok=True)
        count = places()
        ahead = [job for job in find(self.folder.parent) if job.id < self.job.id]
        while True:
            self._look()
            ahead = [job for job in ahead if job.state.status == "queued"]
            for index in range(0 if ahead else count):
                lock = os.fdopen(os.open(locks / str(index), os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666), "wb", 0)
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return lock
                lock.close()
            self._save(replace(self.state, message=f"waits for one of {count} places"))
            time.sleep(_PERIOD_S)

    def _command(self) -> JobState:
        """Runs the command to its end, and judges it."""
        if self.job.damage:
            return replace(self.state, status="failed", reason=self.job.damage)
        with (self.folder / "result.json").open("wb") as result:
            child = subprocess.Popen(
                self.job.command, cwd=self.job.cwd, stdin=subprocess.DEVNULL, stdout=result, process_group=0
            )
        self._save(JobState("running", pid=child.pid, started=time.time()))
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(_PERIOD_S)
                break
            self._look()
            self._save(replace(self.state, **self._progress()))
        state = replace(self.state, **self._progress(), exit_code=code)
        if code == 0:
            return replace(state, status="done", stage="", progress=1.0)
        return replace(state, status="failed", reason=self._why(code))

    def _progress(self) -> dict[str, Any]:
        """What the command told last; its file is emptied, so that it stays small."""
        with contextlib.suppress(OSError, InputError, ValueError, TypeError, KeyError, IndexError, RecursionError):
            path = Path(os.environ[_progress.VARIABLE])
            line = read_bytes(path, "the progress").splitlines()[-1]
            os.truncate(path, 0)
            told = json.loads(line)
            share = told["progress"]
            return {
                "stage": str(told["stage"]),
                "progress": None if share is None else min(max(float(share), 0.0), 1.0),
                "message": str(told["message"]),
            }
        return {}

    def _why(self, code: int) -> str:
        """The exit code in words, with the command's last words if they are an error line."""
        number = -code if code < 0 else code - 128 if code > 128 else 0
        try:
            why = f"killed by signal {number} ({signal.Signals(number).name})"
            if number == signal.SIGKILL:
                why += "; out of memory?"
            why = why if code < 0 else f"exit status {code}: {why}"
        except ValueError:
            why = f"exit status {code}"
        if (last := self.job.log_tail(1)).startswith("error: "):
            why += f": {last.removeprefix('error: ')}"
        if shutil.disk_usage(self.folder).free < _FULL_BYTES:
            why += "; the disk is full"
        return why


def main(folder: str) -> None:
    """Supervises the run of that folder, whose lock this process has inherited."""
    _Supervisor(Path(folder)).run()


if __name__ == "__main__":
    main(sys.argv[1])
