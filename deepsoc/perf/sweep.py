"""Design-space exploration: every point of a space with every network."""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf.cluster import run_each
from deepsoc.perf.equations import evaluate, result_waits
from deepsoc.perf.layers import Floats, Layers, Points
from deepsoc.perf.sources import as_workload
from deepsoc.perf.space import Space
from deepsoc.perf.timing import Memory
from deepsoc.workloads import Workload

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = ["FIGURES", "MAX_POINTS", "Progress", "Resources", "over_networks", "sweep"]

MAX_POINTS = 5_000_000
"""Points times networks of one sweep; its table then takes less than 1 GB."""
_PART = 100_000  # points that are computed, sent and stored together
_SLAB = 256  # points that are evaluated together: the arrays of 20 to 50 layers stay in the cache
_ENGINE = ("rows", "cols", "x_bits", "k_bits", "axi_data_bits")  # all that the clocks depend on
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq,
}  # fmt: skip
_Index = npt.NDArray[np.intp]
_LIMIT = re.compile(r"\s*(\w+)\s*(<=|>=|==|<|>)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")

FIGURES = {
    "clocks": "sum", "end_to_end_clocks": "sum", "fps": "mean", "end_to_end_fps": "mean", "efficiency": "mean",
    "dram_words": "sum", "dram_bytes": "sum", "ops_per_access": "mean", "dram_gb_per_s": "max",
    "buildable": "min",
}  # fmt: skip
"""Columns that depend on the network; several networks give a sum, geometric mean, largest or smallest value."""

Progress = Callable[[int, int], None]
"""Called with the points that are done and those there are."""


class Resources(Protocol):
    """What hardware costs: a model that a sweep adds to its table."""

    def __call__(self, points: pd.DataFrame, /) -> Mapping[str, npt.ArrayLike]:
        """Columns of figures, units in their names, one element a point.

        Args:
            points: one column a parameter of the space.
        """
        ...


