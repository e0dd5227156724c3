"""Implementation: flows of external tools that turn the accelerator into a netlist and say what it takes."""

from deepsoc.impl.flow import Availability, Flow, Forecast, Step
from deepsoc.impl.many import synthesize_each
from deepsoc.impl.result import Implementation, ModuleResources, Resources, StepTime
from deepsoc.impl.run import flows, forecast, implement, synthesize
from deepsoc.impl.runner import Progress

__all__ = [
    "Availability",
    "Flow",
    "Forecast",
    "Implementation",
    "ModuleResources",
    "Progress",
    "Resources",
    "Step",
    "StepTime",
    "flows",
    "forecast",
    "implement",
    "synthesize",
    "synthesize_each",
]
