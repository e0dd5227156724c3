"""Bench of dsoc_engine: random operations as pixel bytes, a weights stream and the results they must give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge
from numpy.typing import NDArray

from tests.rtl.axi import Memory, ReadPort
from tests.rtl.bench import PARAMETERS, Bench, expect_equal, fields, join, signed, split
from tests.rtl.geometry import Geometry, word_bits
from tests.rtl.runner import Parameters

__all__ = [
    "SCALED_SETS",
    "SETS",
    "SLOW_SETS",
    "EngineBench",
    "Operation",
    "Windows",
    "add_weights",
    "pixel_bytes",
    "random_tensor",
]

BIAS_BANKS = 8
Tensor = NDArray[np.int64]


def _with_geometry(
    rows: int,
    cols: int,
    bits: tuple[int, int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    axi: int,
    lanes: int = 1,
    scale_bits: int = 0,
) -> Parameters:
    shape = Geometry(rows, bits[0], kernel[0], strides[0], rows)
    names = ("Rows", "Cols", "XBits", "KBits", "YBits", "KhMax", "KwMax", "ShMax", "SwMax", "Nf", "Gt")
    sizes = dict(zip(names, (rows, cols, *bits, *kernel, *strides, shape.nf, shape.gt), strict=True))
    return sizes | {"WeightsDepth": 64, "EdgesDepth": 28, "AxiBits": axi, "Lanes": lanes, "ScaleBits": scale_bits}


SETS = (
    _with_geometry(3, 5, (2, 4, 16), (4, 3), (4, 3), 64, 2),
    _with_geometry(7, 30, (4, 8, 32), (5, 6), (2, 4), 128),
)
SCALED_SETS = (_with_geometry(4, 11, (8, 4, 24), (5, 6), (3, 3), 64, scale_bits=17),)
SLOW_SETS = (
    _with_geometry(8, 24, (4, 4, 24), (7, 7), (2, 2), 128, 4),
    _with_geometry(4, 6, (8, 8, 32), (3, 3), (2, 2), 64),
    _with_geometry(4, 6, (8, 2, 32), (11, 3), (4, 4), 64),
    _with_geometry(1, 1, (8, 8, 32), (1, 1), (1, 1), 32),
)


@dataclass
class Operation:
    """One descriptor with its data.

    Attributes:
        desc: descriptor fields.
        pixels: what the line buffers show at each pop.
        beats: weights stream; empty for pools.
        results: for every channel that leaves, the numbers of the PE rows that exist.
        steps: of the array.
    """

    desc: dict[str, int]
    pixels: list[int]
    results: list[list[int]]
    steps: int
    beats: list[int] = field(default_factory=list)
    biases: list[tuple[int, int, int]] = field(default_factory=list)

    def vectors(self) -> Iterator[int]:
        """How many channels leave at once, one after the other."""
        lanes = PARAMETERS["Lanes"] if self.desc.get("wide") else 1
        for t in range(self.desc["t_count"]):
            channels = self.desc["ch_last" if t == self.desc["t_count"] - 1 else "ch_per_t"]
            for _ in range(self.desc["n_count"] * self.desc["l_count"] * self.desc["wo_count"]):
                yield from (min(lanes, channels - k) for k in range(0, channels, lanes))


@dataclass(frozen=True)
class Windows:
    """Kernel windows over one tensor: sizes in rows and columns.

    Attributes:
        size, kernel, strides: of the tensor, the window and its steps.
        same: padding; otherwise valid.
    """

    size: tuple[int, int]
    kernel: tuple[int, int]
    strides: tuple[int, int]
    same: bool

    @classmethod
    def draw(cls, rng: Random, *, rows: int, columns: int) -> Windows:
        """Any that the parameters allow."""
        p = PARAMETERS
        kernel = rng.randrange(1, p["KhMax"] + 1), rng.randrange(1, min(p["KwMax"], p["Cols"]) + 1)
        strides = rng.randrange(1, p["ShMax"] + 1), rng.randrange(1, min(p["SwMax"], p["Cols"] - kernel[1] + 1) + 1)
        same = bool(rng.randrange(2))
        low = (1, 1) if same else kernel
        size = rng.randrange(low[0], low[0] + rows), rng.randrange(low[1], low[1] + columns)
        return cls(size, kernel, strides, same)

    @property
    def out(self) -> tuple[int, int]:
        """Output rows and columns."""
        pairs = zip(self.size, self.kernel, self.strides, strict=True)
        h, w = (-(-i // s) if self.same else (i - k) // s + 1 for i, k, s in pairs)
        return h, w

    @property
    def pad(self) -> tuple[int, int]:
        """Padding above and to the left."""
        total = [
            max((o - 1) * s + k - i, 0)
            for i, k, s, o in zip(self.size, self.kernel, self.strides, self.out, strict=True)
        ]
        return (total[0] // 2, total[1] // 2) if self.same else (0, 0)

    def window(self, image: Tensor, ho: int, wo: int) -> tuple[Tensor, slice, slice]:
        """Pixels (rows, columns, channels) under one window that exist, and which taps they are."""
        top, left = ho * self.strides[0] - self.pad[0], wo * self.strides[1] - self.pad[1]
        rows = slice(max(-top, 0), min(self.size[0] - top, self.kernel[0]))
        cols = slice(max(-left, 0), min(self.size[1] - left, self.kernel[1]))
        return image[top + rows.start : top + rows.stop, left + cols.start : left + cols.stop], rows, cols

    def fields(self, columns: int) -> dict[str, int]:
        """Descriptor fields that follow from the windows; `columns`: input columns a row block."""
        rows = PARAMETERS["Rows"]
        return {
            "kh": self.kernel[0],
            "kw": self.kernel[1],
            "sw": self.strides[1],
            "tap": self.strides[0],
            "row_step": rows * self.strides[0],
            "pad_top": self.pad[0],
            "pos0": self.pad[1],
            "x_rows": self.size[0],
            "x_cols": min(self.size[1], columns),
            "w_count": columns,
            "wo_count": self.out[1],
            "l_count": -(-self.out[0] // rows),
            "lines_flat": 1,
        }


def channel_bits() -> int:
    """Bits of a bias in the weights stream, with the factor beside it."""
    return 64 if PARAMETERS["ScaleBits"] else 32


def random_tensor(rng: Random, bits: int, *shape: int) -> Tensor:
    """Signed integers, some of them at the ends of the range."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    count = int(np.prod(shape))
    numbers = [rng.choice([low, high]) if rng.random() < 0.2 else rng.randint(low, high) for _ in range(count)]
    return np.array(numbers, dtype=np.int64).reshape(shape)


