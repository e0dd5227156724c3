"""The folder for a PYNQ board: what is in it, and that it runs by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from deepsoc.deploy import deploy
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.impl.result import REPORT, Implementation
from deepsoc.runtime.design import Design
from scripts.notebooks import execute
from tests.runtime.conftest import design as design  # one simulator for all

pytestmark = pytest.mark.xdist_group("simulator")


@pytest.fixture
def export(design: Artifacts, tmp_path: Path) -> Artifacts:
    """A copy that a flow may work in."""
    return Artifacts.load(shutil.copytree(design.path, tmp_path / "export"))


def flow(export: Artifacts, name: str, artifacts: tuple[str, ...], **changes: object) -> None:
    """What an FPGA flow leaves."""
    place = export.path / "impl" / name
    place.mkdir(parents=True)
    for file in artifacts:
        if ".." not in file:
            (place / file).write_bytes(f"{name} {file}".encode())
    report = Implementation(
        flow=name, part_family="xc7", hw=export.hw.model_copy(update=changes), folder=str(place), steps=(),
        resources=None, by_module=(), fmax_mhz=None, fmax_basis="", artifacts=artifacts,
    )  # fmt: skip
    (place / REPORT).write_text(report.model_dump_json())


def test_design_images_and_expected_outputs(export: Artifacts, tmp_path: Path) -> None:
    folder = deploy(export.path, "pynq", tmp_path / "board").folder
    assert Design.load(folder / "design").net_id == export.manifest.net_id
    np.testing.assert_array_equal(np.load(folder / "images.npy"), export.input())
    np.testing.assert_array_equal(np.load(folder / "expected.npy"), export.output())
    assert "**The bitstream is missing**" in (folder / "README.md").read_text()
    notebook = nbformat.read(folder / "run.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_the_bitstream_of_a_flow_comes_along(export: Artifacts, tmp_path: Path) -> None:
    flow(export, "yosys", ("net.json",))
    flow(export, "vivado", ("out.bit", "out.hwh", "timing.rpt"))
    folder = deploy(export.path, "pynq", tmp_path / "board").folder
    assert (folder / "design.bit").read_text() == "vivado out.bit"
    assert (folder / "design.hwh").read_text() == "vivado out.hwh"
    assert "missing" not in (folder / "README.md").read_text()
    flow(export, "other", ("a.bit", "a.hwh"))
    with pytest.raises(InputError, match="2 flows made a bitstream: other, vivado; remove the others"):
        deploy(export.path, "pynq", tmp_path / "board")


@pytest.mark.parametrize(
    ("artifacts", "changes", "says"),
    [
        (("a.bit", "a.hwh"), {"rows": 8}, "is of another hardware; run the flow again"),
        (("../../hw.bit", "a.hwh"), {}, "'../../hw.bit' lies outside the folder"),
    ],
)
def test_a_wrong_bitstream_is_refused(
    export: Artifacts, tmp_path: Path, artifacts: tuple[str, ...], changes: dict[str, int], says: str
) -> None:
    flow(export, "vivado", artifacts, **changes)
    with pytest.raises(InputError, match=says):
        deploy(export.path, "pynq", tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_the_notebook_runs_on_the_simulated_accelerator(export: Artifacts, tmp_path: Path) -> None:
    folder = deploy(export.path, "pynq", tmp_path / "board").folder
    notebook = execute(folder / "run.ipynb", folder, quick=True)
    results = [output for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    shown = [result["data"]["text/plain"] for result in results]
    assert shown[0] == "'SimulatedDevice'"
    assert any("every output equals the reference" in text for text in shown)
