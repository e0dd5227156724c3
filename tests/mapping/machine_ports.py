"""What the machine reads: memory, line buffers, the weights stream."""

from __future__ import annotations

from collections.abc import Iterator

from deepsoc.hw import Hardware

Fields = dict[str, int]


class MachineError(Exception):
    """The hardware would stop here, or do something undefined."""


def signed(value: int, bits: int) -> int:
    """Two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


class Memory:
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


class LineReader:
    """`lanes` line buffers that advance in step; iterates over what the consumer pops."""

    def __init__(self, d: Fields, port: str, memory: Memory, hw: Hardware) -> None:
        self.d, self.p, self.memory, self.hw = d, port, memory, hw
        self.beats = 0
        if port == "x":
            self.mask = d["x_mask_lo"] | d["x_mask_hi"] << 32
            self.lanes = hw.line_buffers
            self.lam0, self.off0 = d["x_lam0"], d["x_off0"]
            self.t_step = d["x_t_step"] if hw.depthwise else 0
            self.seg_bytes = (d["x_seg_bytes"], d["x_seg_bytes_last" if hw.depthwise else "x_seg_bytes"])
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


class Weights:
    """The weights stream, or the one that fills resident weights, block by block."""

    def __init__(self, d: Fields, memory: Memory, hw: Hardware, *, loads: bool = False) -> None:
        self.d, self.memory, self.hw, self.loads = d, memory, hw, loads
        self.at, self.end = 0, d["load_beats" if loads else "k_beats"] * hw.stream_bytes  # in the stream

    def resident(self) -> list[list[list[int]]]:
        """All words of the stream that fills resident weights: by word, row and column."""
        words = []
        while self.at < self.end:
            words += self.block()[0]
        return [words[i : i + self.hw.rows] for i in range(0, len(words), self.hw.rows)]

    def block(self) -> tuple[list[list[int]], list[tuple[int, int, int]]]:
        """Weight words (one weight a column each) of the next block; of its channels bias, factor and its shift."""
        hw = self.hw
        header = self._word(self.at)
        n_words, fills, n_bias = header & 0x7FFFF, bool(header >> 19 & 1), header >> 20
        self.at += hw.stream_bytes
        if fills != self.loads or (fills and n_bias):
            raise MachineError("a block of the wrong stream")
        biases_alone = bool(self.d["spread"]) and not fills
        if biases_alone != (n_words == 0) or n_words > hw.weights_ram_depth:
            raise MachineError(f"a block of {n_words} words, the RAM has {hw.weights_ram_depth}")
        size = 8 if hw.scale_bits else 4
        a_beat = min(hw.weights_ports, 2) * hw.axi_bytes // size
        places = [self.at + i // a_beat * hw.stream_bytes + size * (i % a_beat) for i in range(n_bias)]
        factors = [self._word(place + 4) if hw.scale_bits else 0 for place in places]
        biases = [
            (signed(self._word(place), 32), factor & 0x1FFFF, factor >> 17)
            for place, factor in zip(places, factors, strict=True)
        ]
        self.at += -(-n_bias // a_beat) * hw.stream_bytes
        word_bytes = hw.weight_word_bits // 8
        words = []
        for i in range(n_words):
            start = self.at + i * word_bytes
            word = int.from_bytes(bytes(self._byte(start + b) for b in range(word_bytes)), "little")
            words.append([signed(word >> (c * hw.k_bits), hw.k_bits) for c in range(hw.cols)])
        self.at += -(-n_words * hw.weight_word_bits // (8 * hw.stream_bytes)) * hw.stream_bytes
        if self.at > self.end:
            raise MachineError("the weights stream is longer than k_beats")
        return words, biases

    def _byte(self, place: int) -> int:
        """Of the stream, whose beats are spread over the ports in cells of a burst of each."""
        hw = self.hw
        beat, byte = divmod(place, hw.stream_bytes)
        if hw.weights_ports > 1:
            cell, line = divmod(beat, hw.weights_burst)
            port, byte = divmod(byte, hw.axi_bytes)
            burst = hw.weights_burst * hw.axi_bytes
            place = (cell * hw.weights_ports + port) * burst + line * hw.axi_bytes + byte
        return self.memory[self.d["load_addr" if self.loads else "k_addr"] + place]

    def _word(self, place: int) -> int:
        return int.from_bytes(bytes(self._byte(place + b) for b in range(4)), "little")
