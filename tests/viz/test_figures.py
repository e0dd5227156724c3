"""Figures show the numbers of their tables, in both themes, with a second cue beside colour."""

from __future__ import annotations

import io

import matplotlib.colors as colors
import numpy as np
import pandas as pd
import pytest

from deepsoc import viz
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf import estimate
from deepsoc.perf.pareto import pareto
from deepsoc.perf.sweep import sweep
from deepsoc.viz.theme import THEMES
from deepsoc.workloads import Workload, load_workload

ALEXNET = Workload("alexnet", (*load_workload("alexnet").layers, *load_workload("alexnet_fc").layers))
LAYERS = estimate(ALEXNET, Hardware(rows=7, cols=96))
OTHER = estimate(ALEXNET, Hardware(rows=7, cols=24))
SWEEP = sweep([ALEXNET], {"rows": [2, 5, 9], "cols": {"min": 16, "max": 96, "step": 8}, "axi_data_bits": [32, 128]})
FIGURES = {
    "utilization": lambda theme: viz.utilization(LAYERS, theme=theme),
    "traffic": lambda theme: viz.traffic(LAYERS, theme=theme),
    "clocks": lambda theme: viz.clocks(LAYERS, theme=theme),
    "roofline": lambda theme: viz.roofline(LAYERS, pes=672, frequency_mhz=250, bytes_per_clock=48, theme=theme),
    "compare": lambda theme: viz.compare({"a": LAYERS, "b": OTHER}, theme=theme),
    "front": lambda theme: viz.front(SWEEP, {"fps": "max", "pes": "min"}, theme=theme),
    "heatmap": lambda theme: viz.heatmap(SWEEP, "fps", theme=theme),
    "sensitivity": lambda theme: viz.sensitivity(SWEEP, "fps", theme=theme),
    "timeline": lambda theme: viz.timeline(load_workload("alexnet").layers[0], rows=7, cols=24, theme=theme),
}


def luminance(colour: object) -> float:
    rgb = np.array(colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_readable_on_its_ground(name, theme):
    figure = FIGURES[name](theme)
    figure.savefig(io.BytesIO(), format="png")
    assert colors.to_hex(figure.get_facecolor()) == THEMES[theme].ground
    ground = luminance(THEMES[theme].ground)
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts)]
    texts += [text for axes in figure.axes for text in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    for text in (text for text in texts if text.get_text()):
        low, high = sorted((luminance(text.get_color()), ground))
        assert (high + 0.05) / (low + 0.05) >= 7, text.get_text()


@pytest.mark.parametrize("name", FIGURES)
def test_a_theme_that_is_none_is_refused(name):
    with pytest.raises(InputError, match="theme: expected page, light, dark, received 'blue'"):
        FIGURES[name]("blue")


def bars(figure) -> np.ndarray:
    """Widths, one row a series."""
    return np.array([[patch.get_width() for patch in series] for series in figure.axes[0].containers])


def test_utilization_shows_efficiency_and_its_mean():
    figure = viz.utilization(LAYERS)
    np.testing.assert_allclose(bars(figure)[0], 100 * LAYERS["efficiency"])
    mean = 100 * LAYERS["macs"].sum() / (LAYERS["clocks"].sum() * 7 * 96)
    (line,) = figure.axes[0].lines
    assert line.get_xdata()[0] == pytest.approx(mean)


def test_traffic_stacks_words_and_marks_the_bound():
    figure = viz.traffic(LAYERS)
    np.testing.assert_allclose(bars(figure) * 1e6, LAYERS[["x_words", "k_words", "y_words"]].to_numpy().T)
    (marks,) = figure.axes[0].lines
    np.testing.assert_allclose(marks.get_xdata() * 1e6, LAYERS["lower_words"])
    assert (marks.get_xdata() * 1e6 <= LAYERS["words"]).all()


def test_clocks_add_up_to_end_to_end():
    widths = bars(viz.clocks(LAYERS))
    np.testing.assert_allclose(widths.sum(axis=0) * 1e3, LAYERS["end_to_end_clocks"])
    waits = LAYERS["bound"] == "weights"
    assert waits.any()
    assert (widths[1][waits] > 0).all()


@pytest.mark.parametrize("name", ["traffic", "clocks", "compare"])
def test_series_differ_in_hatch_too(name):
    hatches = [series[0].get_hatch() for series in FIGURES[name]("light").axes[0].containers]
    assert len(set(hatches)) == len(hatches) > 1


def test_no_layer_is_above_the_roof():
    figure = viz.roofline(LAYERS, pes=672, frequency_mhz=250, bytes_per_clock=1e6)
    peak = 2 * 672 * 250e6 / 1e9
    (roof,) = figure.axes[0].lines
    assert roof.get_ydata().max() == pytest.approx(peak)
    attained = np.concatenate([dots.get_offsets()[:, 1] for dots in figure.axes[0].collections])
    assert len(attained) == len(LAYERS)
    np.testing.assert_allclose(np.sort(attained), np.sort(LAYERS["efficiency"] * peak))


def test_comparison_gives_the_ratios():
    figure = viz.compare({"a": LAYERS, "b": OTHER})
    ratios = [float(text.get_text().rstrip("×")) for text in figure.axes[0].texts]
    np.testing.assert_allclose(ratios, LAYERS["clocks"] / OTHER["clocks"], atol=0.006)


def test_front_is_the_pareto_front():
    goals = {"fps": "max", "pes": "min"}
    best = pareto(SWEEP, goals)
    (line,) = viz.front(SWEEP, goals).axes[0].lines
    np.testing.assert_array_equal(line.get_xydata(), best[["pes", "fps"]])


def test_heat_map_has_the_best_of_each_pair():
    (image,) = viz.heatmap(SWEEP, "end_to_end_fps").axes[0].images
    cells = image.get_array()
    assert cells.shape == (3, 11)
    rows = SWEEP[(SWEEP["rows"] == 5) & (SWEEP["cols"] == 24)]
    assert rows["end_to_end_fps"].nunique() == 2
    assert cells[1, 1] == rows["end_to_end_fps"].max()
    (image,) = viz.heatmap(SWEEP, "end_to_end_fps", goal="min").axes[0].images
    assert image.get_array()[1, 1] == rows["end_to_end_fps"].min()


def test_sensitivity_orders_parameters_by_their_reach():
    table = pd.DataFrame({"rows": [1, 1, 2, 2], "cols": [1, 8, 1, 8], "x_bits": 8, "fps": [1.0, 8.0, 2.0, 16.0]})
    axes = viz.sensitivity(table, "fps").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cols", "rows"]
    assert [patch.get_width() for patch in axes.patches] == pytest.approx([3, 1])  # powers of two


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: viz.utilization(LAYERS.drop(columns="clocks")), "columns clocks are missing"),
        (lambda: viz.traffic(LAYERS.iloc[:0]), "the table is empty"),
        (lambda: viz.compare({"a": LAYERS}), "expected two designs, received 1"),
        (lambda: viz.compare({"a": LAYERS, "b": LAYERS.iloc[1:]}), "different layers"),
        (lambda: viz.front(SWEEP, {"fps": "max"}), "expected two objectives, received 1"),
        (lambda: viz.sensitivity(SWEEP.iloc[:1], "fps"), "no parameter has more than one value"),
        (lambda: viz.sensitivity(SWEEP.assign(fps=0.0), "fps"), "expected positive values"),
        (lambda: viz.heatmap(SWEEP, "speed"), "columns speed are missing"),
    ],
)
def test_tables_that_cannot_be_drawn_are_refused(draw, says):
    with pytest.raises(InputError, match=says):
        draw()
