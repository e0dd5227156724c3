"""A real JupyterLab server with designs and runs below its root."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TOKEN = "a-token-of-the-test"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
NOTEBOOK = {"cells": [], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    root: Path

    def ask(self, path: str, *, method: str = "GET", token: str | None = TOKEN) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        headers = {"Authorization": f"token {token}"} if token else {}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            return error.code, json.loads(text) if text.startswith("{") else text


def write_design(folder: Path, bundles: int = 2) -> None:
    folder.mkdir(parents=True)
    design = {"format": "deepsoc-design/1", "net": {"bundles": [{}] * bundles}, "hw": {"rows": 8, "cols": 24}}
    (folder / "design.json").write_text(json.dumps(design))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("lab")
    root = base / "root"
    write_design(root / "designs" / "digits")
    (root / "labs").mkdir()
    (root / "labs" / "00_index.ipynb").write_text(json.dumps(NOTEBOOK))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(base / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(base / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    own["IPYTHONDIR"] = str(base / "ipython")
    environment = {name: value for name, value in os.environ.items() if name != "DEEPSOC_JOBS"} | own
    options = [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", "--allow-root"]
    command = [sys.executable, "-m", "deepsoc.cli.main", "lab", "--dir", str(root), "--no-browser", *options]
    with (base / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        found = Lab(f"http://127.0.0.1:{port}/", root)
        deadline = time.monotonic() + 120
        while True:
            try:
                assert found.ask("api")[0] == 200
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"no server:\n{(base / 'log').read_text()[-4000:]}")
                time.sleep(0.1)
        yield found
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
