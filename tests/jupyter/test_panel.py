"""The side panel in a real browser, on a real server."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from deepsoc.jobs._store import launch

from ..widgets.page import open_browser
from .conftest import NOTEBOOK, TOKEN, Lab, write_design

pytestmark = pytest.mark.xdist_group("jupyterlab")

TALK = """
import sys, time
from deepsoc import _progress
_progress.report("build", 1, 4, "compiling")
for n in range(9000):
    print("line", n, file=sys.stderr, flush=True)
print("the last", file=sys.stderr, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(60_000)
        page.goto(f"{lab.url}lab?token={TOKEN}")
        page.wait_for_selector(".jp-LauncherCard[data-category=DeepSoC]")
        page.locator(".lm-TabBar-tab[data-id=deepsoc-panel]").click()
        yield page
        page.close()


def test_a_run_is_watched_and_cancelled_by_a_second_click(page: Page, lab: Lab):
    job = launch("simulate", [sys.executable, "-c", TALK], title="Simulate net", root=lab.root / "jobs")
    try:
        row = page.locator(f".dsoc-job[data-id='{job.id}']")
        expect(row.locator(".dsoc-status")).to_have_text("▶ running", timeout=30_000)
        expect(row).to_contain_text("build: compiling · 25 %", timeout=30_000)
        expect(row.get_by_role("progressbar")).to_have_attribute("value", "0.25")
        row.get_by_role("button", name="Log of Simulate net").click()
        log = row.get_by_role("log")
        expect(log).to_contain_text("the last", timeout=30_000)
        assert len(log.inner_text()) <= 100_000
        row.get_by_role("button", name="Cancel Simulate net", exact=True).click()
        page.wait_for_timeout(300)
        assert job.state.status == "running"
        row.get_by_role("button", name="Click again to cancel Simulate net").click()
        expect(row.locator(".dsoc-status")).to_have_text("■ cancelled", timeout=30_000)
        expect(row.get_by_role("button", name="Cancel Simulate net")).to_be_hidden()
    finally:
        job.cancel()


def test_a_focused_button_keeps_the_focus_while_rows_come(page: Page, lab: Lab):
    button = page.get_by_role("button", name="New design")
    button.focus()
    write_design(lab.root / "later" / "designs" / "fresh")
    expect(page.get_by_role("list", name="Designs")).to_contain_text("later/fresh", timeout=30_000)
    expect(button).to_be_focused()


def test_a_name_that_cannot_be_is_readable_in_every_theme(page: Page):
    page.get_by_role("button", name="New design").click()
    name = page.locator(".jp-Dialog input")
    colour = "(node) => getComputedStyle(node).backgroundColor"
    name.fill("good")
    good = name.evaluate(colour)
    name.fill("not good")
    assert name.evaluate("(node) => node.matches(':invalid')")
    assert name.evaluate(colour) == good
    page.locator(".jp-Dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_nothing_is_asked_while_the_panel_is_hidden(page: Page):
    asked: list[str] = []
    tab = page.locator(".lm-TabBar-tab[data-id=deepsoc-panel]")
    tab.click()
    page.wait_for_timeout(300)
    page.on("request", lambda request: asked.append(request.url) if "/deepsoc/" in request.url else None)
    page.wait_for_timeout(2200)
    assert not asked
    with page.expect_request("**/deepsoc/jobs*"):
        tab.click()


def test_the_palette_offers_the_commands(page: Page):
    page.keyboard.press("Control+Shift+C")
    page.locator("#modal-command-palette input").fill("deepsoc")
    items = page.locator("#modal-command-palette .lm-CommandPalette-itemLabel")
    expect(items.filter(has_text="New Design…")).to_be_visible()
    found = set(items.all_inner_texts())
    page.keyboard.press("Escape")
    cells = {f"Insert {name} Cell" for name in ("Bundle", "Sweep", "Simulate", "Implement")}
    assert found >= cells | {"Open DeepSoC Studio", "Open Lab Course", "New Design…", "Show Jobs"}


def test_a_cell_is_not_inserted_without_a_notebook_and_is_with_one(page: Page, lab: Lab):
    """A design that is clicked opens its Studio, in its folder; a cell then goes below."""
    assert page.evaluate("deepsocLab.insertCell('1')") is False
    assert page.evaluate("deepsocLab.openFile('jobs')") is False
    page.get_by_role("button", name="later/fresh").click()
    page.wait_for_selector(".jp-NotebookPanel .jp-OutputArea-output")
    assert page.evaluate("deepsocLab.insertCell('print(6 * 7)')") is True
    expect(page.locator(".jp-NotebookPanel .jp-CodeCell")).to_have_count(2)
    expect(page.locator(".jp-NotebookPanel")).to_contain_text('Studio("fresh")')
    expect(page.locator(".jp-NotebookPanel .jp-OutputArea-output", has_text="42").last).to_be_visible(timeout=60_000)
    assert (lab.root / "later" / "Studio-fresh.ipynb").exists()


def test_cells_go_downward_below_the_control_that_puts_them(page: Page):
    """Whichever cell is active: that of the Studio is, when its button is clicked."""
    cells = page.locator(".jp-NotebookPanel .jp-CodeCell")
    for n in (2, 3):
        page.evaluate("document.querySelector('.st-tabs').closest('.jp-CodeCell').click()")
        page.evaluate(
            f"deepsocLab.insertCell('{n} * 1000', {{ run: false, from: document.querySelector('.st-tabs') }})"
        )
        expect(cells).to_have_count(n + 1)
    texts = page.locator(".jp-NotebookPanel .jp-CodeCell .jp-InputArea-editor .cm-content").all_inner_texts()
    assert texts[1:] == ["print(6 * 7)", "2 * 1000", "3 * 1000"]
    assert page.evaluate("deepsocLab.runCellOf(document.body)") is False


def test_a_design_opened_again_does_not_run_its_studio_again(page: Page):
    page.evaluate("document.querySelector('.st-tabs').dataset.old = 1")
    page.get_by_role("button", name="later/fresh").click()
    page.wait_for_timeout(1500)
    expect(page.locator(".st-tabs[data-old]")).to_be_visible()


@pytest.mark.slow
def test_a_studio_whose_kernel_is_gone_says_so_and_comes_back(page: Page, lab: Lab):
    """By its own button after a restart, from the side panel after the kernel was killed."""
    gone = page.locator(".jp-NotebookPanel .dsoc-gone", has_text="The kernel was restarted")
    fresh = page.locator(".dsoc-studio > .dsoc:not([data-gone]) .st-tabs")
    expect(fresh).to_be_visible()
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Restart the kernel").first.click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    expect(gone.first).to_be_visible(timeout=60_000)
    expect(fresh).to_have_count(0)
    page.get_by_role("button", name="Reconnect").click()
    expect(fresh).to_be_visible(timeout=60_000)
    expect(gone).to_have_count(0)
    fresh.get_by_role("tab", name="Hardware").click()
    expect(page.get_by_label("Rows", exact=True)).to_have_value("8", timeout=60_000)  # it answers

    page.evaluate("deepsocLab.insertCell('import os; os.kill(os.getpid(), 9)')")
    page.locator(".jp-Dialog", has_text="died").get_by_role("button").click(timeout=60_000)
    expect(gone.first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="later/fresh").click()
    expect(fresh).to_be_visible(timeout=60_000)
    fresh.get_by_role("tab", name="Hardware").click()
    expect(page.get_by_label("Rows", exact=True)).to_have_value("8", timeout=60_000)


def test_code_that_is_not_the_studios_own_is_not_run(page: Page, lab: Lab):
    """A file of the Studio's name that somebody has put there: only a cell that equals the template runs."""
    for name in ("foreign", "mixed"):
        write_design(lab.root / "later" / "designs" / name)
        sources = [f"open('{name}.ran', 'w').close()"]
        sources += [f'from deepsoc.widgets import Studio\n\nStudio("{name}")'] * (name == "mixed")
        cells = [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for i, source in enumerate(sources)
        ]
        (lab.root / "later" / f"Studio-{name}.ipynb").write_text(json.dumps({**NOTEBOOK, "cells": cells}))
    page.get_by_role("button", name="later/foreign").click()
    expect(page.get_by_text("Studio-foreign.ipynb has no cell with the Studio as it was made")).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("button", name="later/mixed").click()
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .st-name", has_text="mixed")
    expect(shown).to_be_visible(timeout=60_000)
    assert not list((lab.root / "later").glob("*.ran"))
    for name in ("foreign", "mixed"):
        page.locator(".lm-TabBar-tab", has_text=f"Studio-{name}.ipynb").locator(".lm-TabBar-tabCloseIcon").click()
        page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()
    page.locator(".lm-TabBar-tab", has_text="Studio-fresh.ipynb").click()


def test_a_file_is_opened_beside_the_notebook_or_downloaded(page: Page, lab: Lab):
    """Paths are relative to the folder of the notebook, which is `later` after the test above."""
    for name, size in (("small.log", 10), ("large.log", 21_000_000)):
        with (lab.root / "later" / name).open("wb") as file:
            file.truncate(size)
            file.write(b"of a run")
    assert page.evaluate("deepsocLab.openFile('small.log')") is True
    tab = page.locator(".lm-TabBar-tab", has_text="small.log")
    expect(tab).to_have_attribute("title", re.compile("Path: later/small.log"))
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("of a run")
    page.locator(".lm-TabBar-tab", has_text="Studio-fresh.ipynb").click()
    (lab.root / "later" / "small.log").write_text("of a later run")
    page.evaluate("deepsocLab.openFile('small.log')")
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("of a later run")
    for name, options in (("small.log", "{ download: true }"), ("large.log", "{}")):
        with page.expect_download() as caught:
            page.evaluate(f"deepsocLab.openFile('{name}', {options})")
        assert caught.value.suggested_filename == name
    page.evaluate("deepsocLab.openFile('gone.log')")
    expect(page.locator(".jp-Dialog")).to_contain_text("gone.log did not open")
    page.locator(".jp-Dialog button").click()
    expect(page.locator(".lm-TabBar-tab", has_text="gone.log")).to_have_count(0)


def test_the_lab_course_card_opens_the_index(page: Page):
    page.locator(".lm-TabBar-tab", has_text="Launcher").click()
    page.locator(".jp-LauncherCard", has_text="DeepSoC lab course").click()
    page.locator(".lm-TabBar-tab", has_text="00_index.ipynb").wait_for()
