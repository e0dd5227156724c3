"""DeepSoC in JupyterLab: where the prebuilt extension is, and the server's part of it (docs/jupyterlab.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__: list[str] = []


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "deepsoc-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "deepsoc.jupyter"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Adds the REST endpoints. Kernels inherit one folder of runs, so that the panel sees the runs of all notebooks."""
    from deepsoc.jupyter.handlers import routes

    root = Path(server.root_dir).expanduser().resolve()
    runs = root / os.environ.setdefault("DEEPSOC_JOBS", str(root / "jobs"))
    endpoints = routes(server.base_url, root=root, runs=runs)
    server.web_app.add_handlers(".*$", endpoints)  # type: ignore[no-untyped-call]
