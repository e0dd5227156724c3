"""The Studio in a real browser on a real JupyterLab: from the Launcher to a bit-exact run, as a person drives it.

The tests follow each other on one page. They leave screenshots in build/screenshots, for people to look at.
"""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from deepsoc import jobs
from deepsoc.widgets.studio.design import Design
from tests.jupyter.conftest import TOKEN, Lab
from tests.widgets.page import open_browser

pytestmark = pytest.mark.xdist_group("jupyterlab")

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SLOW = 100_000  # clocks of latency that make a run of a tiny network last
BUILD_MS = 300_000  # the first build of a simulator on busy cores


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1100})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{lab.url}lab?token={TOKEN}")
        yield page
        for job in jobs.find(lab.root / "jobs"):
            job.cancel()
        assert not faults, faults


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")


def shoot(page: Page, name: str) -> None:
    """A screenshot of the page after the frame that is being drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    page.screenshot(path=SHOTS / f"{name}.png")


def fill(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def design(lab: Lab) -> Design:
    """What is on disk."""
    return Design("design", lab.root / "designs")


def until(page: Page, lab: Lab, what: str, value: object) -> None:
    """Waits until the design on disk has a property."""
    for _ in range(300):
        found = [bundle["name"] for bundle in design(lab).net["bundles"]] if what == "names" else None
        found = found if what == "names" else getattr(design(lab).hw, what)
        if found == value:
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{what} is {found}, expected {value}")


def test_the_launcher_opens_the_studio(page: Page, lab: Lab) -> None:
    page.locator(".jp-LauncherCard[data-category=DeepSoC]", has_text="DeepSoC Studio").click()
    expect(page.get_by_role("tablist", name="Parts of the design")).to_be_visible()
    expect(page.get_by_text("Add a convolution or a dense layer")).to_be_visible()
    page.locator(".lm-TabBar-tab[data-id=filebrowser]").click()  # room for the notebook
    assert (lab.root / "Studio.ipynb").exists()


def test_three_bundles_by_drag_and_by_keyboard(page: Page, lab: Lab) -> None:
    shapes = {"rows": ("6", "6 × 28 × 1"), "columns": ("6", "6 × 6 × 1"), "channels": ("2", "6 × 6 × 2")}
    for name, (value, shape) in shapes.items():
        fill(page.get_by_label(f"Input {name}"), value)
        expect(page.locator(".bb-input")).to_have_text(f"input, {shape}")
    names = page.locator(".bb-card").locator("strong")
    add = page.get_by_role("button", name="Add a convolution")
    for count in (1, 2):
        add.press("Enter")
        expect(names).to_have_count(count)
        fill(page.get_by_label("Filters"), "4")
    page.get_by_role("button", name="Add a dense").press("Enter")
    expect(names).to_have_text(["conv1", "conv2", "dense1"])
    fill(page.get_by_label("Units"), "3")
    page.get_by_label("Softmax", exact=True).check()

    first, second = (page.locator(".bb-card").nth(i) for i in (0, 1))
    expect(page.locator(".bb-card").nth(2)).to_contain_text("softmax")
    first.hover()
    start, end = first.bounding_box(), second.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 30, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 30, end["y"] + 20)
    page.mouse.move(end["x"] + 30, end["y"] + end["height"] - 4)
    page.mouse.up()
    expect(names).to_have_text(["conv2", "conv1", "dense1"])
    until(page, lab, "names", ["conv2", "conv1", "dense1"])
    page.locator(".bb-card").nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(names).to_have_text(["conv1", "conv2", "dense1"])
    until(page, lab, "names", ["conv1", "conv2", "dense1"])
    shoot(page, "network-light")
    expect(page.locator(".st-summary")).to_have_text("3 bundles on 8 × 24 elements, 250 MHz")


def test_a_slider_moves_the_plots(page: Page, lab: Lab) -> None:
    tab(page, "Hardware")
    views = page.locator("[data-drawn]:has(.lv-plot)")
    expect(views).to_have_count(2)
    before = [views.nth(i).get_attribute("data-drawn") for i in (0, 1)]
    bars = [views.nth(i).locator("path.lv-bar").first.get_attribute("d") for i in (0, 1)]
    slider = page.get_by_role("slider", name="Rows, slider")
    slider.focus()
    slider.press("ArrowLeft")
    for i in (0, 1):
        expect(views.nth(i)).not_to_have_attribute("data-drawn", before[i] or "")
        assert views.nth(i).locator("path.lv-bar").first.get_attribute("d") != bars[i]
    until(page, lab, "rows", 7)
    expect(page.locator(".st-summary")).to_contain_text("7 × 24 elements")
    shoot(page, "hardware-light")


def test_a_sweep_gives_the_hardware(page: Page, lab: Lab) -> None:
    tab(page, "Sweep")
    for which, values, count in (("Parameter 1", "2, 4", 32), ("Parameter 2", "6, 12, 24", 6)):
        page.get_by_label(f"{which}: values by").select_option("list")
        page.get_by_label(f"{which}: list").fill(values)
        expect(page.get_by_text(f"{count} points", exact=True)).to_be_visible()
    page.get_by_role("button", name="Run the sweep").click()
    plot = page.locator(".sw-area")
    expect(plot.get_by_role("img")).to_have_attribute("aria-label", _with("6 points"))
    plot.focus()
    plot.press("Home")
    point = page.get_by_role("region", name="Selected point")
    expect(point.locator("h4")).to_have_text(_with("×"))
    first = point.locator("h4").inner_text()
    plot.press("End")
    expect(point.locator("h4")).not_to_have_text(first)
    last = point.locator("h4").inner_text()
    shoot(page, "sweep-light")
    small = min(first, last, key=lambda text: int(text.split(" × ")[0]) * int(text.split(" × ")[1]))
    plot.press("Home" if small == first else "End")
    expect(point.locator("h4")).to_have_text(small)
    assert small == "2 × 6"
    page.get_by_role("button", name="Use this hardware").click()
    until(page, lab, "cols", 6)
    until(page, lab, "rows", 2)


def test_simulate_inserts_a_cell_and_is_bit_exact(page: Page, lab: Lab) -> None:
    tab(page, "Simulate")
    page.get_by_role("button", name="Simulate", exact=True).click()
    expect(page.locator(".jp-CodeCell", has_text='"simulate"')).to_contain_text("jobs.start")
    run = page.get_by_role("region", name="Run")
    expect(run.locator(".jp-status")).to_have_text(_with("queued|running|done", regex=True))
    expect(run.locator(".jp-status")).to_have_text("✓ done", timeout=BUILD_MS)
    result = page.get_by_role("region", name="Result")
    expect(result.locator(".jp-verdict")).to_have_text("bit-exact")
    [job] = jobs.find(lab.root / "jobs")
    clocks = job.result()["cycles_rtl"]
    expect(result.locator(".jp-figure", has_text="clocks, RTL")).to_contain_text(f"{clocks:,}".replace(",", "\u2009"))
    ran = page.locator(".jp-ran")
    expect(ran).to_contain_text("stall probability 0 · memory latency 16 clocks · seed 0 · trace · random weights")
    expect(ran).to_contain_text("Of 3 bundles on 2 × 6")
    wave = page.get_by_role("region", name="Waveform")
    expect(wave.get_by_role("img")).to_have_attribute("aria-label", _with("Waveform of clocks"))
    first = wave.locator("svg.wv-plot").get_attribute("data-begin")
    page.get_by_role("group", name=_with("Waveform; arrow keys", regex=True)).press("ArrowRight")
    expect(wave.locator("svg.wv-plot")).not_to_have_attribute("data-begin", first or "")
    shoot(page, "simulate-light")
    with page.expect_download() as trace:
        wave.get_by_role("button", name="designs/design/export/trace.fst").click()
    assert trace.value.suggested_filename == "trace.fst"
    page.locator(".jp-logs > summary").click()
    page.get_by_role("button", name=f"jobs/{job.id}/log.txt").click()
    log = page.locator(".lm-TabBar-tab", has_text="log.txt")
    expect(page.locator(".jp-FileEditor")).to_be_visible()
    log.locator(".lm-TabBar-tabCloseIcon").click()
    expect(page.locator(".jp-verdict")).to_be_visible()


def test_one_run_is_cancelled_and_another_found_again_after_a_refresh(page: Page, lab: Lab) -> None:
    """The page is refreshed in dark, so that each tab is seen in both. Runs are halted so that they last."""
    fill(page.get_by_label("Memory latency, clocks"), str(SLOW))
    page.get_by_role("checkbox", name="Trace").uncheck()
    run = page.get_by_role("region", name="Run")
    status = run.locator(".jp-status")
    job = _halted(page, lab)
    run.get_by_role("button", name="Cancel", exact=True).click()
    assert job.state.status == "running"
    run.get_by_role("button", name="Click again to cancel").click()
    expect(status).to_have_text("■ cancelled")
    assert job.state.status == "cancelled"

    job = _halted(page, lab)
    _dark(lab)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("on 2 × 6 elements")).to_be_visible()
    expect(page.get_by_role("tab", name="Simulate")).to_have_attribute("aria-selected", "true")
    expect(status).to_have_text("▶ running")
    expect(page.get_by_role("combobox", name="Run").locator("option")).to_have_count(3)
    shoot(page, "running-dark")
    assert job.state.status == "running"
    os.kill(job.state.pid or 0, signal.SIGCONT)
    expect(status).to_have_text("✓ done", timeout=BUILD_MS)
    expect(page.locator(".jp-verdict")).to_have_text("bit-exact")
    shoot(page, "simulate-dark")


def test_every_tab_is_reached_by_keyboard_in_dark(page: Page) -> None:
    page.evaluate("document.querySelector('.st-tabs').dataset.old = 1")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")  # a Studio of its own: it finds the design as it was left
    expect(page.locator(".st-tabs:not([data-old])")).to_be_visible()
    expect(page.locator(".st-summary")).to_have_text("3 bundles on 2 × 6 elements, 250 MHz")
    tab(page, "Simulate")
    expect(page.locator(".jp-verdict")).to_have_text("bit-exact")
    page.get_by_role("tab", name="Simulate").focus()
    for name in ("Implement", "Deploy", "Network", "Hardware", "Sweep", "Array"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        landmark = {
            "Implement": page.get_by_role("button", name="Implement", exact=True),
            "Deploy": page.get_by_role("button", name="Make the folder"),
            "Network": page.locator(".bb-card").first,
            "Hardware": page.locator("path.lv-bar").first,
            "Sweep": page.get_by_role("button", name="Run the sweep"),
            "Array": page.get_by_role("button", name="Play"),
        }[name]
        expect(landmark).to_be_visible()
        shoot(page, f"{name.lower()}-dark")


def test_run_all_after_a_restart_starts_no_run_again(page: Page, lab: Lab) -> None:
    runs = [job.id for job in reversed(jobs.find(lab.root / "jobs"))]
    page.evaluate("document.querySelector('.st-tabs').dataset.old = 1")
    page.get_by_role("button", name="Restart the kernel and run all cells").click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(page.locator(".st-tabs:not([data-old])")).to_be_visible()
    outputs = page.locator(".jp-CodeCell", has_text="jobs.start").locator(".jp-OutputArea-output")
    for place, run in enumerate(runs):  # downward in the order in which they were started
        expect(outputs.nth(place)).to_contain_text(run)
    expect(page.locator(".jp-CodeCell", has_text="jobs.start")).to_have_count(len(runs))
    tab(page, "Simulate")
    expect(page.locator(".jp-verdict")).to_have_text("bit-exact")
    assert [job.id for job in reversed(jobs.find(lab.root / "jobs"))] == runs


def _with(text: str, *, regex: bool = False) -> object:
    import re

    return re.compile(text if regex else re.escape(text))


def _halted(page: Page, lab: Lab) -> jobs.Job:
    """Presses Simulate and halts the run as soon as it runs."""
    before = {job.id for job in jobs.find(lab.root / "jobs")}
    page.get_by_role("button", name="Simulate", exact=True).click()
    for _ in range(3000):
        fresh = [job for job in jobs.find(lab.root / "jobs") if job.id not in before]
        if fresh and fresh[0].state.status == "running":
            os.kill(fresh[0].state.pid or 0, signal.SIGSTOP)
            break
        page.wait_for_timeout(20)
    expect(page.get_by_role("region", name="Run").locator(".jp-status")).to_have_text("▶ running")
    return fresh[0]


def _dark(lab: Lab) -> None:
    """JupyterLab's dark theme, from the next load of the page on."""
    body = json.dumps({"raw": json.dumps({"theme": "JupyterLab Dark"})}).encode()
    url = f"{lab.url}lab/api/settings/@jupyterlab/apputils-extension:themes"
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"), timeout=30) as answer:
        assert answer.status in (200, 204)
