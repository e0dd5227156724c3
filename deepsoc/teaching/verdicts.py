"""How an answer is judged: numbers, words, sets, functions; messages help and do not give the answer away."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

__all__ = ["RIGHT", "Exercise", "Verdict", "function", "is_number", "names", "number", "numbers", "short", "word"]


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth.

    Attributes:
        share: of the points, 0 … 1.
        message: what is right or wrong.
        hints: what to look at again; each further wrong answer gets the next one. None is a formula.
    """

    share: float
    message: str
    hints: Sequence[str] = ()


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lab.

    Attributes:
        name: lab and number, such as `1.2`.
        points: for the right answer.
        task: in a line.
        judge: marks an answer of the student with this number; the right one is computed there.
        cases: of an exercise whose answer is a function: by number, the arguments of the calls that are compared.
    """

    name: str
    points: int
    task: str
    judge: Callable[[Any, int], Verdict]
    cases: Callable[[int], list[tuple[Any, ...]]] | None = None


RIGHT = Verdict(1.0, "right")


def number(
    answer: object,
    expected: float,
    *,
    hints: Sequence[str],
    within: float = 0.0,
    slips: Mapping[str, float] | None = None,
) -> Verdict:
    """Marks a number.

    Args:
        answer: of the student.
        expected: the right value.
        hints: for wrong answers.
        within: relative difference that counts as right.
        slips: what usual mistakes give, by what to say about them.
    """
    answer = _scalar(answer)
    if not is_number(answer):
        return Verdict(0.0, f"expected a number, received {short(answer)}")
    try:
        value = float(answer)
    except OverflowError:
        return Verdict(0.0, f"expected a number, received one beyond all bounds, {short(answer)}")
    if _close(value, expected, within):
        return RIGHT
    for said, slip in (slips or {}).items():
        if _close(value, slip, within):
            return Verdict(0.0, said)
    return Verdict(0.0, f"too {'high' if value > expected else 'low'}", hints)


def numbers(
    answer: object, expected: Sequence[float], *, labels: Sequence[str], hints: Sequence[str], within: float = 1e-6
) -> Verdict:
    """Marks several numbers in their order, each for its share.

    Args:
        answer: of the student.
        expected: the right values.
        labels: name them.
        hints: for wrong answers.
        within: relative difference that counts as right.
    """
    given = None if isinstance(answer, Mapping | Set) else _items(answer)
    if given is None or len(given) != len(expected):
        received = short(answer) if given is None else len(given)
        return Verdict(0.0, f"expected {len(expected)} numbers ({', '.join(labels)}), received {received}")
    for label, value in zip(labels, given, strict=True):
        if not is_number(_scalar(value)):
            return Verdict(0.0, f"{label}: expected a number, received {short(value)}")
    each = [number(value, right, hints=hints, within=within) for value, right in zip(given, expected, strict=True)]
    wrong = [label for label, verdict in zip(labels, each, strict=True) if verdict is not RIGHT]
    if not wrong:
        return RIGHT
    return Verdict(1 - len(wrong) / len(expected), f"look again at: {', '.join(wrong)}", hints)


def word(answer: object, expected: Collection[str], *, choices: Collection[str], hints: Sequence[str]) -> Verdict:
    """Marks one word out of `choices`; any of `expected` is right."""
    if not isinstance(answer, str) or answer not in choices:
        return Verdict(0.0, f"expected one of {', '.join(choices)}, received {short(answer)}")
    return RIGHT if answer in expected else Verdict(0.0, "no", hints)


def names(answer: object, expected: Collection[str], *, choices: Collection[str], hints: Sequence[str]) -> Verdict:
    """Marks a set of words out of `choices`; half the points if one is missing or too much."""
    items = _items(answer)
    if items is None or not all(isinstance(item, str) for item in items):
        return Verdict(0.0, f"expected a set of names, received {short(answer)}")
    given = {str(item) for item in items}
    if unknown := sorted(given - set(choices)):
        return Verdict(0.0, f"there is no {unknown[0]!r}; the names are {', '.join(choices)}")
    missing, extra = len(set(expected) - given), len(given - set(expected))
    if not missing + extra:
        return RIGHT
    return Verdict(0.5 if missing + extra == 1 else 0.0, f"{missing} missing, {extra} too many", hints)


def function(
    answer: object, reference: Callable[..., Any], cases: Iterable[tuple[Any, ...]], *, hints: Sequence[str]
) -> Verdict:
    """Marks a function that returns a number, against the reference; names the first case that differs."""
    if not callable(answer):
        return Verdict(0.0, f"expected a function, received {short(answer)}")
    for case in cases:
        call = f"{getattr(answer, '__name__', 'answer')}({', '.join(map(repr, case))})"
        try:
            got = _scalar(answer(*case))
        except (Exception, SystemExit) as error:
            return Verdict(0.0, f"{call} raises {type(error).__name__}: {error}")
        if not is_number(got):
            return Verdict(0.0, f"{call} returns {short(got)}; expected a number")
        if got != reference(*case):
            return Verdict(0.0, f"{call} returns {short(got)}, which is wrong", hints)
    return RIGHT


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a real number; neither a truth value nor a nan."""
    return isinstance(value, Real) and not isinstance(value, bool) and value == value


def _scalar(value: object) -> object:
    """The value itself; of an array without dimensions, what is in it."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def _items(answer: object) -> list[Any] | None:
    """What is in a collection; None if it is none, or a text."""
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        return None
    try:
        return list(answer)
    except TypeError:  # an array without dimensions
        return None


def _close(value: float, expected: float, within: float) -> bool:
    return math.isclose(value, expected, rel_tol=max(within, 1e-9), abs_tol=1e-12)


def short(value: object) -> str:
    """The value in at most 60 letters, whatever it is."""
    try:
        text = repr(value)
    except Exception:
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
