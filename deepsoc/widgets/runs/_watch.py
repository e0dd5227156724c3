"""Looks at the disk again and again, for a panel of runs."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsoc.widgets.runs._job_panel import JobPanel

__all__ = ["BUSY_S", "IDLE_S", "Watch"]

BUSY_S, IDLE_S = 0.2, 2.0
"""Seconds between two looks while something runs, and while nothing does."""


class Watch(threading.Thread):
    """Refreshes a panel until it is closed or nobody has it any more."""

    def __init__(self, panel: JobPanel) -> None:
        super().__init__(name="deepsoc-job-panel", daemon=True)
        self._panel = weakref.ref(panel)
        self._event = threading.Event()
        self._stopped = False

    def wake(self) -> None:
        """Looks at once."""
        self._event.set()

    def stop(self) -> None:
        """Ends it."""
        self._stopped = True
        self._event.set()

    def run(self) -> None:
        """Until the end."""
        pause = BUSY_S
        while not self._stopped:
            self._event.wait(pause)
            self._event.clear()
            panel = self._panel()
            if panel is None or self._stopped:
                return
            try:
                pause = panel.refresh()
            except OSError as error:  # a disk that fails now may be there again later
                panel.error, pause = f"cannot look at the runs: {error}", IDLE_S
            del panel
