"""A design, and runs of it that do what a test wants."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from deepsoc import jobs
from deepsoc.jobs._store import launch
from deepsoc.widgets import Design

NET: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "tiny",
    "input": {"shape": [4, 4, 1], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {
            "name": "b1",
            "input": "input",
            "core": {"type": "conv2d", "filters": 2, "kernel": [3, 3], "strides": [1, 1], "padding": "same"},
            "act": None,
        }
    ],
}
RESULT: dict[str, Any] = {
    "bit_exact": False,
    "mismatches": 3,
    "first_difference": {"bundle": "b1", "operation": "b1", "index": [0, 1, 2, 0], "expected": 4.0, "received": -7.0},
    "error": "",
    "cycles_rtl": 1200,
    "cycles_model": 1000,
    "bundles": [
        {"name": "b1", "cycles_rtl": 1200, "cycles_model": 1000, "axi_read_bytes": 64, "axi_write_bytes": 32,
         "bound": "array"}
    ],
    "operations": [],
    "trace": "",
    "wall_s": 1.5,
    "clocks_per_second": 1e5,
}  # fmt: skip


@pytest.fixture
def design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Design:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEEPSOC_JOBS", raising=False)
    made = Design("mine")
    made.net = NET
    return made


@pytest.fixture
def panels() -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for panel in made:
        panel.close()
    for job in jobs.find():
        job.cancel()
        job.wait(20)


def program(design: Design, text: str, kind: str = "simulate", arguments: Sequence[str] = (), **about: Any) -> jobs.Job:
    """A run of this design that does what a test wants."""
    keep = {"design": str(design.folder), **about}
    return launch(kind, [sys.executable, "-c", text, *arguments], title=f"{kind} mine", about=keep)


def wait_for(panel: Any, good: Callable[[], Any], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < deadline, (panel.runs, panel.log[-500:], panel.value)
        time.sleep(0.02)


def status(panel: Any) -> str:
    return next((row["status"] for row in panel.runs if row["id"] == panel.current), "")
