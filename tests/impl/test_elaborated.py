"""What synthesis makes of the RTL before it maps it: constants have passed the borders of modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepsoc.assets import model_files
from deepsoc.export import export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.impl import implement
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate
from tests.impl import netlists
from tests.impl.test_ecp5 import NET
from tests.system.test_spread import vectors

_OTHERS = [pytest.param(pe, marks=pytest.mark.slow) for pe in ("portable", "dsp_cascade")]


@pytest.mark.parametrize("pe", ["dsp_pair", *_OTHERS])
def test_the_elaborated_accelerator_runs_a_network(pe: str, tmp_path: Path) -> None:
    """Firmware, DRAM and random stalls are as with the RTL."""
    hw = Hardware(rows=2, cols=3, x_bits=4, k_bits=4, axi_data_bits=32, weights_ram_depth=64, counters_depth=0, pe=pe)
    _check(parse_net(NET).to_graph(seed=7), hw, tmp_path)


@pytest.mark.slow
def test_weights_stay_in_the_elaborated_accelerator(tmp_path: Path) -> None:
    hw = Hardware(
        rows=3, cols=4, axi_data_bits=32, weights_ram_depth=16, counters_depth=0, weights_resident=70, scale_bits=0
    )  # fmt: skip
    net = vectors(np.random.default_rng(1), [21, 9, 9, 5], 8)
    _check(net, hw, tmp_path)


def _check(net: Graph, hw: Hardware, place: Path) -> None:
    design = export(net, hw, place / "design", seed=8)
    work = Path(implement(design.path, "yosys-xc7", until="elaborate").folder)
    rtl = netlists.sources(place, netlists.words(work), model_files())
    simulate(design.path, rtl=rtl, stall_prob=0.3).raise_for_mismatch()
