"""Reads .npy and .npz: nothing is allocated before the headers say that it may be; writes .npy, whole or not at all."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from deepsoc._files import read_bytes, replacing
from deepsoc.errors import InputError, ToolError

__all__ = ["parse_array", "read_archive", "read_array", "write_array"]

_MOST = 1 << 30
"""Bytes of all arrays of a file together."""
_UNPACKED = 64 << 20
_RATIO = 100
"""Arrays of more than `_UNPACKED` bytes may have so many times the bytes of their file; more is a compression bomb."""
_MEMBERS = 1 << 14
_HEADER = 10_000  # bytes of the description of an array
_DIMENSIONS = 32

_FAULTS = (
    *(ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError, EOFError, MemoryError, RecursionError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)
"""What NumPy and zipfile raise for damaged files."""

Array = npt.NDArray[Any]


def read_archive(path: str | Path, what: str) -> dict[str, Array]:
    """Arrays of numbers in an .npz file, by name.

    Args:
        path: of the file.
        what: it is, for errors: `the weights`.

    Raises:
        InputError: it cannot be read, or is no such archive, or takes too much memory; `where` is file and array.
    """
    where = str(path)
    data = read_bytes(path, what, most=_MOST)
    if data[:6] == b"\x93NUMPY":
        raise InputError("expected an .npz archive with named arrays, received a single array", where=where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive, len(data), where)
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(f"not an .npz archive of plain arrays (pickles are refused): {error}", where=where) from None


def read_array(path: str | Path, what: str) -> Array:
    """The array of numbers in an .npy file.

    Args:
        path: of the file.
        what: it is, for errors: `the images`.

    Raises:
        InputError: it cannot be read, holds no array, or takes too much memory; `where` is the file.
    """
    return parse_array(read_bytes(path, what, most=_MOST), str(path))


def write_array(path: str | Path, array: npt.NDArray[Any]) -> None:
    """Writes an .npy file, whole or not at all.

    Raises:
        ToolError: it cannot.
    """
    try:
        with replacing(Path(path)) as fresh, fresh.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    except OSError as error:
        raise ToolError(f"cannot write {path}: {error.strerror or error}") from None


def parse_array(data: bytes, where: str) -> Array:
    """The array of numbers in an .npy file.

    Args:
        data: the file's content.
        where: names the file in errors.

    Raises:
        InputError: there is none.
    """
    try:
        return _array(io.BytesIO(data), len(data), where)
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(f"not an .npy file of numbers (pickles are refused): {error}", where=where) from None


def _members(archive: zipfile.ZipFile, packed: int, where: str) -> dict[str, Array]:
    members = archive.infolist()
    if len(members) > _MEMBERS:
        raise InputError(f"expected at most {_MEMBERS:,} arrays, received {len(members):,}", where=where)
    size = sum(member.file_size for member in members)
    if size > _MOST or size > max(_UNPACKED, _RATIO * packed):
        raise InputError(
            f"{packed:,} bytes would unpack to {size:,}, more than {_RATIO} times as many or than {_MOST:,}; "
            "store the arrays that are needed, without compression",
            where=where,
        )
    arrays: dict[str, Array] = {}
    for member in members:
        name = member.filename.removesuffix(".npy")
        if name in arrays:
            raise InputError("this array is there twice; keep one", where=f"{where}: {name!r}")
        with archive.open(member) as file:
            arrays[name] = _array(file, member.file_size, f"{where}: {name!r}")
    return arrays


def _array(file: IO[bytes], size: int, where: str) -> Array:
    """Reads one array; it may take the `size` bytes of the file at most."""
    version = np.lib.format.read_magic(file)
    read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}.get(version[0])
    if read_header is None:
        raise InputError(f"expected format 1 or 2 of .npy, received {version[0]}.{version[1]}", where=where)
    shape, fortran_order, dtype = read_header(file, max_header_size=_HEADER)
    if dtype.kind not in "iuf":
        raise InputError(f"expected real numbers, received {dtype}; pickles are refused", where=where)
    count = math.prod(shape)
    needed = count * dtype.itemsize
    if min(shape, default=0) < 0 or len(shape) > _DIMENSIONS or needed > size:
        raise InputError(f"an array of shape {shape} does not lie in {size:,} bytes", where=where)
    data = file.read(needed)
    if len(data) < needed or file.read(1):
        raise InputError(f"expected {needed:,} bytes of values; the file has less or more", where=where)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")
