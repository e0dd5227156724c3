"""The runner of the block tests: what one installation built, another one runs."""

from __future__ import annotations

from pathlib import Path

import cocotb_tools.config
import pytest

from deepsoc.sim import cache
from tests.rtl.runner import check


@pytest.mark.slow
def test_a_simulator_outlives_the_installation_it_was_built_with(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)

    def run_it() -> None:
        check("tests.rtl.test_assert", "stable_block", {"Fault": 0}, seed=seed)

    run_it()
    (simulator,) = tmp_path.glob("*/stable_block")
    libraries = str(cocotb_tools.config.libs_dir).encode()
    program = simulator.read_bytes()
    assert libraries in program
    simulator.write_bytes(program.replace(libraries, libraries.translate(bytes.maketrans(b"c", b"_"))))
    cache.seal(simulator.parent)
    run_it()
    assert libraries not in simulator.read_bytes()  # it was not built again
