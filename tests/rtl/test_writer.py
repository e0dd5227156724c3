"""dsoc_writer: byte columns and raw slots land in memory, in aligned bursts, and idle means acknowledged."""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.axi import Memory, WritePort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, split
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA = 0x7F_0000_0000
SIZE = 1 << 15


@parameter_sets(
    {"Lines": 7, "AxiBits": 32, "BurstBeats": 4},
    {"Lines": 4, "AxiBits": 128, "BurstBeats": 2},
    slow=({"Lines": 1, "AxiBits": 64, "BurstBeats": 1}, {"Lines": 6, "AxiBits": 64, "BurstBeats": 4}),
)
def test_writer(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_writer", parameters, seed=seed)


def _byte_columns(rng: Random, pitch: int) -> list[tuple[int, int, int]]:
    """(address, lines, bytes) in runs of consecutive addresses, as channels and columns give them."""
    out, at, lines = [], rng.randrange(pitch // 2), PARAMETERS["Lines"]
    for _ in range(rng.randrange(1, 12)):
        lines = rng.choice([lines, rng.randrange(1, PARAMETERS["Lines"] + 1)])
        for _ in range(rng.randrange(1, 40)):
            out.append((at % pitch, lines, rng.getrandbits(8 * PARAMETERS["Lines"])))
            at += 1
        at += rng.choice([0, 0, 1, 3, rng.randrange(pitch)])
    return out


def _slots(rng: Random, width: int) -> list[tuple[int, int, int]]:
    lines = rng.randrange(1, PARAMETERS["Lines"] + 1)
    slot = width << (lines - 1).bit_length()
    return [(i * slot, lines, rng.getrandbits(8 * width * PARAMETERS["Lines"])) for i in range(rng.randrange(1, 20))]


def _apply(memory: bytearray, columns: list[tuple[int, int, int]], pitch: int, size: int) -> None:
    for address, lines, data in columns:
        for g, item in enumerate(split(data, 8 * size, lines)):
            memory[address + g * pitch : address + g * pitch + size] = item.to_bytes(size, "little")


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(give=STALLS[:2], memory_stall=STALLS)
async def writes_everything(dut: Any, give: float, memory_stall: float) -> None:
    bench = Bench(dut, salt=(give, memory_stall))
    rng, width = bench.rng, PARAMETERS["AxiBits"] // 8
    await bench.start(valid_i=0, flush_i=0, arena_i=ARENA, raw_i=0, awready_i=0, wready_i=0, bvalid_i=0)
    memory = Memory(ARENA, rng.randbytes(SIZE))
    port = WritePort(bench, memory, stall=memory_stall)
    expected = bytearray(memory.data)
    for run in range(5):
        raw = rng.randrange(2)
        pitch = width if raw else width * PARAMETERS["BurstBeats"] * rng.randrange(4, 9)
        columns = _slots(rng, width) if raw else _byte_columns(rng, pitch)
        _apply(expected, columns, pitch, width if raw else 1)
        dut.raw_i.value, dut.line_pitch_i.value = raw, pitch
        payload = dut.beats_i if raw else dut.bytes_i
        items = [{dut.addr_i: address, dut.lines_i: lines, payload: data} for address, lines, data in columns]
        await bench.send(dut.valid_i, dut.ready_o, items, stall=give)
        dut.flush_i.value = 1
        await RisingEdge(bench.clock)
        await bench.until(lambda: int(dut.idle_o.value))
        assert port.unanswered == 0, "idle before everything was acknowledged"
        dut.flush_i.value = 0
        assert memory.data == expected, f"memory differs in run {run}, raw {raw}"
        assert all(beats <= PARAMETERS["BurstBeats"] for _, beats in port.bursts)
    assert not int(dut.error_o.value)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def fills_its_bursts(dut: Any) -> None:
    """A full line of bytes goes out in bursts of BurstBeats, not in single beats."""
    bench, width = Bench(dut), PARAMETERS["AxiBits"] // 8
    await bench.start(valid_i=0, flush_i=0, arena_i=ARENA, raw_i=0, awready_i=0, wready_i=0, bvalid_i=0)
    count = width * PARAMETERS["BurstBeats"] * 4
    dut.line_pitch_i.value = count
    port = WritePort(bench, Memory(ARENA, bytes(SIZE)), stall=0)
    items = [{dut.addr_i: i, dut.lines_i: PARAMETERS["Lines"], dut.bytes_i: 0} for i in range(count)]
    await bench.send(dut.valid_i, dut.ready_o, items, stall=0)
    dut.flush_i.value = 1
    await RisingEdge(bench.clock)
    await bench.until(lambda: int(dut.idle_o.value))
    assert [beats for _, beats in port.bursts] == [PARAMETERS["BurstBeats"]] * 4 * PARAMETERS["Lines"]
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def tells_errors(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start(valid_i=0, flush_i=1, arena_i=ARENA, raw_i=0, line_pitch_i=64, bvalid_i=0)
    port = WritePort(bench, Memory(ARENA, bytes(SIZE)), stall=0)
    port.bad = True
    await bench.send(dut.valid_i, dut.ready_o, [{dut.addr_i: 3, dut.lines_i: 1, dut.bytes_i: 7}], stall=0)
    await bench.until(lambda: int(dut.error_o.value), limit=100)
    bench.stop()
