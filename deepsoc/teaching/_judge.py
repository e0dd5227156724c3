"""Marks answers with the checker of this installation: `python -P -m deepsoc.teaching._judge ANSWERS NUMBER`.

Prints one JSON object a line, `exercise`, `points`, `message`, and nothing else: a file could be written by others.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from deepsoc.errors import DeepSocError
from deepsoc.teaching.answers import decode
from deepsoc.teaching.checker import Check

__all__ = ["main"]


def main(answers: Path, number: int) -> None:
    """Prints the marks.

    Args:
        answers: by exercise, JSON as `answers.encode` makes it.
        number: of the student.
    """
    check = Check(number)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as file:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what simulations print
        os.dup2(1, 2)
        for exercise, answer in json.loads(answers.read_text(encoding="utf-8")).items():
            line: dict[str, Any]
            try:
                mark = check(exercise, decode(answer, Path.cwd()))
                line = {"points": float(mark.points), "message": mark.message}
            except DeepSocError as error:
                line = {"points": 0.0, "message": str(error)}
            file.write(json.dumps({"exercise": exercise, **line}) + "\n")
            file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
