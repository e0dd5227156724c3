"""Figures of an implementation: where its modules lie, what they take, and its longest path."""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.colors as colors
import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from deepsoc.errors import InputError
from deepsoc.hw.boards import Board, boards
from deepsoc.hw.boards import board as find_board
from deepsoc.impl.placement import owner, placement
from deepsoc.viz.theme import BLUE, GREEN, ORANGE, PINK, Theme, blank, figure_of, legend, look_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from deepsoc.impl.result import Implementation, TimingPath
    from deepsoc.viz.page import PageFigure

__all__ = ["critical_path", "floor_plan", "pictures", "utilization_bars"]

# Okabe and Ito's palette without black, and Tol's wine.
_PALETTE = (BLUE, ORANGE, GREEN, PINK, "#56b4e9", "#d55e00", "#f0e442", "#882255")
_REST = "#8a8f98"
_BARS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM36", "uram": "URAM"}
_BLOCKS = {"bram": ("s", "block RAMs"), "dsp": ("D", "multipliers")}  # kind of cell: marker, label


class _Shown(NamedTuple):
    """How a module is shown in all figures of one result."""

    number: str  # the cue beside the colour
    colour: str


def pictures(result: Implementation, *, theme: Theme = "page") -> dict[str, PageFigure]:
    """Those of the three figures that a result has the data of, by their titles.

    Args:
        result: of any flow.
        theme: colours.

    Raises:
        InputError: no such theme.
    """
    look_of(theme)
    draw = {"Floor plan": floor_plan, "Utilization": utilization_bars, "Longest path": critical_path}
    found = {}
    for title, figure in draw.items():
        with contextlib.suppress(InputError):
            found[title] = figure(result, theme=theme)
    return found


def floor_plan(result: Implementation, *, theme: Theme = "page") -> PageFigure:
    """The chip from above: each tile in the colour of the module that most of its cells are of.

    The longest path is drawn into it, if the flow tells where it goes.

    Args:
        result: of a flow that places.
        theme: colours.

    Raises:
        InputError: the flow has placed nothing, or the table of the places is gone or damaged.
    """
    look = look_of(theme)
    cells = placement(result)
    known = _modules(result)
    at = cells["module"].astype(str).map({name: i for i, name in enumerate(known)}).fillna(len(known)).astype(int)
    tiles = cells.assign(at=at).groupby(["y", "x", "at"])["cells"].sum().reset_index()
    most = tiles.sort_values("cells", kind="stable").drop_duplicates(["y", "x"], keep="last")
    height, width = int(cells["y"].max()) + 1, int(cells["x"].max()) + 1
    picture = np.zeros((height, width, 4))
    picture[most["y"], most["x"]] = colors.to_rgba_array([*(each.colour for each in known.values()), _REST])[most["at"]]
    tall = min(max(height / width, 0.5), 1.2)
    axes = blank(theme, 8.4, 0.8 + 5.6 * tall, xlabel="column of tiles", ylabel="row of tiles")
    axes.imshow(picture, interpolation="none")
    for kind, (marker, label) in _BLOCKS.items():
        if len(blocks := cells[cells["kind"] == kind]):
            axes.plot(
                blocks["x"], blocks["y"], ls="", marker=marker, ms=4, mfc="none", mec=look.ink, mew=0.8,
                label=f"{label}: {blocks['cells'].sum():,}",
            )  # fmt: skip
    if result.paths and (hops := result.paths[0].hops):
        axes.plot(
            [hop.x for hop in hops], [hop.y for hop in hops], color=look.ink, lw=1.2, marker=".", ms=4,
            path_effects=_over(theme)["path_effects"], label=f"longest path: {result.paths[0].delay_ns:.1f} ns",
        )  # fmt: skip
    for i, shown in enumerate(known.values()):
        if len(own := most[most["at"] == i]):
            x, y = _middle(own["x"].to_numpy(), own["y"].to_numpy())
            axes.text(x, y, shown.number, fontweight="bold", ha="center", va="center", **_over(theme))
    _legend(axes, known, tiles.groupby("at")["cells"].sum(), "cells", theme)
    return figure_of(axes)


