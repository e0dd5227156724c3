"""What the cocotb tests share: clock, reset, streams with random stalls, comparison."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

__all__ = ["PARAMETERS", "STALLS", "Bench", "expect_equal", "fields", "join", "signed", "split"]

PARAMETERS: dict[str, int] = json.loads(os.environ.get("DEEPSOC_BENCH", "{}"))
"""The parameters of the module under test."""

STALLS = (0.0, 0.3, 0.8)
"""Probabilities that a partner is not ready or has nothing."""

_PERIOD_NS = 10


class Bench:
    """Clock, reset and randomness of one test.

    Attributes:
        dut: the module under test.
        rng: seeded by the run's seed and `salt`.
        clock: its clock.
    """

    def __init__(self, dut: Any, *, salt: object = "") -> None:
        self.dut = dut
        self.rng = random.Random(f"{cocotb.RANDOM_SEED} {salt}")
        self.clock = dut.clk_i
        self._tasks: list[Any] = []

    async def start(self, **inputs: int) -> None:
        """Drives every given input, starts the clock and, where there is one, passes a reset."""
        for name, value in inputs.items():
            getattr(self.dut, name).value = value
        self.spawn(Clock(self.clock, _PERIOD_NS, unit="ns").start())
        if hasattr(self.dut, "rst_ni"):
            self.dut.rst_ni.value = 0
            await self.clocks(3)
            self.dut.rst_ni.value = 1
        await self.clocks(1)

    def spawn(self, task: Any) -> Any:
        """Starts a coroutine that ends with the test at the latest."""
        started = task if hasattr(task, "cancel") else cocotb.start_soon(task)
        self._tasks.append(started)
        return started

    def stop(self) -> None:
        """Ends everything that was spawned, the clock too."""
        for task in self._tasks:
            if not task.done():
                task.cancel()
        self._tasks.clear()

    async def clocks(self, count: int) -> None:
        """Waits for rising edges."""
        for _ in range(count):
            await RisingEdge(self.clock)

    def now(self) -> float:
        """Clocks since the start of the simulation."""
        return get_sim_time("ns") / _PERIOD_NS

    async def until(self, condition: Any, *, limit: int = 20_000) -> None:
        """Waits until `condition()` holds after a rising edge.

        Raises:
            TimeoutError: it does not within `limit` clocks.
        """
        for _ in range(limit):
            if condition():
                return
            await RisingEdge(self.clock)
        raise TimeoutError(f"nothing happened within {limit} clocks")

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.rng.random() < probability

    async def send(self, valid: Any, ready: Any, items: Iterable[Mapping[Any, int]], *, stall: float) -> None:
        """Sends items on a valid/ready stream; shows random payload while not valid.

        Args:
            valid, ready: handles of the handshake.
            items: value of every payload handle, one mapping a transfer.
            stall: probability of a pause, drawn each clock.
        """
        for item in items:
            while self.chance(stall):
                for handle in item:
                    handle.value = self.rng.getrandbits(len(handle))
                await RisingEdge(self.clock)
            for handle, value in item.items():
                handle.value = value
            valid.value = 1
            await RisingEdge(self.clock)
            while not int(ready.value):
                await RisingEdge(self.clock)
            valid.value = 0

    async def receive(
        self,
        valid: Any,
        ready: Any,
        payload: Sequence[Any],
        into: list[tuple[int, ...]],
        *,
        stall: float,
        shy: bool = True,
    ) -> None:
        """Receives a valid/ready stream for ever and checks that a waiting transfer stays as it is.

        Half of the runs are ready only after they have seen `valid`, so that a sender that waits for `ready` hangs.

        Args:
            valid, ready: handles of the handshake.
            payload: handles to be recorded.
            into: gets one tuple a transfer.
            stall: probability of a pause, drawn each clock.
            shy: whether it may wait for `valid`.
        """
        shy = shy and stall > 0 and self.chance(0.5)
        waiting: tuple[int, ...] | None = None
        ready.value = asked = 0
        while True:
            await RisingEdge(self.clock)
            now = tuple(int(handle.value) for handle in payload) if int(valid.value) else None
            if waiting is not None:
                assert now == waiting, f"{valid._path}: a waiting transfer changed from {waiting} to {now}"
            if now is not None and asked:
                into.append(now)
            waiting = None if asked else now
            ready.value = asked = int(not self.chance(stall) and (now is not None or not shy))


def join(items: Iterable[int], bits: int) -> int:
    """Packs numbers of `bits` bits each, first lowest; negative ones as two's complement."""
    return sum((item & ((1 << bits) - 1)) << (bits * i) for i, item in enumerate(items))


def split(value: int, bits: int, count: int) -> list[int]:
    """Unpacks `count` unsigned numbers of `bits` bits, first lowest."""
    return [(value >> (bits * i)) & ((1 << bits) - 1) for i in range(count)]


def signed(value: int, bits: int) -> int:
    """Two's complement of the lowest `bits` bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def fields(**values: int) -> int:
    """A descriptor as one number, word 0 lowest; fields that are not given are 0."""
    from deepsoc.hw.regmap import pack_descriptor

    return join(pack_descriptor(values), 32)


def expect_equal(received: Sequence[Any], expected: Sequence[Any], what: str) -> None:
    """Compares two lists and names the first difference."""
    for i, (a, b) in enumerate(zip(received, expected, strict=False)):
        assert a == b, f"{what}[{i}]: expected {b}, received {a}"
    assert len(received) == len(expected), f"{what}: expected {len(expected)} items, received {len(received)}"
