"""The hardware's performance counters beside what the harness saw and what the model says, of any simulated run."""

from __future__ import annotations

from deepsoc.export import Artifacts
from deepsoc.export.manifest import OperationEntry
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import split
from deepsoc.perf.constants import DESCRIPTOR_BYTES
from deepsoc.runtime.performance import WAITS
from deepsoc.sim import SimResult
from deepsoc.sim.result import OperationResult

__all__ = ["check_bounds", "check_counters"]

_BODY = ("pixels", "weights", "operands", "results", "outputs")
_SHORT = 200  # steps of an operation that may take less than a round trip to the memory
_FIRST = 2  # clocks from the CPU's write of CTRL.start to the first that is counted


def check_counters(run: SimResult, export: Artifacts, *, where: str = "") -> None:
    """What must hold of every run that ended well, whatever the network, the hardware and the memory.

    Args:
        run: the simulation.
        export: what was simulated.
        where: how to repeat it, for the message.
    """
    entries, depth = export.manifest.operations, export.hw.counters_depth
    kept = [op for op in run.operations if op.counters is not None]
    assert [op.index for op in kept] == list(range(len(entries)))[-depth:], where
    for op in kept:
        _check_operation(op, entries[op.index], export.hw, f"{where} {op.name}: {op.counters}")
    if len(kept) == len(entries):
        counted = [op.counters for op in kept if op.counters]
        # Fetched ahead, written behind: only the sums are exact. Of weights by several ports those by m_axi_k count.
        weights = sum(entry.axi_bytes.k - DESCRIPTOR_BYTES for entry in entries)
        moved = {port: sum(getattr(entry.axi_bytes, port) for entry in entries) for port in "xky"}
        moved["k"] -= weights - weights // export.hw.weights_ports
        for port, count in moved.items():
            beats = sum(getattr(counters, f"{port}_beats") for counters in counted)
            assert beats * export.hw.axi_bytes == count, f"{where} {port}"
        clocks = sum(counters.clocks for counters in counted)
        assert _FIRST <= run.cycles_rtl - clocks <= 2 * _FIRST, where  # the CPU's write itself may be stalled
        # But for the last one, only those wait that are over before the writes of the one before are acknowledged.
        assert all(counters.writes <= 1 or counters.array < _SHORT for counters in counted[:-1]), where


def _check_operation(op: OperationResult, entry: OperationEntry, hw: Hardware, where: str) -> None:
    counted = op.counters
    assert counted is not None
    assert counted.o_beats * hw.axi_bytes == entry.axi_bytes.o, where
    assert counted.clocks == counted.array + sum(getattr(counted, name) for name in WAITS), where
    assert min(getattr(counted, name) for name in WAITS) >= 0, where
    assert counted.array == _steps(entry, hw), where


def _steps(entry: OperationEntry, hw: Hardware) -> int:
    """Steps that the model has, and those that it leaves out: a pool's first one, and one between chained blocks."""
    loops, steps = entry.work.loops, entry.clocks - entry.drain_clocks
    if entry.kind != "mac":
        return steps + 1
    if entry.work.spread:
        return steps
    return steps + loops.t * (len(split(loops.words * loops.sets, hw.weights_ram_depth)) - 1)


def check_bounds(run: SimResult) -> int:
    """The model's `bound` is what the hardware waits for most, where it waits for one thing much.

    Left out are short operations and waits below a tenth of the clocks, operations of which most is start and end (the
    model says `latency` or `overhead`), and two waits of the same size; and a port that takes hardly longer than the
    array with its waits for results. Weights that are late together with the first pixels count as start in hardware,
    and as weights in the model: that way round nothing is asked.

    Returns:
        Operations that were judged.
    """
    judged = 0
    for op in run.operations:
        counted, model = op.counters, op.model
        assert counted is not None
        assert model is not None
        second, first = sorted(_BODY, key=lambda name: int(getattr(counted, name)))[-2:]
        most, edges = getattr(counted, first), counted.start + counted.end + counted.writes
        if counted.clocks < 500 or edges > counted.clocks / 2:
            continue
        near = getattr(model, model.bound) < 1.1 * (model.array + model.results)
        if first == "results" and model.bound != "results" and near:
            continue
        if most >= counted.clocks / 10 and most >= 1.5 * getattr(counted, second):
            assert model.bound == first, f"{op.name}: {counted} {model}"
            judged += 1
        elif model.bound in _BODY and model.bound != "weights":
            assert most >= counted.clocks / 50, f"{op.name}: {counted} {model}"
            judged += 1
    return judged
