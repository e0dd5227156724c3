"""SweepExplorer: sweeps parameters of the hardware, shows the Pareto front, and what is behind each of its points."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import traitlets

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf._network import bits_of, complete
from deepsoc.perf.pareto import pareto
from deepsoc.perf.space import PARAMETERS, Space
from deepsoc.perf.sweep import FIGURES, MAX_POINTS, over_networks, sweep
from deepsoc.widgets.base._evaluating import Evaluating
from deepsoc.widgets.base._networks import Networks, plain
from deepsoc.widgets.hardware._hardware_form import given
from deepsoc.widgets.hardware._target import Target
from deepsoc.widgets.sweep._kept import KeptPoints
from deepsoc.widgets.sweep._points import packed
from deepsoc.widgets.sweep._sweep_code import sweep_code

__all__ = ["SweepExplorer"]

_SPACE: dict[str, Any] = {"rows": {"min": 2, "max": 32, "step": 1}, "cols": {"min": 12, "max": 192, "step": 12}}
_SWEPT_MAX = 3
_FRONT_MAX = 500  # rows of the front in the table below the plot
_LAYER = ("name", "type", "clocks", "efficiency", "end_to_end_clocks", "bound", "x_words", "k_words", "y_words")
_Found = tuple[tuple[Networks, Target], pd.DataFrame, pd.DataFrame, pd.DataFrame]
_LIMIT = re.compile(r"\s*\w+\s*(<=|>=|==|<|>)\s*\S+\s*")


class SweepExplorer(KeptPoints, Evaluating, front="hardware/budget sweep_plot sweep_form sweep_explorer"):
    """Sweeps up to three parameters, and lets people choose among the points.

    Args:
        networks: what `estimate` takes, or `net.json` as dictionaries.
        space: parameters as for `deepsoc.sweep`: lists and ranges are swept, numbers fixed.
        hw: hardware whose parameters are fixed where the space has none of them.
        objectives: by column max or min; left out: frames a second and what the target costs.
        limits: what a point must fulfil, as for `deepsoc.sweep`; a budget adds its own.
        board: name of a board, or path of its TOML file, that every point must fit. Or
        node: name of a process node, or path of its TOML file, with
        area_mm2: the area that every point must fit.
        kept: points by name.

    Raises:
        InputError: a network, board, node or space that cannot be read, more than three swept parameters, or an unknown
            keyword.
    """

    space = traitlets.Dict(_SPACE, help="Parameters and their values, as for a sweep.").tag(sync=True)
    objectives = traitlets.Dict(help="By column max or min.").tag(sync=True)
    limits = traitlets.List(traitlets.Unicode(), help="What a point must fulfil.").tag(sync=True)
    x = traitlets.Unicode("", help="Column along the plot.").tag(sync=True)
    y = traitlets.Unicode("", help="Column up the plot.").tag(sync=True)
    network = traitlets.Unicode("", help="Network of `selected_table`.").tag(sync=True)
    table = traitlets.Instance(pd.DataFrame, (), help="What the last sweep returned.")
    points = traitlets.Instance(pd.DataFrame, (), help="One row a point, over all networks.")
    front = traitlets.Instance(pd.DataFrame, (), help="The rows of `points` that no other beats.")
    selected_table = traitlets.Instance(pd.DataFrame, (), help="Its estimate of `network`, layer by layer.")
    chosen = traitlets.Instance(Hardware, allow_none=True, help="The hardware that was last told to be used.")
    code = traitlets.Unicode("", help="The Python that does the same.").tag(sync=True)

    columns: traitlets.List[str] = traitlets.List(help="Columns that can be objectives and axes.").tag(sync=True)
    names: traitlets.List[str] = traitlets.List(help="Names of the networks.").tag(sync=True)
    size = traitlets.Int(0, help="Points times networks of the space.").tag(sync=True)
    faults = traitlets.Dict(help="By parameter of the space what is wrong with it.").tag(sync=True)
    drawn = traitlets.Bytes(b"", help="Points of the plot, see `_points.packed`.").tag(sync=True)
    front_rows = traitlets.Dict(help="The front as a table: columns, rows, and their numbers.").tag(sync=True)
    at = traitlets.Int(-1, help="Number of the selected row of `points`; -1: none.").tag(sync=True)
    detail = traitlets.Dict(help="hw.json and layers of the selected point.").tag(sync=True)

    def __init__(self, *, hw: Hardware | None = None, **kwargs: Any) -> None:
        self._swept = Networks(()), Target()
        super().__init__(**(kwargs | {"space": {**(given(hw) if hw else {}), **(kwargs.get("space") or _SPACE)}}))
        if "space" not in kwargs and hw is None:
            self.space = self.space | self._target.preset
        self.objectives = self.objectives or self._default_objectives()
        self._on_networks()
        self.observe(self._on_setup, names=["space", "limits"])
        self.observe(self._on_objectives, names="objectives")
        self.observe(self._draw, names=["x", "y"])
        self.observe(self._show_selected, names="network")

    # ---- for programs -----------------------------------------------------------------------------------------------
    def run(self) -> SweepExplorer:
        """Starts the sweep; `table`, `points` and `front` follow when it is done.

        Returns:
            The explorer.

        Raises:
            InputError: no network, a fault in the space, or a sweep is running.
        """
        if not self._nets.names:
            raise InputError("there is no network to evaluate; give networks", where="networks")
        if self.size > MAX_POINTS:
            raise InputError(f"{self.size:,} points, expected at most {MAX_POINTS:,}; enlarge a step", where="space")
        space, nets, target, objectives = dict(self.space), self._nets, self._target, dict(self.objectives)
        limits = [*self.limits, *(f"{name} <= {value:.15g}" for name, value in target.budget.items())]

        def work(progress: Callable[[int, int], None]) -> _Found:
            table = sweep(
                nets.sources, space, limits=limits, memory=target.memory, resources=target.model, progress=progress
            )
            points = over_networks(table) if len(nets.names) > 1 else table.drop(columns="network")
            return (nets, target), table, points, pareto(points, objectives)

        self._work.start(work, self._take)
        return self

    def select(self, row: int) -> None:
        """Selects a point.

        Args:
            row: its number in `points`; -1: none.

        Raises:
            InputError: there is no such row.
        """
        if not -1 <= row < len(self.points):
            raise InputError(f"expected a row up to {len(self.points) - 1}, received {row}", where="row")
        with self.hold_sync():
            self.at = row
            values = self.points.iloc[row].to_dict() if row >= 0 else {}
            self.selected = {str(name): self._whole(str(name), value) for name, value in values.items()}
            if row >= 0:  # the plot has the equations of all points, the one that is looked at is mapped
                self.selected = self.selected | self._figures()
            self._show_selected()

    def _figures(self) -> dict[str, Any]:
        """The figures of the selected point, on the best basis."""
        nets, target = self._swept
        own = {name: value for name, value in self.selected.items() if name in PARAMETERS}
        try:
            return nets.together(nets.point(Hardware(**own)), target.memory)
        except InputError:  # the RTL cannot be built for it
            return {"basis": "equations"}

    def hardware(self, row: Mapping[str, Any] | None = None) -> Hardware:
        """The hardware of a point, every maximum as the networks need it.

        Args:
            row: a kept point; None: the selected one.

        Raises:
            InputError: nothing is selected, or the RTL cannot be built for it.
        """
        row = row or self.selected
        if not row:
            raise InputError("no point is selected", where="selected")
        own = {name: np.array([row[name]]) for name in PARAMETERS if name in row}
        full = complete(own, self._swept[0].needs or self._nets.needs)
        return Hardware(**{str(name): plain(values.to_numpy()[0]) for name, values in full.items()})

    def use(self, name: str | None = None) -> Hardware:
        """Puts the hardware of a point into `chosen`.

        Args:
            name: of a kept point; None: the selected one.

        Raises:
            InputError: there is no such point, or the RTL cannot be built for it.
        """
        self.chosen = None  # so that the same one is told again
        self.chosen = self.hardware(self.kept_point(name) if name else None)
        return self.chosen

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_space(self, swept: list[tuple[str, Any]]) -> None:
        """Other parameters are swept, or by other values."""
        space = {name: value for name, value in self.space.items() if not _is_swept(value)}
        for name, old in self.space.items():  # what is swept no more is fixed where it began, if it has to be given
            if _is_swept(old) and name in ("rows", "cols"):
                space[name] = old["min"] if isinstance(old, Mapping) else next(iter(old))
        try:
            self.space = space | dict(swept)
        except InputError as error:
            self.faults = {error.where.removeprefix("space."): str(error).removeprefix(f"{error.where}: ")}

    def on_fixed(self, name: str, value: Any) -> None:
        """Another value of a parameter that is not swept; None: none."""
        rest = {key: old for key, old in self.space.items() if key != name}
        self.space = rest if value is None else rest | {name: value}

    def on_objectives(self, objectives: list[tuple[str, str]]) -> None:
        """Other objectives."""
        self.objectives = dict(objectives)

    def on_limits(self, limits: list[str]) -> None:
        """Other limits."""
        self.limits = limits

    def on_run(self) -> None:
        """Run was pressed."""
        self.run()

    def on_select(self, row: int) -> None:
        """A point was clicked, or reached by a key."""
        self.select(row)

    def on_use(self, name: str | None = None) -> None:
        """Use was pressed."""
        self.use(name)

    # ---- state ------------------------------------------------------------------------------------------------------
    @traitlets.validate("space")
    def _a_space(self, proposal: Any) -> Any:
        space = Space.parse(proposal["value"])
        swept = [axis.name for axis in space.axes if _is_swept(proposal["value"][axis.name])]
        if len(swept) > _SWEPT_MAX:
            raise InputError(
                f"expected at most {_SWEPT_MAX} swept parameters, received {', '.join(swept)}; fix one of them, or use "
                "deepsoc.sweep",
                where=f"space.{swept[-1]}",
            )
        return proposal["value"]

    @traitlets.validate("limits")
    def _some_limits(self, proposal: Any) -> Any:
        for limit in proposal["value"]:
            if not _LIMIT.fullmatch(limit):
                raise InputError(
                    f"expected a column, one of <= >= < > ==, and a number, received {limit!r}", where="limits"
                )
        return proposal["value"]

    @traitlets.validate("objectives")
    def _some_objectives(self, proposal: Any) -> Any:
        for name, goal in proposal["value"].items():
            if goal not in ("max", "min"):
                raise InputError(f"expected max or min, received {goal!r}", where=f"objectives.{name}")
        return proposal["value"]

    def _on_networks(self) -> None:
        with self.hold_sync():
            self.names = self._nets.names
            if self.network not in self.names:
                self.network = next(iter(self.names), "")
            self._on_setup()

    def _on_target(self) -> None:
        self._on_setup()
        known = {name: goal for name, goal in self.objectives.items() if name in self.columns}
        if len(known) < len(self.objectives):
            self.objectives = known if len(known) > 1 else self._default_objectives()

    def _preset(self, parameters: dict[str, Any]) -> None:
        fixed = {name: value for name, value in parameters.items() if not _is_swept(self.space.get(name))}
        self.space = self.space | fixed

    def _on_setup(self, _: Any = None) -> None:
        space = Space.parse(self.space)
        with self.hold_sync():
            self.faults = {}
            self.size = min(space.size * max(len(self._nets.names), 1), 2**53)
            bits = [name for name in ("x_bits", "k_bits") if name in bits_of(self._nets.needs)]
            self.budget = self._target.budget
            costs = list(self._costs())
            self.columns = list(dict.fromkeys([*FIGURES, "pes", *costs, *(axis.name for axis in space.axes), *bits]))
            self._write_code()

    def _on_objectives(self, _: Any) -> None:
        self._write_code()
        if len(self.points):
            self.attempt(lambda: self._take_front(pareto(self.points, self.objectives), fresh_axes=True))
            self.task = self.task | {"message": self._found()}

    def _write_code(self) -> None:
        self.code = sweep_code(self.networks, self.space, self.objectives, self.limits, self._target)

    def _costs(self) -> dict[str, Any]:
        hw = Hardware(rows=8, cols=24)
        return {} if self._target.model is None else dict(self._target.model(pd.DataFrame(self._nets.point(hw))))

    def _default_objectives(self) -> dict[str, str]:
        cost = "area_mm2" if self.node else "pes"
        return {"end_to_end_fps": "max", cost: "min"}

    def _take(self, found: _Found) -> str:
        with self.hold_sync():
            self._swept, self.table, self.points, front = found
            self.at, self.selected = -1, {}
            self._show_selected()
            self._take_front(front)
        return self._found()

    def _found(self) -> str:
        if not len(self.points):
            return "No point is within the limits: loosen one, or widen the space."
        return f"{len(self.points):,} points within the limits, {len(self.front):,} on the front."

    def _take_front(self, front: pd.DataFrame, *, fresh_axes: bool = False) -> None:
        names = [str(name) for name in front if front[name].nunique() > 1 or name in self.objectives]
        rows = [
            [self._whole(name, value) for name, value in zip(names, row, strict=True)]
            for row in front.head(_FRONT_MAX)[names].itertuples(index=False)
        ]
        with self.hold_sync():
            self.front = front
            self.front_rows = {"columns": names, "rows": rows, "numbers": [int(row) for row in front.index]}
            axes = [*self.objectives, *self.columns]
            if fresh_axes or self.x not in self.points:
                self.x = axes[1]
            if fresh_axes or self.y not in self.points:
                self.y = axes[0]
            self._draw()

    def _draw(self, _: Any = None) -> None:
        if self.x in self.points and self.y in self.points:
            always = [*self.front_rows.get("numbers", []), *([self.at] if self.at >= 0 else [])]
            self.drawn = packed(self.points, self.x, self.y, always)

    def _show_selected(self, _: Any = None) -> None:
        if not self.selected:
            self.detail, self.selected_table = {}, pd.DataFrame()
            return
        try:
            text, fault = self.hardware().to_json(), ""
        except InputError as error:
            text, fault = "", str(error)
        own = {name: value for name, value in self.selected.items() if name in PARAMETERS}
        nets, target = self._swept
        name = self.network if self.network in nets.names else nets.names[0]
        table = nets.table(name, Hardware(**own), target.memory)
        layers = [[plain(value) for value in row] for row in table[list(_LAYER)].itertuples(index=False)]
        self.selected_table = table
        self.detail = {"hw": text, "fault": fault, "network": name, "columns": list(_LAYER), "layers": layers}

    def _whole(self, name: str, value: Any) -> Any:
        """A value of a row, whole where its column is."""
        value = plain(value)
        whole = name in self.points and self.points[name].dtype.kind in "iu"
        return int(value) if whole else value


def _is_swept(value: Any) -> bool:
    return value is not None and not isinstance(value, int | float)
