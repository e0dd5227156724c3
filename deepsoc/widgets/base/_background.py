"""Work of a control in a thread, so that the kernel stays free: progress, rate, time left, cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from deepsoc.errors import DeepSocError, InputError

__all__ = ["IDLE", "Background"]

Result = TypeVar("Result")
IDLE: dict[str, Any] = {"state": "idle", "done": 0, "total": 0, "rate": 0.0, "left_s": 0.0, "message": ""}
_PERIOD_S = 0.1  # between two reports
_BUSY = ("running", "cancelling")


class _CancelledError(Exception):
    """Leaves the work from inside its progress."""


class Background:
    """One piece of work at a time.

    Args:
        tell: takes a dictionary like IDLE whenever something changes; `state` is one of idle, running, cancelling,
            done, failed, cancelled.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._state = dict(IDLE)
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = 0.0

    @property
    def busy(self) -> bool:
        """Whether it works."""
        return self._state["state"] in _BUSY

    def start(self, work: Callable[[Callable[[int, int], None]], Result], take: Callable[[Result], str]) -> None:
        """Starts the work.

        Args:
            work: is called with a function that takes how much is done and how much there is.
            take: is called with the result, unless cancelled; returns what was found, in words.

        Raises:
            InputError: something is running.
        """
        if self.busy:
            raise InputError("something is running; wait for it, or cancel it")
        self._cancel.clear()
        self._report(IDLE | {"state": "running"})
        self._thread = threading.Thread(target=self._run, args=(work, take), daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stops the work at its next report of progress; its result is thrown away."""
        if self.busy:
            self._cancel.set()
            self._report({"state": "cancelling"})

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits until nothing is running.

        Raises:
            InputError: it takes longer than `timeout_s`.
        """
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                raise InputError(f"still running after {timeout_s} s; wait longer, or cancel it", where="timeout_s")

    def _run(self, work: Any, take: Any) -> None:
        start = time.monotonic()

        def progress(done: int, total: int) -> None:
            if self._cancel.is_set():
                raise _CancelledError
            now = time.monotonic()
            if now - self._told >= _PERIOD_S or done >= total:
                self._told = now
                rate = done / max(now - start, 1e-9)
                self._report({"done": done, "total": total, "rate": rate, "left_s": (total - done) / max(rate, 1e-9)})

        try:
            found = work(progress)
            if self._cancel.is_set():
                raise _CancelledError
            message = take(found)
        except _CancelledError:
            self._report({"state": "cancelled", "message": "Cancelled."})
        except DeepSocError as error:
            self._report({"state": "failed", "message": str(error)})
        except Exception as error:  # a fault of ours must not leave the control running for ever
            self._report({"state": "failed", "message": f"{type(error).__name__}: {error}"})
            raise
        else:
            self._report({"state": "done", "message": message})

    def _report(self, news: dict[str, Any]) -> None:
        self._state = self._state | news
        self._tell(dict(self._state))
