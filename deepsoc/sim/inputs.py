"""A user's own inputs for an export: batch after batch with the reference of each, and the outputs together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deepsoc._arrays import read_array
from deepsoc._tensors import Integers, to_integers
from deepsoc.errors import InputError
from deepsoc.export import Artifacts, export

__all__ = ["batches", "in_batches", "read_images"]

_SAME = ("params.svh", "model.h", "weights.bin", "descriptors.bin")


def read_images(images: str | Path | npt.ArrayLike, given: Artifacts) -> Integers:
    """Input integers (count, …) of images or integers, or of an .npy file of them.

    Raises:
        InputError: they are no inputs of this network; names the file.
    """
    where = "input"
    if isinstance(images, str | Path):
        where = str(images)
        images = read_array(images, "the input")
    place = given.manifest.input
    return to_integers(
        images, place.shape[1:], bits=place.bits, frac=place.frac, scale=place.scale, zero=place.zero, where=where
    )[0]


def in_batches(values: Integers, batch: int) -> list[Integers]:
    """As many whole batches as it takes; the last one is filled with zeros."""
    count = -(-len(values) // batch)
    whole = np.zeros((count * batch, *values.shape[1:]), np.int64)
    whole[: len(values)] = values
    return list(whole.reshape(count, batch, *values.shape[1:]))


def batches(given: Artifacts, parts: list[Integers], work: Path) -> Iterator[Artifacts]:
    """One export a batch, with its input and the reference for it, each in a folder below `work`.

    Raises:
        InputError: another version exported the network.
    """
    graph = given.graph()
    for index, part in enumerate(parts):
        made = export(graph, given.hw, work / f"export{index}", x=part)
        if any(made.manifest.files[name] != given.manifest.files[name] for name in _SAME):
            raise InputError("another version of deepsoc exported this; export again", where=str(given.path))
        yield made
