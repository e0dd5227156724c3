"""Models from files."""

from __future__ import annotations

import zipfile
from pathlib import Path

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.model import Model

__all__ = ["load_model"]


def load_model(path: str | Path) -> Model:
    """The Model that `Model.save` wrote, with its number formats, binary points and training state.

    `keras.saving.load_model` reads the same files.

    Args:
        path: a `.keras` file.

    Raises:
        InputError: the file is missing, of another kind, damaged, or holds no `deepsoc.Model`.
    """
    if str(path).lower().endswith((".h5", ".hdf5")):
        raise InputError(
            "HDF5 keeps no number formats. Expected a .keras file; build the network again, load_weights from this "
            "file, and save it as .keras",
            where=str(path),
        )
    if not Path(path).exists():
        raise InputError("there is no such file; expected a .keras file of Model.save", where=str(path))
    try:
        model = keras.saving.load_model(path)
    except (ValueError, TypeError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"Keras cannot load it: {error}; expected a .keras file of Model.save", where=str(path)
        ) from error
    if not isinstance(model, Model):
        raise InputError(
            f"holds no deepsoc.Model, but a {type(model).__name__}; load it with keras.saving.load_model, and make a "
            "ds.Model of Bundles",
            where=str(path),
        )
    return model
