"""The figures of one network on one hardware, as `estimate` has them: what fits, controls and reports show."""

from __future__ import annotations

import math
from typing import Any

from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.hw.socmap import memory_bytes
from deepsoc.mapping import Plan, plan
from deepsoc.perf.estimate import estimate, summary
from deepsoc.perf.timing import Memory
from deepsoc.workloads import Workload

__all__ = ["point_figures"]


def point_figures(source: Workload | Graph, hw: Hardware, memory: Memory) -> dict[str, Any]:
    """Figures of a point, by the names that `sweep` gives them.

    Args:
        source: the network; one with weights is mapped, and its bytes are those of the ports.
        hw: the hardware.
        memory: what is behind the ports.

    Returns:
        The sums of `estimate` with `basis`, and of `sweep` besides `pes` and `dram_gb_per_s`; of a network with weights
        `memory_bytes`, the shared memory that it needs on a RISC-V SoC.

    Raises:
        InputError: the hardware cannot run it.
    """
    mapped = plan(source, hw) if isinstance(source, Graph) else source
    table = estimate(mapped, hw, memory=memory)
    sums: dict[str, Any] = dict(summary(table))
    if isinstance(mapped, Plan):
        sums["dram_bytes"] = float(table["axi_read_bytes"].sum() + table["axi_write_bytes"].sum())
        sums["memory_bytes"] = memory_bytes(
            mapped.arena_bytes, math.prod(mapped.input.shape), math.prod(mapped.output.shape)
        )
    seconds = sums["end_to_end_clocks"] / (hw.frequency_mhz * 1e6)
    return sums | {"pes": hw.rows * hw.cols, "dram_gb_per_s": sums["dram_bytes"] / seconds / 1e9}
