"""Controls for notebooks: build a network, choose hardware, sweep, look, launch. Needs the extra `lab`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepsoc.widgets.array.array_view import ArrayView as ArrayView
    from deepsoc.widgets.hardware.hardware_panel import HardwarePanel as HardwarePanel
    from deepsoc.widgets.layers._layer_view import link_views as link_views
    from deepsoc.widgets.layers.dram_view import DramView as DramView
    from deepsoc.widgets.layers.utilization_view import UtilizationView as UtilizationView
    from deepsoc.widgets.network.bundle_builder import BundleBuilder as BundleBuilder
    from deepsoc.widgets.runs.deployment_panel import DeploymentPanel as DeploymentPanel
    from deepsoc.widgets.runs.implementation_panel import ImplementationPanel as ImplementationPanel
    from deepsoc.widgets.runs.inference_panel import InferencePanel as InferencePanel
    from deepsoc.widgets.runs.simulation_panel import SimulationPanel as SimulationPanel
    from deepsoc.widgets.studio.design import Design as Design
    from deepsoc.widgets.studio.studio import Studio as Studio
    from deepsoc.widgets.sweep.sweep_explorer import SweepExplorer as SweepExplorer

_HOME = {
    "ArrayView": "array.array_view",
    "BundleBuilder": "network.bundle_builder",
    "DeploymentPanel": "runs.deployment_panel",
    "Design": "studio.design",
    "DramView": "layers.dram_view",
    "HardwarePanel": "hardware.hardware_panel",
    "ImplementationPanel": "runs.implementation_panel",
    "InferencePanel": "runs.inference_panel",
    "SimulationPanel": "runs.simulation_panel",
    "Studio": "studio.studio",
    "SweepExplorer": "sweep.sweep_explorer",
    "UtilizationView": "layers.utilization_view",
    "link_views": "layers._layer_view",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'deepsoc.widgets' has no attribute {name!r}; it has {', '.join(_HOME)}")
    value = getattr(import_module(f"deepsoc.widgets.{_HOME[name]}"), name)
    globals()[name] = value
    return value
