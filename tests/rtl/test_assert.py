"""The handshake assertion of dsoc_assert.svh: silent on a legal stream, and it stops the simulation on a broken one."""

from __future__ import annotations

from typing import Any

import cocotb
import pytest

from tests.rtl.bench import Bench
from tests.rtl.runner import check, run


def test_a_legal_stream_passes(seed: int) -> None:
    check(__name__, "stable_block", {"Fault": 0}, seed=seed)


@pytest.mark.parametrize("start", [12, 15, 58])
def test_random_registers_before_the_reset_trip_nothing(start: int) -> None:
    check(__name__, "stable_block", {"Fault": 0}, seed=start)  # with these, an edge at time 0 finds sent_q > clocks_q


@pytest.mark.parametrize("fault", [1, 2], ids=["valid falls", "payload changes"])
def test_a_broken_stream_is_caught(fault: int, seed: int) -> None:
    outcome = run(__name__, "stable_block", {"Fault": fault}, seed=seed)
    assert outcome.tests == 0 or outcome.failed
    assert "a_stable" in outcome.log, outcome.log[-2000:]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start(ready_i=0)
    for _ in range(3):
        dut.ready_i.value = 1
        await bench.clocks(3)
        dut.ready_i.value = 0
        await bench.clocks(20)
    bench.stop()
