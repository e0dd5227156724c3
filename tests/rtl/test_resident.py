"""dsoc_resident: what one run fills, row by row, the next ones read, from any word on."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from tests.rtl.bench import PARAMETERS, Bench, split
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets(
    {"Rows": 3, "Width": 40, "Depth": 7},
    slow=({"Rows": 1, "Width": 8, "Depth": 2}, {"Rows": 8, "Width": 96, "Depth": 33}),
)
def test_resident(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_resident", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def stays_from_run_to_run(dut: Any) -> None:
    bench = Bench(dut)
    rng, rows, width, depth = bench.rng, *(PARAMETERS[name] for name in ("Rows", "Width", "Depth"))
    await bench.start(fill_i=0, begin_i=0, read_i=0)
    words: list[list[int]] = []

    async def reset() -> None:
        dut.rst_ni.value = 0
        await FallingEdge(bench.clock)
        dut.rst_ni.value = 1
        await FallingEdge(bench.clock)

    async def read() -> None:
        at = rng.randrange(len(words))
        dut.begin_i.value, dut.first_i.value = 1, at
        await FallingEdge(bench.clock)
        dut.begin_i.value, dut.first_i.value = 0, rng.randrange(depth)
        while at < len(words):
            takes = bench.chance(0.7)
            dut.read_i.value = int(takes)
            await FallingEdge(bench.clock)
            if takes:
                assert split(int(dut.rows_o.value), width, rows) == words[at], f"word {at}"
                at += 1
        dut.read_i.value = 0

    for _ in range(3):
        await reset()
        words = [[rng.getrandbits(width) for _ in range(rows)] for _ in range(rng.randint(2, depth))]
        for word in (word for address in words for word in address):
            while bench.chance(0.3):
                dut.fill_i.value, dut.word_i.value = 0, rng.getrandbits(width)
                await FallingEdge(bench.clock)
            dut.fill_i.value, dut.word_i.value = 1, word
            await FallingEdge(bench.clock)
        dut.fill_i.value = 0
        await read()
        await reset()  # of the run that filled them
        for _ in range(4):
            await read()
    bench.stop()
