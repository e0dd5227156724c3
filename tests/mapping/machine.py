"""An executable specification of the accelerator: descriptors and memory in, memory out, one byte at a time.

Written from docs/architecture.md and registers.toml alone, with none of the package's mapping code, and made to be
read, not to be fast. Every loop of the hardware is a loop here; the line buffers, the pixel shifter, the elastic groups
with their moving sums, the emission of columns by position and the output stage are modelled literally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from deepsoc.hw import Hardware
from deepsoc.hw.regmap import unpack_descriptor
from tests.mapping.machine_ports import Fields, LineReader, MachineError, Memory, Weights, signed

__all__ = ["MachineError", "Trace", "run"]


@dataclass
class Trace:
    """What one operation did.

    Attributes:
        tag: index of the operation.
        written: (address, byte) in the order of writing; beats are taken apart.
        vectors: (address of the first line, lines) of what goes to the writer as one, in that order; none of raw data.
        x_beats, k_beats, o_beats, y_beats: beats on the four ports, the descriptor's not included.
        steps: clocks in which the array or the pooling unit took a pixel.
        columns: results in the order of emission: (t, n, l, wo, k, the R values before packing).
    """

    tag: int
    written: list[tuple[int, int]] = field(default_factory=list)
    vectors: list[tuple[int, int]] = field(default_factory=list)
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
        ends_with_act = bool(d["act2_en"] or (d["act1_en"] and d["operand"] != 1))
        if ends_with_act == bool(d["raw_out"]):
            raise MachineError(f"operation {tag}: an activation comes last if and only if the results are not raw")
        traces.append(_Operation(d, memory, hw).run())
    return traces


def requant(a: int, shift: int, bits: int) -> int:
    """Shift right with round half to even, or left; saturate."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if shift < 0:
        return min(max(min(max(a, low), high) << -shift, low), high)
    q, rest = divmod(a, 1 << shift)
    if 2 * rest > 1 << shift or (2 * rest == 1 << shift and q & 1):
        q += 1
    return min(max(q, low), high)


