"""Every control at every width of a notebook: nothing overlaps, nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser

from deepsoc.hw import Hardware
from deepsoc.widgets import BundleBuilder, Design, HardwarePanel, ImplementationPanel, SimulationPanel, SweepExplorer
from deepsoc.widgets.base._control import Control
from deepsoc.widgets.network._nettemplates import TEMPLATES
from tests.widgets.page import misplaced, mounted, open_browser

WIDTHS = (560, 640, 700, 760, 830, 900, 1000, 1100, 1200, 1400)
"""Of outputs: a page of 1,000 pixels leaves 560 beside the side panel, 830 without it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def network() -> BundleBuilder:
    return BundleBuilder(value=TEMPLATES["small ResNet"](), selected=0)  # a residual add that nothing fits


def faulty() -> BundleBuilder:
    builder = network()
    builder.on_set(["bundles", 0, "pool"], {"type": "max", "size": [2, 2], "strides": [2, 2], "padding": "valid"})
    builder.on_set(["input", "shape"], [32, 0, 3])
    return builder


def hardware() -> HardwarePanel:
    panel = HardwarePanel(networks=[TEMPLATES["small ResNet"]()], board="pynq-z2", value=Hardware(rows=8, cols=24))
    panel.on_set("rows", 900)
    panel.on_set("cols", 0)
    return panel


def sweep() -> SweepExplorer:
    space = {"rows": {"min": 2, "max": 32, "step": 1}, "cols": {"min": 12, "max": 192, "step": 12}, "k_bits": [2, 4, 8]}
    return SweepExplorer(networks=["resnet50"], space=space, board="pynq-z2")


def design() -> Design:
    made = Design("a_design_with_a_long_name")
    made.net = TEMPLATES["small ResNet"]()
    return made


CONTROLS: dict[str, Callable[[], Control]] = {
    "network": network,
    "faulty network": faulty,
    "hardware": hardware,
    "sweep": sweep,
    "simulate": lambda: SimulationPanel(design()),
    "implement": lambda: ImplementationPanel(design()),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_overlaps_and_nothing_is_cut(
    browser: Browser, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    control: Any = CONTROLS[name]()
    with mounted(browser, control) as page:
        found = {}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 1100})
            page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
            if wrong := misplaced(page):
                found[width] = wrong
        assert not found, found
    control.close()


def test_every_sign_is_in_a_common_font() -> None:
    """DejaVu Sans has the signs that every computer has; others may be an empty box."""
    root = Path(__file__).parents[2]
    files = [file for kind in ("js", "css", "py") for file in (root / "deepsoc" / "widgets").rglob(f"*.{kind}")]
    files += (root / "labextension" / "src").glob("*.ts")
    known = TTFont(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").getBestCmap()
    odd = {sign: file.name for file in files for sign in file.read_text(encoding="utf-8") if ord(sign) not in known}
    assert not {sign: name for sign, name in odd.items() if not sign.isspace()}, odd
