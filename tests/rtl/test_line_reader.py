"""dsoc_line_reader: the bursts and bytes of the table in docs/architecture.md, "The line reader"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.axi import Memory, ReadPort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA = 0x12_3456_7000
SIZE = 1 << 18


@parameter_sets(
    {"Nf": 5, "AxiBits": 32, "ChunkBeats": 8},
    {"Nf": 12, "AxiBits": 128, "ChunkBeats": 4},
    slow=(
        {"Nf": 1, "AxiBits": 64, "ChunkBeats": 1},
        {"Nf": 23, "AxiBits": 64, "ChunkBeats": 2},
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

    def bursts(self) -> Iterator[tuple[int, int]]:
        """(address, beats) in their order: chunk by chunk, in each buffer by buffer."""
        width, grid = _widths()
        for start, need, off, count in self.segments():
            at = off
            while at < off + count:
                end = min((at // grid + 1) * grid, off + count)
                first, last = at // width, (end - 1) // width
                for f in need:
                    yield ARENA + (start + f * self.line_pitch + first * width) % 2**32, last - first + 1
                at = end

    def items(self) -> Iterator[dict[int, int]]:
        """Address of what each buffer shows, one mapping for each pop."""
        step = _widths()[0] if self.beat_mode else 1
        for start, need, off, count in self.segments():
            for at in range(off, off + count, step):
                yield {f: ARENA + (start + f * self.line_pitch + at) % 2**32 for f in need}


def _widths() -> tuple[int, int]:
    width = PARAMETERS["AxiBits"] // 8
    return width, width * PARAMETERS["ChunkBeats"]


def _tensor(rng: Random) -> Job:
    """Like a convolution's reads: some buffers lie above the tensor, the base even before the arena."""
    nf, (_, grid) = PARAMETERS["Nf"], _widths()
    above, step = rng.randrange(nf), rng.randrange(1, 4)
    seg_step = rng.randrange(1, 2 * grid)
    seg_count = rng.randrange(1, 4)
    seg_bytes = rng.randrange(1, 2 * grid)
    t_step, off0 = rng.randrange(grid), rng.randrange(grid)
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
    dut = bench.dut
    size = _widths()[0] if job.beat_mode else 1
    for number, item in enumerate(job.items()):
        for _ in range(20_000):
            await FallingEdge(bench.clock)
            if int(dut.valid_o.value) and not bench.chance(stall):
                break
            dut.pop_i.value = 0
        else:
            raise TimeoutError(f"item {number} of {job} never came")
        shown = int((dut.beats_o if job.beat_mode else dut.bytes_o).value)
        for f, address in item.items():
            received = shown >> (8 * size * f) & ((1 << 8 * size) - 1)
            expected = memory.read(address, size)
            assert received == expected, f"item {number}, buffer {f}: expected {expected:#x}, received {received:#x}"
        dut.pop_i.value = 1
    await FallingEdge(bench.clock)
    dut.pop_i.value = 0


def _announce(bench: Bench, job: Job) -> None:
    valid = bench.chance(0.5)
    bench.dut.next_valid_i.value = int(valid)
    bench.dut.next_pitch_i.value = job.line_pitch if valid else bench.rng.getrandbits(32)


async def _start(bench: Bench, job: Job, *, enabled: bool) -> None:
    """Starts, some clocks after the pitch may have been announced, as the sequencer does."""
    dut = bench.dut
    if not int(dut.next_valid_i.value):
        _announce(bench, job)
    await bench.clocks(bench.rng.randrange(1, 2 * PARAMETERS["Nf"]))
    dut.next_valid_i.value = 0
    dut.next_pitch_i.value = job.line_pitch
    for name, value in vars(job).items():
        getattr(dut, f"{name}_i").value = value
    dut.enable_i.value = int(enabled)
    dut.start_i.value = 1
    await RisingEdge(bench.clock)
    dut.start_i.value = 0
    await bench.clocks(2)
    dut.next_pitch_i.value = bench.rng.getrandbits(32)


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(memory_stall=STALLS[:2], take=STALLS[:2])
async def reads_every_line(dut: Any, memory_stall: float, take: float) -> None:
    bench = Bench(dut, salt=(memory_stall, take))
    await bench.start(start_i=0, enable_i=0, next_valid_i=0, pop_i=0, arready_i=0, rvalid_i=0, arena_i=ARENA)
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
        expect_equal(port.bursts, list(job.bursts()) if enabled else [], "burst")
        assert not int(dut.valid_o.value), "something is left"
    bench.stop()
