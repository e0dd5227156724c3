"""The file of a sweep: parts while it runs, one Parquet file at its end, valid at any moment, with a checksum."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from deepsoc._files import read_bytes, replacing
from deepsoc.errors import InputError, ToolError

__all__ = ["Store"]

_KEY = "deepsoc-sweep"
_MOST = 1 << 32  # bytes of a file
_BLANK = b"0" * 64
_SUM = b'"sha256": "'
"""Stands before the checksum of the file: SHA-256 of its bytes, with `_BLANK` in the place of the checksum."""
_REMEDY = "remove it or choose another file"


class Store:
    """Keeps what a sweep has found in `out`, so that the same sweep goes on where it was stopped.

    Finished parts lie in the folder `<out>.parts`; every file appears complete under its name, or not at all.

    Args:
        out: the Parquet file.
        identity: a hash of all that determines the result.
        names: of the parts, in the order of the result.

    Raises:
        InputError: `out` holds something else, a file is damaged, or `out` cannot be written.
    """

    def __init__(self, out: Path, identity: str, names: list[str]) -> None:
        self._out, self._identity, self._names = out, identity, names
        self._parts = out.with_name(out.name + ".parts")
        self.complete = os.path.lexists(out) and bool(self._load(out)[1]["complete"])
        try:
            if not self.complete:
                self._parts.mkdir(parents=True, exist_ok=True)
            found = sorted(self._parts.glob("*.parquet"))
        except OSError as err:
            raise InputError(f"cannot be written: {err.strerror}", where=str(out)) from None
        for path in found:
            self._load(path)
        self.done = {path.stem for path in found} & set(names)

    def save(self, name: str, frame: pd.DataFrame) -> None:
        """Adds a part.

        Raises:
            ToolError: it cannot be written, as on a full disk.
        """
        table = pa.Table.from_pandas(frame, preserve_index=False)
        self._write(self._part(name), table.schema, [table], complete=False)
        self.done.add(name)

    def merge(self) -> None:
        """Writes `out` from the parts that are there; the parts go when all are.

        Raises:
            InputError: a part is damaged.
            ToolError: it cannot be written.
        """
        names = [name for name in self._names if name in self.done]
        complete = len(names) == len(self._names)
        if not names:
            return
        schema = self._load(self._part(names[0]))[0].schema
        tables = (self._load(self._part(name))[0] for name in names)
        self._write(self._out, schema, tables, complete=complete)
        if complete:
            self.complete = True
            shutil.rmtree(self._parts, ignore_errors=True)

    def read(self) -> pd.DataFrame:
        """The merged file.

        Raises:
            InputError: it is damaged.
        """
        frame: pd.DataFrame = self._load(self._out)[0].to_pandas()
        return frame

    def _part(self, name: str) -> Path:
        return self._parts / f"{name}.parquet"

    def _load(self, path: Path) -> tuple[pa.Table, dict[str, Any]]:
        """A file of this sweep, and what it says about itself."""
        where = str(path)
        data = read_bytes(path, "the sweep", most=_MOST)
        if not (data[:4] == data[-4:] == b"PAR1"):
            raise InputError(f"exists and is no Parquet file; {_REMEDY}", where=where)
        place = data.rfind(_SUM) + len(_SUM)
        if place < len(_SUM):
            raise InputError(f"exists and is no sweep; {_REMEDY}", where=where)
        if data[place : place + len(_BLANK)].decode(errors="replace") != _checksum(data, place):
            raise InputError(f"is damaged: its content differs from its checksum; {_REMEDY}", where=where)
        file = pq.ParquetFile(pa.BufferReader(data))
        about: dict[str, Any] = json.loads(file.metadata.metadata[_KEY.encode()])
        if about["identity"] != self._identity:
            raise InputError(f"holds another sweep (networks, space or options differ); {_REMEDY}", where=where)
        return file.read(), about

    def _write(self, path: Path, schema: pa.Schema, tables: Iterable[pa.Table], *, complete: bool) -> None:
        about = {"identity": self._identity, "complete": complete, "sha256": _BLANK.decode()}
        with self._writing(path) as fresh:
            # An open file: of a name, pyarrow would take `run-12:30` for an address.
            with fresh.open("xb") as file, pq.ParquetWriter(file, schema) as writer:
                writer.add_key_value_metadata({_KEY: json.dumps(about)})
                for table in tables:
                    writer.write_table(table)
            data = fresh.read_bytes()
            place = data.rindex(_SUM + _BLANK) + len(_SUM)
            with fresh.open("r+b") as draft:
                draft.seek(place)
                draft.write(_checksum(data, place).encode())

    @contextmanager
    def _writing(self, path: Path) -> Iterator[Path]:
        try:
            with replacing(path) as fresh:
                yield fresh
        except OSError as err:
            raise ToolError(
                f"{path}: cannot be written: {os.strerror(err.errno) if err.errno else err}; finished parts are in "
                f"{self._parts}: the same sweep goes on from there"
            ) from None


def _checksum(data: bytes, place: int) -> str:
    """Of a file's bytes, but for those of the checksum itself at `place`."""
    view = memoryview(data)
    found = hashlib.sha256(view[:place])
    found.update(_BLANK)
    found.update(view[place + len(_BLANK) :])
    return found.hexdigest()
