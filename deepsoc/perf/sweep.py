"""Design-space exploration: every point of a space with every network."""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.perf._figures import ENGINE, figures
from deepsoc.perf._network import Network, bits_of, complete, networks_of
from deepsoc.perf.cluster import run_each
from deepsoc.perf.space import Axis, Space
from deepsoc.perf.timing import Memory

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = ["FIGURES", "MAX_POINTS", "Progress", "Resources", "costs", "over_networks", "sweep"]

MAX_POINTS = 5_000_000
"""Points times networks of one sweep; its table then takes less than 1 GB."""
_PART = 100_000  # points that are computed, sent and stored together
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq,
}  # fmt: skip
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
            points: one column a parameter of the hardware: those of the space, maxima and `y_bits` as the networks
                need them, the others as in `Hardware`.
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
        space: parameters of the hardware, see `Space.parse`; bits that are left out are those of networks with weights.
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
        end; `buildable`, whether the RTL has line buffers enough for so many rows and the largest kernel and stride,
        and the maxima that the space gives hold the network.

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


def costs(resources: Resources, points: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """What a model of resources returns for complete points, checked.

    Raises:
        InputError: a column does not have one element a point.
    """
    found = {name: np.asarray(values) for name, values in resources(points).items()}
    for name, values in found.items():
        if values.shape != (len(points),):
            raise InputError("the model of resources must return one element a point", where=name)
    return found


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

    networks: tuple[Network, ...]
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
        _, found = networks_of(networks)
        space = space if isinstance(space, Space) else Space.parse(space)
        names = {axis.name for axis in space.axes}
        bits = {name: value for name, value in bits_of(found).items() if name in ENGINE and name not in names}
        space = Space((*space.axes, *(Axis(name, 1, values=(value,)) for name, value in bits.items())))
        rows = space.size * len(found)
        longest = ", ".join(f"{a.name} ({a.count:,})" for a in sorted(space.axes, key=lambda a: -a.count)[:3])
        if rows > MAX_POINTS:
            raise InputError(
                f"{space.size:,} points times {len(found)} networks, expected at most {MAX_POINTS:,} in one sweep; "
                f"enlarge the steps of the longest axes, {longest}, or sweep a part of them",
                where="space",
            )
        read = (*ENGINE, "frequency_mhz")
        for axis in space.axes:
            if axis.count > 1 and axis.name not in read and resources is None:
                raise InputError(
                    f"the clocks do not depend on this parameter; give one value, or vary one of {', '.join(read)}",
                    where=f"space.{axis.name}",
                )
        # What the clocks depend on varies slowest, so that it is computed once.
        ordered = sorted(space.axes, key=lambda axis: axis.name not in ENGINE)
        job = cls(found, Space(tuple(ordered)), tuple(limits), memory, resources)
        _limited(_part(job, _Part(0, 0, 1), checked=False), job.limits)
        return job

    def parts(self) -> list[_Part]:
        size = self.space.size
        return [
            _Part(network, start, min(start + _PART, size))
            for network in range(len(self.networks))
            for start in range(0, size, _PART)
        ]

    def identity(self) -> str:
        from deepsoc import __version__

        cost = None if self.resources is None else getattr(self.resources, "__qualname__", repr(self.resources))
        about = (__version__, _PART, self.networks, self.space, self.limits, self.memory, cost)
        return hashlib.sha256(repr(about).encode()).hexdigest()


def _compute(
    job: _Job, parts: Sequence[_Part], cluster: int | str | None, progress: Progress | None
) -> Iterator[tuple[_Part, pd.DataFrame]]:
    total = job.space.size * len(job.networks)
    done = total - sum(part.stop - part.start for part in parts)
    for part, frame in run_each(partial(_part, job), parts, cluster=cluster):
        yield part, frame
        done += part.stop - part.start
        if progress:
            progress(done, total)


def _part(job: _Job, part: _Part, *, checked: bool = True) -> pd.DataFrame:
    """Rows of some neighbouring points with one network."""
    columns: dict[str, Any] = dict(job.space.take(part.start, part.stop))
    names = [network.workload.name for network in job.networks]
    codes = np.full(part.stop - part.start, part.network)
    found = figures(job.networks[part.network], columns, job.memory)
    frame = pd.DataFrame(
        {"network": pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(names)), **columns, **found}
    )
    if job.resources is not None:
        for name, values in costs(job.resources, complete(columns, job.networks)).items():
            if name in frame:
                raise InputError("the model of resources must return new columns", where=name)
            frame[name] = values
    return _limited(frame, job.limits).reset_index(drop=True) if checked else frame


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
