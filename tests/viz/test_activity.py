"""The map of processing elements and clocks adds up to the equations and to the valid products."""

from __future__ import annotations

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.perf import Layers, Points, evaluate
from deepsoc.viz import activity, timeline
from deepsoc.workloads import Layer


def random_layer(rng: np.random.Generator) -> Layer:
    if rng.random() < 0.2:
        return Layer("d", "dense", int(rng.integers(1, 12)), 1, 1, int(rng.integers(1, 30)), int(rng.integers(1, 20)))
    kh, kw = (int(k) for k in rng.integers(1, 6, 2))
    groups = int(rng.integers(1, 3))
    # Kernels reach at most half outside, as `same` padding does: the equation counts row blocks of the input.
    pad_h, pad_w = int(rng.integers(0, (kh - 1) // 2 + 1)), int(rng.integers(0, (kw - 1) // 2 + 1))
    h, w = int(rng.integers(kh, 12)), int(rng.integers(kw, 12))
    ci, co = (groups * int(rng.integers(1, 7)) for _ in range(2))
    sh, sw = (int(s) for s in rng.integers(1, 4, 2))
    return Layer("c", "conv", int(rng.integers(1, 3)), h, w, ci, co, kh, kw, sh, sw, pad_h, pad_w, groups)


@pytest.mark.parametrize("_", range(60))
def test_every_product_happens_once_and_every_clock_is_there(rng, _):
    layer = random_layer(rng)
    rows, cols = int(rng.integers(1, 7)), int(rng.integers(layer.kw + layer.sw - 1, 20))
    arrays = Layers.of([layer])
    clocks = int(evaluate(arrays, Points.of(rows=rows, cols=cols))["clocks"][0, 0])
    steps = [
        activity(layer, rows=rows, cols=cols, start=start, stop=start + 5000) for start in range(0, clocks + 1, 5000)
    ]
    by_row, by_column = (np.concatenate(parts, axis=1) for parts in zip(*steps, strict=True))
    assert by_row.shape == (rows, clocks)
    assert by_column.shape == (cols, clocks)
    products = (by_row.sum(axis=0, dtype=np.int64) * by_column.sum(axis=0)).sum()
    assert products == arrays.macs[0], layer


def test_a_layer_by_hand():
    """One row of pixels, 3 taps, 4 columns: one group of 3, one idle; clock 0 configures, every second then shifts."""
    by_row, by_column = activity(Layer("c", "conv", 1, 1, 3, 1, 1, 1, 3, 1, 1, 0, 1), rows=2, cols=4, stop=100)
    assert by_row.astype(int).tolist() == [[0, 1, 0, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0]]
    assert by_column.astype(int).tolist() == [
        [0, 1, 0, 1, 0, 0, 0],  # tap 0 of outputs 1 and 2; there is no output 3
        [0, 1, 0, 1, 0, 1, 0],
        [0, 0, 0, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"cols": 2, "stop": 10}, "cols: the layer takes 3 columns of processing elements, received 2"),
        ({"stop": 0}, "stop: expected a range of 1 to 65536 clocks, received 0 to 0"),
        ({"start": -1, "stop": 5}, "received -1 to 5"),
        ({"stop": 1 << 20}, "received 0 to 1048576"),
    ],
)
def test_wrong_ranges_are_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        activity(Layer("c", "conv", 1, 5, 5, 1, 1, 3, 3), **{"rows": 2, "cols": 6, **arguments})


@pytest.mark.parametrize("stop", [None, 700, 3000])
def test_the_timeline_shows_the_share_at_work(stop):
    layer = Layer("conv1", "conv", 1, 14, 14, 4, 9, 3, 3, 1, 1, 1, 1)
    by_row, by_column = activity(layer, rows=7, cols=12, stop=stop or 4096)
    share = (by_row.sum(axis=0) * by_column.sum(axis=0)).mean() / (7 * 12)
    total, axes, _ = timeline(layer, rows=7, cols=12, stop=stop).axes
    assert f"{100 * share:.1f} % at work" in total.get_title()
    (image,) = axes.images
    assert image.get_array().shape[0] == 7 * 12
    assert image.get_array().shape[1] <= 1200
    assert axes.get_xlim() == (0, by_row.shape[1])
    with pytest.raises(InputError, match="start: the layer is over"):
        timeline(layer, rows=7, cols=12, start=10**6)
