"""The folder of runs: starts a run, finds all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deepsoc import _guard, _progress
from deepsoc.errors import InputError
from deepsoc.jobs import _state
from deepsoc.jobs._job import KEPT, LOCK, Job, Specification
from deepsoc.jobs._state import JobState

__all__ = ["GRACE_S", "KINDS", "find", "get", "launch", "places", "start"]

GRACE_S = 3.0
"""Seconds from the interrupt to the kill of what did not heed it."""

KINDS = ("demo", "deploy", "export", "fit", "implement", "run", "simulate", "sweep")
"""Commands of `deepsoc` that can be started as a run."""

_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[a-z]+-[0-9a-f]{4}")
# What a notebook's kernel sets for its own output: colours and inline figures are not for a log.
_NOT_INHERITED = ("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "MPLBACKEND")
_PLACES = 2


def start(
    kind: str,
    arguments: Sequence[str],
    *,
    title: str = "",
    root: str | Path | None = None,
    cwd: str | Path | None = None,
    keep: Sequence[str | Path] = (),
    **about: Any,
) -> Job:
    """Starts a command of `deepsoc` as a run that outlives this process.

    Two runs of a root go at a time, or $DEEPSOC_JOBS_PARALLEL; others wait, oldest first.

    Args:
        kind: the command: one of `KINDS`.
        arguments: its arguments; `--json` is added.
        title: for people; the command and its arguments when empty.
        root: folder of runs; $DEEPSOC_JOBS, else `jobs`, when None.
        cwd: folder in which the command runs; the present one when None.
        keep: files that are copied into the run's folder `kept`, as they are now.
        **about: more to keep with the run, such as the name of its design; JSON values.

    Returns:
        The run, queued.

    Raises:
        InputError: an argument cannot be, a file cannot be read, or the root cannot be written.
    """
    if kind not in KINDS:
        raise InputError(f"expected one of {', '.join(KINDS)}, received {kind!r}", where="kind")
    if isinstance(arguments, str) or not all(isinstance(part, str) and "\0" not in part for part in arguments):
        raise InputError(f"expected a list of strings, received {arguments!r}", where="arguments")
    command = [sys.executable, "-P", "-m", "deepsoc.cli.main", kind, "--json", *arguments]
    return launch(
        kind, command, title=title or " ".join([kind, *arguments]), root=root, cwd=cwd, keep=keep, about=about
    )


def find(root: str | Path | None = None, **about: Any) -> list[Job]:
    """All runs of a root, newest first.

    Args:
        root: folder of runs; $DEEPSOC_JOBS, else `jobs`, when None. There may be none.
        **about: only runs with which these values are kept.
    """
    try:
        folders = sorted(path for path in _root(root).iterdir() if _ID.fullmatch(path.name))
    except OSError:
        return []
    found = []
    for folder in reversed(folders):
        with contextlib.suppress(OSError):  # deleted meanwhile
            found.append(Job.load(folder))
    return [job for job in found if all(job.about.get(name) == value for name, value in about.items())]


def get(id: str, root: str | Path | None = None) -> Job:
    """The run of that id.

    Raises:
        InputError: there is none.
    """
    folder = _root(root)
    if _ID.fullmatch(id):
        with contextlib.suppress(OSError):
            return Job.load(folder / id)
    raise InputError(f"no run {id!r} in {folder}; jobs.find() lists those there are", where="id")


def launch(
    kind: str,
    command: Sequence[str],
    *,
    title: str,
    root: str | Path | None = None,
    cwd: str | Path | None = None,
    keep: Sequence[str | Path] = (),
    about: Mapping[str, Any] | None = None,
) -> Job:
    """Starts any program as a run; arguments and errors as of `start`."""
    base, place = _root(root), Path(cwd or ".").resolve()
    places()
    if not place.is_dir():
        raise InputError(f"{str(place)!r} is not a folder", where="cwd")
    created = datetime.now(UTC)
    spec = Specification(kind, title, created.timestamp(), tuple(command), str(place), dict(about or {}))
    try:
        text = json.dumps(vars(spec), indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"expected values that JSON can hold: {error}", where="about") from None
    folder = base / f"{created:%Y%m%d-%H%M%S-%f}-{kind}-{secrets.token_hex(2)}"
    draft = base / f".{folder.name}"
    try:
        copies = {Path(file).name: Path(file).read_bytes() for file in keep}
        if len(copies) < len(keep):
            raise InputError(f"expected files of different names, received {[*map(str, keep)]}", where="keep")
    except OSError as error:
        raise InputError(f"cannot keep it with the run: {error.strerror}", where=str(error.filename)) from None
    try:
        draft.mkdir(parents=True)
        for name, data in copies.items():
            (draft / KEPT).mkdir(exist_ok=True)
            (draft / KEPT / name).write_bytes(data)
        (draft / "job.json").write_text(text + "\n", encoding="utf-8")
        with (draft / LOCK).open("xb") as lock, (draft / "log.txt").open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _state.save(draft, JobState("queued"))
            _state.load(draft)  # a disk that is full now cannot hold the run
            draft.rename(folder)
            _spawn(folder, lock.fileno(), log.fileno())
    except (OSError, InputError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(
            f"cannot start a run here: {error}; free space or choose another root", where=str(base)
        ) from None
    return Job.load(folder)


def places() -> int:
    """How many runs of a root go at a time: $DEEPSOC_JOBS_PARALLEL, else 2.

    Raises:
        InputError: the variable holds no positive number.
    """
    text = os.environ.get("DEEPSOC_JOBS_PARALLEL", str(_PLACES))
    if not (text.isdecimal() and int(text) > 0):
        raise InputError(f"expected a positive number, received {text!r}", where="DEEPSOC_JOBS_PARALLEL")
    return int(text)


def _root(root: str | Path | None) -> Path:
    return Path(root or os.environ.get("DEEPSOC_JOBS") or "jobs").absolute()


def _spawn(folder: Path, lock: int, log: int) -> None:
    """Starts the supervisor below a guard. Both inherit the lock: it is held until all that they started has ended."""
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    environment |= {
        _progress.VARIABLE: str(folder / "progress.jsonl"),
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
    supervisor = [sys.executable, "-P", "-m", "deepsoc.jobs._runner", str(folder)]
    process = subprocess.Popen(
        _guard.command(supervisor, watch=False, grace_s=2 * GRACE_S),
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        pass_fds=[lock],
    )
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie in a long-lived kernel
