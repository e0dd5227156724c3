"""Runs from start to result: arguments, results, reasons, order, watching."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deepsoc import jobs
from deepsoc.errors import InputError, ToolError
from deepsoc.jobs import _state
from deepsoc.jobs._store import launch
from tests.cli.conftest import HW, NET
from tests.jobs.conftest import Runs, running, until


def test_import_is_cheap() -> None:
    code = "import sys; from deepsoc import jobs; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "deepsoc.jobs" in loaded
    assert not {"numpy", "pandas", "pydantic", "tensorflow", "rich"} & set(loaded)


def test_command_of_the_package(runs: Runs) -> None:
    (runs.work / "net.json").write_text(json.dumps(NET))
    (runs.work / "hw.json").write_text(json.dumps(HW))
    arguments = ["net.json", "--hw", "hw.json", "--out", "out", "--random-weights"]
    good = jobs.start("export", arguments, root=runs.root, cwd=runs.work, design="tiny")
    bad = jobs.start("export", ["no.json", *arguments[1:]], title="bad", root=runs.root, cwd=runs.work)
    assert (good.wait().status, good.state.progress, good.state.exit_code) == ("done", 1.0, 0), good.log_tail()
    assert "weights.bin" in good.result()["files"]
    assert (runs.work / "out" / "weights.bin").exists()
    assert (good.about, good.title) == ({"design": "tiny"}, "export " + " ".join(arguments))
    assert (bad.wait().status, bad.state.exit_code, bad.title) == ("failed", 2, "bad")
    assert bad.state.reason.startswith("exit status 2: ")
    assert "no.json" in bad.state.reason
    with pytest.raises(ToolError, match=r"no\.json"):
        bad.result()


def test_files_are_kept_as_they_were_and_runs_found_by_what_is_kept(runs: Runs) -> None:
    file = runs.work / "net.json"
    file.write_text("then")
    first = jobs.start("export", ["no.json"], root=runs.root, cwd=runs.work, keep=[file], cell="a", layers=[1, 2])
    second = jobs.start("export", ["no.json"], root=runs.root, cwd=runs.work, cell="b")
    file.write_text("now")
    assert first.kept("net.json").read_text() == "then"
    assert not second.kept("net.json").exists()
    assert [job.id for job in jobs.find(runs.root, cell="a")] == [first.id]
    assert [job.id for job in jobs.find(runs.root, layers=[1, 2])] == [first.id]
    assert jobs.find(runs.root, cell="c") == []
    for wrong in ([runs.work / "gone.json"], [file, runs.work / "." / "x" / ".." / "net.json", "/dev/null/net.json"]):
        with pytest.raises(InputError, match=r"gone\.json|net\.json"):
            jobs.start("export", ["no.json"], root=runs.root, cwd=runs.work, keep=wrong)
    with pytest.raises(InputError, match="different names"):
        jobs.start("export", ["no.json"], root=runs.root, cwd=runs.work, keep=[file, str(file)])
    assert len(jobs.find(runs.root)) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "lab"}, "demo, deploy, export"),
        ({"arguments": "net.json"}, "list of strings"),
        ({"arguments": ["a\0b"]}, "list of strings"),
        ({"arguments": [3]}, "list of strings"),
        ({"cwd": "/no/such"}, "not a folder"),
        ({"about": object()}, "JSON"),
        ({"root": "/dev/null/x"}, "another root"),
    ],
)
def test_bad_arguments(runs: Runs, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        jobs.start(**{"kind": "demo", "arguments": [], "root": runs.root, **changes})
    assert not runs.root.exists()


def test_bad_number_of_places(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSOC_JOBS_PARALLEL", "0")
    with pytest.raises(InputError, match="DEEPSOC_JOBS_PARALLEL"):
        runs("true")


def test_ids(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.find(runs.root) == []
    first, second = runs("true"), runs("true")
    monkeypatch.setenv("DEEPSOC_JOBS", str(runs.root))
    assert jobs.find() == [second, first]
    assert jobs.get(first.id) == first
    (runs.root / "notes").mkdir()
    for wrong in ("notes", "../jobs/" + first.id, "..", "", first.id[:-1] + "g"):
        with pytest.raises(InputError, match=r"jobs\.find"):
            jobs.get(wrong)
    second.wait()
    second.remove()
    second.remove()
    assert jobs.find() == [first]


def test_two_at_a_time_oldest_first(runs: Runs) -> None:
    a, b, c, d = (runs.held(name) for name in "abcd")
    running(a)
    running(b)
    until(lambda: c.state.message and d.state.message)
    assert [c.state.status, d.state.status] == ["queued", "queued"]
    assert "2 places" in c.state.message
    with pytest.raises(InputError, match="queued"):
        c.remove()
    with pytest.raises(InputError, match="running"):
        a.result()
    runs.release("b")
    assert b.wait().status == "done"
    running(c)
    assert d.state.status == "queued"
    d.cancel()
    assert (d.wait().status, d.state.started) == ("cancelled", None)
    assert a.state.status == "running"


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        ("exit 137", 137, "exit status 137: killed by signal 9 (SIGKILL); out of memory?"),
        ("kill -9 $$", -9, "killed by signal 9 (SIGKILL); out of memory?"),
        ("kill -11 $$", -11, "killed by signal 11 (SIGSEGV)"),
        ("echo 'error: no luck' >&2; exit 1", 1, "exit status 1: no luck"),
        ("echo some words >&2; exit 3", 3, "exit status 3"),
    ],
)
def test_reasons(runs: Runs, script: str, code: int, reason: str) -> None:
    state = runs(script).wait()
    assert (state.status, state.exit_code, state.reason) == ("failed", code, reason)


def test_no_such_program(runs: Runs) -> None:
    state = launch("simulate", ["no-such-program"], title="", root=runs.root).wait()
    assert state.status == "failed"
    assert "no-such-program" in state.reason


def test_failed_run_keeps_its_result(runs: Runs) -> None:
    job = runs("echo '{\"bit_exact\": false}'; exit 1")
    assert job.wait().status == "failed"
    assert job.result() == {"bit_exact": False}


def test_no_colours_of_the_notebook(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    job = runs('echo "{\\"colour\\": \\"$FORCE_COLOR\\"}"')
    job.wait()
    assert job.result() == {"colour": ""}


def test_watching(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import time; from deepsoc._progress import report\n"
        "for i in range(100):\n    report(f'step {i}', i, 100, 'some')\n    time.sleep(0.01)"
    )
    job = launch("simulate", [sys.executable, "-c", code], title="", root=runs.root)
    seen: list[jobs.JobState] = []
    ticks = looks = 0
    load = _state.load

    def counted(folder: Path) -> jobs.JobState:
        nonlocal looks
        looks += 1
        return load(folder)

    monkeypatch.setattr(_state, "load", counted)

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    async def watch() -> jobs.JobState:
        ticker = asyncio.create_task(tick())
        last = await job.watch(seen.append, period=0.0)
        ticker.cancel()
        return last

    start = time.monotonic()
    assert asyncio.run(watch()) == seen[-1] == job.state
    assert seen[-1].status == "done", job.log_tail()
    assert len(seen) <= looks <= 10 * (time.monotonic() - start) + 3
    assert ticks > 2 * len(seen)
    steps = [state for state in seen if state.stage and state.status == "running"]
    assert len(steps) >= 2
    assert (seen[-1].stage, seen[-1].progress) == ("", 1.0)
    for state in steps:
        assert state.progress == int(state.stage.removeprefix("step ")) / 100
        assert state.message == "some"
    assert (job.folder / "progress.jsonl").stat().st_size < 3000


def test_no_room_to_start(runs: Runs) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 1000):  # bytes of a file: none for the specification; none for the state
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(InputError, match="another root"):
                runs("true")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(runs.root.iterdir()) == []


def test_unreadable_root(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert jobs.find(tmp_path / "file") == []
