"""Many simulations: on disk, on a cluster whose worker is killed, points that cannot run."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts
from deepsoc.netspec.spec import NetSpec, parse_net
from deepsoc.sim import simulate, simulate_each
from deepsoc.sim.tools import find_toolchain
from tests.sim.test_simulate import HW, NET

pytestmark = pytest.mark.xdist_group("simulator")

FIGURES = ["network", "bit_exact", "mismatches", "cycles_rtl", "cycles_model", "fps", "axi_read_bytes", "error"]


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    try:
        find_toolchain()
    except ToolError as err:
        pytest.skip(str(err))


def net(units: int) -> NetSpec:
    dense: dict[str, Any] = {"name": "out", "input": "input", "core": {"type": "dense", "units": units}}
    return parse_net(NET | {"name": f"net{units}", "input": {"shape": [20], "batch": 3}, "bundles": [dense]})


POINTS = [(net(units), HW) for units in (4, 9, 30)]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("here")
    return folder, simulate_each(POINTS, folder, stall_prob=0.2)


def test_rows_are_what_simulate_finds(here: tuple[Path, pd.DataFrame]) -> None:
    folder, table = here
    assert table["bit_exact"].tolist() == [True, True, True]
    assert table["error"].tolist() == ["", "", ""]
    assert table["rows"].tolist() == [4, 4, 4]
    for row in table.itertuples():
        artifacts = Artifacts.load(folder / str(row.run) / "export")
        assert row.network == artifacts.manifest.name
        result = simulate(artifacts.path, stall_prob=0.2)
        assert (row.cycles_rtl, row.cycles_model) == (result.cycles_rtl, result.cycles_model)
        assert row.fps == pytest.approx(3 * 100e6 / result.cycles_rtl)


def test_what_is_on_disk_is_not_simulated_again(
    here: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, table = here

    def refuse(*_: object, **__: object) -> None:
        raise ToolError("simulated again")

    monkeypatch.setattr("deepsoc.sim.many.simulate", refuse)
    again = simulate_each([(net(units), HW) for units in (30, 4, 9)], folder, stall_prob=0.2)
    pd.testing.assert_frame_equal(again, table.iloc[[2, 0, 1]].reset_index(drop=True))
    others: list[tuple[list[Any], dict[str, Any]]] = [
        (POINTS, {"stall_prob": 0.1}),
        (POINTS, {"stall_prob": 0.2, "seed": 1}),
        ([(spec, HW.model_copy(update={"axi_max_burst": 4})) for spec, _ in POINTS], {"stall_prob": 0.2}),
        ([(spec.to_graph(seed=7), HW) for spec, _ in POINTS], {"stall_prob": 0.2}),
    ]
    for points, options in others:
        assert set(simulate_each(points, folder, **options)["error"]) == {"simulated again"}


def test_a_point_that_cannot_run_is_a_row(here: tuple[Path, pd.DataFrame]) -> None:
    folder, table = here
    mixed = simulate_each([POINTS[0], (POINTS[1][0], HW.model_copy(update={"co_max": 2}))], folder, stall_prob=0.2)
    assert mixed.loc[0, "cycles_rtl"] == table.loc[0, "cycles_rtl"]
    assert "co_max" in str(mixed.loc[1, "error"])


def test_a_worker_killed_while_it_simulates_loses_nothing(here: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    killed: list[str] = []
    watch = threading.Thread(target=kill_worker_of, args=(tmp_path, killed), daemon=True)
    watch.start()
    table = simulate_each(POINTS, tmp_path, stall_prob=0.2, cluster=2)
    assert len(killed) == 1, "no worker was killed"
    pd.testing.assert_frame_equal(table[FIGURES], here[1][FIGURES])


def kill_worker_of(folder: Path, killed: list[str]) -> None:
    """Kills the first worker whose point is exported and not over: it holds the point's lock."""
    import psutil

    deadline = time.monotonic() + 120
    while not killed and time.monotonic() < deadline:
        for export in folder.glob("*/export"):
            lock = str(folder / f".{export.parent.name}.lock")
            for process in psutil.Process().children(recursive=True):
                try:
                    held = lock in {file.path for file in process.open_files()}
                except psutil.Error:
                    continue
                if held and not killed and not (export.parent / "result.json").exists():
                    killed.append(export.parent.name)
                    os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.01)


def test_what_is_no_point_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected at least one run"):
        simulate_each([], tmp_path)
    with pytest.raises(InputError, match=r"points\[0\]: expected a network"):
        simulate_each([("alexnet", HW)], tmp_path)
