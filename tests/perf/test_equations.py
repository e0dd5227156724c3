"""The vectorised equations against plain Python integers, and against the published figures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf import (
    OUTPUTS,
    Layers,
    Points,
    estimate,
    evaluate,
    published_alexnet,
    published_table,
    result_waits,
    summary,
    totals,
)  # fmt: skip
from deepsoc.workloads import COLUMNS, Layer, load_workload


def plain(layer: Layer, rows: int, cols: int) -> dict[str, float]:
    """The equations, one layer at one point, element by element."""
    n, h, w, kh, kw, sh, sw, ho, wo = (
        layer.n, layer.h, layer.w, layer.kh, layer.kw, layer.sh, layer.sw, layer.ho, layer.wo
    )  # fmt: skip
    ci, co = layer.ci // layer.groups, layer.co // layer.groups
    macs = 0
    for oy in range(ho):
        for y in range(oy * sh - layer.pad_h, oy * sh - layer.pad_h + kh):
            for ox in range(wo):
                for x in range(ox * sw - layer.pad_w, ox * sw - layer.pad_w + kw):
                    macs += 0 <= y < h and 0 <= x < w
    macs *= n * ci * co * layer.groups
    inputs = n * h * w * layer.ci
    if kh == kw == 1:
        h, w, sh, sw = ho, wo, 1, 1
        inputs = n * h * w * layer.ci
    if layer.type == "dense":
        n, h, w, wo, macs = 1, n * h * w, 1, 1, n * h * w * ci * co * layer.groups
    e = cols // (kw + sw - 1)
    t = layer.groups * math.ceil(co / (e * sw))
    blocks = math.ceil(h / (rows * sh))
    f = math.ceil(kh / sh) - 1
    clocks = t * (1 + n * blocks * w * ((1 if kw > 1 else 0) + kh * ci))
    return {
        "clocks": clocks,
        "macs": macs,
        "efficiency": macs / (clocks * rows * cols),
        "x_words": t * n * blocks * w * ci * sh * (rows + f),
        "k_words": t * ci * kh * sw * cols,
        "y_words": t * n * blocks * wo * e * sw * rows,
        "lower_words": inputs + kh * kw * ci * co * layer.groups + layer.n * layer.ho * layer.wo * layer.co,
    }


HELD_OUT = [
    Layer("batch", "conv", 3, 14, 14, 32, 40, 3, 3, 1, 1, 1, 1),
    Layer("groups", "conv", 2, 27, 27, 96, 256, 5, 5, 1, 1, 2, 2, 2),
    Layer("depthwise", "conv", 1, 15, 13, 12, 12, 3, 3, 2, 2, 1, 1, 12),
    Layer("large stride", "conv", 3, 61, 67, 3, 20, 11, 11, 4, 4, 0, 0),
    Layer("all at once", "conv", 3, 61, 67, 6, 20, 11, 11, 4, 4, 5, 5, 2),
    Layer("odd", "conv", 1, 17, 23, 5, 7, 5, 2, 3, 2, 1, 0),
    Layer("even", "conv", 1, 9, 8, 3, 4, 4, 6, 1, 3, 3, 2),
    Layer("strided 1x1", "conv", 2, 15, 14, 9, 11, 1, 1, 2, 2, 0, 0),
    Layer("strided 3x1", "conv", 1, 15, 14, 9, 11, 3, 1, 2, 2, 1, 0),
    Layer("one row", "conv", 1, 1, 30, 4, 6, 1, 5, 1, 2, 0, 2),
    Layer("dense", "dense", 13, 1, 1, 100, 37),
    Layer("heads", "dense", 1, 19, 2, 24, 30, groups=3),
]
ARRAYS = [(7, 96), (8, 24), (1, 14), (33, 17)]


def test_held_out_layers_equal_the_equations() -> None:
    found = evaluate(Layers.of(HELD_OUT), Points.of(rows=[r for r, _ in ARRAYS], cols=[c for _, c in ARRAYS]))
    assert set(found) == set(OUTPUTS)
    for p, (rows, cols) in enumerate(ARRAYS):
        for i, layer in enumerate(HELD_OUT):
            for name, value in plain(layer, rows, cols).items():
                assert found[name][p, i] == pytest.approx(value, rel=1e-15), (layer.name, rows, cols, name)


def test_held_out_layers_of_a_users_table(tmp_path: Path) -> None:
    """The same through a CSV and `estimate`, layer by layer and in the sums."""
    path = tmp_path / "held_out.csv"
    rows = [",".join(str(getattr(layer, name)) for name in COLUMNS) for layer in HELD_OUT]
    path.write_text("\n".join([",".join(COLUMNS), *rows]))
    for rows_of_pes, cols in ARRAYS:
        table = estimate(path, Hardware(rows=rows_of_pes, cols=cols, frequency_mhz=400))
        expected = [plain(layer, rows_of_pes, cols) for layer in HELD_OUT]
        for name in expected[0]:
            assert list(table[name]) == pytest.approx([each[name] for each in expected], rel=1e-15), name
        sums, words = summary(table), sum(each[f"{name}_words"] for each in expected for name in "xky")
        assert sums["dram_words"] == words
        assert sums["ops_per_access"] == pytest.approx(2 * sum(each["macs"] for each in expected) / words)
        seconds = sum(each["clocks"] / layer.n for each, layer in zip(expected, HELD_OUT, strict=True)) / 400e6
        assert sums["fps"] == pytest.approx(1 / seconds)


@given(st.data())
def test_random_layers_equal_the_equations(data: st.DataObject) -> None:
    size, small = st.integers(1, 24), st.integers(1, 6)
    groups, kh, kw = data.draw(small), data.draw(small), data.draw(small)
    values: dict[str, Any] = {
        "n": data.draw(small), "h": data.draw(size), "w": data.draw(size), "ci": groups * data.draw(small),
        "co": groups * data.draw(size), "kh": kh, "kw": kw, "sh": data.draw(small), "sw": data.draw(small),
        "pad_h": data.draw(st.integers(0, kh - 1)), "pad_w": data.draw(st.integers(0, kw - 1)), "groups": groups,
    }  # fmt: skip
    try:
        layer = Layer("random", "conv", **values)
    except InputError:
        return
    rows, cols = data.draw(st.integers(1, 40)), data.draw(st.integers(11, 60))
    found = evaluate(Layers.of([layer]), Points.of(rows=rows, cols=cols))
    expected = plain(layer, rows, cols)
    assert {name: found[name].item() for name in expected} == pytest.approx(expected, rel=1e-15)


def test_bytes_follow_the_bits() -> None:
    points = Points.of(rows=[8, 8], cols=24, x_bits=[4, 8], k_bits=[2, 8], y_bits=[4, 24])
    found = evaluate(Layers.of(HELD_OUT[:1]), points)
    words = [found[f"{name}_words"][0, 0] for name in "xky"]
    assert [found[f"{name}_bytes"][0, 0] for name in "xky"] == [words[0] / 2, words[1] / 4, words[2] / 2]
    assert [found[f"{name}_bytes"][1, 0] for name in "xky"] == [words[0], words[1], words[2] * 3]
    assert found["dram_bytes"][1, 0] == words[0] + words[1] + 3 * words[2]
    assert found["x_bytes_per_clock"][0, 0] == words[0] / 2 / found["clocks"][0, 0]


def test_an_array_too_narrow_for_a_kernel() -> None:
    layers, points = Layers.of(HELD_OUT[3:4]), Points.of(rows=7, cols=[13, 14])
    assert np.isnan(result_waits(layers, points)[:, 0]).tolist() == [True, False]
    assert evaluate(layers, points)["clocks"][0, 0] == 0
    assert np.isnan(evaluate(layers, points)["efficiency"][0, 0])
    sums = totals(layers, points)
    assert np.isnan(sums["fps"][0])
    assert sums["fps"][1] > 0


def test_totals_are_sums() -> None:
    layers, points = Layers.of(HELD_OUT), Points.of(rows=8, cols=24, frequency_mhz=100)
    sums, expected = totals(layers, points), [plain(layer, 8, 24) for layer in HELD_OUT]
    clocks = sum(e["clocks"] for e in expected)
    assert sums["clocks"][0] == clocks
    assert sums["efficiency"][0] == pytest.approx(sum(e["macs"] for e in expected) / (clocks * 8 * 24))
    seconds = sum(e["clocks"] / layer.n for e, layer in zip(expected, HELD_OUT, strict=True)) / 100e6
    assert sums["fps"][0] == pytest.approx(1 / seconds)


def test_results_that_leave_too_slowly() -> None:
    # 2 input channels: 2 clocks a column, in which 24 results would have to leave; the last iteration has 6.
    layers = Layers.of([Layer("thin", "conv", 1, 8, 5, 2, 30)])
    assert result_waits(layers, Points.of(rows=4, cols=24))[0, 0] == 2 * 5 * ((24 - 2) + (6 - 2))


@pytest.mark.parametrize("layer", HELD_OUT, ids=lambda layer: layer.name)
def test_waits_are_those_of_each_iteration(layer: Layer) -> None:
    """Every group, batch element, row block and iteration, one after the other."""
    layers = Layers.of([layer])
    kw, sw, sh = (int(getattr(layers, name)[0]) for name in ("kw", "sw", "sh"))
    h, w, wo, n = (int(getattr(layers, name)[0]) for name in ("h", "w", "wo", "n"))
    steps = w * ((kw > 1) + layer.ci // layer.groups * layer.kh)
    for rows, cols in ARRAYS:
        channels = cols // (kw + sw - 1) * sw
        waits = 0
        for _ in range(layer.groups * n * len(range(0, h, rows * sh))):
            left = layer.co // layer.groups
            while left > 0:
                waits += max(0, wo * min(left, channels) - steps)
                left -= channels
        assert result_waits(layers, Points.of(rows=rows, cols=cols))[0, 0] == waits


@pytest.mark.parametrize("row", published_table().to_dict("records"), ids=lambda r: f"{r['network']}-{r['figure']}")
def test_published_totals(row: dict[str, Any]) -> None:
    assert abs(row["deviation"]) < 0.006


def test_true_alexnet_and_lower_bounds() -> None:
    points = Points.of(rows=7, cols=96, frequency_mhz=400)
    layers = {name: Layers.of(load_workload(name).layers) for name in ("alexnet", "vgg16", "resnet50")}
    assert totals(layers["alexnet"], points)["fps"][0] == pytest.approx(338.3, abs=0.05)
    assert totals(Layers.of(published_alexnet().layers), points)["fps"][0] == pytest.approx(336.6, abs=0.05)
    words = {name: layer.lower_words.sum() / 1e6 for name, layer in layers.items()}
    assert words == pytest.approx({"alexnet": 3.4, "vgg16": 37.3, "resnet50": 42.1}, abs=0.05)


PER_LAYER = {
    "alexnet": [56.5, 83.5, 83.5, 83.4, 83.4],
    "vgg16": [89.5, 98.9, 98.3, 98.6, 97.4, 97.5, 97.5, 95.2, 95.2, 95.2, 90.6, 90.6, 90.6],
}
RESNET50 = {
    "conv1": [73.1],
    "_3x3": [97.1, 95.1, 90.6, 81.8],
    "_reduce": [66.7, 66.7, 88.9, 88.9],
    "_expand": [88.9, 88.9, 97.0, 97.0],
    "_proj": [88.9, 88.9, 97.0, 97.0],
}


def efficiencies(name: str) -> dict[str, float]:
    work = load_workload(name)
    found = evaluate(Layers.of(work.layers), Points.of(rows=7, cols=96))["efficiency"][0]
    return dict(zip((layer.name for layer in work.layers), 100 * found, strict=True))


@pytest.mark.parametrize("name", PER_LAYER)
def test_published_efficiencies_by_layer(name: str) -> None:
    assert list(efficiencies(name).values()) == pytest.approx(PER_LAYER[name], abs=0.11)


def test_published_efficiencies_of_resnet50() -> None:
    for name, value in efficiencies("resnet50").items():
        kind = next(k for k in RESNET50 if name.endswith(k))
        stage = int(name[4]) - 2 if kind != "conv1" else 0
        assert value == pytest.approx(RESNET50[kind][stage], abs=0.11), name


def test_published_dense_layers() -> None:
    work = load_workload("alexnet_fc")
    found = evaluate(Layers.of(work.layers), Points.of(rows=7, cols=96, frequency_mhz=200))
    assert 100 * found["efficiency"][0] == pytest.approx([99.2, 99.2, 94.7], abs=0.05)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"rows": 7}, "cols"),
        ({"rows": 7, "cols": 96, "colour": 1}, "colour"),
        ({"rows": 0, "cols": 96}, "rows"),
        ({"rows": [7, -1], "cols": 96}, "rows"),
        ({"rows": 7.5, "cols": 96}, "rows"),
        ({"rows": [[7]], "cols": 96}, "rows"),
        ({"rows": "7", "cols": 96}, "rows"),
        ({"rows": 7, "cols": 96, "frequency_mhz": math.nan}, "frequency_mhz"),
        ({"rows": 7, "cols": 1 << 40}, "cols"),
        ({"rows": 7, "cols": 96, "k_bits": 9}, "k_bits"),
        ({"rows": [1, 2], "cols": [1, 2, 3]}, "points"),
    ],
    ids=str,
)
def test_points_that_are_refused(values: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        Points.of(**values)
    assert caught.value.where == where


def test_points_can_be_cut() -> None:
    points = Points.of(rows=[1, 2, 3], cols=24)
    assert points[1:].rows.tolist() == [2, 3]
    assert points[np.array([2, 0])].rows.tolist() == [3, 1]


def test_no_layers() -> None:
    with pytest.raises(InputError):
        Layers.of([])
