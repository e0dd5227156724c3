"""Performance model: clocks, traffic and time of networks on the accelerator."""

from deepsoc.perf.equations import OUTPUTS, evaluate, totals
from deepsoc.perf.layers import Layers, Points

__all__ = ["OUTPUTS", "Layers", "Points", "evaluate", "totals"]
