"""cocotb tests that test_cocotb.py runs: what goes wrong is seen, and seeds count."""

from __future__ import annotations

import os
from typing import Any

import cocotb
import numpy as np
import pytest
from cocotb.triggers import ClockCycles

from deepsoc.export import Artifacts
from deepsoc.runtime import Driver, HardwareError, HardwareTimeout
from deepsoc.runtime import _registers as regs
from deepsoc.sim.cocotb_device import CocotbDevice

DESIGN = Artifacts.load(os.environ["DESIGN"])
OPTIONS = {"memory_bytes": 2 * DESIGN.manifest.arena_bytes, "watchdog": 3000}
EXPECTED = DESIGN.expected(len(DESIGN.manifest.operations) - 1).reshape(DESIGN.manifest.output.shape)


def run(device: CocotbDevice) -> tuple[np.ndarray, int]:
    with Driver(DESIGN.path, device, timeout=None) as driver:
        return driver.predict(DESIGN.input(), integers=True), device.read32(regs.CLOCKS)


class _Forgetful(CocotbDevice):
    """Flushes nothing after the arena, so no input."""

    flushed = 0

    def flush(self, buffer: Any) -> None:
        self.flushed += 1
        if self.flushed == 1:
            super().flush(buffer)


@cocotb.test()
async def a_missing_flush_gives_wrong_outputs(dut: Any) -> None:
    device = await _Forgetful.start(dut, **OPTIONS)
    outputs, _ = await device.run(lambda: run(device))
    assert device.flushed == 2
    assert (outputs != EXPECTED).any()


CASES: dict[str, dict[str, Any]] = {
    "free": {"mem_latency": 0},
    "late": {"mem_latency": 100},
    "one": {"mem_latency": 0, "stall_prob": 0.6, "seed": 1},
    "again": {"mem_latency": 0, "stall_prob": 0.6, "seed": 1},
    "two": {"mem_latency": 0, "stall_prob": 0.6, "seed": 2},
}
CLOCKS: dict[str, int] = {}


@cocotb.test()
@cocotb.parametrize(case=list(CASES))
async def is_right(dut: Any, case: str) -> None:
    device = await CocotbDevice.start(dut, **OPTIONS, **CASES[case])
    outputs, CLOCKS[case] = await device.run(lambda: run(device))
    np.testing.assert_array_equal(outputs, EXPECTED)


@cocotb.test()
async def seeds_and_latency_count(dut: Any) -> None:
    assert CLOCKS["one"] == CLOCKS["again"]
    assert len({CLOCKS["free"], CLOCKS["one"], CLOCKS["two"]}) == 3, CLOCKS
    assert min(CLOCKS["one"], CLOCKS["two"]) > CLOCKS["free"]
    assert CLOCKS["late"] - CLOCKS["free"] >= 2 * 100 * len(DESIGN.manifest.operations)


@cocotb.test()
async def a_memory_that_is_too_small_answers_with_an_error(dut: Any) -> None:
    device = await CocotbDevice.start(dut, **OPTIONS)

    def work() -> None:
        with Driver(DESIGN.path, device, timeout=None) as driver:
            driver.submit(DESIGN.input())
            device.memory = device.memory[: DESIGN.manifest.operations[-1].y_offset]
            with pytest.raises(HardwareError, match="axi"):
                driver.wait(driver._running)

    await device.run(work)


@cocotb.test()
async def a_memory_that_stands_still_is_named_with_the_operation(dut: Any) -> None:
    device = await CocotbDevice.start(dut, **OPTIONS)

    async def freeze() -> None:
        while int(dut.op_index_o.value) != 1:
            await ClockCycles(dut.clk_i, 1)
        device.channels["x ar"].pause = True

    cocotb.start_soon(freeze())

    def work() -> None:
        with Driver(DESIGN.path, device, timeout=None) as driver, pytest.raises(HardwareTimeout) as caught:
            driver.predict(DESIGN.input())
        names = [f"{index} ({operation.name})" for index, operation in enumerate(DESIGN.manifest.operations)]
        assert caught.value.operation in names[1:3]  # the pixels of operation 1 may have been there already

    await device.run(work)
