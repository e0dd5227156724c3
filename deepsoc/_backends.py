"""The back ends of `simulate`: the one table from which the command line and `deepsoc.sim` choose.

It stands apart from `deepsoc.sim` and imports nothing, so that `deepsoc --help` stays fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BACKENDS", "Backend", "BackendName", "SimulatorName"]

BackendName = Literal["verilator", "cocotb", "systemverilog", "riscv-soc"]
SimulatorName = Literal["verilator", "xsim", "questa", "vcs", "xcelium"]


@dataclass(frozen=True)
class Backend:
    """One way to simulate an exported network.

    Attributes:
        about: it, in a few words.
        module: of `deepsoc.sim.backends`, whose function `prepare` makes it ready.
        simulators: that it runs on, the default first.
        trace: it can write a trace.
        faults: it can plant faults.
    """

    about: str
    module: str
    simulators: tuple[SimulatorName, ...] = ("verilator",)
    trace: bool = False
    faults: bool = False


BACKENDS: dict[BackendName, Backend] = {
    "verilator": Backend("the fast one: C++ harness and C firmware", "verilator", trace=True, faults=True),
    "cocotb": Backend("the Python driver on cocotb, slow", "cocotb"),
    "systemverilog": Backend(
        "a SystemVerilog testbench with the C firmware",
        "systemverilog",
        ("verilator", "xsim", "questa", "vcs", "xcelium"),
    ),
    "riscv-soc": Backend("the firmware on a RISC-V core in RTL", "riscv", trace=True),
}
