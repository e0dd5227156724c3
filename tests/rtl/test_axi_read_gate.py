"""dsoc_axi_read_gate: everything passes until the stop; then no new address, every beat swallowed, idle at the end."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge

from tests.rtl.bench import STALLS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"CountBits": 6})
def test_axi_read_gate(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_axi_read_gate", parameters, seed=seed)


class _Sides:
    """A random master and a random memory around the gate; each call of `clock` is one clock.

    Attributes:
        owed: beats left of every burst that the memory accepted.
        passed: beats that reached the master.
        error: whether the last clock took a beat with an error.
        rest: whether nothing was owed or offered in the last clock.
    """

    def __init__(self, bench: Bench, ask: float, answer: float) -> None:
        self.bench, self.ask, self.answer = bench, ask, answer
        self.owed: list[int] = []
        self.passed = 0
        self.error = self.asking = self.offered = self.showing = False
        self.rest = True

    async def clock(self, *, stop: bool) -> None:
        """Drives both sides, lets the gate settle and checks the handshakes of the coming edge."""
        dut, chance = self.bench.dut, self.bench.chance
        await RisingEdge(self.bench.clock)
        self.asking = self.asking or not chance(self.ask)
        room = len(self.owed) < 16 and not chance(self.answer)
        if not self.showing and self.owed and not chance(self.answer):
            self.showing = True
            dut.m_rlast_i.value = int(self.owed[0] == 1)
            dut.m_rresp_i.value = self.bench.rng.choice([0, 0, 0, 2, 3])
        dut.stop_i.value, dut.s_arvalid_i.value, dut.m_arready_i.value = stop, self.asking, room
        dut.m_rvalid_i.value, dut.s_rready_i.value = self.showing, int(not chance(self.ask))
        await ReadOnly()
        assert int(dut.error_o.value) == self.error
        assert int(dut.idle_o.value) == self.rest
        assert not self.rest or not (self.owed or self.offered)
        shown = bool(int(dut.m_arvalid_o.value))
        self.rest = not self.owed and not shown
        assert shown == (self.asking and (not stop or self.offered)), "an address is missing, new or withdrawn"
        address, taken = shown and room, self.showing and int(dut.m_rready_o.value)
        assert (self.asking and int(dut.s_arready_o.value)) == address
        assert int(dut.s_rvalid_o.value) == (self.showing and not stop)
        if stop:
            assert int(dut.m_rready_o.value), "a beat is not swallowed"
        else:
            assert int(dut.m_rready_o.value) == int(dut.s_rready_i.value)
            self.passed += int(taken)
        self.error = bool(taken and int(dut.m_rresp_i.value))
        self.offered = shown and not room
        if address:
            self.asking = False
            self.owed.append(self.bench.rng.randrange(1, 5))
        if taken:
            self.showing = False
            self.owed[0] -= 1
            self.owed = self.owed if self.owed[0] else self.owed[1:]


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(ask=STALLS, answer=STALLS)
async def comes_to_rest_at_any_moment(dut: Any, ask: float, answer: float) -> None:
    bench = Bench(dut, salt=(ask, answer))
    inputs = ("stop_i", "s_arvalid_i", "s_rready_i", "m_arready_i", "m_rresp_i", "m_rlast_i", "m_rvalid_i")
    await bench.start(**dict.fromkeys(inputs, 0))
    sides = _Sides(bench, ask, answer)
    for _ in range(20):
        for _ in range(bench.rng.randrange(120)):
            await sides.clock(stop=False)
        sides.answer = 0.3  # a memory that answers some time
        for _ in range(600):
            await sides.clock(stop=True)
            if int(dut.idle_o.value):
                break
        assert int(dut.idle_o.value)
        sides.asking = False  # what lies behind is reset
        sides.answer = answer
    assert sides.passed > 50
    bench.stop()
