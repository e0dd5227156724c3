"""The estimate of one network on one hardware, as a table."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan, plan, resolve
from deepsoc.perf._network import layer_needs
from deepsoc.perf.equations import evaluate, result_waits
from deepsoc.perf.layers import Layers, Points
from deepsoc.perf.sources import layers_of, resolve_source
from deepsoc.perf.timing import TERMS, Cpu, Memory, operation_times, softmax_clocks
from deepsoc.workloads import Layer, Workload

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = ["Basis", "estimate", "summary"]

Basis = Literal["mapped", "equations"]
"""What `end_to_end_clocks` come from: the operations of a mapped network, or the shapes of the layers alone."""


def estimate(source: Source, hw: Hardware, *, memory: Memory | None = None, cpu: Cpu | None = None) -> pd.DataFrame:
    """Clocks, traffic and time of every layer.

    Args:
        source: a workload's name, a layer table (CSV), a `net.json`, a Workload, NetSpec, Graph, Plan or Model.
        hw: the accelerator; what it leaves open becomes what the network needs. A plan must have been made for it.
        memory: what is behind the ports; None: `Memory()`.
        cpu: what runs the firmware; None: `Cpu()`, on the accelerator's clock.

    Returns:
        One row a layer. `name`, `type`, `frames` (its batch), `groups` (the engine has none: each is a bundle); of the
        equations: `clocks`, `time_us`, `efficiency`, `macs`, `x_words`, `k_words`, `y_words`, `words`, `lower_words`,
        `ops_per_access`, `x_bytes`, `k_bytes`, `y_bytes`, `dram_bytes`, `x_bytes_per_clock`, `k_bytes_per_clock`,
        `y_bytes_per_clock`; of the hardware:
        `end_to_end_clocks`, `basis` (`mapped`; of a workload `equations`), `bound` (what binds the layer) and the terms
        `array_clocks`, `results_clocks`, `pixels_clocks`, `weights_clocks`, `operands_clocks`, `outputs_clocks`,
        `memory_clocks`, `latency_clocks`, `overhead_clocks`. Networks with weights, which are mapped as for export,
        have besides: `pool_clocks` (part of `array_clocks`), `operations`, `axi_read_bytes`, `axi_write_bytes`; and if
        they end in a softmax, the CPU's time behind `end_to_end_clocks`: `cpu_clocks`, which are its own, and `cpu_us`.

    Raises:
        InputError: the network cannot be read, the array is too narrow for a kernel, a maximum that the hardware gives
            is too small for a layer, or the plan is another one's.
        MappingError: a network with weights that this hardware cannot run.
    """
    memory = memory or Memory()
    found = resolve_source(source)
    if isinstance(found, Workload):
        _check_maxima(found.layers, hw)
        return _equations(found.layers, hw).join(_table_terms(found.layers, hw, memory))
    if isinstance(found, Plan) and found.hw != resolve(hw, [found.graph]):
        raise InputError("the plan was made for another hardware; pass that one, or the graph", where="hw")
    mapped = found if isinstance(found, Plan) else plan(found, hw)
    table = _equations(layers_of(mapped.graph), mapped.hw).join(_plan_terms(mapped, memory))
    cpu = cpu or Cpu()
    if clocks := softmax_clocks(mapped, cpu):
        table["cpu_clocks"] = [*[0] * (len(table) - 1), clocks]
        table["cpu_us"] = table["cpu_clocks"] / (cpu.frequency_mhz or hw.frequency_mhz)
    return table


def _check_maxima(layers: tuple[Layer, ...], hw: Hardware) -> None:
    """Compares a layer table with the maxima that are given; `plan` does so for networks with weights."""
    for layer in layers:
        for name, need in layer_needs(layer).items():
            limit = getattr(hw, name)
            if limit is not None and need > limit:
                raise InputError(
                    f"{name} is {limit}, {need} is needed; raise it in the hardware parameters or leave it out",
                    where=f"layer {layer.name}",
                )


def _equations(layers: tuple[Layer, ...], hw: Hardware) -> pd.DataFrame:
    arrays = _arrays(layers)
    for layer, need in zip(layers, arrays.kw + arrays.sw - 1, strict=True):
        if need > hw.cols:
            raise InputError(
                f"a kernel of {layer.kw} columns at stride {layer.sw} takes {need} columns of processing elements, "
                f"the array has {hw.cols}; use more columns",
                where=f"layer {layer.name}",
            )
    found = {name: values[0] for name, values in evaluate(arrays, Points.of_hardware(hw)).items()}
    clocks = found.pop("clocks")
    head = {
        "name": [layer.name for layer in layers],
        "type": [layer.type for layer in layers],
        "frames": arrays.frames,
        "groups": arrays.groups,
        "clocks": clocks,
        "time_us": clocks / hw.frequency_mhz,
    }
    return pd.DataFrame(head | found)


def _table_terms(layers: tuple[Layer, ...], hw: Hardware, memory: Memory) -> pd.DataFrame:
    """Terms of layers without a mapping: whole ports, no rounding to beats, the four ports beside each other."""
    arrays, points = _arrays(layers), Points.of_hardware(hw)
    found = {name: values[0] for name, values in evaluate(arrays, points).items()}
    beat = hw.axi_bytes * memory.efficiency
    pixels, weights = found["x_bytes"] / beat, found["k_bytes"] / beat / hw.weights_ports
    shared = np.minimum(pixels, weights) * (hw.weights_ports > 2)  # the lesser use of the port for both
    terms = dict.fromkeys(TERMS, np.zeros(len(layers))) | {
        "array": found["clocks"],
        "results": result_waits(arrays, points)[0],
        "pixels": pixels + np.where(pixels >= weights, shared, 0),
        "weights": weights + np.where(pixels < weights, shared, 0),
        "outputs": found["y_bytes"] / beat,
        "memory": found["dram_bytes"] * memory.clocks_per_byte(hw.frequency_mhz),
        "latency": 2.0 * memory.latency_clocks * arrays.groups,
    }
    names = "pixels", "weights", "outputs", "memory"
    ports = np.stack([terms[name] for name in names])
    array = terms["array"] + terms["results"]
    body = np.maximum(array, ports.max(axis=0))
    inside = np.where(terms["results"] > 0, "results", "array")
    bound = np.where(array >= body, inside, np.array(names)[ports.argmax(axis=0)])
    columns = {f"{term}_clocks": terms[term] for term in TERMS}
    bound = np.where(terms["latency"] > body, "latency", bound)
    basis: Basis = "equations"
    return pd.DataFrame({"end_to_end_clocks": body + terms["latency"], "basis": basis, "bound": bound} | columns)


@lru_cache(maxsize=64)
def _arrays(layers: tuple[Layer, ...]) -> Layers:
    return Layers.of(layers)


def _plan_terms(mapped: Plan, memory: Memory) -> pd.DataFrame:
    """Terms of a mapped network: its operations' summed by bundle; the longest operation says what binds."""
    rows: dict[str, dict[str, Any]] = {bundle.name: defaultdict(float) for bundle in mapped.graph.bundles}
    longest = dict.fromkeys(rows, -1.0)
    basis: Basis = "mapped"
    for op, cost, time in zip(mapped.operations, mapped.costs, operation_times(mapped, memory), strict=True):
        row = rows[op.bundle]
        row["end_to_end_clocks"] += time.clocks
        row["basis"] = basis
        if time.clocks > longest[op.bundle]:
            longest[op.bundle], row["bound"] = time.clocks, time.bound
        for term in TERMS:
            row[f"{term}_clocks"] += getattr(time, term)
        row["pool_clocks"] += 0.0 if op.kind == "mac" else time.array
        row["operations"] += 1
        row["axi_read_bytes"] += cost.x_bytes + cost.k_bytes + cost.o_bytes
        row["axi_write_bytes"] += cost.y_bytes
    counts = dict.fromkeys(("operations", "axi_read_bytes", "axi_write_bytes"), np.int64)
    return pd.DataFrame(list(rows.values())).astype(counts)


