"""A bounded cache of built things, each named by the hash of all that goes into it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["MAX_BYTES", "cache_folder", "entry"]

MAX_BYTES = 1 << 30
"""Size that the cache may have; the entries that were not used for the longest time go first."""


def cache_folder() -> Path:
    """The folder of the built simulators, by the XDG rules; made when missing."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "deepsoc" / "simulators"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def entry(key: str, build: Callable[[Path], None]) -> Iterator[Path]:
    """Yields the folder of an entry, built if it is not there; it stays locked, so that nobody removes it meanwhile.

    Args:
        key: names the entry.
        build: fills a new, empty folder. What it leaves becomes the entry; when it raises, nothing does.
    """
    root = cache_folder()
    folder = root / key
    with FileLock(root / f"{key}.lock"):
        if not folder.is_dir():
            half_built = root / f"{key}.new"
            shutil.rmtree(half_built, ignore_errors=True)
            half_built.mkdir()
            try:
                build(half_built)
                half_built.rename(folder)
            finally:
                shutil.rmtree(half_built, ignore_errors=True)
            _shrink(root, keep=key)
        os.utime(folder)
        yield folder


def _shrink(root: Path, *, keep: str) -> None:
    """Removes the entries unused for the longest time until MAX_BYTES hold; entries in use stay."""
    entries = sorted((_last_use(path), path) for path in root.iterdir() if path.is_dir() and not path.suffix)
    sizes = {path: _size(path) for _, path in entries}
    excess = sum(sizes.values()) - MAX_BYTES
    for path in sizes:
        if excess <= 0:
            return
        if path.name == keep:
            continue
        with contextlib.suppress(Timeout), FileLock(root / f"{path.name}.lock", timeout=0):
            shutil.rmtree(path, ignore_errors=True)
            excess -= sizes[path]


def _last_use(path: Path) -> float:
    """Time stamp of an entry; 0 if another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    """Bytes of an entry, as far as it is still there."""
    size = 0
    with contextlib.suppress(OSError):
        for file in path.rglob("*"):
            size += file.lstat().st_size
    return size
