"""Keras for the tests of the front end; without it they are skipped, visibly."""

import pytest

pytest.importorskip("keras", reason="the extra `train` is not installed")
pytest.importorskip("qkeras", reason="qkeras-v3 is not installed")

from deepsoc.frontend._backend import keras, qkeras  # noqa: E402

__all__ = ["keras", "qkeras"]
