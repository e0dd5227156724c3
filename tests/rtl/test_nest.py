"""dsoc_nest: the flags of every loop, whatever begins and ends it."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"Loops": 1}, {"Loops": 4})
def test_nest(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_nest", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=STALLS, most=(2, 3, 9))
async def follows_the_counts(dut: Any, pause: float, most: int) -> None:
    """Against the rounds that are left of every loop, of the counts that were there when it began."""
    loops, bench = PARAMETERS["Loops"], Bench(dut, salt=(pause, most))
    await bench.start(load_i=0, step_i=0, count_i=0, one_i=0)
    left: list[int] = []
    foretold = 0
    for _ in range(1500):
        await FallingEdge(bench.clock)
        if left:
            ends = [all(rounds == 1 for rounds in left[: i + 1]) for i in range(loops)]
            flags = [
                sum(flag << i for i, flag in enumerate(of))
                for of in ([rounds == 1 for rounds in left], [rounds == 2 for rounds in left], ends, ends)
            ]
            got = [*(int(port.value) for port in (dut.last_o, dut.before_o, dut.ends_o)), foretold]
            expect_equal([tuple(got)], [tuple(flags)], f"flags of {left} rounds that are left")
        load = [not left or bench.rng.random() < 0.03 for _ in range(loops)]
        step = bool(left) and bench.rng.random() >= pause
        counts = [bench.rng.randint(1, most) for _ in range(loops)]
        dut.load_i.value = sum(of << i for i, of in enumerate(load))
        dut.step_i.value = int(step)
        dut.one_i.value = sum((count == 1) << i for i, count in enumerate(counts))
        dut.count_i.value = sum(count << 32 * i for i, count in enumerate(counts))
        await ReadOnly()
        foretold = int(dut.ends_next_o.value)
        turns = step
        after = []
        for i in range(loops):
            begins = load[i] or (turns and left[i] == 1)
            after.append(counts[i] if begins else left[i] - turns)
            turns = turns and left[i] == 1
        left = after
    bench.stop()
