"""Pieces of work on threads, on processes, on a scheduler; workers that die."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from deepsoc.errors import InputError, ToolError
from deepsoc.perf import sweep as module
from deepsoc.perf.cluster import run_each
from deepsoc.perf.sweep import sweep

SPACE = {"rows": {"min": 1, "max": 40, "step": 1}, "cols": [7, 24, 96]}


def square(value: int) -> int:
    return value * value


def test_threads_give_every_result_once():
    assert sorted(run_each(square, range(100))) == [(i, i * i) for i in range(100)]
    assert list(run_each(square, [])) == []


def test_only_a_few_pieces_are_under_way():
    begun, gate = [], threading.Semaphore(0)

    def work(value: int) -> int:
        begun.append(value)
        gate.acquire()
        return value

    results = run_each(work, range(1000))
    gate.release()
    next(results)
    assert len(begun) <= 2 * (os.cpu_count() or 1) + 1
    for _ in range(50):
        gate.release()
    results.close()
    assert len(begun) < 60


def test_an_error_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(run_each(lambda value: 1 // value, [1, 0, 1]))


def die_once(task: tuple[int, str]) -> int:
    """Kills the worker's process in the middle of piece 5, the first time."""
    value, flag = task
    if value == 5 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return value * value


def test_a_killed_worker_loses_nothing(tmp_path):
    flag = str(tmp_path / "died")
    results = dict(run_each(die_once, [(i, flag) for i in range(20)], cluster=2))
    assert Path(flag).exists()
    assert results == {(i, flag): i * i for i in range(20)}


def test_a_sweep_on_a_cluster_given_by_its_address_is_the_same(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(module, "_PART", 30)
    whole = sweep(["alexnet"], SPACE)
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        pd.testing.assert_frame_equal(sweep(["alexnet"], SPACE, cluster=cluster.scheduler_address), whole)


@pytest.mark.parametrize("cluster", [0, -1, "", 1.5, True])
def test_what_is_no_cluster_is_refused(cluster):
    with pytest.raises(InputError, match="expected a number of processes or the address of a scheduler"):
        list(run_each(square, [1], cluster=cluster))


def test_a_scheduler_that_does_not_answer(monkeypatch):
    monkeypatch.setattr("deepsoc.perf.cluster._CONNECT_S", 1)
    with pytest.raises(ToolError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(run_each(square, [1], cluster="tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="not the address of a scheduler"):
        list(run_each(square, [1], cluster="nonsense://x"))
