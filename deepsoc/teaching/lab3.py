"""Exercises of lab 3: quantization and accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from deepsoc.graph.fixed import largest_frac, quantize, requant
from deepsoc.graph.ir import Quant
from deepsoc.teaching.variants import layer_of, stream
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers
from deepsoc.workloads import Layer

__all__ = ["EXERCISES", "Own", "accuracies", "own", "snr_db"]

_QUANT = Quant(4, 2)
_LOSS = 0.02  # of accuracy, exercise 3.6


@dataclass(frozen=True)
class Own:
    """What one student works on.

    Attributes:
        values: the real numbers of exercise 3.1.
        low: the smallest value of the tensor of exercise 3.3.
        high: its largest one.
        layer: of exercise 3.4.
        x_bits: of its activations.
        k_bits: of its weights.
        gain_db: of exercise 3.5.
    """

    values: tuple[float, ...]
    low: float
    high: float
    layer: Layer
    x_bits: int
    k_bits: int
    gain_db: int


@lru_cache
def own(student: int) -> Own:
    """The numbers of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(3, student)
    values = [
        (2 * rng.randint(0, 6) + 1) / 8,  # a tie of 4 bits with 2 behind the point
        -(2 * rng.randint(0, 7) + 1) / 8,
        round(rng.uniform(0.15, 1.6), 2),
        round(rng.uniform(1.9, 3), 2),  # saturates
        round(-rng.uniform(2.2, 3.5), 2),
    ]
    rng.shuffle(values)
    stage = rng.choice(("conv2_1_3x3", "conv3_1_3x3", "conv4_1_3x3", "conv5_1_3x3"))
    return Own(
        tuple(values), -round(rng.uniform(0.3, 40), 1), round(rng.uniform(0.3, 40), 1), layer_of("resnet50", stage),
        rng.randint(4, 8), rng.randint(2, 8), 6 * rng.randint(3, 9) + rng.randint(2, 4),
    )  # fmt: skip


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


def _1(answer: object, student: int) -> Verdict:
    values = own(student).values
    hints = (
        "what is each of them in units of the last bit?",
        "look at those that lie in the middle between two integers, and at those beyond the ends of the range",
    )
    expected = quantize(np.array(values), _QUANT).tolist()
    return numbers(answer, expected, labels=[str(value) for value in values], hints=hints)


def _cases(student: int) -> list[tuple[int, ...]]:
    rng = stream(3, student)
    cases: list[tuple[int, ...]] = [
        (8, 3, 4),
        (4, 3, 4),
        (12, 3, 4),
        (-4, 3, 4),
        (-12, 3, 4),
        (7, 0, 4),
        (100, 3, 4),
        (-100, 3, 4),
    ]
    cases += [(rng.randrange(-2000, 2000), rng.randrange(8), 4) for _ in range(300)]
    return cases + [(rng.randrange(-(2**20), 2**20), 5, 8) for _ in range(50)]


def _2(answer: object, student: int) -> Verdict:
    hints = (
        "work this case out by hand",
        "which cases are right without rounding, and which without saturation?",
        "look at a tie: to which side does yours go, and to which must it?",
    )
    return function(answer, _requant, _cases(student), hints=hints)


def _requant(a: int, shift: int, bits: int) -> int:
    return int(requant(np.array([a]), shift, bits)[0])


def _3(answer: object, student: int) -> Verdict:
    mine = own(student)
    hints = ("what is the largest integer of 8 bits?", "how often may the values be doubled until one does not fit?")
    return number(answer, largest_frac(mine.low, mine.high, 8), hints=hints)


def _4(answer: object, student: int) -> Verdict:
    mine = own(student)
    product = mine.x_bits + mine.k_bits
    products = mine.layer.kh * mine.layer.kw * mine.layer.ci
    slips = {"the sum of many products needs more bits than one product": float(product)}
    hints = ("how many bits has one product, and how many products are added?", "what does each doubling of them take?")
    return number(answer, product + math.ceil(math.log2(products)), hints=hints, slips=slips)


def _5(answer: object, student: int) -> Verdict:
    bits = own(student).gain_db / (20 * math.log10(2))
    slips = {"whole bits, enough of them": math.floor(bits), "bits are whole": bits}
    hints = ("what does one bit more do to the step?", "decibels are of powers; how does noise power go with the step?")
    return number(answer, math.ceil(bits), hints=hints, slips=slips)


def _6(answer: Any, student: int) -> Verdict:
    """The answer is the table of the student's training and the bits chosen from it."""
    try:
        table, chosen = answer
        trained = {int(bits): float(share) for bits, share in zip(table["bits"], table["trained"], strict=True)}
        right = min(bits for bits, share in trained.items() if trained[32] - share <= _LOSS + 1e-9)
    except (TypeError, ValueError, LookupError, OverflowError):
        return Verdict(0.0, "expected (table, bits), the table as `accuracies` returns it")
    return number(chosen, right, hints=("which column, and against which row?",))


EXERCISES = (
    Exercise("3.1", 2, "quantize five numbers", _1),
    Exercise("3.2", 3, "a function that requantizes", _2, _cases),
    Exercise("3.3", 1, "place the binary point", _3),
    Exercise("3.4", 1, "bits of the accumulator", _4),
    Exercise("3.5", 1, "bits for a better signal", _5),
    Exercise("3.6", 2, "fewest bits for the accuracy", _6),
)
