"""Training helpers for classifiers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.model import Model

__all__ = ["accuracy", "fit_classifier", "set_seed"]


def set_seed(seed: int) -> None:
    """Seeds everything that training draws."""
    keras.utils.set_random_seed(seed)


def fit_classifier(
    model: Model,
    x: npt.NDArray[np.floating],
    y: npt.NDArray[np.integer],
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    on_epoch: Callable[[int], None] | None = None,
) -> None:
    """Trains a Model that ends with a softmax, by Adam with a rate that falls along a cosine.

    Args:
        model: the network, with or without bits.
        x: inputs.
        y: index of the class of each input.
        epochs: passes over the data.
        batch_size: inputs a step.
        learning_rate: rate of the first step.
        on_epoch: called after each epoch with the number of epochs done.

    Raises:
        InputError: the numbers of inputs and classes differ, or there are no epochs.
    """
    if len(x) != len(y) or epochs < 1:
        raise InputError(
            f"Invalid training. Expected as many inputs as classes, and epochs. "
            f"Received: {len(x)}, {len(y)}, epochs={epochs}",
            where="fit_classifier",
        )
    steps = epochs * -(-len(x) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    callbacks = []
    if on_epoch:
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1)))
    model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0, callbacks=callbacks)


def accuracy(model: Model, x: npt.NDArray[np.floating], y: npt.NDArray[np.integer]) -> float:
    """Share of the inputs that the Model puts into the right class, 0 … 1."""
    return float(np.mean(model.predict(x, verbose=0).argmax(axis=-1) == y))
