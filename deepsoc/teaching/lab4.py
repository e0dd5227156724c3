"""Exercises of lab 4: mapping and utilization."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import lru_cache

import pandas as pd

from deepsoc.hw import Hardware
from deepsoc.perf import Layers, Points, estimate, evaluate
from deepsoc.perf.sweep import sweep
from deepsoc.teaching.lab1 import HW, layer_of
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers, word
from deepsoc.workloads import Layer

__all__ = ["EXERCISES", "LOSSES", "factors"]

LOSSES = ("rows", "columns", "channels", "shift", "padding")
"""What costs utilization, in the order of exercise 4.2."""


def factors(layer: Layer, hw: Hardware) -> dict[str, float]:
    """The shares that make up the efficiency of a convolution with stride 1, but for the clocks of configuration.

    Returns:
        `rows` of the array that have a pixel, `columns` that belong to a group, `channels` of the groups that exist,
        `shift`: clocks that are no shifts, `padding`: products with pixels that are none of the zero padding.
    """
    groups = hw.cols // layer.kw
    steps = layer.kh * layer.ci
    taps = layer.n * layer.ho * layer.wo * layer.kh * layer.kw * layer.ci * layer.co
    return {
        "rows": layer.h / (math.ceil(layer.h / hw.rows) * hw.rows),
        "columns": groups * layer.kw / hw.cols,
        "channels": layer.co / (math.ceil(layer.co / groups) * groups),
        "shift": steps / (steps + (layer.kw > 1)),
        "padding": int(Layers.of([layer]).macs[0]) / taps,
    }


@lru_cache
def _sweep(axis: str) -> pd.DataFrame:
    values = {"rows": list(range(4, 17)), "cols": list(range(64, 129))}
    return sweep(["resnet50"], {"rows": HW.rows, "cols": HW.cols, "frequency_mhz": 400} | {axis: values[axis]})


def _1(answer: object) -> Verdict:
    layer = layer_of("vgg16", "conv4_2")
    groups = HW.cols // layer.kw
    expected = (groups, math.ceil(layer.co / groups), math.ceil(layer.h / HW.rows))
    return numbers(answer, expected, labels=("E", "T", "L"), hint="E = ⌊C/(Kw+Sw-1)⌋, T = ⌈Co/(E·Sw)⌉, L = ⌈H/(R·Sh)⌉")


def _2(answer: object) -> Verdict:
    if isinstance(answer, dict):
        answer = [answer.get(name) for name in LOSSES]
    expected = list(factors(layer_of("resnet50", "conv5_1_3x3"), HW).values())
    return numbers(answer, expected, labels=LOSSES, hint="each is a useful part over the whole", within=5e-4)


def _3(answer: object) -> Verdict:
    table = estimate("resnet50", HW).set_index("name")
    worst = table.loc[table["type"] == "conv", "efficiency"].idxmin()
    return word(answer, [str(worst)], choices=list(table.index), hint="sort the table by `efficiency`")


def _4(answer: object) -> Verdict:
    found = factors(layer_of("resnet50", "conv2_1_reduce"), HW)
    least = min(LOSSES, key=lambda name: found[name])
    return word(answer, [least], choices=LOSSES, hint="compute the five factors of this layer and take the smallest")


def _5(answer: object) -> Verdict:
    table = _sweep("rows")
    best = int(table["rows"].iloc[int(table["efficiency"].argmax())])
    return number(answer, best, hint="sweep `rows` from 4 to 16; feature maps have 56, 28, 14 and 7 rows")


def _6(answer: object) -> Verdict:
    rng = random.Random(6)
    cases = []
    for _ in range(100):
        kw, sw = rng.choice([3, 5, 7]), rng.randint(1, 2)
        sizes = [rng.randint(7, 60), rng.randint(7, 60), rng.randint(1, 64), rng.randint(1, 64)]
        cases.append((*sizes, kw, sw, rng.randint(2, 16), rng.randint(kw + sw, 96)))
    hint = "T·(1 + L·W·(1 + K·Ci)) with groups of K + S - 1 columns and ⌈H/(R·S)⌉ row blocks"
    return function(answer, _clocks, cases, hint=hint)


def _clocks(h: int, w: int, ci: int, co: int, k: int, s: int, rows: int, cols: int) -> int:
    """Clocks of a convolution with a square kernel of more than one column; of the performance model."""
    layer = replace(layer_of("vgg16", "conv1_1"), h=h, w=w, ci=ci, co=co, kh=k, kw=k, sh=s, sw=s, pad_h=k // 2,
                    pad_w=k // 2, ho=0, wo=0)  # fmt: skip
    found = evaluate(Layers.of([layer]), Points.of_hardware(Hardware(rows=rows, cols=cols)))
    return int(found["clocks"][0, 0])


EXERCISES = (
    Exercise("4.1", 1, "groups, iterations, row blocks", _1),
    Exercise("4.2", 3, "five factors of the efficiency", _2),
    Exercise("4.3", 1, "least efficient convolution", _3),
    Exercise("4.4", 1, "what costs most in conv2_1_reduce", _4),
    Exercise("4.5", 2, "best number of rows", _5),
    Exercise("4.6", 2, "a function for the clocks", _6),
)
