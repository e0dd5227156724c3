"""Simulation: the real RTL with the real firmware, against the reference."""

from deepsoc.sim.result import BundleResult, Difference, OperationResult, SimResult
from deepsoc.sim.run import FAULTS, Progress, simulate

__all__ = ["FAULTS", "BundleResult", "Difference", "OperationResult", "Progress", "SimResult", "simulate"]
