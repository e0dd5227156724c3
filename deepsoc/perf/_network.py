"""Networks as sweeps and fits see them: their layers, and what they need of the hardware."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.hw.params import MAX_LINE_BUFFERS, MAX_WINDOW, MAXIMA
from deepsoc.hw.rungs import rung
from deepsoc.mapping import Plan
from deepsoc.mapping.limits import (
    bits_needed,
    needs,
    pool_memories,
    requantizers_needed,
    scale_bits_needed,
    sum_bits_needed,
)
from deepsoc.perf._sizes import line_buffers
from deepsoc.perf.sources import as_workload, resolve_source
from deepsoc.perf.space import PARAMETERS
from deepsoc.workloads import Layer, Workload

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = [
    "Network",
    "bits_of",
    "complete",
    "joined",
    "kernel_columns",
    "layer_needs",
    "least_memory_bytes",
    "networks_of",
    "weight_words",
    "words_of",
]

_SUMMED = 32  # most bits of an accumulator


@dataclass(frozen=True)
class Network:
    """A network's layers and needs.

    Attributes:
        workload: its layers.
        maxima: (field of Hardware, value) of what it needs; a layer table knows of no pools.
        growth: bits that its longest sum takes on top of those of its factors.
        bits: (field of Hardware, value) that its numbers fix; a layer table fixes none.
        stages: (field of Hardware, value) that its pools and results fix; a layer table knows of no pools, and may add.
    """

    workload: Workload
    maxima: tuple[tuple[str, int], ...]
    growth: int
    bits: tuple[tuple[str, int], ...]
    stages: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, found: Workload | Graph) -> Network:
        """The network of a resolved source."""
        workload = as_workload(found)
        maxima, bits = _table_needs(workload), dict[str, int]()
        stages = pool_memories([]) | {"requantizers": 2}
        if isinstance(found, Graph):
            maxima, _ = needs([found])
            bits = bits_needed([found])
            stages = pool_memories([found]) | {
                "requantizers": requantizers_needed([found]), "scale_bits": scale_bits_needed([found], bits["x_bits"]),
            }  # fmt: skip
        growth = max((layer.kh * layer.kw * (layer.ci // layer.groups) - 1).bit_length() for layer in workload.layers)
        if isinstance(found, Graph):
            growth = sum_bits_needed([found]) - bits["x_bits"] - bits["k_bits"]
        return cls(workload, tuple(maxima.items()), growth, tuple(bits.items()), tuple(stages.items()))


def networks_of(sources: Sequence[Source]) -> tuple[list[Workload | Graph], tuple[Network, ...]]:
    """Networks from what `estimate` takes, each resolved once.

    Raises:
        InputError: not a list, none, one that cannot be read, or two of one name.
    """
    if isinstance(sources, str) or not isinstance(sources, Sequence):
        raise InputError(f"expected a list of networks, received {sources!r}", where="networks")
    resolved = [resolve_source(source) for source in sources]
    found = [source.graph if isinstance(source, Plan) else source for source in resolved]
    networks = tuple(map(Network.of, found))
    names = [network.workload.name for network in networks]
    if not names or len(set(names)) < len(names):
        raise InputError(f"expected networks of different names, received {names or 'none'}", where="networks")
    return found, networks


def joined(networks: Sequence[Network]) -> dict[str, int]:
    """Maxima that suffice for all networks."""
    needs: dict[str, int] = {}
    for network in networks:
        for name, value in network.maxima:
            needs[name] = max(value, needs.get(name, 0))
    return needs


def bits_of(networks: Sequence[Network]) -> dict[str, int]:
    """Bits that hold the numbers of all networks with weights."""
    return _most(pair for network in networks for pair in network.bits)


def _most(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The largest value of every name."""
    found: dict[str, int] = {}
    for name, value in pairs:
        found[name] = max(value, found.get(name, 0))
    return found


