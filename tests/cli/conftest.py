"""A folder with a small legal network and hardware, and a way to call the command line in it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deepsoc.cli.main import main

NET: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "tiny",
    "input": {"shape": [8, 8, 2]},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {
            "name": "b1",
            "input": "input",
            "core": {"type": "conv2d", "filters": 4, "kernel": [3, 3], "strides": [1, 1], "padding": "same"},
            "act": {"type": "relu", "slope": 0},
            "pool": {"type": "max", "size": [2, 2], "strides": [2, 2], "padding": "valid"},
        },
        {
            "name": "b2",
            "input": "b1",
            "core": {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same"},
            "add": {"with": "b1", "act": {"type": "relu", "slope": 0.125}},
            "flatten": True,
        },
        {"name": "out", "input": "b2", "core": {"type": "dense", "units": 5}, "softmax": True},
    ],
}
HW: dict[str, Any] = {"rows": 8, "cols": 24, "x_bits": 4, "k_bits": 4, "axi_data_bits": 64}


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Cli:
    """The working folder and the command line."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Outcome:
        self.capture.readouterr()
        status = main(arguments)
        return Outcome(status, *self.capture.readouterr())

    def names(self) -> set[str]:
        """Everything in the working folder, hidden files too."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}

    def refused(self, *arguments: str, says: str) -> None:
        """Fails unless the call ends as bad input must: status 2, one error line, nothing written."""
        before = self.names()
        outcome = self(*arguments)
        assert outcome.status == 2, outcome
        assert outcome.stdout == ""
        assert outcome.stderr.startswith("error: "), outcome.stderr
        assert outcome.stderr.count("\n") == 1, outcome.stderr
        assert says in outcome.stderr
        assert self.names() == before


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEEPSOC_DEBUG", raising=False)
    (tmp_path / "net.json").write_text(json.dumps(NET))
    (tmp_path / "hw.json").write_text(json.dumps(HW))
    return Cli(tmp_path, capfd)


def changed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at the dotted path set; numbers index lists."""
    copied = copy.deepcopy(data)
    *parents, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    place: Any = copied
    for key in parents:
        place = place[key]
    place[last] = value
    return copied
