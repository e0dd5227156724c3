"""Colours, empty axes and checks that all figures share; readable without colour, on light and dark ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deepsoc.errors import InputError
from deepsoc.viz.page import PageFigure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "BLUE", "GREEN", "HEAT", "ORANGE", "PINK", "THEMES", "Look", "Theme", "blank", "dress", "figure_of", "legend",
    "look_of", "need", "new_figure", "same_layers",
]  # fmt: skip

Theme = Literal["page", "light", "dark"]
"""`page`: the theme of the page that shows the figure; a file gets the light one."""


@dataclass(frozen=True)
class Look:
    """Colours of one theme.

    Attributes:
        ink: text, spines and marks.
        ground: behind everything.
        grid: lines in the background.
    """

    ink: str
    ground: str
    grid: str


THEMES: dict[Theme, Look] = {
    "page": Look(ink="#1f2329", ground="#fffffe", grid="#d0d7df"),
    "light": Look(ink="#1f2328", ground="#ffffff", grid="#d0d7de"),
    "dark": Look(ink="#e6edf3", ground="#111418", grid="#3d444d"),
}

# What the colours of `page`, which nothing else has, are on a page: JupyterLab's, VS Code's, or the browser's own.
_ON_PAGE = {
    THEMES["page"].ink: "var(--jp-ui-font-color1, var(--vscode-editor-foreground, currentColor))",
    THEMES["page"].ground: "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))",
    THEMES["page"].grid: "var(--jp-border-color2, #8884)",
}

# Okabe and Ito's palette; each colour always comes with the same hatch or marker.
BLUE, ORANGE, GREEN, PINK = "#0072b2", "#e69f00", "#009e73", "#cc79a7"
HEAT = "cividis"
"""Colour map of all heat maps: even in lightness, the same to colour-blind eyes."""


def look_of(theme: Theme) -> Look:
    """Colours of a theme.

    Raises:
        InputError: no such theme.
    """
    if theme not in THEMES:
        raise InputError(f"expected {', '.join(THEMES)}, received {theme!r}", where="theme")
    return THEMES[theme]


def new_figure(theme: Theme, width: float, height: float) -> PageFigure:
    """An empty figure that displays itself.

    Args:
        theme: whose ground it has.
        width: inches.
        height: inches.
    """
    ground = look_of(theme).ground
    colours = _ON_PAGE if theme == "page" else None
    return PageFigure(colours=colours, figsize=(width, height), layout="constrained", facecolor=ground)


def blank(theme: Theme, width: float = 7.2, height: float = 4.2, *, xlabel: str = "", ylabel: str = "") -> Axes:
    """Empty axes in a figure of their own.

    Args:
        theme: colours.
        width: of the figure, inches.
        height: of the figure, inches.
        xlabel: quantity and unit.
        ylabel: quantity and unit.
    """
    axes = new_figure(theme, width, height).add_subplot()
    dress(axes, look_of(theme))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    return axes


def figure_of(axes: Axes) -> PageFigure:
    """The figure of `new_figure` that holds the axes."""
    figure = axes.get_figure(root=True)
    if not isinstance(figure, PageFigure):
        raise ValueError("axes without such a figure")
    return figure


def dress(axes: Axes, look: Look) -> None:
    """Gives axes the colours of a theme."""
    axes.set_facecolor(look.ground)
    axes.tick_params(colors=look.ink, which="both")
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(look.ink)
    for side, spine in axes.spines.items():
        spine.set_color(look.ink)
        spine.set_visible(side in ("left", "bottom"))


def legend(axes: Axes, theme: Theme) -> None:
    """A legend above the axes, in one row."""
    handles, labels = axes.get_legend_handles_labels()
    figure_of(axes).legend(
        handles, labels, loc="outside upper center", ncols=max(len(labels), 1), frameon=False,
        labelcolor=THEMES[theme].ink,
    )  # fmt: skip


def need(table: pd.DataFrame, *columns: str) -> None:
    """Checks that there is something to draw.

    Raises:
        InputError: the table is empty or lacks a column.
    """
    if not len(table):
        raise InputError("the table is empty; nothing to draw", where="table")
    if missing := [name for name in columns if name not in table]:
        raise InputError(
            f"columns {', '.join(missing)} are missing; it has {', '.join(map(str, table))}", where="table"
        )


def same_layers(designs: Mapping[str, pd.DataFrame], column: str) -> list[tuple[str, pd.DataFrame]]:
    """Names and tables of two designs.

    Raises:
        InputError: not two tables with `column` of the same layers.
    """
    if len(designs) != 2:
        raise InputError(f"expected two designs, received {len(designs)}", where="designs")
    for table in designs.values():
        need(table, "name", column)
    a, b = designs.values()
    if a["name"].tolist() != b["name"].tolist():
        raise InputError("the two tables are of different layers; estimate both on one network", where="designs")
    return list(designs.items())
