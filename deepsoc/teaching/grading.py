"""Points for what students handed in: their code runs in kernels of its own, the marks are made here."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc._files import read_bytes, replacing, templates
from deepsoc._process import run
from deepsoc.errors import InputError, ToolError
from deepsoc.sim.cache import cache_folder
from deepsoc.teaching.answers import LOG, read_log
from deepsoc.teaching.checker import LABS, Mark, exercises
from deepsoc.teaching.submissions import Collection, Submission, copy_submission, number_of, slugs

__all__ = ["Graded", "Limits", "grade", "mark_submission"]

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""Variables that a student's kernel gets; the others may hold secrets."""
_MOST_ANSWERS = 8 << 20  # bytes of one notebook
_WARM = 256 << 20  # bytes of built simulators that are copied for a student
_LATE_S = 30  # that a run of a notebook may take beyond its limit


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds.

    Attributes:
        cell_s: a cell, before it is interrupted.
        notebook_s: a notebook, before its kernel is killed.
        marks_s: the marks of one student, simulations included.
    """

    cell_s: int = 600
    notebook_s: int = 1800
    marks_s: int = 1800


@dataclass(frozen=True)
class Graded:
    """The points of one student.

    Attributes:
        student: the name.
        number: of the student, which the answers were marked for.
        marks: of every exercise of the course, in their order.
        remarks: what a lecturer should look at.
        report: the file with all of it.
    """

    student: str
    number: int
    marks: tuple[Mark, ...]
    remarks: tuple[str, ...]
    report: Path

    @property
    def points(self) -> float:
        """Points reached."""
        return round(sum(mark.points for mark in self.marks), 2)

    def lab(self, lab: int) -> float:
        """Points reached in a lab."""
        return round(sum(mark.points for mark in self.marks if mark.exercise.startswith(f"{lab}.")), 2)


def grade(
    found: Collection,
    out: Path,
    *,
    roster: Sequence[str] = (),
    limits: Limits | None = None,
    progress: Callable[[Graded], None] | None = None,
) -> list[Graded]:
    """Marks everything; writes a report a student, and `points.csv`.

    Args:
        found: what students handed in.
        out: folder for the reports.
        roster: names of the students; for them the number counts that their name has, else what the notebooks say.
        limits: of time.
        progress: gets each student's points.

    Raises:
        InputError: `out` cannot be written.
    """
    names = slugs([one.student for one in found.submissions])
    graded = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for submission in found.submissions:
            number = number_of(submission.student) if submission.student in roster else None
            number, marks, remarks = mark_submission(submission, number, limits or Limits())
            report = out / f"{names[submission.student]}.html"
            graded.append(Graded(submission.student, number, marks, remarks, report))
            _write_report(graded[-1])
            if progress is not None:
                progress(graded[-1])
        with replacing(out / "points.csv") as path:
            _write_table(graded, path)
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {error.strerror}", where=str(out)) from None
    return graded


def mark_submission(
    submission: Submission, number: int | None, limits: Limits
) -> tuple[int, tuple[Mark, ...], tuple[str, ...]]:
    """Runs the notebooks of a student on a copy, and marks the answers that they leave.

    Nothing that a notebook prints or does to its checker gives points: only the answers leave its kernel, as values,
    and the checker of this installation marks them in a process that runs no code of the student.

    Args:
        submission: of the student.
        number: of the student; None: as the notebooks say.
        limits: of time.

    Returns:
        The number, the marks of all exercises, and remarks.
    """
    answers: dict[str, dict[str, Any]] = {}
    remarks = list(submission.remarks)
    with tempfile.TemporaryDirectory(prefix="deepsoc-course-", ignore_cleanup_errors=True) as folder:
        notebooks = submission.notebooks
        try:
            if notebooks:
                copy_submission(submission, Path(folder) / "work")
                _warm(Path(folder) / "cache")
        except OSError as error:
            remarks.append(f"cannot be copied: {error.strerror}")
            notebooks = ()
        for notebook in notebooks:
            found, faults = _execute(Path(folder), Path(folder) / "work" / notebook.path, limits)
            answers |= found
            remarks += [f"{notebook.path}: {fault}" for fault in faults]
    said = [entry["number"] for entry in answers.values() if isinstance(entry["number"], int)]
    if number is None:
        number = said[0] if said else 1
    if others := sorted({each for each in said if each != number}):
        remarks.append(f"answers for number {', '.join(map(str, others))}, marked for number {number}")
    marks = _judge({name: entry["answer"] for name, entry in answers.items()}, number, limits.marks_s)
    return number, marks, tuple(remarks)


def _execute(folder: Path, notebook: Path, limits: Limits) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Answers that a notebook gives to its checker, and what went wrong in it."""
    log = folder / f"answers-{uuid.uuid4().hex}.jsonl"
    faults: list[str] = []

    def listen(line: str) -> bool:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            told = json.loads(line)
            faults.append(f"cell {told['cell']}: {told['error']}" if told["cell"] else str(told["error"]))
        return False

    seconds = (str(limits.cell_s), str(limits.notebook_s))
    command = ["-P", "-m", "deepsoc.teaching._execute", str(notebook), *seconds]
    try:
        _run_for(limits.notebook_s + _LATE_S, command, notebook.parent, _environment(folder, log), listen)
    except ToolError as error:
        faults.append(str(error).splitlines()[0])
    if log.is_symlink() or not log.is_file():
        return {}, faults
    try:
        text = read_bytes(log, "the answers", most=_MOST_ANSWERS).decode("utf-8", "replace")
    except InputError as error:
        return {}, [*faults, str(error).removeprefix(f"{log}: ")]
    return read_log(text), faults