def summary(table: pd.DataFrame) -> dict[str, Any]:
    """Sums over the layers of an estimate.

    Args:
        table: what `estimate` returned, or some of its rows.

    Returns:
        `clocks`, `fps`, `efficiency`, `macs`, `dram_words`, `dram_bytes`, `lower_words`, `ops_per_access` of the
        equations, and with everything counted `end_to_end_clocks` of the accelerator, `end_to_end_us` and
        `end_to_end_fps`, on the `basis` of the table; `cpu_clocks` and `cpu_us`, a part of `end_to_end_us`, of a
        network with a softmax. A network's batch is processed in `clocks`; frames per second count every frame.
    """
    clocks, words, macs = int(table["clocks"].sum()), int(table["words"].sum()), int(table["macs"].sum())
    cpu = {name: table[name].sum() for name in ("cpu_clocks", "cpu_us") if name in table}
    end_to_end_us = table["time_us"] * table["end_to_end_clocks"] / table["clocks"] + table.get("cpu_us", 0.0)
    return {
        "clocks": clocks,
        "fps": 1e6 / float((table["time_us"] / table["frames"]).sum()),
        "efficiency": float((table["efficiency"] * table["clocks"]).sum()) / clocks,
        "macs": macs,
        "dram_words": words,
        "dram_bytes": float(table["dram_bytes"].sum()),
        "lower_words": int(table["lower_words"].sum()),
        "ops_per_access": 2 * macs / words,
        "end_to_end_clocks": float(table["end_to_end_clocks"].sum()),
        "end_to_end_us": float(end_to_end_us.sum()),
        "end_to_end_fps": 1e6 / float((end_to_end_us / table["frames"]).sum()),
        "basis": table["basis"].iloc[0],
        **cpu,
    }
