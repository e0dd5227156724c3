"""Inputs drawn over a whole training set, whatever form it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from types import GeneratorType
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras

__all__ = ["draw"]

_MOST_BATCHES = 64
"""Batches, at most, of a set that is not read whole: a PyDataset, or a generator, which goes on with them."""


def draw(x: Any, *, count: int, steps: int | None = None, seed: int = 0) -> tuple[npt.NDArray[Any], Any]:
    """Inputs drawn without replacement, each as likely as any other, wherever it stands.

    Args:
        x: what `keras.Model.fit` takes: an array, a `PyDataset`, a `tf.data.Dataset` (read once), a data loader, or a
            generator (its first batches are read ahead).
        count: inputs to draw; a smaller set gives all it has.
        steps: batches of an epoch, where x is endless.
        seed: of the draw.

    Returns:
        The inputs, and the set to train with: x, or for a generator another one that yields the same.

    Raises:
        InputError: x is something else, or empty.
    """
    rng = np.random.default_rng(seed)
    data = _only(x)
    if hasattr(data, "__array__"):
        array = np.asarray(data)
        return array[np.sort(rng.permutation(len(array))[:count])], x
    batches: Iterable[Any]
    if isinstance(x, keras.utils.PyDataset):
        batches = _of_pydataset(x, steps, rng)
    elif isinstance(x, GeneratorType):
        head = list(islice(x, min(steps or _MOST_BATCHES, _MOST_BATCHES)))
        batches, x = head, _again(head, x)
    elif hasattr(x, "element_spec") or hasattr(x, "__len__"):  # tf.data; data loaders
        endless = hasattr(x, "cardinality") and int(x.cardinality()) < 0
        batches = islice(iter(x), steps) if endless else x
    else:
        raise InputError(
            f"Cannot look at the data before training. Expected an array, a data set or a generator; or call "
            f"calibrate(x) before fit. Received: {type(x).__name__}",
            where="fit",
        )
    return _reservoir(batches, count, rng), x


def _only(x: Any) -> Any:
    """The one input of a list or a dictionary of inputs, and of a batch that has nothing else."""
    while isinstance(x, list | tuple | Mapping) and len(x) == 1:
        (x,) = x.values() if isinstance(x, Mapping) else x
    return x


def _of_pydataset(data: Any, steps: int | None, rng: np.random.Generator) -> Iterator[Any]:
    count = data.num_batches
    if count is None:  # endless
        count = steps or _MOST_BATCHES
    for index in np.sort(rng.permutation(count)[:_MOST_BATCHES]):
        yield data[int(index)]


def _again(head: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from chain(head, rest)


def _reservoir(batches: Iterable[Any], count: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Of all inputs in the batches, those with the smallest of random keys: they are drawn evenly in one pass."""
    keys, kept = np.zeros(0), None
    for batch in batches:
        x = _only(batch[0] if isinstance(batch, list | tuple) and len(batch) > 0 else batch)
        rows = np.asarray(x)
        keys = np.concatenate([keys, rng.random(len(rows))])
        kept = rows if kept is None else np.concatenate([kept, rows])
        least = np.argsort(keys)[:count]
        keys, kept = keys[least], kept[least]
    if kept is None or not len(kept):
        raise InputError("the training set is empty; expected at least one input", where="fit")
    return kept
