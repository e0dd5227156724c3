"""Samples come from all over a training set, whatever its form."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.samples import draw

N, BATCH, COUNT = 1000, 20, 100
X = np.arange(N, dtype=np.float32)[:, None]  # every input is its own index


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The inputs in batches, in order."""

    def __len__(self) -> int:
        return N // BATCH

    def __getitem__(self, index: int) -> Any:
        return X[index * BATCH : (index + 1) * BATCH], np.zeros(BATCH)


def generator(count: int = N // BATCH) -> Iterator[Any]:
    for i in range(count):
        yield X[i * BATCH : (i + 1) * BATCH], np.zeros(BATCH)


def tf_data() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, np.zeros(N))).batch(BATCH)


SETS = {
    "array": lambda: X,
    "list of one": lambda: [X],
    "tensor": lambda: keras.ops.convert_to_tensor(X),
    "dictionary": lambda: {"input": X},
    "PyDataset": Batches,
    "tf.data": tf_data,
    "tf.data without targets": lambda: tf_data().map(lambda x, y: x),
    "generator": generator,
}


@pytest.mark.parametrize("kind", SETS)
def test_samples_come_from_the_whole_set_and_repeat(kind: str) -> None:
    drawn, _ = draw(SETS[kind](), count=COUNT)
    assert drawn.shape == (COUNT, 1)
    index = np.sort(drawn[:, 0])
    assert len(np.unique(index)) == COUNT, "drawn with replacement"
    tenths = np.bincount((index // (N // 10)).astype(int), minlength=10)
    assert tenths.min() >= 2, f"seed 0: not from everywhere: {tenths}"
    assert np.array_equal(np.sort(draw(SETS[kind](), count=COUNT)[0][:, 0]), index)
    assert not np.array_equal(np.sort(draw(SETS[kind](), count=COUNT, seed=1)[0][:, 0]), index)
    assert len(draw(SETS[kind](), count=10 * N)[0]) == N


def test_a_generator_yields_all_that_was_read_ahead() -> None:
    drawn, rest = draw(generator(), count=COUNT, steps=10)
    assert drawn.max() < 10 * BATCH
    assert np.array_equal(np.concatenate([x for x, _ in rest]), X)


def test_endless_sets_give_an_epoch() -> None:
    drawn, _ = draw(tf_data().repeat(), count=10 * N, steps=5)
    assert np.array_equal(np.sort(drawn[:, 0]), np.arange(5 * BATCH))


def test_other_sets_are_refused() -> None:
    for x in (None, object(), iter([X])):
        with pytest.raises(InputError, match=r"calibrate\(x\) before fit"):
            draw(x, count=1)
    with pytest.raises(InputError, match="empty"):
        draw(generator(0), count=1)
