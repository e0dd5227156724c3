"""The back end systemverilog: the testbench of rtl/tb, here by Verilator, and the scripts for other simulators."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepsoc._files import replace_once
from deepsoc.assets import folder
from deepsoc.errors import ToolError
from deepsoc.export import Artifacts, export
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate
from deepsoc.sim.eda import VENDORS, configure
from deepsoc.sim.sv_bench import bench_sources, build_bench, build_library
from deepsoc.sim.tools import find_toolchain
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
    runs = [simulate(design.path, backend="systemverilog", stall_prob=0.6, seed=s).operations for s in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("hang", "says"),
    [
        ("for (volatile int i = 1; i;) { }", "(b1): the firmware hangs: it touches no register within 2 s"),
        (
            "for (;;) { (void)reg_read(ctx, DSOC_REG_ID); }",
            "(out): no transfer for 20000 clocks, and the firmware asks",
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
    monkeypatch.setattr("deepsoc.sim.backends.Options.watchdog", 20_000)
    result = simulate(design.path, backend="systemverilog")
    assert says in result.error
    assert not result.bit_exact


STAND_IN = """#!{python}
import json, os, pathlib, sys
name = pathlib.Path(sys.argv[0]).name
with open("{log}", "a") as log:
    log.write(json.dumps([name, *sys.argv[1:]]) + "\\n")
if name == "vsim" and "edalize_main.tcl" in " ".join(sys.argv):
    os.mkdir("work")
if name == "vcs":
    made = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    made.write_text(pathlib.Path("{simulator}").read_text())
    made.chmod(0o755)
if name == "xelab":
    os.makedirs("xsim.dir/dsoc_tb")
    pathlib.Path("xsim.dir/dsoc_tb/xsimk").touch()
if name == "xmroot":
    print("/opt/xcelium")
if name in ("simulator", "dsoc_tb") or "-R" in sys.argv or "+dsoc_job=job.txt" in sys.argv:
    os.environ["LD_LIBRARY_PATH"] = os.getcwd()
    os.execv("{bench}", ["bench", "+dsoc_job=job.txt"])
"""
"""Every program of every simulator: notes its arguments; where the bench is to run, that made by Verilator runs."""
PROGRAMS = ("xelab", "xsim", "vsim", "vlog", "vlib", "vcs", "xrun", "xmroot", "simulator", "vco")


@pytest.fixture
def calls(design: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """Puts stand-ins on PATH; what was called."""
    tools, work, place = find_toolchain(), tmp_path / "bench", tmp_path / "install" / "bin"
    work.mkdir()
    place.mkdir(parents=True)
    bench = build_bench(
        tools, design, build_library(tools, design, work), work, None, True, lambda what, fraction: None
    )
    words = {"python": sys.executable, "log": tmp_path / "log", "bench": bench, "simulator": place / "simulator"}
    text = STAND_IN
    for word, value in words.items():
        text = text.replace("{" + word + "}", str(value))
    for name in PROGRAMS:
        program = place.parent / name if name == "vco" else place / name
        program.write_text(text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


@pytest.mark.parametrize(
    ("simulator", "expected"),
    [
        (
            "xsim",
            [
                "xelab dsoc_tb -prj dsoc_tb.prj -snapshot dsoc_tb -i . -timescale 1ns/1ps -sv_root . "
                "-sv_lib libdsoc_tb",
                *["xsim -R --testplusarg dsoc_job=job.txt dsoc_tb"] * 2,
            ],
        ),
        (
            "questa",
            [
                "vsim -c -do do edalize_main.tcl; exit",
                *["vsim -c -sv_lib ./libdsoc_tb +dsoc_job=job.txt -do "] * 2,
            ],
        ),
        (
            "vcs",
            [
                "vcs -full64 -top dsoc_tb -f dsoc_tb.scr -o dsoc_tb -timescale=1ns/1ps ./libdsoc_tb.so -LDFLAGS "
                "-Wl,-rpath,. -sverilog",
                *["dsoc_tb -l vcs.log +dsoc_job=job.txt"] * 2,
            ],
        ),
        (
            "xcelium",
            [
                *[
                    "xrun -q -f edalize_main.f -64bit -timescale 1ns/1ps -sv_lib libdsoc_tb.so +dsoc_job=job.txt "
                    "-top dsoc_tb"
                ]
                * 2,
            ],
        ),
    ],
)
def test_commands_of_other_simulators(
    design: Artifacts, calls: Callable[[], list[list[str]]], simulator: str, expected: list[str]
) -> None:
    """Stand-ins on PATH take the commands; the results are those of the bench by Verilator."""
    images = np.zeros((3, *NET["input"]["shape"]))
    options = {"images": images, "stall_prob": 0.2}
    result = simulate(design.path, backend="systemverilog", simulator=simulator, **options)
    assert result.bit_exact
    assert result.simulator == simulator
    assert result.operations == simulate(design.path, **options).operations
    called = [" ".join(call) for call in calls() if call[0] not in ("xmroot", "vco")]
    assert len(called) == len(expected)
    for line, start in zip(called, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize("simulator", list(VENDORS))
def test_scripts_name_every_source_in_order(design: Artifacts, tmp_path: Path, simulator: str) -> None:
    sources = bench_sources(design, None)
    configure(VENDORS[simulator], sources, tmp_path)
    lists = {
        "xsim": "dsoc_tb.prj",
        "questa": "edalize_build_rtl.tcl",
        "vcs": "dsoc_tb.scr",
        "xcelium": "edalize_build_rtl.f",
    }
    text = (tmp_path / lists[simulator]).read_text()
    found = re.findall(r"\S+\.svh?\b", text)
    assert [name for name in found if name.endswith(".sv")] == [name for name in sources if name.endswith(".sv")]
    assert all((tmp_path / name).is_file() for name in found)
    assert found[-1] == "dsoc_tb.sv"


@pytest.mark.parametrize(
    ("simulator", "program"), [("xsim", "xelab"), ("questa", "vsim"), ("vcs", "vcs"), ("xcelium", "xrun")]
)
def test_a_missing_simulator_is_named_with_its_remedy(design: Artifacts, simulator: str, program: str) -> None:
    with pytest.raises(ToolError, match=f"{program} of .* is missing; (source|put) "):
        simulate(design.path, backend="systemverilog", simulator=simulator)


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
