"""Starts programs and leaves none behind: the only module of the package that starts processes of external tools."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deepsoc import _guard
from deepsoc.errors import ToolError

__all__ = ["run"]

_TAIL_LINES = 30
_POLL_S = 0.2
_PATIENCE_S = 15.0


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], bool] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Runs a program to its end; an exception on the way, such as Ctrl-C, ends it and all its descendants first.

    They also end when this process does, be it killed, and none outlives the program.

    Args:
        command: program and arguments.
        cwd: working folder.
        env: environment; the caller's when None.
        on_line: gets every line of output; True keeps the line out of the error message.
        cancel: when another thread sets it, the program and all its descendants are ended.

    Raises:
        ToolError: the program cannot be started, fails or is cancelled; holds the last lines of its output.
    """
    name = Path(command[0]).name
    program = [str(part) for part in command]
    try:
        if shutil.which(program[0], path=None if env is None else env.get("PATH")) is None:
            raise FileNotFoundError("there is no such program")
        child = subprocess.Popen(
            _guard.command(program, watch=True),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as err:
        raise ToolError(f"cannot start {name}: {err}") from None
    tail: list[str] = []
    if cancel is not None:
        threading.Thread(target=_watch, args=(child, cancel), daemon=True).start()
    try:
        assert child.stdout is not None
        with child.stdout as output:
            for line in output:
                if on_line is None or not on_line(line):
                    tail = [*tail[1 - _TAIL_LINES :], line]
        status = child.wait()
        if status == -signal.SIGKILL:  # its guard, perhaps
            _kill(child)
    except BaseException:
        _end(child)
        raise
    if cancel is not None and cancel.is_set():
        raise ToolError(f"{name} was cancelled")
    if status != 0:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        raise ToolError(f"{name} failed with {how}:\n{''.join(tail).rstrip()}")


def _watch(child: subprocess.Popen[str], cancel: threading.Event) -> None:
    """Ends the program when `cancel` is set."""
    while child.poll() is None:
        if cancel.wait(_POLL_S):
            child.terminate()
            return


def _end(child: subprocess.Popen[str]) -> None:
    """Ends the program with all its descendants, and waits for that."""
    child.terminate()
    try:
        child.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:  # its guard is stopped or stuck
        _kill(child)
        child.wait()


def _kill(child: subprocess.Popen[str]) -> None:
    """Kills what is in the child's group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
