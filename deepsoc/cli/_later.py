"""Commands whose place in the interface is fixed and whose work is not done yet: they say so."""

from __future__ import annotations

import typer

from deepsoc.errors import InputError

__all__ = ["register"]

_COMMANDS = {
    "fit": "the best hardware for a board or an area",
    "implement": "FPGA and ASIC flows",
}


def register(app: typer.Typer) -> None:
    """Adds the commands; each takes any arguments and raises InputError."""
    for name, purpose in _COMMANDS.items():
        app.command(
            name,
            help=f"Not available in this version: {purpose}.",
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_refuse)


def _refuse(context: typer.Context) -> None:
    raise InputError(
        "not available in this version; see CHANGELOG.md for what is, and `deepsoc --help`",
        where=f"command {context.info_name}",
    )
