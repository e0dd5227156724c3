"""Area and power: against the gates that were counted, the published chips, and by their behaviour."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.nodes import node
from deepsoc.perf.silicon import BLOCKS, Silicon, anchors, gate_terms
from deepsoc.perf.sweep import sweep

SILICON = Silicon(node("65nm"))
CONSTANTS = tomllib.loads(resources.files("deepsoc.perf").joinpath("silicon.toml").read_text(encoding="utf-8"))
GATES = CONSTANTS["gates"]
POINT = {
    "rows": 8, "cols": 24, "x_bits": 4, "k_bits": 4, "y_bits": 32, "kh_max": 7, "kw_max": 7, "sh_max": 2, "sw_max": 2,
    "xn_max": 1, "weights_ram_depth": 2048, "edges_ram_depth": 256, "axi_data_bits": 128, "axi_max_burst": 16,
    "frequency_mhz": 400.0,
}  # fmt: skip


def _model(silicon: Silicon = SILICON, **changes: float) -> tuple[float, float]:
    found = silicon(pd.DataFrame([POINT | changes]))
    return float(found["area_mm2"][0]), float(found["power_w"][0])


def _counts() -> pd.DataFrame:
    with resources.files("deepsoc.perf").joinpath("silicon_gates.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def test_gates_are_those_that_were_counted() -> None:
    table = _counts()
    model = np.stack([sum(GATES[b][n] * term for n, term in terms.items()) for b, terms in gate_terms(table).items()])
    counts = table[list(BLOCKS)].to_numpy().T
    fitted, held_out = ~table["held_out"], table["held_out"]
    assert fitted.sum() >= 6
    assert held_out.sum() >= 1
    deviation, total = model / counts - 1, model.sum(axis=0) / counts.sum(axis=0) - 1
    print(pd.DataFrame(deviation.round(3), index=BLOCKS, columns=table["name"]), total)
    assert np.abs(deviation[:, fitted]).max() < 0.06
    assert np.abs(total[fitted]).max() < 0.01
    assert np.abs(deviation[:, held_out]).max() < 0.06
    assert np.abs(total[held_out]).max() < 0.02


def test_anchors_are_missed_by_what_the_docs_say() -> None:
    found = anchors()
    area = (found["model_area_mm2"] / found["area_mm2"] - 1).tolist()
    power = (found["model_power_w"] / found["power_w"] - 1).tolist()
    assert area == pytest.approx([0.141, -0.122], abs=0.002)
    assert power == pytest.approx([0.074, -0.071], abs=0.002)


def test_line_buffers_are_the_hardware_s() -> None:
    rng = np.random.default_rng(seed := 3)
    print(f"seed {seed}")
    for _ in range(50):
        x_bits = int(rng.choice([2, 4, 8]))
        values = {name: int(rng.integers(1, high)) for name, high in (("rows", 13), ("kh_max", 12), ("sh_max", 4))}
        try:
            hw = Hardware(
                cols=int(rng.integers(8, 99)),
                x_bits=x_bits,
                k_bits=4,
                xn_max=int(rng.integers(1, 9)),
                kw_max=3,
                edges_ram_depth=16,
                **values,
            )
        except InputError:  # more buffers than the RTL has
            continue
        terms = gate_terms(pd.DataFrame([hw.model_dump(exclude_none=True)]))
        assert terms["pixel_reader"]["line"][0] == hw.line_buffers, hw
        beat, unit = hw.axi_data_bits, max(hw.axi_data_bits // 8, 8)
        word = -(-hw.cols * hw.k_bits // unit) * unit  # weights by one port
        assert terms["weights"]["gear"][0] == (word + beat if word != beat else 0), hw


def test_explain_sums_to_the_answer() -> None:
    table = SILICON.explain(Hardware(**POINT))
    assert list(table.columns) == ["block", "area_mm2", "power_w"]
    assert table["block"].tolist() == [*BLOCKS, "weights_ram", "edges_ram", "counters_ram"]
    assert (table[["area_mm2", "power_w"]] > 0).all(axis=None)
    assert tuple(table[["area_mm2", "power_w"]].sum()) == pytest.approx(_model())


def test_explain_names_an_open_maximum() -> None:
    with pytest.raises(InputError, match="give it") as found:
        SILICON.explain(Hardware(rows=8, cols=24))
    assert found.value.where == "kh_max"


@pytest.mark.parametrize(
    "name",
    ["rows", "cols", "x_bits", "k_bits", "kh_max", "sh_max", "weights_ram_depth", "edges_ram_depth", "axi_data_bits"],
)
def test_more_hardware_is_larger(name: str) -> None:
    area, power = _model(**{name: 2 * POINT[name]})
    assert area > 1.01 * _model()[0] or name == "edges_ram_depth"
    assert area > _model()[0]
    assert power > _model()[1]


def test_sums_cost_what_they_hold() -> None:
    assert _model(y_bits=16)[0] < _model(y_bits=24)[0] < _model()[0]


def test_register_files_are_dense() -> None:
    def area(burst: int) -> float:
        return float(SILICON._blocks(pd.DataFrame([POINT | {"axi_max_burst": burst}]))["pixel_reader"][0][0])

    bits = Hardware(**POINT).line_buffers * 128 * 4  # of one beat a chunk
    gates = bits * GATES["pixel_reader"]["bit"]
    assert area(2) - area(1) == pytest.approx(gates * CONSTANTS["um2_per_stored_gate"] * 1e-6)


def test_ram_is_two_banks_of_a_power_of_two() -> None:
    def ram(depth: int) -> float:
        return float(SILICON._blocks(pd.DataFrame([POINT | {"weights_ram_depth": depth}]))["weights_ram"][0][0])

    bits = 2 * 2048 * 96
    assert ram(2048) == pytest.approx(bits * CONSTANTS["um2_per_sram_bit"] * 1e-6)
    assert ram(1025) == ram(2048)


def test_power_is_dynamic_and_leakage() -> None:
    area, power = _model()
    leakage = area * CONSTANTS["leakage_mw_per_mm2"] * 1e-3
    assert _model(frequency_mhz=800.0)[1] - leakage == pytest.approx(2 * (power - leakage))


def test_a_node_scales_logic_memory_and_energy() -> None:
    anchor = node("65nm")
    area, power = _model()
    logic = _model(Silicon(anchor.model_copy(update={"area": 2.0})))[0] - area
    memory = _model(Silicon(anchor.model_copy(update={"sram_area": 2.0})))[0] - area
    assert logic + memory == pytest.approx(area)
    leakage = area * CONSTANTS["leakage_mw_per_mm2"] * 1e-3
    assert _model(Silicon(anchor.model_copy(update={"energy": 0.5})))[1] == pytest.approx(
        leakage + (power - leakage) / 2
    )
    assert _model(replace(SILICON, node=node("28nm")))[0] < 0.3 * area


def test_errors_of_model_and_node_add_up() -> None:
    assert SILICON.error_percent == 40
    assert Silicon(node("28nm")).error_percent == 50  # 40 and 30


def test_vectors_are_points_one_by_one() -> None:
    changes = [{}, {"rows": 3, "x_bits": 2}, {"cols": 96, "axi_data_bits": 32}, {"axi_max_burst": 1, "sh_max": 1}]
    table = SILICON(pd.DataFrame([POINT | change for change in changes]))
    for at, change in enumerate(changes):
        assert (table["area_mm2"][at], table["power_w"][at]) == pytest.approx(_model(**change))


def test_defaults_are_the_hardware_s() -> None:
    needed = {name: POINT[name] for name in ("rows", "cols", "kh_max", "kw_max", "sh_max", "edges_ram_depth")}
    hw = Hardware(**needed)
    found = SILICON(pd.DataFrame([needed]))
    assert found["area_mm2"][0] == pytest.approx(SILICON.explain(hw)["area_mm2"].sum())


@pytest.mark.parametrize("name", ["rows", "cols", "kh_max", "kw_max", "sh_max", "edges_ram_depth"])
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(InputError, match="no default; give it") as found:
        SILICON(pd.DataFrame([POINT]).drop(columns=name))
    assert found.value.where == name


@pytest.mark.parametrize("value", [None, float("nan"), 0, -8, "wide"])
def test_a_value_that_is_no_size(value: object) -> None:
    with pytest.raises(InputError, match="expected positive numbers") as found:
        SILICON(pd.DataFrame([POINT, POINT | {"sh_max": value}]))
    assert found.value.where == "sh_max"


def test_in_a_sweep() -> None:
    space = {"rows": [4, 8], "cols": 24, "kh_max": 3, "kw_max": 3, "sh_max": 2, "edges_ram_depth": 64}
    table = sweep(["jet_tagging"], space, resources=SILICON, limits=["area_mm2 <= 100"])
    assert table["area_mm2"].is_monotonic_increasing
    assert len(table) == 2
    assert sweep(["jet_tagging"], space, resources=SILICON, limits=["area_mm2 <= 0.001"]).empty


def test_without_a_pooling_unit_nothing_of_it_is_counted() -> None:
    blocks = SILICON.explain(Hardware(**POINT | {"edges_ram_depth": 0})).set_index("block")
    assert blocks.loc[["pool", "edges_ram"], ["area_mm2", "power_w"]].to_numpy().tolist() == [[0, 0], [0, 0]]
    assert blocks.drop(["pool", "edges_ram"]).equals(
        SILICON.explain(Hardware(**POINT)).set_index("block").drop(["pool", "edges_ram"])
    )
