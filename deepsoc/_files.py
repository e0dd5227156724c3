"""How the package reads and writes files, opens its templates and edits sources."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc.errors import InputError

if TYPE_CHECKING:
    import jinja2

__all__ = ["SMALL", "read_bytes", "read_text", "read_toml", "replace_folder", "replace_once", "replacing", "templates"]

SMALL = 4 << 20
"""Bytes that a file of parameters may have, unless its reader knows better."""
_PIECE = 1 << 16
_KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFSOCK: "socket",
}


def read_bytes(path: str | Path, what: str, *, most: int = SMALL) -> bytes:
    """Content of a file; never waits, as for a pipe, and never reads more than it may.

    Args:
        path: of the file.
        what: it is, for errors: `the network`.
        most: bytes that it may have.

    Raises:
        InputError: it cannot be read, is no regular file, or is too large; names the file.
    """
    where = str(path)
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            kind = _KINDS.get(stat.S_IFMT(found.st_mode), "special file")
            raise InputError(f"cannot read {what}: this is a {kind}; expected a file", where=where)
        # It may have become a pipe by now: such is opened without waiting, and reads as empty.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = b""
            while len(data) <= most >= found.st_size and (part := file.read(max(found.st_size + 1, _PIECE))):
                data += part
    except OSError as error:
        raise InputError(f"cannot read {what}: {error.strerror or error}", where=where) from None
    except ValueError as error:  # a path with a null character
        raise InputError(f"cannot read {what}: {error}", where=where) from None
    if (size := max(found.st_size, len(data))) > most:
        raise InputError(f"cannot read {what}: {size:,} bytes, expected at most {most:,}", where=where)
    return data


def read_text(path: str | Path, what: str, *, most: int = SMALL) -> str:
    """Text of a file in UTF-8; arguments and errors as of `read_bytes`."""
    try:
        return read_bytes(path, what, most=most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"cannot read {what}: not UTF-8, {error.reason} at byte {error.start}", where=str(path)
        ) from None


def read_toml(path: str | Path, what: str, *, most: int = SMALL) -> dict[str, Any]:
    """Tables of a TOML file; arguments and errors as of `read_bytes`."""
    import tomllib  # boards with Python 3.10, which reads no TOML here, have none

    text = read_text(path, what, most=most)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"cannot read {what}: not TOML, {error}", where=str(path)) from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields the name of a new file beside `path`, which takes its place at the end unless an exception passes.

    Raises:
        OSError: it cannot.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    # Short, whatever the name: with `path.name` in it, it could be longer than names may be.
    fresh = path.with_name(f".deepsoc-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def replace_folder(target: Path, files: Mapping[str, bytes], *, what: str, keep: str | None = None) -> None:
    """Makes a folder of these files: all of them are there in the end, or what was there before.

    Args:
        target: the folder; what it holds goes, unless all files are there as they should be.
        files: contents by name, folders in it separated by `/`.
        what: they are, for errors: `the export`.
        keep: name in an earlier folder that moves into the new one.

    Raises:
        InputError: it cannot be written.
    """
    if all((target / name).is_file() and (target / name).read_bytes() == data for name, data in files.items()):
        return
    mark = uuid.uuid4().hex[:8]
    new, old = (target.with_name(f".{target.name}.{mark}.{part}") for part in ("new", "old"))
    try:
        for name, data in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        if keep is not None and (old / keep).exists():
            (old / keep).rename(target / keep)
    except OSError as error:
        raise InputError(f"cannot write {what}: {error.strerror or error}", where=str(target)) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def templates(source: str | Path, *, autoescape: bool = False) -> jinja2.Environment:
    """The templates in the folder `templates` of a package, or in a folder; an unknown name in one is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(source) if isinstance(source, Path) else jinja2.PackageLoader(source),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )


def replace_once(text: str, old: str, new: str, *, where: str) -> str:
    """The text with the only place that reads `old`, whatever the blanks, changed into `new`.

    Raises:
        InputError: there is no such place, or more than one; names `where`.
    """
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    changed, count = re.subn(pattern, lambda _: new, text)
    if count != 1:
        raise InputError(f"expected {old!r} exactly once, found {count}", where=where)
    return changed
