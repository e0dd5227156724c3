"""Marks answers with the checker of this installation: `python -P -m deepsoc.teaching._judge ANSWERS MARKS NUMBER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from deepsoc.errors import DeepSocError
from deepsoc.teaching.answers import decode
from deepsoc.teaching.checker import Check

__all__ = ["main"]


def main(answers: Path, marks: Path, number: int) -> None:
    """Adds one JSON object a line to `marks`: exercise, points, of, message.

    Args:
        answers: by exercise, JSON as `answers.encode` makes it.
        marks: the file to write.
        number: of the student.
    """
    check = Check(number)
    with marks.open("w", encoding="utf-8") as file:
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
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
