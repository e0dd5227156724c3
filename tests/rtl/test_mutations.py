"""The block tests can fail: a small fault in a module makes its own test fail. scripts/mutate.py has more of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.rtl.engine import SCALED_SETS, SETS
from tests.rtl.runner import Edit, Parameters, run, sources


@dataclass(frozen=True)
class Fault:
    """One fault and the test that must see it.

    Attributes:
        what: it does wrong.
        test: Python module, without its prefix.
        top: SystemVerilog module that the test drives.
        parameters: of that module.
        edit: how the fault is made.
    """

    what: str
    test: str
    top: str
    parameters: Parameters
    edit: Edit


def _engine(what: str, test: str, edit: Edit, parameters: Parameters = SETS[0]) -> Fault:
    return Fault(what, test, "dsoc_engine", parameters, edit)


def _module(what: str, name: str, parameters: Parameters, old: str, new: str) -> Fault:
    return Fault(what, name, f"dsoc_{name}", parameters, Edit(f"dsoc_{name}.sv", old, new))


_REQUANT = {"XBits": 4}
_SCALE = {"SumBits": 32, "ScaledBits": 25, "ScaleBits": 17, "OutBits": 16, "ShiftBits": 6}
_WRITER = {"Lines": 7, "RawBeats": 7, "AxiBits": 32, "GroupBeats": 4, "MaxBurst": 8, "Bursts": 8}
_LINES = {"Nf": 5, "AxiBits": 32, "ChunkBeats": 8}
_OUT = {"Rows": 3, "XBits": 2, "SumBits": 32, "Requants": 2, "AxiBits": 32, "OpdLines": 3, "OutLines": 3}
_FACTORS = _OUT | {"XBits": 8, "Requants": 1, "ScaleBits": 17, "AxiBits": 64}
_SHIFTER = {"Rows": 3, "XBits": 2, "Nf": 8, "Gt": 2, "PtMax": 5, "KhMax": 11, "ShMax": 3}
_WEIGHTS = {"Cols": 6, "KBits": 2, "WordBits": 16, "Depth": 33, "AxiBits": 128, "MaxBurst": 4}
_GATE = {"StrobeBits": 8, "CountBits": 6}
_REGS = {
    "Rows": 7, "Cols": 30, "XBits": 4, "KBits": 8, "ParamsHash": 0x9ABCDEF0, "CountersDepth": 32, "AddrBits": 40,
}  # fmt: skip

QUICK = [
    _module("ties away from even", "requant", _REQUANT, "(rest_q != '0 || whole_q[0])", "1'b1"),
    _module("saturates too low", "requant", _REQUANT, "? Min : Max;", "? Min : Max - 1;"),
]
SLOW = [
    _module("a sum of 26 bits", "scale", _SCALE, "a_i[SumBits-1:ScaledBits-1] ==", "a_i[SumBits-1:ScaledBits] =="),
    _module("ties up", "scale", _SCALE, "rounds_q && !fine.rest", "1'b0"),
    _module(
        "a shift of 16 seen as 0", "scale", _SCALE, "rounds_q <= shift_qqq != '0", "rounds_q <= shift_qqq[3:0] != '0"
    ),
    _module("loads while it is held", "scale", _SCALE, "if (enable_i) begin coarse_q", "begin coarse_q"),
    _module("drops a strobe bit", "writer", _WRITER, "(joins ? strb_q : '0) |", "(joins ? strb_q & ~1 : '0) |"),
    _module(
        "one write more than allowed",
        "writer",
        _WRITER,
        "pending != PendingBits'(Bursts);",
        "pending != PendingBits'(Bursts + 1);",
    ),
    _module("a burst a slot", "writer", _WRITER, "(grows ? open_q.beats : '0) == GroupBits'(GroupBeats - 1)", "1'b1"),
    _module(
        "over the boundary", "writer", _WRITER, "9'(MostBeats) - (9'(open_q.addr", "9'(MostBeats) - (9'(0 & open_q.addr"
    ),
    _module("a mark ahead of the acknowledgements", "writer", _WRITER, "wait_q == '0", "1'b1"),
    _module("a mark in the first iteration", "writer", _WRITER, "returns_q == returns_i", "1'b1"),
    _module("reads behind the mark", "line_reader", _LINES, "guard_at_q < mark_i", "1'b1"),
    _module("forgets line 0", "line_reader", _LINES, "!lam_q[17] ? '1 :", "!lam_q[17] ? '1 << 1 :"),
    _engine(
        *("leaves a position late", "conv"),
        Edit("dsoc_controller.sv", "pos_q <= pos_q + 8'd1 - desc_i.sw;", "pos_q <= pos_q - desc_i.sw;"),
    ),
    _engine("takes one half for more", "pool", Edit("dsoc_pool.sv", "2'd2 : 2'd3", "2'd3 : 2'd3")),
    _module("withdraws an address", "axi_read_gate", {"CountBits": 6}, "!stop_i || offered_q", "!stop_i"),
    _module("swallows nothing", "axi_read_gate", {"CountBits": 6}, "s_rready_i || stop_i", "s_rready_i"),
    _module("forgets what it owes", "axi_write_gate", _GATE, "|| inside_q || lead_q > 0", "|| inside_q"),
    _module("keeps strobes", "axi_write_gate", _GATE, "mask ? '0 : s_wstrb_i", "s_wstrb_i"),
    _module("loses an end", "regs", _REGS, "if (ended_i", "if (ended_i && !acknowledged"),
    _module("leaves busy early", "sequencer", {"AxiBits": 128}, "if (quiet_i) begin", "if (1'b1) begin"),
    _module("never wraps", "fifo", {"Width": 13, "Depth": 5}, "rptr_q == PtrBits'(Depth - 1)", "1'b0"),
    _module("loses what is kept", "gearbox", {"InWidth": 32, "OutWidth": 120}, "buf_q >> OutWidth", "'0"),
    _module("mixes the masters up", "axi_read_arb", {"MaxPending": 2}, "(!s0_arvalid_i)", "(s1_arvalid_i)"),
    _module("ignores the padding", "pixel_shifter", _SHIFTER, "row_first_i < 0 ?", "1'b0 ?"),
    _module(
        "shares bias banks",
        "weights_reader",
        _WEIGHTS,
        "bias_waddr = {bias_bank_q,",
        "bias_waddr = {2'd0, bias_bank_q[0],",
    ),
    _module("forgets the iteration", "output_stage", _OUT, "if (n_last) begin t_base_q <= next;", "if (n_last) begin"),
    _module("believes any checksum", "sequencer", {"AxiBits": 128}, "folded_q != dsoc_map_pkg::CHECKSUM", "1'b0"),
    _module("ignores strobes", "regs", _REGS, "{8{wstrb_q[b]}}", "8'hFF"),
    _engine(
        "leaks into the next group", "conv", Edit("dsoc_array.sv", "shift_q ? ~starts : '0", "{Cols{shift_q}}"), SETS[1]
    ),
    _module("clamps as the other pass", "output_stage", _FACTORS, "meta_q[Clocks-3].second", "meta_q[Clocks-2].second"),
    _module("the factor of the channel before", "output_stage", _FACTORS, "bias_i[d][54:32]", "{s_q, m_q}"),
    _module("an operand counted from 0", "output_stage", _FACTORS, "OperandBits'(desc_i.o_zero)", "'0"),
    Fault(
        *("a ReLU without its slope", "output_stage", "dsoc_output_stage", _FACTORS),
        Edit("dsoc_scaled_lane.sv", "negative ? 6'(slope_i)", "1'b0 ? 6'(slope_i)"),
    ),
    _engine("pads with 0", "conv", Edit("dsoc_engine.sv", "XBits'(desc_i.x_zero)", "'0"), SCALED_SETS[0]),
    _engine("a column early", "conv", Edit("dsoc_controller.sv", "= missing_q == 8'd1", "= 1'b1"), SCALED_SETS[0]),
    _engine("stays at a position", "conv", Edit("dsoc_drain.sv", "pos_q <= pos_q - sw_i;", "pos_q <= pos_q;")),
]


@pytest.mark.parametrize("fault", [*QUICK, *SLOW], ids=lambda fault: f"{fault.test}: {fault.what}")
def test_the_fault_can_still_be_made(fault: Fault) -> None:
    (text,) = (path.read_text() for path in sources(fault.top, bound=False) if path.name == fault.edit.file)
    assert fault.edit.apply(text) != text


@pytest.mark.parametrize(
    "fault",
    [
        *(pytest.param(fault, id=f"{fault.test}: {fault.what}") for fault in QUICK),
        *(pytest.param(fault, id=f"{fault.test}: {fault.what}", marks=pytest.mark.slow) for fault in SLOW),
    ],
)
def test_a_fault_is_found(fault: Fault, seed: int) -> None:
    for one in range(seed, seed + 3):  # a single seed misses some one time in eight
        outcome = run(f"tests.rtl.test_{fault.test}", fault.top, fault.parameters, seed=one, edit=fault.edit)
        assert outcome.tests > 0, outcome.log[-4000:]
        if outcome.failed:
            return
    pytest.fail("the block test does not see the fault")
