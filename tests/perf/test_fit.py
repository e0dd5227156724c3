"""Fits: equal to plain loops over estimates, why limits bind, Optuna, and everything that is refused."""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError, ToolError
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board, board
from deepsoc.hw.nodes import node
from deepsoc.mapping import resolve
from deepsoc.netspec.spec import parse_net
from deepsoc.perf import Memory, estimate, summary
from deepsoc.perf import fit as module
from deepsoc.perf._fitspace import fit_space
from deepsoc.perf._network import networks_of
from deepsoc.perf.fit import NoFitError, fit
from deepsoc.perf.silicon import Silicon
from deepsoc.perf.space import Space
from deepsoc.workloads import Layer, Workload
from tests.perf.networks import NARROW, WIDE, graph

CONV = Workload(
    "conv",
    (Layer("a", "conv", 1, 9, 11, 3, 10, 5, 5, 2, 2, 2, 2), Layer("b", "conv", 1, 5, 6, 10, 12, 3, 3, 1, 1, 1, 1)),
)
DENSE = Workload("dense", (Layer("a", "dense", 3, 1, 1, 100, 7), Layer("b", "dense", 3, 1, 1, 7, 300)))
NEEDS = {
    "conv": {"kh_max": 5, "kw_max": 7, "sh_max": 2, "sw_max": 2, "ci_max": 10, "co_max": 12, "xh_max": 9, "xw_max": 11},
    "dense": {"kw_max": 3, "sw_max": 2, "ci_max": 100, "co_max": 300, "xh_max": 3, "xn_max": 4},
}  # maxima, read off the layers, and the rungs above them; the others are 1
STAGE = {"requantizers": [2], "drain_lanes": [1]}
SPACE = STAGE | {
    "rows": [1, 3, 4, 8], "cols": [6, 7, 12, 20], "weights_ram_depth": [24, 64, 128], "axi_data_bits": [32, 128],
}  # fmt: skip
GOALS = ("fps", "fps_per_watt", "fps_per_mm2", "latency")
DIGITS = graph("digits", WIDE)
SILICON, SILICON_MHZ = Silicon(node("28nm")), math.floor(node("28nm").frequency_mhz)
MEMORY = Memory(latency_clocks=5, gb_per_s=3.0)
NET_SPACE = STAGE | {
    "rows": [2, 5, 8], "cols": [12, 24], "weights_ram_depth": [16, 64, 600], "axi_data_bits": [64],
}  # fmt: skip
SPACES = {
    ("conv",): SPACE, ("dense",): SPACE, ("conv", "dense"): SPACE, ("digits",): NET_SPACE,
    ("digits", "peer_demo"): NET_SPACE,
}  # fmt: skip


NO_POOLS = {"global_pool_max": 0, "pool_ram_depth": 0}  # of layer tables


@cache
def network(name: str) -> Workload | Graph:
    return {"conv": CONV, "dense": DENSE}.get(name) or graph(name, WIDE)


def hardware(networks: Sequence[Workload | Graph], **given: Any) -> Hardware:
    """A point, completed without the code under test."""
    graphs = [network for network in networks if isinstance(network, Graph)]
    if graphs:
        return resolve(Hardware(**given), graphs)
    names = ("kh_max", "kw_max", "sh_max", "sw_max", "ci_max", "co_max", "xh_max", "xw_max", "xn_max")
    needs = {name: max(NEEDS[network.name].get(name, 1) for network in networks) for name in names}
    growth = 7  # of a sum of 5 * 5 * 3, 3 * 3 * 10 or 100 products; the rung is one above
    layers = sum(len(network.layers) for network in networks) if len(networks) == 1 else 2
    return Hardware(**given, **needs, y_bits=16 + growth + 1, edges_ram_depth=16, n_bundles_max=layers, **NO_POOLS)


def cost(hw: Hardware) -> dict[str, float]:
    found = SILICON(pd.DataFrame([hw.model_dump()]))
    return {name: float(np.asarray(values)[0]) for name, values in found.items()}


