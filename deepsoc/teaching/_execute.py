"""Runs one notebook of a student in a kernel of its own: `python -P -m deepsoc.teaching._execute NOTEBOOK S S`.

A process of its own, so that nothing that a notebook does to its kernel or to this process reaches the grader. Prints
one JSON object a line: `cell`, `error`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

__all__ = ["main"]

_LIMITS = {resource.RLIMIT_AS: 16 << 30, resource.RLIMIT_FSIZE: 1 << 30, resource.RLIMIT_CORE: 0}
"""Bytes: of the memory of a process, of a file, and of what a crash leaves."""
_GRACE_S = 2.0  # between the death of the kernel and the end of this process


def main(path: Path, cell_s: int, notebook_s: int) -> None:
    """Runs every cell, goes on behind errors, and ends with all processes of the kernel.

    Args:
        path: of the notebook.
        cell_s: seconds that a cell may take before it is interrupted.
        notebook_s: seconds that the notebook may take before its kernel is killed.
    """
    import nbformat
    from nbclient import NotebookClient

    for limit, value in _LIMITS.items():
        with contextlib.suppress(ValueError, OSError):  # there may be a lower one
            resource.setrlimit(limit, (value, value))
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=cell_s, interrupt_on_timeout=True, allow_errors=True, kernel_name="python3",
        store_widget_state=False, resources={"metadata": {"path": str(path.parent)}}, shutdown_kernel="immediate",
        on_cell_executed=lambda cell, cell_index, **_: _tell(cell, cell_index, cell_s),
    )  # fmt: skip
    deadline = threading.Timer(notebook_s, _stop, (client, notebook_s))
    deadline.daemon = True
    deadline.start()
    try:
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except Exception as error:  # a kernel that died, or a notebook that cannot be run
        _say(None, f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}")


def _tell(cell: Any, cell_index: int, cell_s: int) -> None:
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            interrupted = output.ename == "KeyboardInterrupt"
            said = f"interrupted after {cell_s} s" if interrupted else f"{output.ename}: {output.evalue}".strip(": ")
            _say(cell_index + 1, said)
    cell.outputs = []  # what a cell prints is of no use here, and may be much


def _say(cell: int | None, error: str) -> None:
    print(json.dumps({"cell": cell, "error": error[:300]}), flush=True)  # noqa: T201


def _stop(client: Any, notebook_s: int) -> None:
    """Kills the kernel and what it started, then this process."""
    _say(None, f"stopped after {notebook_s} s")
    with contextlib.suppress(Exception):
        os.killpg(client.km.provisioner.pid, signal.SIGKILL)
    threading.Event().wait(_GRACE_S)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
