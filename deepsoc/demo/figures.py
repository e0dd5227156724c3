"""Figures of a simulated run, bundle by bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from deepsoc.graph.ir import Bundle, Conv2D, Graph
from deepsoc.graph.shapes import BundleInfo, infer
from deepsoc.graph.window import windows
from deepsoc.sim.result import joint_bound

if TYPE_CHECKING:
    from deepsoc.hw import Hardware
    from deepsoc.sim import SimResult

__all__ = ["bundle_table", "valid_macs"]


def valid_macs(graph: Graph) -> dict[str, int]:
    """Multiplications with a real pixel, not with padding, by bundle, for the whole batch."""
    infos = infer(graph)
    return {bundle.name: _valid_macs(bundle, infos[bundle.name]) for bundle in graph.bundles}


def _valid_macs(bundle: Bundle, info: BundleInfo) -> int:
    core, shape = bundle.core, info.input.shape
    taps = 1
    if isinstance(core, Conv2D):
        for window in windows(shape[1:], core.weights.shape, core.strides, core.padding):
            taps *= sum(stop - start for start, stop in map(window.span, range(window.out)))
    ci, co = core.weights.shape[-2:]
    return int(shape[0] * taps * ci * co)


def bundle_table(result: SimResult, graph: Graph, hw: Hardware) -> pd.DataFrame:
    """One row a bundle, index `name`.

    Columns: `macs` (valid), `cycles_rtl`, `cycles_model`, `utilization` (of the array in the RTL's clocks, 0 … 1),
    bytes of each memory port, `x_bytes`, `k_bytes`, `o_bytes`, `y_bytes`, and `bound` (array or a memory port).

    Args:
        result: the run.
        graph: its network.
        hw: its accelerator.
    """
    measured = ["cycles_rtl", "cycles_model", "x_bytes", "k_bytes", "o_bytes", "y_bytes"]
    operations = pd.DataFrame([operation.model_dump() for operation in result.operations])
    table = operations.groupby("bundle", sort=False)[measured].sum().rename_axis("name")
    table.insert(0, "macs", pd.Series(valid_macs(graph)))
    peak = table["cycles_rtl"].clip(lower=1) * hw.rows * hw.cols
    table.insert(3, "utilization", table["macs"] / peak)
    table["bound"] = operations.groupby("bundle", sort=False)["bound"].agg(joint_bound)
    return table