def enough_weights(networks: Sequence[Workload | Graph], hw: Hardware) -> bool:
    """No passes in layer tables: convolutions need Ci*Kh*Sw words, dense layers only where the rows are too few."""
    for network in networks:
        for layer in network.layers if isinstance(network, Workload) else ():
            words = layer.ci * layer.kh * layer.sw
            if words > hw.weights_ram_depth and (layer.type == "conv" or layer.n > hw.rows):
                return False
    return True


@cache
def loops(names: tuple[str, ...]) -> pd.DataFrame:
    """Every point of their space that can run the networks: parameters, goals, costs, least frames a second."""
    networks, space = [network(name) for name in names], SPACES[names]
    rows = []
    for values in itertools.product(*space.values()):
        given = dict(zip(space, values, strict=True))
        try:
            hw = hardware(networks, frequency_mhz=SILICON_MHZ, **given)
            sums = [summary(estimate(one, hw, memory=MEMORY)) for one in networks]
        except InputError:
            continue
        if not enough_weights(networks, hw):
            continue
        fps = [one["end_to_end_fps"] for one in sums]
        mean = math.prod(fps) ** (1 / len(fps))
        found = cost(hw)
        goals = {
            "fps": mean,
            "fps_per_watt": mean / found["power_w"],
            "fps_per_mm2": mean / found["area_mm2"],
            "latency": -sum(one["end_to_end_us"] for one in sums),
        }
        rows.append({**given, **goals, "least_fps": min(fps), **found})
    return pd.DataFrame(rows)


def between(points: pd.DataFrame, **quantiles: float) -> list[float]:
    """Limits that lie clear of every point."""
    return [points[name].quantile(quantile) * (1 + 1e-6) for name, quantile in quantiles.items()]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("budget", [{"area_mm2": 1e-320}, {"area_mm2": 1, "power_w": 1e-320}], ids=str)
def test_a_denormal_budget_fits_nothing_and_warns_of_nothing(budget):
    with pytest.raises(NoFitError, match="of 1e-320"):
        fit([DENSE], node="28nm", space=SPACE, **budget)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("names", SPACES, ids="+".join)
def test_fits_equal_plain_loops(names: tuple[str, ...], goal: Any) -> None:
    """The best points are those of the loops, in their order; passes of networks with weights are counted."""
    points, space = loops(names), SPACES[names]
    area, power, floor = between(points, area_mm2=0.8, power_w=0.7, least_fps=0.3)
    within = {
        "area_mm2": points["area_mm2"] <= area,
        "power_w": points["power_w"] <= power,
        "fps_min": points["least_fps"] >= floor,
    }
    legal = points[np.all(list(within.values()), axis=0)]
    assert 3 < len(legal) < len(points)
    found = fit(
        [network(name) for name in names], area_mm2=area, node="28nm", goal=goal, power_w=power, fps_min=floor,
        space=space, memory=MEMORY,
    )  # fmt: skip
    assert (found.method, found.points) == ("exhaustive", math.prod(map(len, space.values())))
    best = legal.sort_values(goal, ascending=False)
    column = {"fps": "end_to_end_fps", "latency": "latency_us"}.get(goal, goal)
    values = found.table[column].to_numpy() * (-1 if goal == "latency" else 1)
    assert len(values) == min(11, len(legal))
    np.testing.assert_allclose(values, best[goal].to_numpy()[: len(values)], rtol=1e-9)
    chosen = {name: getattr(found.hw, name) for name in space}
    (row,) = legal[np.all([legal[name] == value for name, value in chosen.items()], axis=0)].to_dict(orient="records")
    assert row[goal] == pytest.approx(best[goal].iloc[0], rel=1e-9)
    assert found.resources == pytest.approx({name: row[name] for name in ("area_mm2", "power_w")})
    assert {name: found.figures[name] for name in space} == chosen
    assert found.hw == hardware([network(name) for name in names], frequency_mhz=SILICON_MHZ, **chosen)
    if space is NET_SPACE:
        return
    limits = found.limits.set_index("limit")
    for limit in within:
        others = [mask for name, mask in within.items() if name != limit]
        better = points[np.all(others, axis=0)][goal].max() / best[goal].iloc[0]
        gain = (1 / better if goal == "latency" else better) - 1
        assert limits.loc[limit, "gain"] == pytest.approx(gain, abs=1e-9)
        assert limits.loc[limit, "binds"] == (gain > 1e-6) or not limits["gain"].any()
    used = {"area_mm2": row["area_mm2"] / area, "power_w": row["power_w"] / power, "fps_min": floor / row["least_fps"]}
    assert limits["share"].to_dict() == pytest.approx({**limits["share"].to_dict(), **used})


