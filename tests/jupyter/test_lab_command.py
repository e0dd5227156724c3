"""`deepsoc lab`: where it works, what it brings, what it leaves alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deepsoc.assets import folder
from deepsoc.cli.main import main


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """The commands that would have run, with their environment."""
    made: list[tuple[list[str], dict[str, str]]] = []

    def record(command: list[str], *, env: dict[str, str], check: bool) -> subprocess.CompletedProcess[bytes]:
        made.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", record)
    return made


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebooks as a wheel has them: read-only."""
    source = tmp_path / "site-packages" / "deepsoc" / "_assets" / "notebooks"
    (source / "labs").mkdir(parents=True)
    (source / "01_quickstart.ipynb").write_text("one")
    (source / "labs" / "00_index.ipynb").write_text("index")
    (source / "labs" / "instructor").mkdir()
    (source / "labs" / "instructor" / "01_data.ipynb").write_text("the solutions, which stay behind")
    (source / "jobs" / "x").mkdir(parents=True)
    (source / "jobs" / "x" / "job.json").write_text("{}")
    for file in source.rglob("*.ipynb"):
        file.chmod(0o444)
    monkeypatch.setattr("deepsoc.assets.folder", lambda name: source)
    monkeypatch.chdir(tmp_path)
    return source


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_checkout_is_worked_in_directly(calls):
    before = files(folder("notebooks"))
    assert main(["lab", "--no-browser"]) == 0
    ((command, _),) = calls
    assert command[1:] == ["-m", "jupyterlab", str(folder("notebooks")), "--no-browser"]
    assert files(folder("notebooks")) == before


def test_a_wheel_is_copied_writable_into_the_present_folder(calls, wheel):
    assert main(["lab"]) == 0
    target = Path.cwd() / "deepsoc-notebooks"
    assert calls[0][0][-1] == str(target)
    assert files(target) == {"01_quickstart.ipynb": "one", "labs/00_index.ipynb": "index"}
    assert (target / "01_quickstart.ipynb").stat().st_mode & 0o200


def test_only_what_is_missing_is_copied(calls, wheel, tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "01_quickstart.ipynb").write_text("my own work")
    assert main(["lab", "--dir", str(target)]) == 0
    assert files(target) == {"01_quickstart.ipynb": "my own work", "labs/00_index.ipynb": "index"}


def test_a_folder_that_cannot_be_is_bad_input(calls, wheel, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["lab", "--dir", str(tmp_path / "file" / "below")]) == 2
    assert "--dir" in capsys.readouterr().err
    assert not calls


def test_what_the_user_configured_stays(calls, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    assert main(["lab"]) == 0
    first, second = calls[0][1]["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert first == "/mine"
    assert (Path(second) / "labconfig" / "page_config.json").is_file()
