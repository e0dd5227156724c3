"""Damaged inputs of every kind, in this process and through the command: the product's own errors, and nothing else.

A run prints its seed with a failure; DEEPSOC_SEED=N repeats it, and the input that failed stays in the folder it names.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from deepsoc.errors import DeepSocError
from tests.fuzz.targets import TARGETS, Target, prepare

_WATCH_S = 20
"""Seconds after which an input counts as one that hangs."""
_MEMORY = 2 << 30
"""Bytes by which all inputs together may raise what the process takes at its peak."""
_LONGEST = 5000  # characters of an error
_FAST, _SLOW = 30, 280  # inputs a target: 360 and 3,360
_FAST_CALLS, _SLOW_CALLS = 1, 20  # calls of the command a target that has one: 11 and 220
COMMANDED = [target for target in TARGETS if target.name != "design"]

NAMED = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


class _Hangs(BaseException):
    """An input took longer than the watch allows."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    prepare(folder)
    return folder


@contextmanager
def watched() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise _Hangs

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _WATCH_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def cases(target: Target, whole: Path, place: Path, seed: int, count: int) -> Iterator[tuple[Path, random.Random]]:
    """Folders with one damaged input each; all whole but for that."""
    for i in range(count):
        folder = place / f"{target.name}-{i}"
        shutil.copytree(whole, folder)
        rng = random.Random(f"{seed} {target.name} {i}")
        target.damage(folder, rng)
        yield folder, rng


def finding(target: Target, folder: Path) -> str:
    """What is wrong with how the input is read; empty if nothing is."""
    try:
        with watched(), warnings.catch_warnings():
            warnings.simplefilter("error")
            target.read(folder)
    except DeepSocError as error:
        return "" if len(str(error)) < _LONGEST else f"a message of {len(str(error))} characters"
    except (Exception, _Hangs):
        return traceback.format_exc(limit=-6, chain=False)
    return ""


def check(target: Target, whole: Path, place: Path, seed: int, count: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = []
    for folder, _ in cases(target, whole, place, seed, count):
        if problem := finding(target, folder):
            found.append(f"{folder}:\n{problem}")
        else:
            shutil.rmtree(folder)
    assert not found, f"{len(found)} of {count}\n" + "\n".join(found[:10])
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024 < _MEMORY


@NAMED
def test_whole_inputs_are_read(target: Target, whole: Path, tmp_path: Path) -> None:
    """Nothing is tested by damage to what is refused anyway."""
    folder = tmp_path / "whole"
    shutil.copytree(whole, folder)
    target.read(folder)


@NAMED
def test_damaged_inputs_in_process(target: Target, whole: Path, tmp_path: Path, seed: int) -> None:
    check(target, whole, tmp_path, seed, _FAST)


@pytest.mark.slow
@NAMED
def test_many_damaged_inputs_in_process(target: Target, whole: Path, tmp_path: Path, seed: int) -> None:
    check(target, whole, tmp_path, seed, _SLOW)


def check_command(target: Target, whole: Path, place: Path, seed: int, count: int) -> None:
    found = []
    calls = 0
    for folder, rng in cases(target, whole, place, seed, 10 * count):
        if calls < count and (commands := target.commands(folder)):
            calls += 1
            command = rng.choice(commands)
            done = subprocess.run(
                [sys.executable, "-m", "deepsoc.cli.main", *command],
                cwd=folder,
                env={name: value for name, value in os.environ.items() if name != "DEEPSOC_DEBUG"},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=600,
            )
            said = done.stderr
            line = said.startswith("error: ") and said.count("\n") == 1 and len(said) < _LONGEST
            if done.returncode not in (0, 1, 2) or (line if done.returncode == 0 else not line):
                found.append(f"{folder}: {' '.join(command)}: status {done.returncode}\n{said[-3000:]}")
                continue
            assert done.returncode == 0 or not list(folder.glob("new*/manifest.json"))
        shutil.rmtree(folder)
    assert calls == count
    assert not found, f"{len(found)} of {count}\n" + "\n".join(found[:10])


@pytest.mark.parametrize("target", COMMANDED, ids=lambda target: target.name)
def test_damaged_inputs_through_the_command(target: Target, whole: Path, tmp_path: Path, seed: int) -> None:
    check_command(target, whole, tmp_path, seed, _FAST_CALLS)


@pytest.mark.slow
@pytest.mark.parametrize("target", COMMANDED, ids=lambda target: target.name)
def test_many_damaged_inputs_through_the_command(target: Target, whole: Path, tmp_path: Path, seed: int) -> None:
    check_command(target, whole, tmp_path, seed, _SLOW_CALLS)
