"""dsoc_row_sum: the rows' sums added into row 0, or all of them as they came; order and rate."""

from __future__ import annotations

from typing import Any

import cocotb

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, join, signed, split
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets(
    {"Rows": 8, "Lanes": 2},
    {"Rows": 5, "Lanes": 1},
    slow=({"Rows": 1, "Lanes": 4}, {"Rows": 4, "Lanes": 1}, {"Rows": 17, "Lanes": 1}, {"Rows": 65, "Lanes": 1}),
)
def test_row_sum(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_row_sum", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(push=STALLS[:2], pop=STALLS[:2], adds=[0, 1])
async def adds_or_passes(dut: Any, push: float, pop: float, adds: int) -> None:
    bench = Bench(dut, salt=(push, pop, adds))
    rows, lanes = PARAMETERS["Rows"], PARAMETERS["Lanes"]
    await bench.start(valid_i=0, ready_i=0, sum_i=adds)
    most = (1 << 31) // rows - 1
    items = [[bench.rng.randint(-most, most) for _ in range(rows * lanes)] for _ in range(100)]
    out: list[tuple[int, ...]] = []
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, [dut.data_o], out, stall=pop))
    begin = bench.now()
    words = [{dut.data_i: join((sum_ & 0xFFFFFFFF for sum_ in item), 32)} for item in items]
    await bench.send(dut.valid_i, dut.ready_o, words, stall=push)
    await bench.until(lambda: len(out) >= len(items))
    if push == pop == 0:
        assert bench.now() - begin <= len(items) + 9, "one word a clock is expected"
    await bench.clocks(9)
    found = [[signed(word, 32) for word in split(value, 32, rows * lanes)] for (value,) in out]
    if adds:
        found = [item[::rows] for item in found]
        items = [[sum(item[d * rows : (d + 1) * rows]) for d in range(lanes)] for item in items]
    expect_equal(found, items, "word")
    bench.stop()