def sweep(
    networks: Sequence[Source],
    space: Space | Mapping[str, Any],
    *,
    out: str | Path | None = None,
    limits: Sequence[str] = (),
    memory: Memory | None = None,
    resources: Resources | None = None,
    cluster: int | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Evaluates every network on every point of a space.

    Args:
        networks: what `estimate` takes.
        space: parameters of the hardware, see `Space.parse`.
        out: Parquet file of the result. A sweep that was stopped leaves what it has found there, and goes on from it
            when it is started again.
        limits: what a row must fulfil to be kept, such as `end_to_end_fps >= 30` or `pes <= 1024`.
        memory: what is behind the ports; None: `Memory()`.
        resources: model of resources or area, whose columns are added.
        cluster: where to compute, see `run_each`.
        progress: is told about it.

    Returns:
        One row a point and network, without points whose array is too narrow for a kernel of the network: `network`,
        the parameters, `pes` (processing elements), and as in `summary` of an estimate, from layer tables: `clocks`,
        `fps`, `efficiency`, `dram_words`, `dram_bytes`, `ops_per_access` of the equations, `end_to_end_clocks` and
        `end_to_end_fps` with waiting for ports, results and memory; `dram_gb_per_s`, 10^9 bytes a second end to
        end; `buildable`, whether the RTL has line buffers enough for so many rows and the largest kernel and stride.

    Raises:
        InputError: a fault in the arguments, no network, more than MAX_POINTS rows, or `out` holds something else.
        ToolError: the cluster fails.
    """
    job = _Job.of(networks, space, limits, memory or Memory(), resources)
    parts = job.parts()
    if out is None:
        found = dict(_compute(job, parts, cluster, progress))
        return pd.concat([found[part] for part in parts], ignore_index=True)

    from deepsoc.perf._store import Store

    store = Store(Path(out), job.identity(), [part.name for part in parts])
    if not store.complete:
        left = [part for part in parts if part.name not in store.done]
        try:
            for part, frame in _compute(job, left, cluster, progress):
                store.save(part.name, frame)
        finally:
            store.merge()
    return store.read()


def over_networks(table: pd.DataFrame) -> pd.DataFrame:
    """One row a point for all networks together.

    Args:
        table: what `sweep` returned.

    Returns:
        The points that can run every network: hardware columns as they are, clocks, words and bytes summed, rates and
        efficiency as geometric means, `dram_gb_per_s` as the largest, `buildable` if it is for all.
    """
    networks = table["network"].nunique()
    hardware = [name for name in table if name != "network" and name not in FIGURES]
    figures = table[list(FIGURES)].copy()
    means = [name for name, how in FIGURES.items() if how == "mean"]
    figures[means] = np.log(figures[means])
    groups = figures.join(table[hardware]).groupby(hardware, sort=False)
    found = groups.agg(dict(FIGURES))
    found[means] = np.exp(found[means])
    return found[groups.size() == networks].reset_index()


@dataclass(frozen=True)
class _Part:
    network: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        return f"{self.network:04}-{self.start:012}"


@dataclass(frozen=True)
class _Job:
    """All that a part needs; goes to the workers."""

    workloads: tuple[Workload, ...]
    space: Space
    limits: tuple[str, ...]
    memory: Memory
    resources: Resources | None

    @classmethod
    def of(
        cls,
        networks: Sequence[Source],
        space: Space | Mapping[str, Any],
        limits: Sequence[str],
        memory: Memory,
        resources: Resources | None,
    ) -> _Job:
        if isinstance(networks, str) or not isinstance(networks, Sequence):
            raise InputError(f"expected a list of networks, received {networks!r}", where="networks")
        workloads = tuple(map(as_workload, networks))
        names = [workload.name for workload in workloads]
        if not names or len(set(names)) < len(names):
            raise InputError(f"expected networks of different names, received {names or 'none'}", where="networks")
        space = space if isinstance(space, Space) else Space.parse(space)
        rows = space.size * len(names)
        longest = ", ".join(f"{a.name} ({a.count:,})" for a in sorted(space.axes, key=lambda a: -a.count)[:3])
        if rows > MAX_POINTS:
            raise InputError(
                f"{space.size:,} points times {len(names)} networks, expected at most {MAX_POINTS:,} in one sweep; "
                f"enlarge the steps of the longest axes, {longest}, or sweep a part of them",
                where="space",
            )
        read = (*_ENGINE, "frequency_mhz")
        for axis in space.axes:
            if axis.count > 1 and axis.name not in read and resources is None:
                raise InputError(
                    f"the clocks do not depend on this parameter; give one value, or vary one of {', '.join(read)}",
                    where=f"space.{axis.name}",
                )
        # What the clocks depend on varies slowest, so that it is computed once.
        ordered = sorted(space.axes, key=lambda axis: axis.name not in _ENGINE)
        job = cls(workloads, Space(tuple(ordered)), tuple(limits), memory, resources)
        _limited(_part(job, _Part(0, 0, 1), checked=False), job.limits)
        return job

    def parts(self) -> list[_Part]:
        size = self.space.size
        return [
            _Part(network, start, min(start + _PART, size))
            for network in range(len(self.workloads))
            for start in range(0, size, _PART)
        ]

    def identity(self) -> str:
        from deepsoc import __version__

        cost = None if self.resources is None else getattr(self.resources, "__qualname__", repr(self.resources))
        about = (__version__, _PART, self.workloads, self.space, self.limits, self.memory, cost)
        return hashlib.sha256(repr(about).encode()).hexdigest()


def _compute(
    job: _Job, parts: Sequence[_Part], cluster: int | str | None, progress: Progress | None
) -> Iterator[tuple[_Part, pd.DataFrame]]:
    total = job.space.size * len(job.workloads)
    done = total - sum(part.stop - part.start for part in parts)
    for part, frame in run_each(partial(_part, job), parts, cluster=cluster):
        yield part, frame
        done += part.stop - part.start
        if progress:
            progress(done, total)


def _part(job: _Job, part: _Part, *, checked: bool = True) -> pd.DataFrame:
    """Rows of some neighbouring points with one network."""
    columns: dict[str, Any] = dict(job.space.take(part.start, part.stop))
    points = pd.DataFrame(columns)
    names = [workload.name for workload in job.workloads]
    codes = np.full(len(points), part.network)
    figures = _figures(job.workloads[part.network], columns, job.memory)
    frame = pd.DataFrame(
        {"network": pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(names)), **columns, **figures}
    )
    if job.resources is not None:
        for name, values in job.resources(points).items():
            if name in frame or np.shape(values) != (len(points),):
                raise InputError("the model of resources must return new columns, one element a point", where=name)
            frame[name] = np.asarray(values)
    return _limited(frame, job.limits).reset_index(drop=True) if checked else frame


def _figures(
    workload: Workload, columns: Mapping[str, npt.NDArray[Any]], memory: Memory
) -> dict[str, npt.NDArray[Any]]:
    """Figures of all points; the engine is evaluated once for neighbours that differ in nothing it depends on."""
    known = {name: columns[name] for name in (*_ENGINE, "frequency_mhz") if name in columns}
    points = Points.of(**known)
    engine = np.stack([getattr(points, name) for name in _ENGINE])
    fresh = np.concatenate([[True], (engine[:, 1:] != engine[:, :-1]).any(axis=0)])
    which = np.cumsum(fresh) - 1
    layers, counts = _distinct(Layers.of(workload.layers))
    chosen = Points(**{field.name: getattr(points, field.name)[fresh] for field in fields(Points)})
    sums = {name: values[which] for name, values in _sums(layers, counts, chosen, memory).items()}
    hertz = points.frequency_mhz * 1e6
    macs = int(layers.macs @ counts)
    pes = points.rows * points.cols
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "pes": pes,
            "clocks": sums["clocks"].astype(np.int64),
            "end_to_end_clocks": sums["end_to_end_clocks"],
            "fps": hertz / sums["frame_clocks"],
            "end_to_end_fps": hertz / sums["frame_end_to_end_clocks"],
            "efficiency": macs / (sums["clocks"] * pes),
            "dram_words": sums["words"].astype(np.int64),
            "dram_bytes": sums["dram_bytes"],
            "ops_per_access": 2 * macs / sums["words"],
            "dram_gb_per_s": sums["dram_bytes"] / sums["end_to_end_clocks"] * hertz / 1e9,
            "buildable": _buildable(workload, points),
        }


def _buildable(workload: Workload, points: Points) -> npt.NDArray[np.bool_]:
    most = {f"{size}_max": max(getattr(layer, size) for layer in workload.layers) for size in ("kh", "sh")}

    def accepted(rows: int, x_bits: int) -> bool:
        try:
            Hardware(rows=rows, cols=1, x_bits=x_bits, **most)
        except InputError:
            return False
        return True

    pairs, which = np.unique(points.rows * 16 + points.x_bits, return_inverse=True)
    return np.array([accepted(*divmod(pair, 16)) for pair in pairs.tolist()])[which]


def _distinct(layers: Layers) -> tuple[Layers, npt.NDArray[np.int64]]:
    """The layers that differ, and how often each is there."""
    names = [field.name for field in fields(Layers)]
    table = np.stack([getattr(layers, name) for name in names])
    distinct, counts = np.unique(table, axis=1, return_counts=True)
    return Layers(**dict(zip(names, distinct, strict=True))), counts.astype(np.int64)


def _sums(layers: Layers, counts: npt.NDArray[np.int64], points: Points, memory: Memory) -> dict[str, Floats]:
    """Sums over the layers, as in `estimate`; clocks are 0 where a layer does not fit."""
    by_row, row, by_column, column = _factors(layers, points)
    total, a_frame = counts.astype(np.float64), counts / layers.frames
    latency = 2.0 * memory.latency_clocks * layers.groups
    beat = points.axi_data_bits * memory.efficiency
    slabs = []
    for start in range(0, len(points), _SLAB):
        part = slice(start, start + _SLAB)
        clocks, waits, *words = (
            np.rint(of_row[row[part]] * of_column[column[part]])
            for of_row, of_column in zip(by_row, by_column, strict=True)
        )
        clocks[(clocks == 0).any(axis=1)] = 0
        end_to_end, bytes_moved = clocks + waits, np.zeros(len(clocks))
        for moved, bits in zip(words, (points.x_bits, points.k_bits, points.y_bits), strict=True):
            np.maximum(end_to_end, moved * (bits[part] / beat[part])[:, None], out=end_to_end)
            bytes_moved += (moved @ total) * (bits[part] / 8)
        end_to_end += latency
        slabs.append(
            (
                clocks @ total,
                end_to_end @ total,
                clocks @ a_frame,
                end_to_end @ a_frame,
                sum(words) @ total,
                bytes_moved,
            )
        )
    names = "clocks", "end_to_end_clocks", "frame_clocks", "frame_end_to_end_clocks", "words", "dram_bytes"
    return dict(zip(names, map(np.concatenate, zip(*slabs, strict=True)), strict=True))


def _factors(layers: Layers, points: Points) -> tuple[list[Floats], _Index, list[Floats], _Index]:
    """Factors of clocks, waits for results, and words of pixels, weights and outputs.

    Each of these is, in the equations, a function of the array's rows times one of its columns: so that they are
    evaluated along the two axes alone.

    Returns:
        Factors by row, each (different rows, layers), and which of them is each point's; the same by column.
    """
    rows, row = np.unique(points.rows, return_inverse=True)
    columns, column = np.unique(points.cols, return_inverse=True)
    enough = int((layers.kw + layers.sw).max())  # columns for every kernel
    names = "clocks", "x_words", "k_words", "y_words"
    along_rows, along_columns, one = (
        evaluate(layers, Points.of(rows=r, cols=c)) for r, c in ((rows, enough), (1, columns), (1, enough))
    )
    by_row = [along_rows[name] / one[name] for name in names]
    by_column = [along_columns[name].astype(np.float64) for name in names]
    by_row.insert(1, by_row[3] / rows[:, None])  # row blocks
    by_column.insert(1, np.nan_to_num(result_waits(layers, Points.of(rows=1, cols=columns))))
    return by_row, row, by_column, column


def _limited(frame: pd.DataFrame, limits: Sequence[str]) -> pd.DataFrame:
    """The rows that fit and fulfil every limit."""
    kept = frame["clocks"].to_numpy() > 0
    for limit in limits:
        match = _LIMIT.fullmatch(limit)
        try:
            name, sign, bound = match.groups() if match else ("", "", "nan")
            value = float(bound)
        except ValueError:
            name = ""
        if not name:
            raise InputError(
                f"expected a column, one of <= >= < > ==, and a number, received {limit!r}", where="limits"
            )
        if name not in frame or not pd.api.types.is_numeric_dtype(frame[name]):
            columns = ", ".join(frame.select_dtypes("number").columns)
            raise InputError(f"no such column of numbers: {name!r}; expected one of {columns}", where="limits")
        kept &= _OPERATORS[sign](frame[name].to_numpy(), value)
    return frame[kept]
