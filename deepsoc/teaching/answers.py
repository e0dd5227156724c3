"""Answers on their way from a student's kernel to the grader: plain JSON, so that only values arrive and no code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.graph import ir
from deepsoc.teaching.verdicts import Exercise, short

__all__ = ["LOG", "decode", "encode", "read_log", "record"]

LOG = "DEEPSOC_ANSWERS"
"""Environment variable with the file that takes the answers; where it is set, the checker keeps marks to itself."""

_MOST_BYTES, _MOST_ROWS, _DEEPEST = 8 << 20, 1000, 20
_PARTS = {kind.__name__: kind for kind in (
    ir.Act, ir.Add, ir.Bundle, ir.Conv2D, ir.Dense, ir.Graph, ir.Pool, ir.Quant,
)}  # fmt: skip
"""What a network, the answer to exercise 7.5, is made of."""


def record(file: str, exercise: Exercise, number: object, answer: Any) -> None:
    """Adds an answer to a file.

    Args:
        file: one JSON object a line.
        exercise: that is answered.
        number: of the student.
        answer: of a function the results of the exercise's calls.
    """
    line = {"exercise": exercise.name, "number": encode(number)}
    if exercise.cases is not None and callable(answer):
        line["answer"] = {"calls": _calls(answer, exercise.cases(number if isinstance(number, int) else 1))}
    else:
        line["answer"] = encode(answer)
    with Path(file).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def read_log(text: str) -> dict[str, dict[str, Any]]:
    """The last answer to each exercise; lines that are none are left out.

    Args:
        text: that `record` wrote, or whatever a student put there.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            exercise, number, answer = entry["exercise"], entry["number"], entry["answer"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(exercise, str):
            found.pop(exercise, None)
            found[exercise] = {"number": number, "answer": answer}
    return found


def encode(value: Any, depth: int = 0) -> Any:
    """A value as JSON; what cannot be an answer becomes a text about it."""
    from deepsoc.teaching.bugs import Case

    def inner(part: Any) -> Any:
        return encode(part, depth + 1)

    if depth > _DEEPEST:
        return {"other": "an answer of too many levels"}
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.bool_ | np.number):
        value = value.item()
    if isinstance(value, bool | Integral):
        return int(value) if not isinstance(value, bool) else value
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Case):
        return {"case": inner(value.number)}
    if isinstance(value, pd.DataFrame):
        return {"table": {str(name): inner(column.tolist()) for name, column in value[:_MOST_ROWS].items()}}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()} if value.dtype.kind in "iufb" else inner(value.tolist())
    if type(value).__name__ in _PARTS and type(value) is _PARTS[type(value).__name__]:
        return {"part": type(value).__name__, "fields": {f.name: inner(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {"mapping": [[inner(key), inner(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple | Set | pd.Index | pd.Series):
        kind = "set" if isinstance(value, Set) else "tuple" if isinstance(value, tuple) else "list"
        return {kind: [inner(item) for item in value]}
    return {"other": short(value)}


def decode(data: Any, folder: Path, depth: int = 0) -> Any:
    """The value of `encode`'s JSON.

    Args:
        data: from a student's kernel, or forged.
        folder: where the planted fault of lab 7 is made anew.
        depth: levels above this one.

    Raises:
        InputError: it is no value that `encode` makes.
    """
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if not isinstance(data, dict) or depth > 2 * _DEEPEST:
        raise InputError("this is no answer", where="answer")

    def inner(part: Any) -> Any:
        return decode(part, folder, depth + 1)

    try:
        if "part" in data:
            return _PARTS[data["part"]](**{str(name): inner(part) for name, part in data["fields"].items()})
        (kind, content), *others = data.items()
        if others:
            raise ValueError(kind)
        if kind in ("list", "tuple", "set"):
            return {"list": list, "tuple": tuple, "set": set}[kind]([inner(part) for part in content])
        read: dict[str, Callable[[Any], Any]] = {
            "mapping": lambda pairs: {inner(key): inner(item) for key, item in pairs},
            "array": _array,
            "table": lambda columns: pd.DataFrame({name: inner(column) for name, column in columns.items()}),
            "case": lambda number: _case(inner(number), folder),
            "calls": _Recorded,
            "other": lambda said: _Other(str(said)),
        }
        return read[kind](content)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise InputError(f"this is no answer: {short(error)}", where="answer") from None


class _Other:
    """An answer of a kind that none can have."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        return self.said


class _Recorded:
    """A student's function: what it returned for each of the exercise's calls."""

    __name__ = "answer"

    def __init__(self, calls: list[Any]) -> None:
        self.found = {tuple(arguments): (returned, str(raised)) for arguments, returned, raised in calls}

    def __call__(self, *arguments: Any) -> Any:
        returned, raised = self.found.get(arguments, (None, "KeyError: the call was not recorded; is it your number?"))
        if raised:
            kind, _, message = raised.partition(": ")
            raise type(kind if kind.isidentifier() else "Error", (Exception,), {})(message)
        if isinstance(returned, dict):
            return _Other(str(returned.get("other", "something that is no number")))
        return returned


def _calls(function: Callable[..., Any], cases: list[tuple[Any, ...]]) -> list[list[Any]]:
    calls: list[list[Any]] = []
    for case in cases:
        returned, raised = None, ""
        try:
            returned = encode(function(*case))
            if isinstance(returned, dict) and set(returned) == {"array"}:
                returned = returned["array"]  # without dimensions it is a number
                returned = returned if not isinstance(returned, list) else {"other": short(returned)}
        except (Exception, SystemExit) as error:
            raised = f"{type(error).__name__}: {str(error)[:60]}"
        calls.append([list(case), returned, raised])
    return calls


def _array(content: Any) -> np.ndarray[Any, Any]:
    """An array of numbers, whole ones as the graph has them."""
    found = np.array(content)
    if found.dtype.kind not in "iufb":
        raise ValueError("an array of numbers expected")
    return found.astype(np.int64) if found.dtype.kind in "iu" else found


def _case(number: Any, folder: Path) -> Any:
    """The fault of a number, planted anew: the sources in a student's folder may be any."""
    from deepsoc.teaching.bugs import plant

    return plant(number, folder / "lab7")
