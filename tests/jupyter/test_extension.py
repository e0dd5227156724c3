"""The prebuilt extension: built from these sources, found, enabled."""

from __future__ import annotations

import html
import json
import re
import shutil
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest

import deepsoc

from .conftest import TOKEN, Lab

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(deepsoc.__file__).parent / "jupyter" / "labextension"

pytestmark = pytest.mark.xdist_group("jupyterlab")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import labextension

    return labextension


def test_built_files_are_of_these_sources(script: ModuleType):
    assert json.loads(script.RECORD.read_text()) == script.state(), "run: make labextension"


@pytest.mark.parametrize("file", ["src/cells.ts", "style/base.css", "package.json"])
def test_a_changed_source_is_noticed(script: ModuleType, tmp_path: Path, file: str):
    ignore = shutil.ignore_patterns("node_modules", "lib")
    sources = shutil.copytree(script.SOURCES, tmp_path / "labextension", ignore=ignore)
    assert script.state(sources=sources) == script.state()
    (sources / file).write_text((sources / file).read_text() + "\n")
    assert script.state(sources=sources)["sources"] != script.state()["sources"]


def test_a_changed_built_file_is_noticed(script: ModuleType, tmp_path: Path):
    built = shutil.copytree(script.BUILT, tmp_path / "built")
    (built / "package.json").unlink()
    assert script.state(built=built)["built"] != script.state()["built"]


def test_built_files_are_few_small_and_without_source_maps():
    files = [file for file in BUILT.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 60_000
    assert not [file for file in files if file.suffix == ".map"]


def test_requirements_are_pinned_without_where_they_came_from():
    lock = json.loads((ROOT / "labextension" / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_page_loads_the_extension_and_leaves_news_out(lab: Lab):
    """As after `make setup`: no command enabled it."""
    with urllib.request.urlopen(f"{lab.url}lab?token={TOKEN}", timeout=60) as answer:
        page = answer.read().decode()
    match = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    assert match
    config = json.loads(html.unescape(match.group(1)))
    (entry,) = [entry for entry in config["federated_extensions"] if entry["name"] == "deepsoc-lab"]
    with urllib.request.urlopen(f"{lab.url}lab/extensions/deepsoc-lab/{entry['load']}", timeout=60) as answer:
        assert answer.read() == (BUILT / entry["load"]).read_bytes(), "run: pip install --no-deps -e ."
    disabled = set(config["disabledExtensions"])
    assert {"@jupyterlab/apputils-extension:announcements", "@jupyterlab/extensionmanager-extension:plugin"} <= disabled
    assert not [name for name in disabled if name.startswith("deepsoc-lab")]


def test_comms_go_through_the_kernels_main_shell(lab: Lab):
    """On subshells the first messages after a reload can reach a kernel that does not know the subshell yet."""
    status, found = lab.ask("lab/api/settings/@jupyterlab/apputils-extension:kernels-settings")
    assert status == 200
    assert found["schema"]["properties"]["commsOverSubshells"]["default"] == "disabled"
