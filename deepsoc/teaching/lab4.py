"""Exercises of lab 4: mapping and utilization."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from deepsoc.hw import Hardware
from deepsoc.perf import Layers, Points, estimate, evaluate
from deepsoc.perf.sweep import sweep
from deepsoc.teaching.variants import layer_of, own_hardware, own_layer, stream
from deepsoc.teaching.verdicts import Exercise, Verdict, function, number, numbers, word
from deepsoc.workloads import Layer

__all__ = ["EXERCISES", "LOSSES", "Own", "own"]

LOSSES = ("rows", "columns", "channels", "shift", "padding")
"""What costs utilization, in the order of exercise 4.2."""


@dataclass(frozen=True)
class Own:
    """What one student works on.

    Attributes:
        hw: the array of all exercises but 4.5.
        layer: of exercise 4.1.
        map: a 3 × 3 layer of ResNet-50, of exercise 4.2.
        point: a 1 × 1 layer of ResNet-50, of exercise 4.4.
        network: of exercises 4.3 and 4.5.
        cols: columns of the arrays of exercise 4.5.
    """

    hw: Hardware
    layer: Layer
    map: Layer
    point: Layer
    network: str
    cols: int


@lru_cache
def own(student: int) -> Own:
    """The array, layers and network of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(4, student)
    hw, stage = own_hardware(rng), rng.randint(2, 5)
    points = [layer_of("resnet50", f"conv{i}_2_{part}") for i in range(2, 6) for part in ("reduce", "expand")]
    # One share must be clearly the smallest.
    clear = [layer for layer in points if (least := sorted(_factors(layer, hw).values()))[0] < 0.98 * least[1]]
    return Own(
        hw, own_layer(rng), layer_of("resnet50", f"conv{stage}_1_3x3"), rng.choice(clear),
        rng.choice(("alexnet", "resnet18", "mobilenet_v1", "resnet50_v15")), rng.randint(61, 127),
    )  # fmt: skip


def _factors(layer: Layer, hw: Hardware) -> dict[str, float]:
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
def _sweep(network: str, cols: int) -> pd.DataFrame:
    return sweep([network], {"rows": list(range(4, 17)), "cols": cols, "frequency_mhz": 400})


def _1(answer: object, student: int) -> Verdict:
    hw, layer = own(student).hw, own(student).layer
    groups = hw.cols // layer.kw
    expected = (groups, math.ceil(layer.co / groups), math.ceil(layer.h / hw.rows))
    hints = ("what is cut into pieces of which size?", "where is something left over, and does that round up or down?")
    return numbers(answer, expected, labels=("E", "T", "L"), hints=hints)


def _2(answer: object, student: int) -> Verdict:
    if isinstance(answer, dict):
        answer = [answer.get(name) for name in LOSSES]
    expected = list(_factors(own(student).map, own(student).hw).values())
    hints = ("what is the useful part there, and what the whole?", "compare the product of the five with `estimate`")
    return numbers(answer, expected, labels=LOSSES, hints=hints, within=5e-4)


def _3(answer: object, student: int) -> Verdict:
    table = estimate(own(student).network, own(student).hw).set_index("name")
    worst = table.loc[table["type"] == "conv", "efficiency"].idxmin()
    hints = ("estimate your own network on your own array", "which column tells how busy the multipliers are?")
    return word(answer, [str(worst)], choices=list(table.index), hints=hints)


def _4(answer: object, student: int) -> Verdict:
    found = _factors(own(student).point, own(student).hw)
    least = min(LOSSES, key=lambda name: found[name])
    hints = ("which of the five can a 1 × 1 kernel not lose?", "go through the others as in exercise 4.2")
    return word(answer, [least], choices=LOSSES, hints=hints)


def _5(answer: object, student: int) -> Verdict:
    table = _sweep(own(student).network, own(student).cols)
    best = int(table["rows"].iloc[int(table["efficiency"].argmax())])
    hints = ("sweep as above, with your network and your columns", "which rows of the table do you compare?")
    return number(answer, best, hints=hints)


def _cases(student: int) -> list[tuple[int, ...]]:
    rng = stream(4, student)
    cases = []
    for _ in range(100):
        kw, sw = rng.choice([3, 5, 7]), rng.randint(1, 2)
        sizes = [rng.randint(7, 60), rng.randint(7, 60), rng.randint(1, 64), rng.randint(1, 64)]
        cases.append((*sizes, kw, sw, rng.randint(2, 16), rng.randint(kw + sw, 96)))
    return cases


def _6(answer: object, student: int) -> Verdict:
    hints = (
        "work this case out by hand with the rules of part 1",
        "check the sizes first: groups, iterations, row blocks",
        "look at cases with stride 1 alone; are those right?",
    )
    return function(answer, _clocks, _cases(student), hints=hints)


def _clocks(h: int, w: int, ci: int, co: int, k: int, s: int, rows: int, cols: int) -> int:
    """Clocks of a convolution with a square kernel of more than one column; of the performance model."""
    layer = replace(layer_of("vgg16", "conv1_1"), h=h, w=w, ci=ci, co=co, kh=k, kw=k, sh=s, sw=s, pad_h=k // 2,
                    pad_w=k // 2, ho=0, wo=0)  # fmt: skip
    found = evaluate(Layers.of([layer]), Points.of_hardware(Hardware(rows=rows, cols=cols)))
    return int(found["clocks"][0, 0])


EXERCISES = (
    Exercise("4.1", 1, "groups, iterations, row blocks", _1),
    Exercise("4.2", 3, "five factors of the efficiency", _2),
    Exercise("4.3", 1, "the least efficient convolution", _3),
    Exercise("4.4", 1, "what costs most in a 1 × 1 layer", _4),
    Exercise("4.5", 2, "best number of rows", _5),
    Exercise("4.6", 2, "a function for the clocks", _6, _cases),
)
