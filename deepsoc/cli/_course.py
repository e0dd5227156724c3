"""The commands course handout, collect and grade: the labs for students, what they hand in, and their points."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from deepsoc.cli._answer import Answer, respond
from deepsoc.cli._options import Json

__all__ = ["register"]

_Roster = Annotated[
    Path | None,
    typer.Option("--students", metavar="CSV", help="Names of the students, one a line.", exists=True, dir_okay=False),
]
_Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder with a folder or a notebook of each student.", file_okay=False)
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    course = typer.Typer(help="Labs for students: hand them out, collect them, mark them.", no_args_is_help=True)
    course.command()(handout)
    course.command()(collect)
    course.command()(grade)
    app.add_typer(course, name="course")


def handout(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    students: _Roster = None,
    as_json: Json = False,
) -> None:
    """Write the labs without solutions; with --students a folder for each, with the student's number."""

    def work() -> Answer:
        from deepsoc.teaching.checker import LABS, exercises
        from deepsoc.teaching.handout import write_course
        from deepsoc.teaching.submissions import number_of, read_roster, slugs

        names = read_roster(students) if students else []
        folders = slugs(names)
        write_course(directory, {folders[name]: number_of(name) for name in names} or None)
        rows = [{"student": name, "number": number_of(name), "folder": directory / folders[name]} for name in names]
        points = sum(each.points for lab in range(1, LABS + 1) for each in exercises(lab))
        data = {"folder": directory, "labs": LABS, "points": points, "students": rows}

        def text() -> None:
            typer.echo(f"{LABS} labs, {points} points, in {directory}")
            for row in rows:
                typer.echo(f"{row['student']}: number {row['number']}, {row['folder']}")

        return Answer(data, text)

    respond(work, as_json=as_json)


def collect(
    directory: _Folder,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUT", help="Copy what counts there, a folder a student.")
    ] = None,
    students: _Roster = None,
    as_json: Json = False,
) -> None:
    """Show who handed in what; runs nothing."""

    def work() -> Answer:
        from deepsoc.teaching.checker import exercises
        from deepsoc.teaching.submissions import collect as found_in
        from deepsoc.teaching.submissions import copy_all, read_roster

        found = found_in(directory, read_roster(students) if students else [])
        if out is not None:
            copy_all(found, out)
        rows: list[dict[str, Any]] = [
            {
                "student": one.student,
                "labs": one.labs,
                "notebooks": [str(notebook.path) for notebook in one.notebooks],
                "points": sum(each.points for lab in one.labs for each in exercises(lab)),
                "remarks": one.remarks,
            }
            for one in found.submissions
        ]
        data = {"students": rows, "points": sum(row["points"] for row in rows), "ignored": found.ignored, "out": out}

        def text() -> None:
            for row in rows:
                labs = ", ".join(map(str, row["labs"])) or "none"
                typer.echo(f"{row['student']}: labs {labs}")
                for remark in row["remarks"]:
                    typer.echo(f"  {remark}")
            for line in found.ignored:
                typer.echo(f"left out: {line}")

        return Answer(data, text)

    respond(work, as_json=as_json)


def grade(
    directory: _Folder,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUT", help="Folder for the reports. Default: DIR-grades.")
    ] = None,
    students: _Roster = None,
    cell_timeout: Annotated[
        int, typer.Option("--cell-timeout", metavar="S", help="Seconds that a cell may take.", min=1)
    ] = 600,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="S", help="Seconds that a notebook may take.", min=1)
    ] = 1800,
    as_json: Json = False,
) -> None:
    """Run what students handed in, each notebook in a kernel of its own, and mark the answers."""

    def work() -> Answer:
        from deepsoc.teaching.grading import Graded, Limits
        from deepsoc.teaching.grading import grade as marked
        from deepsoc.teaching.submissions import collect as found_in
        from deepsoc.teaching.submissions import read_roster

        roster = read_roster(students) if students else []
        target = out or directory.with_name(f"{directory.absolute().name}-grades")
        found = found_in(directory, roster)

        def tell(graded: Graded) -> None:
            typer.echo(f"{graded.student}: {graded.points:g} points", err=as_json)

        graded = marked(found, target, roster=roster, limits=Limits(cell_timeout, timeout, timeout), progress=tell)
        rows = [
            {
                "student": each.student,
                "number": each.number,
                "points": each.points,
                "of": sum(mark.of for mark in each.marks),
                "exercises": {mark.exercise: mark.points for mark in each.marks},
                "remarks": each.remarks,
                "report": each.report,
            }
            for each in graded
        ]
        data = {
            "students": rows, "points": {each.student: each.points for each in graded}, "ignored": found.ignored,
            "table": target / "points.csv",
        }  # fmt: skip

        def text() -> None:
            for line in found.ignored:
                typer.echo(f"left out: {line}")
            typer.echo(f"table: {data['table']}")

        return Answer(data, text)

    respond(work, as_json=as_json)
