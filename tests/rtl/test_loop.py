"""dsoc_loop: the flags of the round that runs, whatever begins and ends it."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from tests.rtl.bench import STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"Width": 5})
def test_loop(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_loop", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=STALLS, most=(3, 31))
async def follows_a_count(dut: Any, pause: float, most: int) -> None:
    """Against the number of rounds that are left, of the count that was there when the loop began."""
    bench = Bench(dut, salt=(pause, most))
    await bench.start(load_i=0, step_i=0, count_i=0)
    left, begun = 0, False
    for _ in range(1500):
        await FallingEdge(bench.clock)
        if begun:
            got = (int(dut.last_o.value), int(dut.before_o.value))
            expect_equal([got], [(int(left == 1), int(left == 2))], f"flags of {left} rounds that are left")
        load = not begun or bench.rng.random() < 0.05
        step = begun and bench.rng.random() >= pause
        count = bench.rng.randint(1, most)
        dut.load_i.value, dut.step_i.value, dut.count_i.value = int(load), int(step), count
        if load or (step and left == 1):
            left, begun = count, True
        elif step:
            left -= 1
    bench.stop()
