"""What students hand in: whatever it is, what counts is found, and the rest is named."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from deepsoc.assets import folder
from deepsoc.errors import InputError
from deepsoc.teaching.handout import write_course
from deepsoc.teaching.submissions import collect, copy_all, number_of, read_roster, slugs


def notebook(path: Path, *cells: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=code), path)
    return path


def test_a_handout_has_the_labs_and_nothing_of_the_instructor(tmp_path):
    (place,) = write_course(tmp_path / "course")
    assert place == tmp_path / "course"
    labs = folder("notebooks") / "labs"
    assert {path.name for path in place.rglob("*")} == {path.name for path in labs.glob("*.ipynb")}
    for path in place.glob("*.ipynb"):
        assert path.read_text() == (labs / path.name).read_text()
        assert not re.search(r"solution|[Ii]nstructor", path.read_text()), path.name


def test_every_student_gets_a_number_in_every_lab(tmp_path):
    numbers = {"ada": number_of("ada"), "grace": number_of("grace")}
    write_course(tmp_path / "course", numbers)
    for name, number in numbers.items():
        labs = sorted((tmp_path / "course" / name).glob("0[1-7]*.ipynb"))
        assert len(labs) == 7
        for path in labs:
            found = re.findall(r'"NUMBER = (\d+) ', path.read_text())
            assert found == [str(number)], path
            nbformat.validate(nbformat.read(path, as_version=4))
    found = collect(tmp_path / "course").submissions
    assert [(one.student, one.labs) for one in found] == [(name, [1, 2, 3, 4, 5, 6, 7]) for name in numbers]
    assert {each.number for one in found for each in one.notebooks} == {None, *numbers.values()}  # the index has none


def test_a_handout_overwrites_nothing(tmp_path):
    (tmp_path / "a").write_text("")
    for place in (tmp_path, tmp_path / "a"):
        with pytest.raises(InputError, match="new or empty folder"):
            write_course(place)
    (tmp_path / "empty").mkdir()
    assert len(list(write_course(tmp_path / "empty")[0].iterdir())) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "empty"]


def test_a_number_is_of_the_name_alone():
    assert number_of("Ada") == number_of(" ada ") == number_of("ADA")
    numbers = {number_of(f"student {i}") for i in range(500)}
    assert len(numbers) > 495
    assert all(100_000 <= number < 1_000_000 for number in numbers)


def test_the_roster_is_the_first_column(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text('student,mail\n"Lovelace, Ada",a@b\n\n Grace  Hopper ,\n', encoding="utf-8-sig")
    assert read_roster(path) == ["Lovelace, Ada", "Grace Hopper"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no names"), ("student\n", "no names"), ("a\nA\n", "twice"), ("../x\n", "no name"), (".x\n", "no name"),
     ("a\\b\n", "no name"), (f"{'x' * 101}\n", None)],
)  # fmt: skip
def test_a_wrong_roster_is_refused(text, says, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(text)
    if says is None:
        assert len(read_roster(path)[0]) == 100
        return
    with pytest.raises(InputError, match=says):
        read_roster(path)


def test_names_of_files_are_safe_and_apart():
    found = slugs(["Ada", "ada", "../../etc", "=1+1", "…", "", "CON/x", "Żółć"])
    assert list(found.values()) == ["Ada", "ada_2", "etc", "1_1", "student", "student_2", "CON_x", "Żółć"]


def test_folders_and_notebooks_with_odd_names_are_found(tmp_path):
    notebook(tmp_path / "Ada-Lovelace_77_assign" / "sub dir" / "01 (1).IPYNB", 'check("1.1", 5)')
    notebook(tmp_path / "grace hopper_lab 2.ipynb", "NUMBER = 77\ncheck('2.1', 5)\ncheck( '4.1', 5)")
    notebook(tmp_path / "grace hopper.ipynb", 'check("1.1", 5)')
    notebook(tmp_path / "Mallory.ipynb", 'check("9.1", 5)')
    found = collect(tmp_path, ["Ada Lovelace", "Grace Hopper", "Ada", "Linus"])
    assert [(one.student, one.labs) for one in found.submissions] == [
        ("Ada", []), ("Ada Lovelace", [1]), ("Grace Hopper", [1, 2, 4]), ("Linus", []), ("Mallory", []),
    ]  # fmt: skip
    remarks = {one.student: one.remarks for one in found.submissions}
    assert remarks["Linus"] == ("nothing handed in",)
    assert "not in the list of students" in remarks["Mallory"]
    assert [each.number for each in found.submissions[2].notebooks] == [None, 77]


def test_what_cannot_be_read_is_named_and_the_rest_counts(tmp_path):
    place = tmp_path / "subs"
    notebook(place / "ada" / "good.ipynb", 'check("1.1", 5)')
    notebook(place / "ada" / "again.ipynb", 'check("1.1", 6)')
    for name, content in {"empty": b"", "bytes": b"\xff\xfe\x00", "list": b"[]", "cells": b'{"cells": 3}',
                          "deep": b"[" * 200_000, "null": b"null"}.items():  # fmt: skip
        (place / "ada" / f"{name}.ipynb").write_bytes(content)
    secret = notebook(tmp_path / "secret.ipynb", 'check("2.1", 5)')
    (place / "ada" / "link.ipynb").symlink_to(secret)
    (place / "ada" / "up").symlink_to(tmp_path)
    notebook(place / "ada" / ".ipynb_checkpoints" / "good.ipynb", 'check("3.1", 5)')
    os.mkfifo(place / "ada" / "pipe.ipynb")
    os.mkfifo(place / "pipe.ipynb")
    (place / "eve").symlink_to(tmp_path)
    (place / "notes.txt").write_text("")
    found = collect(place)
    (ada,) = found.submissions
    assert ada.labs == [1]
    assert [str(each.path) for each in ada.notebooks] == ["again.ipynb", "good.ipynb"]
    for name in ("empty", "bytes", "list", "cells", "deep", "null", "link", "up", "pipe"):
        assert any(remark.startswith(name) for remark in ada.remarks), (name, ada.remarks)
    assert any("lab 1 is there more than once" in remark for remark in ada.remarks)
    assert [line.partition(":")[0] for line in found.ignored] == ["eve", "notes.txt", "pipe.ipynb"]

    copy_all(found, tmp_path / "copy")
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.ipynb")}
    assert not any(re.search("link|secret|pipe|checkpoints", name) for name in copied)
    assert not any(path.is_symlink() for path in (tmp_path / "copy").rglob("*"))
    with pytest.raises(InputError, match="new or empty folder"):
        copy_all(found, tmp_path / "copy")


def test_too_much_is_left_out(tmp_path):
    place = tmp_path / "ada"
    notebook(place / "a.ipynb", 'check("1.1", 5)')
    with (place / "b.bin").open("wb") as file:
        file.truncate(1 << 40)  # a hole
    notebook(place / "c.ipynb", 'check("2.1", 5)')
    (ada,) = collect(tmp_path).submissions
    assert any("MiB" in remark for remark in ada.remarks)
    assert all(path.suffix == ".ipynb" for path in ada.files)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="one folder or notebook a student"):
        collect(tmp_path / "no")


def test_a_notebook_of_an_old_format_counts(tmp_path):
    cell = {"cell_type": "code", "input": ['check("1.1", 5)'], "outputs": [], "language": "python"}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    (tmp_path / "ada.ipynb").write_text(json.dumps(old))
    assert collect(tmp_path).submissions[0].labs == [1]