@pytest.mark.parametrize("goal", GOALS)
def test_optuna_finds_the_same(goal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    area = 1.05 * cost(hardware([CONV], frequency_mhz=SILICON_MHZ, rows=4, cols=12, weights_ram_depth=64))["area_mm2"]
    options: dict[str, Any] = {"area_mm2": area, "node": "28nm", "goal": goal, "space": SPACE}
    whole = fit([CONV], **options)
    monkeypatch.setattr(module, "MAX_POINTS", 95)
    led = fit([CONV], **options, trials=20)
    assert (led.method, led.hw) == ("optuna", whole.hw)
    pd.testing.assert_frame_equal(led.table[:1], whole.table[:1])
    pd.testing.assert_frame_equal(led.limits[["limit", "used", "binds"]], whole.limits[["limit", "used", "binds"]])
    again = fit([CONV], **options, trials=20)
    assert (again.hw, again.points) == (led.hw, led.points)


LARGE = {
    "rows": {"min": 1, "max": 64, "step": 1}, "cols": {"min": 6, "max": 2005, "step": 1},
    "weights_ram_depth": {"min": 32, "max": 250_031, "step": 32},
}  # fmt: skip


def test_a_billion_points_go_to_optuna() -> None:
    found = fit([CONV], area_mm2=1, node="28nm", space={**LARGE, "axi_data_bits": 64}, trials=60, seed=3)
    assert Space.parse(LARGE).size > 1e9
    assert found.method == "optuna"
    assert found.points < 1e6
    small = {**SPACE, "rows": list(range(1, 10)), "cols": list(range(6, 121)), "axi_data_bits": 64}
    whole = fit([CONV], area_mm2=1, node="28nm", space=small)
    assert found.fps >= 0.99 * whole.fps
    assert found.resources["area_mm2"] <= 1


def test_without_optuna_a_large_space_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ToolError, match=r"pip install 'deepsoc\[fit\]'"):
        fit([CONV], area_mm2=1, node="28nm", space=LARGE)
    depths = {"min": 2, "max": 200_000, "step": 1}
    with pytest.raises(InputError, match="space: expected at most 4,611,686,018,427,387,904 points"):
        fit([CONV], area_mm2=1, node="28nm", space={
            **LARGE, "weights_ram_depth": depths, "frequency_mhz": {"min": 1, "max": 9999, "step": 1e-6},
        })  # fmt: skip


def test_the_default_space_holds_what_helps() -> None:
    found = fit([CONV], area_mm2=0.5, node="28nm", runners_up=3)
    wider = fit([CONV], area_mm2=0.5, node="28nm", space={
        "rows": {"min": 1, "max": 40, "step": 1}, "cols": {"min": 6, "max": 90, "step": 1},
        "weights_ram_depth": {"min": 30, "max": 90, "step": 30},
    })  # fmt: skip
    assert found.fps == pytest.approx(wider.fps)
    assert len(found.table) == 4
    assert found.hw.frequency_mhz == SILICON_MHZ
    fixed = fit([CONV], area_mm2=0.5, node="28nm", space={"cols": 12, "kh_max": 9})
    assert (fixed.hw.cols, fixed.hw.kh_max) == (12, 9)
    assert 0 < fixed.fps < found.fps
    spaces = fit([CONV], area_mm2=0.5, node="28nm", space=Space.parse({"rows": [2, 3], "cols": 12}))
    assert spaces.hw.rows in (2, 3)
    assert spaces.hw.weights_ram_depth >= 64


