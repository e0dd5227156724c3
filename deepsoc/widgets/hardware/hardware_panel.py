"""HardwarePanel: the parameters of the accelerator, what they cost, and what networks make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import traitlets

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf.space import PARAMETERS
from deepsoc.widgets.base._evaluating import Evaluating
from deepsoc.widgets.base._history import History
from deepsoc.widgets.base._networks import plain
from deepsoc.widgets.hardware._hardware_form import given

if TYPE_CHECKING:
    from deepsoc.perf.fit import Fit

__all__ = ["HardwarePanel"]

_GOALS = ("fps", "latency", "fps_per_watt", "fps_per_mm2")
_RUNNER_UP = ("rows", "cols", "weights_ram_depth", "axi_data_bits", "end_to_end_fps", "efficiency")


class HardwarePanel(Evaluating, front="budget hardware_panel"):
    """Chooses the hardware: a form of its parameters, live resources against a budget, live figures of networks.

    A field that is refused keeps its text, with the fault beside it, and `value` stays the last legal hardware. What
    `value` leaves open is what the networks need.

    Args:
        value: the hardware; left out: 8 × 24 with the target's clock and ports.
        networks: what `estimate` takes, or `net.json` as dictionaries.
        board: name of a board, or path of its TOML file; its resources are the budget. Or
        node: name of a process node, or path of its TOML file, with
        area_mm2: the budget in silicon.
        network: the one of `networks` that `table` is of; left out: the first.
        search: False leaves out the part that fits the hardware to the networks.

    Raises:
        InputError: a network, board or node that cannot be read, a `network` that is not in `networks`, or an unknown
            keyword.
    """

    value = traitlets.Instance(Hardware, help="The hardware.")
    network = traitlets.Unicode("", help="Network that `table` is of.").tag(sync=True)
    search = traitlets.Bool(True, help="Whether people can fit the hardware to the networks.").tag(sync=True)
    resources = traitlets.Dict(help="What the hardware costs: lut, ff, dsp, bram36, or area_mm2, power_w.").tag(
        sync=True
    )
    figures = traitlets.Dict(help="By network its figures; none where it does not run.").tag(sync=True)
    capacity = traitlets.Dict(help="By resource all there is.").tag(sync=True)
    faults = traitlets.Dict(help="By parameter what is wrong with it.").tag(sync=True)
    found = traitlets.Any(None, help="The last `Fit`.")

    draft = traitlets.Dict(help="What the fields show, even if it is refused.").tag(sync=True)
    resolved = traitlets.Dict(help="Every parameter, as the networks complete it.").tag(sync=True)
    answered = traitlets.Int(0, help="The last move that was evaluated.").tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)
    runners_up = traitlets.Dict(help="What the fit found, as rows for a table.").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if "value" not in kwargs:
            self.value = Hardware(rows=8, cols=24, **self._target.preset)
        if self.network and self.network not in self._nets.names:
            expected = ", ".join(self._nets.names) or "none, for there are no networks; give them as networks=[...]"
            raise InputError(f"expected one of networks ({expected}), received {self.network!r}", where="network")
        self.network = self.network or next(iter(self._nets.names), "")
        self._history, self._field = History(self.value), ""  # the field that is edited, if one is
        self._on_value()
        self.observe(self._on_value, names="value")

    # ---- for programs -----------------------------------------------------------------------------------------------
    @property
    def table(self) -> pd.DataFrame:
        """The estimate of `network`'s layers on the hardware, as UtilizationView and DramView take it.

        Raises:
            InputError: no such network, or it does not run on so few columns.
        """
        return self._nets.table(self.network, self.value, self._target.memory)

    def fit(
        self, goal: Literal["fps", "latency", "fps_per_watt", "fps_per_mm2"] = "fps", **options: Any
    ) -> HardwarePanel:
        """Starts `deepsoc.fit` with the panel's networks and budget; the best hardware becomes `value`.

        Args:
            goal: what is to be best.
            options: more of `deepsoc.fit`, such as fps_min, power_w.

        Returns:
            The panel.

        Raises:
            InputError: there is no network or no budget, or a fit is running.
        """
        from deepsoc.perf.fit import fit

        if not self._nets.names:
            raise InputError("there is no network to fit the hardware to; give networks", where="networks")
        if self.board is None and (self.node is None or self.area_mm2 is None):
            raise InputError("choose a board, or a process and an area, as the budget", where="board")
        place: dict[str, Any] = {"board": self.board} if self.board else {"node": self.node, "area_mm2": self.area_mm2}
        sources = list(self._nets.sources)
        self._work.start(lambda tell: fit(sources, goal=goal, progress=tell, **place, **options), self._take)
        return self

    @property
    def refused(self) -> dict[str, str]:
        """By parameter why `value` is not what the fields show; nothing where it is."""
        return Hardware.faults(self.draft)

    def undo(self) -> None:
        """Takes the last edit back: what was refused, or else the last change of the hardware."""
        if self._is_refused():
            self._on_value()
        else:
            self.value = self._history.step(-1)

    def redo(self) -> None:
        """Does again what was taken back last."""
        self.value = self._history.step(1)

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_set(self, name: str, value: Any, serial: int = 0) -> None:
        """A field has another value; None: it is left open."""
        draft = {key: old for key, old in self.draft.items() if key != name}
        if value is not None:
            draft[name] = value
        with self.hold_sync():
            if wrong := Hardware.faults(draft):
                others = self._nets.faults(self._nets.point(self.value))
                self.draft, self.faults, self.can_undo = draft, others | wrong, True
            else:
                self._field = name
                self.value = Hardware(**draft)
                if self.draft != draft:  # the same hardware, after something was refused
                    self._on_value()
                self._field = ""
            self.answered = serial

    def on_undo(self) -> None:
        """Undo was pressed."""
        self.undo()

    def on_redo(self) -> None:
        """Redo was pressed."""
        self.redo()

    def on_fit(self, goal: str, fps_min: float | None = None, power_w: float | None = None) -> None:
        """Fit was pressed."""
        if goal not in _GOALS:
            raise InputError(f"expected one of {', '.join(_GOALS)}, received {goal!r}", where="goal")
        self.fit(goal, fps_min=fps_min, power_w=power_w)  # type: ignore[arg-type]

    def on_use(self, index: int) -> None:
        """A runner-up was chosen."""
        self.value = _hardware_of(self.found, index)

    # ---- state ------------------------------------------------------------------------------------------------------
    def _on_networks(self) -> None:
        if self.network not in self._nets.names:
            self.network = next(iter(self._nets.names), "")
        self._refresh()

    def _on_target(self) -> None:
        self._refresh()

    def _preset(self, parameters: dict[str, Any]) -> None:
        self.value = Hardware(**(given(self.value) | parameters))

    def _is_refused(self) -> bool:
        return bool(self.draft != given(self.value))

    def _on_value(self, _: Any = None) -> None:
        if given(self.value) != given(self._history.state):
            self._history.push(self.value, self._field)
        with self.hold_sync():
            self.draft = given(self.value)
            self.can_undo, self.can_redo = self._history.can_undo, self._history.can_redo
            self._refresh()

    def _refresh(self) -> None:
        target, point = self._target, self._nets.point(self.value)
        with self.hold_sync():
            self.resolved = {name: plain(values[0]) for name, values in point.items()}
            self.figures = self._nets.figures(point, target.memory)
            costs = target.model(pd.DataFrame(point)) if target.model else {}
            self.resources = {name: float(np.asarray(values)[0]) for name, values in costs.items()}
            self.budget, self.capacity = target.budget, target.capacity
            self.faults = self._nets.faults(point)

    def _take(self, found: Fit) -> str:
        columns = [*_RUNNER_UP, *(name for name in found.resources if name in found.table)]
        rows = [[plain(value) for value in row] for row in found.table[columns].itertuples(index=False)]
        limits = [{str(key): plain(value) for key, value in row.items()} for row in found.limits.to_dict("records")]
        with self.hold_sync():
            self.found = found
            self.value = found.hw
            self.runners_up = {"columns": columns, "rows": rows, "limits": limits}
        binding = [row["limit"] for row in limits if row["binds"]]
        return f"{found.hw.rows} × {found.hw.cols}: {found.fps:,.4g} frames/s, the best of {found.points:,} points" + (
            f"; bound by {', '.join(binding)}." if binding else "."
        )


def _hardware_of(found: Fit | None, index: int) -> Hardware:
    if found is None or not 0 <= index < len(found.table):
        raise InputError("there is no such point; run a fit first", where="index")
    return Hardware(**{name: plain(found.table[name].iloc[index]) for name in PARAMETERS})
