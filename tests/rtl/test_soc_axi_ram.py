"""dsoc_soc_axi_ram: bursts of both kinds at once, against a memory in Python."""

from __future__ import annotations

from typing import Any

import cocotb

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, join
from tests.rtl.runner import Parameters, check, parameter_sets

BASE = 1 << 16


@parameter_sets({"AxiBits": 32, "Base": BASE, "Bytes": 1 << 16}, slow=({"AxiBits": 256, "Base": BASE, "Bytes": 1024},))
def test_soc_axi_ram(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_soc_axi_ram", parameters, seed=seed)


class Ram:
    """The slave's channels, and what they answered."""

    def __init__(self, bench: Bench, stall: float) -> None:
        dut, self.bench, self.stall = bench.dut, bench, stall
        self.width = PARAMETERS["AxiBits"] // 8
        self.answers: list[tuple[int, ...]] = []
        self.beats: list[tuple[int, ...]] = []
        bench.spawn(bench.receive(dut.bvalid_o, dut.bready_i, [dut.bresp_o], self.answers, stall=stall))
        payload = [dut.rdata_o, dut.rresp_o, dut.rlast_o]
        bench.spawn(bench.receive(dut.rvalid_o, dut.rready_i, payload, self.beats, stall=stall))

    async def read(self, bursts: list[tuple[int, int]]) -> None:
        """Sends the addresses of (address, beats)."""
        dut = self.bench.dut
        items = [{dut.araddr_i: address, dut.arlen_i: beats - 1} for address, beats in bursts]
        await self.bench.send(dut.arvalid_i, dut.arready_o, items, stall=self.stall)

    async def write(self, bursts: list[tuple[int, list[tuple[int, int]]]]) -> None:
        """Sends addresses, and beats (data, strobes)."""
        dut = self.bench.dut
        addresses = [{dut.awaddr_i: address} for address, _ in bursts]
        beats = [
            {dut.wdata_i: data, dut.wstrb_i: strobes, dut.wlast_i: int(i == len(burst) - 1)}
            for _, burst in bursts
            for i, (data, strobes) in enumerate(burst)
        ]
        sent = self.bench.spawn(self.bench.send(dut.awvalid_i, dut.awready_o, addresses, stall=self.stall))
        await self.bench.send(dut.wvalid_i, dut.wready_o, beats, stall=self.stall)
        await sent


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS)
async def holds_what_was_written(dut: Any, stall: float) -> None:
    bench = Bench(dut, salt=stall)
    await bench.start(arvalid_i=0, awvalid_i=0, wvalid_i=0, bready_i=0, rready_i=0)
    ram = Ram(bench, stall)
    width, rng = ram.width, bench.rng
    memory = bytearray(256)  # the part that is used
    words = len(memory) // width
    await ram.write([(BASE, [(0, (1 << width) - 1)] * words)])
    await bench.until(lambda: len(ram.answers) == 1)
    for _ in range(12):
        bursts: list[tuple[int, list[tuple[int, int]]]] = []
        for _ in range(rng.randrange(1, 6)):
            first = rng.randrange(words)
            outside = rng.random() < 0.2
            count = rng.randrange(1, min(8, words - first) + 1)
            burst = [(rng.getrandbits(8 * width), rng.getrandbits(width)) for _ in range(count)]
            bursts.append((BASE + first * width + outside * rng.choice([PARAMETERS["Bytes"], -BASE, 1 << 32]), burst))
            for i, (data, strobes) in enumerate(burst if not outside else []):
                for b in range(width):
                    if strobes >> b & 1:
                        memory[(first + i) * width + b] = data >> 8 * b & 255
        seen = len(ram.answers)
        await ram.write(bursts)
        wanted = seen + len(bursts)
        await bench.until(lambda n=wanted: len(ram.answers) >= n)
        expected = [(0 if 0 <= address - BASE < PARAMETERS["Bytes"] else 3,) for address, _ in bursts]
        expect_equal(ram.answers[seen:], expected, "answer")

        reads = [(rng.randrange(words), rng.randrange(1, 9)) for _ in range(4)]
        reads = [(first, min(count, words - first)) for first, count in reads]
        seen = len(ram.beats)
        await ram.read([(BASE + first * width, count) for first, count in reads])
        wanted = seen + sum(count for _, count in reads)
        await bench.until(lambda n=wanted: len(ram.beats) >= n)
        beats = [
            (join(memory[(first + i) * width : (first + i + 1) * width], 8), 0, int(i == count - 1))
            for first, count in reads
            for i in range(count)
        ]
        expect_equal(ram.beats[seen:], beats, "beat")
    seen = len(ram.beats)
    await ram.read([(BASE + PARAMETERS["Bytes"], 3)])
    await bench.until(lambda: len(ram.beats) == seen + 3)
    expect_equal([beat[1:] for beat in ram.beats[seen:]], [(3, 0), (3, 0), (3, 1)], "beat outside")
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def moves_a_beat_a_clock(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start(arvalid_i=0, awvalid_i=0, wvalid_i=0, bready_i=0, rready_i=0)
    ram = Ram(bench, 0.0)
    begin = bench.now()
    await ram.write([(BASE, [(1, 15)] * 8)] * 8)
    await bench.until(lambda: len(ram.answers) == 8)
    assert bench.now() - begin < 64 + 12
    begin = bench.now()
    await ram.read([(BASE, 8)] * 8)
    await bench.until(lambda: len(ram.beats) == 64)
    assert bench.now() - begin < 64 + 8
    bench.stop()