def _judge(answers: Mapping[str, Any], number: int, seconds: int) -> tuple[Mark, ...]:
    """The marks of all exercises."""
    known = [exercise for lab in range(1, LABS + 1) for exercise in exercises(lab)]
    asked = {each.name: answers[each.name] for each in known if each.name in answers}
    found: dict[str, dict[str, Any]] = {}
    late = "the answer could not be marked"

    def listen(line: str) -> bool:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            entry = json.loads(line)
            found[entry["exercise"]] = entry
            return True
        return False

    if asked:
        with tempfile.TemporaryDirectory(prefix="deepsoc-course-", ignore_cleanup_errors=True) as folder:
            given = Path(folder) / "answers.json"
            given.write_text(json.dumps(asked), encoding="utf-8")
            environment = {name: value for name, value in os.environ.items() if name != LOG}
            try:
                command = ["-P", "-m", "deepsoc.teaching._judge", str(given), str(number)]
                _run_for(seconds, command, Path(folder), environment, listen)
            except ToolError as error:
                late = f"the answer could not be marked: {str(error).splitlines()[0]}"

    def mark(name: str, of: int) -> Mark:
        if name in found:
            return Mark(name, found[name]["points"], of, found[name]["message"])
        return Mark(name, 0, of, late if name in asked else "no answer")

    return tuple(mark(each.name, each.points) for each in known)


def _run_for(
    seconds: int, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], on_line: Callable[[str], bool]
) -> None:
    """Runs Python with these arguments; after `seconds` it is ended."""
    end = threading.Event()
    timer = threading.Timer(seconds, end.set)
    timer.daemon = True
    timer.start()
    try:
        run([sys.executable, *arguments], cwd=cwd, env=env, on_line=on_line, cancel=end)
    except ToolError as error:
        if end.is_set():
            raise ToolError(f"stopped after {seconds} s") from None
        raise error
    finally:
        timer.cancel()


def _environment(folder: Path, log: Path) -> dict[str, str]:
    """Of a student's kernel: nothing of the lecturer's, and folders that are thrown away."""
    places = {
        "HOME": "home", "TMPDIR": "tmp", "XDG_CACHE_HOME": "cache", "IPYTHONDIR": "ipython", "MPLCONFIGDIR": "mpl",
        "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "jupyter", "JUPYTER_RUNTIME_DIR": "runtime",
    }  # fmt: skip
    for name in places.values():
        (folder / name).mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {name: str(folder / place) for name, place in places.items()} | {LOG: str(log)}


def _warm(cache: Path) -> None:
    """Copies built simulators, so that a student's kernel need not build them and cannot change the originals."""
    size = 0
    with contextlib.suppress(OSError, RuntimeError):  # there is no cache, or another process removes of it
        source = cache_folder()
        for built in sorted(source.iterdir(), key=lambda path: path.lstat().st_mtime, reverse=True):
            if built.suffix or not built.is_dir():
                continue
            size += sum(path.lstat().st_size for path in built.rglob("*"))
            if size > _WARM:
                return
            shutil.copytree(built, cache / "deepsoc" / source.name / built.name)


def _write_report(graded: Graded) -> None:
    page = templates("deepsoc.teaching", autoescape=True).get_template("report.html.j2")
    tasks = {each.name: each.task for lab in range(1, LABS + 1) for each in exercises(lab)}
    with replacing(graded.report) as path:
        path.write_text(page.render(graded=graded, labs=range(1, LABS + 1), tasks=tasks), encoding="utf-8")


def _write_table(graded: Sequence[Graded], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        labs = range(1, LABS + 1)
        table.writerow(["student", "number", *(f"lab_{lab}" for lab in labs), "points", "of", "remarks"])
        for each in graded:
            points = [f"{each.lab(lab):g}" for lab in labs]
            of = sum(mark.of for mark in each.marks)
            remarks = _cell("; ".join(each.remarks))
            table.writerow([_cell(each.student), each.number, *points, f"{each.points:g}", of, remarks])


def _cell(text: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"'{line}" if line[:1] in tuple("=+-@") else line
