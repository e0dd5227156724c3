"""Layer tables of well-known networks, and the loader of others."""

from deepsoc.workloads.layer import COLUMNS, Layer, Workload
from deepsoc.workloads.loader import builtin_names, load_workload

__all__ = ["COLUMNS", "Layer", "Workload", "builtin_names", "load_workload"]
