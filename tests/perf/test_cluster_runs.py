"""Runs in folders of their own on workers that die."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from deepsoc.perf.runs import RESULT, run_in_folders
from tests.perf.test_runs import attempts, runs, square


def dying(value: int, place: Path) -> dict[str, Any]:
    """Kills its worker: run 5 every time, run 3 the first time."""
    row = square(value, place)
    if value == 5 or (value == 3 and len((place / "attempts").read_text()) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return row


def test_killed_workers_lose_nothing_and_a_run_that_always_kills_is_a_row(tmp_path: Path) -> None:
    import dask
    from distributed import LocalCluster

    impatient = dask.config.set({"distributed.scheduler.allowed-failures": 0})  # blames after the first death
    with impatient, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        table = run_in_folders(dying, runs(), tmp_path, cluster=cluster.scheduler_address)
    assert table["square"].dropna().tolist() == [9, 16, 36]
    assert table["error"].str.startswith("its workers died again and again").tolist() == [False, False, True, False]
    assert attempts(tmp_path)["v3"] == 2
    assert sorted(path.parent.name for path in tmp_path.glob(f"*/{RESULT}")) == ["v3", "v4", "v6"]