def pixel_bytes(rng: Random, image: Tensor, windows: Windows, block: int, w: int, c: int) -> int:
    """Line buffers at one (row block, column, channel); rows that do not exist show anything."""
    p = PARAMETERS
    shape = Geometry(p["Rows"], p["XBits"], p["KhMax"], p["ShMax"])
    mask = (1 << p["XBits"]) - 1
    value = rng.getrandbits(8 * p["Nf"])
    first = block * p["Rows"] * windows.strides[0]
    for j in range(-shape.pt_max, p["ShMax"] * (p["Rows"] - 1) + p["KhMax"]):
        if 0 <= first + j < image.shape[0]:
            at = shape.place(j)
            value = value & ~(mask << at) | (int(image[first + j, w, c]) & mask) << at
    return value


def add_weights(rng: Random, op: Operation, words: Sequence[Sequence[Sequence[int]]]) -> Operation:
    """Gives a mac operation its weights stream (docs/architecture.md, section 4), with random biases.

    Args:
        rng: makes the biases.
        op: without weights.
        words: for each iteration its blocks of packed words; the first block gets the iteration's biases.
    """
    axi, word = PARAMETERS["AxiBits"], word_bits(*(PARAMETERS[name] for name in ("Cols", "KBits", "AxiBits")))
    d = op.desc
    for t, blocks in enumerate(words):
        biases = [
            rng.getrandbits(channel_bits()) for _ in range(d["ch_last"] if t == d["t_count"] - 1 else d["ch_per_t"])
        ]
        columns = d["n_count"] * d["l_count"] * d["wo_count"]
        op.biases += [(t, k, bias) for _ in range(columns) for k, bias in enumerate(biases)]
        for number, block in enumerate(blocks):
            mine = biases if number == 0 else []
            op.beats.append(len(block) | len(mine) << 20)
            op.beats += split(join(mine, channel_bits()), axi, -(-len(mine) * channel_bits() // axi))
            op.beats += split(join(block, word), axi, -(-len(block) * word // axi))
    return op


class EngineBench:
    """Runs operations one after the other on the module.

    Args:
        dut, salt: of the bench.
        stall: probability that a partner is not ready or has nothing.
        results: the same for who takes results, if it is another.
    """

    def __init__(self, dut: Any, *, salt: object, stall: float, results: float | None = None) -> None:
        self.bench = Bench(dut, salt=salt)
        self.rng = self.bench.rng
        self._dut, self._stall = dut, stall
        self._results = stall if results is None else results
        self._memory = Memory(0, b"")
        self._mac: list[tuple[int, ...]] = []
        self._pool: list[tuple[int, ...]] = []
        self._bias_bank = 0

    async def start(self) -> None:
        """Resets and starts all streams."""
        dut, bench, stall = self._dut, self.bench, self._stall
        zero = ("start_i", "px_valid_i", "cmd_valid_i", "arready_i", "rvalid_i", "mac_ready_i", "pool_ready_i")
        await bench.start(desc_i=0, arena_i=0, cmd_offset_i=0, **dict.fromkeys(zero, 0))
        ReadPort(bench, self._memory, stall=stall, always_ready=True)
        for valid, ready, data, into in (
            (dut.mac_valid_o, dut.mac_ready_i, dut.mac_data_o, self._mac),
            (dut.pool_valid_o, dut.pool_ready_i, dut.pool_data_o, self._pool),
        ):
            bench.spawn(bench.receive(valid, ready, [data], into, stall=self._results))

    async def begin(self, op: Operation) -> None:
        """Starts one operation and sends the command of its weights."""
        dut, bench = self._dut, self.bench
        width = PARAMETERS["AxiBits"] // 8
        dut.desc_i.value = fields(**op.desc)
        dut.start_i.value = 1
        await RisingEdge(bench.clock)
        dut.start_i.value = 0
        if op.beats:
            self._memory.data = bytearray(b"".join(beat.to_bytes(width, "little") for beat in op.beats))
            command = {dut.cmd_beats_i: len(op.beats)}
            bench.spawn(bench.send(dut.cmd_valid_i, dut.cmd_ready_o, [command], stall=0))

    async def run(self, op: Operation) -> int:
        """Runs one operation and compares its results and its steps.

        Returns:
            Clocks from the start to the last result.
        """
        dut, bench = self._dut, self.bench
        got = self._pool if op.desc["kind"] else self._mac
        await self.begin(op)
        pixels = ({dut.px_bytes_i: value} for value in op.pixels)
        feeder = bench.spawn(bench.send(dut.px_valid_i, dut.px_pop_o, pixels, stall=self._stall))
        reader = bench.spawn(self._read_biases(op)) if op.beats else None
        clocks = steps = 0
        counts = list(op.vectors()) if op.desc["kind"] == 0 else [1] * len(op.results)
        while len(got) < len(counts) and clocks < 50_000:
            await RisingEdge(bench.clock)
            clocks += 1
            steps += int(dut.step_o.value)
        expect_equal(list(self._shown(got, op, counts)), op.results, f"result of {op.desc}")
        assert feeder.done(), f"pixels are left over: {op.desc}"
        assert steps == op.steps, f"{steps} steps, expected {op.steps}: {op.desc}"
        if reader is not None:
            await reader
            self._bias_bank += op.desc["t_count"]
        await bench.clocks(bench.rng.randrange(5, 30))
        expect_equal(got, got[: len(counts)], "results, and nothing more,")
        assert not int(dut.error_o.value)
        got.clear()
        return clocks

    async def _read_biases(self, op: Operation) -> None:
        """Like the output stage, looks up the bias of each channel when it leaves, and then keeps it."""
        dut, bench, at = self._dut, self.bench, 0
        for count in op.vectors():
            iteration, channel, _ = op.biases[at]
            wanted = [bias for _, _, bias in op.biases[at : at + count]]
            at += count
            dut.bias_bank_i.value = (self._bias_bank + iteration) % BIAS_BANKS
            dut.bias_index_i.value, dut.bias_read_i.value = channel, 1
            await RisingEdge(bench.clock)
            while not (int(dut.mac_valid_o.value) and int(dut.mac_ready_i.value)):
                await RisingEdge(bench.clock)
            dut.bias_index_i.value, dut.bias_read_i.value = channel + count, 0
            await FallingEdge(bench.clock)
            expect_equal(
                split(int(dut.bias_o.value), channel_bits(), count), wanted, f"bias {channel}, iteration {iteration}"
            )

    def _shown(self, got: list[tuple[int, ...]], op: Operation, counts: list[int]) -> Iterator[list[int]]:
        wanted, rows = iter(op.results), PARAMETERS["Rows"]
        for (value,), count in zip(got, counts, strict=False):
            for channel in split(value, 32 * rows, count):
                yield [signed(number, 32) for number in split(channel, 32, len(next(wanted)))]
