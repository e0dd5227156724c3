"""Executes notebooks: for the tests and for the documentation."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LONGEST_CELL_S = 1800  # synthesis


def execute(path: Path, folder: Path, *, quick: bool) -> nbformat.NotebookNode:
    """The notebook with its results, executed in a kernel of its own.

    Args:
        path: of the notebook, which stays as it is.
        folder: the kernel's working folder.
        quick: small data and networks.

    Raises:
        nbclient.exceptions.CellExecutionError: of the first cell that fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "DEEPSOC_QUICK")}
    if quick:
        environment["DEEPSOC_QUICK"] = "1"
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=LONGEST_CELL_S, kernel_name="python3", resources=resources).execute(
        env=environment
    )
    return notebook
