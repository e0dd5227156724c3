"""Runs in folders of their own: results on disk, errors as rows, interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deepsoc.errors import InputError, ToolError
from deepsoc.perf.runs import RESULT, Run, run_in_folders
from tests.conftest import interruptible

VALUES = (3, 4, 5, 6)


def runs(values: tuple[int, ...] = VALUES) -> list[Run[int]]:
    return [Run(f"v{value}", {"value": value}, value) for value in values]


def square(value: int, place: Path) -> dict[str, Any]:
    with (place / "attempts").open("a") as file:
        file.write("x")
    return {"square": value * value}


def attempts(folder: Path) -> dict[str, int]:
    return {path.parent.name: len(path.read_text()) for path in folder.glob("*/attempts")}


def test_every_run_is_a_row_and_is_made_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    first = run_in_folders(square, runs(), tmp_path, progress=lambda done, total: told.append((done, total)))
    assert list(first.columns) == ["run", "value", "square", "error"]
    assert first["square"].tolist() == [9, 16, 25, 36]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    longer = run_in_folders(square, runs((6, 7, 3, 7)), tmp_path)
    assert longer["square"].tolist() == [36, 49, 9, 49]
    assert attempts(tmp_path) == {f"v{value}": 1 for value in (3, 4, 5, 6, 7)}


def test_a_failed_run_is_a_row_and_is_tried_again(tmp_path: Path) -> None:
    errors: dict[int, Exception] = {3: ToolError("synthesis ended with status 1"), 5: ZeroDivisionError("by zero")}

    def sometimes(value: int, place: Path) -> dict[str, Any]:
        if value in errors:
            raise errors[value]
        return square(value, place)

    table = run_in_folders(sometimes, runs(), tmp_path)
    assert table["error"].tolist() == ["synthesis ended with status 1", "", "ZeroDivisionError: by zero", ""]
    assert table["square"].isna().tolist() == [True, False, True, False]
    errors.clear()
    assert run_in_folders(sometimes, runs(), tmp_path)["square"].tolist() == [9, 16, 25, 36]
    assert attempts(tmp_path) == {f"v{value}": 1 for value in VALUES}


def test_a_damaged_result_is_made_again(tmp_path: Path) -> None:
    run_in_folders(square, runs(), tmp_path)
    path = tmp_path / "v4" / RESULT
    whole = path.read_bytes()
    assert whole.count(b": 16") == 1
    damaged = [b"", b'{"square": 1', b"[]", b'{"row": {}, "sha256": 0}', b"[" * 9999, whole.replace(b": 16", b": 17")]
    damaged += [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(0, len(whole), 5)]
    for n, data in enumerate(damaged, 2):
        path.write_bytes(data)
        assert run_in_folders(square, runs(), tmp_path)["square"].tolist() == [9, 16, 25, 36]
        assert attempts(tmp_path) == {"v3": 1, "v4": n, "v5": 1, "v6": 1}
        assert path.read_bytes() == whole


SCRIPT = """
import sys, time
from pathlib import Path
from deepsoc.perf.runs import Run, run_in_folders
from tests.perf.test_runs import slow, runs
if __name__ == "__main__":
    run_in_folders(slow, runs(), sys.argv[1], cluster=int(sys.argv[2]) or None)
"""


def slow(value: int, place: Path) -> dict[str, Any]:
    """Run 3 ends, the others wait until the file `go` is there."""
    row = square(value, place)
    while value != 3 and not (place.parent / "go").exists():
        time.sleep(0.01)
    return row


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_call_goes_on_where_it_was(tmp_path: Path, workers: int) -> None:
    script, folder = tmp_path / "script.py", tmp_path / "runs"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(folder), str(workers)]
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2]))
    child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, preexec_fn=interruptible)
    deadline = time.monotonic() + 60
    while not ((folder / "v3" / RESULT).exists() and (folder / "v4" / "attempts").exists()):
        assert child.poll() is None, "ended before it was interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) != 0
    assert json.loads((folder / "v3" / RESULT).read_text())["row"] == {"error": "", "square": 9}
    assert [path.parent.name for path in folder.glob(f"*/{RESULT}")] == ["v3"]
    (folder / "go").touch()
    assert run_in_folders(slow, runs(), folder)["square"].tolist() == [9, 16, 25, 36]
    assert attempts(folder)["v3"] == 1


def test_no_runs_and_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="runs: expected at least one run"):
        run_in_folders(square, [], tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: cannot be written"):
        run_in_folders(square, runs(), tmp_path / "file")
    with pytest.raises(InputError, match="expected a number of processes"):
        run_in_folders(square, runs(), tmp_path / "out", cluster=0)
