"""HardwarePanel: the form and its faults, live figures and resources, the fit, and all of it in a browser."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.hw.nodes import node
from deepsoc.netspec.spec import parse_net
from deepsoc.perf import estimate, summary
from deepsoc.perf.fit import fit
from deepsoc.perf.resources import FpgaResources
from deepsoc.perf.silicon import Silicon
from deepsoc.perf.sweep import sweep
from deepsoc.widgets import HardwarePanel
from deepsoc.widgets.hardware._hardware_form import MAIN, fields, given
from tests.widgets.page import delay, mounted, open_browser

DIGITS = json.loads((Path(__file__).parents[2] / "data" / "digits.json").read_text())


def panel(**kwargs: Any) -> HardwarePanel:
    return HardwarePanel(**({"networks": ["alexnet"], "node": "28nm", "area_mm2": 4} | kwargs))


# ---- the form -------------------------------------------------------------------------------------------------------
def test_every_parameter_has_a_field_made_from_the_schema() -> None:
    found = {field["name"]: field for field in fields()}
    assert set(found) == set(Hardware.model_fields) - {"format"}
    assert all(field["label"] and field["group"] for field in found.values())
    assert (found["rows"]["min"], found["rows"]["max"], found["rows"]["label"]) == (
        1,
        512,
        "Rows of processing elements",
    )
    assert found["axi_data_bits"]["choices"] == [32, 64, 128, 256, 512]
    assert (found["kh_max"]["type"], found["kh_max"]["max"], found["kh_max"]["default"]) == ("integer", 255, None)
    assert [name for name, field in found.items() if field["main"]] == list(MAIN)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("rows", 513, "512"), ("cols", 2.5, "integer"), ("x_bits", 3, "2, 4 or 8"), ("axi_max_burst", 12, "power of two")],
)
def test_a_refused_field_keeps_its_text_and_the_value(name: str, value: Any, words: str) -> None:
    control = panel()
    before = control.value
    control.on_set(name, value, 7)
    assert words in control.faults[name]
    assert control.draft[name] == value
    assert control.value is before
    assert control.answered == 7
    control.on_set(name, getattr(before, name))
    assert control.faults == {}
    assert control.draft[name] == getattr(before, name)


def test_all_faults_are_told_at_once() -> None:
    control = panel()
    for name, value in (("rows", 0), ("cols", 2.5), ("axi_max_burst", 12), ("y_bits", 16)):
        control.on_set(name, value)
    assert set(control.faults) == {"rows", "cols", "axi_max_burst", "y_bits"}
    assert "do not hold" in control.faults["y_bits"]
    control.on_set("cols", 96)
    assert set(control.faults) == {"rows", "axi_max_burst", "y_bits"}


def test_a_field_that_is_left_open_becomes_what_the_networks_need() -> None:
    control = panel(value=Hardware(rows=7, cols=96, kh_max=3))
    assert control.faults == {"kh_max": "the networks need 11, received 3"}
    assert control.resolved["kw_max"] == 11
    control.on_set("rows", 1000)
    assert set(control.faults) == {"rows", "kh_max"}
    control.on_set("rows", 7)
    control.on_set("kh_max", None)
    assert control.faults == {}
    assert control.resolved["kh_max"] == 11
    assert control.value.kh_max is None


def test_what_networks_cannot_run_on_is_told_beside_the_field() -> None:
    control = panel(value=Hardware(rows=7, cols=8))
    assert "14" in control.faults["cols"]
    assert control.figures["alexnet"] == {}
    control.value = Hardware(rows=400, cols=96)
    assert "line buffers" in control.faults["rows"]
    control.value = Hardware(rows=7, cols=96, weights_ram_depth=64)
    assert "one pass" in control.faults["weights_ram_depth"]


# ---- figures --------------------------------------------------------------------------------------------------------
def test_figures_are_those_of_the_estimate_and_the_sweep() -> None:
    hw = Hardware(rows=7, cols=96, frequency_mhz=400)
    control = HardwarePanel(value=hw, networks=["resnet50", "alexnet"])
    for name, row in control.figures.items():
        sums = summary(estimate(name, hw))
        for key in ("clocks", "fps", "end_to_end_fps", "efficiency", "dram_bytes"):
            assert row[key] == pytest.approx(sums[key])
    assert control.table.equals(estimate("resnet50", hw))
    control.network = "alexnet"
    assert control.table.equals(estimate("alexnet", hw))
    json.dumps([control.figures, control.resolved, control.resources])


def test_resources_are_those_of_the_sweep() -> None:
    hw = Hardware(rows=7, cols=96, frequency_mhz=500)
    control = panel(value=hw)
    space = {"rows": 7, "cols": 96, "frequency_mhz": 500}
    row = sweep(["alexnet"], space, resources=Silicon(node("28nm"))).iloc[0]
    assert control.resources == pytest.approx({"area_mm2": row["area_mm2"], "power_w": row["power_w"]})
    assert control.budget == {"area_mm2": 4.0}
    control.area_mm2 = 9
    assert control.budget == {"area_mm2": 9.0}


def test_a_net_json_is_evaluated_with_its_bits() -> None:
    control = HardwarePanel(value=Hardware(rows=4, cols=12), networks=[DIGITS])
    assert control.network == DIGITS["name"]
    assert control.resolved["x_bits"] == DIGITS["bits"]["x"]
    assert control.figures[DIGITS["name"]]["clocks"] > 0
    control.on_set("x_bits", 2)
    assert "x_bits" in control.faults


def test_a_board_sets_clock_and_ports_when_it_is_chosen() -> None:
    control = HardwarePanel(board="pynq-z2")
    assert (control.value.frequency_mhz, control.value.axi_data_bits) == (125, 64)
    assert control.capacity["lut"] == 53_200
    assert control.budget["lut"] == pytest.approx(37_240)
    assert set(control.resources) >= {"lut", "ff", "dsp", "bram36"}
    control.on_target("node", "28nm")
    assert control.board is None
    assert control.value.frequency_mhz == 884
    assert set(control.resources) == {"area_mm2", "power_w"}
    control.on_target("", "")
    assert control.resources == {}


def test_a_board_without_a_processor_counts_its_soc() -> None:
    control = HardwarePanel(board="ulx3s-85f", value=Hardware(rows=2, cols=4, x_bits=4, k_bits=4, axi_data_bits=64))
    whole = FpgaResources.of(board("ulx3s-85f"))
    complete = Hardware(**control.resolved)
    assert control.resources["lut"] == pytest.approx(whole.explain(complete)["lut"].sum())
    names = {target["name"] for target in control.targets}
    assert {"ulx3s-85f", "ulx3s-45f", "pynq-z2", "28nm"} <= names
    assert "tang-nano-20k" not in names  # its family has no figures
    with pytest.raises(InputError, match="no synthesis runs were made for 'gowin'"):
        HardwarePanel(board="tang-nano-20k")


def test_without_networks_it_still_costs() -> None:
    control = HardwarePanel(node="65nm", value=Hardware(rows=7, cols=96))
    assert control.resources["area_mm2"] > 0
    assert control.figures == {}
    with pytest.raises(InputError, match="network"):
        control.fit()


@pytest.mark.parametrize(
    "wrong",
    [{"board": "nexys"}, {"node": "3nm"}, {"area_mm2": 3.0}, {"board": "pynq-z2", "node": "28nm"},
     {"colour": "red"}, {"node": "28nm", "area_mm2": -1.0}, {"networks": ["nonet"]}],
)  # fmt: skip
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        HardwarePanel(**wrong)


def test_a_network_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"network: expected one of networks \(none.*received 'resnet50'"):
        HardwarePanel(network="resnet50")
    with pytest.raises(InputError, match=r"network: .*alexnet.*received 'resnet50'"):
        HardwarePanel(networks=["alexnet"], network="resnet50")
    assert HardwarePanel(networks=["alexnet", "resnet50"], network="resnet50").network == "resnet50"


# ---- history --------------------------------------------------------------------------------------------------------
def test_undo_and_redo_go_through_all_states() -> None:
    control = panel(value=Hardware(rows=7, cols=96))
    assert not control.can_undo
    states = [given(control.value)]
    for action in (
        lambda: [control.on_set("rows", rows) for rows in (8, 9, 10)],  # keys into one field are one step
        lambda: control.on_set("k_bits", 4),
        lambda: control.on_target("board", "pynq-z2"),
        lambda: setattr(control, "value", Hardware(rows=3, cols=24)),
        lambda: control.on_set("kh_max", 11),
    ):
        action()
        states.append(given(control.value))
    for state in reversed(states[:-1]):
        control.on_undo()
        assert given(control.value) == control.draft == state
    assert not control.can_undo
    for state in states[1:]:
        control.on_redo()
        assert given(control.value) == control.draft == state
    assert not control.can_redo


def test_what_was_refused_is_taken_back_first() -> None:
    control = panel(value=Hardware(rows=7, cols=96))
    control.on_set("rows", 8)
    control.on_set("cols", 100_000)
    assert set(control.faults) == {"cols"}
    control.on_undo()
    assert (control.faults, control.draft) == ({}, {"rows": 8, "cols": 96})
    control.on_undo()
    assert control.value.rows == 7
    assert not control.can_undo


# ---- fit ------------------------------------------------------------------------------------------------------------
def test_a_fit_sets_the_value_and_names_what_binds() -> None:
    control = panel(area_mm2=1.0)
    control.fit("fps").wait(60)
    assert control.task["state"] == "done", control.task
    assert control.value == control.found.hw
    assert control.resources["area_mm2"] <= 1.0
    assert any(row["binds"] for row in control.runners_up["limits"])
    assert len(control.runners_up["rows"]) == len(control.found.table)
    control.on_use(3)
    assert control.value.rows == control.found.table["rows"].iloc[3]
    json.dumps(control.runners_up)


def test_a_fit_that_finds_nothing_tells_why() -> None:
    control = panel(area_mm2=0.001)
    before = control.value
    control.fit().wait(60)
    assert control.task["state"] == "failed"
    assert "smallest array" in control.task["message"]
    assert control.value is before


def test_a_fit_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, progress: Any, **__: Any) -> None:
        for i in range(10_000):
            progress(i, 10_000)
            time.sleep(0.005)

    monkeypatch.setattr("deepsoc.perf.fit.fit", endless)
    control = panel()
    before = control.value
    control.fit()
    with pytest.raises(InputError, match="running"):
        control.fit()
    control.cancel()
    control.wait(5)
    assert control.task["state"] == "cancelled"
    assert control.value is before


# ---- in a browser ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def seen(page: Page) -> int:
    return int(page.evaluate("model.get('answered')"))


def test_slider_by_keyboard_and_mouse_changes_the_figures(browser: Browser) -> None:
    control = panel(value=Hardware(rows=7, cols=96))
    with mounted(browser, control) as page:
        table = page.get_by_label("Figures of the networks")
        before = table.inner_text()
        slider = page.get_by_label("Rows, slider")
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", "8")
        expect(table).not_to_have_text(before)
        page.keyboard.press("PageUp")
        expect(page.get_by_label("Rows", exact=True)).to_have_value("18")
        box = slider.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        for i in range(0, 60, 10):
            page.mouse.move(box["x"] + box["width"] / 2 + i, box["y"] + box["height"] / 2)
        page.mouse.up()
        page.wait_for_function("model.get('draft').rows > 25")
        page.wait_for_timeout(200)
        assert int(page.get_by_label("Rows", exact=True).input_value()) == control.value.rows


def test_faults_stand_beside_their_field(browser: Browser) -> None:
    control = panel()
    with mounted(browser, control) as page:
        rows = page.get_by_label("Rows", exact=True)
        rows.fill("600")
        expect(page.get_by_text("less than or equal to 512")).to_be_visible()
        expect(rows).to_have_attribute("aria-invalid", "true")
        rows.fill("6")
        expect(rows).not_to_have_attribute("aria-invalid", "true")
        page.get_by_text("More parameters").click()
        page.get_by_label("kh_max").fill("3")
        expect(page.get_by_text("the networks need 11, received 3")).to_be_visible()
        expect(page.get_by_label("kw_max")).to_have_attribute("placeholder", "11")
        page.get_by_label("kh_max").fill("")
        expect(page.get_by_text("the networks need 11")).to_be_hidden()
    assert control.value.rows == 6


@pytest.mark.parametrize("search", [True, False])
def test_the_search_can_be_left_out(browser: Browser, search: bool) -> None:
    with mounted(browser, panel(search=search)) as page:
        expect(page.get_by_label("Figures of the networks")).to_be_visible()
        assert page.get_by_role("button", name="Fit", exact=True).is_visible() == search


def test_undo_by_key_and_button_is_seen_in_the_field_that_has_the_focus(browser: Browser) -> None:
    control = panel(value=Hardware(rows=7, cols=96))
    with mounted(browser, control) as page:
        undo, rows = page.get_by_role("button", name="Undo"), page.get_by_label("Rows", exact=True)
        expect(undo).to_be_disabled()
        rows.select_text()
        page.keyboard.type("12", delay=30)
        expect(undo).to_be_enabled()
        page.keyboard.press("Control+z")
        expect(rows).to_have_value("7")
        expect(rows).to_be_focused()
        expect(page.get_by_label("Rows, slider")).to_have_attribute("aria-valuetext", "7")
        page.get_by_role("button", name="Redo").click()
        expect(rows).to_have_value("12")
        undo.click()
        expect(rows).to_have_value("7")
    assert control.value.rows == 7


def test_target_bars_and_fit(browser: Browser) -> None:
    control = panel(node=None, area_mm2=None)
    with mounted(browser, control) as page:
        fit = page.get_by_role("button", name="Fit")
        expect(fit).to_be_disabled()
        page.get_by_label("Built on").select_option(label="28 nm planar")
        page.get_by_label("Area in mm²").fill("0.4")
        page.get_by_label("Area in mm²").press("Tab")
        expect(page.get_by_text("too much")).to_be_visible()
        page.get_by_label("Area in mm²").fill("2")
        page.get_by_label("Area in mm²").press("Tab")
        expect(page.get_by_text("too much")).to_be_hidden()
        expect(fit).to_be_enabled()
        fit.click()
        expect(page.get_by_text("frames/s, the best of")).to_be_visible(timeout=60_000)
        expect(page.get_by_label("Limits")).to_contain_text("binds")
        page.get_by_label("Use point 2").click()
        expect(page.get_by_label("Rows", exact=True)).to_have_value(str(control.found.table["rows"].iloc[1]))


def test_keys_outrun_the_answers(browser: Browser) -> None:
    control = panel(value=Hardware(rows=7, cols=96))
    delay(control, "set", 0.1)
    with mounted(browser, control) as page:
        rows = page.get_by_label("Rows", exact=True)
        page.get_by_label("Rows, slider").focus()
        page.evaluate(
            """async () => {
              const [slider, key] = [document.activeElement, { key: "ArrowRight", bubbles: true }];
              for (let i = 0; i < 20; i += 1) {
                slider.dispatchEvent(new KeyboardEvent("keydown", key));
                await new Promise((next) => setTimeout(next, 30));
              }
            }"""
        )
        page.wait_for_function("model.get('draft').rows === 27")
        expect(rows).to_have_value("27")
        rows.evaluate(
            """async (rows) => {
              rows.focus();
              rows.value = 123;
              rows.dispatchEvent(new Event("input"));
              await new Promise((next) => setTimeout(next, 60)); // it is on its way
              rows.blur();
              rows.focus();
            }"""
        )
        page.wait_for_function("model.get('draft').rows === 123")
        expect(rows).to_have_value("123")
        expect(rows).to_be_focused()
    assert control.value.rows == 123


def test_native_parts_are_dark_where_jupyter_is(browser: Browser) -> None:
    with mounted(browser, panel()) as page:
        scheme = "getComputedStyle(document.querySelector('.dsoc input')).colorScheme"
        assert page.evaluate(scheme) == "light"
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")
        assert page.evaluate(scheme) == "dark"


def test_one_figure_everywhere() -> None:
    """The panel's figures, its table, `estimate` and `fit` say the same of one design, and on which basis."""
    control = HardwarePanel(networks=[DIGITS], board="kv260")
    found = fit([parse_net(DIGITS)], board="kv260", space={"rows": 8, "cols": 24}, runners_up=0)
    control.value = found.hw
    figures = control.figures[DIGITS["name"]]
    table = estimate(parse_net(DIGITS), found.hw, memory=found.memory)
    assert control.table.equals(table)
    assert figures["basis"] == found.basis == summary(table)["basis"] == "mapped"
    assert figures["end_to_end_fps"] == pytest.approx(found.fps)
    assert figures["end_to_end_fps"] == pytest.approx(summary(table)["end_to_end_fps"])
    assert figures["end_to_end_clocks"] == pytest.approx(summary(table)["end_to_end_clocks"])
    assert HardwarePanel(networks=["alexnet"]).figures["alexnet"]["basis"] == "equations"
