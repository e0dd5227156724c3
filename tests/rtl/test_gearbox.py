"""dsoc_gearbox: blocks of words packed into beats come out as the same words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge
from cocotb.utils import get_sim_time

from tests.rtl.bench import PARAMETERS, STALLS, Bench, join, split
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets(
    {"InWidth": 32, "OutWidth": 120},  # 30 columns of 4 bits
    {"InWidth": 128, "OutWidth": 48},
    slow=(
        {"InWidth": 128, "OutWidth": 96},
        {"InWidth": 64, "OutWidth": 64},
        {"InWidth": 32, "OutWidth": 8},
        {"InWidth": 64, "OutWidth": 240},
    ),
)
def test_gearbox(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_gearbox", parameters, seed=seed)


def _beats(words: list[int]) -> Iterator[int]:
    count = -(-len(words) * PARAMETERS["OutWidth"] // PARAMETERS["InWidth"])
    yield from split(join(words, PARAMETERS["OutWidth"]), PARAMETERS["InWidth"], count)


async def _take(bench: Bench, words: list[int], stall: float) -> None:
    """Takes one block; flushes in the clock that takes its last word."""
    dut, taken = bench.dut, 0
    while taken < len(words):
        await FallingEdge(bench.clock)
        ready = not bench.chance(stall)
        dut.ready_i.value = int(ready)
        valid = int(dut.valid_o.value)
        dut.flush_i.value = int(ready and valid and taken == len(words) - 1)
        await RisingEdge(bench.clock)
        if ready and valid:
            assert int(dut.data_o.value) == words[taken], f"word {taken}"
            taken += 1
    dut.ready_i.value = 0
    dut.flush_i.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(give=STALLS, take=STALLS)
async def changes_the_width(dut: Any, give: float, take: float) -> None:
    bench = Bench(dut, salt=(give, take))
    await bench.start(valid_i=0, ready_i=0, flush_i=0, data_i=0)
    for count in (1, 2, 50, *(bench.rng.randrange(1, 20) for _ in range(10))):
        words = [bench.rng.getrandbits(PARAMETERS["OutWidth"]) for _ in range(count)]
        begin = get_sim_time("ns")
        taker = bench.spawn(_take(bench, words, take))
        await bench.send(dut.valid_i, dut.ready_o, [{dut.data_i: beat} for beat in _beats(words)], stall=give)
        await taker
        clocks = (get_sim_time("ns") - begin) / 10
        if give == take == 0:
            assert clocks <= count * max(1, PARAMETERS["OutWidth"] / PARAMETERS["InWidth"]) + 4, "not at full rate"
    bench.stop()
