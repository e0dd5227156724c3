"""What UtilizationView and DramView share: tables of estimates, a second design, and the layer that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from deepsoc.errors import InputError
from deepsoc.widgets.base._control import Control

if TYPE_CHECKING:
    import pandas as pd
    from ipywidgets.widgets.widget_link import Link

__all__ = ["LayerView", "link_views"]


class LayerView(Control):
    """A plot with one place a layer; a table given later is drawn in place of the first.

    Args:
        table: an estimate (`deepsoc.estimate`); None: nothing yet.
        other: an estimate of the same layers on another design, drawn beside it.

    Raises:
        InputError: a table lacks a column, the two are of different layers, or a keyword is unknown.
    """

    table = traitlets.Any(None, allow_none=True, help="Estimate of the design, a DataFrame; None: nothing to show.")
    other = traitlets.Any(None, allow_none=True, help="Estimate of a design to compare with; None: there is none.")
    labels = traitlets.List(
        traitlets.Unicode(), ["this design", "other design"], 2, 2, help="What the two designs are called."
    ).tag(sync=True)
    hovered = traitlets.Int(-1, help="Place of the layer that is looked at; -1: none.").tag(sync=True)
    revision = traitlets.Int(0, read_only=True, help="Counts the tables that were shown.").tag(sync=True)
    data = traitlets.Dict(read_only=True, help="Names of the layers, and columns of each design.").tag(sync=True)

    _COLUMNS: ClassVar[tuple[str, ...]] = ()
    """Columns that the plot reads, besides `name`."""

    def __init__(self, table: pd.DataFrame | None = None, other: pd.DataFrame | None = None, **kwargs: Any) -> None:
        self._drawn: tuple[Any, Any] = (None, None)
        hovered = kwargs.pop("hovered", -1)
        super().__init__(**kwargs)
        self.show(table, other)
        self.hovered = hovered

    def show(self, table: pd.DataFrame | None, other: pd.DataFrame | None = None) -> None:
        """Draws another table, or two of another network.

        Args:
            table: an estimate; None: nothing.
            other: one to compare with, of the same layers; None: there is none.

        Raises:
            InputError: a table lacks a column, or the two are of different layers.
        """
        self._check(table, "table")
        self._check(other, "other")
        _same_layers(table, other)
        with self.hold_trait_notifications():
            self.table, self.other = table, other

    @traitlets.validate("table", "other")
    def _legal(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        self._check(value, name)
        _same_layers(*((value, self.other) if name == "table" else (self.table, value)))
        return value

    def _check(self, table: Any, where: str) -> None:
        if table is None:
            return
        missing = [name for name in ("name", *self._COLUMNS) if name not in getattr(table, "columns", ())]
        if missing:
            raise InputError(
                f"expected a table with the columns {', '.join(missing)}, as deepsoc.estimate() returns it, "
                f"received {type(table).__name__}",
                where=where,
            )

    @traitlets.observe("table", "other")
    def _changed(self, _: Any) -> None:
        now = (self.table, self.other)
        if all(a is b for a, b in zip(now, self._drawn, strict=True)):
            return
        self._drawn = now
        tables = [table for table in now if table is not None]
        names = tables[0]["name"].astype(str).tolist() if tables else []
        with self.hold_sync():
            columns = [{name: table[name].tolist() for name in self._COLUMNS} for table in tables]
            self.set_trait("data", {"names": names, "designs": columns})
            self.set_trait("revision", self.revision + 1)
            self.hovered = min(self.hovered, len(names) - 1)

    @traitlets.validate("hovered")
    def _inside(self, proposal: Any) -> int:
        return int(min(max(proposal["value"], -1), len(self.data.get("names", [])) - 1))


def _same_layers(table: pd.DataFrame | None, other: pd.DataFrame | None) -> None:
    if other is None:
        return
    if table is None:
        raise InputError("there is no design to compare it with; give `table` too", where="other")
    if table["name"].tolist() != other["name"].tolist():
        raise InputError(
            "the two tables are of different layers; estimate both designs on one network, and change networks with "
            "show(table, other)",
            where="other",
        )


def link_views(first: LayerView, second: LayerView) -> Link:
    """Joins two views in the page: a layer looked at in one is marked in both.

    Returns:
        The link; its `unlink()` parts them.
    """
    from ipywidgets import jslink

    link: Link = jslink((first, "hovered"), (second, "hovered"))
    return link
