"""Controls for notebooks: build a network, choose hardware, sweep, look, launch. Needs the extra `lab`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepsoc.widgets._layer_view import link_views as link_views
    from deepsoc.widgets.array_view import ArrayView as ArrayView
    from deepsoc.widgets.bundle_builder import BundleBuilder as BundleBuilder
    from deepsoc.widgets.design import Design as Design
    from deepsoc.widgets.dram_view import DramView as DramView
    from deepsoc.widgets.hardware_panel import HardwarePanel as HardwarePanel
    from deepsoc.widgets.implementation_panel import ImplementationPanel as ImplementationPanel
    from deepsoc.widgets.simulation_panel import SimulationPanel as SimulationPanel
    from deepsoc.widgets.studio import Studio as Studio
    from deepsoc.widgets.sweep_explorer import SweepExplorer as SweepExplorer
    from deepsoc.widgets.utilization_view import UtilizationView as UtilizationView

_HOME = {
    "ArrayView": "array_view",
    "BundleBuilder": "bundle_builder",
    "Design": "design",
    "DramView": "dram_view",
    "HardwarePanel": "hardware_panel",
    "ImplementationPanel": "implementation_panel",
    "SimulationPanel": "simulation_panel",
    "Studio": "studio",
    "SweepExplorer": "sweep_explorer",
    "UtilizationView": "utilization_view",
    "link_views": "_layer_view",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'deepsoc.widgets' has no attribute {name!r}; it has {', '.join(_HOME)}")
    value = getattr(import_module(f"deepsoc.widgets.{_HOME[name]}"), name)
    globals()[name] = value
    return value
