"""The SystemVerilog testbench of rtl/tb with the C firmware behind DPI-C, on one of several simulators."""

from __future__ import annotations

import json
from pathlib import Path

from deepsoc import _process
from deepsoc.errors import ToolError
from deepsoc.export import Artifacts
from deepsoc.sim.backends import Found, Options, Progress, Run
from deepsoc.sim.backends.verilator import progress_lines, write_regions
from deepsoc.sim.eda import JOB, VENDORS, Vendor, configure
from deepsoc.sim.sv_bench import bench_sources, build_bench, build_library
from deepsoc.sim.tools import find_compilers, find_toolchain

__all__ = ["prepare"]

PATIENCE_S = 60
"""Seconds for the firmware to touch a register, before it counts as one that hangs."""


def prepare(export: Artifacts, work: Path, options: Options, tell: Progress) -> Run:
    """Builds firmware and bench, with Verilator or by the scripts of another simulator."""
    if options.simulator in VENDORS:
        return _prepare_vendor(VENDORS[options.simulator], export, work, options, tell)
    tools = find_toolchain()
    library = build_library(tools, export, work)
    program = build_bench(tools, export, library, work, options.rtl, options.assertions, tell)

    def run(batch: Artifacts, place: Path, seed: int, tell: Progress) -> Found:
        job = write_job(batch, place, place, options, seed)
        random = (f"+verilator+seed+{seed % (2**31 - 1) + 1}", "+verilator+rand+reset+2")
        _process.run([program, f"+dsoc_job={job}", *random], cwd=place, on_line=progress_lines(batch, tell))
        return read_found(place)

    return run


def _prepare_vendor(vendor: Vendor, export: Artifacts, work: Path, options: Options, tell: Progress) -> Run:
    environment = vendor.environment()
    scripts = work / "eda"
    scripts.mkdir()
    tell(f"building the testbench with {vendor.name}", 0.0)
    configure(vendor, bench_sources(export, options.rtl, options.assertions), scripts)
    build_library(find_compilers(), export, scripts)
    _process.run(["make"], cwd=scripts, env=environment)

    def run(batch: Artifacts, place: Path, seed: int, tell: Progress) -> Found:
        write_job(batch, scripts, place, options, seed)
        _process.run(["make", "run"], cwd=scripts, env=environment, on_line=progress_lines(batch, tell))
        return read_found(place)

    return run


def write_job(batch: Artifacts, folder: Path, place: Path, options: Options, seed: int) -> Path:
    """Writes into `folder` what the testbench reads at its start; its results go to `place`. The file."""
    values = {
        "weights": batch.path / "weights.bin",
        "input": batch.path / "input.bin",
        "outputs": write_regions(batch, place),
        "out": place,
        "stall-prob": options.stall_prob,
        "mem-latency": options.mem_latency,
        "max-burst": batch.hw.axi_max_burst,
        "seed": seed,
        "watchdog": options.watchdog,
        "patience-s": PATIENCE_S,
    }
    file = folder / JOB
    file.write_text("".join(f"{key} {value}\n" for key, value in values.items()))
    return file


def read_found(place: Path) -> Found:
    """What the testbench wrote.

    Raises:
        ToolError: nothing.
    """
    try:
        found: Found = json.loads((place / "result.json").read_text())
    except OSError:
        raise ToolError("the simulation ended without a result; the simulator's log says why") from None
    return found
