"""Predict, then measure: the measured value appears only beside a prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from deepsoc.teaching.verdicts import is_number

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True)
class Measurement:
    """A prediction beside what was measured; shown as text.

    Attributes:
        what: it is, with its unit.
        predicted: None if there is no prediction yet.
        value: that was measured.
    """

    what: str
    predicted: float | str | None
    value: float | str

    def __repr__(self) -> str:
        if self.predicted is None:
            return f"{self.what}: write a prediction first, then run this cell again."
        said, found = _text(self.predicted), _text(self.value)
        return f"{self.what}: predicted {said}, measured {found}; {self._difference()}."

    def _difference(self) -> str:
        predicted, value = _number(self.predicted), _number(self.value)
        if value is None:
            return "right" if isinstance(self.predicted, str) and self.predicted == self.value else "not the same"
        if predicted is None:
            return "predict a number"
        if predicted == value:
            return "exactly right"
        side = "high" if predicted > value else "low"
        if value == 0:
            return f"too {side}"
        ratio = predicted / value
        if abs(ratio - 1) < 5e-4:
            return "right within 0.05 %"
        if 0.1 < ratio < 10:
            return f"{100 * abs(ratio - 1):.1f} % too {side}"
        return f"too {side} by a factor of {max(ratio, 1 / ratio) if ratio > 0 else math.inf:.3g}"


def measure(what: str, predicted: float | str | None, value: float | str) -> Measurement:
    """Sets a prediction beside the measured value.

    Args:
        what: is measured, with its unit.
        predicted: a number or a word; None hides the measured value.
        value: that was measured.
    """
    return Measurement(what, predicted, value)


def _number(value: object) -> float | None:
    """The value as a number; None if it is none that can be compared."""
    try:
        return float(value) if is_number(value) else None
    except OverflowError:
        return None


def _text(value: object) -> str:
    number = _number(value)
    if number is None:
        return str(value)
    return f"{int(number):,}" if number.is_integer() else f"{number:,.4g}"
