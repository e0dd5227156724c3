"""Simulation: the real RTL with the real firmware, against the reference."""

from deepsoc.sim.backends import Progress
from deepsoc.sim.cocotb_tests import run_cocotb
from deepsoc.sim.device import open_device
from deepsoc.sim.many import simulate_each
from deepsoc.sim.result import BundleResult, Difference, OperationResult, SimResult, SocResult
from deepsoc.sim.run import FAULTS, simulate
from deepsoc.sim.states import read_states

__all__ = [
    "FAULTS",
    "BundleResult",
    "Difference",
    "OperationResult",
    "Progress",
    "SimResult",
    "SocResult",
    "open_device",
    "read_states",
    "run_cocotb",
    "simulate",
    "simulate_each",
]
