"""A bounded cache of built things, each named by the hash of all that goes into it."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from deepsoc.errors import ToolError

__all__ = ["MAX_BYTES", "cache_folder", "seal", "use"]

MAX_BYTES = 1 << 30
"""Size that the cache may have; the entries that were not used for the longest time go first."""

_STAMP = "whole"
_NEW = ".new"
_FULL = (errno.ENOSPC, errno.EDQUOT)

Answer = TypeVar("Answer")
Build = Callable[[Path], None]


class _UnusableError(Exception):
    """The folder cannot hold the entry; says why."""


def cache_folder() -> Path:
    """The folder of the built simulators, by the XDG rules; made when missing.

    Raises:
        OSError: it cannot be made.
        RuntimeError: there is no home folder.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home).absolute() / "deepsoc" / "simulators"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def use(key: str, build: Build, work: Callable[[Path], Answer]) -> Answer:
    """Gives an entry's folder to `work`, built first if it is not there whole; it stays locked meanwhile.

    An entry whose files are not those that were built is built again, and so is one that was there and with which
    `work` fails. Where the cache cannot be written or its disk is full, the entry is built in a temporary folder of
    this process, with a warning.

    Args:
        key: names the entry.
        build: fills a new, empty folder, whose path holds no blank. What it leaves becomes the entry; when it raises,
            nothing does.
        work: what the entry is for.

    Returns:
        What `work` does.

    Raises:
        ToolError: the entry cannot be built, or `work` fails with a new one.
    """
    why: Exception
    try:
        root = cache_folder()
    except (OSError, RuntimeError) as error:
        why = error
    else:
        try:
            return _use(root, key, build, work)
        except _UnusableError as error:
            if _is_whole(root / key):  # a cache to read only
                return work(root / key)
            why = error
    warnings.warn(
        f"the cache of simulators cannot be used ({why}); this process builds its own. Free space, or set "
        "XDG_CACHE_HOME to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )
    try:
        return _use(Path(_temporary().name), key, build, work)
    except _UnusableError as error:
        raise ToolError(f"there is no room to build in: {error}; free space, or set TMPDIR to another folder") from None


def seal(folder: Path) -> None:
    """Declares what is in an entry's folder to be whole."""
    (folder / _STAMP).write_text(_contents(folder))


def _use(root: Path, key: str, build: Build, work: Callable[[Path], Answer]) -> Answer:
    folder = root / key
    with _locked(root, key):
        old = _is_whole(folder)
        if not old:
            _make(root, key, build)
        with contextlib.suppress(OSError):
            os.utime(folder)
        try:
            return work(folder)
        except ToolError as error:
            if not old or _is_full(error):
                raise
        _make(root, key, build)
        return work(folder)


@contextlib.contextmanager
def _locked(root: Path, key: str) -> Iterator[None]:
    lock = FileLock(root / f"{key}.lock")
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        raise _UnusableError(error) from None
    try:
        yield
    finally:
        lock.release()


def _make(root: Path, key: str, build: Build) -> None:
    """Builds an entry, whose lock is held, in place of what is there."""
    try:
        for left in (root / key, *root.glob(f"{key}*{_NEW}")):
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=_NEW, dir=root))
    except OSError as error:
        raise _UnusableError(error) from None
    try:
        with _without_blanks(draft) as place:
            build(place)
            seal(place)
        draft.rename(root / key)
    except (OSError, ToolError) as error:
        if _is_full(error):
            raise _UnusableError(f"{root}: {os.strerror(errno.ENOSPC)}") from None
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _shrink(root, keep=key)


@contextlib.contextmanager
def _without_blanks(folder: Path) -> Iterator[Path]:
    """The folder, or one elsewhere whose content is copied into it: make cannot work in a folder with a blank."""
    if len(str(folder).split()) == 1:
        yield folder
        return
    places = (place for place in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm") if len(place.split()) == 1)
    place = next((place for place in places if os.access(place, os.W_OK)), None)
    if place is None:
        raise ToolError(f"make cannot work in {str(folder)!r}, which holds a blank; set TMPDIR to a folder without")
    with tempfile.TemporaryDirectory(prefix="deepsoc-build-", dir=place) as name:
        yield Path(name)
        shutil.copytree(name, folder, dirs_exist_ok=True)


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """What stands for the cache where that cannot be used; it goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix="deepsoc-simulators-", ignore_cleanup_errors=True)


def _is_full(error: Exception) -> bool:
    """Whether a disk is full, or a program says so."""
    return any(os.strerror(number) in str(error) for number in _FULL)


def _is_whole(folder: Path) -> bool:
    """Whether an entry is there as it was built."""
    try:
        return (folder / _STAMP).read_text() == _contents(folder)
    except (OSError, ValueError):
        return False


def _contents(folder: Path) -> str:
    """A line for each file below a folder but the stamp: hash, size, name."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / _STAMP:
            data = path.read_bytes()
            lines.append(f"{hashlib.sha256(data).hexdigest()} {len(data)} {path.relative_to(folder).as_posix()}\n")
    return "".join(lines)


def _shrink(root: Path, *, keep: str) -> None:
    """Removes what killed builds left, and the entries unused for the longest time until MAX_BYTES hold.

    What is in use stays.
    """
    folders = sorted((_last_use(path), path) for path in root.iterdir() if path.is_dir() and path.name != keep)
    sizes = {path: _size(path) for _, path in folders}
    excess = sum(sizes.values()) + _size(root / keep) - MAX_BYTES
    for path, size in sizes.items():
        if excess <= 0 and path.suffix != _NEW:
            continue
        with contextlib.suppress(Timeout, OSError), FileLock(root / f"{path.name.split('.')[0]}.lock", timeout=0):
            shutil.rmtree(path, ignore_errors=True)
            excess -= size


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
