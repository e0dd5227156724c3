"""How a command answers: one JSON object or text on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, TextIO

from deepsoc.errors import DeepSocError

__all__ = ["Answer", "respond"]


@dataclass(frozen=True)
class Answer:
    """What a command found.

    Attributes:
        data: the JSON object.
        text: prints the same for people.
        failure: why the answer is no, for the error line; the command then exits with status 1. Empty: it is yes.
    """

    data: Mapping[str, Any]
    text: Callable[[], None]
    failure: str = ""


def respond(work: Callable[[], Answer], *, as_json: bool) -> None:
    """Does the work and prints its answer.

    Args:
        work: whatever it and its child processes print on stdout goes to stderr if `as_json`.
        as_json: print exactly one JSON object on stdout.

    Raises:
        DeepSocError: the answer, which has been printed, is no.
    """
    if as_json:
        with _stdout_kept() as stdout:
            answer = work()
            json.dump(_plain(answer.data), stdout, allow_nan=False)
            stdout.write("\n")
    else:
        answer = work()
        answer.text()
    if answer.failure:
        raise DeepSocError(answer.failure)


@contextmanager
def _stdout_kept() -> Iterator[TextIO]:
    """Yields the real stdout; meanwhile sys.stdout and file descriptor 1 lead to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as stdout, redirect_stdout(sys.stderr):
            yield stdout
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _plain(value: Any) -> Any:
    """The value in JSON's own types; numbers that JSON does not have become null."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    elif hasattr(value, "model_dump"):
        value = value.model_dump()
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
