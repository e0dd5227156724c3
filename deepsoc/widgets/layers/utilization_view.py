"""UtilizationView: the share of the multipliers that work, layer by layer."""

from __future__ import annotations

from deepsoc.widgets.layers._layer_view import LayerView

__all__ = ["UtilizationView"]


class UtilizationView(LayerView, front="layer_view utilization_view"):
    """PE utilization of each layer, and the mean over all clocks; with a second design side by side.

    Args:
        table: an estimate (`deepsoc.estimate`); None: nothing yet.
        other: an estimate of the same layers on another design.

    Raises:
        InputError: a table lacks a column, the two are of different layers, or a keyword is unknown.
    """

    _COLUMNS = ("efficiency", "clocks", "macs", "bound")
