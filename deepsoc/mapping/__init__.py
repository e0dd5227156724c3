"""Mapping of an integer graph to operations, memory and descriptors of the accelerator."""

from deepsoc.mapping.limits import resolve
from deepsoc.mapping.plan import Plan, plan
from deepsoc.mapping.steps import ArrayStates, array_steps, operation_input, step_indices

__all__ = ["ArrayStates", "Plan", "array_steps", "operation_input", "plan", "resolve", "step_indices"]
