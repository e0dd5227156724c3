"""SweepExplorer: what it sweeps, shows, keeps and emits, and all of it in a browser."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.nodes import node
from deepsoc.netspec.spec import parse_net
from deepsoc.perf import estimate, summary
from deepsoc.perf.pareto import pareto
from deepsoc.perf.silicon import Silicon
from deepsoc.perf.space import PARAMETERS
from deepsoc.perf.sweep import over_networks, sweep
from deepsoc.widgets import SweepExplorer
from deepsoc.widgets.sweep._points import MOST, packed
from tests.widgets.page import delay, mounted, open_browser

DIGITS = json.loads((Path(__file__).parents[2] / "data" / "digits.json").read_text())
SPACE = {"rows": {"min": 2, "max": 12, "step": 1}, "cols": [16, 32, 64], "frequency_mhz": 400}


def explorer(**kwargs: Any) -> SweepExplorer:
    return SweepExplorer(**({"networks": ["alexnet"], "space": SPACE} | kwargs))


def ran(**kwargs: Any) -> SweepExplorer:
    control = explorer(**kwargs).run()
    control.wait(60)
    assert control.task["state"] == "done", control.task
    return control


# ---- sweeps ---------------------------------------------------------------------------------------------------------
def test_table_and_front_are_those_of_the_library() -> None:
    control = ran(node="28nm", area_mm2=1.5, limits=["end_to_end_fps >= 20"])
    limits = ["end_to_end_fps >= 20", "area_mm2 <= 1.5"]
    table = sweep(["alexnet"], SPACE, limits=limits, resources=Silicon(node("28nm")))
    assert 0 < len(table) < 33
    pd.testing.assert_frame_equal(control.table, table)
    pd.testing.assert_frame_equal(control.front, pareto(table, control.objectives).drop(columns="network"))
    assert control.objectives == {"end_to_end_fps": "max", "area_mm2": "min"}
    assert f"{len(control.front)} on the front" in control.task["message"]


def test_several_networks_are_points_together() -> None:
    control = ran(networks=["alexnet", "resnet18"])
    pd.testing.assert_frame_equal(control.points, over_networks(control.table))
    assert control.names == ["alexnet", "resnet18"]


def test_the_code_does_the_same() -> None:
    for options in (
        {"node": "28nm", "area_mm2": 2.0},
        {"board": "pynq-z2", "space": SPACE | {"frequency_mhz": 2000}},
        {"networks": ["alexnet", DIGITS], "limits": ["pes <= 512"]},
    ):
        control = ran(**options)
        scope: dict[str, Any] = {}
        exec(control.code, scope)
        pd.testing.assert_frame_equal(scope["table"], control.table)
        assert list(scope["front"]["end_to_end_fps"]) == list(control.front["end_to_end_fps"])


def test_other_objectives_make_another_front_without_a_sweep() -> None:
    control = ran()
    table = control.table
    control.on_objectives([["efficiency", "max"], ["dram_bytes", "min"]])
    assert control.table is table
    assert list(control.front.index) == list(pareto(control.points, {"efficiency": "max", "dram_bytes": "min"}).index)
    assert '"efficiency"' in control.code.replace("'", '"')


def test_no_point_within_the_limits() -> None:
    control = ran(limits=["end_to_end_fps >= 1e9"])
    assert "No point" in control.task["message"]
    assert len(control.front) == 0
    assert control.drawn == b""


def test_a_sweep_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, progress: Any, **__: Any) -> None:
        for i in range(10_000):
            progress(i, 10_000)
            time.sleep(0.005)

    control = ran()
    points = control.points
    monkeypatch.setattr("deepsoc.widgets.sweep.sweep_explorer.sweep", endless)
    control.run()
    control.on_cancel()
    control.wait(5)
    assert control.task["state"] == "cancelled"
    assert control.points is points


# ---- space ----------------------------------------------------------------------------------------------------------
def test_hardware_fixes_what_is_not_swept() -> None:
    control = SweepExplorer(networks=["alexnet"], hw=Hardware(rows=4, cols=24, k_bits=4), space={"rows": [4, 8]})
    assert control.space == {"rows": [4, 8], "cols": 24, "k_bits": 4}
    assert control.size == 2


def test_edits_of_the_space() -> None:
    control = explorer()
    control.on_space([["cols", [24, 48]], ["axi_data_bits", [64, 128]]])
    assert control.space == {"rows": 2, "frequency_mhz": 400, "cols": [24, 48], "axi_data_bits": [64, 128]}
    assert control.size == 4
    control.on_space([["rows", {"min": 9, "max": 2, "step": 1}]])
    assert "above max" in control.faults["rows"]
    control.on_space([["rows", {"min": 2, "max": 9, "step": 1}]])
    assert control.faults == {}
    assert control.space["cols"] == 24
    control.on_target("board", "pynq-z2")
    assert (control.space["frequency_mhz"], control.space["axi_data_bits"]) == (125, 64)
    assert {"lut", "dsp"} <= set(control.columns)


@pytest.mark.parametrize(
    "wrong",
    [{"space": {"rows": [1, 2]}}, {"space": {**SPACE, "x_bits": [4, 8], "k_bits": [4, 8]}}, {"board": "nexys"},
     {"limits": ["fast"]}, {"objectives": {"fps": "much"}}, {"colour": "red"}],
)  # fmt: skip
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        explorer(**wrong)
    with pytest.raises(InputError, match="network"):
        explorer(networks=[]).run()


# ---- points ---------------------------------------------------------------------------------------------------------
def test_a_selected_point_has_its_hardware_and_layers() -> None:
    control = ran(networks=["alexnet", DIGITS])
    row = int(control.front.index[2])
    control.select(row)
    plotted = control.points.iloc[row].to_dict()
    assert {name: control.selected[name] for name in PARAMETERS if name in plotted} == {
        name: value for name, value in plotted.items() if name in PARAMETERS
    }
    hw = control.use()
    # The plot has the equations of both networks; the point that is looked at is mapped where there are weights.
    found = [summary(estimate(source, hw)) for source in ("alexnet", parse_net(DIGITS))]
    assert control.selected["end_to_end_clocks"] == pytest.approx(sum(each["end_to_end_clocks"] for each in found))
    assert control.selected["end_to_end_fps"] == pytest.approx(
        np.prod([each["end_to_end_fps"] for each in found]) ** 0.5
    )
    assert control.selected["basis"] == "mapped, equations"
    assert control.chosen is hw
    assert (hw.rows, hw.cols, hw.frequency_mhz) == tuple(control.selected[k] for k in ("rows", "cols", "frequency_mhz"))
    assert hw.kh_max == 11
    assert hw.x_bits == DIGITS["bits"]["x"]
    assert json.loads(control.detail["hw"])["rows"] == hw.rows
    assert control.selected_table.equals(estimate("alexnet", hw))
    control.network = DIGITS["name"]
    assert list(control.selected_table["name"]) == [bundle["name"] for bundle in DIGITS["bundles"]]
    json.dumps([control.selected, control.detail, control.front_rows])
    control.select(-1)
    assert (control.selected, control.detail) == ({}, {})
    with pytest.raises(InputError, match="no point"):
        control.use()


def test_a_point_that_cannot_be_built_says_so() -> None:
    control = ran(space={"rows": [4, 200], "cols": 24})
    control.select(1)
    assert "line buffers" in control.detail["fault"]
    assert control.detail["layers"]
    with pytest.raises(InputError, match="line buffers"):
        control.use()


def test_points_are_kept_renamed_removed_and_used() -> None:
    control = ran()
    control.select(int(control.front.index[0]))
    first = dict(control.selected)
    assert control.keep("fast") == "fast"
    control.select(int(control.front.index[-1]))
    name = control.keep()
    assert control.keep() == f"{name} (2)"
    with pytest.raises(InputError, match="fast"):
        control.keep("fast")
    control.rename("fast", "best")
    assert list(control.kept) == ["best", name, f"{name} (2)"]
    with pytest.raises(InputError):
        control.rename("best", name)
    control.remove(name)
    assert control.kept["best"] == first
    assert control.use("best").rows == first["rows"]
    with pytest.raises(InputError, match="best"):
        control.use(name)


def test_points_of_the_plot_are_thinned_but_for_the_front() -> None:
    count = 3 * MOST
    table = pd.DataFrame({"a": np.arange(count), "b": np.arange(count) * 2.0, "buildable": np.arange(count) % 2 == 0})
    always = [1, 7, count - 2]
    data = packed(table, "a", "b", always)
    drawn = len(data) // 13
    x, y = np.frombuffer(data, np.float32, 2 * drawn).reshape(2, drawn)
    rows = np.frombuffer(data, np.int32, drawn, 8 * drawn)
    buildable = np.frombuffer(data, np.uint8, drawn, 12 * drawn)
    assert MOST <= drawn <= MOST + 3
    assert set(always) <= set(rows.tolist())
    assert np.array_equal(x, rows.astype(np.float32))
    assert np.array_equal(y, (rows * 2.0).astype(np.float32))
    assert np.array_equal(buildable, rows % 2 == 0)


# ---- in a browser ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def told(control: SweepExplorer, along: str) -> str:
    """What the plot says to who cannot see it."""
    return (
        f"fps end to end over {along}: {len(control.points):,} points, {len(control.front)} of them on the front; "
        "the table of the front is below"
    )


def test_run_pick_by_keys_keep_compare_and_use(browser: Browser) -> None:
    control = explorer(node="28nm", area_mm2=4)
    with mounted(browser, control) as page:
        page.get_by_role("button", name="Run the sweep").click()
        expect(page.get_by_text("on the front.")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("img")).to_have_attribute(
            "aria-label",
            told(control, "area, mm²"),
        )
        points = page.get_by_label("Points: arrow keys")
        points.focus()
        page.keyboard.press("Home")
        expect(page.get_by_text("point 1 of")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("listitem")).to_have_count(1)
        page.keyboard.press("End")
        expect(page.get_by_text(f"point {len(control.front)} of")).to_be_visible()
        page.get_by_label("Name to keep it by").fill("large")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Comparison")).to_contain_text("%")
        page.get_by_label("Name of large").fill("largest")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Name of largest")).to_be_visible()
        page.get_by_role("button", name="Use this hardware").click()
        page.get_by_text("Layers of alexnet").click()
        expect(page.get_by_text("conv1")).to_be_visible()
        page.get_by_role("button", name="Insert cell").click()
        expect(page.get_by_label("Python")).to_contain_text("ds.sweep(['alexnet'], space")
    assert control.chosen is not None
    assert control.chosen.rows == control.kept["largest"]["rows"]


def test_click_selects_the_nearest_point(browser: Browser) -> None:
    control = ran()
    with mounted(browser, control) as page:
        canvas = page.get_by_role("img")
        expect(canvas).to_have_attribute(
            "aria-label",
            told(control, "PEs"),
        )
        box = canvas.bounding_box()
        assert box
        best = control.points.loc[control.front.index[0]]
        spread = control.points["pes"]
        share = (best["pes"] - spread.min()) / (spread.max() - spread.min())
        width = box["width"] - 62 - 14
        page.mouse.click(
            box["x"] + 62 + width * (0.04 + share) / 1.08, box["y"] + 10 + (box["height"] - 44) * 0.04 / 1.08
        )
        expect(page.get_by_text(f"Selected: {int(best['rows'])} × {int(best['cols'])}")).to_be_visible()
    assert control.at == control.front.index[0]


def test_the_form_edits_space_limits_and_objectives(browser: Browser) -> None:
    control = explorer()
    with mounted(browser, control) as page:
        page.get_by_label("Parameter 1: max").fill("1")
        expect(page.get_by_text("min 2 is above max 1")).to_be_visible()
        page.get_by_label("Parameter 1: max").fill("6")
        expect(page.get_by_text("15 points")).to_be_visible()
        page.get_by_label("Parameter 3", exact=True).select_option("axi_data_bits")
        expect(page.get_by_text("75 points")).to_be_visible()
        page.get_by_label("Objective 2", exact=True).select_option("dram_bytes")
        page.get_by_role("button", name="+ Limit").click()
        page.get_by_label("Bound").fill("25")
        page.wait_for_function("model.get('limits').length === 1")
        page.get_by_label("frequency_mhz, fixed").fill("300")
        page.keyboard.press("Tab")
        page.wait_for_function("model.get('space').frequency_mhz === 300")
    assert control.limits == ["end_to_end_fps >= 25"]
    assert control.objectives == {"end_to_end_fps": "max", "dram_bytes": "min"}
    assert control.space["rows"] == {"min": 2, "max": 6, "step": 1}


def test_a_hundred_thousand_points_are_drawn(browser: Browser) -> None:
    control = ran(space={"rows": {"min": 1, "max": 50, "step": 1}, "cols": {"min": 14, "max": 213, "step": 1},
                         "frequency_mhz": {"min": 100, "max": 1000, "step": 100}})  # fmt: skip
    assert len(control.points) == 100_000
    with mounted(browser, control) as page:
        box = page.get_by_label("Along", exact=True)
        expect(box).to_have_value("pes")
        box.select_option("dram_gb_per_s")
        expect(page.get_by_role("img")).to_have_attribute("aria-label", told(control, "GB/s"), timeout=60_000)


# ---- answers that come late -----------------------------------------------------------------------------------------
def test_what_is_typed_into_the_space_outruns_the_answers(browser: Browser) -> None:
    control = explorer()
    delay(control, "space")
    with mounted(browser, control) as page:
        most = page.get_by_label("Parameter 1: max")
        most.select_text()
        page.keyboard.type("123", delay=40)  # "1" is refused
        page.keyboard.press("Tab")
        page.keyboard.type("17", delay=40)
        values = page.get_by_label("Parameter 2: list")
        values.select_text()
        page.keyboard.type("16, 32", delay=40)
        page.keyboard.press("Tab")
        expect(page.get_by_text("16 points")).to_be_visible()
        page.wait_for_timeout(300)
        expect(most).to_have_value("123")
        expect(values).to_have_value("16, 32")
        expect(page.get_by_label("Parameter 1: step")).to_have_value("17")
    assert control.space == {"rows": {"min": 2, "max": 123, "step": 17}, "cols": [16, 32], "frequency_mhz": 400}


def test_what_is_refused_stays_and_a_program_is_followed(browser: Browser) -> None:
    control = explorer()
    with mounted(browser, control) as page:
        most = page.get_by_label("Parameter 1: max")
        most.fill("1")
        expect(page.get_by_text("above max 1")).to_be_visible()
        page.keyboard.press("Tab")
        page.wait_for_timeout(1200)
        expect(most).to_have_value("1")
        control.space = {"rows": {"min": 2, "max": 9, "step": 1}, "cols": 24}
        expect(most).to_have_value("9")
        expect(page.get_by_label("Parameter 2", exact=True)).to_have_value("")


def test_limits_and_objectives_outrun_the_answers(browser: Browser) -> None:
    control = explorer()
    delay(control, "limits")
    delay(control, "objectives", 0.4)
    with mounted(browser, control) as page:
        page.get_by_role("button", name="+ Limit").click()
        page.keyboard.type("12345", delay=40)
        expect(page.get_by_label("Bound")).to_be_focused()
        page.wait_for_function("model.get('limits')[0] === 'end_to_end_fps >= 12345'")
        expect(page.get_by_label("Bound")).to_have_value("12345")
        expect(page.get_by_label("Bound")).to_be_focused()
        page.evaluate(
            """async () => {
              for (const [place, column] of [[1, "efficiency"], [2, "dram_bytes"], [3, "pes"]]) {
                const choice = document.querySelector(`[aria-label="Objective ${place}"]`);
                choice.value = column;
                choice.dispatchEvent(new Event("change"));
                await new Promise((next) => setTimeout(next, 250));
              }
            }"""
        )
        page.wait_for_function("Object.keys(model.get('objectives')).at(-1) === 'pes'")
    assert control.limits == ["end_to_end_fps >= 12345"]
    assert list(control.objectives) == ["efficiency", "dram_bytes", "pes"]


def test_a_fixed_parameter_is_left_open_at_once(browser: Browser) -> None:
    with mounted(browser, explorer()) as page:
        page.get_by_role("button", name="Leave frequency_mhz open").click()
        expect(page.get_by_label("frequency_mhz, fixed")).to_have_count(0)
        more = page.get_by_label("Fix another parameter")
        expect(more).to_be_focused()
        more.select_option("k_bits")
        expect(page.get_by_label("k_bits, fixed")).to_have_value("8")
        expect(more.locator("option", has_text="frequency_mhz")).to_have_count(1)
        expect(more.locator("option", has_text="k_bits")).to_have_count(0)


def test_parameters_can_be_fixed_where_none_is(browser: Browser) -> None:
    with mounted(browser, explorer(space={"rows": [4, 8], "cols": [24]})) as page:
        page.get_by_label("Fix another parameter").select_option("frequency_mhz")
        expect(page.get_by_label("frequency_mhz, fixed")).to_be_visible()
