"""Mapping of an integer graph to operations, memory and descriptors of the accelerator."""

from deepsoc.mapping.limits import resolve
from deepsoc.mapping.plan import Plan, plan

__all__ = ["Plan", "plan", "resolve"]
