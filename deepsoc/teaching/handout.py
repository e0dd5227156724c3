"""The students' notebooks, made from the instructor's: `python -m deepsoc.teaching.handout [FOLDER]`."""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepsoc.assets import folder
from deepsoc.errors import InputError

__all__ = ["TAG", "handout", "write_course", "write_handouts"]

TAG = "solution"
"""Tag of cells that students do not get; the line `# solution` begins what they do not get of a code cell."""


def handout(notebook: dict[str, Any]) -> dict[str, Any]:
    """The student's form of an instructor's notebook.

    Args:
        notebook: JSON of a notebook of format 4.

    Returns:
        A new notebook without solutions; the cells that stay keep their ids.
    """
    student = copy.deepcopy(notebook)
    student["cells"] = [cell for cell in student["cells"] if TAG not in cell["metadata"].get("tags", [])]
    for cell in student["cells"]:
        lines = "".join(cell["source"]).splitlines(keepends=True)
        if cell["cell_type"] == "code" and f"# {TAG}" in (bare := [line.rstrip() for line in lines]):
            text = "".join(lines[: bare.index(f"# {TAG}")]).rstrip()
            cell["source"] = text.splitlines(keepends=True)
    return student


def write_handouts(labs: Path) -> list[Path]:
    """Makes the notebook in `labs` of every notebook in `labs`/instructor.

    Returns:
        The files written.
    """
    written = []
    for source in sorted((labs / "instructor").glob("*.ipynb")):
        student = handout(json.loads(source.read_text(encoding="utf-8")))
        target = labs / source.name
        target.write_text(json.dumps(student, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(target)
    return written


def write_course(target: Path, students: Mapping[str, int] | None = None) -> list[Path]:
    """Writes the labs as students get them, without anything of the instructor's; a folder that is there must be empty.

    Args:
        target: the folder to make.
        students: by the name of each student's folder the student's number, which the notebooks in it then have; left
            out: one set of labs, with number 1.

    Returns:
        The folders with labs.

    Raises:
        InputError: the folder holds something, or cannot be written.
    """
    labs = sorted((folder("notebooks") / "labs").glob("*.ipynb"))
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError("there is something already; give a new or empty folder", where=str(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".deepsoc-") as place:
            fresh = Path(place) / "course"
            for name, number in (students or {"": 1}).items():
                (fresh / name).mkdir(parents=True, exist_ok=True)
                for lab in labs:
                    text = lab.read_text(encoding="utf-8")
                    (fresh / name / lab.name).write_text(_NUMBER.sub(rf"\g<1>{number}", text), encoding="utf-8")
            if target.exists():
                target.rmdir()
            shutil.move(fresh, target)
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {error.strerror}", where=str(target)) from None
    return [target / name for name in students or {"": 1}]


_NUMBER = re.compile(r"^(\s*\"NUMBER = )1(?=  # your own number)", re.MULTILINE)
"""Where a notebook's JSON has the student's number."""


if __name__ == "__main__":
    write_handouts(Path(sys.argv[1]) if len(sys.argv) > 1 else folder("notebooks") / "labs")