def test_memory_and_line_buffers_limit_too() -> None:
    wide = {"rows": [8], "cols": [20], "weights_ram_depth": [64], "axi_data_bits": [128]}
    slow, free = (
        fit([CONV], area_mm2=9, node="28nm", space=wide, memory=memory) for memory in (Memory(gb_per_s=0.5), None)
    )
    (row,) = slow.limits[slow.limits["limit"] == "memory_gb_per_s"].to_dict(orient="records")
    assert row["binds"]
    assert row["gain"] == pytest.approx(free.fps / slow.fps - 1)
    assert 0.9 < row["share"] <= 1
    assert "memory_gb_per_s" not in set(free.limits["limit"])
    assert not free.limits["binds"].any()
    tall = Workload("tall", (Layer("a", "conv", 1, 999, 9, 3, 6, 5, 5, 2, 2, 2, 2),))
    found = fit([tall], area_mm2=9, node="28nm", space={**wide, "rows": {"min": 20, "max": 80, "step": 1}})
    limits = found.limits.set_index("limit")
    assert limits.loc["line_buffers", "binds"]
    assert 60 < limits.loc["line_buffers", "used"] <= 64


BOARD = """
name = "own"
title = "Own board"
part = "xc7z010clg400-1"
family = "xc7"
board_part = "own:own:part0:1.0"
lut = 10_000
ff = 20_000
dsp = 50
bram36 = 40
axi_data_bits = 32
memory_ports = 4
memory_gb_per_s = 0.4
frequency_mhz = 120
source = "test"
"""


def test_a_board_is_budget_clock_ports_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def model(_: Board) -> Any:
        return lambda p: {
            "lut": 3000 + 40 * p["rows"] * p["cols"], "ff": 4000 + 30 * p["cols"], "dsp": p["rows"] * p["cols"],
            "bram36": p["cols"] * p["weights_ram_depth"] / 1000, "power_w": 0.5 + 0.001 * p["rows"] * p["cols"],
        }  # fmt: skip

    monkeypatch.setattr("deepsoc.perf.resources.FpgaResources.of", model)
    (tmp_path / "own.toml").write_text(BOARD)
    found = fit([CONV], board=tmp_path / "own.toml", fps_min=10)
    assert (found.hw.frequency_mhz, found.hw.axi_data_bits) == (120, 32)
    assert found.hw.rows * found.hw.cols <= 45
    assert set(found.resources) == {"lut", "ff", "dsp", "bram36", "power_w"}
    limits = found.limits.set_index("limit")
    assert limits["budget"][["lut", "ff", "dsp", "bram36"]].to_dict() == {
        "lut": 7000, "ff": 10000, "dsp": 45, "bram36": 32,
    }  # fmt: skip
    assert limits.loc["dsp", "binds"]
    assert limits.loc["dsp", "gain"] > 0
    # Without DSPs in the way: the same model, many of them.
    (tmp_path / "own.toml").write_text(BOARD.replace("dsp = 50", "dsp = 5000"))
    more = fit([CONV], board=tmp_path / "own.toml", fps_min=10)
    assert limits.loc["dsp", "gain"] == pytest.approx(more.fps / found.fps - 1)
    table = estimate(CONV, found.hw, memory=Memory(gb_per_s=0.4))
    assert found.fps == pytest.approx(summary(table)["end_to_end_fps"])
    assert limits.loc["memory_gb_per_s", "used"] <= 0.4
    with pytest.raises(InputError, match="goal: a board has no area"):
        fit([CONV], board=tmp_path / "own.toml", goal="fps_per_mm2")


