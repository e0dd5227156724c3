"""A JupyterLab server of the browser tests' own."""

from tests.jupyter.conftest import lab

__all__ = ["lab"]
