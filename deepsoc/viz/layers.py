"""Figures of one design on one network, layer by layer.

The tables have one row a layer with the columns of `deepsoc.estimate`; each function names those that it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepsoc.viz.theme import (
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    THEMES,
    Theme,
    blank,
    figure_of,
    legend,
    look_of,
    need,
    same_layers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["OPERANDS", "TIMES", "clocks", "compare", "roofline", "traffic", "utilization"]

OPERANDS = {"x_words": ("pixels", BLUE, ""), "k_words": ("weights", ORANGE, "//"), "y_words": ("outputs", PINK, "xx")}
"""Column: label, colour and hatch of each operand."""
TIMES = {
    "compute": ("array at work", BLUE, ""),
    "memory": ("waiting for memory", ORANGE, "//"),
    "overhead": ("overhead", GREEN, ".."),
}
"""Label, colour and hatch of each part of the time."""
_MARKERS = {"conv": ("o", BLUE), "dense": ("s", ORANGE)}


def utilization(layers: pd.DataFrame, *, theme: Theme = "page") -> Figure:
    """Share of the multipliers that do useful work in each layer, percent, and the mean over all clocks.

    Args:
        layers: columns `name`, `efficiency` (0 … 1), `clocks`.
        theme: colours.
    """
    need(layers, "name", "efficiency", "clocks")
    axes = _rows(layers["name"].tolist(), "utilization of the array, %", theme)
    percent = 100 * layers["efficiency"].to_numpy()
    bars = axes.barh(np.arange(len(layers)), percent, color=BLUE)
    axes.bar_label(bars, fmt="%.1f", padding=3, color=THEMES[theme].ink, fontsize=7)
    mean = float(np.average(percent, weights=layers["clocks"]))
    axes.axvline(mean, color=THEMES[theme].ink, ls="--", lw=1, label=f"mean of all clocks: {mean:.1f} %")
    axes.set_xlim(0, 108)
    legend(axes, theme)
    return figure_of(axes)


def traffic(layers: pd.DataFrame, *, theme: Theme = "page") -> Figure:
    """DRAM words of each layer stacked by operand, and the least that any schedule moves.

    Args:
        layers: columns `name`, those of `OPERANDS`, and `lower_words`.
        theme: colours.
    """
    need(layers, "name", *OPERANDS, "lower_words")
    axes = _rows(layers["name"].tolist(), "DRAM accesses, million words", theme)
    _stack(axes, layers, OPERANDS, 1e-6, theme)
    axes.plot(
        layers["lower_words"] * 1e-6, np.arange(len(layers)), ls="", marker="D", ms=5,
        mfc=THEMES[theme].ground, mec=THEMES[theme].ink, label="lower bound",
    )  # fmt: skip
    legend(axes, theme)
    return figure_of(axes)


def clocks(layers: pd.DataFrame, *, theme: Theme = "page") -> Figure:
    """End-to-end clocks of each layer: array at work, overheads and latencies, and the rest, which memory takes.

    Args:
        layers: columns `name`, `end_to_end_clocks`, `array_clocks`, `results_clocks`, `overhead_clocks`,
            `latency_clocks`.
        theme: colours.
    """
    need(layers, "name", "end_to_end_clocks", "array_clocks", "results_clocks", "overhead_clocks", "latency_clocks")
    axes = _rows(layers["name"].tolist(), "clocks, thousands", theme)
    parts = {
        "compute": layers["array_clocks"] + layers["results_clocks"],
        "overhead": layers["overhead_clocks"] + layers["latency_clocks"],
    }
    parts["memory"] = (layers["end_to_end_clocks"] - sum(parts.values())).clip(lower=0)
    _stack(axes, layers.assign(**parts), TIMES, 1e-3, theme)
    legend(axes, theme)
    return figure_of(axes)


def roofline(
    layers: pd.DataFrame, *, pes: int, frequency_mhz: float, bytes_per_clock: float, theme: Theme = "page"
) -> Figure:
    """Attained throughput of each layer under the roof of array and memory; the area of a mark is its share of time.

    Args:
        layers: columns `name`, `type` (`conv` or `dense`), `macs`, `clocks`, `dram_bytes`.
        pes: processing elements, one product a clock each.
        frequency_mhz: clock.
        bytes_per_clock: that memory delivers and takes.
        theme: colours.
    """
    need(layers, "name", "type", "macs", "clocks", "dram_bytes")
    look = look_of(theme)
    axes = blank(theme, xlabel="operations a DRAM byte", ylabel="10⁹ operations a second")
    intensity = (2 * layers["macs"] / layers["dram_bytes"]).to_numpy()
    attained = (2 * layers["macs"] / layers["clocks"]).to_numpy() * frequency_mhz * 1e-3
    peak, slope = 2 * pes * frequency_mhz * 1e-3, bytes_per_clock * frequency_mhz * 1e-3
    knee = peak / slope
    reach = np.geomspace(min(intensity.min(), knee) / 2, max(intensity.max(), knee) * 2, 200)
    axes.loglog(reach, np.minimum(peak, slope * reach), color=look.ink, lw=1.5)
    axes.annotate(
        f"{peak:,.0f} · 10⁹ operations/s",
        (reach[-1], peak),
        (0, 4),
        textcoords="offset points",
        ha="right",
        color=look.ink,
    )
    place = (reach[0] * knee) ** 0.5
    axes.annotate(
        f"{slope:,.1f} GB/s", (place, slope * place), (-6, 6), textcoords="offset points", ha="right", color=look.ink
    )
    area = 20 + 400 * (layers["clocks"] / layers["clocks"].sum()).to_numpy()
    for kind, (marker, colour) in _MARKERS.items():
        rows = (layers["type"] == kind).to_numpy()
        if rows.any():
            axes.scatter(
                intensity[rows], attained[rows], area[rows], marker=marker, color=colour, alpha=0.75,
                edgecolors=look.ink, linewidths=0.6, label=kind,
            )  # fmt: skip
    lowest = int(np.argmin(attained / np.minimum(peak, slope * intensity)))
    axes.annotate(
        f"furthest below: {layers['name'].iloc[lowest]}", (intensity[lowest], attained[lowest]), (8, -14),
        textcoords="offset points", color=look.ink, fontsize=8,
    )  # fmt: skip
    axes.grid(color=look.grid, lw=0.4)
    legend(axes, theme)
    return figure_of(axes)


def compare(designs: Mapping[str, pd.DataFrame], *, column: str = "clocks", theme: Theme = "page") -> Figure:
    """Two designs side by side on the same layers, with the ratio of the first to the second behind each pair.

    Args:
        designs: two tables by the names of the designs; columns `name` and `column`.
        column: what is compared.
        theme: colours.

    Raises:
        InputError: not two tables of the same layers.
    """
    (first, a), (second, b) = same_layers(designs, column)
    axes = _rows(a["name"].tolist(), f"{column.replace('_', ' ')}, thousands", theme, each=0.4)
    places = np.arange(len(a))
    for name, table, colour, hatch, shift in ((first, a, BLUE, "", -0.2), (second, b, ORANGE, "//", 0.2)):
        axes.barh(
            places + shift, table[column] / 1e3, 0.4, label=f"{name}: {table[column].sum():,.0f} in all",
            color=colour, hatch=hatch, edgecolor=THEMES[theme].ground, lw=0,
        )  # fmt: skip
    ends = np.maximum(a[column].to_numpy(), b[column].to_numpy()) / 1e3
    ratios = a[column].to_numpy() / b[column].to_numpy()
    for place, end, ratio in zip(places, ends, ratios, strict=True):
        axes.annotate(
            f"{ratio:.2f}×", (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8,
            color=THEMES[theme].ink,
        )  # fmt: skip
    axes.set_xlim(0, 1.12 * ends.max())
    legend(axes, theme)
    return figure_of(axes)


def _rows(names: Sequence[str], label: str, theme: Theme, *, each: float = 0.22) -> Axes:
    """Axes with one labelled place a layer, the first on top."""
    axes = blank(theme, height=1.2 + each * len(names), xlabel=label)
    axes.set_yticks(np.arange(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.xaxis.set_major_formatter("{x:,g}")
    return axes


def _stack(
    axes: Axes, table: pd.DataFrame, parts: Mapping[str, tuple[str, str, str]], scale: float, theme: Theme
) -> None:
    left = np.zeros(len(table))
    for column, (label, colour, hatch) in parts.items():
        values = table[column].to_numpy() * scale
        axes.barh(
            np.arange(len(table)), values, left=left, label=label, color=colour, hatch=hatch,
            edgecolor=THEMES[theme].ground, lw=0,
        )  # fmt: skip
        left = left + values
