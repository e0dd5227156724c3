"""Exercises of lab 5: memory traffic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryDirectory

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.perf import Layers, Points, estimate, evaluate, summary
from deepsoc.sim import SimResult, simulate
from deepsoc.teaching.bugs import HW as SMALL
from deepsoc.teaching.bugs import network
from deepsoc.teaching.variants import own_hardware, own_layer, stream
from deepsoc.teaching.verdicts import Exercise, Verdict, number, numbers, word
from deepsoc.workloads import Layer

__all__ = ["EXERCISES", "PORTS", "SHAPES", "WIDTHS", "Own", "own"]

SHAPES = ((28, 24), (14, 48), (7, 96), (4, 168))
"""Arrays of 672 processing elements, rows and columns, of exercise 5.3."""

PORTS = ("pixels", "weights", "operands", "outputs")
"""The four memory ports."""

WIDTHS = (32, 64, 128, 256, 512)
"""Bits of the ports of exercise 5.5."""

_SIZES = dict(zip(PORTS, ("x_bytes", "k_bytes", "o_bytes", "y_bytes"), strict=True))
_MEMORY_BOUNDS = {"pixels", "weights", "operands", "outputs", "memory"}


@dataclass(frozen=True)
class Own:
    """What one student works on.

    Attributes:
        layer: of exercises 5.1 and 5.2.
        hw: the array of exercises 5.1, 5.2, 5.4 and 5.5.
        network: of exercises 5.3, 5.4 and 5.5.
        operation: of exercise 5.6.
        ports: two of PORTS, of exercise 5.7.
    """

    layer: Layer
    hw: Hardware
    network: str
    operation: str
    ports: tuple[str, str]


@lru_cache
def own(student: int) -> Own:
    """The layer, array, network, operation and ports of a student's number.

    Raises:
        InputError: no whole number.
    """
    rng = stream(5, student)
    first, second = rng.sample(PORTS, 2)
    network = rng.choice(("alexnet", "vgg16", "resnet18", "resnet50_v15"))
    return Own(own_layer(rng), own_hardware(rng), network, rng.choice(("conv1", "conv2", "classes")), (first, second))


def _words(layer: Layer, rows: int, cols: int) -> tuple[int, int, int]:
    found = evaluate(Layers.of([layer]), Points.of_hardware(Hardware(rows=rows, cols=cols)))
    return int(found["x_words"][0, 0]), int(found["k_words"][0, 0]), int(found["y_words"][0, 0])


@lru_cache
def _run() -> SimResult:
    with TemporaryDirectory() as folder:
        return simulate(export(network(), SMALL, f"{folder}/net").path, trace=True)


def _1(answer: object, student: int) -> Verdict:
    mine = own(student)
    hints = ("begin with T and L of your layer on your array", "which of the sizes are the layer's, which the array's?")
    expected = _words(mine.layer, mine.hw.rows, mine.hw.cols)
    return numbers(answer, expected, labels=("X", "K", "Y"), hints=hints)


def _2(answer: object, student: int) -> Verdict:
    mine = own(student)
    one, two = (_words(mine.layer, times * mine.hw.rows, mine.hw.cols) for times in (1, 2))
    hints = ("which of T, L and R change?", "and in which of the two words do they occur?")
    expected = (two[0] / one[0], two[1] / one[1])
    return numbers(answer, expected, labels=("X", "K"), hints=hints, within=5e-3)


def _3(answer: object, student: int) -> Verdict:
    def words(shape: tuple[int, int]) -> float:
        return float(summary(estimate(own(student).network, Hardware(rows=shape[0], cols=shape[1])))["dram_words"])

    hints = ("estimate your network on each shape", "add all the words of a shape up, over layers and operands")
    least = min(SHAPES, key=words)
    return numbers(answer, least, labels=("rows", "columns"), hints=hints)


def _4(answer: object, student: int) -> Verdict:
    table = estimate(own(student).network, own(student).hw)
    sums = {name: table[f"{name}_words"].sum() for name in ("x", "k", "y")}
    most = max(sums, key=lambda name: sums[name])
    hints = ("estimate your network on your array", "the table has a column of words for each of the three")
    return word(answer, [most], choices=list(sums), hints=hints)


def _5(answer: object, student: int) -> Verdict:
    mine = own(student)

    def waits(bits: int) -> bool:
        hw = mine.hw.model_copy(update={"axi_data_bits": bits})
        return bool(set(estimate(mine.network, hw)["bound"]) & _MEMORY_BOUNDS)

    expected = next(bits for bits in WIDTHS if not waits(bits))
    hints = ("what does `bound` say at the widest ports?", "go down from there; your network, your array")
    return number(answer, expected, hints=hints)


def _6(answer: object, student: int) -> Verdict:
    mine = next(op for op in _run().operations if op.name == own(student).operation)
    busiest = max(PORTS, key=lambda name: getattr(mine, _SIZES[name]))
    hints = ("an operation of the run has the bytes of each port", "is it your operation that you look at?")
    return word(answer, [busiest], choices=PORTS, hints=hints)


def _7(answer: object, student: int) -> Verdict:
    ports = own(student).ports
    expected = [sum(getattr(op, _SIZES[port]) for op in _run().operations) for port in ports]
    hints = ("the network is all its operations", "is it your ports that you add up?")
    return numbers(answer, expected, labels=ports, hints=hints)


EXERCISES = (
    Exercise("5.1", 3, "words of a layer", _1),
    Exercise("5.2", 2, "twice the rows", _2),
    Exercise("5.3", 1, "shape with the least traffic", _3),
    Exercise("5.4", 1, "the heaviest operand", _4),
    Exercise("5.5", 1, "width of the ports", _5),
    Exercise("5.6", 1, "the busiest port", _6),
    Exercise("5.7", 1, "bytes of two ports", _7),
)
