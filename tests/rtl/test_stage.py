"""dsoc_stage: order, rate, and an item that shows a clock after it came."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from tests.rtl.bench import Bench
from tests.rtl.runner import Parameters, check, parameter_sets
from tests.rtl.test_skid import keeps_order as keeps_order


@parameter_sets({"Width": 13})
def test_stage(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_stage", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="us")
async def no_path_through(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start(valid_i=0, ready_i=1, data_i=5)
    shown = (0, None)
    for item, valid in ((3, 1), (9, 0), (17, 1), (18, 1), (4, 0)):
        await FallingEdge(bench.clock)
        dut.data_i.value, dut.valid_i.value = item, valid
        assert int(dut.valid_o.value) == shown[0]
        assert shown[1] is None or int(dut.data_o.value) == shown[1]
        shown = (1, item) if valid else (0, None)
    bench.stop()
