"""Implementation: flows of external tools that turn the accelerator into a netlist and say what it takes."""

from deepsoc.impl.flow import Availability, Flow, Forecast, Step
from deepsoc.impl.many import synthesize_each
from deepsoc.impl.placement import placement
from deepsoc.impl.result import (
    Hop,
    Implementation,
    ModuleResources,
    Resources,
    StepTime,
    TimingPath,
    measured_run,
)
from deepsoc.impl.run import flows, forecast, implement, synthesize
from deepsoc.impl.runner import Progress

__all__ = [
    "Availability",
    "Flow",
    "Forecast",
    "Hop",
    "Implementation",
    "ModuleResources",
    "Progress",
    "Resources",
    "Step",
    "StepTime",
    "TimingPath",
    "flows",
    "forecast",
    "implement",
    "measured_run",
    "placement",
    "synthesize",
    "synthesize_each",
]