def test_limits_that_bind_together() -> None:
    """Each alone may go: the next better point exceeds both."""

    def points(rows: int) -> dict[str, float]:
        return cost(hardware([CONV], frequency_mhz=SILICON_MHZ, rows=rows, cols=6, weights_ram_depth=64))

    low, high = points(1), points(4)
    found = fit(
        [CONV], area_mm2=(low["area_mm2"] + high["area_mm2"]) / 2, node="28nm",
        power_w=(low["power_w"] + high["power_w"]) / 2,
        space={"rows": [1, 4], "cols": 6, "weights_ram_depth": 64, "axi_data_bits": 128},
    )  # fmt: skip
    assert found.hw.rows == 1
    assert set(found.limits[found.limits["binds"]]["limit"]) == {"area_mm2", "power_w"}
    assert not found.limits["gain"].any()


def test_what_is_out_of_reach_is_told_by_the_figures_of_the_final_estimate() -> None:
    best = loops(("digits",))["least_fps"].max()
    with pytest.raises(NoFitError) as caught:
        fit([DIGITS], area_mm2=9, node="28nm", space=NET_SPACE, fps_min=1e12, memory=MEMORY)
    (told,) = re.findall(r"makes ([\d.e+,]+) of", str(caught.value))
    assert float(told.replace(",", "")) == pytest.approx(best, rel=1e-3)


def test_an_array_that_is_too_narrow_is_not_the_smallest() -> None:
    with pytest.raises(NoFitError, match="the smallest array, 1 × 6 "):
        fit([CONV], area_mm2=1e-5, node="28nm", space={**SPACE, "cols": [3, 6]})


def test_the_memory_is_that_of_the_board_or_the_given_one() -> None:
    space = {"rows": 2, "cols": 6, "weights_ram_depth": 64}
    assert fit([CONV], board="pynq-z2", space=space).memory == Memory(gb_per_s=board("pynq-z2").memory_gb_per_s)
    assert fit([CONV], board="pynq-z2", space=space, memory=MEMORY).memory == MEMORY


