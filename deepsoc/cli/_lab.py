"""The command lab: JupyterLab on the notebooks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from deepsoc.errors import InputError, ToolError

__all__ = ["register"]

# What readers make in the folder, which is no part of what is brought; and the labs' solutions, which stay behind.
_NOT_BROUGHT = {".ipynb_checkpoints", "__pycache__", "build", "designs", "jobs", "instructor"}


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab)


def lab(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            metavar="DIR",
            help="Folder to work in; notebooks it lacks are copied there. "
            "Default: notebooks/ of the checkout, else ./deepsoc-notebooks.",
        ),
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to JupyterLab."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise ToolError("JupyterLab is not installed; get it with: pip install 'deepsoc[lab]'")
    command = [sys.executable, "-m", "jupyterlab", str(_prepare(directory)), *context.args]
    raise typer.Exit(subprocess.run(command, env=_environment(), check=False).returncode and 1)


def _prepare(directory: Path | None) -> Path:
    """The folder to work in, with every notebook in it; nothing that is there is touched."""
    from deepsoc.assets import folder

    source = folder("notebooks")
    packaged = source.parent.name == "_assets"
    target = (directory or (Path("deepsoc-notebooks") if packaged else source)).absolute()
    try:
        target.mkdir(parents=True, exist_ok=True)
        if target.resolve() != source.resolve():
            _copy_missing(source, target)
    except OSError as error:
        raise InputError(
            f"cannot write {error.filename}: {error.strerror}; give another --dir", where="--dir"
        ) from None
    return target


def _copy_missing(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*")):
        path = file.relative_to(source)
        copy = target / path
        if not file.is_file() or _NOT_BROUGHT & set(path.parts) or copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_name(f".{copy.name}.new")
        shutil.copyfile(file, fresh)  # contents only: files of a package may be read-only
        fresh.replace(copy)


def _environment() -> dict[str, str]:
    """This process's, with the page's news and extension manager off; what the user configured stays."""
    config = Path(__file__).resolve().parents[1] / "jupyter" / "config"
    paths = [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(config)]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path)}
