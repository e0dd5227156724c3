"""Exercises of lab 3: quantization and accuracy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from deepsoc.graph.fixed import largest_frac, limits, quantize, requant
from deepsoc.graph.ir import Quant
from deepsoc.teaching.lab1 import layer_of
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers

__all__ = ["EXERCISES", "VALUES", "accuracies", "snr_db"]

VALUES = (0.3, -0.625, 1.125, 1.9, -2.5)
"""The real numbers of exercise 3.1."""

_QUANT = Quant(4, 2)
_LOSS = 0.02  # of accuracy, exercise 3.6


def accuracies(widths: tuple[int, ...] = (2, 4, 8), *, epochs: int = 12, seed: int = 0) -> pd.DataFrame:
    """Trains a small network on images of digits, then once more for each width with quantization.

    Args:
        widths: bits of activations and weights.
        epochs: of the training in floating point; half as many follow with quantization.
        seed: of the training.

    Returns:
        One row a network: `bits` (32: floating point), `rounded`, the accuracy of the network trained in floating point
        and then quantized, and `trained`, after training with quantization; both 0 … 1, on the test images.
    """
    from deepsoc.demo.images import load_images
    from deepsoc.demo.network import build_network
    from deepsoc.frontend.keras.formats import Bits
    from deepsoc.frontend.keras.training import accuracy, fit_classifier, set_seed

    images = load_images(quick=True)
    x, y, shape = images.x_train, images.y_train, images.x_train.shape[1:]
    set_seed(seed)
    model = build_network((shape[0], shape[1], shape[2]))
    fit_classifier(model, x, y, epochs=epochs)
    start, exact = model.get_weights(), accuracy(model, images.x_test, images.y_test)
    rows: list[tuple[int, float, float]] = [(32, exact, exact)]
    for bits in sorted(widths, reverse=True):
        model = build_network((shape[0], shape[1], shape[2]))
        model.set_weights(start)
        model.set_bits(Bits(x=bits, k=bits, b=16))
        model.calibrate(x[:256])
        rounded = accuracy(model, images.x_test, images.y_test)
        fit_classifier(model, x, y, epochs=max(epochs // 2, 1), learning_rate=1e-3)
        rows.append((bits, rounded, accuracy(model, images.x_test, images.y_test)))
    return pd.DataFrame(rows, columns=["bits", "rounded", "trained"])


def snr_db(bits: int, *, samples: int = 100_000) -> float:
    """Signal to quantization noise, in dB, of uniform values in [-1, 1) at that many bits."""
    real = np.random.default_rng(3).uniform(-1, 1, samples)
    quant = Quant(bits, bits - 1)
    noise = np.ldexp(quantize(real, quant).astype(np.float64), -quant.frac) - real
    return float(10 * np.log10(np.mean(real**2) / np.mean(noise**2)))


def _1(answer: object) -> Verdict:
    expected = quantize(np.array(VALUES), _QUANT).tolist()
    hint = "times 2^frac, to the nearest integer, ties to the even one, then into the range"
    return numbers(answer, expected, labels=[str(value) for value in VALUES], hint=hint)


def _2(answer: object) -> Verdict:
    rng = np.random.default_rng(32)
    cases = [(8, 3, 4), (4, 3, 4), (12, 3, 4), (-4, 3, 4), (-12, 3, 4), (7, 0, 4), (100, 3, 4), (-100, 3, 4)]
    cases += [(int(a), int(s), 4) for a, s in zip(rng.integers(-2000, 2000, 300), rng.integers(0, 8, 300), strict=True)]
    cases += [(int(a), 5, 8) for a in rng.integers(-(2**20), 2**20, 50)]
    return function(answer, _requant, cases, hint="a / 2^shift, to the nearest, ties to even, then saturated")


def _requant(a: int, shift: int, bits: int) -> int:
    return int(requant(np.array([a]), shift, bits)[0])


def _3(answer: object) -> Verdict:
    expected = largest_frac(-2.7, 3.1, 8)
    hint = f"the largest integer of 8 bits is {limits(8)[1]}; how often may 3.1 be doubled?"
    return number(answer, expected, hint=hint)


def _4(answer: object) -> Verdict:
    layer = layer_of("resnet50", "conv5_1_3x3")
    products = layer.kh * layer.kw * layer.ci
    slips = {"the sum of many products needs more bits than one product": 8.0 + 4.0}
    expected = 8 + 4 + math.ceil(math.log2(products))
    return number(answer, expected, hint="bits of a product, and log2 of how many are added, rounded up", slips=slips)


def _5(answer: object) -> Verdict:
    gain = (snr_db(12) - snr_db(8)) / 4
    return number(answer, gain, within=0.02, hint="one bit halves the step; noise power goes with its square")


def _6(answer: Any) -> Verdict:
    """The answer is the table of the student's training and the bits chosen from it."""
    try:
        table, chosen = answer
        trained = {int(bits): float(share) for bits, share in zip(table["bits"], table["trained"], strict=True)}
        right = min(bits for bits, share in trained.items() if trained[32] - share <= _LOSS + 1e-9)
    except (TypeError, ValueError, LookupError, OverflowError):
        return Verdict(0.0, "expected (table, bits), the table as `accuracies` returns it")
    return number(chosen, right, hint="take the column `trained`, and compare with the row of 32 bits")


EXERCISES = (
    Exercise("3.1", 2, "quantize five numbers", _1),
    Exercise("3.2", 3, "a function that requantizes", _2),
    Exercise("3.3", 1, "place the binary point", _3),
    Exercise("3.4", 1, "bits of the accumulator", _4),
    Exercise("3.5", 1, "decibels a bit", _5),
    Exercise("3.6", 2, "fewest bits for the accuracy", _6),
)
