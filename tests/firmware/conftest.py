from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from deepsoc.deploy import deploy
from deepsoc.export import export
from deepsoc.netspec.spec import parse_net
from tests.firmware.library import compile_library
from tests.firmware.test_baremetal import HW, NET


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_library(tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `src` of a deployment: what is generated for a design lies there."""
    place = tmp_path_factory.mktemp("sources")
    export(parse_net(NET).to_graph(seed=1), HW, place / "export")
    return deploy(place / "export", "baremetal", place / "deployed").folder / "src"
