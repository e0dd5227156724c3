"""dsoc_soc_uart against a serial line in Python."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import PARAMETERS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

DATA, STATUS, DIVIDER = 0x0, 0x4, 0x8
RX_VALID, TX_READY, TX_IDLE, OVERRUN, FRAMING = (1 << i for i in range(5))
DEPTH = 16


@parameter_sets({"Divider": 4}, {"Divider": 25})
def test_soc_uart(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_soc_uart", parameters, seed=seed)


async def access(bench: Bench, address: int, data: int | None = None) -> int:
    """Writes `data`, or reads."""
    dut = bench.dut
    dut.en_i.value, dut.we_i.value, dut.addr_i.value, dut.wdata_i.value = 1, int(data is not None), address, data or 0
    await RisingEdge(bench.clock)
    dut.en_i.value = 0
    await RisingEdge(bench.clock)
    return int(dut.rdata_o.value)


async def started(dut: Any, salt: object = "") -> Bench:
    bench = Bench(dut, salt=salt)
    await bench.start(en_i=0, we_i=0, addr_i=0, wdata_i=0, rx_i=1)
    assert await access(bench, DIVIDER) == PARAMETERS["Divider"]
    return bench


async def send(bench: Bench, byte: int, clocks: float, *, stop: int = 1) -> None:
    """A byte on the line to the port, `clocks` a bit."""
    begin = bench.now()
    for done, bit in enumerate((0, *(byte >> i & 1 for i in range(8)), stop), 1):
        bench.dut.rx_i.value = bit
        while bench.now() - begin < done * clocks:
            await RisingEdge(bench.clock)
    bench.dut.rx_i.value = 1


async def listen(bench: Bench, clocks: int, into: list[int]) -> None:
    """Takes bytes from the line of the port; every bit is looked at in its first, middle and last clock."""
    while True:
        await RisingEdge(bench.clock)
        if int(bench.dut.tx_o.value):
            continue
        levels = [0]
        for _ in range(10 * clocks - 1):
            await RisingEdge(bench.clock)
            levels.append(int(bench.dut.tx_o.value))
        bits = [levels[i * clocks : (i + 1) * clocks] for i in range(10)]
        assert all(len(set(bit)) == 1 for bit in bits), bits
        assert bits[0][0] == 0
        assert bits[9][0] == 1
        into.append(sum(bits[1 + i][0] << i for i in range(8)))


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def sends(dut: Any) -> None:
    bench = await started(dut)
    heard: list[int] = []
    bench.spawn(listen(bench, PARAMETERS["Divider"], heard))
    text = [bench.rng.randrange(256) for _ in range(40)]
    for byte in text:
        while not await access(bench, STATUS) & TX_READY:
            pass
        await access(bench, DATA, byte)
    while not await access(bench, STATUS) & TX_IDLE:
        pass
    await bench.clocks(2)
    assert heard == text
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(speed=[0.97, 1.0, 1.03])
async def receives(dut: Any, speed: float) -> None:
    """From a sender whose clock is a little off; pauses between bytes are as they come."""
    bench = await started(dut, speed)
    clocks = PARAMETERS["Divider"] * speed
    text = [bench.rng.randrange(256) for _ in range(20)]
    got = []
    for byte in text:
        await send(bench, byte, clocks)
        await bench.clocks(bench.rng.randrange(3) * 7 + 1)
        if len(got) + 8 < len(text):
            while await access(bench, STATUS) & RX_VALID:
                got.append(await access(bench, DATA))
    await bench.clocks(PARAMETERS["Divider"])
    while await access(bench, STATUS) & RX_VALID:
        got.append(await access(bench, DATA))
    assert got == text
    assert not await access(bench, STATUS) & (OVERRUN | FRAMING)
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def tells_what_was_lost(dut: Any) -> None:
    bench = await started(dut)
    clocks = PARAMETERS["Divider"]
    await send(bench, 0x55, clocks, stop=0)
    await bench.clocks(2 * clocks)
    assert await access(bench, STATUS) & (RX_VALID | OVERRUN | FRAMING) == FRAMING
    await access(bench, STATUS, 0)
    for byte in range(DEPTH + 1):
        await send(bench, byte, clocks)
    await bench.clocks(2 * clocks)
    assert await access(bench, STATUS) & (RX_VALID | OVERRUN | FRAMING) == RX_VALID | OVERRUN
    assert [await access(bench, DATA) for _ in range(DEPTH)] == list(range(DEPTH))
    await access(bench, STATUS, 0)
    assert await access(bench, STATUS) & (RX_VALID | OVERRUN | FRAMING) == 0
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def takes_another_speed(dut: Any) -> None:
    bench = await started(dut)
    await access(bench, DIVIDER, 11)
    heard: list[int] = []
    bench.spawn(listen(bench, 11, heard))
    await access(bench, DATA, 0xC5)
    await send(bench, 0x3A, 11)
    await bench.clocks(30)
    assert heard == [0xC5]
    assert await access(bench, DATA) == 0x3A
    bench.stop()