def test_impossible_budgets_say_what_exceeds_them() -> None:
    with pytest.raises(NoFitError, match=r"the smallest array, 1 × 6 .* takes area_mm2 0\.\d+ of 1e-05 \([\d,]+ %\)"):
        fit([CONV], area_mm2=1e-5, node="28nm", space=SPACE)
    with pytest.raises(NoFitError, match=r"reaches fps_min: the best, \d+ × \d+ .*, makes [\d.e+,]+ of 1e\+15 frames"):
        fit([CONV], area_mm2=1, node="28nm", space=SPACE, fps_min=1e15)
    with pytest.raises(NoFitError, match="every array is too narrow for a kernel; widen cols"):
        fit([CONV], area_mm2=1, node="28nm", space={**SPACE, "cols": [3, 5]})
    with pytest.raises(NoFitError) as caught:  # the limits that hold are not named
        fit([CONV], area_mm2=1e-5, power_w=100, node="28nm", space=SPACE)
    assert "power_w" not in str(caught.value)
    with pytest.raises(NoFitError, match=r"takes weights_ram_depth 30 of 24"):
        fit([CONV], area_mm2=1, node="28nm", space={**SPACE, "weights_ram_depth": 24})
    with pytest.raises(NoFitError, match=r"makes [\d.e+,]+ of 1e\+12 frames"):
        fit([DIGITS], area_mm2=9, node="28nm", space=NET_SPACE, fps_min=1e12)
    with pytest.raises(NoFitError, match=r"the smallest array, 2 × 12 .* takes power_w"):
        fit([DIGITS], area_mm2=9, node="28nm", space=NET_SPACE, power_w=1e-6)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"area_mm2": None}, "board: expected either a board or an area"),
        ({"node": None}, "node: an area needs a node"),
        ({"area_mm2": None, "node": None}, "board: expected either a board or an area"),
        ({"board": "pynq-z2"}, "board: expected either a board or an area"),
        ({"node": "66nm"}, "node: unknown node '66nm'; expected one of"),
        *(
            ({"area_mm2": value}, "area_mm2: expected square millimetres above 0")
            for value in (0, -1, math.nan, math.inf, "5", True)
        ),
        *(({"power_w": value}, "power_w: expected a number above 0") for value in (0, math.nan, math.inf, "1")),
        *(({"fps_min": value}, "fps_min: expected a number above 0") for value in (-1, math.nan)),
        ({"goal": "speed"}, "goal: expected one of fps, fps_per_watt, fps_per_mm2, latency, received 'speed'"),
        ({"runners_up": -1}, "runners_up: expected an integer of at least 0"),
        ({"trials": 0}, "trials: expected an integer of at least 1"),
        ({"seed": 1.5}, "seed: expected an integer"),
        ({"networks": []}, "networks: expected networks of different names, received none"),
        ({"networks": [CONV, CONV]}, "networks: expected networks of different names"),
        ({"networks": "vgg16"}, "networks: expected a list of networks"),
        ({"networks": ["none.csv"]}, "no such file"),
        ({"space": {"rows": []}}, r"space\.rows: the list is empty"),
        ({"space": {"rows": math.nan}}, r"space\.rows: expected a number"),
        ({"space": {"kh_max": 3}}, r"space\.kh_max: the networks need 5, received 3"),
        ({"space": {"colour": 3}}, r"space\.colour: unknown parameter"),
        ({"space": 3}, "space: expected an object of parameters, received int"),
        ({"space": "none.json"}, r"none\.json: cannot read the space"),
        ({"networks": [DIGITS], "space": {"x_bits": 8}}, r"space\.x_bits: the networks have 4 bits"),
        ({"networks": [DIGITS], "space": {"k_bits": [2, 4]}}, r"space\.k_bits: the networks have 4 bits"),
        ({"networks": [DIGITS, graph("kws_cnn", NARROW)]}, r"space\.x_bits: the networks have 4, 8 bits"),
    ],
    ids=str,
)  # fmt: skip
def test_faults_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit(**{"networks": [CONV], "area_mm2": 1, "node": "28nm", "space": SPACE, **arguments})


def test_rows_beyond_the_largest_matrix_gain_nothing() -> None:
    matrix = Workload("matrix", (Layer("d", "dense", 2, 3, 5, 4, 4),))  # 30 rows of features
    _, networks = networks_of([matrix])
    rows = next(
        axis for axis in fit_space(None, [matrix], networks, 100.0, [64], ["portable"]).axes if axis.name == "rows"
    )
    assert max(rows.values) == 30


# ---- processing elements ---------------------------------------------------------------------------------------------

ARRAYS = {"rows": [4, 8, 12], "cols": [12, 18, 24], "weights_ram_depth": [2048]}


@pytest.mark.parametrize("name", ["pynq-z2", "kv260"])
def test_elements_are_dsp_blocks_where_the_family_has_them(name: str) -> None:
    found = fit([CONV], board=name, space=ARRAYS)
    assert found.hw.pe == "dsp_cascade"
    portable = fit([CONV], board=name, space=ARRAYS | {"pe": "portable", "rows": found.hw.rows, "cols": found.hw.cols})
    assert portable.resources["lut"] > found.resources["lut"]


def test_a_board_short_of_dsp_blocks_gets_more_elements_than_blocks() -> None:
    short = board("kv260").model_copy(update={"dsp": 120})
    found = fit([CONV], board=short, space=ARRAYS)
    assert found.hw.pe == "dsp_pair"
    assert found.hw.rows * found.hw.cols > 120 >= found.resources["dsp"]


def test_memories_that_may_be_none_are_left_out_by_the_space() -> None:
    space = {"rows": [2], "cols": [24], "weights_ram_depth": [600]}
    found = fit([CONV], board="zcu104", space=space | {"counters_depth": 0})
    assert found.hw.counters_depth == 0
    assert found.resources["lut"] < fit([CONV], board="zcu104", space=space).resources["lut"]


