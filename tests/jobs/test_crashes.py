"""What must never lose a run: killed kernels and supervisors, full disks, deleted folders, damaged files."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepsoc import _guard, jobs
from deepsoc.errors import ToolError
from deepsoc.jobs._store import launch
from deepsoc.jupyter import listing
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


def _processes(job: jobs.Job) -> list[int]:
    """The guard and the supervisor of a run, in this order."""
    end = f"deepsoc.jobs._runner\0{job.folder}\0".encode()
    found = []
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if path.name.isdecimal() and (path / "cmdline").read_bytes().endswith(end) and _lives(int(path.name)):
                found.append(int(path.name))
    return sorted(found)


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


@pytest.mark.parametrize("index", [0, 1], ids=["guard", "supervisor"])
def test_killed_supervisor(runs: Runs, index: int) -> None:
    """Neither leaves anything behind, whatever group or session it is in."""
    job = runs("echo begun >&2; setsid sh -c 'echo $$ > apart; sleep 60' & echo $$ > pid; wait")
    pids = _pid(runs.work / "pid"), _pid(runs.work / "apart")
    running(job)
    os.kill(_processes(job)[index], signal.SIGKILL)
    if index == 0:  # the supervisor still does its work
        assert all(_lives(pid) for pid in pids)
        job.cancel()
        assert job.wait(20).status == "cancelled"
    else:
        state = job.wait(20)
        assert (state.status, state.started is not None, job.log(0, 6)[0]) == ("lost", True, "begun\n")
        assert "supervisor" in state.reason
        with pytest.raises(ToolError, match="lost"):
            job.result()
    assert not any(_lives(pid) for pid in pids)
    until(lambda: not _processes(job))
    job.remove()
    assert jobs.find(runs.root) == []


def test_a_copy_is_not_the_run(runs: Runs) -> None:
    job = runs("echo $$ > pid; sleep 60")
    pid = _pid(runs.work / "pid")
    running(job)
    shutil.copytree(runs.root, runs.root.with_name("copy"))
    (copy,) = jobs.find(runs.root.with_name("copy"))
    assert (copy.id, copy.title) == (job.id, job.title)
    assert copy.state.status == "lost"
    assert "a copy" in copy.state.reason
    copy.cancel()
    copy.remove()
    assert jobs.find(runs.root.with_name("copy")) == []
    assert (_lives(pid), job.state.status) == (True, "running")


def test_only_its_own_processes_are_ended(runs: Runs) -> None:
    """Not one that carries its name in the environment, nor one whose number the state has come to hold."""
    job = runs("sleep 60")
    running(job)
    environment = os.environ | {"DEEPSOC_JOB": job.id, "DEEPSOC_PROGRESS": str(job.folder / "progress.jsonl")}
    with subprocess.Popen(["sleep", "60"], env=environment) as other:
        state = json.loads((job.folder / "state.json").read_text())
        (job.folder / "state.json").write_text(json.dumps(state | {"pid": other.pid}))
        job.cancel()
        assert job.wait().status == "cancelled"
        (job.folder / "state.json").write_text(json.dumps(state | {"pid": other.pid}))
        until(lambda: job.state.status == "lost")
        job.cancel()
        job.remove()
        assert other.poll() is None
        other.kill()


def test_a_process_is_known_by_its_start_and_not_by_its_number() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        seen = _guard._look(other.pid)
        assert seen is not None
        _guard._send(other.pid, seen[1] - 1, signal.SIGKILL)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.3)
        _guard._send(other.pid, seen[1], signal.SIGKILL)
        assert other.wait() == -signal.SIGKILL


def test_cancel_ends_grandchildren(runs: Runs) -> None:
    """One in a session of its own, which ignores interrupts, and one whose parent is gone."""
    job = runs("setsid sh -c 'trap \"\" INT; echo $$ > stubborn; sleep 60' & (sleep 61 & echo $! > orphan); wait")
    pids = _pid(runs.work / "stubborn"), _pid(runs.work / "orphan")
    assert all(_lives(pid) for pid in pids)
    job.cancel()
    assert job.wait().status == "cancelled"
    assert not any(_lives(pid) for pid in pids)
    until(lambda: not _processes(job))
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
    until(lambda: not _processes(job))
    assert not job.folder.exists()
    assert (job.state.status, job.state.reason) == ("lost", "its folder was deleted")
    assert (job.log(), job.log_tail(), job.wait().status) == (("", 0), "", "lost")
    assert jobs.find(runs.root) == [other]
    job.cancel()
    job.remove()
    running(other)


STATES = (
    *("", "{", "[]", "\0", "[" * 100_000, '{"status": "well"}', '{"status": []}', '{"status": "done", "colour": 1}'),
    *(f'{{"status": "queued", {rest}}}' for rest in ('"progress": "half"', '"progress": 1e400', '"reason": 5')),
    *(f'{{"status": "done", {rest}}}' for rest in ('"started": "1"', '"started": NaN', '"ended": -1e300', '"pid": -1')),
)
SPECIFICATIONS = (
    *("", "[]", "\0", "[" * 100_000, '{"kind": "demo"}', '{"command": [], "colour": 1}', " " * (1 << 21)),
    '{"kind": "demo", "title": "", "created": "x", "command": ["true"]}',
    '{"kind": "demo", "title": {}, "created": 0, "command": ["true"]}',
    '{"kind": "demo", "title": "", "created": 1e300, "command": ["true"]}',
    '{"kind": "demo", "title": "", "created": 0, "command": "true"}',
    '{"kind": "demo", "title": "", "created": 0, "command": ["true"], "cwd": 3}',
    '{"kind": "demo", "title": "", "created": 0, "command": ["true"], "about": []}',
)


def _replace(file: Path, damage: str | None) -> None:
    """Puts text, or a pipe that nobody writes, in a file's place."""
    file.unlink()
    if damage is None:
        os.mkfifo(file)
    else:
        file.write_text(damage)


