"""Figures of one run of a network, bundle by bundle.

Text and lines have one colour, `INK`: on a page the colour of its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepsoc.viz.page import PageFigure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "PORTS", "clocks", "traffic", "utilization"]

INK = "#5b6770"
"""Readable on white and on black, where a figure is shown as it is."""
PORTS = {
    "x_bytes": ("pixels", "#0072b2", ""),
    "k_bytes": ("weights", "#e69f00", "//"),
    "o_bytes": ("operands", "#009e73", ".."),
    "y_bytes": ("outputs", "#cc79a7", "xx"),
}
"""Column: label, colour and hatch of each memory port; never colour alone."""


def utilization(bundles: pd.DataFrame) -> PageFigure:
    """Share of the multiplications that the array could make in the RTL's clocks, in percent.

    Args:
        bundles: index: names; column `utilization`, 0 … 1.
    """
    figure, axes = _figure(len(bundles), "utilization of the array, %")
    bars = axes.barh(bundles.index, 100 * bundles["utilization"], color="#0072b2")
    axes.bar_label(bars, fmt="%.1f", padding=3, color=INK)
    axes.set_xlim(0, 108)
    return figure


def clocks(bundles: pd.DataFrame) -> PageFigure:
    """Clocks of the RTL beside those of the model.

    Args:
        bundles: index: names; columns `cycles_rtl` and `cycles_model`.
    """
    figure, axes = _figure(len(bundles), "clocks")
    places = np.arange(len(bundles))
    for column, label, colour, hatch, shift in (
        ("cycles_rtl", "RTL", "#0072b2", "", -0.2),
        ("cycles_model", "model", "#e69f00", "//", 0.2),
    ):
        axes.barh(places + shift, bundles[column], 0.4, label=label, color=colour, hatch=hatch, edgecolor=INK, lw=0)
    axes.set_yticks(places, bundles.index)
    _legend(figure)
    return figure


def traffic(bundles: pd.DataFrame) -> PageFigure:
    """Bytes between accelerator and memory, stacked by port.

    Args:
        bundles: index: names; one column of bytes for each of `PORTS`.
    """
    figure, axes = _figure(len(bundles), "DRAM bytes")
    left = np.zeros(len(bundles))
    for column, (label, colour, hatch) in PORTS.items():
        values = bundles[column].to_numpy()
        axes.barh(bundles.index, values, left=left, label=label, color=colour, hatch=hatch, edgecolor=INK, lw=0)
        left += values
    _legend(figure)
    return figure


def _figure(bars: int, label: str) -> tuple[PageFigure, Axes]:
    figure = PageFigure(colours={INK: "currentColor"}, figsize=(7.2, 1.1 + 0.5 * bars), layout="constrained")
    axes = figure.add_subplot()
    axes.invert_yaxis()
    axes.set_xlabel(label, color=INK)
    axes.tick_params(colors=INK)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    for side, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))
    return figure, axes


def _legend(figure: Figure) -> None:
    figure.legend(loc="outside upper center", ncols=len(PORTS), frameon=False, labelcolor=INK)
