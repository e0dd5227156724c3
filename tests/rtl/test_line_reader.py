"""dsoc_line_reader: the bursts and bytes of the table in docs/architecture.md, "The line reader"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.axi import Memory, ReadPort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, join
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA = 0x12_3456_7000
SIZE = 1 << 18


@parameter_sets(
    {"Nf": 5, "AxiBits": 32, "ChunkBeats": 8},
    {"Nf": 12, "AxiBits": 128, "ChunkBeats": 4, "Lanes": 4},
    slow=(
        {"Nf": 1, "AxiBits": 64, "ChunkBeats": 1},
        {"Nf": 23, "AxiBits": 64, "ChunkBeats": 2, "Lanes": 2},
        {"Nf": 8, "AxiBits": 512, "ChunkBeats": 8},
    ),
)
def test_line_reader(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_line_reader", parameters, seed=seed)


@dataclass(frozen=True)
class Job:
    """Settings of one run; names are those of the ports."""

    base: int
    line_pitch: int
    l_pitch: int
    n_pitch: int
    lam0: int
    lam_step: int
    lines: int
    off0: int
    t_step: int
    seg_step: int
    seg_count: int
    seg_bytes: int
    seg_bytes_last: int
    mask: int
    t_count: int
    n_count: int
    l_count: int
    beat_mode: int = 0
    wide: int = 0

    def segments(self) -> Iterator[tuple[int, list[int], int, int]]:
        """(address of buffer 0, buffers read, first byte, bytes) of every segment."""
        for t in range(self.t_count):
            count = self.seg_bytes_last if t == self.t_count - 1 else self.seg_bytes
            for n in range(self.n_count):
                for block in range(self.l_count):
                    lam = self.lam0 + block * self.lam_step
                    need = [f for f in range(PARAMETERS["Nf"]) if self.mask >> f & 1 and 0 <= lam + f < self.lines]
                    for segment in range(self.seg_count):
                        start = self.base + n * self.n_pitch + block * self.l_pitch
                        yield start, need, self.off0 + t * self.t_step + segment * self.seg_step, count

    def bursts(self, *, guarded: bool = False) -> Iterator[tuple[int, int, int]]:
        """(address, beats, bytes from the base to the part on buffer 0) in their order: part by part, buffer by buffer.

        A part is what is left of a chunk; the first one, and all that are guarded, one beat.
        """
        width, grid = _widths()
        begins = True
        for start, need, off, count in self.segments():
            at = off
            while at < off + count:
                cell = width if begins or guarded else grid
                begins = False
                end = min((at // cell + 1) * cell, off + count)
                first, last = at // width, (end - 1) // width
                for f in need:
                    address = ARENA + (start + f * self.line_pitch + first * width) % 2**32
                    yield address, last - first + 1, start + first * width - self.base
                at = end

    def items(self) -> Iterator[tuple[int, dict[int, int]]]:
        """How many bytes each buffer shows, and their address, one mapping for each pop."""
        step = _widths()[0] if self.beat_mode else _lanes() if self.wide else 1
        for start, need, off, count in self.segments():
            for at in range(off, off + count, step):
                size = min(step, off + count - at)
                yield size, {f: ARENA + (start + f * self.line_pitch + at) % 2**32 for f in need}


def _widths() -> tuple[int, int]:
    width = PARAMETERS["AxiBits"] // 8
    return width, width * PARAMETERS["ChunkBeats"]


def _lanes() -> int:
    return PARAMETERS.get("Lanes", 1)


def _tensor(rng: Random) -> Job:
    """Like a convolution's reads: some buffers lie above the tensor, the base even before the arena."""
    nf, (_, grid) = PARAMETERS["Nf"], _widths()
    above, step = rng.randrange(nf), rng.randrange(1, 4)
    wide = int(_lanes() > 1 and rng.randrange(2))
    unit = _lanes() if wide else 1
    seg_step = rng.randrange(unit, 2 * grid, unit)
    seg_count = rng.randrange(1, 4)
    seg_bytes = rng.randrange(1, 2 * grid)
    t_step, off0 = rng.randrange(0, grid, unit), rng.randrange(0, grid, unit)
    t_count, n_count, l_count = rng.randrange(1, 4), rng.randrange(1, 3), rng.randrange(1, 3)
    pitch = -(-(off0 + t_count * t_step + seg_count * seg_step + seg_bytes) // grid) * grid
    lines = rng.randrange(1, nf + 4)
    return Job(
        base=(-above * pitch) % 2**32,
        line_pitch=pitch,
        l_pitch=step * pitch,
        n_pitch=lines * pitch,
        lam0=-above,
        lam_step=step,
        lines=lines,
        off0=off0,
        t_step=t_step,
        seg_step=seg_step,
        seg_count=seg_count,
        seg_bytes=seg_bytes,
        seg_bytes_last=rng.randrange(1, seg_bytes + 1),
        mask=rng.getrandbits(64),
        t_count=t_count,
        n_count=n_count,
        l_count=l_count,
        wide=wide,
    )


def _partial_sums(rng: Random) -> Job:
    """Whole beats of slots."""
    nf, (width, _) = PARAMETERS["Nf"], _widths()
    lines = rng.randrange(1, nf + 1)
    slot = width << (lines - 1).bit_length()
    return Job(
        base=width * rng.randrange(4),
        line_pitch=width,
        l_pitch=0,
        n_pitch=0,
        lam0=0,
        lam_step=0,
        lines=lines,
        off0=0,
        t_step=0,
        seg_step=slot,
        seg_count=rng.randrange(1, 20),
        seg_bytes=width,
        seg_bytes_last=width,
        mask=2**64 - 1,
        t_count=1,
        n_count=1,
        l_count=1,
        beat_mode=1,
    )


async def _consume(bench: Bench, memory: Memory, job: Job, stall: float) -> None:
    """Pops everything and compares what every needed buffer shows."""
    dut, nf = bench.dut, PARAMETERS["Nf"]
    for number, (size, item) in enumerate(job.items()):
        for _ in range(20_000):
            await FallingEdge(bench.clock)
            if int(dut.valid_o.value) and not bench.chance(stall):
                break
            dut.pop_i.value = 0
        else:
            raise TimeoutError(f"item {number} of {job} never came")
        shown = int((dut.beats_o if job.beat_mode else dut.bytes_o).value)
        for f, address in item.items():
            if job.beat_mode:
                received = shown >> (8 * size * f) & ((1 << 8 * size) - 1)
            else:
                received = join([shown >> 8 * (nf * lane + f) & 0xFF for lane in range(size)], 8)
            expected = memory.read(address, size)
            assert received == expected, f"item {number}, buffer {f}: expected {expected:#x}, received {received:#x}"
        dut.pop_i.value = 1
    await FallingEdge(bench.clock)
    dut.pop_i.value = 0


def _announce(bench: Bench, job: Job) -> None:
    valid = bench.chance(0.5)
    bench.dut.next_valid_i.value = int(valid)
    bench.dut.next_pitch_i.value = job.line_pitch if valid else bench.rng.getrandbits(32)


def _set(dut: Any, job: Job) -> None:
    for name, value in vars(job).items():
        port = getattr(dut, f"{name}_i")
        port.value = value & ((1 << len(port)) - 1) if name == "mask" else value


_IDLE = dict.fromkeys(
    (
        "start_i",
        "c_start_i",
        "enable_i",
        "next_valid_i",
        "pop_i",
        "arready_i",
        "rvalid_i",
        "guarded_i",
        "guard_i",
        "single_i",
    ),
    0,
)


async def _start(bench: Bench, job: Job, *, enabled: bool) -> None:
    """Starts, some clocks after the pitch may have been announced, as the sequencer does."""
    dut = bench.dut
    if not int(dut.next_valid_i.value):
        _announce(bench, job)
    await bench.clocks(bench.rng.randrange(1, 2 * PARAMETERS["Nf"]))
    dut.next_valid_i.value = 0
    dut.next_pitch_i.value = job.line_pitch
    _set(dut, job)
    dut.enable_i.value = int(enabled)
    dut.start_i.value, dut.c_start_i.value = 1, 1
    await RisingEdge(bench.clock)
    dut.start_i.value, dut.c_start_i.value = 0, 0
    await bench.clocks(2)
    dut.next_pitch_i.value = bench.rng.getrandbits(32)


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(memory_stall=STALLS[:2], take=STALLS[:2])
async def reads_every_line(dut: Any, memory_stall: float, take: float) -> None:
    bench = Bench(dut, salt=(memory_stall, take))
    await bench.start(arena_i=ARENA, mark_i=0, **_IDLE)
    memory = Memory(ARENA, bench.rng.randbytes(SIZE))
    port = ReadPort(bench, memory, stall=memory_stall)
    jobs = [bench.rng.choice([_tensor, _tensor, _partial_sums])(bench.rng) for _ in range(8)]
    for job, following in zip(jobs, [*jobs[1:], None], strict=True):
        enabled = bench.chance(0.8)
        port.bursts.clear()
        await _start(bench, job, enabled=enabled)
        if following is not None:
            _announce(bench, following)
        if enabled:
            await _consume(bench, memory, job, take)
        await bench.clocks(bench.rng.randrange(1, 40))
        expect_equal(port.bursts, [burst[:2] for burst in job.bursts()] if enabled else [], "burst")
        assert not int(dut.valid_o.value), "something is left"
    bench.stop()


async def _raise_mark(bench: Bench, end: int) -> None:
    """A mark that comes near the end in some steps."""
    mark = 0
    while mark < end:
        await bench.clocks(bench.rng.randrange(1, 150))
        mark = min(mark + bench.rng.randrange(1, max(end // 4, 2)), end)
        bench.dut.mark_i.value = mark


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(memory_stall=STALLS[:2], take=STALLS[:2])
async def fetches_an_operation_ahead(dut: Any, memory_stall: float, take: float) -> None:
    """Up to a mark, or without a guard, while the consumer is at the operation before."""
    bench = Bench(dut, salt=(memory_stall, take))
    await bench.start(arena_i=ARENA, mark_i=0, **_IDLE | {"enable_i": 1, "beat_mode_i": 0, "t_step_i": 0})
    memory = Memory(ARENA, bench.rng.randbytes(SIZE))
    port = ReadPort(bench, memory, stall=memory_stall)
    jobs = [replace(_tensor(bench.rng), t_step=0, wide=0) for _ in range(8)]
    guarded = [bench.chance(0.5) for _ in jobs]
    begun = 0  # operations whose consumer has begun

    async def issue() -> None:
        for number, job in enumerate(jobs):
            await bench.until(lambda at=number: int(dut.idle_o.value) and begun >= at)
            await bench.clocks(bench.rng.randrange(1, 30))
            port.bursts.clear()
            guard = (-job.base) % 2**32  # the mark counts from the tensor's first line
            dut.guard_i.value, dut.guarded_i.value, dut.mark_i.value = guard, int(guarded[number]), 0
            _set(dut, job)
            dut.next_pitch_i.value, dut.next_valid_i.value = job.line_pitch, bench.rng.randrange(2)
            dut.start_i.value = 1
            await RisingEdge(bench.clock)
            dut.start_i.value, dut.next_valid_i.value = 0, 0
            end = job.n_count * job.n_pitch + job.l_count * job.l_pitch + 2 * job.line_pitch
            raising = bench.spawn(_raise_mark(bench, end)) if guarded[number] else None
            expected = list(job.bursts(guarded=guarded[number]))
            await bench.clocks(3)
            while not int(dut.idle_o.value):
                await FallingEdge(bench.clock)
                if guarded[number] and port.bursts:
                    at, mark = expected[len(port.bursts) - 1][2], int(dut.mark_i.value)
                    assert at < mark, f"{at} is read when the mark is {mark}"
            if raising is not None:
                await raising
            await bench.clocks(20 + 40 * (memory_stall > 0))
            expect_equal(port.bursts, [burst[:2] for burst in expected], "burst")

    issuing = bench.spawn(issue())
    for number, job in enumerate(jobs):
        assert not int(dut.valid_o.value), "shows what the next operation reads"
        dut.c_start_i.value = 1
        await RisingEdge(bench.clock)
        dut.c_start_i.value = 0
        begun = number + 1
        await _consume(bench, memory, job, take)
        await bench.clocks(bench.rng.randrange(1, 200))
    await issuing
    bench.stop()
