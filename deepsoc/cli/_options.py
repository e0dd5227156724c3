"""Arguments and options that several commands share, checked before any work begins."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["HwFile", "Json", "NetFile", "OutDir", "output_file", "probability"]

# Output folders end up in makefiles and Tcl scripts of vendor tools, which cannot quote these characters.
_UNSAFE = re.compile(r"[^\w./+@%=,:~ -]")


def probability(value: float) -> float:
    """The value, if it lies in 0 … 1.

    Raises:
        typer.BadParameter: it does not, or is not a number.
    """
    if math.isnan(value) or not 0 <= value <= 1:
        raise typer.BadParameter(f"a probability from 0 to 1 expected, {value} received")
    return value


def _out_dir(path: Path) -> Path:
    if found := _UNSAFE.search(str(path)):
        raise typer.BadParameter(
            f"character {found.group()!r} in {str(path)!r}; letters, digits, spaces and . _ - / + @ % = , : ~ expected"
        )
    if path.is_symlink() and not path.exists():
        raise typer.BadParameter(f"{str(path)!r} is a dangling link")
    ancestor = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    if not ancestor.is_dir():
        raise typer.BadParameter(f"{str(ancestor)!r} is not a directory")
    _writable(ancestor)
    return path


def _writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".deepsoc-"):
            pass
    except OSError as error:
        raise typer.BadParameter(f"{str(folder)!r} is not writable: {error.strerror}") from None


def output_file(path: Path | None) -> Path | None:
    """The path, if a file can be written there.

    Raises:
        typer.BadParameter: it is a folder, or its folder is missing or not writable.
    """
    if path is not None:
        if path.is_dir():
            raise typer.BadParameter(f"{str(path)!r} is a directory")
        if not path.parent.is_dir():
            raise typer.BadParameter(f"the folder {str(path.parent)!r} does not exist")
        if path.exists() and not path.is_file():
            raise typer.BadParameter(f"{str(path)!r} is no regular file")
        _writable(path.parent)
    return path


NetFile = Annotated[
    Path,
    typer.Argument(metavar="NET", help="Network, net.json.", exists=True, dir_okay=False, readable=True),
]
HwFile = Annotated[
    Path,
    typer.Option("--hw", metavar="HW", help="Hardware parameters, hw.json.", exists=True, dir_okay=False),
]
OutDir = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write.", callback=_out_dir)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
