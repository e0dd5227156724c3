"""Exercises of lab 1: data reuse and the roofline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from deepsoc.hw import Hardware
from deepsoc.perf import Layers, estimate
from deepsoc.teaching.variants import layer_of, own_layer, stream
from deepsoc.teaching.verdicts import Exercise, Verdict, names, number, numbers
from deepsoc.workloads import Layer, Workload

__all__ = ["EXERCISES", "GB_PER_S", "HW", "Own", "about_million_products", "layer_of", "own"]

HW = Hardware(rows=7, cols=96, frequency_mhz=400)
"""The machine of labs 1, 4 and 5: the published one."""

GB_PER_S = 12.8
"""Its memory in the figures of the lab, 10^9 bytes a second."""


@dataclass(frozen=True)
class Own:
    """What one student works on.

    Attributes:
        layer: of exercises 1.1 to 1.4.
        gb_per_s: of the memory of exercises 1.5 to 1.7, 10^9 bytes a second.
    """

    layer: Layer
    gb_per_s: float


@lru_cache
def own(student: int) -> Own:
    """The layer and the memory of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(1, student)
    return Own(own_layer(rng), rng.choice((6.4, 8.5, 10.7, 17.1, 19.2, 25.6)))


def about_million_products(layer: Layer) -> int:
    """Products of a layer in millions, to one digit."""
    millions = _products(layer) / 1e6
    return int(float(f"{millions:.0e}"))


def _products(layer: Layer) -> int:
    return layer.n * layer.ho * layer.wo * layer.kh * layer.kw * layer.ci * layer.co


def _lower(layer: Layer) -> int:
    return int(Layers.of([layer]).lower_words[0])


def _knee(gb_per_s: float) -> float:
    return 2 * HW.rows * HW.cols * HW.frequency_mhz * 1e6 / (gb_per_s * 1e9)


@lru_cache
def _intensity(workload: str | Workload) -> dict[str, float]:
    """Operations a DRAM byte of each layer."""
    table = estimate(workload, HW)
    return dict(zip(table["name"], 2 * table["macs"] / table["dram_bytes"], strict=True))


def _1(answer: object, student: int) -> Verdict:
    layer = own(student).layer
    slips = {
        "these are the products with real pixels only; count the zero padding too": float(Layers.of([layer]).macs[0]),
        "these are operations; one product and one sum are two of them": 2.0 * _products(layer),
    }
    hints = (
        "which loops does a convolution have?",
        "how many products make one output, and how many outputs are there?",
    )
    return number(answer, _products(layer), hints=hints, slips=slips)


def _2(answer: object, student: int) -> Verdict:
    layer = own(student).layer
    inputs = layer.h * layer.w * layer.ci
    slips = {"the outputs are missing": _lower(layer) - layer.ho * layer.wo * layer.co, "these are the inputs": inputs}
    hints = ("which three tensors does the layer touch?", "does any of them depend on the batch, or on the padding?")
    return number(answer, _lower(layer), hints=hints, slips=slips)


def _3(answer: object, student: int) -> Verdict:
    layer = own(student).layer
    ratio = 2 * _products(layer) / _lower(layer)
    slips = {"a product and a sum are two operations": ratio / 2}
    return number(answer, ratio, within=0.03, hints=("both parts of this ratio are answers of yours",), slips=slips)


def _4(answer: object, student: int) -> Verdict:
    layer = own(student).layer
    expected = (layer.ho * layer.wo, layer.kh * layer.kw * layer.co)
    labels = ("uses of a weight", "uses of a pixel")
    hints = (
        "fix one word: which loops still turn?",
        "a pixel takes part in several outputs, and in each channel of them",
    )
    return numbers(answer, expected, labels=labels, hints=hints)


def _5(answer: object, student: int) -> Verdict:
    knee = _knee(own(student).gb_per_s)
    slips = {
        "a processing element does two operations a clock": knee / 2,
        "this is the knee of the memory in the figures; you have your own": _knee(GB_PER_S),
    }
    hints = ("how high is the flat roof, and how steep is the slope?", "where do the two lines have the same height?")
    return number(answer, knee, within=0.01, hints=hints, slips=slips)


def _6(answer: object, student: int) -> Verdict:
    found = {name: value for work in ("vgg16", "vgg16_fc") for name, value in _intensity(work).items()}
    knee = _knee(own(student).gb_per_s)
    below = [name for name, value in found.items() if value < knee]
    hints = (
        "on which side of the knee does memory bind?",
        "`intensity` has one value a layer; do the same for both tables",
    )
    return names(answer, below, choices=list(found), hints=hints)


def _7(answer: object, student: int) -> Verdict:
    hints = (
        "the next batch is 7 larger; try several with `replace`",
        "compare each with your knee, not with the figures'",
    )
    return number(answer, _batch(_knee(own(student).gb_per_s)), hints=hints)


@lru_cache
def _batch(knee: float) -> int:
    layer, batch = layer_of("vgg16_fc", "fc7"), HW.rows
    while _intensity(Workload("batch", (replace(layer, n=batch),)))["fc7"] < knee:
        batch += HW.rows
    return batch


EXERCISES = (
    Exercise("1.1", 1, "products of a layer", _1),
    Exercise("1.2", 2, "compulsory words of the layer", _2),
    Exercise("1.3", 1, "operations a word", _3),
    Exercise("1.4", 2, "reuse of a weight and of a pixel", _4),
    Exercise("1.5", 1, "knee of the roofline", _5),
    Exercise("1.6", 1, "layers that memory binds", _6),
    Exercise("1.7", 2, "batch that reaches the knee", _7),
)
