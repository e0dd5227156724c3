"""The command `sweep`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json, output_file
from deepsoc.errors import InputError

if TYPE_CHECKING:
    from deepsoc.perf.pareto import Goal

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(sweep)


def sweep(
    networks: Annotated[
        list[str], typer.Argument(metavar="WORKLOAD…", help="Built-in names, layer tables (CSV), or net.json files.")
    ],
    space: Annotated[
        Path,
        typer.Option("--space", metavar="SPACE", help="Parameters and their values.", exists=True, dir_okay=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="F.parquet", help="Table to write; go on from it.", callback=output_file),
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="LIMIT", help="Keep rows such as 'end_to_end_fps >= 30'; repeatable.")
    ] = None,
    objective: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN:max|min", help="Of the Pareto front; repeatable.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="N|ADDRESS", help="Compute on N local processes or on a Dask scheduler.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate networks on every point of a hardware space and find the Pareto front."""

    def work() -> Answer:
        from deepsoc.perf.pareto import pareto
        from deepsoc.perf.space import Space
        from deepsoc.perf.sweep import FIGURES, over_networks
        from deepsoc.perf.sweep import sweep as run

        points = Space.load(space)
        goals = _goals(
            objective or ["end_to_end_fps:max", "pes:min"], [*(axis.name for axis in points.axes), "pes", *FIGURES]
        )
        where = int(cluster) if cluster and cluster.isdecimal() else cluster
        start = time.perf_counter()
        with _text.sweep_progress() as progress:
            table = run(networks, points, out=out, limits=limit or (), cluster=where, progress=progress)
        seconds = time.perf_counter() - start
        best = pareto(over_networks(table) if len(networks) > 1 else table, goals)
        count = points.size * len(networks)
        data: dict[str, Any] = {
            "points": count,
            "points_per_second": count / seconds,
            "seconds": seconds,
            "rows": len(table),
            "objectives": goals,
            "basis": "equations",
            "pareto": best.to_dict(orient="records"),
            "out": out,
        }
        failure = "" if len(table) else "no point can run the networks within the limits; widen the space or the limits"
        return Answer(data, lambda: _text.sweep(data), failure)

    respond(work, as_json=as_json)


def _goals(objectives: list[str], columns: list[str]) -> dict[str, Goal]:
    goals: dict[str, Goal] = {}
    for text in objectives:
        name, _, goal = text.partition(":")
        if goal not in ("max", "min"):
            raise InputError(f"expected COLUMN:max or COLUMN:min, received {text!r}", where="--objective")
        if name not in columns:
            raise InputError(f"no column {name!r}; expected one of {', '.join(columns)}", where="--objective")
        goals[name] = "max" if goal == "max" else "min"
    return goals
