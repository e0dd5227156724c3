"""Hardware that `fit` returns is real: the RTL elaborates with it and runs its networks bit-exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deepsoc.netspec.spec import parse_net
from deepsoc.perf.fit import fit
from deepsoc.workloads import Layer, Workload
from tests.cli.conftest import NET
from tests.system.test_networks import conv, run

TABLE = Workload(
    "table",
    (
        Layer("a", "conv", 2, 9, 7, 3, 5, 3, 2, 2, 1, 1, 0, ho=5, wo=7),
        Layer("b", "conv", 2, 5, 7, 5, 4, 1, 3, 1, 2, 0, 1, ho=5, wo=4),
        Layer("c", "dense", 2, 1, 1, 80, 6),
    ),
)
TABLE_NET: dict[str, Any] = {
    "format": "deepsoc-net/1", "name": "table", "input": {"shape": [9, 7, 3], "batch": 2},
    "bundles": [
        conv("a", "input", 5, [3, 2], strides=[2, 1]), conv("b", "a", 4, [1, 3], strides=[1, 2], flatten=True),
        {"name": "c", "input": "b", "core": {"type": "dense", "units": 6}, "act": None},
    ],
}  # fmt: skip


def test_hardware_for_a_layer_table_runs_the_network_of_these_layers(tmp_path: Path) -> None:
    """The maxima are read off the table: nothing in the network may exceed them."""
    found = fit([TABLE], area_mm2=0.4, node="28nm", space={"rows": [2, 3], "cols": [4, 6, 9], "axi_data_bits": 32})
    run(dict(TABLE_NET), found.hw, tmp_path / "out", stall_prob=0.2)


@pytest.mark.slow  # a simulator each
@pytest.mark.parametrize("goal", ["fps", "fps_per_watt", "fps_per_mm2", "latency"])
def test_hardware_for_every_goal(goal: Any, tmp_path: Path) -> None:
    found = fit([parse_net(NET).to_graph(seed=1), TABLE], area_mm2=0.6, node="28nm", goal=goal)
    run(dict(NET), found.hw, tmp_path / "net")
    run(dict(TABLE_NET), found.hw, tmp_path / "table", stall_prob=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("board", ["cora-z7-10", "kv260"])
def test_hardware_for_boards(board: str, tmp_path: Path) -> None:
    found = fit([parse_net(NET).to_graph(seed=1)], board=board, space={"rows": [1, 2, 3, 4]})
    run(dict(NET), found.hw, tmp_path / "net")
