"""dsoc_fifo against a deque."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"Width": 8, "Depth": 2}, {"Width": 13, "Depth": 5}, slow=({"Width": 40, "Depth": 32},))
def test_fifo(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_fifo", parameters, seed=seed)


async def _watch_level(bench: Bench) -> None:
    """The level is what went in less what came out; ready and valid are `not full` and `not empty`."""
    dut, level = bench.dut, 0
    while True:
        await RisingEdge(bench.clock)
        assert int(dut.count_o.value) == level
        assert int(dut.ready_o.value) == (level < PARAMETERS["Depth"])
        assert int(dut.valid_o.value) == (level > 0)
        level += int(dut.valid_i.value) and int(dut.ready_o.value)
        level -= int(dut.valid_o.value) and int(dut.ready_i.value)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(push=STALLS, pop=STALLS)
async def keeps_order(dut: Any, push: float, pop: float) -> None:
    bench = Bench(dut, salt=(push, pop))
    await bench.start(valid_i=0, ready_i=0)
    items = [bench.rng.getrandbits(PARAMETERS["Width"]) for _ in range(200)]
    out: list[tuple[int, ...]] = []
    bench.spawn(_watch_level(bench))
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, [dut.data_o], out, stall=pop))
    begin = cocotb.utils.get_sim_time("ns")
    await bench.send(dut.valid_i, dut.ready_o, [{dut.data_i: item} for item in items], stall=push)
    await bench.until(lambda: len(out) >= len(items))
    if push == pop == 0:
        assert cocotb.utils.get_sim_time("ns") - begin <= 10 * (len(items) + 5), "one entry a clock is expected"
    await bench.clocks(5)
    expect_equal([o[0] for o in out], items, "entry")
    bench.stop()
