"""AXI4 memories for ports without identifiers, sizes and burst types: INCR bursts of full beats, answered in order."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any, ClassVar

from cocotb.triggers import RisingEdge

from tests.rtl.bench import Bench

__all__ = ["Memory", "Part", "ReadPort", "WritePort", "ports"]

_PAGE = 4096


class Memory:
    """Bytes from address `base` on; reading or writing outside of them fails the test."""

    def __init__(self, base: int, data: bytes | bytearray) -> None:
        self.base = base
        self.data = bytearray(data)

    def offset(self, address: int, size: int) -> int:
        """Offset of a range that lies inside."""
        offset = address - self.base
        assert 0 <= offset <= len(self.data) - size, f"address {address:#x} lies outside the memory"
        return offset

    def read(self, address: int, size: int) -> int:
        """Little-endian number."""
        offset = self.offset(address, size)
        return int.from_bytes(self.data[offset : offset + size], "little")


def ports(dut: Any, *names: str) -> SimpleNamespace:
    """Handles by AXI names: an input is `<name>_i`, an output `<name>_o`; None where there is none."""
    found = {name: getattr(dut, f"{name}_i", getattr(dut, f"{name}_o", None)) for name in names}
    return SimpleNamespace(**found)


def _check_burst(address: int, beats: int, width: int) -> None:
    assert address % width == 0, f"burst at {address:#x} is not aligned to {width} bytes"
    end = address + beats * width - 1
    assert address // _PAGE == end // _PAGE, f"burst {address:#x} to {end:#x} crosses a page"


class Part:
    """The handle of some bits of a module's port, which has others for other partners."""

    _driven: ClassVar[dict[str, int]] = {}  # what was last written to each port

    def __init__(self, whole: Any, low: int, bits: int) -> None:
        self._whole, self._low, self._bits = whole, low, bits
        self._path = f"{whole._path}[{low + bits - 1}:{low}]"

    def __len__(self) -> int:
        return self._bits

    @property
    def value(self) -> int:
        """Those bits."""
        return int(self._whole.value) >> self._low & (1 << self._bits) - 1

    @value.setter
    def value(self, value: int) -> None:
        others = self._driven.get(self._whole._path, 0) & ~((1 << self._bits) - 1 << self._low)
        self._driven[self._whole._path] = others | value << self._low
        self._whole.value = self._driven[self._whole._path]


class ReadPort:
    """Slave of a read master; data come in order after a random latency.

    Args:
        bench, memory, stall, latency: what is read, and when it comes.
        always_ready: the master takes every beat at once, because it asks for no more than it has room for.
        axi: handles by AXI names; None: the module's ports of these names.

    Attributes:
        bursts: (address, beats) as they were accepted.
    """

    def __init__(
        self,
        bench: Bench,
        memory: Memory,
        *,
        stall: float,
        latency: int = 8,
        always_ready: bool = False,
        axi: SimpleNamespace | None = None,
    ) -> None:
        self.bursts: list[tuple[int, int]] = []
        self._bench, self._memory, self._stall, self._latency = bench, memory, stall, latency
        self._axi = axi or ports(
            bench.dut, "araddr", "arlen", "arvalid", "arready", "rdata", "rvalid", "rready", "rlast"
        )
        self._width = len(self._axi.rdata) // 8
        self._queue: deque[tuple[int, bool]] = deque()
        bench.spawn(self._addresses())
        bench.spawn(self._data())
        if always_ready:
            bench.spawn(self._room())

    async def _addresses(self) -> None:
        axi = self._axi
        asked: list[tuple[int, ...]] = []
        receive = self._bench.receive(axi.arvalid, axi.arready, (axi.araddr, axi.arlen), asked, stall=self._stall)
        self._bench.spawn(receive)
        while True:
            await self._bench.until(lambda: asked, limit=10**9)
            address, length = asked.pop(0)
            _check_burst(address, length + 1, self._width)
            self.bursts.append((address, length + 1))
            for i in range(length + 1):
                data = self._memory.read(address + i * self._width, self._width)
                self._queue.append((data, i == length))
            await RisingEdge(self._bench.clock)

    async def _data(self) -> None:
        axi, bench = self._axi, self._bench
        axi.rvalid.value = 0
        while True:
            await bench.until(lambda: self._queue, limit=10**9)
            if bench.chance(self._stall):
                await bench.clocks(bench.rng.randrange(self._latency + 1))
            data, last = self._queue.popleft()
            item = {axi.rdata: data} | ({axi.rlast: int(last)} if axi.rlast is not None else {})
            await bench.send(axi.rvalid, axi.rready, [item], stall=self._stall)

    async def _room(self) -> None:
        axi = self._axi
        while True:
            await RisingEdge(self._bench.clock)
            assert not int(axi.rvalid.value) or int(axi.rready.value), "a beat came that there is no room for"


class WritePort:
    """Slave of a write master.

    Attributes:
        bursts: (address, beats) as they were accepted.
        unanswered: bursts whose data came and whose acknowledgement was not taken yet.
        most: the most of them at any time.
        count: bytes that were written.
        latency: clocks from the last beat to the acknowledgement.
    """

    def __init__(self, bench: Bench, memory: Memory, *, stall: float, latency: int = 0) -> None:
        self.bursts: list[tuple[int, int]] = []
        self.unanswered = self.most = self.count = 0
        self._bench, self._memory, self._stall, self.latency = bench, memory, stall, latency
        self._due: deque[float] = deque()  # when the answers may go out
        self._axi = ports(
            bench.dut,
            *("awaddr", "awlen", "awvalid", "awready", "wdata", "wstrb", "wlast", "wvalid", "wready"),
            *("bvalid", "bready"),
        )
        self._width = len(self._axi.wdata) // 8
        bench.spawn(self._serve())
        bench.spawn(self._answer())

    async def _serve(self) -> None:
        axi, bench = self._axi, self._bench
        asked: list[tuple[int, ...]] = []
        beats: list[tuple[int, ...]] = []
        bench.spawn(bench.receive(axi.awvalid, axi.awready, (axi.awaddr, axi.awlen), asked, stall=self._stall))
        payload = (axi.wdata, axi.wstrb, axi.wlast)
        bench.spawn(bench.receive(axi.wvalid, axi.wready, payload, beats, stall=self._stall))
        while True:
            await bench.until(lambda: asked and len(beats) > asked[0][1], limit=10**9)
            address, length = asked.pop(0)
            _check_burst(address, length + 1, self._width)
            self.bursts.append((address, length + 1))
            self.unanswered += 1
            self.most = max(self.most, self.unanswered)
            for i in range(length + 1):
                data, strobe, last = beats.pop(0)
                assert last == (i == length), f"WLAST is wrong in beat {i} of {length + 1}"
                self._write(address + i * self._width, data, strobe)
            self._due.append(bench.now() + self.latency)

    async def _answer(self) -> None:
        axi, bench = self._axi, self._bench
        axi.bvalid.value = 0
        while True:
            await bench.until(lambda: self._due and bench.now() >= self._due[0], limit=10**9)
            self._due.popleft()
            await bench.send(axi.bvalid, axi.bready, [{}], stall=self._stall)
            self.unanswered -= 1

    def _write(self, address: int, data: int, strobe: int) -> None:
        offset = self._memory.offset(address, self._width)
        for b in range(self._width):
            if strobe >> b & 1:
                self.count += 1
                self._memory.data[offset + b] = data >> (8 * b) & 0xFF
