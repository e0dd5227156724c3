"""The processes of a run: found by a mark in their environment, which children inherit whatever group they join."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

__all__ = ["MARK", "end", "of_job", "supervisor"]

MARK = "DEEPSOC_JOB"
"""Environment variable that holds the id of the run."""

_PERIOD_S = 0.02


def of_job(identity: str) -> set[int]:
    """Process ids of a run, its supervisor among them; this machine's, without ended ones."""
    mark = f"{MARK}={identity}".encode()
    return {pid for pid in _all() if mark in _read(pid, "environ")}


def supervisor(identity: str) -> int | None:
    """Process id of the supervisor of a run; None: not on this machine."""
    return next((pid for pid in of_job(identity) if b"deepsoc.jobs._runner" in _read(pid, "cmdline")), None)


def end(identity: str, grace_s: float) -> None:
    """Ends all processes of a run but this one: an interrupt, as Ctrl-C sends it, and after the grace a kill."""
    deadline = time.monotonic() + grace_s
    told: set[int] = set()
    while pids := of_job(identity) - {os.getpid()}:
        late = time.monotonic() >= deadline
        for pid in pids if late else pids - told:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL if late else signal.SIGINT)
        told |= pids
        if time.monotonic() >= deadline + 10:  # stuck in the kernel; it ends when the kernel lets it
            return
        time.sleep(_PERIOD_S)


def _all() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _read(pid: int, name: str) -> list[bytes]:
    """The zero-terminated strings of a file of a process; none if it is over or somebody else's."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes().split(b"\0")
    return []
