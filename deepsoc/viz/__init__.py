"""Figures: pure functions from tables to matplotlib figures that display themselves, in colours for everybody."""

from deepsoc.viz import bundles
from deepsoc.viz.activity import activity, timeline
from deepsoc.viz.chip import critical_path, floor_plan, pictures, utilization_bars
from deepsoc.viz.designs import front, heatmap, sensitivity
from deepsoc.viz.layers import clocks, compare, roofline, traffic, utilization
from deepsoc.viz.theme import Theme

__all__ = [
    "Theme", "activity", "bundles", "clocks", "compare", "critical_path", "floor_plan", "front", "heatmap", "pictures",
    "roofline", "sensitivity", "timeline", "traffic", "utilization", "utilization_bars",
]  # fmt: skip