THIN = Workload("thin", (Layer("a", "conv", 1, 16, 40, 4, 48), Layer("b", "conv", 1, 16, 40, 48, 4)))


@pytest.mark.parametrize(
    ("name", "stage"),
    [("autoencoder", (1, 4)), ("peer_demo", (1, 2)), ("resnet8", (2, 2)), ("thin", (2, 4)), ("conv", (2, 1))],
)
def test_the_output_stage_is_the_smallest_that_loses_nothing(name: str, stage: tuple[int, int]) -> None:
    """Among all requantizers and lanes; a layer table does not tell whether one requantizer would do."""
    chosen = THIN if name == "thin" else network(name)
    space = {"rows": [2], "cols": [24], "weights_ram_depth": [600]}
    found = fit([chosen], board="zcu104", space=space)
    assert (found.hw.requantizers, found.hw.drain_lanes) == stage
    for requantizers, lanes in itertools.product((1, 2), (1, 2, 4)):
        if isinstance(chosen, Workload) and requantizers == 1:
            continue
        other = fit([chosen], board="zcu104", space=space | {"requantizers": requantizers, "drain_lanes": lanes})
        assert other.fps <= found.fps
        assert other.fps < found.fps or other.resources["lut"] >= found.resources["lut"]


def test_groups_get_channels_of_their_own_where_a_network_is_depthwise() -> None:
    core = {"type": "conv2d", "filters": 24, "kernel": [3, 3], "padding": "same", "groups": 24}
    net = {
        "format": "deepsoc-net/1", "name": "depthwise", "input": {"shape": [16, 16, 24]},
        "bits": {"x": 8, "k": 8, "b": 16},
        "bundles": [{"name": "a", "input": "input", "core": core, "act": {"type": "relu"}}],
    }  # fmt: skip
    space = {"rows": [4], "cols": [24], "weights_ram_depth": [64], **STAGE}
    chosen = parse_net(net).to_graph()
    found = fit([chosen], board="zcu104", space=space)
    without = fit([chosen], board="zcu104", space=space | {"depthwise": 0})
    assert (found.hw.depthwise, without.hw.depthwise) == (8, 0)
    assert found.fps > 2 * without.fps
    assert found.resources["lut"] > without.resources["lut"]


@pytest.mark.parametrize(("board", "share"), [("zcu104", 1.0), ("pynq-z2", 0.5)])
def test_weights_of_dense_layers_stay_on_chip_as_far_as_they_fit(board: str, share: float) -> None:
    widths = (512, 512, 256, 64)
    bundles = [
        {
            "name": f"d{i}",
            "input": f"d{i - 1}" if i else "input",
            "core": {"type": "dense", "units": n},
            "act": {"type": "relu"},
        }
        for i, n in enumerate(widths)
    ]
    net = {"format": "deepsoc-net/1", "name": "mlp", "input": {"shape": [512]}, "bits": {"x": 8, "k": 8, "b": 16},
           "bundles": bundles}  # fmt: skip
    chosen = parse_net(net).to_graph()
    space = {"rows": [8], "cols": [24], "pe": ["dsp_cascade"], "weights_ram_depth": [512], **STAGE}
    found = fit([chosen], board=board, space=space)
    without = fit([chosen], board=board, space=space | {"weights_resident": 0})
    features = (512, *widths[:-1])  # on 8 rows, 16 a beat
    words = sum(-(-n // 24) * (-(-x // 128) * 16) for x, n in zip(features, widths, strict=True))
    assert (found.hw.weights_resident, without.hw.weights_resident) == (round(share * words), 0)
    assert found.fps > 1.2 * without.fps


@pytest.mark.parametrize("place", [{"board": "ulx3s-85f"}, {"area_mm2": 4, "node": "28nm"}])
def test_elements_elsewhere_are_portable(place: dict[str, Any]) -> None:
    assert fit([CONV], **place, space={"rows": [2], "cols": [12], "weights_ram_depth": [2048]}).hw.pe == "portable"
