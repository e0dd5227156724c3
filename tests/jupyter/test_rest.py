"""The server extension, in a real server."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from deepsoc import jobs
from deepsoc.jobs._store import launch
from deepsoc.jupyter import _load_jupyter_server_extension, listing

from .conftest import Lab, write_design

pytestmark = pytest.mark.xdist_group("jupyterlab")

TALK = "import sys, time; print('first line', file=sys.stderr, flush=True); time.sleep(600)"


def run(root: Path, code: str, title: str = "a run") -> jobs.Job:
    return launch("simulate", [sys.executable, "-c", code], title=title, root=root / "jobs")


def job_of(lab: Lab, id: str) -> dict[str, object]:
    return next(job for job in lab.ask("deepsoc/jobs")[1] if job["id"] == id)


def wait_for(lab: Lab, id: str, status: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while (job := job_of(lab, id))["status"] != status:
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return job


def test_designs_of_the_root_and_of_folders_in_it(tmp_path: Path):
    write_design(tmp_path / "designs" / "digits")
    write_design(tmp_path / "course" / "designs" / "net-1", bundles=1)
    (tmp_path / "designs" / "torn").mkdir()
    (tmp_path / "designs" / "torn" / "design.json").write_text("{")
    (tmp_path / "designs" / "none").mkdir()
    os.utime(tmp_path / "designs" / "digits" / "design.json", (0, 0))
    found = listing.designs(tmp_path)
    assert {(entry["home"], entry["name"]): entry["summary"] for entry in found} == {
        ("", "digits"): "2 bundles on 8 × 24",
        ("course", "net-1"): "1 bundle on 8 × 24",
        ("", "torn"): "⚠ design.json cannot be read or is damaged",
    }
    assert found[-1]["name"] == "digits"


def test_designs_are_served(lab: Lab):
    status, found = lab.ask("deepsoc/designs")
    assert status == 200
    assert {"name": "digits", "home": "", "summary": "2 bundles on 8 × 24"} in found


def test_a_run_is_listed_read_and_cancelled(lab: Lab):
    job = run(lab.root, TALK, title="Simulate digits")
    try:
        listed = wait_for(lab, job.id, "running")
        assert listed["title"] == "Simulate digits"
        deadline = time.monotonic() + 60
        while not (log := lab.ask(f"deepsoc/jobs/{job.id}/log")[1])["text"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert log == {"text": "first line\n", "offset": 0, "next": 11, "size": 11}
        assert lab.ask(f"deepsoc/jobs/{job.id}/log?offset=6")[1]["text"] == "line\n"
        tail = lab.ask(f"deepsoc/jobs/{job.id}/log?offset=-5")[1]
        assert (tail["text"], tail["offset"], tail["next"]) == ("line\n", 6, 11)
        assert lab.ask(f"deepsoc/jobs/{job.id}/log?offset=-500")[1]["offset"] == 0
        status, _ = lab.ask(f"deepsoc/jobs/{job.id}/cancel", method="POST")
        assert status == 200
        wait_for(lab, job.id, "cancelled")
    finally:
        job.cancel()


def test_newest_run_is_first_and_a_failure_says_why(lab: Lab):
    older = run(lab.root, "pass")
    newer = run(lab.root, "import sys; sys.exit(137)")
    listed = wait_for(lab, newer.id, "failed")
    assert "137" in str(listed["reason"])
    assert [job["id"] for job in lab.ask("deepsoc/jobs")[1]][:2] == [newer.id, older.id]


@pytest.mark.parametrize("damage", [None, "[" * 100_000, '{"kind": 3}'], ids=["pipe", "nested", "wrong"])
@pytest.mark.parametrize("name", ["job.json", "state.json"])
def test_a_damaged_run_is_listed_with_the_others(lab: Lab, name: str, damage: str | None):
    whole, torn = run(lab.root, "pass"), run(lab.root, "pass")
    for job in (whole, torn):
        assert job.wait(60).status == "done"
    deadline = time.monotonic() + 60
    while torn.alive():  # its supervisor is about to go
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (torn.folder / name).unlink()
    if damage is None:
        os.mkfifo(torn.folder / name)
    else:
        (torn.folder / name).write_text(damage)
    shown = job_of(lab, torn.id)
    assert f"{name} is damaged" in str(shown["reason"])
    assert job_of(lab, whole.id)["status"] == "done"
    assert lab.ask(f"deepsoc/jobs/{torn.id}/log")[0] == 200
    assert lab.ask(f"deepsoc/jobs/{torn.id}/cancel", method="POST")[0] == 200
    torn.remove()


@pytest.mark.parametrize("id", ["%2e%2e", "..%2Fsecret", "%2Fetc", "jobs", "20260101-000000-000000-demo-0000", "a%00b"])
@pytest.mark.parametrize(("method", "verb"), [("GET", "log"), ("POST", "cancel")])
def test_what_is_no_run_is_not_found(lab: Lab, id: str, method: str, verb: str):
    secret = lab.root / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "job.json").write_text("{}")
    (secret / "log.txt").write_text("secret")
    status, answer = lab.ask(f"deepsoc/jobs/{id}/{verb}", method=method)
    assert status == 404
    assert "text" not in answer


def test_offset_that_is_no_number_is_refused(lab: Lab):
    job = run(lab.root, "pass")
    status, answer = lab.ask(f"deepsoc/jobs/{job.id}/log?offset=x")
    assert (status, answer["message"]) == (400, "offset: expected a whole number, received 'x'")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_nothing_without_the_token(lab: Lab, token: str | None):
    job = run(lab.root, TALK)
    try:
        for path in ("designs", "jobs", f"jobs/{job.id}/log"):
            assert lab.ask(f"deepsoc/{path}", token=token)[0] == 403
        assert lab.ask(f"deepsoc/jobs/{job.id}/cancel", method="POST", token=token)[0] == 403
        assert job.state.active
    finally:
        job.cancel()


@pytest.mark.parametrize("given", [None, "/elsewhere"])
def test_kernels_share_the_folder_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None):
    """A notebook in a folder below the root makes its runs where the panel looks."""
    monkeypatch.setenv("DEEPSOC_JOBS", given or "")
    if not given:
        monkeypatch.delenv("DEEPSOC_JOBS")
    added: list[tuple[str, object, dict[str, Path]]] = []
    web_app = SimpleNamespace(add_handlers=lambda host, handlers: added.extend(handlers))
    _load_jupyter_server_extension(SimpleNamespace(root_dir=str(tmp_path), base_url="/", web_app=web_app))
    assert os.environ["DEEPSOC_JOBS"] == (given or str(tmp_path / "jobs"))
    assert added[1][0] == "/deepsoc/jobs"
    assert added[1][2]["folder"] == Path(os.environ["DEEPSOC_JOBS"])


def test_a_long_log_comes_in_pieces(tmp_path: Path):
    job = launch("simulate", [sys.executable, "-c", "pass"], title="", root=tmp_path)
    job.wait(60)
    (job.folder / "log.txt").write_bytes(b"x" * 200_000)
    first = listing.log(tmp_path, job.id, 0)
    assert (len(first["text"]), first["next"], first["size"]) == (65536, 65536, 200_000)
    assert listing.log(tmp_path, job.id, -1000)["offset"] == 199_000
