"""An executable specification of the accelerator: descriptors and memory in, memory out, one byte at a time.

Written from docs/architecture.md and registers.toml alone, with none of the package's mapping code, and made to be
read, not to be fast. Every loop of the hardware is a loop here; the line buffers, the pixel shifter, the elastic groups
with their moving sums, the emission of columns by position and the output stage are modelled literally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from deepsoc.hw import Hardware
from deepsoc.hw.regmap import unpack_descriptor

Fields = dict[str, int]


class MachineError(Exception):
    """The hardware would stop here, or do something undefined."""


@dataclass
class Trace:
    """What one operation did.

    Attributes:
        tag: index of the operation.
        written: (address, byte) in the order of writing; beats are taken apart.
        x_beats, k_beats, o_beats, y_beats: beats on the four ports, the descriptor's not included.
        steps: clocks in which the array or the pooling unit took a pixel.
        columns: results in the order of emission: (t, n, l, wo, k, the R values before packing).
    """

    tag: int
    written: list[tuple[int, int]] = field(default_factory=list)
    x_beats: int = 0
    k_beats: int = 0
    o_beats: int = 0
    y_beats: int = 0
    steps: int = 0
    columns: list[tuple[int, int, int, int, int, list[int]]] = field(default_factory=list)


def run(
    descriptors: Sequence[Sequence[int]],
    memory: bytearray,
    hw: Hardware,
    *,
    net_id: int | None = None,
    only: int | None = None,
) -> list[Trace]:
    """Runs a descriptor table on a memory image of the arena, in place.

    Args:
        descriptors: 64 words each.
        memory: the arena; weights and input tensor are there.
        hw: parameters, every maximum known.
        net_id: the NET_ID register; None takes the first descriptor's.
        only: run this operation alone.

    Returns:
        One trace for each operation that ran.

    Raises:
        MachineError: wrong order or network, a weights block that disagrees, an address outside the arena.
    """
    traces = []
    for tag, words in enumerate(descriptors):
        if only is not None and tag != only:
            continue
        d = unpack_descriptor([int(w) for w in words])
        net_id = d["net_id"] if net_id is None else net_id
        if d["tag"] != tag or d["net_id"] != net_id:
            raise MachineError(f"operation {tag}: tag {d['tag']} of network {d['net_id']:#x}")
        traces.append(_Operation(d, memory, hw).run())
    return traces


def signed(value: int, bits: int) -> int:
    """Two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def requant(a: int, shift: int, bits: int) -> int:
    """Shift right with round half to even, or left; saturate."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if shift < 0:
        return min(max(min(max(a, low), high) << -shift, low), high)
    q, rest = divmod(a, 1 << shift)
    if 2 * rest > 1 << shift or (2 * rest == 1 << shift and q & 1):
        q += 1
    return min(max(q, low), high)


class _Memory:
    """Bytes and beats of the arena, with bounds."""

    def __init__(self, data: bytearray, axi_bytes: int) -> None:
        self.data = data
        self.axi_bytes = axi_bytes

    def __getitem__(self, address: int) -> int:
        address %= 1 << 32
        if address >= len(self.data):
            raise MachineError(f"read at {address:#x}, outside the arena")
        return self.data[address]

    def word(self, address: int) -> int:
        return int.from_bytes(bytes(self[address + i] for i in range(4)), "little")


class _LineReader:
    """`lanes` line buffers that advance in step; iterates over what the consumer pops."""

    def __init__(self, d: Fields, port: str, memory: _Memory, hw: Hardware) -> None:
        self.d, self.p, self.memory, self.hw = d, port, memory, hw
        self.beats = 0
        if port == "x":
            self.mask = d["x_mask_lo"] | d["x_mask_hi"] << 32
            self.lanes = hw.line_buffers
            self.lam0, self.off0, self.t_step = d["x_lam0"], d["x_off0"], 0
            self.seg_bytes = (d["x_seg_bytes"], d["x_seg_bytes"])
            self.counts = (d["t_count"], d["n_count"], d["l_count"])
        else:
            self.lanes = max(hw.tile_lines, hw.raw_beats)
            self.mask = (1 << self.lanes) - 1 if d["operand"] == 2 else (1 << hw.tile_lines) - 1
            self.lam0, self.off0, self.t_step = 0, 0, d["o_t_step"]
            self.seg_bytes = (d["o_seg_bytes"], d["o_seg_bytes_last"])
            self.counts = (d["o_t_count"], d["o_n_count"], d["o_l_count"])
        if self.mask >> self.lanes:
            raise MachineError(f"mask {self.mask:#x} names more than {self.lanes} line buffers")

    def items(self, unit: int) -> Iterator[list[bytes | None]]:
        """`unit` bytes of every line buffer at a time; None where a line is not fetched."""
        d, p = self.d, self.p
        for t in range(self.counts[0]):
            length = self.seg_bytes[t == self.counts[0] - 1]
            for n in range(self.counts[1]):
                for l in range(self.counts[2]):  # noqa: E741
                    base = d[f"{p}_base"] + n * d[f"{p}_n_pitch"] + l * d[f"{p}_l_pitch"]
                    needed = [
                        bool(self.mask >> f & 1) and 0 <= self.lam0 + l * d[f"{p}_lam_step"] + f < d[f"{p}_lines"]
                        for f in range(self.lanes)
                    ]
                    for segment in range(d[f"{p}_seg_count"]):
                        off = self.off0 + t * self.t_step + segment * d[f"{p}_seg_step"]
                        self._count_bursts(off, off + length, sum(needed))
                        for at in range(off, off + length, unit):
                            yield [
                                bytes(self.memory[base + f * d[f"{p}_line_pitch"] + at + i] for i in range(unit))
                                if needed[f]
                                else None
                                for f in range(self.lanes)
                            ]

    def _count_bursts(self, start: int, end: int, lines: int) -> None:
        """One burst a line for each cell of GRID bytes that the segment touches."""
        grid, beat = self.hw.grid_bytes, self.hw.axi_bytes
        while start < end:
            cell_end = min((start // grid + 1) * grid, end)
            self.beats += ((cell_end - 1) // beat - start // beat + 1) * lines
            start = cell_end


class _Weights:
    """The weights stream, block by block."""

    def __init__(self, d: Fields, memory: _Memory, hw: Hardware) -> None:
        self.d, self.memory, self.hw = d, memory, hw
        self.at = d["k_addr"]
        self.end = d["k_addr"] + d["k_beats"] * hw.axi_bytes

    def block(self) -> tuple[list[list[int]], list[int]]:
        """Weight words (one weight a column each) and biases of the next block."""
        hw = self.hw
        header = self.memory.word(self.at)
        n_words, n_bias = header & 0xFFFFF, header >> 20
        self.at += hw.axi_bytes
        if not 0 < n_words <= hw.weights_ram_depth:
            raise MachineError(f"a block of {n_words} words, the RAM has {hw.weights_ram_depth}")
        biases = [signed(self.memory.word(self.at + 4 * i), 32) for i in range(n_bias)]
        self.at += -(-n_bias * 32 // hw.axi_data_bits) * hw.axi_bytes
        word_bytes = hw.weight_word_bits // 8
        words = []
        for i in range(n_words):
            start = self.at + i * word_bytes
            word = int.from_bytes(bytes(self.memory[start + b] for b in range(word_bytes)), "little")
            words.append([signed(word >> (c * hw.k_bits), hw.k_bits) for c in range(hw.cols)])
        self.at += -(-n_words * hw.weight_word_bits // hw.axi_data_bits) * hw.axi_bytes
        if self.at > self.end:
            raise MachineError("the weights stream is longer than k_beats")
        return words, biases


class _Operation:
    """One operation; `run` does it."""

    def __init__(self, d: Fields, memory: bytearray, hw: Hardware) -> None:
        self.d, self.hw = d, hw
        self.memory = _Memory(memory, hw.axi_bytes)
        self.trace = Trace(d["tag"])
        self.x = _LineReader(d, "x", self.memory, hw)
        self.pixels = self.x.items(1)
        self.biases: list[int] = []
        if d["operand"]:
            self.o = _LineReader(d, "o", self.memory, hw)
            self.operands = self.o.items(hw.axi_bytes if d["operand"] == 2 else 1)
        self.slot = 0
        self.open_beat: int | None = None  # that the writer fills in the first line of a tile

    def run(self) -> Trace:
        if self.d["kind"] == 0:
            self._mac()
        else:
            self._pooling()
        for port, items in (("x", self.pixels), ("o", self.operands if self.d["operand"] else iter(()))):
            if next(items, None) is not None:
                raise MachineError(f"port {port} was told to read more than was used")
        self.trace.x_beats = self.x.beats
        self.trace.o_beats = self.o.beats if self.d["operand"] else 0
        return self.trace

    def _blocks(self) -> Iterator[tuple[int, int, int]]:
        for n in range(self.d["n_count"]):
            for l in range(self.d["l_count"]):  # noqa: E741
                yield n, l, l * self.d["row_step"]

    # ---- pixels ------------------------------------------------------------------------------------------------------

    def _window(self, first_row: int) -> list[int | None]:
        """The registers of the pixel shifter for the next (w, ci): PE row r reads register r*tap + kh; None: no row."""
        hw, d = self.hw, self.d
        lanes = next(self.pixels)
        above = hw.top_lines
        registers: list[int | None] = []
        for i in range(d["tap"] * (hw.rows - 1) + d["kh"]):
            row = i - d["pad_top"]  # relative to the block
            if not 0 <= first_row + row < d["x_rows"]:
                registers.append(None)
                continue
            lane = lanes[hw.line(row) + above]
            if lane is None:
                if any(r * d["tap"] <= i < r * d["tap"] + d["kh"] for r in range(hw.rows)):
                    raise MachineError(f"row {first_row + row} is needed and was not fetched")
                registers.append(None)
                continue
            registers.append(signed(lane[0] >> (row % hw.rows % hw.rpb * hw.x_bits), hw.x_bits))
        return registers

    # ---- convolution and dense layers --------------------------------------------------------------------------------

    def _mac(self) -> None:
        d = self.d
        weights = _Weights(d, self.memory, self.hw)
        for t in range(d["t_count"]):
            words, self.biases = weights.block()
            channels = d["ch_last"] if t == d["t_count"] - 1 else d["ch_per_t"]
            if d["chain"]:
                while len(words) < d["n_words"]:
                    more, none = weights.block()
                    if none:
                        raise MachineError("a chained block brings biases")
                    words += more
            if len(words) != d["n_words"] * d["sw"] or len(self.biases) != channels:
                raise MachineError(f"a block of {len(words)} words and {len(self.biases)} biases")
            for n, l, first_row in self._blocks():  # noqa: E741
                if d["flat"]:
                    self._flat_block(t, n, l, words, channels)
                else:
                    self._conv_block(t, n, l, first_row, words, channels)
        if weights.at != weights.end:
            raise MachineError("the weights stream is shorter than k_beats")
        self.trace.k_beats = d["k_beats"]

    def _conv_block(self, t: int, n: int, l: int, first_row: int, words: list[list[int]], channels: int) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        group = d["kw"] + d["sw"] - 1
        sums = np.zeros((hw.rows, hw.cols), np.int64)
        pos, wo = d["pos0"], 0
        for w in range(d["w_count"]):
            sums[:, 1:] = sums[:, :-1].copy()  # one PE to the right inside the group
            sums[:, ::group] = 0  # what enters a group on the left
            use = (w + d["pos0"]) % d["sw"] * d["n_words"]
            for ci in range(d["ci"]):
                registers = self._window(first_row)
                for kh in range(d["kh"]):
                    pixels = [registers[r * d["tap"] + kh] or 0 for r in range(hw.rows)]
                    sums += np.outer(pixels, words[use + ci * d["kh"] + kh])
                    self.trace.steps += 1
            last = w == d["w_count"] - 1
            while wo < d["wo_count"] and (pos == d["kw"] - 1 or last):
                for k in range(channels):
                    column = k // d["sw"] * group + pos + k % d["sw"]
                    self._emit(t, n, l, wo, k, channels, sums[:, column].tolist())
                wo += 1
                pos -= d["sw"]
            pos += 1
        if wo != d["wo_count"]:
            raise MachineError(f"{wo} output columns instead of {d['wo_count']}")

    def _flat_block(self, t: int, n: int, l: int, words: list[list[int]], channels: int) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        sums = np.zeros((hw.rows, hw.cols), np.int64)
        feature = 0
        for line in range(d["lines_flat"]):
            tile, g = divmod(line, hw.tile_lines)
            existing = min(hw.rpb, hw.rows - g * hw.rpb, d["x_rows"] - tile * hw.rows - g * hw.rpb)
            for _ in range(d["ci"]):
                lanes = next(self.pixels)
                lanes += [None] * (hw.rows - len(lanes))
                for kh in range(existing):
                    pixels = [signed(b[0] >> (kh * hw.x_bits), hw.x_bits) if b else 0 for b in lanes[: hw.rows]]
                    sums += np.outer(pixels, words[feature])
                    self.trace.steps += 1
                    feature += 1
        if feature != d["n_words"]:
            raise MachineError(f"{feature} features instead of {d['n_words']}")
        for k in range(channels):
            self._emit(t, n, l, 0, k, channels, sums[:, k].tolist())

    # ---- pools -------------------------------------------------------------------------------------------------------

    def _pooling(self) -> None:
        d, hw = self.d, self.hw
        is_max = d["kind"] == 1
        for n, l, first_row in self._blocks():  # noqa: E741
            edges: dict[tuple[int, int], list[tuple[int, int]]] = {}  # by (output column, ci), each row
            pos, wo = d["pos0"], 0
            for w in range(d["w_count"]):
                for ci in range(d["ci"]):
                    self.trace.steps += d["kh_count"]
                    vertical = [(0, 0)] * hw.rows
                    if w < d["x_cols"]:
                        registers = self._window(first_row)
                        vertical = [
                            _reduce([registers[r * d["tap"] + kh] for kh in range(d["kh"])], is_max=is_max)
                            for r in range(hw.rows)
                        ]
                    opened = [o for o in range(wo, d["wo_count"]) if 0 <= w + d["pos0"] - o * d["sw"] < d["kw"]]
                    for o in opened:
                        old = edges.get((o, ci), [(0, 0)] * hw.rows)
                        edges[o, ci] = [_join(a, b, is_max=is_max) for a, b in zip(old, vertical, strict=True)]
                    if len(opened) > d["ns"]:
                        raise MachineError(f"{len(opened)} open windows, room for {d['ns']}")
                    if d["ns"] * d["ci"] > (hw.edges_ram_depth or 0):
                        raise MachineError("the edges RAM is too small")
                if pos == d["kw"] - 1:
                    for ci in range(d["ci"]):
                        values = edges.pop((wo, ci))
                        self._emit(0, n, l, wo, ci, d["ci"], [self._pooled(v, is_max=is_max) for v in values])
                    wo += 1
                    pos -= d["sw"]
                pos += 1
            if wo != d["wo_count"]:
                raise MachineError(f"{wo} output columns instead of {d['wo_count']}")

    def _pooled(self, value: tuple[int, int], *, is_max: bool) -> int:
        """Result of a window: the maximum, or 4 * floor(|sum| / count) with guard and sticky bit, sign restored."""
        total, count = value
        if is_max or count == 0:
            return total
        quotient, rest = divmod(abs(total) << self.d["avg_lsh"], count)
        tail = (0 if rest == 0 else 1) if 2 * rest < count else 2 + (2 * rest > count)
        return (1 if total >= 0 else -1) * (4 * quotient + tail)

    # ---- output stage and writer -------------------------------------------------------------------------------------

    def _emit(self, t: int, n: int, l: int, wo: int, k: int, channels: int, values: list[int]) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        if d["kind"] == 0:
            values = [v + self.biases[k] for v in values]
        if d["operand"] == 2:
            beats = b"".join(b or b"" for b in next(self.operands)[: hw.raw_beats])
            values = [v + signed(int.from_bytes(beats[4 * r : 4 * r + 4], "little"), 32) for r, v in enumerate(values)]
        self._check(values)
        values = [self._act(v, 1) for v in values]
        if d["operand"] == 1:
            lanes = next(self.operands)
            for r in range(hw.rows):
                lane = lanes[r // hw.rpb]
                operand = signed(lane[0] >> (r % hw.rpb * hw.x_bits), hw.x_bits) if lane else 0
                values[r] = (values[r] << d["acc_lsh"]) + (operand << d["opd_lsh"])
        self._check(values)
        values = [self._act(v, 2) for v in values]
        exists = [l * hw.rows + r < d["y_rows"] for r in range(hw.rows)]
        values = [v if e else 0 for v, e in zip(values, exists, strict=True)]
        self.trace.columns.append((t, n, l, wo, k, values))
        if d["raw_out"]:
            self._write_slot(values)
        else:
            self._write_column(t, n, l, wo, k, values, exists)

    def _act(self, a: int, i: int) -> int:
        d = self.d
        if not d[f"act{i}_en"]:
            return a
        if a < 0 and d[f"zero{i}"]:
            return 0
        return requant(a, d[f"sh{i}_pos"] if a >= 0 else d[f"sh{i}_neg"], self.hw.x_bits)

    def _check(self, values: list[int]) -> None:
        """Rows that do not exist may hold anything, but they are 0 here, so all must fit."""
        if any(not -(1 << 31) <= v < 1 << 31 for v in values):
            raise MachineError(f"a step does not fit 32 bits: {values}")

    def _write_slot(self, values: list[int]) -> None:
        data = b"".join((v & 0xFFFFFFFF).to_bytes(4, "little") for v in values)
        data = data.ljust(self.hw.raw_beats * self.hw.axi_bytes, b"\0")
        base = self.d["y_base"] + self.slot * self.d["y_raw_step"]
        for i, byte in enumerate(data):
            self._put(base + i, byte)
        self.trace.y_beats += self.hw.raw_beats
        self.slot += 1

    def _write_column(self, t: int, n: int, l: int, wo: int, k: int, values: list[int], exists: list[bool]) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        lines, joins = 0, False
        for g in range(hw.tile_lines):
            rows = range(g * hw.rpb, min((g + 1) * hw.rpb, hw.rows))
            if not exists[rows[0]]:
                continue
            byte = 0
            for r in rows:
                if not -(1 << (hw.x_bits - 1)) <= values[r] < 1 << (hw.x_bits - 1):
                    raise MachineError(f"a result does not fit {hw.x_bits} bits: {values[r]}")
                byte |= (values[r] & ((1 << hw.x_bits) - 1)) << (r % hw.rpb * hw.x_bits)
            line = d["y_base"] + n * d["y_n_pitch"] + l * d["y_l_pitch"] + g * d["y_line_pitch"]
            address = line + wo * d["y_wo_step"] + t * d["ch_per_t"] + k
            self._put(address, byte)
            lines += 1
            if g == 0:  # a byte that follows another one into its beat shares it, in all lines of the tile
                joins = self.open_beat == address // hw.axi_bytes
                self.open_beat = address // hw.axi_bytes
        self.trace.y_beats += 0 if joins else lines

    def _put(self, address: int, byte: int) -> None:
        if not 0 <= address < len(self.memory.data):
            raise MachineError(f"write at {address:#x}, outside the arena")
        self.memory.data[address] = byte
        self.trace.written.append((address, byte))


def _reduce(values: list[int | None], *, is_max: bool) -> tuple[int, int]:
    """(maximum or sum, number) of the values that exist."""
    real = [v for v in values if v is not None]
    return ((max(real) if is_max else sum(real)) if real else 0), len(real)


def _join(a: tuple[int, int], b: tuple[int, int], *, is_max: bool) -> tuple[int, int]:
    if is_max and a[1] and b[1]:
        return max(a[0], b[0]), a[1] + b[1]
    return a[0] + b[0], a[1] + b[1]
