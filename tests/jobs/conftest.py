"""A root of runs, shell commands as runs, and no process left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deepsoc import jobs
from deepsoc.jobs._store import launch


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.02)


@dataclass(frozen=True)
class Runs:
    """Starts shell commands as runs, in the folder `work`."""

    root: Path
    work: Path

    def __call__(self, script: str) -> jobs.Job:
        return launch("simulate", ["sh", "-c", script], title=script, root=self.root, cwd=self.work)

    def held(self, name: str, then: str = "echo '{}'") -> jobs.Job:
        """A run that goes on when the file `name` is there."""
        return self(f"while [ ! -e {name} ]; do sleep 0.05; done; {then}")

    def release(self, name: str) -> None:
        (self.work / name).touch()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.delenv("DEEPSOC_JOBS_PARALLEL", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    root = tmp_path / "jobs"
    yield Runs(root, work)
    for job in jobs.find(root):
        job.cancel()
    for job in jobs.find(root):
        job.wait(20)


def running(job: jobs.Job) -> None:
    """Waits until it runs."""
    until(lambda: job.state.status == "running")
