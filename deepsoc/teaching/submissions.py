"""What students hand in: a folder or a notebook each, whatever their names, and never more than that."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from deepsoc._files import read_bytes, read_text
from deepsoc.errors import InputError, ToolError
from deepsoc.teaching.checker import LABS

__all__ = [
    "Collection",
    "Notebook",
    "Submission",
    "collect",
    "copy_all",
    "copy_submission",
    "number_of",
    "read_roster",
    "slugs",
]

_MOST_BYTES, _MOST_FILES, _MOST_NOTEBOOKS = 32 << 20, 2000, 40  # of one student
_LONGEST_NAME = 100
_STRANGER = "not in the list of students"
_CHECKED = re.compile(r"\bcheck\(\s*[\"'](\d)\.\d+[\"']")
_NUMBER = re.compile(r"^NUMBER\s*=\s*(\d{1,18})\b", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    """A notebook that was handed in.

    Attributes:
        path: below the student's folder.
        labs: whose exercises it checks.
        number: of the student, as it says; None: it does not.
    """

    path: Path
    labs: tuple[int, ...]
    number: int | None


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes:
        student: the name.
        root: folder of the student, or the folder that holds the student's only notebook; None: there is nothing.
        notebooks: in their order.
        files: everything to copy, relative to `root`.
        remarks: what was left out, and why.
    """

    student: str
    root: Path | None = None
    notebooks: tuple[Notebook, ...] = ()
    files: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def labs(self) -> list[int]:
        """The labs that were handed in."""
        return sorted({lab for notebook in self.notebooks for lab in notebook.labs})


@dataclass(frozen=True)
class Collection:
    """What is in a folder of submissions.

    Attributes:
        submissions: one a student, in the order of names.
        ignored: what belongs to nobody, and why.
    """

    submissions: list[Submission] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def number_of(student: str) -> int:
    """The number of a student, always the same for a name: six digits."""
    digest = hashlib.sha256(f"student {_clean(student).casefold()}".encode()).digest()
    return 100_000 + int.from_bytes(digest[:8], "big") % 900_000


def read_roster(path: Path) -> list[str]:
    """Names of the students: the first column of a CSV file, with or without the heading `student`.

    Raises:
        InputError: it cannot be read, is empty, or a name is there twice or is none.
    """
    rows = csv.reader(read_text(path, "the list of students").splitlines())
    names = [_clean(row[0]) for row in rows if row and row[0].strip()]
    names = names[1:] if names and names[0].casefold() == "student" else names
    if not names:
        raise InputError("no names; expected one a line", where=str(path))
    seen: set[str] = set()
    for name in names:
        if len(name) > _LONGEST_NAME or name.startswith(".") or re.search(r"[/\\]", name):
            raise InputError(f"{name!r} is no name: expected up to {_LONGEST_NAME} letters without / and \\, no dot "
                             "in front", where=str(path))  # fmt: skip
        if name.casefold() in seen:
            raise InputError(f"{name!r} is there twice; give everybody another name", where=str(path))
        seen.add(name.casefold())
    return names


def slugs(students: Sequence[str]) -> dict[str, str]:
    """By student a name for a file or folder, safe and not taken twice."""
    taken: set[str] = set()
    found = {}
    for student in students:
        plain = re.sub(r"[^\w.-]+", "_", student).strip("._")[:60] or "student"
        name, i = plain, 2
        while name.casefold() in taken:
            name, i = f"{plain}_{i}", i + 1
        taken.add(name.casefold())
        found[student] = name
    return found


def collect(folder: Path, roster: Sequence[str] = ()) -> Collection:
    """What students handed in. Links, devices and hidden files are left out; nothing is executed.

    Args:
        folder: one folder or one notebook a student.
        roster: names of the students; those who handed in nothing are in the result, too.

    Raises:
        InputError: no such folder.
        ToolError: nbformat is not installed.
    """
    if not folder.is_dir():
        raise InputError("expected a folder with one folder or notebook a student", where=str(folder))
    found: dict[str, Submission] = {}
    loose: dict[str, list[Path]] = {}
    ignored = []
    for entry in sorted(folder.iterdir()):
        mode = entry.lstat().st_mode
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        if stat.S_ISREG(mode) and entry.suffix.lower() == ".ipynb":
            loose.setdefault(_owner(entry.stem, roster), []).append(Path(entry.name))
        elif not stat.S_ISDIR(mode):
            ignored.append(f"{_clean(entry.name)}: neither a folder nor a notebook")
        elif (student := _owner(entry.name, roster)) in found:
            ignored.append(f"{_clean(entry.name)}: {student} has another folder, which counts")
        else:
            found[student] = _of_folder(student, entry)
    for student, files in loose.items():
        if student in found:
            ignored += [f"{_clean(path.name)}: {student} has a folder, which counts" for path in files]
        else:
            found[student] = _read(student, folder, files, [])
    if roster:
        strangers = {student for student in found if student not in roster}
        found |= {name: replace(found[name], remarks=(*found[name].remarks, _STRANGER)) for name in strangers}
    for student in roster:
        found.setdefault(student, Submission(student, remarks=("nothing handed in",)))
    return Collection(sorted(found.values(), key=lambda one: one.student.casefold()), ignored)


