"""BundleBuilder: edits a network of Bundles, with all figures and faults beside the fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from deepsoc._files import read_bytes
from deepsoc._json import parse_json
from deepsoc.errors import InputError
from deepsoc.netspec.spec import NetSpec, parse_net
from deepsoc.widgets.base._control import Control
from deepsoc.widgets.base._history import History
from deepsoc.widgets.network import _netedit as edit
from deepsoc.widgets.network._netcheck import Fault, Row, check
from deepsoc.widgets.network._netcode import keras_code
from deepsoc.widgets.network._nettemplates import TEMPLATES

if TYPE_CHECKING:
    from deepsoc.graph.ir import Graph

__all__ = ["BundleBuilder"]


class BundleBuilder(Control, front="bundle_form bundle_list bundle_builder"):
    """Builds a network: add, sort, connect and edit Bundles; shapes, products, weights and bits follow every change.

    `value` may be wrong or incomplete while it is edited; then `faults` says what, with the JSON path of each fault.

    Args:
        value: the network as in `net.json`; left out: an empty one.
        selected: place of the Bundle that the form shows; -1: none.
        path: file that Load and Save mean.

    Raises:
        InputError: the value is so far from a network that it cannot be edited, or a keyword is unknown.
    """

    value = traitlets.Dict(help="The network as in net.json.").tag(sync=True)
    selected = traitlets.Int(-1, help="Place of the Bundle that the form shows; -1: none.").tag(sync=True)
    path = traitlets.Unicode("net.json", help="File that Load and Save mean.").tag(sync=True)
    rows: traitlets.List[Row] = traitlets.List(help="Name, shapes, macs, weights, bits and fault of each Bundle.").tag(
        sync=True
    )
    faults: traitlets.List[Fault] = traitlets.List(help="Path and message of everything that is wrong.").tag(sync=True)
    refused = traitlets.Dict(help="Path and message of an edit that was refused last.").tag(sync=True)
    code = traitlets.Unicode("", help="The Keras code; empty while something is wrong.").tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)
    status = traitlets.Unicode("", help="What was done last.").tag(sync=True)
    templates = traitlets.List(list(TEMPLATES), help="Names of networks to start from.").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        first = edit.editable(kwargs.pop("value", None) or TEMPLATES["empty"]())
        self._history = History((first, -1))  # of networks, each with the place that was selected
        super().__init__(value=first, **kwargs)
        self._refresh()
        self.observe(self._on_value, names="value")

    @traitlets.validate("value")
    def _copy(self, proposal: Any) -> Any:
        return edit.editable(proposal["value"])

    @traitlets.validate("selected")
    def _inside(self, proposal: Any) -> int:
        return int(min(max(proposal["value"], -1), len(self.value.get("bundles", [])) - 1))

    # ---- for programs -----------------------------------------------------------------------------------------------
    def spec(self) -> NetSpec:
        """The network, checked.

        Raises:
            InputError: something is wrong; names the JSON path.
        """
        return parse_net(self.value)

    def graph(self, seed: int = 0) -> Graph:
        """The integer graph, with random weights.

        Args:
            seed: of the weights.

        Raises:
            InputError: something is wrong; names the JSON path.
        """
        return self.spec().to_graph(seed=seed)

    def keras_code(self) -> str:
        """Python code that builds the network of DeepSoC's Bundles, ready to train.

        Raises:
            InputError: something is wrong, or a Bundle is read by none; names the JSON path.
        """
        return keras_code(self.spec())

    def undo(self) -> None:
        """Takes the last edit back."""
        self._step(-1)

    def redo(self) -> None:
        """Does again what was taken back last."""
        self._step(1)

    def load(self, path: str | Path | None = None) -> None:
        """Reads a `net.json`; one with faults comes up too, to be mended.

        Args:
            path: of the file; None: `self.path`.

        Raises:
            InputError: the file cannot be read, or is no network.
        """
        file = Path(path or self.path)
        self._open(read_bytes(file, "the network"), str(file))
        self.path = str(file)

    def save(self, path: str | Path | None = None) -> Path:
        """Writes the network as it is, whole or not at all.

        Args:
            path: of the file; None: `self.path`.

        Returns:
            The file.

        Raises:
            InputError: the file cannot be written.
        """
        file = Path(path or self.path)
        fresh = file.with_name(f".{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self.value, indent=1) + "\n", encoding="utf-8")
            fresh.replace(file)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(f"cannot write the network: {reason}", where=str(file)) from None
        self.path = str(file)
        count = len(self.faults)
        self.status = f"Saved {file}" + (f", with {count} fault{'s'[: count > 1]} to mend" if count else "")
        return file

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_set(self, path: list[str | int], value: Any) -> None:
        """A field has another value."""
        self._apply(edit.changed(self.value, path, value), self.selected, key=str(path))

    def on_rename(self, index: int, name: str) -> None:
        """A Bundle has another name."""
        try:
            self._apply(edit.renamed(self.value, index, name), index, f"Renamed to {name}")
        except InputError as error:
            self.refused = {"path": error.where, "message": str(error).removeprefix(f"{error.where}: ")}

    def on_add(self, kind: str, after: int) -> None:
        """A new Bundle behind another."""
        shape = self.rows[after]["output_shape"] if 0 <= after < len(self.rows) else None
        net = edit.inserted(self.value, after, kind, flatten=kind == "dense" and len(shape or ()) == 3)
        self._apply(net, after + 1, f"Added {net['bundles'][after + 1]['name']}")

    def on_duplicate(self, index: int) -> None:
        """A copy of a Bundle."""
        net = edit.duplicated(self.value, index)
        self._apply(net, index + 1, f"Added {net['bundles'][index + 1]['name']}")

    def on_remove(self, index: int) -> None:
        """A Bundle less."""
        net = edit.removed(self.value, index)
        self._apply(net, min(index, len(net["bundles"]) - 1), f"Removed {self.rows[index]['name']}")

    def on_move(self, index: int, to: int) -> None:
        """A Bundle at another place."""
        net = edit.moved(self.value, index, to)
        to = min(max(to, 0), len(net["bundles"]) - 1)
        self._apply(net, to, f"{self.rows[index]['name']} is now {to + 1} of {len(net['bundles'])}")

    def on_template(self, name: str) -> None:
        """Another network to start from."""
        if name not in TEMPLATES:
            raise InputError(f"expected one of {', '.join(TEMPLATES)}, received {name!r}", where="template")
        self._apply(TEMPLATES[name](), -1, f"Started from {name}")

    def on_open(self, name: str, text: str) -> None:
        """A file from the browser."""
        self._open(text.encode(), name)

    def on_load(self, path: str) -> None:
        """Load was pressed."""
        self.load(path)

    def on_save(self, path: str) -> None:
        """Save was pressed."""
        self.save(path)

    def on_undo(self) -> None:
        """Undo was pressed."""
        self.undo()

    def on_redo(self) -> None:
        """Redo was pressed."""
        self.redo()

    # ---- state ------------------------------------------------------------------------------------------------------
    def _open(self, text: bytes, where: str) -> None:
        try:
            net = edit.editable(parse_json(text, where))
        except InputError as error:
            raise InputError(str(error), where="" if where in error.where else where) from None
        self._apply(net, -1, f"Opened {where}")

    def _step(self, by: int) -> None:
        net, selected = self._history.step(by)
        self._show(net, selected, "Taken back" if by < 0 else "Done again")

    def _apply(self, net: edit.Net, selected: int, status: str = "", key: str = "") -> None:
        if net != self.value:
            self._push(net, selected, key)
        self._show(net, selected, status)

    def _push(self, net: edit.Net, selected: int, key: str = "") -> None:
        self._history.replace((self._history.state[0], self.selected))
        self._history.push((net, selected), key)

    def _show(self, net: edit.Net, selected: int, status: str) -> None:
        with self.hold_sync():
            self.value = net
            self.selected = selected
            self.status, self.refused = status, {}

    def _on_value(self, change: Any) -> None:
        """A program has set the value, or one of the edits above."""
        if self._history.state[0] != self.value:
            self._push(self.value, self.selected)
        self.selected = min(self.selected, len(self.value["bundles"]) - 1)
        self._refresh()

    def _refresh(self) -> None:
        with self.hold_sync():
            self.rows, self.faults = check(self.value)
            self.can_undo, self.can_redo = self._history.can_undo, self._history.can_redo
            try:
                self.code = "" if self.faults else self.keras_code()
            except InputError:
                self.code = ""
