"""Figures: pure functions from tables to matplotlib figures, in colours for everybody, on light and dark ground."""

from deepsoc.viz.activity import activity, timeline
from deepsoc.viz.designs import front, heatmap, sensitivity
from deepsoc.viz.layers import clocks, compare, roofline, traffic, utilization
from deepsoc.viz.theme import Theme

__all__ = [
    "Theme", "activity", "clocks", "compare", "front", "heatmap", "roofline", "sensitivity", "timeline", "traffic",
    "utilization",
]  # fmt: skip
