"""Writes the folder of a target: all of it or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc._files import read_text, replace_folder
from deepsoc.deploy.registry import TARGETS
from deepsoc.errors import InputError
from deepsoc.export import Artifacts

__all__ = ["Deployment", "deploy"]

_FORMAT = "deepsoc-deploy/1"
_MARK = "deploy.json"


@dataclass(frozen=True)
class Deployment:
    """A folder that can be copied to a board.

    Attributes:
        target: what it is for.
        folder: its place.
        files: names in it, sorted.
    """

    target: str
    folder: Path
    files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {"target": self.target, "folder": str(self.folder), "files": list(self.files)}


def deploy(folder: str | Path, target: str, out: str | Path) -> Deployment:
    """Makes the folder that goes to a board; it appears complete or not at all.

    Args:
        folder: what `deepsoc export` wrote.
        target: a name of `TARGETS`.
        out: the new folder; an earlier deployment there is replaced.

    Raises:
        InputError: no such target, `folder` is no export or damaged, or `out` is something else than a deployment.
    """
    if target not in TARGETS:
        raise InputError(f"expected one of {', '.join(TARGETS)}, received {target!r}", where="target")
    artifacts = Artifacts.load(folder)
    place = Path(out).resolve()
    if place == artifacts.path.resolve() or place in artifacts.path.resolve().parents:
        raise InputError("the export itself lies there; give another folder", where=str(place))
    _check_free(place)
    files = TARGETS[target].files(artifacts)
    mark = {"format": _FORMAT, "target": target, "name": artifacts.manifest.name, "files": sorted(files)}
    files[_MARK] = (json.dumps(mark, indent=1) + "\n").encode()
    replace_folder(place, files, what="the deployment")
    return Deployment(target, place, tuple(sorted(files)))


def _check_free(place: Path) -> None:
    """Refuses to replace what is not an earlier deployment."""
    try:
        if not place.exists() or (place.is_dir() and not any(place.iterdir())):
            return
        if json.loads(read_text(place / _MARK, _MARK))["format"] == _FORMAT:
            return
    except (OSError, InputError, ValueError, TypeError, KeyError, RecursionError):
        pass
    raise InputError(
        "exists and is not an earlier deployment; nothing was written; give another folder or remove it yourself",
        where=str(place),
    )