def test_damaged_state(runs: Runs) -> None:
    job = runs.held("go")
    running(job)
    for damage in (*STATES, None):
        _replace(job.folder / "state.json", damage)
        assert job.state.status == "running"
        assert "damaged" in job.state.message
    runs.release("go")
    assert job.wait().status == "done"
    for damage in (*STATES, None):
        _replace(job.folder / "state.json", damage)
        until(lambda: job.state.status == "lost")  # the supervisor is about to go
        assert "damaged" in job.state.reason
        assert listing.runs(runs.root)[0]["status"] == "lost"
    assert jobs.find(runs.root) == [job]


def test_damaged_specification(runs: Runs) -> None:
    """It is listed with a reason, can be cancelled and removed, and others are as they were."""
    other = runs("true")
    other.wait()
    job = runs.held("go")
    running(job)
    for damage in (*SPECIFICATIONS, None):
        _replace(job.folder / "job.json", damage)
        found, last = jobs.find(runs.root)
        assert (found.kind, found.title, found.state.status) == ("damaged", job.id, "running")
        assert "job.json is damaged" in found.state.reason
        assert (last, last.state.status) == (other, "done")
        shown = listing.runs(runs.root)
        json.dumps(shown, allow_nan=False)
        assert [(row["kind"], row["status"]) for row in shown] == [("damaged", "running"), ("simulate", "done")]
        assert "damaged" in shown[0]["reason"]
    third = runs("true")
    assert third.wait().status == "done"
    found.cancel()
    assert found.wait().status == "cancelled"
    found.remove()
    assert jobs.find(runs.root) == [third, other]


def test_pipes_in_place_of_what_it_writes(runs: Runs) -> None:
    job = runs.held("go")
    running(job)
    for name in ("log.txt", "result.json", "progress.jsonl"):
        (job.folder / name).unlink(missing_ok=True)
        os.mkfifo(job.folder / name)
    assert (job.log(), job.log_tail()) == (("", 0), "")
    assert listing.log(runs.root, job.id, 0)["text"] == ""
    runs.release("go")
    assert job.wait(20).status == "done"
    with pytest.raises(ToolError, match="no result"):
        job.result()


def test_a_run_whose_specification_is_damaged_before_it_begins(runs: Runs) -> None:
    a, b = runs.held("go"), runs.held("go")
    running(a)
    running(b)
    job = runs("true")
    _replace(job.folder / "job.json", "{")
    other = runs("true")
    runs.release("go")
    assert job.wait().status in ("failed", "done")  # done: it was read before
    assert other.wait().status == "done"


def test_random_damage_never_stops_the_others(runs: Runs, seed: int) -> None:
    """Bytes changed, cut and repeated in both files of one run; the list always tells both, in time."""
    draw = random.Random(seed)
    whole, torn = runs("true"), runs("true")
    assert [job.wait().status for job in (whole, torn)] == ["done", "done"]
    originals = {name: (torn.folder / name).read_bytes().strip() for name in ("job.json", "state.json")}
    for _ in range(300):
        for name, original in originals.items():
            data = bytearray(original)
            for _ in range(draw.randint(0, 3)):
                at = draw.randrange(len(data))
                data[at : at + draw.randint(0, 4)] = draw.choice(
                    [bytes([draw.randrange(256)]), b"", b"[", b"1e999", b"null", b'"', data[: draw.randint(1, 9)]]
                )
            (torn.folder / name).write_bytes(data)
        shown = listing.runs(runs.root)
        json.dumps(shown, allow_nan=False)
        assert [row["id"] for row in shown] == [torn.id, whole.id]
        assert shown[1]["status"] == "done"
        damaged = shown[0]["kind"] == "damaged"
        assert damaged <= ("job.json is damaged" in shown[0]["reason"])
