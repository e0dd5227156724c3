"""dsoc_axi_read_arb: each of two masters gets its own bursts, in its order."""

from __future__ import annotations

from collections import deque
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"AddrBits": 40, "MaxPending": 16}, {"AddrBits": 32, "MaxPending": 2})
def test_axi_read_arb(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_axi_read_arb", parameters, seed=seed)


async def _data(bench: Bench, asked: list[tuple[int, ...]], pending: list[tuple[int, int]], stall: float) -> None:
    """Gives the beats of the accepted bursts, in order; `pending` gets (address, beat) of the beat that is offered."""
    dut = bench.dut
    while True:
        await bench.until(lambda: asked, limit=10**9)
        address, length = asked.pop(0)
        for beat in range(length + 1):
            pending[:] = [(address, beat)]
            await bench.send(dut.m_rvalid_i, dut.m_rready_o, [{dut.m_rlast_i: int(beat == length)}], stall=stall)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(ask=STALLS, answer=STALLS)
async def routes_the_data(dut: Any, ask: float, answer: float) -> None:
    bench = Bench(dut, salt=(ask, answer))
    await bench.start(s0_arvalid_i=0, s1_arvalid_i=0, s0_rready_i=0, s1_rready_i=0, m_arready_i=0, m_rvalid_i=0)
    asked: list[tuple[int, ...]] = []
    pending: list[tuple[int, int]] = []
    bench.spawn(bench.receive(dut.m_arvalid_o, dut.m_arready_i, (dut.m_araddr_o, dut.m_arlen_o), asked, stall=answer))
    bench.spawn(_data(bench, asked, pending, answer))
    expected: list[list[tuple[int, int]]] = []
    got: list[list[tuple[int, int]]] = [[], []]
    senders = []
    for s in (0, 1):
        bursts = deque((bench.rng.getrandbits(20) << 12 | s, bench.rng.randrange(9)) for _ in range(40))
        expected.append([(address, beat) for address, length in bursts for beat in range(length + 1)])
        addr, length = getattr(dut, f"s{s}_araddr_i"), getattr(dut, f"s{s}_arlen_i")
        items = [{addr: b[0], length: b[1]} for b in bursts]
        valid, ready = getattr(dut, f"s{s}_arvalid_i"), getattr(dut, f"s{s}_arready_o")
        senders.append(bench.spawn(bench.send(valid, ready, items, stall=ask)))
    for _ in range(20_000):
        dut.s0_rready_i.value, dut.s1_rready_i.value = (int(not bench.chance(answer)) for _ in range(2))
        await RisingEdge(bench.clock)
        valid = int(dut.s0_rvalid_o.value), int(dut.s1_rvalid_o.value)
        assert sum(valid) <= 1
        for s in (0, 1):
            if valid[s] and int(getattr(dut, f"s{s}_rready_i").value):
                assert int(dut.m_rready_o.value)
                got[s].append(pending[0])
        if [len(g) for g in got] == [len(e) for e in expected]:
            break
    for s in (0, 1):
        expect_equal(got[s], expected[s], f"beat of master {s}")
    bench.stop()
