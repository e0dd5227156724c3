"""Exercises of lab 1: data reuse and the roofline."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from deepsoc.hw import Hardware
from deepsoc.perf import Layers, estimate
from deepsoc.teaching.verdicts import Exercise, Verdict, names, number, numbers
from deepsoc.workloads import Layer, Workload, load_workload

__all__ = ["EXERCISES", "GB_PER_S", "HW", "layer_of"]

HW = Hardware(rows=7, cols=96, frequency_mhz=400)
"""The machine of labs 1, 4 and 5: the published one."""

GB_PER_S = 12.8
"""Its memory, 10^9 bytes a second."""


def layer_of(workload: str, name: str) -> Layer:
    """A layer of a workload, by its name."""
    return next(layer for layer in load_workload(workload).layers if layer.name == name)


def _products(layer: Layer) -> int:
    return layer.n * layer.ho * layer.wo * layer.kh * layer.kw * layer.ci * layer.co


def _lower(layer: Layer) -> int:
    return int(Layers.of([layer]).lower_words[0])


def _knee() -> float:
    return 2 * HW.rows * HW.cols * HW.frequency_mhz * 1e6 / (GB_PER_S * 1e9)


def _intensity(workload: str | Workload) -> dict[str, float]:
    """Operations a DRAM byte of each layer."""
    table = estimate(workload, HW)
    return dict(zip(table["name"], 2 * table["macs"] / table["dram_bytes"], strict=True))


def _1(answer: object) -> Verdict:
    layer = layer_of("vgg16", "conv3_2")
    slips = {
        "these are the products with real pixels only; count the zero padding too": float(Layers.of([layer]).macs[0]),
        "these are operations; one product and one sum are two of them": 2.0 * _products(layer),
    }
    return number(answer, _products(layer), hint="six loops: output rows and columns, kernel, channels", slips=slips)


def _2(answer: object) -> Verdict:
    layer = layer_of("vgg16", "conv3_2")
    inputs = layer.h * layer.w * layer.ci
    slips = {"the outputs are missing": _lower(layer) - layer.ho * layer.wo * layer.co, "these are the inputs": inputs}
    return number(answer, _lower(layer), hint="inputs, weights and outputs, each word once", slips=slips)


def _3(answer: object) -> Verdict:
    layer = layer_of("vgg16", "conv3_2")
    ratio = 2 * _products(layer) / _lower(layer)
    slips = {"a product and a sum are two operations": ratio / 2}
    return number(answer, ratio, within=0.03, hint="operations over words", slips=slips)


def _4(answer: object) -> Verdict:
    layer = layer_of("vgg16", "conv3_2")
    expected = (layer.ho * layer.wo, layer.kh * layer.kw * layer.co)
    labels = ("uses of a weight", "uses of a pixel")
    return numbers(answer, expected, labels=labels, hint="fix one word and count the loops that do not index it")


def _5(answer: object) -> Verdict:
    slips = {"a processing element does two operations a clock": _knee() / 2}
    return number(answer, _knee(), within=0.01, hint="peak operations a second over bytes a second", slips=slips)


def _6(answer: object) -> Verdict:
    found = {f"{name}": value for work in ("vgg16", "vgg16_fc") for name, value in _intensity(work).items()}
    below = [name for name, value in found.items() if value < _knee()]
    return names(answer, below, choices=list(found), hint="compare operations a byte with the knee")


def _7(answer: object) -> Verdict:
    return number(answer, _batch(), hint="try multiples of the array's rows with `replace(layer, n=...)`")


@lru_cache
def _batch() -> int:
    layer, batch = layer_of("vgg16_fc", "fc7"), HW.rows
    while _intensity(Workload("batch", (replace(layer, n=batch),)))["fc7"] < _knee():
        batch += HW.rows
    return batch


EXERCISES = (
    Exercise("1.1", 1, "products of conv3_2", _1),
    Exercise("1.2", 2, "compulsory words of conv3_2", _2),
    Exercise("1.3", 1, "operations a word", _3),
    Exercise("1.4", 2, "reuse of a weight and of a pixel", _4),
    Exercise("1.5", 1, "knee of the roofline", _5),
    Exercise("1.6", 1, "layers that memory binds", _6),
    Exercise("1.7", 2, "batch that reaches the knee", _7),
)
