"""How far a long run is, and what its tools print: told to the job that started this process, if one did."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time

__all__ = ["VARIABLE", "log", "report", "wanted"]

VARIABLE = "DEEPSOC_PROGRESS"
"""Environment variable that names the file to append to."""

_PERIOD_S = 0.02
_last = ("", 0.0)


def wanted() -> bool:
    """Whether a job listens."""
    return VARIABLE in os.environ


def report(stage: str, done: float, total: float, message: str = "") -> None:
    """Tells the job how far its work is; does nothing without a job, and never fails.

    Args:
        stage: what is being done; a new stage is always told, the same one at most 50 times a second.
        done: amount done, of the whole run.
        total: amount of the whole run; the share is unknown if it is not positive.
        message: more for people, such as a rate.
    """
    global _last
    now = time.monotonic()
    if not wanted() or (stage == _last[0] and now - _last[1] < _PERIOD_S and done < total):
        return
    _last = stage, now
    share = min(max(done / total, 0.0), 1.0) if total > 0 else None
    line = json.dumps({"stage": stage, "progress": share, "message": message}) + "\n"
    with contextlib.suppress(OSError):
        file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())  # one write: lines of several processes do not mix
        finally:
            os.close(file)


def log(text: str) -> None:
    """Puts what a tool printed into the log of the job, its standard error; does nothing without a job."""
    if wanted():
        with contextlib.suppress(OSError, ValueError):  # a full disk, a closed stream
            sys.stderr.write(text)
            sys.stderr.flush()
