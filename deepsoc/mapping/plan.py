"""The plan of a network: operations, arena, weights, descriptors, and what they should cost."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.errors import MappingError
from deepsoc.graph.ir import Graph, Quant
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.shapes import validate
from deepsoc.hw import Hardware
from deepsoc.mapping.arena import Buffer, allocate
from deepsoc.mapping.descriptors import descriptor
from deepsoc.mapping.geometry import mac_clocks, overhead_clocks, pool_clocks
from deepsoc.mapping.limits import check_limits, resolve
from deepsoc.mapping.operation import Layout, Operation, Stored
from deepsoc.mapping.operations import Lowered, lower
from deepsoc.mapping.weights import stream_cells

__all__ = ["Cost", "Place", "Plan", "plan"]

_PAGE = 4096
_DESCRIPTOR_BYTES = 4 * 64


@dataclass(frozen=True)
class Place:
    """A tensor in the arena: offset in bytes, layout, its shape for readers, and what its integers mean.

    Real value = (integer - zero) * scale * 2^-frac.
    """

    offset: int
    layout: Layout
    frac: int
    shape: tuple[int, ...]
    scale: float = 1.0
    zero: int = 0

    @classmethod
    def of(cls, offset: int, layout: Layout, shape: tuple[int, ...], quant: Quant) -> Place:
        """A tensor of the network, which has one scale."""
        if isinstance(quant.scale, tuple):
            raise TypeError("a tensor has one scale")
        return cls(offset, layout, quant.frac, shape, quant.scale, quant.zero)


@dataclass(frozen=True)
class Cost:
    """What one operation should take.

    Attributes:
        clocks: clocks of the equation plus `drain_clocks`, when memory keeps up.
        drain_clocks: of these, clocks in which the array waits for its results to leave.
        overhead_clocks: clocks beside `clocks`, from the end of the operation before to the first step and from
            the last step to the last acknowledged write, with a memory that answers at once.
        x_bytes: bytes read by the pixel port.
        k_bytes: bytes of weights, by whichever ports, and of the descriptor.
        o_bytes: bytes read by the operand port.
        y_bytes: bytes written, whole beats.
        load_bytes: bytes of weights that stay, which the first frame reads besides.
    """

    clocks: int
    drain_clocks: int
    overhead_clocks: int
    x_bytes: int
    k_bytes: int
    o_bytes: int
    y_bytes: int
    load_bytes: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """All that firmware and simulation need to run a network.

    Attributes:
        graph: the network.
        hw: the accelerator, every maximum known.
        operations: in the order of execution.
        outputs: where each operation's results lie.
        buffers: layout of every buffer, by name.
        tensors: which buffer, or part of one, holds the input and each bundle's result, by name.
        costs: of each operation.
        descriptors: (operations, 64) words of 32 bits.
        weights: the weights region.
        weights_offset: of the weights region, bytes.
        arena_bytes: size of the arena; the descriptor table lies at its start.
        net_id: identity of the network.
        input: the input tensor.
        output: the output tensor.
    """

    graph: Graph
    hw: Hardware
    operations: tuple[Operation, ...]
    outputs: tuple[Place, ...]
    buffers: Mapping[str, Layout]
    tensors: Mapping[str, Stored]
    costs: tuple[Cost, ...]
    descriptors: npt.NDArray[np.uint32]
    weights: bytes
    weights_offset: int
    arena_bytes: int
    net_id: int
    input: Place
    output: Place


def plan(graph: Graph, hw: Hardware) -> Plan:
    """Maps a network to the accelerator.

    Args:
        graph: the network.
        hw: the accelerator; open maxima become what this network needs.

    Raises:
        InputError: an illegal network.
        MappingError: a legal one that this hardware cannot run; names the bundle and the limit.
    """
    infos = validate(graph)
    hw = resolve(hw, [graph])
    check_limits(graph, hw)
    check_ranges(graph, hw.y_bits, hw.sum_bits)
    lowered = lower(graph, hw, infos)
    ops = lowered.operations
    weights, streams = _weights_region(hw, lowered)
    weights_offset = -(-len(ops) * _DESCRIPTOR_BYTES // _PAGE) * _PAGE
    buffers_offset = -(-(weights_offset + len(weights)) // _PAGE) * _PAGE
    last, info = graph.bundles[-1].name, infos[graph.bundles[-1].name]
    addresses, end = allocate(_buffers(lowered, last), start=buffers_offset, align=hw.grid_bytes)
    arena_bytes = -(-end // _PAGE) * _PAGE
    if arena_bytes >= 1 << 32:
        raise MappingError(f"the arena would take {arena_bytes} bytes, offsets have 32 bits; use a smaller network")

    def table(net_id: int) -> npt.NDArray[np.uint32]:
        rows = []
        for tag, op in enumerate(ops):
            (offset, beats), (load, load_beats) = (
                streams.get(name, (-weights_offset, 0)) for name in (op.stream, op.load)
            )
            rows.append(
                descriptor(
                    op,
                    hw,
                    before=ops[tag - 1] if tag else None,
                    tag=tag,
                    net_id=net_id,
                    addresses=addresses,
                    k_addr=weights_offset + offset,
                    k_beats=beats,
                    load_addr=weights_offset + load,
                    load_beats=load_beats,
                )
            )
        return np.array(rows, np.uint32)

    net_id = zlib.crc32(weights, zlib.crc32(table(0).astype("<u4").tobytes()))
    outputs = tuple(
        Place(addresses[op.y.buffer] + op.y.delta + op.y.off0, op.out, op.stage.frac, op.shape) for op in ops
    )
    if not -128 <= info.output.quant.frac <= 127:
        raise MappingError(
            f"the output has {info.output.quant.frac} fractional bits, the firmware's tables hold -128 … 127; "
            "move the binary points",
            where=f"bundle {last}",
        )
    return Plan(
        graph=graph, hw=hw, operations=tuple(ops), outputs=outputs,
        buffers=lowered.buffers, tensors=lowered.tensors,
        costs=tuple(_cost(op, hw, streams) for op in ops),
        descriptors=table(net_id), weights=weights, weights_offset=weights_offset, arena_bytes=arena_bytes,
        net_id=net_id,
        input=Place.of(addresses["input"], lowered.buffers["input"], graph.input_shape, graph.input_quant),
        output=Place.of(addresses[last], lowered.buffers[last], info.output.shape, info.output.quant),
    )  # fmt: skip


def _weights_region(hw: Hardware, lowered: Lowered) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """All streams, each at a multiple of the grid, of several ports at one of a burst; offset and beats by name."""
    region, places = bytearray(), {}
    for name, stream in lowered.streams.items():
        data = stream_cells(hw, stream)
        places[name] = (len(region), len(stream) // hw.stream_bytes)
        region += data + bytes(-len(data) % hw.grid_bytes)
    return bytes(region), places


def _buffers(lowered: Lowered, output: str) -> list[Buffer]:
    """Buffers with the operations between which they are in use; input and output stay for the whole run."""
    ops = lowered.operations
    first, last = {"input": 0}, {"input": len(ops), output: len(ops)}
    for i, op in enumerate(ops):
        first.setdefault(op.y.buffer, i)
        readers = (op.x, op.stage.o) if op.stage.o else (op.x,)
        for buffer in (op.y.buffer, *(r.buffer for r in readers)):
            last[buffer] = max(i, last.get(buffer, 0))
    sizes = {name: layout.size for name, layout in lowered.buffers.items()}
    for op in ops:
        if op.spread:  # the last row's part of the vector may end behind it
            sizes[op.x.buffer] = max(sizes[op.x.buffer], op.x.reach)
    return [Buffer(name, size, first[name], last[name]) for name, size in sizes.items()]


def _cost(op: Operation, hw: Hardware, streams: dict[str, tuple[int, int]]) -> Cost:
    work = op.work
    each = work.channel_clocks(hw)
    clocks, drain = mac_clocks(op.loops, each, work.lanes(hw)) if op.kind == "mac" else pool_clocks(op.loops, each)
    beats = streams[op.stream][1] if op.stream else 0
    return Cost(
        clocks=clocks + drain, drain_clocks=drain,
        overhead_clocks=overhead_clocks(op.x.first_beats(), op.work.last_clocks(hw)),
        x_bytes=op.x.beats(hw) * hw.axi_bytes,
        k_bytes=beats * hw.stream_bytes + _DESCRIPTOR_BYTES,
        o_bytes=op.stage.o.beats(hw) * hw.axi_bytes if op.stage.o else 0,
        y_bytes=op.work.beats(hw) * hw.axi_bytes,
        load_bytes=streams[op.load][1] * hw.stream_bytes if op.load else 0,
    )  # fmt: skip
