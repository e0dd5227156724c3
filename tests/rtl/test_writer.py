"""dsoc_writer: byte columns and raw slots land in memory, in bursts, many under way; idle means acknowledged."""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.axi import Memory, WritePort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, split
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA = 0x7F_0000_0000
RUNS = 8
SIZE = 1 << 15
_IDLE = dict.fromkeys(("valid_i", "flush_i", "over_i", "marks_i", "hurry_i", "returns_i", "bvalid_i"), 0)


@parameter_sets(
    {"Lines": 7, "RawBeats": 7, "AxiBits": 32, "GroupBeats": 4, "MaxBurst": 8, "Bursts": 8},
    {"Lines": 4, "RawBeats": 2, "AxiBits": 128, "Lanes": 4, "GroupBeats": 2, "MaxBurst": 2, "Bursts": 16},
    slow=(
        {"Lines": 1, "RawBeats": 1, "AxiBits": 64, "GroupBeats": 1, "MaxBurst": 1, "Bursts": 64},
        {"Lines": 6, "RawBeats": 5, "AxiBits": 64, "Lanes": 2, "GroupBeats": 4, "MaxBurst": 256, "Bursts": 3},
        {"Lines": 16, "RawBeats": 3, "AxiBits": 512, "GroupBeats": 4, "MaxBurst": 128, "Bursts": 16},
    ),
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


def _vectors(dut: Any, columns: list[tuple[int, int, int]], rng: Random | None = None) -> list[dict[Any, int]]:
    """What is sent for byte columns: each a vector or, with `rng`, now and then all that follow in a group of lanes."""
    lanes, bits = PARAMETERS.get("Lanes", 1), 8 * PARAMETERS["Lines"]
    out: list[dict[Any, int]] = []
    first = 0  # address of the last vector's lane 0
    for i, (address, lines, data) in enumerate(columns):
        lane = address % lanes
        follows = i and address == columns[i - 1][0] + 1 and address - lane == first and lines == columns[i - 1][1]
        if not (rng and follows and rng.random() < 0.8):
            first = address - lane
            out.append({dut.addr_i: address, dut.lines_i: lines, dut.mask_i: 0, dut.bytes_i: 0})
        out[-1][dut.mask_i] |= 1 << lane
        out[-1][dut.bytes_i] |= data << lane * bits
    return out


def _slots(rng: Random, width: int) -> list[tuple[int, int, int]]:
    lines = rng.randrange(1, PARAMETERS["RawBeats"] + 1)
    slot = width << (lines - 1).bit_length()
    before = rng.randint(1, min(4096 // slot, 10))
    first, count = 4096 - before * slot, before + rng.randrange(10)  # most runs cross a page
    return [(first + i * slot, lines, rng.getrandbits(8 * width * PARAMETERS["RawBeats"])) for i in range(count)]


def _apply(memory: bytearray, columns: list[tuple[int, int, int]], pitch: int, size: int) -> None:
    for address, lines, data in columns:
        for g, item in enumerate(split(data, 8 * size, lines)):
            memory[address + g * pitch : address + g * pitch + size] = item.to_bytes(size, "little")


async def _watch(bench: Bench, port: WritePort) -> None:
    """All is written only behind a clock without an offer, and then nothing more is until another vector is taken."""
    dut, offered = bench.dut, 0
    count: int | None = None  # bytes that were written when all was
    while True:
        await RisingEdge(bench.clock)
        if int(dut.written_o.value):
            assert not offered, "all is written, with a vector on offer"
            assert port.unanswered == 0, "written before everything was acknowledged"
            count = port.count
        assert count in (None, port.count), "all was written, and more came behind"
        offered = int(dut.valid_i.value)
        if offered and int(dut.ready_o.value):
            count = None


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(give=STALLS[:2], memory_stall=STALLS)
async def writes_everything(dut: Any, give: float, memory_stall: float) -> None:
    """Answers that come late meet later bursts in any phase."""
    bench = Bench(dut, salt=(give, memory_stall))
    rng, width = bench.rng, PARAMETERS["AxiBits"] // 8
    await bench.start(arena_i=ARENA, raw_i=0, awready_i=0, wready_i=0, **_IDLE)
    memory = Memory(ARENA, rng.randbytes(SIZE))
    port = WritePort(bench, memory, stall=memory_stall)
    watch = cocotb.start_soon(_watch(bench, port))
    expected = bytearray(memory.data)
    for run in range(RUNS):
        raw, port.latency = rng.randrange(2), rng.choice([0, 7, 90])
        pitch = width if raw else width * PARAMETERS["GroupBeats"] * rng.randrange(4, 9)
        columns = _slots(rng, width) if raw else _byte_columns(rng, pitch)
        _apply(expected, columns, pitch, width if raw else 1)
        dut.raw_i.value, dut.line_pitch_i.value = raw, pitch
        items = _vectors(dut, columns, rng)
        if raw:
            items = [{dut.addr_i: address, dut.lines_i: lines, dut.beats_i: data} for address, lines, data in columns]
        await bench.send(dut.valid_i, dut.ready_o, items, stall=give)
        await bench.until(lambda: int(dut.settled_o.value))
        over = run < RUNS - 1 and bench.chance(0.7)  # the next operation's settings and vectors are there at once
        dut.flush_i.value, dut.over_i.value = int(not over), int(over)
        await RisingEdge(bench.clock)
        dut.over_i.value = 0
        if not over:
            await bench.until(lambda: int(dut.written_o.value))
            assert port.unanswered == 0, "written before everything was acknowledged"
            assert memory.data == expected, f"memory differs in run {run}, raw {raw}"
        dut.flush_i.value = 0
        assert all(beats <= PARAMETERS["MaxBurst"] for _, beats in port.bursts)
        assert port.most <= PARAMETERS["Bursts"]
    watch.cancel()
    bench.stop()


async def _write(bench: Bench, items: list[dict[Any, int]], *, raw: int, pitch: int, latency: int) -> WritePort:
    """Writes without stalls, and waits for the last acknowledgement."""
    dut = bench.dut
    await bench.start(arena_i=ARENA, raw_i=raw, line_pitch_i=pitch, **_IDLE)
    port = WritePort(bench, Memory(ARENA, bytes(SIZE)), stall=0, latency=latency)
    await bench.send(dut.valid_i, dut.ready_o, items, stall=0)
    dut.flush_i.value = 1
    await RisingEdge(bench.clock)
    await bench.until(lambda: int(dut.idle_o.value))
    return port


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def fills_its_bursts(dut: Any) -> None:
    """A full line of bytes goes out in bursts of GroupBeats, not in single beats."""
    bench, width = Bench(dut), PARAMETERS["AxiBits"] // 8
    count = width * PARAMETERS["GroupBeats"] * 4
    items = _vectors(dut, [(i, PARAMETERS["Lines"], 0) for i in range(count)])
    port = await _write(bench, items, raw=0, pitch=count, latency=0)
    assert [beats for _, beats in port.bursts] == [PARAMETERS["GroupBeats"]] * 4 * PARAMETERS["Lines"]
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def is_not_written_while_vectors_wait(dut: Any) -> None:
    """Of an operation that is over before the writes of the one before are acknowledged."""
    bench, width = Bench(dut), PARAMETERS["AxiBits"] // 8
    await bench.start(arena_i=ARENA, raw_i=0, line_pitch_i=2 * width, **_IDLE)
    port = WritePort(bench, Memory(ARENA, bytes(SIZE)), stall=0, latency=60)
    watch = cocotb.start_soon(_watch(bench, port))
    for address, count in ((0, 3), (width, 2)):
        columns = [(address + i, 1, 0xFF) for i in range(count)]
        await bench.send(dut.valid_i, dut.ready_o, _vectors(dut, columns), stall=0)
        if not address:
            dut.over_i.value = 1
            await RisingEdge(bench.clock)
            dut.over_i.value = 0
    dut.flush_i.value = 1
    await bench.until(lambda: int(dut.written_o.value))
    assert port.count == 5
    watch.cancel()
    bench.stop()


def _raw_bursts(slots: int, lines: int, gap: int) -> list[int]:
    """Beats of the bursts of slots: up to GroupBeats at a time if nothing lies between them, never over a boundary."""
    group = 1 if gap else PARAMETERS["GroupBeats"]
    found = []
    for first in range(0, slots, group):
        at, end = first * (lines + gap), (min(first + group, slots) - 1) * (lines + gap) + lines
        while at < end:
            stop = min(end, at - at % PARAMETERS["MaxBurst"] + PARAMETERS["MaxBurst"])
            found.append(stop - at)
            at = stop
    return found


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(lines=[1, 3, 4, 7])
async def keeps_bursts_under_way(dut: Any, lines: int) -> None:
    """Raw slots go out as whole bursts, as many at once as allowed, and no clock is lost but to that limit."""
    lines = min(lines, PARAMETERS["RawBeats"])
    bench, width, most, latency = Bench(dut), PARAMETERS["AxiBits"] // 8, PARAMETERS["Bursts"], 150
    slot = 1 << (lines - 1).bit_length()
    count = min(SIZE // (slot * width), 6 * PARAMETERS["GroupBeats"] * most)
    items = [{dut.addr_i: i * slot * width, dut.lines_i: lines, dut.beats_i: 0} for i in range(count)]
    begin = bench.now()
    port = await _write(bench, items, raw=1, pitch=width, latency=latency)
    expected = _raw_bursts(count, lines, slot - lines)
    assert [beats for _, beats in port.bursts] == expected
    rounds = -(-len(expected) // most)
    longest = max(expected)
    assert port.most == most or rounds == 1 or most * longest > latency
    assert port.most <= most
    clocks = bench.now() - begin
    assert clocks <= max(sum(expected), rounds * (latency + longest + 10)) + latency + 40, (clocks, rounds)
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(iterations=[1, 3], hurry=[False, True])
async def marks_what_is_acknowledged(dut: Any, iterations: int, hurry: bool) -> None:
    """Row blocks of a tensor, in iterations over the channels, twice: what lies before the mark is in memory."""
    bench = Bench(dut, salt=(iterations, hurry))
    rng, lines, width = bench.rng, PARAMETERS["Lines"], PARAMETERS["AxiBits"] // 8
    co, columns = 6, 5 * width
    group = PARAMETERS["GroupBeats"] * width  # lines begin where groups do: no burst crosses a page
    pitch = -(-co * columns // group) * group
    await bench.start(
        arena_i=ARENA, raw_i=0, line_pitch_i=pitch, **_IDLE | {"returns_i": iterations - 1, "hurry_i": int(hurry)}
    )
    memory = Memory(ARENA, bytes(2 * lines * pitch))
    port = WritePort(bench, memory, stall=0.2, latency=40)
    final, channels = bytearray(memory.data), co // iterations
    marks: set[int] = set()

    async def watch() -> None:
        while True:
            await RisingEdge(bench.clock)
            mark = int(dut.mark_o.value)
            if mark in marks:
                continue
            marks.add(mark)
            tile, off = divmod(mark, lines * pitch)
            assert off <= pitch
            for line in range(2 * lines):
                end = pitch if line < tile * lines else off if line < (tile + 1) * lines else 0
                begin = line * pitch
                assert memory.data[begin : begin + end] == final[begin : begin + end], f"line {line}, mark {mark}"

    bench.spawn(watch())
    for _ in range(2):
        vectors = []
        for t in range(iterations):
            for tile in range(2):
                for column in range(columns):
                    for k in range(channels):
                        address = tile * lines * pitch + column * co + t * channels + k
                        vectors.append((address, lines, rng.getrandbits(8 * lines)))
        _apply(final, vectors, pitch, 1)
        marks.clear()
        items = _vectors(dut, vectors, rng)
        dut.marks_i.value = 1
        await bench.send(dut.valid_i, dut.ready_o, items, stall=0.1)
        await bench.clocks(300)
        assert len(marks) > 4, f"only the marks {sorted(marks)}"
        dut.over_i.value = 1
        await RisingEdge(bench.clock)
        dut.over_i.value = dut.marks_i.value = 0
        await bench.until(lambda: int(dut.done_o.value))
        assert port.unanswered == 0
        assert memory.data == final
        await bench.clocks(2)
        assert int(dut.settled_o.value)
        assert int(dut.mark_o.value) == 0
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def marks_nothing_once_over(dut: Any) -> None:
    """Behind the end `returns_i` may be of a later operation, while vectors still wait for a memory that takes none."""
    bench = Bench(dut)
    lines, width = PARAMETERS["Lines"], PARAMETERS["AxiBits"] // 8
    await bench.start(arena_i=ARENA, raw_i=0, line_pitch_i=2 * width, **_IDLE | {"marks_i": 1, "returns_i": 0xFFFF})
    dut.awready_i.value = dut.wready_i.value = 0
    dut.mask_i.value = 1
    sent = waited = 0
    while waited < 10:  # two columns in turn: every other address falls
        dut.valid_i.value, dut.lines_i.value = 1, lines
        dut.addr_i.value, dut.bytes_i.value = sent % 2 * width, bench.rng.getrandbits(8 * lines)
        await FallingEdge(bench.clock)
        waited = 0 if int(dut.ready_o.value) else waited + 1
        sent += int(dut.ready_o.value)
        await RisingEdge(bench.clock)
    dut.valid_i.value, dut.over_i.value = 0, 1
    await RisingEdge(bench.clock)
    dut.over_i.value, dut.returns_i.value = 0, (sent - 1) // 2 - 1  # all falls but the last
    await bench.clocks(3)
    WritePort(bench, Memory(ARENA, bytes(2 * lines * width)), stall=0, latency=20)
    while not int(dut.done_o.value):
        await FallingEdge(bench.clock)
        assert int(dut.mark_o.value) == 0, "a mark in an iteration that is not the last"
    bench.stop()
