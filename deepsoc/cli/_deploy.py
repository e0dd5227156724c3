"""The command `deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepsoc.cli import _text
from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json, OutDir

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(deploy)


def deploy(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `export` wrote.")],
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="T",
            help="linux, pynq, baremetal, vitis, riscv-soc, ulx3s-45f, ulx3s-85f, tang-nano-20k.",
        ),
    ],
    out: OutDir,
    as_json: Json = False,
) -> None:
    """Write the folder that goes to a board: program, runtime, weights."""

    def work() -> Answer:
        from deepsoc.deploy import deploy as run

        done = run(folder, target, out)
        return Answer(done.to_dict(), lambda: _text.files(out, done.files))

    respond(work, as_json=as_json)
