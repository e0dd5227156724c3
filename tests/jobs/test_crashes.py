"""What must never lose a run: killed kernels and supervisors, full disks, deleted folders, damaged files."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepsoc import jobs
from deepsoc.errors import ToolError
from deepsoc.jobs import _processes
from deepsoc.jobs._store import launch
from tests.jobs.conftest import Runs, running, until


def _pid(file: Path) -> int:
    """The process id in a file, once it is there."""
    until(lambda: file.exists() and file.read_text().strip())
    return int(file.read_text())


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_kernel(runs: Runs) -> None:
    code = (
        "import sys, time; from deepsoc.jobs._store import launch\n"
        "script = 'echo begun >&2; while [ ! -e go ]; do sleep 0.05; done; echo {}'\n"
        "print(launch('demo', ['sh', '-c', script], title='', root=sys.argv[1]).id, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(runs.root)],
        cwd=runs.work,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as kernel:
        assert kernel.stdout is not None
        identity = kernel.stdout.readline().strip()
        os.killpg(kernel.pid, signal.SIGKILL)
    (job,) = jobs.find(runs.root)
    assert job.id == identity
    running(job)
    runs.release("go")
    assert job.wait().status == "done"
    assert (job.log(), job.result()) == (("begun\n", 6), {})


def test_kernel_killed_before_the_supervisor_started(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepsoc.jobs._store._spawn", lambda *_: None)
    state = runs("true").state
    assert state.status == "lost"
    assert "before it began" in state.reason


def test_killed_supervisor(runs: Runs) -> None:
    job = runs("echo begun >&2; echo $$ > pid; sleep 60")
    pid = _pid(runs.work / "pid")
    supervisor = _processes.supervisor(job.id)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    state = job.wait(20)
    assert (state.status, state.started is not None, job.log_tail()) == ("lost", True, "begun")
    assert "supervisor" in state.reason
    with pytest.raises(ToolError, match="lost"):
        job.result()
    assert _lives(pid)
    job.cancel()  # ends what is left
    assert not _lives(pid)
    job.remove()
    assert jobs.find(runs.root) == []


def test_cancel_ends_grandchildren(runs: Runs) -> None:
    """One in a session of its own, which ignores interrupts, and one whose parent is gone."""
    job = runs("setsid sh -c 'trap \"\" INT; echo $$ > stubborn; sleep 60' & (sleep 61 & echo $! > orphan); wait")
    pids = _pid(runs.work / "stubborn"), _pid(runs.work / "orphan")
    assert all(_lives(pid) for pid in pids)
    job.cancel()
    assert job.wait().status == "cancelled"
    assert not any(_lives(pid) for pid in pids)
    until(lambda: not _processes.of_job(job.id))
    job.cancel()
    assert job.state.status == "cancelled"


def test_cancel_is_an_interrupt(runs: Runs) -> None:
    """So that a tool can clean up, and a sweep keeps what it has."""
    code = (
        "import pathlib, time\n"
        "try:\n    pathlib.Path('ready').touch(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    pathlib.Path('cleaned').touch()"
    )
    job = launch("sweep", [sys.executable, "-c", code], title="", root=runs.root, cwd=runs.work)
    until((runs.work / "ready").exists)
    job.cancel()
    assert job.wait().status == "cancelled"
    assert (runs.work / "cleaned").exists()


def test_cancel_at_once(runs: Runs) -> None:
    for _ in range(3):
        job = runs("touch ran; sleep 60")
        job.cancel()
        assert job.wait().status == "cancelled"


def test_nothing_is_left_after_the_end(runs: Runs) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid)"
    job = runs(f'{sys.executable} -c "{code}" > orphan; exit 1')
    assert job.wait().status == "failed"
    assert not _lives(_pid(runs.work / "orphan"))


def test_full_disk(runs: Runs) -> None:
    job = runs.held("go", then="exit 1")
    running(job)
    (job.folder / "state.new").symlink_to("/dev/full")
    runs.release("go")
    state = job.wait()
    assert (state.status, state.exit_code) == ("failed", 1)
    assert "No space left" in state.reason


def test_tool_that_finds_no_space(runs: Runs) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        job = launch("sweep", [sys.executable, "-c", "print('x' * 100_000)"], title="", root=runs.root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert job.wait().status == "failed"
    assert "too large" in job.log_tail()
    with pytest.raises(ToolError, match="no result"):
        job.result()


def test_deleted_folder(runs: Runs) -> None:
    job = runs("echo $$ > pid; sleep 60")
    other = runs.held("go")
    pid = _pid(runs.work / "pid")
    with contextlib.suppress(OSError):
        shutil.rmtree(job.folder)
    until(lambda: not _lives(pid))
    until(lambda: not _processes.of_job(job.id))
    assert not job.folder.exists()
    assert (job.state.status, job.state.reason) == ("lost", "its folder was deleted")
    assert (job.log(), job.log_tail(), job.wait().status) == (("", 0), "", "lost")
    assert jobs.find(runs.root) == [other]
    job.cancel()
    job.remove()
    running(other)


def test_damaged_state(runs: Runs) -> None:
    damages = "", "{", "[]", '{"status": "well"}', '{"status": "done", "progress": "half"}'
    job = runs.held("go")
    running(job)
    for damage in damages:
        (job.folder / "state.json").write_text(damage)
        assert job.state.status == "running"
        assert "damaged" in job.state.message
    runs.release("go")
    assert job.wait().status == "done"
    for damage in damages:
        (job.folder / "state.json").write_text(damage)
        until(lambda: job.state.status == "lost")  # the supervisor is about to go
        assert "damaged" in job.state.reason
    assert jobs.find(runs.root) == [job]


def test_damaged_specification(runs: Runs) -> None:
    job = runs("true")
    job.wait()
    for damage in ("", "[]", '{"kind": "demo"}', '{"command": [], "colour": 1}'):
        (job.folder / "job.json").write_text(damage)
        (found,) = jobs.find(runs.root)
        assert (found.kind, found.title, found.state.status) == ("damaged", job.id, "done")
