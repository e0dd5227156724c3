"""The students' notebooks, made from the instructor's: `python -m deepsoc.teaching.handout [FOLDER]`."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from deepsoc.assets import folder

__all__ = ["TAG", "handout", "write_handouts"]

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


if __name__ == "__main__":
    write_handouts(Path(sys.argv[1]) if len(sys.argv) > 1 else folder("notebooks") / "labs")
