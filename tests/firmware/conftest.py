from __future__ import annotations

import ctypes

import pytest

from tests.firmware.library import compile_library


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_library(tmp_path_factory.mktemp("firmware"))
