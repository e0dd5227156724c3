"""Starts programs and leaves none behind: the only module of the package that starts a simulator's processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deepsoc.errors import ToolError

__all__ = ["run"]

_TAIL_LINES = 30


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], bool] | None = None,
) -> None:
    """Runs a program to its end; an exception on the way, such as Ctrl-C, ends it and all its children first.

    Args:
        command: program and arguments.
        cwd: working folder.
        env: environment; the caller's when None.
        on_line: gets every line of output; True keeps the line out of the error message.

    Raises:
        ToolError: the program cannot be started or fails; holds the last lines of its output.
    """
    name = Path(command[0]).name
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
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
    try:
        assert child.stdout is not None
        with child.stdout as output:
            for line in output:
                if on_line is None or not on_line(line):
                    tail = [*tail[1 - _TAIL_LINES :], line]
        status = child.wait()
    except BaseException:
        _end(child)
        raise
    if status != 0:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        raise ToolError(f"{name} failed with {how}:\n{''.join(tail).rstrip()}")


def _end(child: subprocess.Popen[str]) -> None:
    """Kills the child's whole process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
