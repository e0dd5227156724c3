"""When the operations of a plan run, with a memory that has a latency and a bandwidth.

Array clocks, bytes and overheads come from `deepsoc.mapping`; this module adds what the four ports need. Ports work
beside the array, so an iteration takes the longest of array, pixels, operands, outputs; the weights of the next
iterations load into the second bank meanwhile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan
from deepsoc.mapping.geometry import split
from deepsoc.mapping.operations import Operation
from deepsoc.mapping.ports import Reader
from deepsoc.perf import constants as const

__all__ = ["TERMS", "Cpu", "Memory", "OperationTime", "operation_times", "softmax_clocks"]

TERMS = ("array", "results", "pixels", "weights", "operands", "outputs", "memory", "latency", "overhead")
"""What can bind an operation; `results`: the array waits because results leave one channel a clock; `memory`: all ports
together wait for the memory behind them."""


@dataclass(frozen=True)
class Memory:
    """The DRAM as each port sees it.

    Attributes:
        latency_clocks: clocks from an accepted address to its first data, and from the last data to the answer.
        efficiency: share of the clocks in which a port can move a beat.
        gb_per_s: 10^9 bytes a second that the memory moves for all ports together.

    Raises:
        InputError: a value is out of range.
    """

    latency_clocks: int = 16
    efficiency: float = 1.0
    gb_per_s: float = math.inf

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 <= self.latency_clocks <= 100_000:
            raise InputError(f"expected 0 … 100000 clocks, received {self.latency_clocks}", where="latency_clocks")
        if not 0 < self.efficiency <= 1:
            raise InputError(f"expected more than 0, at most 1, received {self.efficiency}", where="efficiency")
        if not self.gb_per_s > 0:
            raise InputError(f"expected more than 0 GB/s, received {self.gb_per_s}", where="gb_per_s")

    def clocks_per_byte(self, frequency_mhz: float) -> float:
        """Clocks in which the memory moves a byte for any port."""
        return frequency_mhz / (1e3 * self.gb_per_s)


@dataclass(frozen=True)
class Cpu:
    """The CPU that runs the firmware, one instruction a clock; what is left for it in a network is the softmax.

    Attributes:
        frequency_mhz: its clock; None: the accelerator's.
        float_unit: whether it has a floating-point unit (Arm Cortex-A, RV32IMAFC) or computes with integers (RV32IMC).

    Raises:
        InputError: a value is out of range.
    """

    frequency_mhz: float | None = None
    float_unit: bool = True

    def __post_init__(self) -> None:
        """Check the range."""
        if self.frequency_mhz is not None and not 0 < self.frequency_mhz <= 10_000:
            raise InputError(f"expected more than 0, at most 10000 MHz, received {self.frequency_mhz}", where="cpu_mhz")


def softmax_clocks(plan: Plan, cpu: Cpu) -> int:
    """Clocks of the CPU for the softmax of a network, of its whole batch; 0 if it has none."""
    if not plan.graph.bundles[-1].softmax:
        return 0
    element = const.SOFTMAX_FLOAT_UNIT if cpu.float_unit else const.SOFTMAX_SOFT_FLOAT
    return element * math.prod(plan.output.shape)


@dataclass(frozen=True)
class OperationTime:
    """Clocks of one operation, from the end of the one before it to its last acknowledged write.

    Attributes:
        clocks: end to end.
        array: steps of the array.
        results: clocks on top in which the array waits for its results to leave.
        pixels: clocks that the pixel port needs for the whole operation, were it alone.
        weights: the same of the weights port.
        operands: the same of the operand port.
        outputs: the same of the output port.
        memory: clocks that the memory needs for the bytes of all ports.
        latency: memory latency before the first step and behind the last, and start of the network.
        overhead: clocks of sequencer and pipelines, first pixels, last results.
        bound: which of TERMS binds it.
    """

    clocks: float
    array: float
    results: float
    pixels: float
    weights: float
    operands: float
    outputs: float
    memory: float
    latency: float
    overhead: float
    bound: str


def operation_times(plan: Plan, memory: Memory) -> list[OperationTime]:
    """Times of the operations of a plan, in their order; they add up to the time of the network.

    Args:
        plan: the network on its hardware.
        memory: what is behind the ports.
    """
    weights = _Weights(plan.hw, memory)
    clock, times = 0.0, []
    descriptor = const.START + _descriptor(plan.hw, memory)
    for op, cost in zip(plan.operations, plan.costs, strict=True):
        before, start = clock, max(clock, descriptor)
        weights.stream_from(descriptor + memory.latency_clocks + const.STREAM)
        descriptor = start + _descriptor(plan.hw, memory)
        ports = _ports(op, plan.hw, memory, cost.clocks)
        step = start + cost.overhead_clocks - op.loops.ch_last - const.END + memory.latency_clocks
        begin, body = step, 0.0
        for t in range(op.loops.t):
            busiest = max(port[t] for port in ports.values())
            step = weights.iteration(op, t, step, busiest) if op.kind == "mac" else step + busiest
            body += busiest
        moved = cost.x_bytes + cost.k_bytes + cost.o_bytes + cost.y_bytes
        moving = moved * memory.clocks_per_byte(plan.hw.frequency_mhz)
        clock = step + op.loops.ch_last + const.END + memory.latency_clocks
        terms = {name: sum(port) for name, port in ports.items()} | {
            "array": float(cost.clocks - cost.drain_clocks), "results": float(cost.drain_clocks),
            "weights": weights.take_loaded(), "latency": 2 * memory.latency_clocks + start - before,
            "overhead": float(cost.overhead_clocks), "memory": moving,
        }  # fmt: skip
        bound = _bound(terms, body, step - begin - body)
        if moving > clock - before:
            clock, bound = before + moving, "memory"
        times.append(OperationTime(clock - before, **terms, bound=bound))
    return times


def _bound(terms: dict[str, float], body: float, waits: float) -> str:
    """The term that takes longest; `body`: clocks of all iterations, and `waits` for weights on top."""
    if max(terms["latency"], terms["overhead"]) > body + waits:
        return max(("latency", "overhead"), key=terms.__getitem__)
    array = terms["array"] + terms["results"]
    if waits > max(const.NOTABLE * body, body - array):
        return "weights"
    port = max(("pixels", "operands", "outputs"), key=terms.__getitem__)
    if terms[port] > array:
        return port
    return "results" if terms["results"] > const.NOTABLE * array else "array"


def _descriptor(hw: Hardware, memory: Memory) -> float:
    """Clocks to fetch a descriptor: its bursts follow each other, each waits for the one before."""
    beats = const.DESCRIPTOR_BYTES // hw.axi_bytes
    bursts = -(-beats // hw.axi_max_burst)
    return bursts * (memory.latency_clocks + const.DESCRIPTOR_BURST) + beats / memory.efficiency + const.DESCRIPTOR


def _ports(op: Operation, hw: Hardware, memory: Memory, clocks: int) -> dict[str, list[float]]:
    """Clocks of every iteration in the array and in the ports for pixels, operands and outputs."""
    loops = op.loops
    count, blocks = loops.t, loops.n * loops.l
    operands = [0.0] * count
    if o := op.stage.o:
        operands = [_fetch(o, hw, memory, t, clocks / o.t / (o.n * o.l)) for t in range(o.t)]
        operands = operands if o.t == count else [sum(operands) / count] * count
    return {
        "array": [clocks / count] * count,
        "pixels": [_fetch(op.x, hw, memory, t, clocks / count / blocks) for t in range(count)],
        "operands": operands,
        "outputs": [op.y.beats(hw, loops) / memory.efficiency / count] * count,
    }


def _fetch(reader: Reader, hw: Hardware, memory: Memory, t: int, array: float) -> float:
    """Clocks of a line reader in iteration `t`, when the array takes `array` clocks a row block.

    A chunk of every line is one step; its period is the longest of sending its addresses, moving its beats, filling
    again the buffer that the array has emptied (const.SLOTS of them), and the bursts that may be under way.
    """
    grid, beat = hw.grid_bytes, hw.axi_bytes
    starts = reader.off0 + t * reader.t_step + np.arange(reader.seg_count, dtype=np.int64) * reader.seg_step
    ends = starts + (reader.seg_bytes_last if t == reader.t - 1 else reader.seg_bytes) - 1
    chunks = int(np.sum(ends // grid - starts // grid + 1))
    line_beats = float(np.sum(ends // beat - starts // beat + 1)) / chunks
    buffers = np.array([f for f in range(reader.mask.bit_length()) if reader.mask >> f & 1])
    lines = buffers + reader.lam0 + np.arange(reader.l)[:, None] * reader.lam_step
    needed = np.sum((lines >= 0) & (lines < reader.lines), axis=1)
    beats = needed * line_beats / memory.efficiency
    refill = memory.latency_clocks + needed + beats + const.REFILL
    bursts = needed * (memory.latency_clocks + const.BURST + line_beats) / const.BURSTS
    period = np.maximum.reduce([1 + needed, beats, (array / chunks + refill) / const.SLOTS, bursts])
    return reader.n * float(np.sum(1 + chunks * period))


class _Weights:
    """The weights port: blocks load one after the other into two banks."""

    def __init__(self, hw: Hardware, memory: Memory) -> None:
        self._hw = hw
        burst = min(hw.axi_max_burst, const.WEIGHTS_BURST, 4096 // hw.axi_bytes)
        self._buffer = max(4 * burst, 16)
        self._rate = min(memory.efficiency, self._buffer / (memory.latency_clocks + burst + const.WEIGHTS_TURN))
        self._loaded, self._spent = 0.0, 0.0
        self._released = [0.0, 0.0]

    def stream_from(self, clock: float) -> None:
        """The first data of the next stream can be there at `clock`."""
        self._loaded = max(self._loaded, clock)

    def take_loaded(self) -> float:
        """Clocks spent on loading since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent

    def iteration(self, op: Operation, t: int, step: float, busiest: float) -> float:
        """When iteration `t` ends that could begin at `step` and takes `busiest` clocks with its weights there."""
        hw, words = self._hw, op.loops.words * op.loops.sw
        blocks = split(words, hw.weights_ram_depth)
        for start, stop in blocks:
            count = stop - start
            bias = -(-op.loops.channels(t) * 32 // hw.axi_data_bits) if start == 0 else 0
            beats = 1 + bias - (-count * hw.weight_word_bits // hw.axi_data_bits)
            begin = max(self._loaded, self._released[0])
            ahead = min(self._buffer, (begin - self._loaded) * self._rate)
            load = max(1 + bias + count, ahead + (beats - ahead) / self._rate) + const.BLOCK
            self._loaded = begin + load
            self._spent += max(1 + bias + count, beats / self._rate) + const.BLOCK
            share = busiest * count / words
            tail = max(share - words, 1.0) if len(blocks) == 1 else 1.0
            step = max(max(step, begin + 1 + bias + const.BLOCK) + share, self._loaded + tail)
            self._released = [self._released[1], step]
        return step
