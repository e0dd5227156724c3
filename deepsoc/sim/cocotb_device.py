"""The accelerator under cocotb as a machine of the driver, for tests in Python.

In a cocotb test on `dsoc_top`:

    device = await CocotbDevice.start(dut, memory_bytes=1 << 20, stall_prob=0.2, seed=1)

    def use():
        with Driver(folder, device, timeout=None) as driver:
            return driver.predict(images)

    outputs = await device.run(use)

`run` executes a blocking function; the simulator's time advances while it touches registers or waits for the interrupt.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Self, TypeVar

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.queue import Queue
from cocotb.task import bridge, resume
from cocotb.triggers import ClockCycles, First, RisingEdge, Timer
from cocotb.types import LogicArray
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiReadBus, AxiSlaveRead, AxiSlaveWrite, AxiWriteBus

from deepsoc.errors import InputError
from deepsoc.runtime.simulation import MEMORY_BUS, ApartMemory

__all__ = ["CocotbDevice"]

Result = TypeVar("Result")
_PERIOD_NS = 10
_SLICE = 2000  # clocks between looks at the time
_RESET_CLOCKS = 8
_WATCHDOG = 500_000  # clocks without a transfer
_QUIET = (
    *(f"s_axil_{name}" for name in ("awvalid", "wvalid", "bready", "arvalid", "rready")),
    *(f"m_axi_{port}_{name}" for port in "xko" for name in ("arready", "rvalid")),
    *(f"m_axi_y_{name}" for name in ("awready", "wready", "bvalid")),
)
"""Inputs that are 0 during the reset."""


class CocotbDevice(ApartMemory):
    """One accelerator, `dsoc_top`, with its clock, its memory and the CPU's register port.

    The memory answers every port in order, with latency and random pauses on every channel; what is written becomes
    visible when the write is answered. Its bytes lie apart from the CPU's buffers, so that a forgotten flush shows.
    Use `start`.

    Attributes:
        dut: the module.
        channels: of cocotbext-axi, by port and channel, as `x ar` or `registers w`: a test may pause them.
    """

    def __init__(
        self,
        dut: Any,
        *,
        memory_bytes: int,
        stall_prob: float = 0.0,
        mem_latency: int = 16,
        seed: int = 0,
        watchdog: int = _WATCHDOG,
    ) -> None:
        if not 0 <= stall_prob < 1:
            raise InputError(f"expected 0 up to less than 1, received {stall_prob}", where="stall_prob")
        super().__init__(
            MEMORY_BUS, np.random.default_rng(seed).integers(0, 256, memory_bytes, np.uint8), ~seed % 2**64
        )
        self.dut = dut
        self._watchdog = watchdog
        self._moved = 0
        self._stalls = (stall_prob, seed)
        self.channels: dict[str, Any] = {}
        entity = _WithIds(dut)
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)  # the models tell of every burst
        for port in "xko":
            self._add_read(port, AxiSlaveRead(_bus(AxiReadBus, entity, port), dut.clk_i, target=self), mem_latency)
        self._add_write("y", AxiSlaveWrite(_bus(AxiWriteBus, entity, "y"), dut.clk_i, target=self), mem_latency)
        self._registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i)
        for interface in (self._registers.write_if, self._registers.read_if):
            for name in ("aw_channel", "w_channel", "b_channel", "ar_channel", "r_channel"):
                if hasattr(interface, name):
                    self._stall(f"registers {name.partition('_')[0]}", getattr(interface, name))

    @classmethod
    async def start(cls, dut: Any, **options: Any) -> Self:
        """Starts the clock, passes a reset and connects everything.

        Args:
            dut: `dsoc_top`.
            options: `memory_bytes` of the accelerator's memory (an arena of the design for a run, two for two under
                way); `stall_prob`, `mem_latency` and `seed` as of `simulate`; `watchdog`, clocks without any transfer
                after which waiting for the interrupt is given up.

        Raises:
            InputError: an option is out of range.
        """
        for name in _QUIET:
            getattr(dut, name).value = 0
        dut.rst_ni.value = 1
        dut.clk_i.value = 0
        await Timer(1, unit="ns")
        dut.rst_ni.value = 0  # before the first edge of the clock: registers without reset hold anything
        await Timer(1, unit="ns")
        cocotb.start_soon(Clock(dut.clk_i, _PERIOD_NS, unit="ns").start())
        await ClockCycles(dut.clk_i, _RESET_CLOCKS)
        dut.rst_ni.value = 1
        await ClockCycles(dut.clk_i, 1)
        return cls(dut, **options)

    @property
    def clock(self) -> int:
        """Clocks since the start of the simulation."""
        return round(float(get_sim_time("ns")) / _PERIOD_NS)

    async def run(self, function: Callable[[], Result]) -> Result:
        """Executes a blocking function, such as one that uses a Driver on this device; its result."""
        call: Callable[[], Coroutine[Any, Any, Result]] = bridge(function)
        return await call()

    # ---- the driver's machine, to be called by what `run` executes --------------------------------------------------
    def read32(self, offset: int) -> int:
        """The register at byte `offset`."""
        return int(resume(self._registers.read_dword)(offset))

    def write32(self, offset: int, value: int) -> None:
        """Writes the register at byte `offset`."""
        resume(self._registers.write_dword)(offset, value)

    def wait_irq(self, timeout: float | None) -> bool:
        """Runs the accelerator until its interrupt, at most so many seconds of the simulating machine."""
        return bool(resume(self._wait_irq)(timeout))

    def close(self) -> None:
        """Nothing is to be given back: the simulation ends with the test."""

    # ---- the memory --------------------------------------------------------------------------------------------------
    async def read(self, address: int, size: int) -> bytes:
        """A beat of a read port."""
        return self._bytes(address, size).tobytes()

    async def write(self, address: int, data: bytes) -> None:
        """Strobed bytes of a beat; they wait for the answer of their burst."""
        self._bytes(address, len(data))
        self._written.append((address, data))

    def on_burst(self, port: str, address: int, beats: int) -> None:
        """A burst was accepted on port x, k, o or y; subclasses may watch."""

    def _bytes(self, address: int, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        begin = address - self._base
        if not 0 <= begin <= self.memory.size - size:
            raise IndexError(f"{address:#x} lies outside the memory")  # answered with an error
        self._moved = self.clock
        return self.memory[begin : begin + size]

    def _add_read(self, port: str, slave: Any, latency: int) -> None:
        self._stall(f"{port} ar", slave.ar_channel)
        self._stall(f"{port} r", slave.r_channel)
        slave.ar_channel = _Late(self, slave.ar_channel, latency, lambda ar: self._accepted(port, ar.araddr, ar.arlen))

    def _add_write(self, port: str, slave: Any, latency: int) -> None:
        for name in ("aw", "w", "b"):
            self._stall(f"{port} {name}", getattr(slave, f"{name}_channel"))
        slave.aw_channel = _Late(self, slave.aw_channel, 0, lambda aw: self._accepted(port, aw.awaddr, aw.awlen))
        self._written: list[tuple[int, bytes]] = []
        self._answers: Queue[tuple[int, Any, list[tuple[int, bytes]]]] = Queue()
        cocotb.start_soon(self._answer(slave.b_channel))
        slave.b_channel = _Answers(self, slave.b_channel, latency)

    def answer(self, response: Any, due: int) -> None:
        """The bursts's answer goes out at clock `due`."""
        self._answers.put_nowait((due, response, self._written))
        self._written = []

    async def _answer(self, channel: Any) -> None:
        while True:
            due, response, written = await self._answers.get()
            await self.until(due)
            for address, data in written:
                self._bytes(address, len(data))[:] = np.frombuffer(data, np.uint8)
            await channel.send(response)

    async def until(self, clock: int) -> None:
        """Waits for a clock."""
        if (left := clock - self.clock) > 0:
            await ClockCycles(self.dut.clk_i, left)

    def _accepted(self, port: str, address: Any, length: Any) -> None:
        self._moved = self.clock
        self.on_burst(port, int(address), int(length) + 1)

    def _stall(self, name: str, channel: Any) -> None:
        self.channels[name] = channel
        probability, seed = self._stalls
        if probability:
            channel.set_pause_generator(_pauses(probability, random.Random(f"{seed} {name}")))

    async def _wait_irq(self, timeout: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        self._moved = max(self._moved, self.clock)
        while not int(self.dut.irq_o.value):
            if self.clock - self._moved > self._watchdog:
                return False
            if end is not None and time.monotonic() > end:
                break
            await First(RisingEdge(self.dut.irq_o), ClockCycles(self.dut.clk_i, _SLICE))
        return True


def _pauses(probability: float, rng: random.Random) -> Iterator[bool]:
    while True:
        yield rng.random() < probability


def _bus(kind: Any, entity: Any, port: str) -> Any:
    return kind.from_prefix(entity, f"m_axi_{port}")


class _Late:
    """A channel whose items are given on some clocks after they came."""

    def __init__(self, device: CocotbDevice, channel: Any, latency: int, tell: Callable[[Any], None]) -> None:
        self._device, self._latency, self._tell = device, latency, tell
        self._items: Queue[tuple[int, Any]] = Queue()
        self.bus = channel.bus
        cocotb.start_soon(self._fetch(channel))

    async def _fetch(self, channel: Any) -> None:
        while True:
            item = await channel.recv()
            self._tell(item)
            self._items.put_nowait((self._device.clock + self._latency, item))

    async def recv(self) -> Any:
        due, item = await self._items.get()
        await self._device.until(due)
        return item


class _Answers:
    """The channel of write answers, which go out after a latency, as the bytes of their bursts become visible."""

    def __init__(self, device: CocotbDevice, channel: Any, latency: int) -> None:
        self._device, self._latency = device, latency
        self._transaction_obj = channel._transaction_obj
        self.bus = channel.bus

    async def send(self, response: Any) -> None:
        self._device.answer(response, self._device.clock + self._latency)


class _WithIds:
    """The module as the AXI models of cocotbext-axi want it: with identifiers, which its ports have no use for."""

    _NAMES = tuple(
        f"m_axi_{port}" for port in ("x_arid", "x_rid", "k_arid", "k_rid", "o_arid", "o_rid", "y_awid", "y_bid")
    )

    def __init__(self, dut: Any) -> None:
        self._dut = dut
        self._log, self._name = dut._log, dut._name
        for name in self._NAMES:
            setattr(self, name, _Id())

    def __dir__(self) -> list[str]:
        return [*dir(self._dut), *self._NAMES]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dut, name)


class _Id:
    """An identifier signal of one bit that stays 0."""

    @property
    def value(self) -> LogicArray:
        """Its value."""
        return LogicArray("0")

    @value.setter
    def value(self, value: Any) -> None:
        pass

    def __len__(self) -> int:
        return 1

    def setimmediatevalue(self, value: Any) -> None:
        """Ignored."""
