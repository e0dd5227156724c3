"""DramView: words to and from DRAM, layer by layer and operand by operand."""

from __future__ import annotations

import traitlets

from deepsoc.widgets.layers._layer_view import LayerView

__all__ = ["DramView"]


class DramView(LayerView, front="layer_view dram_view"):
    """DRAM words of each layer by operand, and the least that any schedule moves; with a second design side by side.

    Args:
        table: an estimate (`deepsoc.estimate`); None: nothing yet.
        other: an estimate of the same layers on another design.
        scale: `linear`, operands stacked; `log`, operands side by side.

    Raises:
        InputError: a table lacks a column, the two are of different layers, or a keyword is unknown.
    """

    scale = traitlets.Enum(["linear", "log"], "linear", help="Of the axis.").tag(sync=True)

    _COLUMNS = ("x_words", "k_words", "y_words", "words", "lower_words", "ops_per_access")
