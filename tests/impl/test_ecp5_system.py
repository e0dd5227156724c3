"""The whole system for the ULX3S, from a network to the bitstream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.hw.boards import boards
from deepsoc.impl import forecast, implement
from deepsoc.impl.open_fpga import FLOWS
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate
from tests.impl import netlists
from tests.impl.test_ecp5 import NET


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_system_on_the_ulx3s(tmp_path: Path) -> None:
    hw = Hardware(
        rows=2, cols=3, x_bits=4, k_bits=4, y_bits=24, axi_data_bits=32, axi_max_burst=8, weights_ram_depth=256,
        frequency_mhz=25, counters_depth=0,
    )  # fmt: skip
    design = export(parse_net(NET).to_graph(seed=7), hw, tmp_path / "design", seed=8)
    expected = forecast(design.path, "ecp5", board="ulx3s-85f")
    assert expected is not None
    result = implement(design.path, "ecp5", board="ulx3s-85f")
    work, got = Path(result.folder), result.resources
    print(expected, [(step.name, step.seconds) for step in result.steps], got, result.fmax_mhz, result.paths)
    assert got is not None
    assert result.fmax_mhz is not None
    assert result.fmax_mhz > 25
    assert result.slack_ns is not None
    assert result.slack_ns > 0
    assert {"dsoc_array", "dsoc_line_reader", "dsoc_pool", "dsoc_soc_cpu"} <= {row.module for row in result.by_module}
    used = json.loads((work / "nextpnr.json").read_text())["utilization"]
    assert used["DP16KD"]["used"] == 2 * got.bram36
    assert used["MULT18X18D"]["used"] == got.dsp
    assert got.lut <= used["TRELLIS_COMB"]["used"] < 1.3 * got.lut
    assert b"Part: LFE5U-85F-6CABGA381" in (work / "top.bit").read_bytes()[:200]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_accelerators_netlist_runs_a_network(tmp_path: Path) -> None:
    """Firmware, DRAM and random stalls are as with the RTL."""
    hw = Hardware(
        rows=2, cols=3, x_bits=4, k_bits=4, axi_data_bits=32, weights_ram_depth=64, frequency_mhz=25, counters_depth=0
    )
    design = export(parse_net(NET).to_graph(seed=7), hw, tmp_path / "design", seed=8)
    result = implement(design.path, "ecp5-ooc", board="ulx3s-85f", until="luts")
    netlist = Path(result.folder) / "netlist.v"
    rtl = netlists.sources(tmp_path, netlist, netlists.library(tmp_path), around="top")
    simulate(design.path, rtl=rtl, stall_prob=0.3).raise_for_mismatch()


def test_every_flow_has_a_board() -> None:
    for flow in FLOWS:
        assert any(found.family in flow.families for found in boards().values())