def copy_submission(submission: Submission, target: Path) -> None:
    """Copies the files of a submission into a new folder."""
    target.mkdir(parents=True)
    for path in submission.files:
        assert submission.root is not None
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(submission.root / path, copy, follow_symlinks=False)


def copy_all(found: Collection, target: Path) -> None:
    """Copies every submission into a folder of its student's name.

    Args:
        found: what was handed in.
        target: a new or empty folder.

    Raises:
        InputError: it holds something, or cannot be written.
    """
    names = slugs([one.student for one in found.submissions])
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError("there is something already; give a new or empty folder", where=str(target))
        for one in found.submissions:
            if one.files:
                copy_submission(one, target / names[one.student])
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {error.strerror}", where=str(target)) from None


def _owner(name: str, roster: Sequence[str]) -> str:
    """The student of a folder or notebook: one of the list whose name it has or begins with, else the name itself."""
    plain = _plain(name)
    begins = [student for student in roster if (plain + "_").startswith(_plain(student) + "_")]
    return max(begins, key=len, default=_clean(name))


def _plain(name: str) -> str:
    """A name for comparisons: systems for courses change blanks and add to names."""
    return re.sub(r"[\W_]+", "_", _clean(name).casefold()).strip("_")


def _clean(name: str) -> str:
    """A name without what cannot be shown."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_NAME] or "student"


def _of_folder(student: str, root: Path) -> Submission:
    remarks: list[str] = []
    return _read(student, root, sorted(_files(root, remarks)), remarks)


def _files(root: Path, remarks: list[str]) -> Iterator[Path]:
    """Regular files below a folder; links are not followed."""
    size = count = 0
    for place, folders, files in os.walk(root, followlinks=False):
        for name in [*folders, *files]:
            path = Path(place) / name
            mode = path.lstat()
            if name.startswith(".") or name == "__pycache__":
                continue
            if stat.S_ISREG(mode.st_mode):
                size, count = size + mode.st_size, count + 1
                if size > _MOST_BYTES or count > _MOST_FILES:
                    remarks.append(f"more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MiB; the rest is left out")
                    return
                yield path.relative_to(root)
            elif not stat.S_ISDIR(mode.st_mode):
                remarks.append(f"{_clean(name)}: left out, neither a file nor a folder")
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]


def _read(student: str, root: Path, files: list[Path], remarks: list[str]) -> Submission:
    notebooks: list[Notebook] = []
    for path in files:
        if path.suffix.lower() != ".ipynb":
            continue
        if len(notebooks) == _MOST_NOTEBOOKS:
            remarks.append(f"more than {_MOST_NOTEBOOKS} notebooks; the rest is left out")
            break
        try:
            notebooks.append(_notebook(root, path))
        except InputError as error:
            remarks.append(str(error))
    if not notebooks:
        remarks.append("no notebook that can be read")
    for lab in range(1, LABS + 1):
        if sum(lab in notebook.labs for notebook in notebooks) > 1:
            remarks.append(f"lab {lab} is there more than once; the last answer to an exercise counts")
    return Submission(student, root, tuple(notebooks), tuple(files), tuple(remarks))


def _notebook(root: Path, path: Path) -> Notebook:
    try:
        import nbformat
    except ImportError:
        raise ToolError("nbformat is not installed; get it with: pip install 'deepsoc[lab]'") from None

    where = _clean(str(path))
    try:
        text = read_bytes(root / path, "the notebook", most=_MOST_BYTES).decode("utf-8-sig")
        cells = nbformat.reads(text, as_version=4).cells  # type: ignore[no-untyped-call]
        code = "\n".join(str(cell.source) for cell in cells if cell.cell_type == "code")
    except InputError as error:
        raise InputError(str(error).removeprefix(f"{root / path}: "), where=where) from None
    except Exception as error:  # whatever a file of any content makes nbformat raise
        raise InputError(f"no notebook ({type(error).__name__})", where=where) from None
    labs = {int(lab) for lab in _CHECKED.findall(code)} & set(range(1, LABS + 1))
    number = _NUMBER.search(code)
    return Notebook(path, tuple(sorted(labs)), int(number[1]) if number else None)
