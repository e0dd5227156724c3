"""The back end cocotb, the device behind it, and the test of a user's own in the documentation."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from deepsoc._backends import BACKENDS
from deepsoc.errors import ToolError
from deepsoc.export import Artifacts, export
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import run_cocotb, simulate
from tests.sim.test_simulate import HW, NET

pytestmark = pytest.mark.xdist_group("cocotb")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    graph = parse_net(NET).to_graph(seed=3)
    return export(graph, HW, tmp_path_factory.mktemp("cocotb") / "design", seed=4)


def test_driver_and_firmware_find_the_same(design: Artifacts, tmp_path: Path, seed: int) -> None:
    images = np.random.default_rng(seed).normal(scale=0.5, size=(3, *NET["input"]["shape"]))
    told: list[str] = []
    options = {"images": images, "stall_prob": 0.2, "mem_latency": 20, "seed": seed % 1000}
    found = simulate(
        design.path, backend="cocotb", outputs=tmp_path / "c.npy", progress=lambda what, _: told.append(what), **options
    )
    found.raise_for_mismatch()
    other = simulate(design.path, outputs=tmp_path / "v.npy", **options)
    np.testing.assert_allclose(np.load(tmp_path / "c.npy"), np.load(tmp_path / "v.npy"), atol=1e-6)
    assert (found.backend, found.images) == ("cocotb", 3)
    for mine, theirs in zip(found.operations, other.operations, strict=True):
        assert [getattr(mine, f"{port}_bytes") for port in "koy"] == [
            getattr(theirs, f"{port}_bytes") for port in "koy"
        ]
        assert mine.cycles_model == theirs.cycles_model
        assert mine.counters is not None
        assert theirs.counters is not None
        assert mine.counters.array == theirs.counters.array
        assert abs(mine.cycles_rtl - theirs.cycles_rtl) < 0.2 * theirs.cycles_rtl
    # Pixels are fetched ahead as far as the memory lets them, and counted when they come.
    assert sum(op.x_bytes for op in found.operations) == sum(op.x_bytes for op in other.operations)
    assert any(re.search(r"clocks a batch with cocotb: about \d+ s", what) for what in told)


def test_a_long_run_is_warned_of(design: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepsoc.sim.backends import cocotb

    monkeypatch.setattr(cocotb, "_CLOCKS_PER_SECOND", 10)
    monkeypatch.setattr(cocotb, "run_cocotb", lambda *a, **k: pytest.fail("it is not waited for"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match=r"clocks a batch with cocotb: about \d+ s .* verilator"):
            simulate(design.path, backend="cocotb")


def test_a_run_without_a_result_is_an_error(design: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepsoc.sim.backends.cocotb._MODULE", "tests.sim.no_such_module")
    with pytest.raises(ToolError, match="left no result"):
        simulate(design.path, backend="cocotb")


def test_faults_are_seen(design: Artifacts, seed: int) -> None:
    outcome = run_cocotb(design.path, "tests.sim.cocotb_faults", seed=seed, environment={"DESIGN": str(design.path)})
    assert (outcome.tests, outcome.failed) == (9, ()), outcome.log[-6000:]


def test_the_example_of_the_documentation(design: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "simulation.md").read_text()
    (example,) = re.findall(r"```python title=\"my_tests\.py\"\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my_tests.py").write_text(example)
    monkeypatch.syspath_prepend(tmp_path)
    outcome = run_cocotb(design.path, "my_tests", environment={"DESIGN": str(design.path)})
    assert (outcome.tests, outcome.failed) == (2, ()), outcome.log[-6000:]


def test_the_table_says_what_the_back_end_can(design: Artifacts) -> None:
    assert not BACKENDS["cocotb"].trace
    assert not BACKENDS["cocotb"].faults
