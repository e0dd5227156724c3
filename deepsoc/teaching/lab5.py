"""Exercises of lab 5: memory traffic."""

from __future__ import annotations

from functools import lru_cache
from tempfile import TemporaryDirectory

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.perf import Layers, Points, estimate, evaluate, summary
from deepsoc.sim import SimResult, simulate
from deepsoc.teaching.bugs import HW as SMALL
from deepsoc.teaching.bugs import network
from deepsoc.teaching.lab1 import HW, layer_of
from deepsoc.teaching.verdicts import Exercise, Verdict, number, numbers, word

__all__ = ["EXERCISES", "PORTS", "SHAPES"]

SHAPES = ((28, 24), (14, 48), (7, 96), (4, 168))
"""Arrays of 672 processing elements, rows and columns, of exercise 5.3."""

PORTS = ("pixels", "weights", "operands", "outputs")
"""The four memory ports."""

_MEMORY_BOUNDS = {"pixels", "weights", "operands", "outputs", "memory"}


@lru_cache
def _words(rows: int = HW.rows) -> tuple[int, int, int]:
    found = evaluate(Layers.of([layer_of("vgg16", "conv3_2")]), Points.of_hardware(Hardware(rows=rows, cols=HW.cols)))
    return int(found["x_words"][0, 0]), int(found["k_words"][0, 0]), int(found["y_words"][0, 0])


@lru_cache
def _run() -> SimResult:
    with TemporaryDirectory() as folder:
        return simulate(export(network(), SMALL, f"{folder}/net").path, trace=True)


def _1(answer: object) -> Verdict:
    hint = "X = T·L·W·Ci·Sh·(R + F), K = T·Ci·Kh·Sw·C, Y = T·L·Wo·E·Sw·R with F = ⌈Kh/Sh⌉ - 1"
    return numbers(answer, _words(), labels=("X", "K", "Y"), hint=hint)


def _2(answer: object) -> Verdict:
    one, two = _words(), _words(2 * HW.rows)
    expected = (two[0] / one[0], two[1] / one[1])
    hint = "which of T, L, R occur in X and in K, and what do twice the rows do to them?"
    return numbers(answer, expected, labels=("X", "K"), hint=hint, within=5e-3)


def _3(answer: object) -> Verdict:
    def words(shape: tuple[int, int]) -> float:
        return summary(estimate("resnet50", Hardware(rows=shape[0], cols=shape[1])))["dram_words"]

    best = min(SHAPES, key=words)
    return numbers(answer, best, labels=("rows", "columns"), hint="estimate each shape, and sum the words up")


def _4(answer: object) -> Verdict:
    table = estimate("alexnet", HW)
    sums = {name: table[f"{name}_words"].sum() for name in ("x", "k", "y")}
    most = max(sums, key=lambda name: sums[name])
    return word(answer, [most], choices=list(sums), hint="sum the three columns of words over the layers")


def _5(answer: object) -> Verdict:
    def waits(bits: int) -> bool:
        hw = HW.model_copy(update={"axi_data_bits": bits})
        return bool(set(estimate("resnet50", hw)["bound"]) & _MEMORY_BOUNDS)

    expected = next(bits for bits in (32, 64, 128, 256, 512) if not waits(bits))
    return number(answer, expected, hint="look at the column `bound` for each width of the ports")


def _6(answer: object) -> Verdict:
    conv2 = next(op for op in _run().operations if op.name == "conv2")
    sizes = dict(zip(PORTS, (conv2.x_bytes, conv2.k_bytes, conv2.o_bytes, conv2.y_bytes), strict=True))
    busiest = max(PORTS, key=lambda name: sizes[name])
    return word(answer, [busiest], choices=PORTS, hint="compare x_bytes, k_bytes, o_bytes and y_bytes of the operation")


def _7(answer: object) -> Verdict:
    found = _run()
    read, written = (sum(getattr(b, f"axi_{way}_bytes") for b in found.bundles) for way in ("read", "write"))
    return numbers(answer, (read, written), labels=("read", "written"), hint="sum over the bundles of the simulation")


EXERCISES = (
    Exercise("5.1", 3, "words of conv3_2", _1),
    Exercise("5.2", 2, "twice the rows", _2),
    Exercise("5.3", 1, "shape with the least traffic", _3),
    Exercise("5.4", 1, "the heaviest operand", _4),
    Exercise("5.5", 1, "width of the ports", _5),
    Exercise("5.6", 1, "the busiest port", _6),
    Exercise("5.7", 1, "bytes of the simulated network", _7),
)
