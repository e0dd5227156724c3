"""Files of runs as panels show them: paths, sizes, the end of a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["file_row", "short", "tail"]

_LINES = 200
_CHARACTERS = 40_000


def short(path: Path) -> str:
    """A path relative to the working folder if it lies in it."""
    whole = path.resolve()
    here = Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(whole)


def file_row(path: Path, ended: float | None) -> dict[str, Any]:
    """A file of a run that ended then: `path`, `bytes` (None: it is gone), `replaced` (a later run wrote it)."""
    try:
        found = path.stat()
    except OSError:
        return {"path": short(path), "bytes": None, "replaced": False}
    replaced = ended is not None and found.st_mtime > ended + 1
    return {"path": short(path), "bytes": found.st_size, "replaced": replaced}


def tail(file: Path, size: int) -> str:
    """The last lines of a file, however long it is."""
    with file.open("rb") as stream:
        stream.seek(max(0, size - _CHARACTERS))
        text = stream.read(_CHARACTERS).decode(errors="replace")
    lines = text.splitlines()[1 if size > _CHARACTERS else 0 :]
    return "\n".join(lines[-_LINES:])
