"""Performance model: clocks, traffic and time of networks on the accelerator."""

from deepsoc.perf.equations import OUTPUTS, evaluate, result_waits, totals
from deepsoc.perf.estimate import estimate, summary
from deepsoc.perf.layers import Layers, Points
from deepsoc.perf.published import published_alexnet, published_table, rtl_table
from deepsoc.perf.sources import as_workload, layers_of, resolve_source
from deepsoc.perf.timing import TERMS, Cpu, Memory, OperationTime, operation_times, softmax_clocks

__all__ = [
    "OUTPUTS", "TERMS", "Cpu", "Layers", "Memory", "OperationTime", "Points", "as_workload", "estimate", "evaluate",
    "layers_of", "operation_times", "published_alexnet", "published_table", "resolve_source",
    "result_waits", "rtl_table", "softmax_clocks", "summary", "totals",
]  # fmt: skip
