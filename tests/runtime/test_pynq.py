"""Runs the contract with PYNQ in a process of its own: PYNQ needs NumPy 1, as its boards have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepsoc.deploy import deploy
from deepsoc.export import Artifacts
from tests.runtime.conftest import images
from tests.runtime.test_driver import BATCH, expected

pytestmark = pytest.mark.xdist_group("simulator")
ROOT = Path(__file__).parents[2]
BOARD = Path(sys.prefix) / "board"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="PYNQ needs NumPy 1, which this Python does not have")
def test_pynq_runs_the_driver(design: Artifacts, library: Path, tmp_path: Path) -> None:
    assert (BOARD / "pynq").is_dir(), "run `make setup`"
    x = images(99, 21)
    np.save(design.path.parent / "contract_images.npy", x)
    np.save(design.path.parent / "contract_expected.npy", expected(x))
    deployed = deploy(design.path, "pynq", tmp_path / "board").folder
    for name in ("design.bit", "design.hwh"):
        (deployed / name).touch()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist",
         "-c", os.devnull, "--rootdir", ROOT, "--import-mode", "importlib", "-rA", "--durations=5",
         ROOT / "tests/runtime/pynq_contract.py"],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{BOARD}",
            "CONTRACT_DESIGN": str(design.path),
            "CONTRACT_LIBRARY": str(library),
            "CONTRACT_BATCH": str(BATCH),
            "CONTRACT_DEPLOYED": str(deployed),
        },
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
