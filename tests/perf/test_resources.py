"""The model of FPGA resources against the synthesis runs that are kept with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import deepsoc.perf.resources as model
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.hw.params import RTL_PARAMETERS
from deepsoc.perf._memories import memory
from deepsoc.perf.resources import BLOCKS, FEATURES, FIGURES, PARAMETERS, FpgaResources, geometry, mapped

RUNS = pd.read_csv(Path(model.__file__).with_name("resources_runs.csv"))
FRESH = set(RUNS.loc[RUNS["logic"].notna(), "family"])  # of the others all runs are of an earlier RTL
RUNS = RUNS[RUNS["logic"].notna() | ~RUNS["family"].isin(FRESH)]
POINT = ["pe", "requantizers", *PARAMETERS]
ALONE = RUNS["role"].str.removesuffix(" held out").isin(BLOCKS)  # runs that look at one block
WHOLE = RUNS[~ALONE].groupby(["family", "role", *POINT], sort=False, as_index=False)[list(FIGURES)].sum()
LIMITS = {"lut": 0.10, "ff": 0.10, "dsp": 0.10, "bram36": 0.10}


@pytest.mark.parametrize("family", sorted(set(RUNS["family"])))
def test_held_out_configurations_are_close(family: str) -> None:
    part = WHOLE[(WHOLE["family"] == family) & (WHOLE["role"] == "held out")]
    found = FpgaResources(family)(part[POINT].assign(frequency_mhz=200.0))
    for figure, limit in LIMITS.items():
        if figure == "dsp" and family not in FRESH:
            continue  # the controller had multipliers
        error = found[figure] / part[figure] - 1
        assert (error.abs() <= limit).all(), f"{figure}: {error.round(3).tolist()}"


def test_fitted_configurations_leave_small_residuals() -> None:
    for family, part in WHOLE[WHOLE["role"] == "fitted"].groupby("family"):
        found = FpgaResources(str(family))(part[POINT].assign(frequency_mhz=200.0))
        for figure in ("lut", "ff"):
            assert np.abs(found[figure] / part[figure] - 1).max() < (0.11 if family == "ecp5" else 0.06), (
                family,
                figure,
            )


def test_block_rams_and_dsps_of_every_block_are_those_of_every_run() -> None:
    for family, part in RUNS[~ALONE].groupby("family"):
        points = {name: part[name].to_numpy() for name in POINT}
        rules = mapped(str(family), geometry(str(family), points))
        for (block, figure), values in rules.items():
            here = (part["block"] == block).to_numpy()
            if block == "controller" and family not in FRESH:
                continue
            measured = part[figure].to_numpy()[here]
            assert (values[here] == measured).all(), (family, block, figure, values[here].tolist(), measured.tolist())


def test_coefficients_belong_to_features() -> None:
    table = pd.read_csv(Path(model.__file__).with_name("resources.csv"))
    for family, part in table.groupby("family"):
        keys = {(row.block, row.figure, row.feature) for row in part.itertuples()}
        known = {key: features for key, features in FEATURES.items() if key[0] != "system" or family == "ecp5"}
        assert keys == {(*key, name) for key, features in known.items() for name in ("1", *features)}, family


def test_explain_sums_to_the_total() -> None:
    hw = Hardware(
        rows=8, cols=24, x_bits=4, k_bits=4, y_bits=20, kh_max=3, kw_max=3, sh_max=1, sw_max=1, xn_max=1,
        edges_ram_depth=256,
    )  # fmt: skip
    table = FpgaResources("xc7").explain(hw)
    total = FpgaResources("xc7")(pd.DataFrame([hw.model_dump(include={*RTL_PARAMETERS, "frequency_mhz"})]))
    assert list(table.index) == list(BLOCKS)
    for figure in FIGURES:
        assert table[figure].sum() == pytest.approx(total[figure][0])


@pytest.mark.parametrize(
    ("family", "width", "depth", "expected"),
    [
        *(("xc7", *case) for case in (
            (36, 512, (0.5, 0)), (37, 512, (1, 0)), (72, 512, (1, 0)), (9, 2048, (0.5, 0)), (96, 4096, (11, 0)),
            (1, 16384, (0.5, 0)), (1, 32768, (1, 0)), (36, 64, (0, 48)), (48, 128, (1, 0)), (22, 128, (0.5, 0)),
        )),
        ("xcup", 48, 128, (0, 112)), ("xcup", 64, 128, (1, 0)),  # lookup tables are cheaper there
        *(("ecp5", *case) for case in (
            (36, 512, (0.5, 0)), (18, 1024, (0.5, 0)), (8, 2048, (0.5, 0)), (32, 2048, (2, 0)), (12, 16, (0, 12)),
            (24, 64, (0, 96)), (36, 64, (0.5, 0)),
        )),
    ],
)  # fmt: skip
def test_memories_take_the_cheapest_cells(family: str, width: int, depth: int, expected: tuple[float, float]) -> None:
    assert tuple(map(float, memory(family, width, depth))) == expected


def test_cells_whose_bits_nobody_reads_are_left_out() -> None:
    assert float(memory("xc7", 64, 4096)[0]) == 8
    assert float(memory("xc7", 64, 4096, 48)[0]) == 6


def test_a_board_with_a_soc_takes_it_along() -> None:
    hw, large = _with_edges(64), board("ulx3s-85f")
    alone, whole = (model.explain(hw) for model in (FpgaResources("ecp5"), FpgaResources.of(large)))
    assert alone.loc["system"].sum() == 0
    system = whole.loc["system"]
    assert 6000 < system["lut"] < 9000
    assert (system["dsp"], system["bram36"]) == (1, (4096 + 32768 + 262144) / 4096)
    assert (whole.drop(index="system") == alone.drop(index="system")).all(axis=None)
    points = WHOLE[list(PARAMETERS)][:1].assign(frequency_mhz=25.0)
    few, many = (FpgaResources.of(large)(points.assign(memory_bytes=size))["bram36"][0] for size in (5000, 8193))
    assert many - few == 8192 / 4096  # powers of two are built


def test_a_family_without_runs_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no synthesis runs were made for 'gowin'"):
        FpgaResources.of(board("tang-nano-20k"))


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
        FpgaResources("xc2")


def _with_edges(words: int) -> Hardware:
    return Hardware(rows=8, cols=24, kh_max=3, kw_max=3, sh_max=1, sw_max=1, xn_max=1, edges_ram_depth=words)


def test_pools_in_line_cost_nothing_where_there_are_none() -> None:
    both, maps, none = (
        FpgaResources("xc7").explain(_with_edges(64).model_copy(update=change)).loc["line_pools"]
        for change in ({}, {"pool_ram_depth": 0}, {"pool_ram_depth": 0, "global_pool_max": 0})
    )
    assert none.sum() == 0
    assert (0 < maps["lut"] < both["lut"], maps["bram36"], both["bram36"]) == (True, 0, 0.5)


def test_resident_weights_take_what_was_synthesized() -> None:
    """4 x 12 of 8 bits on the 7 series with 1,000 words: what Yosys 0.70 gave more than with none."""
    base = {
        "rows": 4, "cols": 12, "x_bits": 8, "k_bits": 8, "y_bits": 24, "kh_max": 3, "kw_max": 3, "sh_max": 1,
        "sw_max": 1, "xn_max": 1, "weights_ram_depth": 512, "edges_ram_depth": 64, "axi_data_bits": 64,
        "counters_depth": 0, "pool_ram_depth": 0, "global_pool_max": 0,
    }  # fmt: skip
    tables = [FpgaResources("xc7").explain(Hardware(**base, weights_resident=words)).sum() for words in (0, 1000)]
    more = tables[1] - tables[0]
    assert (more["bram36"], more["dsp"]) == (12, 0)
    assert more["lut"] == pytest.approx(644, rel=0.05)
    assert more["ff"] == pytest.approx(385, rel=0.05)
    large = Hardware(**base | {"rows": 8, "cols": 24}, weights_resident=2048)
    assert FpgaResources("xc7").explain(large).loc["resident", "bram36"] == 88
