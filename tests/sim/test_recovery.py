"""After every kind of disturbance, at random points, the next run on the same accelerator is right to the last bit."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deepsoc.sim.build import build
from tests.sim.test_simulate import HW, NET, exported

pytestmark = pytest.mark.xdist_group("simulator")

# Besides what NET has: partial sums (27 rows of weights a channel exceed the RAM) and 32-bit outputs.
_DEEP = {"type": "conv2d", "filters": 5, "kernel": [3, 3], "strides": [1, 1], "padding": "same"}
_WIDE: dict[str, Any] = NET["bundles"][0] | {"name": "wide", "core": _DEEP | {"filters": 24}}
DEEP: dict[str, Any] = NET | {"bundles": [_WIDE, {"name": "deep", "input": "wide", "core": _DEEP}]}


class _Program:
    """The program of recovery.cpp for one network."""

    def __init__(self, place: Path, net: dict[str, Any]) -> None:
        self.export = exported(place, net)
        self.program = build(self.export.path, place, main=Path(__file__).with_name("recovery.cpp"))
        manifest = self.export.manifest
        self.outputs, self.expected = place / "outputs.txt", place / "expected.bin"
        self.outputs.write_text("".join(f"{op.y_offset} {op.y_bytes}\n" for op in manifest.operations))
        self.export.output().astype("<i4").tofile(self.expected)

    def run(self, *, latency: int, stall: float, seed: int, trials: int, kinds: tuple[str, ...] = ()) -> list[str]:
        """The lines of `trials` right trials."""
        files = (self.export.path / "weights.bin", self.export.path / "input.bin", self.outputs, self.expected)
        options = (latency, stall, HW.axi_max_burst, seed, trials)
        done = subprocess.run(
            [str(part) for part in (self.program, *files, *options, *kinds)],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"seed {seed}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
        lines = done.stdout.splitlines()
        assert len(lines) == trials
        return lines


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> _Program:
    return _Program(tmp_path_factory.mktemp("recovery"), NET)


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> _Program:
    return _Program(tmp_path_factory.mktemp("recovery"), DEEP)


def test_the_networks_use_every_port(flat: _Program, deep: _Program) -> None:
    operands = [[op.name for op in each.export.manifest.operations if op.axi_bytes.o] for each in (flat, deep)]
    assert operands == [["b2"], ["deep.pass1"]]


@pytest.mark.parametrize(("latency", "stall"), [(60, 0.0), (60, 0.3), (0, 0.0)])
def test_the_next_run_is_right(flat: _Program, seed: int, latency: int, stall: float) -> None:
    lines = flat.run(latency=latency, stall=stall, seed=seed % 2**40, trials=51)
    kinds = Counter(re.split(r"[ :]", line)[0] for line in lines)
    assert kinds["read-error"] >= 9
    assert set("xko") == {line.split(":")[2] for line in lines if line.startswith("read-error")}
    assert len(kinds) == 14


def test_the_next_run_is_right_after_partial_sums(deep: _Program, seed: int) -> None:
    deep.run(latency=60, stall=0.2, seed=seed % 2**40, trials=34)


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0, 7, 60, 300])
@pytest.mark.parametrize("stall", [0.0, 0.1, 0.5])
def test_many_more(flat: _Program, deep: _Program, seed: int, latency: int, stall: float) -> None:
    for number in range(4):
        for program in (flat, deep):
            program.run(latency=latency, stall=stall, seed=seed % 2**40 + number, trials=170)
