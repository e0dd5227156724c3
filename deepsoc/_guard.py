"""Holds a program, so that nothing it started is left when it ends, or who asked for it does, however that happens.

A script of its own, `python -I -S _guard.py PARENT GRACE PROGRAM ARGUMENT…`, that needs nothing of the package and
little of the library, so that it starts in an instant. It is a subreaper: whatever group, session or parent a process
below it joins or loses, it stays among its descendants. No process is known by a number or a name that another one
could have.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

__all__ = ["adopt", "command", "end_descendants"]

_PERIOD_S = 0.02
_LOOK_S = 0.2
_STUCK_S = 10.0
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


def command(program: list[str], *, watch: bool, grace_s: float = 0.0) -> list[str]:
    """The command that holds a program.

    Args:
        program: with its arguments.
        watch: end it when this process ends.
        grace_s: seconds from the interrupt to the kill of what is to be ended.
    """
    parent = os.getpid() if watch else 0
    return [sys.executable, "-I", "-S", __file__, str(parent), str(grace_s), *program]


def adopt() -> None:
    """Makes descendants of this process that lose their parent its children."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(grace_s: float) -> None:
    """Ends all descendants of this process: an interrupt, as Ctrl-C sends it, and after the grace a kill."""
    deadline = time.monotonic() + grace_s
    told: set[tuple[int, int]] = set()
    while _reaped() is not None:
        late = time.monotonic() >= deadline
        for pid, start in _descendants():
            if late or (pid, start) not in told:
                _send(pid, start, signal.SIGKILL if late else signal.SIGINT)
            told.add((pid, start))
        if time.monotonic() >= deadline + _STUCK_S:  # stuck in the kernel; it ends when the kernel lets it
            return
        time.sleep(_PERIOD_S)


def _reaped() -> dict[int, int] | None:
    """Statuses of the children that have ended since the last call; None: no child is left."""
    ended: dict[int, int] = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return ended
            ended[pid] = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return ended or None


def _descendants() -> list[tuple[int, int]]:
    """Process id and start time of each descendant that has not ended.

    Parents come before their children: a shell whose command is killed first would go on to the next one.
    """
    children: dict[int, list[tuple[int, int, bool]]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes longer to import than all of this to run
        if name.isdecimal() and (seen := _look(int(name))):
            parent, start, over = seen
            children.setdefault(parent, []).append((int(name), start, over))
    found = []
    todo = [os.getpid()]
    while todo:
        for pid, start, over in children.get(todo.pop(), ()):
            todo.append(pid)
            if not over:
                found.append((pid, start))
    return found


def _look(pid: int) -> tuple[int, int, bool] | None:
    """A process's parent, its start time in ticks since boot, and whether it has ended; None: there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - as above
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), fields[0] in (b"Z", b"X")


def _send(pid: int, start: int, number: signal.Signals) -> None:
    """Sends a signal to the process that started then, never to a later one with its number."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return  # it has ended
    try:
        if (seen := _look(pid)) and seen[1] == start:
            signal.pidfd_send_signal(handle, number)
    except OSError:
        return  # it has ended, or belongs to another user
    finally:
        os.close(handle)


def _hold(program: list[str], parent: int, grace_s: float) -> int:
    """Runs the program; its exit status, negative for a signal."""
    stops = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *stops})
    adopt()
    try:
        child = os.posix_spawnp(
            program[0], program, os.environ, setsigmask=(), setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT)
        )
    except OSError as error:
        sys.stderr.write(f"cannot start {program[0]}: {error.strerror}\n")
        return 127
    status = None
    while status is None and (not parent or os.getppid() == parent):
        told = signal.sigtimedwait({signal.SIGCHLD, *stops}, _LOOK_S)
        if told and told.si_signo in stops:
            status = -told.si_signo
        status = (_reaped() or {}).get(child, status)
    end_descendants(grace_s)
    return 1 if status is None else status


def _main(arguments: list[str]) -> int:
    parent, grace_s, *program = arguments
    status = _hold(program, int(parent), float(grace_s))
    if status < 0:  # ends as the program did, without a core of its own
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
