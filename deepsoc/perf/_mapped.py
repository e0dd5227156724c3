"""The figures of one network on one hardware, as `estimate` has them: what fits, controls and reports show."""

from __future__ import annotations

from typing import Any

from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
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
        The sums of `estimate` with `basis`, and of `sweep` besides `pes` and `dram_gb_per_s`.

    Raises:
        InputError: the hardware cannot run it.
    """
    table = estimate(source, hw, memory=memory)
    sums: dict[str, Any] = dict(summary(table))
    if isinstance(source, Graph):
        sums["dram_bytes"] = float(table["axi_read_bytes"].sum() + table["axi_write_bytes"].sum())
    seconds = sums["end_to_end_clocks"] / (hw.frequency_mhz * 1e6)
    return sums | {"pes": hw.rows * hw.cols, "dram_gb_per_s": sums["dram_bytes"] / seconds / 1e9}
