"""dsoc_skid: order, rate, and a ready that no input reaches."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from tests.rtl.bench import STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"Width": 13})
def test_skid(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_skid", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(push=STALLS, pop=STALLS)
async def keeps_order(dut: Any, push: float, pop: float) -> None:
    bench = Bench(dut, salt=(push, pop))
    await bench.start(valid_i=0, ready_i=0)
    items = [bench.rng.getrandbits(13) for _ in range(200)]
    out: list[tuple[int, ...]] = []
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, [dut.data_o], out, stall=pop))
    begin = bench.now()
    await bench.send(dut.valid_i, dut.ready_o, [{dut.data_i: item} for item in items], stall=push)
    await bench.until(lambda: len(out) >= len(items))
    if push == pop == 0:
        assert bench.now() - begin <= len(items) + 5, "one item a clock is expected"
    await bench.clocks(5)
    expect_equal([o[0] for o in out], items, "item")
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="us")
async def no_path_to_ready(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start(valid_i=1, ready_i=0, data_i=5)
    await FallingEdge(bench.clock)
    for taken in (0, 1, 0, 1, 1):
        before = int(dut.ready_o.value)
        dut.ready_i.value = taken
        await ReadOnly()
        assert int(dut.ready_o.value) == before
        foretold = int(dut.ready_next_o.value)
        await FallingEdge(bench.clock)
        assert int(dut.ready_o.value) == foretold
    bench.stop()
