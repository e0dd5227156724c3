"""The command `implement`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json

if TYPE_CHECKING:
    from deepsoc.impl import Implementation
    from deepsoc.impl.runner import State

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(implement)


def implement(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `export` wrote.")],
    flow: Annotated[
        str,
        typer.Option(
            "--flow",
            metavar="NAME",
            help="such as yosys-xc7, ecp5, vivado; a name that is none lists all",
        ),
    ],
    board: Annotated[
        str | None, typer.Option(metavar="B", help="Board, for flows that implement for one; name or TOML.")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", help="Runs of placement and routing; the best one counts.")] = 1,
    effort: Annotated[
        str, typer.Option(metavar="E", help="Of placement and routing: low, normal, or high with open tools.")
    ] = "normal",
    until: Annotated[str | None, typer.Option(metavar="STEP", help="Last step to run; all if left out.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run every step, not only what has changed.")] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also draw floor plan, utilization and longest path, as SVG.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run an FPGA flow on an export; goes on where an earlier run stopped."""

    def work() -> Answer:
        from deepsoc.impl import forecast
        from deepsoc.impl import implement as run

        if expected := forecast(folder, flow, board=board, seeds=seeds, effort=effort):
            _text.note(f"a whole run takes {expected}")
        with _text.progress() as report:

            def told(step: str, index: int, count: int, state: State) -> None:
                if report is not None:
                    report(step, (index + (state in ("done", "kept"))) / count)

            result = run(folder, flow, board=board, seeds=seeds, effort=effort, until=until, fresh=fresh, progress=told)
        if pictures:
            result = result.model_copy(update={"artifacts": (*result.artifacts, *_draw(result))})
        return Answer(result.to_dict(), lambda: _text.implementation(result))

    respond(work, as_json=as_json)


def _draw(result: Implementation) -> list[str]:
    """Writes what pictures there are beside the report; returns their names."""
    from deepsoc._files import replacing
    from deepsoc.viz import pictures

    names = []
    for title, figure in pictures(result, theme="light").items():
        names.append(f"{title.lower().replace(' ', '_')}.svg")
        with replacing(Path(result.folder) / names[-1]) as new:
            new.write_text(figure.svg(title), encoding="utf-8")
    return names
