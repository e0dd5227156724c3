"""Implementation: flows of external tools that turn the accelerator into a netlist and say what it takes."""

from deepsoc.impl.flow import Availability, Flow, Step
from deepsoc.impl.many import synthesize_each
from deepsoc.impl.result import Implementation, ModuleResources, Resources, StepTime
from deepsoc.impl.run import flows, implement, synthesize
from deepsoc.impl.runner import Progress

__all__ = [
    "Availability",
    "Flow",
    "Implementation",
    "ModuleResources",
    "Progress",
    "Resources",
    "Step",
    "StepTime",
    "flows",
    "implement",
    "synthesize",
    "synthesize_each",
]
