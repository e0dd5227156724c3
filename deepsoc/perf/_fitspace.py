"""The space that `fit` searches where the user leaves parameters open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepsoc.errors import InputError
from deepsoc.perf._network import Network, joined, kernel_columns, words_of
from deepsoc.perf.space import Axis, Space, read_space
from deepsoc.workloads import Layer, Workload

__all__ = ["fit_space"]

_ROWS_MAX, _COLS_MAX, _DEPTH_MAX = 512, 2048, 1 << 18
_DEPTH_MIN, _DEPTHS = 64, 8  # least depth of the weights RAM that is tried, and how many are


def fit_space(
    given: Space | Mapping[str, Any] | str | Path | None,
    sources: Sequence[object],
    networks: Sequence[Network],
    frequency_mhz: float,
    axi_data_bits: Sequence[int],
    elements: Sequence[str],
) -> Space:
    """The space that was given, completed, and checked against what the networks need.

    Args:
        given: parameters and their values.
        sources: the networks, as they were given.
        networks: their layers and needs.
        frequency_mhz: of the target.
        axi_data_bits: of the target.
        elements: kinds of processing elements that the target has.

    Raises:
        InputError: not a space, or one in which no hardware can hold the networks.
    """
    where = str(given) if isinstance(given, str | Path) else "space"
    data = read_space(given) if isinstance(given, str | Path) else given
    if data is not None and not isinstance(data, Space | Mapping):
        raise InputError(f"expected an object of parameters, received {type(data).__name__}", where=where)
    default = _default_space(sources, networks)
    default |= {"frequency_mhz": frequency_mhz, "axi_data_bits": list(axi_data_bits), "pe": list(elements)}
    own = data.axes if isinstance(data, Space) else ()
    if isinstance(data, Mapping):
        default |= data
    names = [axis.name for axis in own]
    space = Space((*(axis for axis in Space.parse(default, where=where).axes if axis.name not in names), *own))
    needs = joined(networks)
    for axis in space.axes:
        if axis.name in needs and (value := _least(axis)) < needs[axis.name]:
            raise InputError(f"the networks need {needs[axis.name]}, received {value:g}", where=f"{where}.{axis.name}")
    bits = [network.bits for network in networks if network.bits]
    for name in ("x_bits", "k_bits", "b_bits"):
        used = sorted({dict(one)[name] for one in bits})
        values = {int(v) for axis in space.axes if axis.name == name for v in axis.take(np.arange(axis.count))} or used
        if used and (min(values) < used[-1] or (name == "x_bits" and {*used, *values} != {used[-1]})):
            raise InputError(
                f"the networks have {', '.join(map(str, used))} bits, received {sorted(values)}; make them equal",
                where=f"{where}.{name}",
            )
    return space


def _least(axis: Axis) -> float:
    return min(map(float, axis.values)) if axis.values else axis.first


def _default_space(sources: Sequence[object], networks: Sequence[Network]) -> dict[str, Any]:
    """Values beyond which nothing gets faster, the denser the smaller."""
    layers = [layer for network in networks for layer in network.workload.layers]
    most_rows = min(max(-(-_rows_of(layer) // layer.sh) for layer in layers), _ROWS_MAX)
    least = kernel_columns(networks)
    most_cols = min(max(least, max(_cols_of(layer) for layer in layers)), _COLS_MAX)
    cols = {*range(least, min(most_cols, 256) + 1), *range(256, most_cols + 1, 8), most_cols}
    return {
        "rows": sorted({*range(1, min(most_rows, 64) + 1), *range(64, most_rows + 1, 8), most_rows}),
        "cols": sorted(value for value in cols if least <= value <= most_cols),
        "weights_ram_depth": _depths(sources, networks),
    }


def _rows_of(layer: Layer) -> int:
    return layer.n * layer.h * layer.w if layer.type == "dense" else layer.h


def _cols_of(layer: Layer) -> int:
    """Columns with which all output channels of a group are computed at once."""
    sw = 1 if layer.kh == layer.kw == 1 else layer.sw
    return (layer.kw + sw - 1) * -(-(layer.co // layer.groups) // sw)


def _depths(sources: Sequence[object], networks: Sequence[Network]) -> list[int]:
    """Depths with which one more layer takes one pass; with weights, which may take several passes, parts of them."""
    depths, floor = {_DEPTH_MIN}, _DEPTH_MIN
    for source, network in zip(sources, networks, strict=True):
        for layer in network.workload.layers:
            words = words_of(layer)
            if isinstance(source, Workload):
                depths.add(words)
                floor = max(floor, 0 if layer.type == "dense" else words)
            else:
                depths |= {words, -(-words // 2), -(-words // 4)}
    kept = sorted({max(depth, floor) for depth in depths if depth <= _DEPTH_MAX})
    chosen = np.linspace(0, len(kept) - 1, min(len(kept), _DEPTHS)).round().astype(int)
    return [kept[i] for i in sorted(set(chosen.tolist()))]
