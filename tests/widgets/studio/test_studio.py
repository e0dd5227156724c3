"""The Studio without a notebook: one design in two of them, its head in a page, a kernel that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.widgets import Design, Studio
from tests.widgets.page import mounted, open_browser


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def net(name: str) -> dict[str, Any]:
    return {**Design("start", "elsewhere").net, "name": name}


# ---- the design on disk ---------------------------------------------------------------------------------------------
def test_a_change_is_not_written_over_another() -> None:
    one, two = Design("mine"), Design("mine")
    one.net = net("of_one")
    with pytest.raises(InputError, match="another Studio or program has changed the design"):
        two.hw = Hardware(rows=3, cols=12)
    assert Design("mine").hw.rows == 8
    two.reload()
    assert (two.net["name"], two.hw.rows) == ("of_one", 8)
    two.hw = Hardware(rows=3, cols=12)
    with pytest.raises(InputError, match="since"):
        one.save()
    one.save(force=True)
    assert Design("mine").hw.rows == 8
    assert two.is_changed_elsewhere()


def test_the_same_change_twice_and_a_folder_that_went_are_no_conflict(tmp_path: Path) -> None:
    one, two = Design("mine"), Design("mine")
    one.net = net("same")
    two.net = net("same")
    (tmp_path / "designs" / "mine" / "design.json").unlink()
    one.net = net("again")
    assert Design("mine").net["name"] == "again"


def test_a_damaged_file_is_not_taken(tmp_path: Path) -> None:
    one = Design("mine")
    one.net = net("good")
    (tmp_path / "designs" / "mine" / "design.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        one.reload()
    assert one.net["name"] == "good"
    assert one.is_changed_elsewhere()


# ---- two Studios on one folder --------------------------------------------------------------------------------------
def test_a_studio_without_changes_follows_and_one_with_changes_asks(browser: Browser) -> None:
    one, two = Studio("mine"), Studio("mine")
    one.control("Network").on_add("conv2d", -1)
    with mounted(browser, two._head) as page:
        expect(page.locator(".st-summary")).to_contain_text("0 bundles")
        page.get_by_role("tab", name="Network").hover()
        expect(page.locator(".st-summary")).to_contain_text("1 bundle ")
        expect(page.locator(".st-saved")).to_contain_text("changed elsewhere, read again")
        assert len(two.control("Network").value["bundles"]) == 1

        two.control("Network").on_add("dense", 0)
        expect(page.locator(".st-saved")).to_contain_text("saved")
        one.control("Hardware").on_set("rows", 3)  # has not seen the dense layer
        assert one._head.asks
        assert Design("mine").hw.rows == 8
    with mounted(browser, one._head) as page:
        question = page.get_by_role("alert").filter(has_text="changed elsewhere")
        expect(question).to_be_visible()
        page.get_by_role("tab", name="Sweep").hover()  # looking does not answer
        expect(question).to_be_visible()
        page.get_by_role("button", name="Show theirs").click()
        expect(question).to_be_hidden()
        expect(page.locator(".st-summary")).to_contain_text("2 bundles on 8 × 24")
        one.control("Hardware").on_set("rows", 5)
        two.control("Hardware").on_set("rows", 7)
        assert two._head.asks
        expect(page.locator(".st-saved")).to_contain_text("saved")
    with mounted(browser, two._head) as page:
        page.get_by_role("button", name="Keep mine").click()
        expect(page.get_by_role("alert").filter(has_text="elsewhere")).to_be_hidden()
    assert Design("mine").hw.rows == 7
    one.control("Network").on_undo()
    assert one._head.asks


def test_what_was_read_again_can_be_taken_back() -> None:
    one, two = Studio("mine"), Studio("mine")
    one.control("Network").on_add("conv2d", -1)
    two.control("Network")
    two._head.on_look()
    assert len(two.design.net["bundles"]) == 1
    two.control("Network").on_undo()
    assert Design("mine").net["bundles"] == []


# ---- runs -----------------------------------------------------------------------------------------------------------
def test_nothing_starts_while_hardware_is_shown_that_cannot_be() -> None:
    studio = Studio("mine")
    studio.control("Network").on_add("conv2d", -1)
    hardware, panel = studio.control("Hardware"), studio.control("Simulate")
    hardware.on_set("cols", 0)
    panel._received(None, {"do": "start", "view": "v"}, [])
    assert panel.error.startswith("hardware: cols: ")
    hardware.on_undo()
    panel._received(None, {"do": "start", "view": "v"}, [])
    assert panel.error == ""
    panel.close()


# ---- a kernel that is gone ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("extension", [True, False])
def test_a_control_without_a_kernel_says_so_and_offers_to_run_its_cell(browser: Browser, extension: bool) -> None:
    lab = "window.ran = []; window.deepsocLab = { runCellOf: (node) => ran.push(node.id) }" if extension else ""
    with mounted(browser, Studio("mine")._head, before=lab) as page:
        assert page.locator(".dsoc-gone").count() == 0
        for _ in range(2):
            page.evaluate("document.getElementById('host').dispatchEvent(new Event('deepsoc-gone'))")
        expect(page.get_by_role("alert").filter(has_text="The kernel was restarted")).to_have_count(1)
        assert page.evaluate("document.querySelector('.dsoc-body').inert")
        if extension:
            page.get_by_role("button", name="Reconnect").click()
            assert page.evaluate("ran") == ["host"]
        else:
            expect(page.locator(".dsoc-gone")).to_contain_text("Run its cell again")
