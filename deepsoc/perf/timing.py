"""When the operations of a plan run, with a memory that has a latency and a bandwidth.

Array clocks, bytes and overheads come from `deepsoc.mapping`; this module adds what the four ports need. Ports work
beside the array, so an iteration takes the longest of array, pixels, operands, outputs; the weights of the next
iterations load into the second bank meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan
from deepsoc.mapping.geometry import split
from deepsoc.mapping.plan import Cost
from deepsoc.mapping.ports import Reader, Work
from deepsoc.perf import constants as const
from deepsoc.perf.overlap import Behind, over_clocks, reads_behind

__all__ = ["TERMS", "Cpu", "Memory", "OperationTime", "operation_times", "softmax_clocks", "work_times"]

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
    return work_times([op.work for op in plan.operations], plan.costs, plan.hw, memory)


def work_times(works: Sequence[Work], costs: Sequence[Cost], hw: Hardware, memory: Memory) -> list[OperationTime]:
    """The same of operations without their plan, as an export has them.

    Args:
        works: of the operations, in their order.
        costs: of the operations.
        hw: the accelerator, every maximum known.
        memory: what is behind the ports.
    """
    weights = _Weights(hw, memory)
    clock = over = settled = 0.0  # last acknowledgement and last result of the operation before; the one before that
    times: list[OperationTime] = []
    descriptor = const.START + _descriptor(hw, memory)
    behind: Behind | None = None
    for i, (op, cost) in enumerate(zip(works, costs, strict=True)):
        before, start = clock, max(over, descriptor)
        pixels = max(settled, descriptor + hw.line_buffers + const.TABLE)
        beats = (cost.k_bytes - const.DESCRIPTOR_BYTES) // hw.stream_bytes
        more = len(times) + 1 < len(works)
        ahead = weights.stream_from(descriptor + memory.latency_clocks + const.STREAM, beats, start if more else None)
        descriptor = start + _descriptor(hw, memory) + ahead
        ports = _ports(op, hw, memory, cost.clocks)
        last = op.last_clocks(hw) + _last_operands(op, hw, memory) + const.END
        first = cost.overhead_clocks - op.last_clocks(hw) - const.END
        there = pixels + first + memory.latency_clocks
        step = max(start + const.HANDOVER, there, behind.first if behind else 0.0)
        begin, body, beside = step, 0.0, _beside_weights(op, cost, hw)
        for t in range(op.loops.t):
            busiest = max(port[t] for port in ports.values())
            array = ports["array"][t]
            step = weights.iteration(op, t, step, busiest, array, beside) if op.kind == "mac" else step + busiest
            body += busiest
            if t == 0:
                late = max(_late(op, hw, memory, busiest, before, behind), step)
                begin, step = begin + (late - step), late
        moved = cost.x_bytes + cost.k_bytes + cost.o_bytes + cost.y_bytes
        moving = moved * memory.clocks_per_byte(hw.frequency_mhz)
        clock, over, settled = step + last + memory.latency_clocks, step + over_clocks(op, hw), before
        behind = None
        if i + 1 < len(works) and works[i + 1].x.buffer == op.y.buffer:
            behind = reads_behind(
                works[i + 1], op, hw, memory.latency_clocks, clocks=cost.clocks, end=step, done=clock
            )  # fmt: skip
        terms = {name: sum(port) for name, port in ports.items()} | {
            "outputs": max(op.beats(hw) / memory.efficiency, sum(_pooled(op, cost.clocks))),
            "array": float(cost.clocks - cost.drain_clocks), "results": float(cost.drain_clocks),
            "weights": weights.take_loaded(), "latency": max(memory.latency_clocks + begin - before - first, 0.0),
            "overhead": float(cost.overhead_clocks), "memory": moving,
        }  # fmt: skip
        bound = _bound(terms, body, step - begin - body)
        if moving > clock - before:
            clock, bound = before + moving, "memory"
        times.append(OperationTime(clock - before, **terms, bound=bound))
    return times


def _late(op: Work, hw: Hardware, memory: Memory, busiest: float, done: float, behind: Behind | None) -> float:
    """Clock before which the first iteration cannot end: its last pixels, its first operands, are there at `done`."""
    late = behind.last + behind.share * busiest if behind else 0.0
    if op.o and done:
        columns = op.loops.n * op.loops.l * op.loops.w
        read = memory.latency_clocks + hw.tile_lines + const.REFILL
        late = max(late, done + read + busiest * max(columns - 2, 0) / columns)
    return late


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


def _ports(op: Work, hw: Hardware, memory: Memory, clocks: int) -> dict[str, list[float]]:
    """Clocks of every iteration in the array and in the ports for pixels, operands and outputs."""
    loops, pooled = op.loops, op.results
    count, blocks = loops.t, loops.n * loops.l
    operands = [0.0] * count
    if o := op.o:
        results = blocks * loops.wo * loops.co
        operands = _fetch(o, hw, memory, results / o.t / (o.n * o.l), clocks)
        operands = operands if o.t == count else [sum(operands) / count] * count
    taken = [blocks * loops.x_cols * op.pixel_clocks(hw, t) for t in range(count)]
    fetched = _fetch(op.x, hw, memory, clocks / count / blocks)
    written = _written(op, hw, memory, clocks / (count * loops.n * pooled.l * pooled.wo))
    return {
        "array": [clocks / count] * count,
        "pixels": [float(max(both)) for both in zip(fetched, taken, strict=True)],
        "operands": operands,
        "outputs": [max(written / count, finishing) for finishing in _pooled(op, clocks)],
    }


def _pooled(op: Work, clocks: int) -> list[float]:
    """Clocks of every iteration in a pool in line, those behind the last result left out.

    They stop the array where they take longer than it, but for the column that its results wait in.
    """
    loops = op.loops
    if op.pool is None:
        return [0.0] * loops.t
    found = [float(loops.n * op.pool.map_clocks(loops, loops.channels(t))) for t in range(loops.t)]
    found[-1] -= op.pool.last_clocks(loops.ch_last)
    found[0] = max(found[0] - clocks / (loops.t * loops.n * loops.l * loops.wo), 0.0)
    return found


def _beside_weights(op: Work, cost: Cost, hw: Hardware) -> float:
    """Beats of an iteration on the busier of the ports that weights come by too."""
    pixels = cost.x_bytes if hw.weights_ports > 2 else 0
    operands = cost.o_bytes if hw.weights_ports > 1 else 0
    return max(pixels, operands) / hw.axi_bytes / op.loops.t


def _last_operands(op: Work, hw: Hardware, memory: Memory) -> float:
    """Clocks that the results of the last column wait for partial sums, of which each fills a buffer of its own."""
    if op.o is None or not op.o.whole_beats(hw):
        return 0.0
    turn = memory.latency_clocks + 1 + hw.raw_beats / memory.efficiency + const.REFILL
    return _waits(op.loops.ch_last, const.SLOTS) * turn


def _written(op: Work, hw: Hardware, memory: Memory, column: float) -> float:
    """Clocks of the output port, but for the last beats, which leave behind the last step.

    The first column of results is there after `column` clocks of the array.
    """
    beats, bursts = op.beats(hw), op.y.bursts(hw, op.results)
    moving = (beats - op.y.last_beats(hw, op.results)) / memory.efficiency
    turn = memory.latency_clocks + const.WRITE + beats / bursts / memory.efficiency
    found = max(moving, _waits(bursts, const.WRITES) * turn)
    return found + column if found > 0 else 0.0


def _waits(count: float, most: int) -> float:
    """How often all of `most` places are taken, so that the next of `count` things waits for one of them."""
    return (count - 1) // most


def _fetch(reader: Reader, hw: Hardware, memory: Memory, array: float, lead: float = 0.0) -> list[float]:
    """Clocks of a line reader in every iteration, when what it fetches for a row block is used in `array` clocks.

    A chunk of every line is one step. It takes the longest of sending its addresses and moving its beats. All chunks
    but the first ones wait besides for a buffer that the array has emptied (const.SLOTS of them), and for one of the
    bursts that may be under way. `lead`: clocks in which the array makes the results that operands wait for.
    """
    grid, beat = hw.grid_bytes, hw.axi_bytes
    buffers = np.array([f for f in range(reader.mask.bit_length()) if reader.mask >> f & 1])
    lines = buffers + reader.lam0 + np.arange(reader.l)[:, None] * reader.lam_step
    needed = np.sum((lines >= 0) & (lines < reader.lines), axis=1)

    def iteration(t: int) -> float:
        starts = reader.off0 + t * reader.t_step + np.arange(reader.seg_count, dtype=np.int64) * reader.seg_step
        ends = starts + (reader.seg_bytes_last if t == reader.t - 1 else reader.seg_bytes) - 1
        chunks = int(np.sum(ends // grid - starts // grid + 1))
        line_beats = float(np.sum(ends // beat - starts // beat + 1)) / chunks
        beats = needed * line_beats / memory.efficiency
        bursts_a_line = line_beats if reader.single else 1.0
        moving = np.maximum((const.SINGLE + needed) * line_beats if reader.single else 1 + needed, beats)
        total = chunks * reader.l * reader.n * reader.t
        waits = _waits(total, const.SLOTS)
        turn = memory.latency_clocks + moving + const.REFILL + array / chunks
        # The first buffers are emptied as slowly as the array makes results for them.
        first = lead / total * ((total - 1) % const.SLOTS + 1) if waits else 0.0
        refill = (waits * turn + first) / total
        bursts = needed * bursts_a_line * (memory.latency_clocks + const.BURST + line_beats / bursts_a_line)
        bursts = bursts * _share(total * bursts_a_line * float(needed.mean()), const.BURSTS)
        return reader.n * float(np.sum(np.maximum.reduce([1 + chunks * moving, chunks * refill, chunks * bursts])))

    if reader.t_step == 0 and reader.seg_bytes_last == reader.seg_bytes:
        return [iteration(0)] * reader.t
    return [iteration(t) for t in range(reader.t)]


def _share(count: float, most: int) -> float:
    """Share of a wait for a place that each of `count` things has on average, if there are `most` places."""
    return _waits(count, most) / max(count, 1.0)


class _Weights:
    """The ports of the weights: blocks load one after the other into two banks; a beat is one of each port."""

    def __init__(self, hw: Hardware, memory: Memory) -> None:
        self._hw = hw
        burst = hw.weights_burst
        self._buffer = max(4 * burst, 16)
        self._efficiency = memory.efficiency
        turn = memory.latency_clocks + burst + const.WEIGHTS_TURN
        self._wait = max(turn - self._buffer / memory.efficiency, 0.0)  # between a buffer full of beats and the next
        self._rate = min(memory.efficiency, self._buffer / turn)
        self._loaded, self._spent = 0.0, 0.0
        self._ahead = 0.0  # beats that are under way, or waiting, when the next block begins
        self._released = [0.0, 0.0]

    def stream_from(self, clock: float, beats: int, start: float | None) -> float:
        """The first of the next `beats` can be there at `clock`; their operation begins at `start`; None: the last one.

        Returns:
            Clocks that the next descriptor, which is asked for at `start`, waits for beats in front of it.
        """
        if clock > self._loaded:
            self._ahead = min(self._buffer, (clock - self._loaded) * self._rate)
            self._loaded = clock
        if start is None or self._wait:  # the port idles between its bursts
            return 0.0
        rest = min(max(beats - (start - clock) * self._rate, 0.0), beats) / self._efficiency
        descriptor = const.DESCRIPTOR_BYTES // self._hw.axi_bytes / self._efficiency
        self._loaded += min(rest, descriptor)
        return rest

    def take_loaded(self) -> float:
        """Clocks spent on loading since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent

    def iteration(self, op: Work, t: int, step: float, busiest: float, array: float, beside: float) -> float:
        """When iteration `t` ends that could begin at `step` and takes `busiest` clocks with its weights there.

        `array`: the clocks that it takes in the array; `beside`: beats of something else by a port of its weights.
        """
        hw, words = self._hw, op.loops.words * op.loops.sets
        left = max(1 - beside / busiest, 0.0)  # of the port's clocks
        blocks = [(0, words)] if op.spread else split(words, hw.weights_ram_depth)
        for start, stop in blocks:
            count = stop - start
            comes = 0 if op.spread else count
            bias = -(-op.loops.channels(t) * hw.channel_bytes // hw.bias_bytes) if start == 0 else 0
            beats = 1 + bias - (-comes * hw.weight_word_bits // (8 * hw.stream_bytes))
            begin = max(self._loaded, self._released[0])
            ahead = min(self._buffer, self._ahead + (begin - self._loaded) * self._rate)
            waits = math.ceil(max(beats - ahead, 0.0) / self._buffer)
            self._ahead = ahead + waits * self._buffer - beats
            moved = beats + min(beside * count / words, beats * (1 - left) / max(left, 1e-9))
            # Half of what comes beside the weights lies in their waits.
            waiting = waits * self._wait
            load = max(1 + bias + comes, moved / self._efficiency, (moved + beats) / 2 / self._efficiency + waiting)
            load += const.BLOCK
            self._loaded = begin + load
            self._spent += max(1 + bias + comes, moved / self._rate) + const.BLOCK
            share = busiest * count / words
            # The first columns are done while their words come.
            tail = max(share * (1 - words / array), 1.0) if len(blocks) == 1 else 1.0
            step = max(max(step, begin + 1 + bias + const.BLOCK) + share, self._loaded + tail)
            self._released = [self._released[1], step]
        return step
