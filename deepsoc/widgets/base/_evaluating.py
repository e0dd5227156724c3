"""What HardwarePanel and SweepExplorer share: networks, what is built on, and work in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from deepsoc.errors import InputError
from deepsoc.widgets.base._background import IDLE, Background
from deepsoc.widgets.base._control import Control
from deepsoc.widgets.base._networks import Networks
from deepsoc.widgets.hardware._hardware_form import fields
from deepsoc.widgets.hardware._target import Target, targets

if TYPE_CHECKING:
    from deepsoc.widgets.base._networks import AnyNetwork

__all__ = ["Evaluating"]


class Evaluating(Control):
    """A control that evaluates networks on hardware within the budget of a board or of an area of silicon.

    A subclass says in `_on_networks`, `_on_target` what follows them, and in `_preset` what it does with the parameters
    that a board or process suggests when people choose it.
    """

    networks: traitlets.List[AnyNetwork] = traitlets.List(help="Networks that are evaluated.")
    board = traitlets.Unicode(None, allow_none=True, help="Board to build on.").tag(sync=True)
    node = traitlets.Unicode(None, allow_none=True, help="Process to build in.").tag(sync=True)
    area_mm2 = traitlets.Float(None, allow_none=True, help="Budget of silicon.").tag(sync=True)
    budget = traitlets.Dict(help="By resource what hardware may take.").tag(sync=True)
    task = traitlets.Dict(IDLE, help="Work in the background: state, progress, message.").tag(sync=True)
    fields: traitlets.List[dict[str, Any]] = traitlets.List(fields(), read_only=True).tag(sync=True)
    targets: traitlets.List[dict[str, str]] = traitlets.List(read_only=True).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._nets, self._target = Networks(()), Target()
        self._work = Background(lambda state: self.set_trait("task", state))
        if kwargs.get("board") and kwargs.get("node"):
            raise InputError("expected either a board or a node with an area; give one of them", where="board")
        if kwargs.get("area_mm2") is not None and not kwargs.get("node"):
            raise InputError("an area needs a node; give both", where="node")
        super().__init__(**kwargs)
        self.set_trait("targets", targets())
        self._target = Target.of(self.board, self.node, self.area_mm2)
        self.observe(lambda _: self._on_networks(), names="networks")
        self.observe(self._retarget, names=["board", "node", "area_mm2"])

    def cancel(self) -> None:
        """Stops what is running; everything stays as it is."""
        self._work.cancel()

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits for what is running.

        Raises:
            InputError: it takes longer.
        """
        self._work.wait(timeout_s)

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_cancel(self) -> None:
        """Cancel was pressed."""
        self.cancel()

    def on_target(self, kind: str, name: str) -> None:
        """Another board or process; what it suggests is taken."""
        with self.hold_sync():
            self.board, self.node = (name if kind == "board" else None), (name if kind == "node" else None)
            self._preset(self._target.preset)

    def on_area(self, value: float | None) -> None:
        """Another budget of silicon."""
        self.area_mm2 = value

    # ---- state ------------------------------------------------------------------------------------------------------
    def _on_networks(self) -> None: ...

    def _on_target(self) -> None: ...

    def _preset(self, parameters: dict[str, Any]) -> None: ...

    @traitlets.validate("networks")
    def _read(self, proposal: Any) -> Any:
        self._nets = Networks(proposal["value"])
        return proposal["value"]

    @traitlets.validate("board", "node", "area_mm2")
    def _known(self, proposal: Any) -> Any:
        none = dict.fromkeys(("board", "node", "area_mm2"))
        Target.of(**(none | {proposal["trait"].name: proposal["value"]}))
        return proposal["value"]

    def _retarget(self, change: Any) -> None:
        other = {"board": "node", "node": "board"}.get(change["name"])
        if other and change["new"] and getattr(self, other):
            self.set_trait(other, None)
        self._target = Target.of(self.board, self.node, self.area_mm2)
        self._on_target()
