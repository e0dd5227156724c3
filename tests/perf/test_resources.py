"""The model of FPGA resources against the synthesis runs that are kept with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import deepsoc.perf.resources as model
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.perf.resources import BLOCKS, FEATURES, FIGURES, PARAMETERS, FpgaResources, block_rams

RUNS = pd.read_csv(Path(model.__file__).with_name("resources_runs.csv"))
WHOLE = RUNS.groupby(["family", "role", *PARAMETERS], sort=False, as_index=False)[list(FIGURES)].sum()
LIMITS = {"lut": 0.15, "ff": 0.15, "dsp": 0.10, "bram36": 0.10}


@pytest.mark.parametrize("family", sorted(set(RUNS["family"])))
def test_held_out_configurations_are_close(family: str) -> None:
    part = WHOLE[(WHOLE["family"] == family) & (WHOLE["role"] == "held out")]
    found = FpgaResources(family)(part[list(PARAMETERS)].assign(frequency_mhz=200.0))
    for figure, limit in LIMITS.items():
        error = found[figure] / part[figure] - 1
        assert (error.abs() <= limit).all(), f"{figure}: {error.round(3).tolist()}"


def test_the_two_named_arrays_are_held_out() -> None:
    held = WHOLE[WHOLE["role"] == "held out"]
    assert {(8, 24), (7, 96)} <= set(zip(held["rows"], held["cols"], strict=True))


def test_fitted_configurations_leave_small_residuals() -> None:
    for family, part in WHOLE[WHOLE["role"] == "fitted"].groupby("family"):
        found = FpgaResources(family)(part[list(PARAMETERS)].assign(frequency_mhz=200.0))
        for figure in ("lut", "ff"):
            assert np.abs(found[figure] / part[figure] - 1).max() < 0.06, (family, figure)


def test_coefficients_belong_to_features() -> None:
    table = pd.read_csv(Path(model.__file__).with_name("resources.csv"))
    for family, part in table.groupby("family"):
        keys = {(row.block, row.figure, row.feature) for row in part.itertuples()}
        assert keys == {(*key, name) for key, features in FEATURES.items() for name in ("1", *features)}, family


def test_explain_sums_to_the_total() -> None:
    hw = Hardware(
        rows=8, cols=24, x_bits=4, k_bits=4, y_bits=20, kh_max=3, kw_max=3, sh_max=1, sw_max=1, xn_max=1,
        edges_ram_depth=256,
    )  # fmt: skip
    table = FpgaResources("xc7").explain(hw)
    point = pd.DataFrame([{name: hw.limit(name) for name in PARAMETERS} | {"frequency_mhz": hw.frequency_mhz}])
    total = FpgaResources("xc7")(point)
    assert list(table.index) == list(BLOCKS)
    for figure in FIGURES:
        assert table[figure].sum() == pytest.approx(total[figure][0])


@pytest.mark.parametrize(
    ("width", "depth", "expected"),
    [(36, 512, 0.5), (37, 512, 1), (72, 512, 1), (9, 2048, 0.5), (96, 4096, 11), (1, 16384, 0.5), (1, 32768, 1)],
)
def test_block_rams_use_the_best_shape(width: int, depth: int, expected: float) -> None:
    assert block_rams(width, depth) == expected


def test_power_grows_with_the_clock() -> None:
    points = WHOLE[list(PARAMETERS)]
    slow, fast = (FpgaResources("xc7")(points.assign(frequency_mhz=f))["power_w"] for f in (100.0, 200.0))
    assert (fast > slow).all()


def test_a_missing_column_is_named() -> None:
    points = WHOLE[list(PARAMETERS)].assign(frequency_mhz=100.0)
    with pytest.raises(InputError, match="kh_max"):
        FpgaResources("xc7")(points.drop(columns="kh_max"))
    with pytest.raises(InputError, match="frequency_mhz"):
        FpgaResources("xc7")(points.drop(columns="frequency_mhz"))


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(InputError, match="xc7"):
        FpgaResources("xc2")  # type: ignore[arg-type]


def test_each_shape_of_a_block_ram_ends_at_its_depth() -> None:
    for width, depth in ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)):
        assert (block_rams(width, depth), block_rams(width, depth + 1)) == (0.5, 1.0)


def test_sums_of_the_pool_are_in_luts_up_to_64_words() -> None:
    few, many = (FpgaResources("xc7").explain(_with_edges(words)).loc["pool", "bram36"] for words in (64, 65))
    assert few == 0
    assert many > 0


def _with_edges(words: int) -> Hardware:
    return Hardware(rows=8, cols=24, kh_max=3, kw_max=3, sh_max=1, sw_max=1, xn_max=1, edges_ram_depth=words)
