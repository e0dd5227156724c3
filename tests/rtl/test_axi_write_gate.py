"""dsoc_axi_write_gate: everything passes until the stop; then bursts that began are completed without strobes."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge

from tests.rtl.bench import STALLS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

FULL = 0xFF


@parameter_sets({"StrobeBits": 8, "CountBits": 6})
def test_axi_write_gate(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_axi_write_gate", parameters, seed=seed)


class _Sides:
    """A writer and a memory around the gate; each call of `clock` is one clock.

    The writer shows addresses and beats of its bursts independently of each other; the memory takes them as `order`
    says: freely, an address only after a beat of its burst was shown, or a beat only after its address was.

    Attributes:
        burst_of: the burst that each beat of the writer belongs to, from the first on.
        addresses, beats: what was taken so far: number of addresses, number of beats.
        kept: beats that came with their strobes.
    """

    def __init__(self, bench: Bench, ask: float, answer: float, order: str) -> None:
        self.bench, self.ask, self.answer, self.order = bench, ask, answer, order
        self.kept = 0
        self.reset()

    def reset(self) -> None:
        """Both sides as after a reset; nothing may be under way."""
        lengths = [self.bench.rng.randrange(1, 5) for _ in range(400)]
        self.burst_of = [burst for burst, length in enumerate(lengths) for _ in range(length)]
        self.addresses = self.beats = self.answers = 0
        self.aw = self.w = self.aw_offered = self.w_offered = self.strobes_seen = self.b = False

    def bursts_begun(self) -> int:
        """Bursts of which a beat was taken or is offered."""
        shown = self.beats + self.w_offered
        return self.burst_of[shown - 1] + 1 if shown else 0

    def bursts_whole(self) -> int:
        """Bursts of which every beat was taken."""
        return self.burst_of[self.beats]

    async def clock(self, *, stop: bool) -> None:
        """Drives both sides, lets the gate settle and checks the handshakes of the coming edge."""
        dut, chance = self.bench.dut, self.bench.chance
        await RisingEdge(self.bench.clock)
        begun, inside = self.bursts_begun(), self.bursts_whole() != self.bursts_begun()
        offered = self.addresses + self.aw_offered
        # The writer is some bursts ahead at most, with either.
        self.aw = self.aw or (not chance(self.ask) and self.addresses < begun + 3)
        self.w = self.w or (not chance(self.ask) and self.burst_of[self.beats] < offered + 3)
        aw_room = not chance(self.answer) and (self.order != "data first" or begun > self.addresses)
        w_room = not chance(self.answer) and (self.order != "address first" or self.burst_of[self.beats] < offered)
        if not self.b and self.answers < min(self.addresses, self.bursts_whole()) and not chance(self.answer):
            self.b = True
            dut.m_bresp_i.value = self.bench.rng.choice([0, 0, 2, 3])
        dut.stop_i.value, dut.s_awvalid_i.value, dut.m_awready_i.value = stop, self.aw, aw_room
        dut.s_wvalid_i.value, dut.m_wready_i.value, dut.m_bvalid_i.value = self.w, w_room, self.b
        dut.s_wlast_i.value, dut.s_wstrb_i.value = self.burst_of[self.beats + 1] != self.burst_of[self.beats], FULL
        await ReadOnly()
        assert int(dut.idle_o.value) == (self.answers == offered == begun)
        aw, w = bool(int(dut.m_awvalid_o.value)), bool(int(dut.m_wvalid_o.value))
        assert aw == (self.aw and (not stop or self.aw_offered or offered < begun)), "address"
        assert w == (self.w and (not stop or self.w_offered or inside or begun < offered)), "beat"
        assert int(dut.s_awready_o.value) == (aw and aw_room) or not self.aw
        assert int(dut.s_wready_o.value) == (w and w_room) or not self.w
        strobes = int(dut.m_wstrb_o.value)
        if w:
            keep = self.strobes_seen if self.w_offered else not stop
            assert strobes == (FULL if keep else 0)
            self.strobes_seen = keep
            self.kept += keep and w_room
        self.aw_offered, self.w_offered = aw and not aw_room, w and not w_room
        if aw and aw_room:
            self.aw, self.addresses = False, self.addresses + 1
        if w and w_room:
            self.w, self.beats = False, self.beats + 1
        if self.b and int(dut.m_bready_i.value):
            self.b, self.answers = False, self.answers + 1


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(ask=STALLS[:2], answer=STALLS, order=["any", "data first", "address first"])
async def comes_to_rest_at_any_moment(dut: Any, ask: float, answer: float, order: str) -> None:
    bench = Bench(dut, salt=(ask, answer, order))
    low = ("stop_i", "s_awvalid_i", "s_wvalid_i", "s_wlast_i", "s_wstrb_i", "m_awready_i", "m_wready_i", "m_bvalid_i")
    await bench.start(m_bready_i=1, m_bresp_i=0, **dict.fromkeys(low, 0))
    sides = _Sides(bench, ask, answer, order)
    for _ in range(12):
        for _ in range(bench.rng.randrange(120)):
            await sides.clock(stop=False)
        sides.answer = 0.3  # a memory that answers some time
        for _ in range(1000):
            await sides.clock(stop=True)
            if int(dut.idle_o.value):
                break
        assert int(dut.idle_o.value), "never at rest"
        sides.reset()
        sides.answer = answer
    assert sides.kept > 20
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def tells_errors(dut: Any) -> None:
    bench = Bench(dut)
    low = ("stop_i", "s_awvalid_i", "s_wvalid_i", "s_wlast_i", "s_wstrb_i", "m_awready_i", "m_wready_i", "m_bvalid_i")
    await bench.start(m_bready_i=1, m_bresp_i=0, **dict.fromkeys(low, 0))
    for response in (0, 2, 3, 0):
        dut.m_bvalid_i.value, dut.m_bresp_i.value = 1, response
        await RisingEdge(bench.clock)
        dut.m_bvalid_i.value = 0
        await ReadOnly()
        assert int(dut.error_o.value) == (response != 0)
        await RisingEdge(bench.clock)
    bench.stop()
