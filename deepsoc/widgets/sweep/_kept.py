"""Points that were kept under a name."""

from __future__ import annotations

from typing import Any

import traitlets

from deepsoc.errors import InputError

__all__ = ["KeptPoints"]


class KeptPoints(traitlets.HasTraits):
    """The part of a control that keeps what is selected, renames and removes it."""

    selected = traitlets.Dict(help="The row that is selected; empty if none is.").tag(sync=True)
    kept = traitlets.Dict(help="Points that were kept, by name.").tag(sync=True)

    def keep(self, name: str | None = None) -> str:
        """Keeps the selected point.

        Args:
            name: of the point; None: its rows and columns.

        Returns:
            The name.

        Raises:
            InputError: nothing is selected, or the name is taken.
        """
        if not self.selected:
            raise InputError("no point is selected", where="selected")
        if name and name in self.kept:
            raise InputError(f"a point has the name {name!r}; choose another, or rename that one", where="name")
        base = name or f"{self.selected['rows']} × {self.selected['cols']}"
        tries = [base, *(f"{base} ({i})" for i in range(2, len(self.kept) + 2))]
        free = next(each for each in tries if each not in self.kept)
        self.kept = {**self.kept, free: dict(self.selected)}
        return free

    def rename(self, old: str, new: str) -> None:
        """Gives a kept point another name.

        Raises:
            InputError: no point has the old name, or one has the new one, or that is empty.
        """
        self.kept_point(old)
        new = new.strip()
        if not new or (new != old and new in self.kept):
            raise InputError(f"expected a name that no other point has, received {new!r}", where="name")
        self.kept = {new if name == old else name: row for name, row in self.kept.items()}

    def remove(self, name: str) -> None:
        """Drops a kept point.

        Raises:
            InputError: no point has that name.
        """
        self.kept_point(name)
        self.kept = {other: row for other, row in self.kept.items() if other != name}

    def kept_point(self, name: str) -> dict[str, Any]:
        """The row of a kept point.

        Raises:
            InputError: no point has that name.
        """
        if name not in self.kept:
            raise InputError(f"no point was kept as {name!r}; there are {', '.join(self.kept) or 'none'}", where="name")
        return dict(self.kept[name])

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_keep(self, name: str = "") -> None:
        """Keep was pressed."""
        self.keep(name.strip() or None)

    def on_rename(self, old: str, new: str) -> None:
        """A kept point has another name."""
        self.rename(old, new)

    def on_remove(self, name: str) -> None:
        """A kept point was dropped."""
        self.remove(name)
