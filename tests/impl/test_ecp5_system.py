"""The whole system for the ULX3S: its netlist boots from the serial port and runs a network, bit for bit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.impl import forecast, implement
from deepsoc.impl.open_fpga import FLOWS
from deepsoc.netspec.spec import parse_net
from deepsoc.sim.backends import riscv
from deepsoc.sim.firmware import frames, program_image
from tests.impl import netlists
from tests.impl.test_ecp5 import NET

pytestmark = pytest.mark.xdist_group("ecp5-system")

BENCH = Path(__file__).parents[1] / "sim" / "board_bench.sv"
DIVIDER = 16  # clocks a bit of the bench
FRAME = """
module dsoc_soc_board #(parameter ClkHz = 0, parameter Baud = 0, parameter RamFile = "") (
    input clk_i, input rst_ni, input uart_rx_i, output uart_tx_o, output [7:0] leds_o
);
  top i_top (.clk(clk_i), .reset(!rst_ni), .rx(uart_rx_i), .tx(uart_tx_o), {leds});
endmodule
"""


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_system_on_the_ulx3s(tmp_path: Path) -> None:
    found = board("ulx3s-85f")
    assert found.system is not None
    system = found.system.model_copy(update={"baud": round(found.system.clock_mhz * 1e6 / DIVIDER)})
    hw = Hardware(
        rows=2, cols=3, x_bits=4, k_bits=4, y_bits=24, axi_data_bits=32, axi_max_burst=8, weights_ram_depth=256,
        frequency_mhz=25, counters_depth=0,
    )  # fmt: skip
    design = export(parse_net(NET).to_graph(seed=7), hw, tmp_path / "design", seed=8)
    target = found.model_copy(update={"system": system})
    expected = forecast(design.path, "ecp5", board=target)
    assert expected is not None
    result = implement(design.path, "ecp5", board=target)
    work = Path(result.folder)
    print(expected, [(step.name, step.seconds) for step in result.steps], result.resources, result.fmax_mhz)
    assert (work / "top.bit").stat().st_size > 100_000
    assert result.fmax_mhz is not None
    assert result.fmax_mhz > 25
    assert {"dsoc_array", "dsoc_line_reader", "dsoc_pool", "dsoc_soc_cpu"} <= {row.module for row in result.by_module}
    assert result.artifacts[-2] == "top.bit"

    place = tmp_path / "netlist"
    place.mkdir()
    library = netlists.library(place)
    leds = ", ".join(f".led{index}(leds_o[{index}])" for index in range(8))
    (place / "frame.v").write_text(FRAME.replace("{leds}", leds))
    image = program_image(design.path, tmp_path, ram_bytes=system.ram_bytes)
    (place / "serial.bin").write_bytes(frames(riscv.memory_contents(design), image))
    for netlist in (work / "netlist.v", netlists.routed(work, place)):
        program = netlists.build(place, "board_bench", [*library, netlist, place / "frame.v", BENCH], options=("-O3",))
        done = subprocess.run([program], cwd=place, capture_output=True, text=True, timeout=3000, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        words = re.search(r"^output 10\n((?:[0-9a-f ]+\n)+)", done.stdout, re.MULTILINE)
        assert words, done.stdout
        output = np.array([int(word, 16) for word in words[1].split()], np.uint32).astype(np.int32)
        assert output.tolist() == design.expected(len(design.manifest.operations) - 1).ravel().tolist()
        assert "\nend 0 ok\n" in done.stdout


def test_every_flow_has_a_board() -> None:
    from deepsoc.hw.boards import boards

    for flow in FLOWS:
        assert any(found.family in flow.families for found in boards().values())
