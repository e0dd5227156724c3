"""What a command tells its job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepsoc import _progress
from deepsoc.cli import _text


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(_progress.VARIABLE, str(tmp_path / "progress.jsonl"))
    monkeypatch.setattr(_progress, "_last", ("", 0.0))
    return tmp_path / "progress.jsonl"


def _lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_lines(file: Path) -> None:
    _progress.report("build", 1, 4, "some words")
    _progress.report("run", 9, 4)
    _progress.report("look", 1, 0)
    assert _lines(file) == [
        {"stage": "build", "progress": 0.25, "message": "some words"},
        {"stage": "run", "progress": 1.0, "message": ""},
        {"stage": "look", "progress": None, "message": ""},
    ]


def test_not_too_many(file: Path) -> None:
    for i in range(1001):
        _progress.report("run", i, 1000)
    shares = [line["progress"] for line in _lines(file)]
    assert len(shares) < 100
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_without_a_job(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_progress.VARIABLE)
    _progress.report("run", 1, 2)
    assert not file.exists()
    monkeypatch.setenv(_progress.VARIABLE, "/dev/full")
    _progress.report("run", 1, 2)
    monkeypatch.setenv(_progress.VARIABLE, str(file / "gone" / "x"))
    _progress.report("run", 1, 2)


def test_commands_tell(file: Path) -> None:
    with _text.progress() as tell:
        assert tell
        tell("building", 0.5)
    with _text.sweep_progress() as tell_points:
        assert tell_points
        tell_points(3, 4)
    assert [(line["stage"], line["progress"]) for line in _lines(file)] == [("building", 0.5), ("points", 0.75)]
