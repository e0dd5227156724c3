"""The checker: marks the exercises of the labs and adds the points up."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import pandas as pd

from deepsoc.errors import DeepSocError, InputError
from deepsoc.teaching.answers import LOG, record
from deepsoc.teaching.verdicts import Exercise, Verdict, short

__all__ = ["LABS", "Check", "Mark", "Report", "check", "exercises"]

LABS = 7
"""Number of labs."""


@dataclass(frozen=True)
class Mark:
    """The mark of one exercise, shown as text.

    Attributes:
        exercise: lab and number.
        points: reached.
        of: points for the right answer.
        message: what is right, or what to look at again.
    """

    exercise: str
    points: float
    of: int
    message: str

    def __repr__(self) -> str:
        sign = "✓" if self.points == self.of else "✗"
        return f"{sign} {self.exercise}: {self.points:g} of {self.of} points: {self.message}"


@dataclass(frozen=True, eq=False)
class Report:
    """The marks of the labs that were worked on.

    Attributes:
        table: one row an exercise: `exercise`, `task`, `points`, `of`, `message`.
    """

    table: pd.DataFrame

    @property
    def points(self) -> float:
        """Points reached."""
        return float(self.table["points"].sum())

    @property
    def of(self) -> int:
        """Points that there are."""
        return int(self.table["of"].sum())

    @property
    def complete(self) -> bool:
        """Whether every answer is right."""
        return self.points == self.of

    def __repr__(self) -> str:
        return f"{self.table.to_string(index=False)}\n{self._total()}"

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(index=False, border=0)}<p><strong>{self._total()}</strong></p>"

    def _total(self) -> str:
        return f"{self.points:g} of {self.of} points"


@dataclass
class Check:
    """Marks answers: `check("1.2", answer)`; `check.report()` adds up. The last answer to an exercise counts.

    Attributes:
        number: of the student, who has own layers, arrays and networks.
        marks: by exercise.
    """

    number: int = 1
    marks: dict[str, Mark] = field(default_factory=dict)
    _wrong: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def __call__(self, exercise: str, answer: Any = None) -> Mark:
        """Marks an answer.

        Args:
            exercise: lab and number, such as `1.2`.
            answer: None is no answer yet.

        Returns:
            The mark; its text says what to look at again.

        Raises:
            InputError: there is no such exercise.
        """
        found = _find(exercise)
        if log := os.environ.get(LOG):
            record(log, found, self.number, answer)
            self.marks[found.name] = mark = Mark(found.name, 0, found.points, "handed in")
            return mark
        verdict = _judged(found, answer, self.number)
        message = verdict.message + self._hint(found.name, answer, verdict)
        mark = Mark(found.name, round(verdict.share * found.points, 2), found.points, message)
        self.marks[found.name] = mark
        return mark

    def _hint(self, exercise: str, answer: Any, verdict: Verdict) -> str:
        """The next hint for each other wrong answer; the last one stays."""
        if not verdict.hints:
            return ""
        wrong = self._wrong.setdefault(exercise, [])
        if (said := short(answer)) not in wrong:
            wrong.append(said)
        return f"; {verdict.hints[min(len(wrong), len(verdict.hints)) - 1]}"

    def report(self) -> Report:
        """All exercises of every lab of which one was checked, those without an answer with 0 points."""
        labs = sorted({name.partition(".")[0] for name in self.marks})
        rows = []
        for exercise in (each for lab in labs for each in exercises(int(lab))):
            mark = self.marks.get(exercise.name) or Mark(exercise.name, 0, exercise.points, _UNANSWERED)
            rows.append((exercise.name, exercise.task, mark.points, mark.of, mark.message))
        return Report(pd.DataFrame(rows, columns=["exercise", "task", "points", "of", "message"]))


check = Check()
"""The checker of this notebook."""

_UNANSWERED = "no answer yet"


@lru_cache
def exercises(lab: int) -> tuple[Exercise, ...]:
    """The exercises of a lab.

    Args:
        lab: 1 … LABS.
    """
    found: tuple[Exercise, ...] = import_module(f"deepsoc.teaching.lab{lab}").EXERCISES
    return found


def _find(name: str) -> Exercise:
    lab = str(name).partition(".")[0]
    known = exercises(int(lab)) if lab in map(str, range(1, LABS + 1)) else ()
    for exercise in known:
        if exercise.name == name:
            return exercise
    expected = ", ".join(each.name for each in known) or f"a lab from 1 to {LABS} and a number, such as '1.2'"
    raise InputError(f"no such exercise; expected {expected}, received {name!r}", where="exercise")


def _judged(exercise: Exercise, answer: Any, number: int) -> Verdict:
    if answer is None or (isinstance(answer, tuple | list) and any(part is None for part in answer)):
        return Verdict(0.0, _UNANSWERED)
    try:
        return exercise.judge(answer, number)
    except DeepSocError as error:
        return Verdict(0.0, str(error))
    except Exception as error:  # an answer may be any object whatever
        return Verdict(0.0, f"this answer cannot be marked: {type(error).__name__}: {error}")
