"""The demo's network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsoc.frontend.keras.model import Model

__all__ = ["build_network"]


def build_network(shape: tuple[int, int, int], classes: int = 10) -> Model:
    """A small residual network of four Bundles, in floating point.

    Args:
        shape: (h, w, c) of an image; large ones are pooled once more.
        classes: number of classes.
    """
    from deepsoc.frontend.keras._backend import keras
    from deepsoc.frontend.keras.bundle import Bundle
    from deepsoc.frontend.keras.layers import Add, AvgPool2D, Conv2D, Dense, MaxPool2D, ReLU, flatten
    from deepsoc.frontend.keras.model import Model

    first_pool = MaxPool2D(2) if min(shape[:2]) >= 16 else None
    inputs = keras.Input(shape)
    x = Bundle(Conv2D(8, 3, padding="same"), act=ReLU(), pool=first_pool, batch_norm=True, name="conv1")(inputs)
    x = Bundle(Conv2D(16, 3, padding="same"), act=ReLU(), pool=MaxPool2D(2), batch_norm=True, name="conv2")(x)
    x = Bundle(
        Conv2D(16, 3, padding="same"),
        add=Add(act=ReLU(0.125)),
        pool=AvgPool2D(2, padding="same"),
        batch_norm=True,
        name="residual",
    )([x, x])
    x = Bundle(Dense(classes), softmax=True, name="classes")(flatten(x))
    return Model(inputs, x, name="digits")
