"""What the side panel shows: designs and runs, as plain JSON values."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc._json import read_json
from deepsoc.errors import InputError
from deepsoc.widgets.studio.design import described

if TYPE_CHECKING:
    from deepsoc.jobs import Job

__all__ = ["cancel", "designs", "log", "runs"]

_RUNS = 100
_LOG_BYTES = 65536


def designs(root: Path) -> list[dict[str, Any]]:
    """The designs in `designs/` of a folder and of its subfolders, the one changed last first.

    Args:
        root: the server's root.

    Returns:
        Of each its `name`, its `home` (the folder of `designs/`, relative to the root) and a `summary` for people.
    """
    found = []
    for pattern in ("designs/*/design.json", "*/designs/*/design.json"):
        for file in root.glob(pattern):
            home = file.parents[2].relative_to(root).as_posix()
            changed, summary = _describe(file)
            design = {"name": file.parent.name, "home": "" if home == "." else home, "summary": summary}
            found.append((changed, design))
    return [design for _, design in sorted(found, key=lambda entry: entry[0], reverse=True)]


def runs(root: Path) -> list[dict[str, Any]]:
    """The newest runs, newest first.

    Args:
        root: folder of runs.

    Returns:
        Of each, 100 at most, `id`, `kind`, `title`, `status`, `stage`, `progress`, `message`, `reason` and the
        `seconds` it has run.
    """
    from deepsoc import jobs

    return [_run(job) for job in islice(jobs.find(root), _RUNS)]


def log(root: Path, id: str, offset: int) -> dict[str, Any]:
    """A piece of a run's log, 64 KiB at most.

    Args:
        root: folder of runs.
        id: of the run.
        offset: byte at which it begins; below zero, counted from the end.

    Returns:
        The `text`, the `offset` at which it begins, the one at which the `next` begins, and the `size` of the log.

    Raises:
        InputError: there is no such run.
    """
    from deepsoc import jobs

    job = jobs.get(id, root)
    file = job.folder / "log.txt"
    size = file.stat().st_size if file.exists() else 0
    if offset < 0:
        offset = max(0, size + offset)
    text, following = job.log(offset, _LOG_BYTES)
    return {"text": text, "offset": offset, "next": following, "size": size}


def cancel(root: Path, id: str) -> dict[str, Any]:
    """Ends a run and tells its state.

    Raises:
        InputError: there is no such run.
        ToolError: it cannot be reached from here.
    """
    from deepsoc import jobs

    job = jobs.get(id, root)
    job.cancel()
    return _run(job)


def _run(job: Job) -> dict[str, Any]:
    state = job.state
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": state.status,
        "stage": state.stage,
        "progress": state.progress,
        "message": state.message,
        "reason": state.reason,
        "seconds": state.seconds,
    }


def _describe(file: Path) -> tuple[float, str]:
    """When a design was changed, and what it is in a line."""
    try:
        changed = file.stat().st_mtime
        data = read_json(file, "the design")
        return changed, described(data["net"], data["hw"]["rows"], data["hw"]["cols"])
    except OSError as error:
        return 0.0, f"⚠ cannot be read: {error.strerror}"
    except (InputError, KeyError, TypeError, AttributeError):
        return changed, "⚠ design.json cannot be read or is damaged"
