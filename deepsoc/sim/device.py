"""The simulated accelerator of an export, opened as a device for the driver."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from deepsoc.errors import InputError
from deepsoc.runtime.design import Design
from deepsoc.runtime.simulation import SimulatedDevice, memory_for
from deepsoc.sim.build import build_device

__all__ = ["open_device"]


def open_device(
    folder: str | Path,
    *,
    memory_bytes: int | None = None,
    stall_prob: float = 0.0,
    mem_latency: int = 16,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> SimulatedDevice:
    """Builds the RTL of an export as a shared library, unless the cache has it, and opens it.

    Args:
        folder: what `deepsoc export` wrote, or the folder `design` of a deployment.
        memory_bytes: of the accelerator's memory; None: what two runs under way need.
        stall_prob: as of `simulate`.
        mem_latency: as of `simulate`.
        seed: as of `simulate`.
        progress: told about the building.

    Raises:
        InputError: the folder is no export, or an option is out of range.
        ToolError: a tool is missing or fails.
    """
    design = Design.load(folder)
    if not (design.folder / "params.svh").is_file():
        raise InputError("params.svh is missing; give a folder that `deepsoc export` wrote", where=str(folder))
    with tempfile.TemporaryDirectory(prefix="deepsoc-device-") as work:  # a library that is loaded needs no file
        return SimulatedDevice(
            build_device(design.folder, Path(work), progress=progress),
            memory_bytes=memory_bytes or memory_for(design.arena_bytes),
            stall_prob=stall_prob,
            mem_latency=mem_latency,
            max_burst=design.hw["axi_max_burst"],
            seed=seed,
        )
