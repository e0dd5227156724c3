"""What every processing element does in every clock of a layer, by the equation of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.perf.layers import Layers
from deepsoc.viz.theme import BLUE, HEAT, Theme, dress, look_of, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from deepsoc.workloads import Layer

__all__ = ["activity", "timeline"]

_MOST_CLOCKS = 1 << 16  # of one figure
_PIXELS = 1200  # of a figure's width; clocks are averaged beyond
_Bools = npt.NDArray[np.bool_]


def activity(layer: Layer, *, rows: int, cols: int, start: int = 0, stop: int) -> tuple[_Bools, _Bools]:
    """Which rows and which columns of the array multiply a pixel with a weight that both exist.

    An element works in a clock when its row and its column do. Its multiplier idles in the clocks that configure the
    array or shift sums, on padding, and where rows, columns or channels exceed the layer's. Clocks have the order of
    `mapping.steps`, which is the RTL's without its waits.

    Args:
        layer: a convolution or dense layer.
        rows: of processing elements.
        cols: of processing elements.
        start: first clock.
        stop: behind the last clock; at most `start` + 65,536. Clocks behind the end of the layer are left out.

    Returns:
        (rows, clocks) and (cols, clocks).

    Raises:
        InputError: the array has too few columns, or the range of clocks is empty or too long.
    """
    one = Layers.of([layer])
    n, h, w, ci, co, kh, kw, sh, sw, wo = (
        int(getattr(one, name)[0]) for name in ("n", "h", "w", "ci", "co", "kh", "kw", "sh", "sw", "wo")
    )
    decimated_or_dense = (h, w, sh, sw) != (layer.h, layer.w, layer.sh, layer.sw)
    ho = h if decimated_or_dense else layer.ho
    group = kw + sw - 1
    a_time = cols // group * sw
    if a_time == 0:
        raise InputError(f"the layer takes {group} columns of processing elements, received {cols}", where="cols")
    blocks = -(-h // (rows * sh))
    column_clocks = kh * ci + (kw > 1)  # the last one shifts
    iteration = 1 + n * blocks * w * column_clocks
    iterations = -(-co // a_time)
    if not 0 <= start < stop <= start + _MOST_CLOCKS:
        raise InputError(f"expected a range of 1 to {_MOST_CLOCKS} clocks, received {start} to {stop}", where="stop")

    clock = np.arange(start, min(stop, one.groups[0] * iterations * iteration), dtype=np.int64)
    index, inside = np.divmod(clock, iteration)
    visit, step = np.divmod(inside - 1, column_clocks)
    works = (inside > 0) & (step < kh * ci)
    block, x = np.divmod(visit, w)
    y = (block % blocks * rows + np.arange(rows)[:, None]) * sh + step % kh - layer.pad_h
    out_row = block % blocks * rows + np.arange(rows)[:, None]
    by_row = works & (out_row < ho) & (y >= 0) & (y < h)

    column = np.arange(cols)[:, None]
    element, channel = column % group, (column % group - x - layer.pad_w) % sw
    tap = element - channel
    out_column, between = np.divmod(x + layer.pad_w - tap, sw)
    output = index % iterations * a_time + column // group * sw + channel
    by_column = works & (column < cols // group * group) & (tap < kw) & (tap >= 0) & (output < co)
    return by_row, by_column & (between == 0) & (out_column >= 0) & (out_column < wo)


def timeline(
    layer: Layer, *, rows: int, cols: int, start: int = 0, stop: int | None = None, theme: Theme = "page"
) -> Figure:
    """Utilization over time: a map of processing elements by clocks, and above it the share that works.

    Args:
        layer: a convolution or dense layer.
        rows: of processing elements.
        cols: of processing elements.
        start: first clock.
        stop: behind the last clock; None: as many as one figure holds, at most 4,096.
        theme: colours.

    Raises:
        InputError: as of `activity`.
    """
    if stop is None:
        stop = start + 4096
    by_row, by_column = activity(layer, rows=rows, cols=cols, start=start, stop=stop)
    clocks = by_row.shape[1]
    if clocks == 0:
        raise InputError("the layer is over before this clock", where="start")
    bins = -(-clocks // -(-clocks // _PIXELS))
    edges = np.arange(bins) * -(-clocks // _PIXELS)
    works = (by_column[:, None, :] & by_row[None, :, :]).reshape(rows * cols, clocks)
    shares = np.add.reduceat(works, edges, axis=1, dtype=np.float64) / np.diff(np.append(edges, clocks))
    look = look_of(theme)
    figure = new_figure(theme, 7.2, 4.8)
    total, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 4))
    total.stairs(100 * shares.mean(axis=0), np.append(start + edges, start + clocks), color=BLUE, fill=True)
    total.set_ylabel("%")
    total.set_ylim(0, 100)
    total.set_title(
        f"{layer.name}: {100 * works.mean():.1f} % at work in clocks {start:,} to {start + clocks - 1:,}", fontsize=10
    )
    extent = (start, start + clocks, rows * cols, 0)
    image = axes.imshow(shares, cmap=HEAT, aspect="auto", extent=extent, interpolation="nearest", vmin=0, vmax=1)
    axes.set_xlabel("clock")
    axes.set_ylabel("processing element, column by column")
    bar = figure.colorbar(image, ax=axes, label="share of clocks at work")
    for each in (total, axes, bar.ax):
        dress(each, look)
    return figure