def utilization_bars(
    result: Implementation, *, board: str | Path | Board | None = None, theme: Theme = "page"
) -> PageFigure:
    """What the modules take of each resource: as shares of a board's FPGA, or without a board of the design.

    Args:
        result: with its resources.
        board: name, TOML file or `Board`; left out: the package's board that the result is for, if it is for one.
        theme: colours.

    Raises:
        InputError: the flow did not come to count resources, or there is no such board.
    """
    look = look_of(theme)
    total = result.resources
    if total is None or not result.by_module:
        raise InputError("the flow ended before it counted them; run it further", where="resources")
    target = boards().get(result.board) if board is None else board if isinstance(board, Board) else find_board(board)
    whole = {name: getattr(target or total, name) for name in _BARS}
    rows = [name for name in _BARS if whole[name]]
    known = _modules(result)
    table = pd.DataFrame([row.model_dump() for row in result.by_module])
    at = table["module"].map({name: i for i, name in enumerate(known)}).fillna(len(known)).astype(int)
    parts = table.groupby(at)[rows].sum()
    xlabel = f"share of {target.title}, %" if target else "share of the design, %"
    axes = blank(theme, 8.4, 1.1 + 0.5 * len(rows), xlabel=xlabel)
    left = np.zeros(len(rows))
    for i, shown in enumerate([*known.values(), _Shown("", _REST)]):
        if i not in parts.index:
            continue
        share = 100 * parts.loc[i].to_numpy(float) / [whole[name] for name in rows]
        bars = axes.barh(
            rows, share, 0.62, left=left, color=shown.colour, edgecolor=look.ground, lw=0.5, label=f"_{shown.number}"
        )
        left = left + share
        wide = share > 0.04 * 100 * max(getattr(total, name) / whole[name] for name in rows)
        axes.bar_label(
            bars, [shown.number if each else "" for each in wide], label_type="center", **_over(theme)
        )  # fmt: skip
    for name, end in zip(rows, left, strict=True):
        count = f"{getattr(total, name):,g}" + (f" of {whole[name]:,g}" if target else "")
        axes.annotate(count, (end, name), (4, 0), textcoords="offset points", va="center", fontsize=8, color=look.ink)
    if left.max() > 60:
        axes.axvline(100, color=look.ink, lw=1, ls="--")
    axes.set_yticks(rows, [_BARS[name] for name in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * max(left.max(), 1e-6))
    _legend(axes, known, table.groupby(at)[["lut", "ff"]].sum().sum(axis=1), "LUT + FF", theme)
    return figure_of(axes)


def critical_path(result: Implementation, *, theme: Theme = "page") -> PageFigure:
    """The longest path through its instances, from left to right in time: cells filled, wires hatched.

    Where the flow does not tell the parts of its paths, a bar a path: its logic, and its routing.

    Args:
        result: with paths.
        theme: colours.

    Raises:
        InputError: the flow names no paths, or did not come to them.
    """
    if not result.paths:
        raise InputError(
            f"{result.flow} has named no path; take a flow that routes, to its end, such as ecp5", where="paths"
        )
    return _through(result, result.paths[0], theme) if result.paths[0].hops else _each(result.paths, theme)


def _through(result: Implementation, path: TimingPath, theme: Theme) -> PageFigure:
    look = look_of(theme)
    known = _modules(result)
    modules = {row.instance: row.module for row in result.by_module}
    owners = [owner(hop.instance, modules) for hop in path.hops]
    rows = {name: i for i, name in enumerate(dict.fromkeys(owners))}
    title = f"ns, from {_short(path.start, 36)} to {_short(path.end, 36)}"
    axes = blank(theme, 8.4, 1.5 + 0.42 * len(rows), xlabel=title)
    end = 0.0
    for i, (hop, name) in enumerate(zip(path.hops, owners, strict=True)):
        begin, end = end, end + hop.delay_ns
        row = rows[name]
        if i and owners[i - 1] != name:
            axes.plot([begin, begin], [rows[owners[i - 1]], row], color=look.ink, lw=0.8, zorder=1)
        shown = known.get(modules.get(name, ""), _Shown("", _REST))
        if hop.kind == "routing":
            axes.barh(row, hop.delay_ns, 0.3, left=begin, color=look.ground, edgecolor=look.ink, hatch="////", lw=0.5)
        else:
            axes.barh(row, hop.delay_ns, 0.62, left=begin, color=shown.colour, edgecolor=look.ink, lw=0.5)
    labels = [
        " ".join((known.get(modules.get(name, ""), _Shown("", "")).number, _short(name or "top", 40))).strip()
        for name in rows
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.02 * end)
    wires = path.delay_ns - path.logic_ns
    axes.bar([0], [0], color=_REST, edgecolor=look.ink, lw=0.5, label=f"in {path.levels} cells: {path.logic_ns:.2f} ns")
    axes.bar([0], [0], color=look.ground, edgecolor=look.ink, hatch="////", lw=0.5, label=f"wires: {wires:.2f} ns")
    legend(axes, theme)
    return figure_of(axes)


def _each(paths: tuple[TimingPath, ...], theme: Theme) -> PageFigure:
    look = look_of(theme)
    axes = blank(theme, 8.4, 1.5 + 0.42 * len(paths), xlabel="ns")
    places = np.arange(len(paths))
    logic = np.array([path.logic_ns for path in paths])
    wires = np.array([path.delay_ns for path in paths]) - logic
    axes.barh(places, logic, 0.62, color=BLUE, edgecolor=look.ink, lw=0.5, label="logic")
    axes.barh(
        places, wires, 0.62, left=logic, color=look.ground, edgecolor=look.ink, hatch="////", lw=0.5, label="wires"
    )
    axes.set_yticks(places, [f"{_short(path.start)}\nto {_short(path.end)}" for path in paths], fontsize=7)
    axes.set_ylim(len(paths) - 0.4, -0.6)
    legend(axes, theme)
    return figure_of(axes)


def _modules(result: Implementation) -> dict[str, _Shown]:
    """The largest modules in their order, as many as there are colours.

    Each takes the colour that its name stands for if no larger one has it, so that it mostly keeps it from design to
    design.
    """
    sizes: dict[str, int] = {}
    for row in result.by_module:
        sizes[row.module] = sizes.get(row.module, 0) + row.lut + row.ff
    free = list(_PALETTE)
    shown = {}
    for i, name in enumerate(sorted(sizes, key=lambda name: (-sizes[name], name))[: len(_PALETTE)]):
        wish = _PALETTE[zlib.crc32(name.encode()) % len(_PALETTE)]
        colour = wish if wish in free else free[0]
        free.remove(colour)
        shown[name] = _Shown(str(i + 1), colour)
    return shown


def _legend(axes: Axes, known: Mapping[str, _Shown], sizes: pd.Series[int], unit: str, theme: Theme) -> None:
    """The modules by size, those that share a colour last, at the right of the axes; then what else has a label."""
    look = look_of(theme)
    handles = [
        Patch(fc=shown.colour, ec=look.ink, lw=0.5, label=f"{shown.number}  {_short(name, 28)}: {sizes.get(i, 0):,}")
        for i, (name, shown) in enumerate(known.items())
    ]
    if rest := sizes.get(len(known), 0):
        handles.append(Patch(fc=_REST, ec=look.ink, lw=0.5, label=f"others: {rest:,}"))
    found = figure_of(axes).legend(
        handles=[*handles, *axes.get_legend_handles_labels()[0]], loc="outside right upper", frameon=False, fontsize=8,
        labelcolor=look.ink, title=f"module: {unit}", alignment="left",
    )  # fmt: skip
    found.get_title().set(color=look.ink, fontsize=8)


def _middle(x: np.ndarray, y: np.ndarray) -> tuple[int, int]:
    """The tile that has most others around it."""
    around = np.zeros((y.max() + 7, x.max() + 7), int)
    for dx in range(7):
        for dy in range(7):
            around[y + dy, x + dx] += 1
    best = int(np.argmax(around[y + 3, x + 3]))
    return int(x[best]), int(y[best])


def _over(theme: Theme) -> dict[str, Any]:
    """How text is drawn that lies on colours."""
    look = look_of(theme)
    stroke = effects.withStroke(linewidth=2.5, foreground=look.ground)
    return {"color": look.ink, "fontsize": 8, "path_effects": [stroke]}


def _short(text: str, most: int = 48) -> str:
    """A text, or its beginning and its end, as matplotlib wants it."""
    text = text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most - most // 2) :]}"
    return text.replace("$", r"\$")
