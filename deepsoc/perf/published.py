"""The published figures of the dataflow (Kraken, arXiv 2112.02793), and what the equations say of the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from deepsoc.perf.equations import totals
from deepsoc.perf.layers import Layers, Points
from deepsoc.workloads import Workload, load_workload

__all__ = ["published_alexnet", "published_table", "rtl_table"]

_RAW_SUM_BITS = 24  # the published engine writes sums, 3 bytes each; this one writes requantized activations
_MIB = 1 << 20
_RTL = Path(__file__).with_name("rtl_clocks.csv")


@dataclass(frozen=True)
class _Row:
    """One published network; convolution layers, 8 bit, 400 MHz, batch 1. None: not published."""

    network: str
    cols: int
    efficiency_percent: float
    frames_per_s: float | None = None
    dram_mwords_per_frame: float | None = None
    ops_per_access: float | None = None
    mib_per_frame: float | None = None


_ROWS = (
    _Row("alexnet", 96, 77.2, 336.6, 6.4, 191.8, 7.5),
    _Row("vgg16", 96, 96.5, 17.5, 96.8, 306.8, 118.1),
    _Row("resnet50", 96, 88.3, 64.2, 67.9, 108.9, 87.5),
    _Row("resnet50", 24, 93.4),
)


def published_alexnet() -> Workload:
    """AlexNet's convolutions as published: 196 input channels a group in conv4 and conv5, the network has 192."""
    work = load_workload("alexnet")
    wide = {"conv4", "conv5"}
    return replace(work, layers=tuple(replace(x, ci=2 * 196) if x.name in wide else x for x in work.layers))


def published_table() -> pd.DataFrame:
    """Published figures and the model's, network by network, on 7 rows of processing elements.

    Returns:
        One row a network and figure: `network`, `rows`, `cols`, `figure` (with its unit), `published`, `model`,
        `deviation` (model / published - 1).
    """
    rows = []
    for row in _ROWS:
        work = published_alexnet() if row.network == "alexnet" else load_workload(row.network)
        points = Points.of(rows=7, cols=row.cols, frequency_mhz=400, y_bits=_RAW_SUM_BITS)
        found = {name: float(value[0]) for name, value in totals(Layers.of(work.layers), points).items()}
        model = {
            "efficiency_percent": 100 * found["efficiency"],
            "frames_per_s": found["fps"],
            "dram_mwords_per_frame": found["dram_words"] / 1e6,
            "ops_per_access": found["ops_per_access"],
            "mib_per_frame": found["dram_bytes"] / _MIB,
        }
        for figure, value in model.items():
            if (said := getattr(row, figure)) is not None:
                rows.append((row.network, 7, row.cols, figure, said, value, value / said - 1))
    return pd.DataFrame(rows, columns=["network", "rows", "cols", "figure", "published", "model", "deviation"])


def rtl_table() -> pd.DataFrame:
    """Clocks of the published networks, from start to the last acknowledged write, as `make bench` measured them.

    The RTL ran them whole, with the firmware and a memory of 16 clocks of latency, bit-exact.

    Returns:
        One row a network: `network`, `title`, `rows`, `cols`, `bits`, `axi_data_bits`, `drain_lanes`, `equations`
        (clocks of the array alone), `rtl`, and `more` (rtl / equations - 1).
    """
    table = pd.read_csv(_RTL)
    return table.assign(more=table["rtl"] / table["equations"] - 1)
