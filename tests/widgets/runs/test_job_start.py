"""How runs are started from a panel: with what its fields show, once for each cell, with a copy of the design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from deepsoc import jobs
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.widgets import Design, ImplementationPanel, SimulationPanel
from tests.widgets.page import mounted, open_browser

from .conftest import NET, RESULT, program, wait_for

CELLS = """window.cells = [];
window.deepsocLab = { insertCell: (code, { from }) => { cells.push(code); return Boolean(from.closest("#host")); } }"""


def test_a_cell_that_is_run_again_finds_its_run(design: Design, panels: list[Any]) -> None:
    panel = SimulationPanel(design, trace=False)
    panels.append(panel)
    sent: list[Any] = []
    panel.send = lambda content, buffers=None: sent.append(content)
    panel.on_start("view")
    first: dict[str, Any] = {}
    exec(sent[0]["code"], first)
    again: dict[str, Any] = {}
    exported = (design.folder / "export" / "manifest.json").stat().st_mtime_ns
    exec(sent[0]["code"], again)  # as Run All does
    assert again["job"].id == first["job"].id
    assert [job.id for job in jobs.find()] == [first["job"].id]
    assert (design.folder / "export" / "manifest.json").stat().st_mtime_ns == exported
    panel.on_start("view")
    assert sent[1]["code"] != sent[0]["code"]


def test_a_run_keeps_its_design_which_can_be_taken_back(design: Design, panels: list[Any]) -> None:
    panel = SimulationPanel(design, stall_prob=0.25, seed=7)
    panels.append(panel)
    job = panel.run()
    job.cancel()
    net, hw = design.net, design.hw
    wait_for(panel, lambda: panel.ran.get("design") == "1 bundle on 8 × 24")
    assert panel.ran["options"] == "stall probability 0.25 · memory latency 16 clocks · seed 7 · trace · random weights"
    assert (panel.ran["changed"], panel.ran["usable"]) == (False, False)
    design.net = {**NET, "name": "other"}
    design.hw = Hardware(rows=3, cols=12)
    wait_for(panel, lambda: panel.ran["changed"])
    assert json.loads(Path(panel.ran["files"][0]).read_text()) == net
    with open_browser() as browser, mounted(browser, panel) as page:
        expect(page.locator(".jp-ran")).to_contain_text("Of 1 bundle on 8 × 24")
        expect(page.locator(".jp-ran")).to_contain_text("stall probability 0.25")
        page.get_by_role("button", name="Take this one back").click()
        expect(page.locator(".jp-ran")).not_to_contain_text("has changed")
    assert (design.net, design.hw) == (net, hw)
    with pytest.raises(InputError, match="no design"):
        panel.on_restore("nothing")


def test_a_run_that_kept_nothing_is_shown_too(design: Design, panels: list[Any]) -> None:
    program(design, "pass", kind="implement", arguments=["--until", "infer"], flow="yosys-xc7")
    panel = ImplementationPanel(design)
    panels.append(panel)
    assert panel.ran["options"] == "flow yosys-xc7 · until infer"
    assert (panel.ran["design"], panel.ran["files"], panel.ran["usable"]) == ("", [], False)


def test_nothing_starts_while_a_field_cannot_be(design: Design, panels: list[Any]) -> None:
    panel = SimulationPanel(design)
    panels.append(panel)
    with open_browser() as browser, mounted(browser, panel, before=CELLS) as page:
        latency = page.get_by_label("Memory latency, clocks")
        latency.fill("-5")
        start = page.get_by_role("button", name="Simulate", exact=True)
        start.click()
        expect(page.get_by_text("Not started")).to_be_visible()
        expect(page.get_by_text("expected 0 … 100000")).to_be_visible()
        expect(latency).to_be_focused()
        assert page.evaluate("cells.length") == 0
        latency.fill("40")
        page.get_by_label("Seed").fill("9")
        start.click()
        page.wait_for_function("cells.length === 1")
        assert '"--mem-latency", "40", "--seed", "9"' in page.evaluate("cells[0]")
    assert jobs.find() == []


def test_the_click_carries_what_the_fields_show(design: Design, panels: list[Any]) -> None:
    """Traits may come later than the click: a page holds them back while the kernel has not answered."""
    for panel, options, given in (
        (SimulationPanel(design), {"seed": 5, "trace": False}, ["--seed", "5"]),
        (
            ImplementationPanel(design),
            {"flow": "yosys-xcup", "until": "infer"},
            ["--flow", "yosys-xcup", "--until", "infer"],
        ),
    ):
        panels.append(panel)
        panel._received(None, {"do": "start", "view": "v", "options": options | {"folder": "/"}}, [])
        assert panel.error == ""
        assert panel.arguments() == given
        assert panel.folder == "designs/mine"


@pytest.mark.parametrize("case", ["missing", "damaged", "other"])
def test_weights_that_cannot_be_are_told_in_the_panel(design: Design, panels: list[Any], case: str) -> None:
    file = design.folder / "weights.npz"
    if case == "damaged":
        file.write_bytes(b"PK not a zip")
    if case == "other":
        np.savez(file, **{"b1/kernel": np.zeros((3, 3, 1, 7)), "b1/bias": np.zeros(7)})
    panel = SimulationPanel(design)
    panels.append(panel)
    with open_browser() as browser, mounted(browser, panel, before=CELLS) as page:
        page.get_by_label("Weights").fill(str(file))
        page.get_by_role("button", name="Simulate", exact=True).click()
        words = {"missing": "cannot read the weights", "damaged": "not an .npz", "other": "b1/kernel"}[case]
        expect(page.get_by_role("alert")).to_contain_text(words)
        assert page.evaluate("cells.length") == 0
    assert "weights.npz" in panel.error


def test_hardware_that_cannot_run_the_network_is_told_in_the_panel(design: Design, panels: list[Any]) -> None:
    design.hw = Hardware(rows=4, cols=2)
    panel = SimulationPanel(design)
    panels.append(panel)
    panel._received(None, {"do": "start", "view": "v"}, [])
    assert panel.error == "hardware: cols: the networks need 3, received 2"


def test_a_result_is_shown_beside_the_options_of_its_run(design: Design, panels: list[Any]) -> None:
    text = f"import sys; print({json.dumps(json.dumps(RESULT))}); sys.exit(1)"
    program(design, text, arguments=["--mem-latency", "100"], weights="w.npz").wait(60)
    panel = SimulationPanel(design)
    panels.append(panel)
    assert panel.value["mismatches"] == 3
    assert panel.ran["options"].startswith("stall probability 0 · memory latency 100 clocks · seed 0 · without trace")
    assert panel.ran["options"].endswith("weights w.npz")
