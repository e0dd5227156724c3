"""Simulations of many networks and accelerators, here or on a cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsoc._hashes import key_of, sources_key
from deepsoc.assets import folder as assets
from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.perf.runs import Progress, Row, Run, run_in_folders
from deepsoc.perf.sources import resolve_source
from deepsoc.sim.run import simulate

if TYPE_CHECKING:
    import pandas as pd

    from deepsoc.perf.sources import Source

__all__ = ["simulate_each"]


def simulate_each(
    points: Sequence[tuple[Source, Hardware]],
    folder: str | Path,
    *,
    stall_prob: float = 0.0,
    mem_latency: int = 16,
    seed: int = 0,
    cluster: int | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Exports and simulates every network on its accelerator, each in a folder of its own.

    A point whose result is on disk is not simulated again, unless the network, the accelerator, an option, the RTL or
    the firmware has changed. A point that fails is a row with its error, and is tried again by the next call.

    Args:
        points: network (`net.json`, Graph, NetSpec or Model) and accelerator.
        folder: where the folders of the points are; on a cluster, the same for all machines.
        stall_prob: as in `simulate`.
        mem_latency: as in `simulate`, in clocks.
        seed: of stalls and memory, as in `simulate`, and of the input.
        cluster: where to run, see `deepsoc.perf.cluster.run_each`; None: here, one after the other.
        progress: told about points that are over, and how many there are.

    Returns:
        One row a point, in their order: `run` (its folder's name), `network`, the accelerator's parameters, and of the
        run `bit_exact`, `mismatches`, `cycles_rtl`, `cycles_model`, `fps`, `axi_read_bytes`, `axi_write_bytes`,
        `wall_s`; `error`, empty if it ended.

    Raises:
        InputError: no points, a network that cannot be read, or a bad `cluster` or `folder`.
        ToolError: the cluster fails.
    """
    package = Path(__file__).parents[1]
    used = (package / part for part in ("export", "hw", "mapping", "sim"))
    sources = sources_key(assets("rtl"), assets("c"), *used)
    graphs: dict[int, Graph] = {}
    runs = []
    for index, (source, hw) in enumerate(points):
        if id(source) not in graphs:
            graphs[id(source)] = _graph(source, f"points[{index}]")
        point = _Point(graphs[id(source)], hw, stall_prob, mem_latency, seed)
        name = f"{point.graph.name}-{hw.rows}x{hw.cols}-{key_of([sources, *_content(point)])[:12]}"
        about = {"network": point.graph.name, **hw.model_dump(exclude={"format"}, exclude_none=True)}
        runs.append(Run(name, about, point))
    return run_in_folders(_simulate, runs, folder, cluster=cluster, progress=progress)


@dataclass(frozen=True)
class _Point:
    graph: Graph
    hw: Hardware
    stall_prob: float
    mem_latency: int
    seed: int


def _simulate(point: _Point, place: Path) -> Row:
    artifacts = export(point.graph, point.hw, place / "export", seed=point.seed)
    result = simulate(artifacts.path, stall_prob=point.stall_prob, mem_latency=point.mem_latency, seed=point.seed)
    frames = artifacts.manifest.output.shape[0]
    return {
        "bit_exact": result.bit_exact,
        "mismatches": result.mismatches,
        "cycles_rtl": result.cycles_rtl,
        "cycles_model": result.cycles_model,
        "fps": frames * point.hw.frequency_mhz * 1e6 / result.cycles_rtl if result.cycles_rtl else 0.0,
        "axi_read_bytes": sum(bundle.axi_read_bytes for bundle in result.bundles),
        "axi_write_bytes": sum(bundle.axi_write_bytes for bundle in result.bundles),
        "wall_s": result.wall_s,
        "error": result.error,
    }


def _graph(source: Source, where: str) -> Graph:
    graph = resolve_source(source)
    if not isinstance(graph, Graph):
        raise InputError(
            f"expected a network with layers that can be exported, received {type(graph).__name__}", where=where
        )
    return graph


def _content(value: Any) -> Iterator[str | bytes]:
    """All that a point holds, arrays included, for a hash."""
    if isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape}"
        yield value.tobytes()
    elif isinstance(value, Hardware):
        yield value.to_json()
    elif dataclasses.is_dataclass(value):
        yield type(value).__name__
        for field in dataclasses.fields(value):
            yield from _content(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        yield f"{len(value)} of"
        for element in value:
            yield from _content(element)
    else:
        yield repr(value)
