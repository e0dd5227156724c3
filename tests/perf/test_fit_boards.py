"""Fits on boards without a processor: hardware, RISC-V SoC and the network's memory share the FPGA."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.hw.socmap import memory_bytes
from deepsoc.impl import forecast
from deepsoc.mapping import plan, resolve
from deepsoc.perf import Memory, estimate, summary
from deepsoc.perf.fit import NoFitError, fit
from deepsoc.perf.resources import FpgaResources
from tests.perf.networks import WIDE, graph

DIGITS = graph("digits", WIDE)
SPACE = {
    "rows": [1, 3, 4, 8], "cols": [6, 12, 24], "weights_ram_depth": [64, 256, 2048], "requantizers": [2],
    "drain_lanes": [1],
}  # fmt: skip


def found_by_loops(name: str) -> pd.DataFrame:
    """Every point that fits the board, the fastest first."""
    place = board(name)
    assert place.system
    rows = []
    for values in itertools.product(*SPACE.values()):
        given = dict(zip(SPACE, values, strict=True))
        hw = Hardware(frequency_mhz=place.frequency_mhz, axi_data_bits=place.axi_data_bits, x_bits=4, k_bits=4, **given)
        try:
            mapped = plan(DIGITS, resolve(hw, [DIGITS]))
        except InputError:
            continue
        fps = summary(estimate(mapped, mapped.hw, memory=Memory(gb_per_s=place.memory_gb_per_s)))["end_to_end_fps"]
        needed = memory_bytes(mapped.arena_bytes, math.prod(mapped.input.shape), math.prod(mapped.output.shape))
        used = FpgaResources.of(place).explain(mapped.hw).sum()
        built, whole = 1 << (needed - 1).bit_length(), place.system.memory_bytes
        used["bram36"] += (built - whole) / 4096
        if needed <= whole and all(used[name] <= most for name, most in place.budget().items()):
            rows.append({**given, "fps": fps, "memory_bytes": needed, **used})
    return pd.DataFrame(rows).sort_values("fps", ascending=False, ignore_index=True)


@pytest.mark.parametrize("name", ["ulx3s-45f", "ulx3s-85f"])
def test_the_best_hardware_is_that_of_plain_loops_and_can_be_implemented(name: str, tmp_path: Path) -> None:
    found, points = fit([DIGITS], board=name, space=SPACE), found_by_loops(name)
    assert 3 < len(points) < math.prod(map(len, SPACE.values()))
    np.testing.assert_allclose(found.table["end_to_end_fps"], points["fps"][: len(found.table)], rtol=1e-9)
    chosen = {parameter: getattr(found.hw, parameter) for parameter in SPACE}
    (row,) = points[np.all([points[key] == value for key, value in chosen.items()], axis=0)].to_dict("records")
    assert found.figures["memory_bytes"] == row["memory_bytes"]
    assert {figure: found.resources[figure] for figure in board(name).budget()} == pytest.approx(
        {figure: row[figure] for figure in board(name).budget()}
    )
    limit = found.limits.set_index("limit").loc["memory_bytes"]
    assert (limit["budget"], limit["used"]) == (board(name).system.memory_bytes, row["memory_bytes"])  # type: ignore[union-attr]
    export(DIGITS, found.hw, tmp_path / "design")
    assert forecast(tmp_path / "design", "ecp5", board=name)


def test_a_network_that_needs_more_memory_than_the_board_has_is_refused_with_the_figure() -> None:
    with pytest.raises(NoFitError, match=r"memory_bytes [\d.e+]+ of 2\.621e\+05"):
        fit(["resnet50"], board="ulx3s-85f")


def test_a_board_of_gowin_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no synthesis runs were made for 'gowin'"):
        fit([DIGITS], board="tang-nano-20k")
