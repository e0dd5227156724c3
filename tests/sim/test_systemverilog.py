"""The back end systemverilog: the testbench of rtl/tb, here by Verilator, and the scripts for other simulators."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from deepsoc._files import replace_once
from deepsoc.assets import folder
from deepsoc.export import Artifacts, export
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate
from tests.sim.test_simulate import HW, NET

pytestmark = pytest.mark.xdist_group("systemverilog")


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    graph = parse_net(NET).to_graph(seed=3)
    return export(graph, HW, tmp_path_factory.mktemp("sv") / "design", seed=4)


@pytest.mark.parametrize(("stall_prob", "latency", "count"), [(0.3, 40, 3), (0.0, 0, 2), (0.7, 16, 1)])
def test_clock_by_clock_as_the_harness(
    design: Artifacts, tmp_path: Path, seed: int, stall_prob: float, latency: int, count: int
) -> None:
    """The bench draws the same stalls and answers at the same clocks: what it measures is what the harness measures."""
    images = np.random.default_rng(seed).normal(scale=0.5, size=(count, *NET["input"]["shape"]))
    options = {"images": images, "stall_prob": stall_prob, "mem_latency": latency, "seed": seed}
    mine = simulate(design.path, backend="systemverilog", outputs=tmp_path / "s.npy", **options)
    mine.raise_for_mismatch()
    theirs = simulate(design.path, outputs=tmp_path / "v.npy", **options)
    assert mine.operations == theirs.operations
    assert (mine.cycles_rtl, mine.cycles_register) == (theirs.cycles_rtl, theirs.cycles_register)
    np.testing.assert_array_equal(np.load(tmp_path / "s.npy"), np.load(tmp_path / "v.npy"))
    assert (mine.backend, mine.simulator, mine.images) == ("systemverilog", "verilator", count)


def test_seeds_decide_the_stalls(design: Artifacts) -> None:
    clocks = [simulate(design.path, backend="systemverilog", stall_prob=0.3, seed=s).cycles_rtl for s in (1, 1, 2)]
    assert clocks[0] == clocks[1] != clocks[2]


@pytest.mark.parametrize(
    ("hang", "says"),
    [
        ("for (volatile int i = 1; i;) { }", "(b1): the firmware hangs: it touches no register within 2 s"),
        (
            "for (;;) { (void)reg_read(ctx, DSOC_REG_ID); }",
            "(out): no transfer for 500000 clocks, and the firmware asks",
        ),
    ],
)
def test_a_firmware_that_hangs_is_named_with_the_operation(
    design: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hang: str, says: str
) -> None:
    """It hangs behind the start: without a register access, or with one after the other."""
    start = "const dsoc_status_t status = dsoc_start(ctx);"
    c = shutil.copytree(folder("c"), tmp_path / "c")
    source = c / "dsoc.c"
    source.write_text(replace_once(source.read_text(), start, f"{start} {hang}", where="dsoc.c"))
    for module in ("build", "sv_bench"):
        monkeypatch.setattr(f"deepsoc.sim.{module}.firmware_folders", lambda: (c, c / "port" / "sim"))
    monkeypatch.setattr("deepsoc.sim.backends.systemverilog.PATIENCE_S", 2)
    result = simulate(design.path, backend="systemverilog")
    assert says in result.error
    assert not result.bit_exact


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("dsoc_tb_write_memory.sv", "word[8*j+:32], 32'(strobe", "word[8*j+:32] ^ 32'h10, 32'(strobe"),
        ("dsoc_tb_read_memory.sv", "rlast_o = beat + 1 == beats[head];", "rlast_o = beat + 2 == beats[head];"),
        ("dsoc_tb_pkg.sv", "return seed * Golden +", "return 0 * seed * Golden +"),
    ],
    ids=["a wrong bit", "a wrong last beat", "the seed is ignored"],
)
def test_a_fault_of_the_bench_is_seen(design: Artifacts, tmp_path: Path, file: str, old: str, new: str) -> None:
    rtl = shutil.copytree(folder("rtl"), tmp_path / "rtl")
    path = rtl / "tb" / file
    path.write_text(replace_once(path.read_text(), old, new, where=file))
    options = {"stall_prob": 0.3, "seed": 5}
    mine = simulate(design.path, backend="systemverilog", rtl=rtl, **options)
    theirs = simulate(design.path, **options)
    assert not mine.bit_exact or mine.operations != theirs.operations
