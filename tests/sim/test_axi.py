"""The harness's AXI slaves: timing, data, and every rule that they check."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import deepsoc.sim

HARNESS = Path(deepsoc.sim.__file__).parent / "harness"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    program = tmp_path_factory.mktemp("axi") / "axi_check"
    source = Path(__file__).with_name("axi_check.cpp")
    flags = ["-std=gnu++20", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{HARNESS}"]
    subprocess.run([compiler, *flags, source, "-o", program], check=True)
    return program


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("read burst", "ok"),
        ("two bursts back to back", "ok"),
        ("write burst", "ok"),
        ("data before address", "ok"),
        ("stalls", "ok"),
        ("errors at their beat", "ok"),
        ("stop in the middle", "ok"),
        ("read after the stop", "r.ar: a new address after the stop"),
        ("write after the stop", "w.aw: a new address after the stop"),
        ("strobes after the stop", "w.w: a new beat with strobes after the stop"),
        ("valid falls", "r.arvalid fell before arready"),
        ("address changes", "r.ar changed before arready"),
        ("data changes", "w.w changed before wready"),
        ("page", "r.ar: burst at 0x40001ff8 of 2 beats crosses 4 KiB"),
        ("below the arena", "r.ar: burst at 0x40000ff8 of 1 beats leaves the arena at 0x40001000"),
        ("above the arena", "w.aw: burst at 0x40005000 of 1 beats leaves the arena at 0x40001000"),
        ("too long", "r.ar: 17 beats, more than axi_max_burst 16"),
        ("size", "r.ar: size is 4 bytes, not 8"),
        ("type", "w.aw: burst type is not INCR"),
        ("last too early", "w.wlast is 1 on beat 0 of 2"),
        ("last missing", "w.wlast is 0 on beat 0 of 1"),
        ("strobe before the address", "w.wstrb selects bytes before the address 0x40001003"),
        ("outside the output", "w.w: byte at 0x40001004 lies outside the operation's output 0x40001000 … 0x40001004"),
    ],
)
def test_axi_slave(bench: Path, scenario: str, message: str) -> None:
    assert subprocess.run([bench, scenario], check=True, capture_output=True, text=True).stdout.strip() == message
