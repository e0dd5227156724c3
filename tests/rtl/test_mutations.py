"""The block tests can fail: a small fault in each module makes its own test fail."""

from __future__ import annotations

import pytest

from tests.rtl.engine import SETS
from tests.rtl.runner import Edit, Parameters, run

_LINES = {"Nf": 5, "AxiBits": 32, "ChunkBeats": 8}
_OUT = {"Rows": 3, "XBits": 2, "AxiBits": 32, "OpdLines": 3, "OutLines": 3}
_SHIFTER = {"Rows": 3, "XBits": 2, "Nf": 8, "Gt": 2, "PtMax": 5, "KhMax": 11, "ShMax": 3}
_WEIGHTS = {"Cols": 6, "KBits": 2, "WordBits": 16, "Depth": 33, "AxiBits": 128, "MaxBurst": 4}
_REGS = {"Rows": 7, "Cols": 30, "XBits": 4, "KBits": 8, "AddrBits": 40}

# What is wrong; Python module and top of the test; parameters; file, text, changed text.
QUICK = [
    ("ties away from even", "requant", "dsoc_requant", {"XBits": 4}, "dsoc_requant.sv", " + 33'(odd)", " + 33'd1"),
    (
        "saturates too low",
        "requant",
        "dsoc_requant",
        {"XBits": 4},
        "dsoc_requant.sv",
        "bounded = Max;",
        "bounded = Max - 1;",
    ),
    (
        *("drops a strobe bit", "writer", "dsoc_writer", {"Lines": 7, "AxiBits": 32, "BurstBeats": 4}),
        *("dsoc_writer.sv", "(joins ? strb_q : '0) |", "(joins ? strb_q & ~BeatBytes'(1) : '0) |"),
    ),
    (
        *("leaves a position late", "conv", "engine_block", SETS[0], "dsoc_controller.sv"),
        *("pos_q  <= pos_q + 8'd1 - desc_i.sw;", "pos_q  <= pos_q - desc_i.sw;"),
    ),
    (
        *("forgets line 0", "line_reader", "dsoc_line_reader", _LINES, "dsoc_line_reader.sv"),
        *("(lam_q + 18'(f) >= 0)", "(lam_q + 18'(f) > 0)"),
    ),
    ("rounds one half as more", "pool", "engine_block", SETS[0], "dsoc_pool.sv", "2'd2 : 2'd3", "2'd3 : 2'd3"),
]
SLOW = [
    (
        "wraps early",
        "fifo",
        "dsoc_fifo",
        {"Width": 13, "Depth": 5},
        "dsoc_fifo.sv",
        "rptr_q == PtrBits'(Depth - 1)",
        "1'b0",
    ),
    (
        "loses a unit",
        "gearbox",
        "dsoc_gearbox",
        {"InWidth": 32, "OutWidth": 120},
        "dsoc_gearbox.sv",
        "buf_q >> OutWidth",
        "'0",
    ),
    (
        *("mixes the masters up", "axi_read_arb", "dsoc_axi_read_arb", {"AddrBits": 32, "MaxPending": 2}),
        *("dsoc_axi_read_arb.sv", ".data_i (!s0_arvalid_i)", ".data_i (s1_arvalid_i)"),
    ),
    (
        *("ignores the padding", "pixel_shifter", "dsoc_pixel_shifter", _SHIFTER, "dsoc_pixel_shifter.sv"),
        *("row_first_i + 18'(i) >= 0", "1'b1"),
    ),
    (
        *("keeps too few biases", "weights_reader", "dsoc_weights_reader", _WEIGHTS, "dsoc_weights_reader.sv"),
        *("waddr_i({bias_bank_q,", "waddr_i({2'd0, bias_bank_q[0],"),
    ),
    (
        *("forgets the group's edge", "conv", "engine_block", SETS[0], "dsoc_array.sv"),
        *("starts[c] ? '0 : sum_q[c-1]", "sum_q[c-1]"),
    ),
    (
        *("stays at a position", "conv", "engine_block", SETS[0], "dsoc_drain.sv"),
        *("pos_q        <= pos_q - sw_i;", "pos_q        <= pos_q;"),
    ),
    (
        *("forgets the iteration", "output_stage", "dsoc_output_stage", _OUT, "dsoc_output_stage.sv"),
        *("<= l_base_q + desc_i.y_l_pitch + t_off_q;", "<= l_base_q + desc_i.y_l_pitch;"),
    ),
    (
        *("believes any checksum", "sequencer", "dsoc_sequencer", {"AxiBits": 128, "MaxBurst": 16}),
        *("dsoc_sequencer.sv", "folded != dsoc_map_pkg::CHECKSUM", "1'b0"),
    ),
    ("ignores strobes", "regs", "dsoc_regs", _REGS, "dsoc_regs.sv", "{8{wstrb_i[b]}}", "8'hFF"),
]


@pytest.mark.parametrize(
    ("name", "top", "parameters", "edit"),
    [
        pytest.param(name, top, parameters, Edit(*edit), id=f"{name}: {what}", marks=marks)
        for cases, marks in ((QUICK, ()), (SLOW, pytest.mark.slow))
        for what, name, top, parameters, *edit in cases
    ],
)
def test_a_fault_is_found(name: str, top: str, parameters: Parameters, edit: Edit, seed: int) -> None:
    outcome = run(f"tests.rtl.test_{name}", top, parameters, seed=seed, edit=edit)
    assert outcome.tests > 0, outcome.log[-4000:]
    assert outcome.failed, "the block test does not see the fault"