def complete(columns: Mapping[str, npt.NDArray[Any]], networks: Sequence[Network]) -> pd.DataFrame:
    """Points with every parameter of the hardware: those given, else what `resolve` makes of the networks' needs."""
    defaults = {name: Hardware.model_fields[name].default for name in PARAMETERS}
    need = joined(networks)
    fixed = defaults | bits_of(networks) | {name: int(rung(name, value)) for name, value in need.items()}
    fixed |= _most(pair for network in networks for pair in network.stages)
    count = len(next(iter(columns.values())))
    full = {name: columns[name] if name in columns else np.full(count, fixed[name]) for name in PARAMETERS}
    too_many = (line_buffers(full) > MAX_LINE_BUFFERS) | (full["kh_max"] * full["kw_max"] > MAX_WINDOW)
    full |= {name: np.where(too_many, value, full[name]) for name, value in need.items() if name not in columns}
    if "y_bits" not in columns:
        sums = [full["x_bits"] + full["k_bits"] + 1]
        for network in networks:
            factors = full | dict(network.bits)
            sums.append(factors["x_bits"] + factors["k_bits"] + network.growth)
        full["y_bits"] = np.minimum(rung("y_bits", np.maximum.reduce(np.broadcast_arrays(*sums))), _SUMMED)
    return pd.DataFrame(full)


def _table_needs(workload: Workload) -> dict[str, int]:
    needs = dict.fromkeys(MAXIMA, 1) | {"edges_ram_depth": 16}
    for layer in workload.layers:
        for name, value in layer_needs(layer).items():
            needs[name] = max(needs[name], value)
    needs["n_bundles_max"] = min(sum(layer.groups for layer in workload.layers), 65535)
    return needs


def layer_needs(layer: Layer) -> dict[str, int]:
    """What one group of a layer needs, by maximum of the hardware."""
    dense = layer.type == "dense"
    return {
        "kh_max": layer.kh, "kw_max": layer.kw, "sh_max": layer.sh, "sw_max": _stride(layer),
        "ci_max": layer.ci // layer.groups, "co_max": layer.co // layer.groups,
        "xh_max": layer.n * layer.h * layer.w if dense else max(layer.h, layer.ho),
        "xw_max": 1 if dense else max(layer.w, layer.wo), "xn_max": layer.n,
    }  # fmt: skip


def kernel_columns(networks: Sequence[Network]) -> int:
    """Columns of processing elements that the widest kernel takes, by the equations."""
    layers = [layer for network in networks for layer in network.workload.layers]
    return max(layer.kw + (1 if layer.kh == layer.kw == 1 else layer.sw) - 1 for layer in layers)


def words_of(layer: Layer) -> int:
    """Weights of a column that one pass over all input channels takes."""
    return layer.ci // layer.groups * layer.kh * _stride(layer)


def weight_words(networks: Sequence[Network], rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Depth of the weights RAM with which no layer needs a second pass, one element a point.

    Dense layers whose batch fits the rows chain any number of blocks (architecture.md, section 3).
    """
    words = np.zeros(len(rows), np.int64)
    for layer in {layer for network in networks for layer in network.workload.layers}:
        batch = layer.n * layer.h * layer.w if layer.type == "dense" else 1 << 62
        np.maximum(words, np.where(rows < batch, words_of(layer), 0), out=words)
    return words


def least_memory_bytes(network: Network) -> int:
    """Shared memory that a network needs on any hardware: its weights, the largest input and output of a layer."""
    bits = dict(network.bits) or {name: Hardware.model_fields[name].default for name in ("x_bits", "k_bits")}
    layers = network.workload.layers
    weights = sum(layer.kh * layer.kw * (layer.ci // layer.groups) * layer.co for layer in layers) * bits["k_bits"]
    tensors = max(layer.n * (layer.h * layer.w * layer.ci + layer.ho * layer.wo * layer.co) for layer in layers)
    return -(-(weights + tensors * bits["x_bits"]) // 8)


def _stride(layer: Layer) -> int:
    """Horizontal stride as the array sees it: kernels of one column are decimated."""
    return 1 if layer.kw == 1 else layer.sw
