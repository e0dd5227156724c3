"""Keras and QKeras, on TensorFlow: the one place that imports them."""

from __future__ import annotations

import os

from deepsoc.errors import ToolError

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# oneDNN announces itself on stderr at every start, and is no faster on networks of this size.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

try:
    import keras
    import qkeras
    from keras.src.backend.common import global_state as keras_state
except ImportError as error:
    raise ToolError(
        f"training needs TensorFlow, Keras 3 and QKeras, but {error.name or error} cannot be imported; "
        "run `make setup`, or install the extra `train` and, with --no-deps, qkeras-v3"
    ) from error

__all__ = ["keras", "keras_state", "qkeras"]
