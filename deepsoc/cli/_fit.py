"""The command `fit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json, output_file
from deepsoc.errors import InputError

if TYPE_CHECKING:
    from deepsoc.perf.fit import Goal

__all__ = ["register"]

_GOALS: dict[str, Goal] = {
    "fps": "fps", "fps_per_watt": "fps_per_watt", "fps_per_mm2": "fps_per_mm2", "latency": "latency",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(fit)


def fit(
    networks: Annotated[
        list[str], typer.Argument(metavar="NET…", help="net.json files, layer tables (CSV), or built-in names.")
    ],
    board: Annotated[
        str | None, typer.Option("--board", metavar="B", help="Board whose resources are the budget; name or TOML.")
    ] = None,
    area_mm2: Annotated[
        float | None, typer.Option("--area-mm2", metavar="A", help="Budget in silicon, square millimetres.")
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", metavar="N", help="Process of that silicon; name or TOML.")
    ] = None,
    goal: Annotated[str, typer.Option(metavar="GOAL", help=f"What is to be best: {', '.join(_GOALS)}.")] = "fps",
    fps_min: Annotated[float | None, typer.Option(metavar="F", help="Frames/s that every network must reach.")] = None,
    power_w: Annotated[float | None, typer.Option("--power-w", metavar="W", help="Most power.")] = None,
    space: Annotated[
        Path | None,
        typer.Option("--space", metavar="SPACE", help="Parameters and their values.", exists=True, dir_okay=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="HW", help="hw.json to write.", callback=output_file)
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the best hardware parameters for some networks on a board or in a silicon area."""

    def work() -> Answer:
        from deepsoc.perf.fit import NoFitError
        from deepsoc.perf.fit import fit as run

        if goal not in _GOALS:
            raise InputError(f"expected one of {', '.join(_GOALS)}, received {goal!r}", where="--goal")
        try:
            with _text.sweep_progress() as progress:
                found = run(
                    networks, board=board, area_mm2=area_mm2, node=node, goal=_GOALS[goal], fps_min=fps_min,
                    power_w=power_w, space=space, progress=progress,
                )  # fmt: skip
        except NoFitError as error:
            return Answer({"hw": None, "resources": None, "fps": None, "goal": goal}, lambda: None, str(error))
        if out:
            found.hw.dump(out)
        data: dict[str, Any] = {
            "hw": found.hw,
            "resources": found.resources,
            "fps": found.fps,
            "basis": found.basis,
            "goal": goal,
            "method": found.method,
            "points": found.points,
            "figures": found.figures,
            "limits": found.limits.to_dict(orient="records"),
            "table": found.table.to_dict(orient="records"),
            "out": out,
        }
        return Answer(data, lambda: _text.fit(data))

    respond(work, as_json=as_json)