class _Operation:
    """One operation; `run` does it."""

    def __init__(self, d: Fields, memory: bytearray, hw: Hardware) -> None:
        self.d, self.hw = d, hw
        self.memory = Memory(memory, hw.axi_bytes)
        self.trace = Trace(d["tag"])
        self.x = LineReader(d, "x", self.memory, hw)
        self.pixels = self.x.items(1)
        self.channels: list[tuple[int, int, int]] = []  # bias, factor, shift
        if d["operand"]:
            self.o = LineReader(d, "o", self.memory, hw)
            self.operands = self.o.items(hw.axi_bytes if d["operand"] == 2 else 1)
        self.slot = 0
        self.map: dict[int, dict[tuple[int, int], int]] = {}  # by channel what a pool in line has of a map
        self.pooled_bytes = 0  # rows of bytes of it that are written
        self.checked: set[int] = set()  # row blocks whose lines were checked
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
        if first_row not in self.checked:
            self._check_lanes(lanes, first_row)
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

    def _check_lanes(self, lanes: list[bytes | None], first_row: int) -> None:
        """Lines that hold no row of the tensor, or none that a PE reads, are not fetched."""
        hw, d = self.hw, self.d
        self.checked.add(first_row)
        used = {
            hw.line(r * d["tap"] + kh - d["pad_top"]) + hw.top_lines for r in range(hw.rows) for kh in range(d["kh"])
        }
        for f, lane in enumerate(lanes):
            tile, g = divmod(f - hw.top_lines, hw.tile_lines)
            row = first_row + tile * hw.rows + g * hw.rpb
            if lane is not None and (f not in used or not 0 <= row < d["x_rows"]):
                raise MachineError(f"line buffer {f} (row {row}) is fetched for nothing")

    # ---- convolution and dense layers --------------------------------------------------------------------------------

    def _mac(self) -> None:
        d = self.d
        weights = Weights(d, self.memory, self.hw)
        for t in range(d["t_count"]):
            words, self.channels = weights.block()
            channels = d["ch_last"] if t == d["t_count"] - 1 else d["ch_per_t"]
            if d["chain"]:
                while len(words) < d["n_words"]:
                    more, none = weights.block()
                    if none:
                        raise MachineError("a chained block brings biases")
                    words += more
            if d["spread"]:
                words = self._resident(t)
            if len(words) != d["n_words"] * (1 if d["depthwise"] else d["sw"]) or len(self.channels) != channels:
                raise MachineError(f"a block of {len(words)} words and {len(self.channels)} biases")
            for n, l, first_row in self._blocks():  # noqa: E741
                if d["flat"]:
                    self._flat_block(t, n, l, words, channels)
                else:
                    self._conv_block(t, n, l, first_row, words, channels)
        if weights.at != weights.end:
            raise MachineError("the weights stream is shorter than k_beats")
        self.trace.k_beats = d["k_beats"]

    def _resident(self, t: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
        """Weights of iteration `t`, (rows, cols) a step, of the words that stay on chip."""
        d, hw = self.d, self.hw
        if (d["w_count"], d["l_count"], d["n_count"], d["y_rows"]) != (1, 1, 1, 1):
            raise MachineError("more than one vector is spread over the rows")
        words = Weights(d, self.memory, hw, loads=True).resident()
        if len(words) != d["t_count"] * d["ci"] or d["resident"] + len(words) > hw.weights_resident:
            raise MachineError(f"{len(words)} resident words from {d['resident']} on")
        return [np.array(word) for word in words[t * d["ci"] : (t + 1) * d["ci"]]]

    def _conv_block(self, t: int, n: int, l: int, first_row: int, words: list[list[int]], channels: int) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        sets = 1 if d["depthwise"] else d["sw"]
        group = d["kw"] + sets - 1
        own = channels if d["depthwise"] else 1  # channels whose pixels the array has at once
        if d["depthwise"] and not (hw.depthwise > 1 and own <= min(hw.depthwise, hw.cols // group) and d["ci"] == 1):
            raise MachineError(f"{own} channels at once, the array has {hw.depthwise}")
        sums = np.zeros((hw.rows, hw.cols), np.int64)
        pos, wo = d["pos0"], 0
        for w in range(d["w_count"]):
            sums[:, 1:] = sums[:, :-1].copy()  # one PE to the right inside the group
            sums[:, ::group] = 0  # what enters a group on the left
            use = (w + d["pos0"]) % sets * d["n_words"]
            real = not hw.scale_bits or d["x_before"] <= w < d["x_before"] + d["x_cols"]
            for ci in range(d["ci"]):
                nothing = [None] * (d["tap"] * (hw.rows - 1) + d["kh"])
                registers = [self._window(first_row) if real else nothing for _ in range(own)]
                for kh in range(d["kh"]):
                    taps = [[channel[r * d["tap"] + kh] for channel in registers] for r in range(hw.rows)]
                    pixels = np.array([[d["x_zero"] if tap is None else tap for tap in row] for row in taps])
                    # Columns of no group have weights of 0, whatever their pixels are.
                    groups = np.minimum(np.arange(hw.cols) // group, own - 1)
                    sums += pixels[:, groups] * np.array(words[use + ci * d["kh"] + kh])
                    self.trace.steps += 1
            last = w == d["w_count"] - 1
            while wo < d["wo_count"] and (pos == d["kw"] - 1 or last):
                if d["spread"]:
                    sums[0], sums[1:] = sums.sum(axis=0), 0
                for k in range(channels):
                    column = k // sets * group + pos + k % sets
                    self._emit(t, n, l, wo, k, channels, sums[:, column].tolist())
                wo += 1
                pos -= d["sw"]
            pos += 1
        if wo != d["wo_count"]:
            raise MachineError(f"{wo} output columns instead of {d['wo_count']}")

    def _flat_block(self, t: int, n: int, l: int, words: list[list[int]], channels: int) -> None:  # noqa: E741
        d, hw = self.d, self.hw
        sums = np.zeros((hw.rows, hw.cols), np.int64)
        exists = [l * hw.rows + r < d["y_rows"] for r in range(hw.rows)]
        feature = 0
        for line in range(d["lines_flat"]):
            tile, g = divmod(line, hw.tile_lines)
            existing = min(hw.rpb, hw.rows - g * hw.rpb, d["x_rows"] - tile * hw.rows - g * hw.rpb)
            for _ in range(d["ci"]):
                lanes = next(self.pixels)
                lanes += [None] * (hw.rows - len(lanes))
                if [lane is not None for lane in lanes[: hw.rows]] != exists:
                    raise MachineError(f"batch elements of block {l}: fetched if and only if they exist")
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
                    # A window of one column ends as it begins: nothing of it is kept.
                    if d["kw"] > 1 and d["ns"] * d["ci"] > (hw.edges_ram_depth or 0):
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
        term = self.channels[k][0] if d["kind"] == 0 else d["x_term"]
        values = [v + term for v in values]
        if d["operand"] == 2:
            if any(bias for bias, _, _ in self.channels):
                raise MachineError("a bias where partial sums take its place")
            beats = b"".join(b or b"" for b in next(self.operands)[: hw.raw_beats])
            values = [v + signed(int.from_bytes(beats[4 * r : 4 * r + 4], "little"), 32) for r, v in enumerate(values)]
        self._check(values)
        factor = self.channels[k][1:] if d["kind"] == 0 else None
        if d["act1_en"]:
            values, factor = [self._act(v, 1, factor) for v in values], None
        if d["operand"] == 1:
            lanes = next(self.operands)
            for r in range(hw.rows):
                lane = lanes[r // hw.rpb]
                if (lane is not None) != (l * hw.rows + r // hw.rpb * hw.rpb < d["y_rows"]):
                    raise MachineError(f"operand line {r // hw.rpb} of block {l}: fetched if and only if it exists")
                operand = signed(lane[0] >> (r % hw.rpb * hw.x_bits), hw.x_bits) if lane else 0
                values[r] = (values[r] << d["acc_lsh"]) + (operand - d["o_zero"] << d["opd_lsh"])
            factor = None
        self._check(values)
        if d["act2_en"]:
            values = [self._act(v, 2, factor) for v in values]
        exists = [l * hw.rows + r < d["y_rows"] for r in range(hw.rows)]
        values = [v if e else 0 for v, e in zip(values, exists, strict=True)]
        self.trace.columns.append((t, n, l, wo, k, values))
        if d["pool"]:
            elements = self.map.setdefault(k, {})
            elements |= {(l * hw.rows + r, wo): v for r, v in enumerate(values) if exists[r]}
            if (wo, k) == (d["wo_count"] - 1, channels - 1):
                self._pooled_block(t, n, l)
            return
        if d["raw_out"]:
            self._write_slot(values)
        else:
            self._write_column(t, n, l, wo, k, values, exists)

    def _pooled_block(self, t: int, n: int, l: int) -> None:  # noqa: E741
        """Writes what is whole behind a row block; behind the last one of a map all that is left."""
        d, hw = self.d, self.hw
        last = l == d["l_count"] - 1
        if d["pool"] == 1:
            ends = [row * d["pool_sh"] - d["pool_pad_top"] + d["pool_kh"] for row in range(d["pool_rows"])]
            whole = d["pool_rows"] if last else sum(end <= (l + 1) * hw.rows for end in ends) // hw.rpb * hw.rpb
            for column in range(d["pool_cols"]) if whole > self.pooled_bytes * hw.rpb else ():
                for k, elements in self.map.items():
                    rows = [self._window_maximum(elements, row, column) for row in range(whole)]
                    self._write_rows(t, n, column, k, self.pooled_bytes, rows[self.pooled_bytes * hw.rpb :])
            self.pooled_bytes = -(-whole // hw.rpb)
        elif last:
            for k, elements in self.map.items():
                self._write_rows(t, n, 0, k, 0, [self._whole_map(list(elements.values()))])
        if last:
            self.map.clear()
            self.pooled_bytes = 0

    def _window_maximum(self, elements: dict[tuple[int, int], int], row: int, column: int) -> int:
        d = self.d
        top, left = row * d["pool_sh"] - d["pool_pad_top"], column * d["pool_sw"] - d["pool_pad_left"]
        taps = [(top + i, left + j) for i in range(d["pool_kh"]) for j in range(d["pool_kw"])]
        return max(elements[tap] for tap in taps if tap in elements)

    def _write_rows(self, t: int, n: int, column: int, k: int, line: int, values: list[int]) -> None:
        """Rows from a byte line of the tensor on, in one vector."""
        tile, g = divmod(line, self.hw.tile_lines)
        above = [0] * (g * self.hw.rpb)
        self._write_column(t, n, tile, column, k, above + values, [False] * len(above) + [True] * len(values))

    def _whole_map(self, values: list[int]) -> int:
        """The maximum or average of a map, rounded half to even and saturated."""
        d, bits = self.d, self.hw.x_bits
        total = max(values) if d["pool"] == 2 else sum(values)
        if d["pool"] == 3 and d["pool_count"] != len(values):
            raise MachineError(f"a map of {len(values)} elements is divided by {d['pool_count']}")
        quotient = round(Fraction(total, d["pool_count"]) * Fraction(2) ** (d["pool_steps"] - bits))
        return min(max(quotient, -(1 << (bits - 1))), (1 << (bits - 1)) - 1)

    def _act(self, a: int, i: int, factor: tuple[int, ...] | None) -> int:
        """By shifts, or by a factor and its shift: those given, or else the descriptor's."""
        d = self.d
        if self.hw.scale_bits:
            m, s = factor or (d[f"m{i}"], d[f"s{i}"])
            if a < 0:
                m, s = (0 if d[f"zero{i}"] else m), s + d[f"slope{i}"]
            y = round(Fraction(min(max(a, -(1 << 24)), (1 << 24) - 1) * m, 1 << s)) + d[f"z{i}"]
            return min(max(y, d[f"lo{i}"]), d[f"hi{i}"])
        if a < 0 and d[f"zero{i}"]:
            return 0
        return requant(a, d[f"sh{i}_pos"] if a >= 0 else d[f"sh{i}_neg"], self.hw.x_bits)

    def _check(self, values: list[int]) -> None:
        """Rows that do not exist may hold anything, but they are 0 here, so all must fit."""
        limit = 1 << (self.hw.sum_bits - 1)
        if any(not -limit <= v < limit for v in values):
            raise MachineError(f"a step does not fit {self.hw.sum_bits} bits: {values}")

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
        lines, joins, first = 0, False, 0
        for g in range(-(-len(values) // hw.rpb)):
            rows = range(g * hw.rpb, min((g + 1) * hw.rpb, len(values)))
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
            if lines == 1:  # a byte that follows another one into its beat shares it, in all lines of the tile
                joins = self.open_beat == address // hw.axi_bytes
                self.open_beat = address // hw.axi_bytes
                first = address
        self.trace.vectors.append((first, lines))
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
