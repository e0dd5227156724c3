"""What differs from student to student: everything comes from the student's number."""

from __future__ import annotations

import random
from dataclasses import replace

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.workloads import Layer, load_workload

__all__ = ["layer_of", "own_hardware", "own_layer", "stream", "whole"]


def whole(number: object) -> int:
    """The student's number.

    Raises:
        InputError: it is no whole number.
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise InputError(f"expected a whole number, received {number!r}", where="number")
    return number


def stream(lab: int, number: int) -> random.Random:
    """Random choices of a lab for a student's number, the same on every machine.

    Raises:
        InputError: no whole number.
    """
    return random.Random(f"lab {lab}, {whole(number)}")


def layer_of(workload: str, name: str) -> Layer:
    """A layer of a workload, by its name."""
    return next(layer for layer in load_workload(workload).layers if layer.name == name)


def own_layer(rng: random.Random) -> Layer:
    """A 3 × 3 layer of VGG-16 with another number of output channels."""
    name = rng.choice(("conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv4_1", "conv4_2", "conv5_1"))
    layer = layer_of("vgg16", name)
    return replace(layer, name=f"{name}, changed", co=layer.co + 8 * rng.randint(1, 15))


def own_hardware(rng: random.Random) -> Hardware:
    """An array at 400 MHz on which hardly any layer comes out even."""
    return Hardware(rows=rng.choice((5, 6, 8, 9, 10)), cols=rng.randint(61, 127), frequency_mhz=400)
