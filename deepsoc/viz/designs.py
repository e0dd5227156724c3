"""Figures of many designs: the table of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.perf.pareto import Goal, pareto
from deepsoc.perf.space import PARAMETERS
from deepsoc.viz.theme import BLUE, HEAT, ORANGE, Theme, blank, dress, figure_of, legend, look_of, need

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["front", "heatmap", "sensitivity"]

_MOST_DOTS = 20_000  # points that a figure draws besides the front; more are thinned out evenly


def front(table: pd.DataFrame, objectives: Mapping[str, Goal], *, theme: Theme = "page") -> Figure:
    """All designs by two objectives, with the Pareto front as a line, labelled by rows × columns.

    Args:
        table: columns `rows`, `cols` and the objectives.
        objectives: two columns, first the one upward, then the one to the right, each with `max` or `min`.
        theme: colours.

    Raises:
        InputError: not two objectives.
    """
    if len(objectives) != 2:
        raise InputError(f"expected two objectives, received {len(objectives)}", where="objectives")
    need(table, "rows", "cols", *objectives)
    best = pareto(table, objectives)
    y, x = objectives
    look = look_of(theme)
    axes = blank(theme, xlabel=f"{_words(x)} ({objectives[x]})", ylabel=f"{_words(y)} ({objectives[y]})")
    dots = table.iloc[:: -(-len(table) // _MOST_DOTS)]
    axes.scatter(dots[x], dots[y], 6, color=BLUE, alpha=0.35, lw=0, label=f"{len(table):,} designs", rasterized=True)
    axes.plot(
        best[x], best[y], color=ORANGE, marker="D", ms=5, mec=look.ink, mew=0.6, lw=1.2,
        label=f"Pareto front, {len(best)}",
    )  # fmt: skip
    for i in sorted({round(i * (len(best) - 1) / 5) for i in range(6)}):
        row = best.iloc[i]
        axes.annotate(
            f"{row['rows']:.0f} × {row['cols']:.0f}", (row[x], row[y]), (-6, 6), textcoords="offset points",
            ha="right", fontsize=8, color=look.ink,
        )  # fmt: skip
    for name, scale in ((x, axes.set_xscale), (y, axes.set_yscale)):
        if table[name].min() > 0 and table[name].max() > 30 * table[name].min():
            scale("log")
    legend(axes, theme)
    return figure_of(axes)


def heatmap(
    table: pd.DataFrame, value: str, *, x: str = "cols", y: str = "rows", goal: Goal = "max", theme: Theme = "page"
) -> Figure:
    """The best value for each pair of two parameters, over all others; the best pair is marked.

    Args:
        table: columns `x`, `y`, `value`; pairs that are missing stay empty.
        value: what is shown.
        x: parameter to the right.
        y: parameter upward.
        goal: whether more or less is better.
        theme: colours.
    """
    need(table, x, y, value)
    cells = table.pivot_table(value, y, x, aggfunc=goal)
    look = look_of(theme)
    axes = blank(theme, xlabel=_words(x), ylabel=_words(y))
    image = axes.imshow(cells.to_numpy(), cmap=HEAT, origin="lower", aspect="auto", interpolation="nearest")
    for labels, ticks in ((cells.columns, axes.set_xticks), (cells.index, axes.set_yticks)):
        places = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), 12)).round().astype(int))
        ticks(places, [f"{label:g}" for label in labels[places]])
    values = cells.to_numpy()
    place = np.nanargmax(values) if goal == "max" else np.nanargmin(values)
    row, column = (int(i) for i in np.unravel_index(place, values.shape))
    best = f"{_words(y)} {cells.index[row]:g}, {_words(x)} {cells.columns[column]:g}: {values[row, column]:.4g}"
    axes.plot(column, row, ls="", marker="*", ms=13, mfc="#ffffff", mec="#000000", label=f"best: {best}")
    bar = figure_of(axes).colorbar(image, label=_words(value))
    dress(bar.ax, look)
    legend(axes, theme)
    return figure_of(axes)


def sensitivity(table: pd.DataFrame, value: str, *, theme: Theme = "page") -> Figure:
    """How far each parameter moves a value: its geometric mean at the parameter's values, by the mean of all designs.

    The parameter that matters most is on top. Each bar begins and ends at the extremes, labelled with the parameter's
    values there.

    Args:
        table: `value` and at least one parameter with two values or more.
        value: what is compared, positive.
        theme: colours.

    Raises:
        InputError: no parameter varies, or a value is not positive.
    """
    need(table, value)
    if not (table[value] > 0).all():
        raise InputError("expected positive values, for their ratios are shown", where=value)
    varied = [name for name in PARAMETERS if name in table and table[name].nunique() > 1]
    if not varied:
        raise InputError("no parameter has more than one value; sweep a larger space", where="table")
    logarithm = np.log2(table[value] / np.exp(np.log(table[value]).mean()))
    means = {name: logarithm.groupby(table[name]).mean() for name in varied}
    order = sorted(varied, key=lambda name: means[name].max() - means[name].min(), reverse=True)
    look = look_of(theme)
    axes = blank(theme, height=1.2 + 0.45 * len(order), xlabel=f"{_words(value)}, relative to the mean of all designs")
    for place, name in enumerate(order):
        low, high = means[name].min(), means[name].max()
        axes.barh(place, high - low, 0.6, left=low, color=BLUE)
        for end, at, side, shift in ((low, means[name].idxmin(), "right", -4), (high, means[name].idxmax(), "left", 4)):
            axes.annotate(
                f"{at:g}", (end, place), (shift, 0), textcoords="offset points", ha=side, va="center", fontsize=8,
                color=look.ink,
            )  # fmt: skip
    axes.axvline(0, color=look.ink, lw=1, ls="--")
    axes.set_yticks(range(len(order)), [_words(name) for name in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    low, high = min(m.min() for m in means.values()), max(m.max() for m in means.values())
    axes.set_xlim(low - 0.12 * (high - low), high + 0.12 * (high - low))
    axes.xaxis.set_major_formatter(lambda power, _: f"{2.0**power:.2g}×")
    return figure_of(axes)


def _words(name: str) -> str:
    return name.replace("_", " ")
