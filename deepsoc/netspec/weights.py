"""Weights of a declarative network: an .npz of real values.

For every bundle the archive holds `<bundle>/kernel`, floats of shape (kh, kw, ci / groups, co) or, for dense, (ci, co)
in the order of the flattened (h, w, c) input; and `<bundle>/bias`, floats of shape (co,), where the bundle uses a bias.
Nothing else. Each array is quantized with the finest binary point at which none of its values saturates, so that
weights which already lie on a grid of k_bits integers keep their values exactly; a bias is never finer than the
accumulator to which it is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deepsoc._arrays import read_archive, read_array
from deepsoc.errors import InputError

__all__ = ["Weights", "check_samples", "check_weights", "load_samples", "load_weights"]

Weights = Mapping[str, npt.NDArray[np.floating]]
"""Real values by `<bundle>/kernel` and `<bundle>/bias`."""

_LARGEST = 2.0**24


class _WeightFile(dict[str, npt.NDArray[np.float64]]):
    """Weights that know their file, for the errors that only show against a network."""

    origin = ""


def load_weights(path: str | Path) -> dict[str, npt.NDArray[np.float64]]:
    """Read an .npz of real weights.

    Raises:
        InputError: the file cannot be read, is no .npz, holds pickles, or values that are not finite real numbers;
            `where` is file and array.
    """
    arrays = read_archive(path, "the weights")
    weights = _WeightFile({name: _real(values, f"{path}: {name!r}") for name, values in arrays.items()})
    weights.origin = str(path)
    return weights


def load_samples(path: str | Path) -> npt.NDArray[np.float64]:
    """Read real inputs of a network, (n, *input shape), from an .npy.

    Raises:
        InputError: the file cannot be read, is no .npy, or holds values that are not finite real numbers.
    """
    return _real(read_array(path, "the samples"), str(path))


def check_samples(samples: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Real inputs as float64, if they are a batch of `shape`.

    Raises:
        InputError: they are of another shape, none, or not finite real numbers.
    """
    values = np.asarray(samples)
    if values.shape[1:] != shape or not values.size:
        raise InputError(f"expected a batch of inputs {shape}, received shape {values.shape}", where="samples")
    return _real(values, "samples")


def _real(values: npt.NDArray[np.generic], where: str) -> npt.NDArray[np.float64]:
    if values.dtype.kind not in "iuf":
        raise InputError(f"expected real numbers, received {values.dtype}", where=where)
    real = values.astype(np.float64)
    if not np.isfinite(real).all():
        raise InputError("expected finite numbers, received NaN or an infinity", where=where)
    if np.abs(real).max(initial=0) > _LARGEST:
        raise InputError(f"expected magnitudes up to {_LARGEST:g}; scale the network", where=where)
    return real


def check_weights(weights: Weights, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[np.float64]]:
    """Real weights that match a network, as float64.

    Args:
        weights: arrays by name.
        shapes: the arrays that the network has, by name.

    Raises:
        InputError: a name is missing or unknown, a shape is wrong, or a value is not a finite real number.
    """
    origin = weights.origin if isinstance(weights, _WeightFile) else "weights"
    for name in shapes:
        if name not in weights:
            raise InputError(f"missing; expected an array {shapes[name]}", where=f"{origin}: {name}")
    checked = {}
    for name, values in weights.items():
        if name not in shapes:
            raise InputError("the network has no such array; remove it", where=f"{origin}: {name!r}")
        if np.shape(values) != shapes[name]:
            raise InputError(f"expected shape {shapes[name]}, received {np.shape(values)}", where=f"{origin}: {name}")
        checked[name] = _real(np.asarray(values), f"{origin}: {name}")
    return checked
