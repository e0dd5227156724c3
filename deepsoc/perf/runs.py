"""Many long runs, each in a folder of its own that keeps its result: simulations, synthesis runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from deepsoc._files import read_bytes, replacing
from deepsoc.errors import DeepSocError, InputError
from deepsoc.perf.cluster import run_each

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RESULT", "Progress", "Row", "Run", "run_in_folders"]

RESULT = "result.json"
"""File of a run's folder that holds its row; it is there when the run is over."""

Row = Mapping[str, Any]
"""Columns of one row: plain JSON values, units in their names."""

Progress = Callable[[int, int], None]
"""Called with the runs that are done and those there are."""

Point = TypeVar("Point")


@dataclass(frozen=True)
class Run(Generic[Point]):
    """One run.

    Attributes:
        name: of its folder; differs whenever the result could: make it from a hash of all that determines the result.
        about: columns that are known before it.
        point: what it works on; picklable if it runs on a cluster.
    """

    name: str
    about: Row
    point: Point


def run_in_folders(
    work: Callable[[Point, Path], Row],
    runs: Sequence[Run[Point]],
    folder: str | Path,
    *,
    cluster: int | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Makes every run whose result is not on disk.

    A run that fails is a row with its error, and is tried again by the next call. An interrupted call leaves the
    results that it has; the next one goes on from there.

    Args:
        work: gets a point and a folder for its files, which may hold what an attempt left that did not end; returns
            the row. Picklable if it runs on a cluster.
        runs: of different names, or equal.
        folder: where the folders of the runs are; on a cluster, the same for all machines.
        cluster: where to run, see `run_each`; None: here, one after the other.
        progress: is told about it.

    Returns:
        One row a run, in their order: its folder's name as `run`, what is known about it, what `work` returned, and
        `error`, empty if it was done.

    Raises:
        InputError: no runs, no cluster, or the folder cannot be written.
        ToolError: the cluster fails.
    """
    import pandas as pd

    if not runs:
        raise InputError("expected at least one run", where="runs")
    root = Path(folder).absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot be written: {err.strerror}", where=str(folder)) from None
    found = {run.name: row for run in runs if (row := _stored(root / run.name)) is not None}
    left = {run.name: run for run in runs if run.name not in found}
    total = len(found) + len(left)
    for run, row in _rows(partial(_run, work, root), list(left.values()), cluster):
        found[run.name] = row
        if progress:
            progress(len(found), total)
    table = pd.DataFrame([{"run": run.name, **run.about, **found[run.name]} for run in runs])
    return table[[*table.columns.drop("error"), "error"]]


def _rows(
    work: Callable[[Run[Any]], Row], runs: Sequence[Run[Any]], cluster: int | str | None
) -> Iterator[tuple[Run[Any], Row]]:
    if cluster is None:
        yield from ((run, work(run)) for run in runs)
        return
    suspects = []
    for run, row in run_each(work, runs, cluster=cluster, lost=lambda run, error: {}):
        if row:
            yield run, row
        else:
            suspects.append(run)
    for run in suspects:  # each alone, so that none is blamed for what another did to their worker
        yield from run_each(work, [run], cluster=cluster, lost=lambda run, error: {"error": error})


def _run(work: Callable[[Point, Path], Row], root: Path, run: Run[Point]) -> Row:
    """The row of one run. Its folder is locked: a scheduler may start a run again that it takes for lost."""
    from filelock import FileLock

    place = root / run.name
    try:
        place.mkdir(exist_ok=True)
        with FileLock(root / f".{run.name}.lock"):
            row = _stored(place)
            if row is None:
                row = {"error": "", **work(run.point, place)}
                _store(place, row)
            return row
    except Exception as err:  # whatever it is, the other runs go on
        return {"error": str(err) if isinstance(err, DeepSocError) else f"{type(err).__name__}: {err}"}


def _stored(place: Path) -> Row | None:
    """The row on disk, if the run is over; a damaged one is none, so that its run is made again."""
    try:
        data = json.loads(read_bytes(place / RESULT, "the result of the run"))
        row: Row = data["row"]
        return row if data["sha256"] == _checksum(row) else None
    except (InputError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _store(place: Path, row: Row) -> None:
    """Writes the row; the file appears complete or not at all."""
    with replacing(place / RESULT) as fresh:
        fresh.write_text(json.dumps({"row": row, "sha256": _checksum(row)}, indent=1) + "\n")


def _checksum(row: Row) -> str:
    """SHA-256 of a row as JSON; numbers come out of a file as they went into it."""
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()
