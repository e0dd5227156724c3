"""dsoc_ram and dsoc_regfile against a dictionary."""

from __future__ import annotations

from typing import Any

import cocotb
import pytest
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.bench import PARAMETERS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"Width": 13, "Depth": 5}, slow=({"Width": 64, "Depth": 2}, {"Width": 96, "Depth": 64}))
@pytest.mark.parametrize("top", ["dsoc_ram", "dsoc_regfile"])
def test_memories(top: str, parameters: Parameters, seed: int) -> None:
    check(__name__, top, parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def returns_what_was_written(dut: Any) -> None:
    bench = Bench(dut)
    synchronous = hasattr(dut, "ren_i")
    await bench.start(wen_i=0, waddr_i=0, raddr_i=0)
    words: dict[int, int] = {}
    expected = None
    for _ in range(1000):
        await FallingEdge(bench.clock)
        if synchronous and expected is not None:
            assert int(dut.rdata_o.value) == expected
        write, waddr, raddr = bench.chance(0.5), *(bench.rng.randrange(PARAMETERS["Depth"]) for _ in range(2))
        data = bench.rng.getrandbits(PARAMETERS["Width"])
        dut.wen_i.value, dut.waddr_i.value, dut.wdata_i.value, dut.raddr_i.value = int(write), waddr, data, raddr
        if synchronous:
            read = bench.chance(0.7)
            dut.ren_i.value = int(read)
            if read:
                expected = words.get(raddr)  # a read beside a write of that word gives the old one
        await RisingEdge(bench.clock)
        if not synchronous and raddr in words:
            assert int(dut.rdata_o.value) == words[raddr]
        if write:
            words[waddr] = data
    bench.stop()
