"""DeploymentPanel and InferencePanel: the real commands, what they show, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.widgets import DeploymentPanel, Design, InferencePanel, Studio
from tests.widgets.page import mounted, open_browser

from .conftest import status, wait_for


def test_the_folder_of_a_target_is_made_and_shown(design: Design, panels: list[Any]) -> None:
    panel = DeploymentPanel(design, target="baremetal")
    panels.append(panel)
    panel.run()
    wait_for(panel, lambda: status(panel) == "done" and panel.value)
    assert panel.value["folder"] == "designs/mine/deploy-baremetal"
    names = {Path(row["path"]).relative_to(panel.value["folder"]).as_posix() for row in panel.value["files"]}
    assert names == {
        path.relative_to(design.folder / "deploy-baremetal").as_posix()
        for path in (design.folder / "deploy-baremetal").rglob("*")
        if path.is_file()
    }
    assert all(row["bytes"] is not None for row in panel.value["files"])
    assert panel.ran["options"] == "target baremetal · random weights"
    with open_browser() as browser, mounted(browser, panel) as page:
        assert page.get_by_role("region", name="Files").locator("li").count() == len(names)


@pytest.mark.xdist_group("simulator")
def test_images_are_inferred_on_the_simulated_rtl(design: Design, panels: list[Any]) -> None:
    panel = InferencePanel(design, integers=True)
    panels.append(panel)
    with pytest.raises(InputError, match=r"images: name a \.npy file"):
        panel.run()
    panel.images = "none.npy"
    with pytest.raises(InputError, match=r"images: no such file: none\.npy"):
        panel.run()
    images = np.arange(-8, 8).reshape(1, 4, 4, 1).repeat(10, axis=0)
    np.save("images.npy", images)
    panel.images, panel.output = "images.npy", "outputs.npy"
    panel.run()
    wait_for(panel, lambda: status(panel) == "done" and panel.value, seconds=800)  # may build the simulator
    outputs = np.load("outputs.npy")
    assert outputs.shape[0] == panel.value["images"] == 10
    assert panel.value["outputs"] == outputs[:8].tolist()
    assert len(np.unique(outputs, axis=0)) == 1
    with open_browser() as browser, mounted(browser, panel) as page:
        rows = page.get_by_role("table", name="Outputs").locator("tbody tr")
        assert rows.count() == 8
        assert page.get_by_text("Outputs of the first 8 images").is_visible()
        page.get_by_label("Device").select_option("pynq")
        wait_for(panel, lambda: panel.device == "pynq")


def test_another_device_or_target_is_refused(design: Design) -> None:
    with pytest.raises(InputError, match="device: expected one of simulation, linux, pynq, received 'gpu'"):
        InferencePanel(design, device="gpu")
    with pytest.raises(InputError, match=r"target: expected one of .*baremetal.*, received 'moon'"):
        DeploymentPanel(design, target="moon")


def test_the_studio_has_both_in_its_last_tab(design: Design) -> None:
    studio = Studio("mine", tab="Deploy")
    assert isinstance(studio.control("Deploy"), DeploymentPanel)
    shown = studio.children[1].children[-1].children
    assert [type(control).__name__ for control in shown] == ["InferencePanel", "DeploymentPanel"]
