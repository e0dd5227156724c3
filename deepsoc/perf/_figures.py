"""Figures of a network on many points of hardware at once; `deepsoc.perf.estimate` has them for one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc.hw import Hardware
from deepsoc.hw.params import MAX_LINE_BUFFERS, MAX_WINDOW
from deepsoc.perf._network import Network, joined
from deepsoc.perf.equations import evaluate, result_waits
from deepsoc.perf.layers import Floats, Layers, Points
from deepsoc.perf.timing import Memory
from deepsoc.workloads import Layer

__all__ = ["ENGINE", "figures", "line_buffers"]

ENGINE = ("rows", "cols", "x_bits", "k_bits", "axi_data_bits", "drain_lanes")
"""Parameters that the clocks depend on, besides the frequency where the memory limits them."""
_SLAB = 256  # points that are evaluated together: the arrays of 20 to 50 layers stay in the cache
_Index = npt.NDArray[np.intp]


def figures(network: Network, columns: Mapping[str, npt.NDArray[Any]], memory: Memory) -> dict[str, npt.NDArray[Any]]:
    """Figures of all points; the engine is evaluated once for neighbours that differ in nothing it depends on.

    Args:
        network: the network.
        columns: by parameter one value a point; parameters left out have their defaults.
        memory: what is behind the ports.

    Returns:
        One element a point, see `sweep`; `clocks` is 0 where the array is too narrow for a kernel.
    """
    depends = ENGINE if memory.gb_per_s == math.inf else (*ENGINE, "frequency_mhz")
    points = Points.of(**{name: columns[name] for name in (*ENGINE, "frequency_mhz") if name in columns})
    engine = np.stack([getattr(points, name) for name in depends])
    fresh = np.concatenate([[True], (engine[:, 1:] != engine[:, :-1]).any(axis=0)])
    which = np.cumsum(fresh) - 1
    layers, counts = _distinct(network.workload.layers)
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
            "buildable": _buildable(network, points, columns),
        }


def _buildable(network: Network, points: Points, columns: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.bool_]:
    """Whether the RTL has line buffers enough, and the maxima that are given hold the network."""
    found = np.asarray(line_buffers([network], points.rows, points.x_bits) <= MAX_LINE_BUFFERS)
    biases = points.axi_data_bits // 32 * np.minimum(points.weights_ports, 2)  # of a beat of weights
    found = found & (points.drain_lanes <= biases)
    for name, need in network.maxima:
        if name in columns:
            found = found & (columns[name] >= need)
    return found


def line_buffers(networks: Sequence[Network], rows: npt.NDArray[Any], x_bits: npt.NDArray[Any]) -> Floats:
    """Line buffers that each point needs for all networks; infinite if no hardware holds their windows."""
    needs = joined(networks)
    if needs["kh_max"] * needs["kw_max"] > MAX_WINDOW:
        return np.full(len(rows), np.inf)
    pairs, which = np.unique(rows * 16 + x_bits, return_inverse=True)
    count = [
        Hardware.model_construct(None, rows=pair // 16, cols=1, x_bits=pair % 16, **needs).line_buffers
        for pair in pairs.tolist()
    ]
    return np.array(count, np.float64)[which]


@lru_cache(maxsize=64)
def _distinct(layers: tuple[Layer, ...]) -> tuple[Layers, npt.NDArray[np.int64]]:
    """The layers that differ, and how often each is there."""
    arrays = Layers.of(layers)
    names = [field.name for field in fields(Layers)]
    table = np.stack([getattr(arrays, name) for name in names])
    distinct, counts = np.unique(table, axis=1, return_counts=True)
    return Layers(**dict(zip(names, distinct, strict=True))), counts.astype(np.int64)


def _sums(layers: Layers, counts: npt.NDArray[np.int64], points: Points, memory: Memory) -> dict[str, Floats]:
    """Sums over the layers, as in `estimate`; clocks are 0 where a layer does not fit."""
    by_row, row, by_column, column = _factors(layers, points)
    total, a_frame = counts.astype(np.float64), counts / layers.frames
    latency = 2.0 * memory.latency_clocks * layers.groups
    beat = points.axi_data_bits / 8 * memory.efficiency
    moving = points.frequency_mhz * memory.clocks_per_byte(1)  # clocks a byte
    slabs = []
    for start in range(0, len(points), _SLAB):
        part = slice(start, start + _SLAB)
        clocks, waits, *words = (
            np.rint(of_row[row[part]] * of_column[column[part]])
            for of_row, of_column in zip(by_row, by_column, strict=True)
        )
        clocks[(clocks == 0).any(axis=1)] = 0
        end_to_end, bytes_moved = clocks + waits, np.zeros(len(clocks))
        widths = [bits[part] / 8 for bits in (points.x_bits, points.k_bits, points.y_bits)]
        x, k, y = (moved * (width / beat[part])[:, None] for moved, width in zip(words, widths, strict=True))
        ports = points.weights_ports[part][:, None]
        for port in (x + np.where(ports > 2, k / ports, 0), k / ports, y):
            np.maximum(end_to_end, port, out=end_to_end)
        bytes_moved += sum((moved @ total) * width for moved, width in zip(words, widths, strict=True))
        if memory.gb_per_s < math.inf:
            together = sum(moved * (width * moving[part])[:, None] for moved, width in zip(words, widths, strict=True))
            np.maximum(end_to_end, together, out=end_to_end)
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
    drains, column = np.unique(np.stack([points.cols, points.drain_lanes]), axis=1, return_inverse=True)
    columns, lanes, column = *drains, column.ravel()
    enough = int((layers.kw + layers.sw).max())  # columns for every kernel
    names = "clocks", "x_words", "k_words", "y_words"
    along_rows, along_columns, one = (
        evaluate(layers, Points.of(rows=r, cols=c)) for r, c in ((rows, enough), (1, columns), (1, enough))
    )
    by_row = [along_rows[name] / one[name] for name in names]
    by_column = [along_columns[name].astype(np.float64) for name in names]
    by_row.insert(1, by_row[3] / rows[:, None])  # row blocks
    by_column.insert(1, np.nan_to_num(result_waits(layers, Points.of(rows=1, cols=columns, drain_lanes=lanes))))
    return by_row, row, by_column, column
