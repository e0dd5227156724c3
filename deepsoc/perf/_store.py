"""The file of a sweep: parts while it runs, one Parquet file at its end, valid at any moment."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from deepsoc.errors import InputError

__all__ = ["Store"]

_KEY = b"deepsoc-sweep"


class Store:
    """Keeps what a sweep has found in `out`, so that the same sweep goes on where it was stopped.

    Finished parts lie in the folder `<out>.parts`; every file appears complete under its name, or not at all.

    Args:
        out: the Parquet file.
        identity: a hash of all that determines the result.
        names: of the parts, in the order of the result.

    Raises:
        InputError: `out` holds something else, or cannot be written.
    """

    def __init__(self, out: Path, identity: str, names: list[str]) -> None:
        self._out, self._identity, self._names = out, identity, names
        self._parts = out.with_name(out.name + ".parts")
        self.complete = self._check(out)
        try:
            if not self.complete:
                self._parts.mkdir(parents=True, exist_ok=True)
            found = sorted(self._parts.glob("*.parquet"))
        except OSError as err:
            raise InputError(f"cannot be written: {err.strerror}", where=str(out)) from None
        for path in found:
            self._check(path)
        self.done = {path.stem for path in found} & set(names)

    def _check(self, path: Path) -> bool:
        """Whether the file holds the whole sweep; it may be absent."""
        if not path.exists():
            return False
        try:
            metadata = pq.read_schema(path).metadata or {}
        except (OSError, pa.ArrowException) as err:
            raise InputError(
                f"exists and is no Parquet file ({err}); remove it or choose another", where=str(path)
            ) from None
        if _KEY not in metadata:
            raise InputError("exists and is no sweep; remove it or choose another file", where=str(path))
        about = json.loads(metadata[_KEY])
        if about["identity"] != self._identity:
            raise InputError(
                "holds another sweep (networks, space or options differ); remove it or choose another file",
                where=str(path),
            )
        return bool(about["complete"])

    def save(self, name: str, frame: pd.DataFrame) -> None:
        """Adds a part."""
        table = pa.Table.from_pandas(frame, preserve_index=False)
        path = self._parts / f"{name}.parquet"
        with _replacing(path) as temporary, pq.ParquetWriter(temporary, self._schema(table, complete=False)) as writer:
            writer.write_table(table)
        self.done.add(name)

    def merge(self) -> None:
        """Writes `out` from the parts that are there; the parts go when all are."""
        names = [name for name in self._names if name in self.done]
        complete = len(names) == len(self._names)
        if not names:
            return
        paths = [self._parts / f"{name}.parquet" for name in names]
        schema = self._schema(pq.read_table(paths[0]), complete=complete)
        with _replacing(self._out) as temporary, pq.ParquetWriter(temporary, schema) as writer:
            for path in paths:
                writer.write_table(pq.read_table(path))
        if complete:
            self.complete = True
            shutil.rmtree(self._parts, ignore_errors=True)

    def read(self) -> pd.DataFrame:
        """The merged file."""
        return pd.read_parquet(self._out)

    def _schema(self, table: pa.Table, *, complete: bool) -> pa.Schema:
        about = json.dumps({"identity": self._identity, "complete": complete}).encode()
        return table.schema.with_metadata({**(table.schema.metadata or {}), _KEY: about})


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary name, which becomes the real one unless an exception passes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
