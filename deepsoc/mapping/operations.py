"""A graph as a list of hardware operations, still without addresses (docs/architecture.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.ir import Add, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant
from deepsoc.graph.ranges import biases
from deepsoc.graph.shapes import BundleInfo
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, conv_loops, dense_loops, passes, pool_loops
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.pooling import InlinePool, changes, in_line, inline_pool, late_residual
from deepsoc.mapping.ports import (
    Reader,
    Work,
    Writer,
    flat_reader,
    operand_reader,
    partial_reader,
    pixel_reader,
    writer,
)
from deepsoc.mapping.stage import OutputStage
from deepsoc.mapping.weights import flat_order, weights_stream

__all__ = ["Layout", "Lowered", "Operation", "lower"]

Layout = TensorLayout | RawLayout


@dataclass(frozen=True, eq=False)
class Operation:
    """One descriptor's worth of work.

    Attributes:
        name: the bundle's name, or that with a suffix.
        bundle: name of the bundle it belongs to.
        kind: `mac`, or the pool; a 1x1 max pool is an elementwise pass.
        loops: loop bounds.
        x: where pixels come from.
        y: where results go to.
        out: shape and layout of the results; they start `y.delta + y.off0` bytes behind the start of `y.buffer`.
        stage: what the output stage does.
        weights: weights (kh, kw, ci, co) of the channels that it takes, flattened inputs in memory order; None: pool.
        bias: (co,) at the frac of the accumulator, less what the input's zero point adds; None for pools.
        stream: name of the weights stream; operations that share it read the same bytes. Empty for pools.
        dense: dense layer; the batch lies on the rows.
        flat: dense layer on a flattened tensor.
        chain: several weights blocks make one sum.
        c0: first input channel that it takes.
        row0: first batch element that it takes, of a dense layer.
        pool: the pool in line behind the output stage; `out` is pooled then.
        x_zero: zero point of the input: what pads it.
    """

    name: str
    bundle: str
    kind: Literal["mac", "max", "avg"]
    loops: Loops
    x: Reader
    y: Writer
    out: Layout
    stage: OutputStage
    weights: IntArray | None = None
    bias: IntArray | None = None
    stream: str = ""
    dense: bool = False
    flat: bool = False
    chain: bool = False
    c0: int = 0
    row0: int = 0
    pool: InlinePool | None = None
    x_zero: int = 0

    @property
    def raw(self) -> bool:
        """Whether 32-bit slots are written."""
        return isinstance(self.out, RawLayout)

    @property
    def k0(self) -> int:
        """First channel that it writes, of a tensor whose other channels other groups write."""
        return self.y.off0

    def joined(self, before: IntArray | None, values: IntArray) -> IntArray:
        """Its results behind those in its buffer that it adds to: rows of a dense layer, channels of a group."""
        if before is None or not (self.row0 or self.k0):
            return values
        return np.concatenate([before, values], axis=-1 if self.k0 else 0)

    @property
    def work(self) -> Work:
        """What its clocks depend on."""
        return Work(self.kind, self.loops, self.x, self.stage.o, self.y, self.pool, self.stage.passes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the results: (n, h, w, c), or (n, c) of a dense layer."""
        return (self.out.h, self.out.c) if self.dense else (self.out.n, self.out.h, self.out.w, self.out.c)


@dataclass(frozen=True)
class _Tensor:
    """A tensor in a buffer; `matrix` if its batch lies on the rows."""

    buffer: str
    layout: TensorLayout
    quant: Quant
    matrix: bool


@dataclass(frozen=True)
class Lowered:
    """Operations in the order of execution; layout of every buffer and weights streams, by name."""

    operations: list[Operation]
    buffers: dict[str, Layout]
    streams: dict[str, bytes]


def lower(graph: Graph, hw: Hardware, infos: dict[str, BundleInfo]) -> Lowered:
    """Operations of a network.

    Args:
        graph: a legal network.
        hw: the accelerator, every maximum known.
        infos: shapes and types of the graph.

    Raises:
        MappingError: a bundle that the hardware cannot run; names it and the limit.
    """
    lowering = _Lowering(graph, hw, infos)
    for bundle in graph.bundles:
        try:
            lowering.add_bundle(bundle)
        except InputError as err:
            raise MappingError(str(err), where=f"bundle {bundle.name}") from None
    return lowering.done


class _Lowering:
    """What has been lowered so far."""

    def __init__(self, graph: Graph, hw: Hardware, infos: dict[str, BundleInfo]) -> None:
        self.hw = hw
        self.infos = infos
        self.done = Lowered([], {}, {})
        self.tensors: dict[str, _Tensor] = {}
        self._tensor("input", "input", graph.input_shape, graph.input_quant)

    def add_bundle(self, bundle: Bundle) -> None:
        """Appends the operations of one bundle."""
        info = self.infos[bundle.name]
        own_pool = bundle.pool is not None and not in_line(self.hw, bundle, info)  # an operation of its own
        buffer = f"{bundle.name}.core" if own_pool else bundle.name
        if isinstance(bundle.core, Conv2D):
            self._conv(bundle, bundle.core, info, buffer)
        else:
            self._dense(bundle, bundle.core, info, buffer)
        if bundle.pool and own_pool:
            source = self.tensors[bundle.name]
            loops = pool_loops(self.hw, bundle.pool, info.core.shape)
            shape = (loops.n, loops.y_rows, loops.wo, loops.co)
            self._result(bundle.name, bundle.name, shape, bundle.pool.out, loops.co)
            stage = OutputStage(source.quant.frac).with_pool(bundle.pool, source.quant.zero)
            self._pool(f"{bundle.name}.pool", bundle, bundle.pool.kind, loops, source, stage, bundle.name)

    # ---- buffers and output stage ----------------------------------------------------------------------------------

    def _tensor(self, name: str, buffer: str, shape: tuple[int, ...], quant: Quant) -> _Tensor:
        """A new tensor, known to later operations as `name`."""
        matrix = len(shape) == 2
        layout = TensorLayout(self.hw, *_four(shape))
        self.done.buffers[buffer] = layout
        self.tensors[name] = _Tensor(buffer, layout, quant, matrix)
        return self.tensors[name]

    def _result(self, name: str, buffer: str, shape: tuple[int, ...], quant: Quant, ch_per_t: int) -> Layout:
        """A buffer for results of `quant`: a tensor, or 32-bit slots in groups of `ch_per_t` channels."""
        if quant.bits <= self.hw.x_bits:
            return self._tensor(name, buffer, shape, quant).layout
        layout = RawLayout(self.hw, *_four(shape), ch_per_t)
        self.done.buffers[buffer] = layout
        return layout

    def _residual(self, bundle: Bundle, add: Add, stage: OutputStage, loops: Loops, row0: int) -> OutputStage:
        tensor = self.tensors[add.source]
        if tensor.matrix != (len(self.infos[bundle.name].core.shape) == 2):
            raise MappingError(
                f"the residual {add.source!r} is a flattened tensor, the sum a matrix: they lie differently in "
                "memory; add the output of a dense layer instead"
            )
        delta = row0 // self.hw.rows * tensor.layout.tile_pitch
        o = operand_reader(self.hw, loops, tensor.buffer, tensor.layout, delta=delta)
        if add.align is None:
            return stage.with_tensor(o, tensor.quant)
        if stage.act1:
            raise MappingError(
                f"the layer has an act, and the scale of its result and that of {add.source!r} differ by more than a "
                "power of two; drop one of both, or give both tensors one scale"
            )
        return stage.with_aligned(add.align, o, tensor.quant)

    def _stage(self, bundle: Bundle, stage: OutputStage, loops: Loops, row0: int = 0) -> OutputStage:
        """All steps behind those of `stage`, which leaves the whole sum."""
        if bundle.act:
            stage = stage.with_act1(bundle.act)
        if bundle.add:
            stage = self._residual(bundle, bundle.add, stage, loops, row0)
            if bundle.add.act:
                stage = stage.with_act2(bundle.add.act)
        return stage

    # ---- cores -----------------------------------------------------------------------------------------------------

    def _conv(self, bundle: Bundle, core: Conv2D, info: BundleInfo, buffer: str) -> None:
        depth = self.hw.weights_ram_depth
        whole = conv_loops(self.hw, core, info.input.shape, info.input.quant.zero)
        if whole.kh * whole.sw > depth:
            raise MappingError(
                f"one input channel takes {whole.kh * whole.sw} weight words, weights_ram_depth is {depth}; "
                "use a smaller kernel or stride, or a deeper RAM"
            )
        late = late_residual(self.hw, bundle)
        if core.groups > 1 and (bundle.act is None if bundle.add else info.core.quant.bits > self.hw.x_bits):
            raise MappingError(
                f"the sums of {core.groups} groups would leave as accumulators; give the layer an act, linear will do"
            )
        for part in _groups(bundle.name, core):
            self._group(bundle, part, info, buffer, late)
        if late:
            self._late_residual(bundle, info, buffer)

    def _group(self, bundle: Bundle, part: _Group, info: BundleInfo, buffer: str, late: Add | None) -> None:
        """A convolution, or one of its groups."""
        source = self.tensors[bundle.source]
        ranges = passes(self.hw, part.core)
        if len(ranges) > 1:
            self._passes(bundle, part, info, buffer, late)
            return
        loops = conv_loops(self.hw, part.core, info.input.shape, info.input.quant.zero)
        target = f"{bundle.name}.sum" if late else buffer
        stage = self._stage(replace(bundle, add=None) if late else bundle, OutputStage(info.acc_frac), loops)
        out, stage, pool = self._core_result(bundle, info, target, stage, loops.ch_per_t, late)
        name = target if part.name == bundle.name and late else part.name
        self._mac(
            name, bundle, loops, pixel_reader(self.hw, loops, source.buffer, source.layout, c0=part.c0),
            writer(self.hw, target, out, k0=part.k0), part.of(out), stage, part.core.weights,
            biases(part.core, info.input.quant), stream=part.name, c0=part.c0, pool=pool,
        )  # fmt: skip

    def _core_result(
        self, bundle: Bundle, info: BundleInfo, buffer: str, stage: OutputStage, ch_per_t: int, late: Add | None
    ) -> tuple[Layout, OutputStage, InlinePool | None]:
        """Buffer for the results of the operation that ends the core, its output stage, and the pool in line."""
        if bundle.pool is None or not in_line(self.hw, bundle, info):
            quant = bundle.act.out if late and bundle.act else info.core.quant
            return self._result(bundle.name, buffer, info.core.shape, quant, ch_per_t), stage, None
        n, _, _, c = info.core.shape
        pool = inline_pool(self.hw, bundle.pool, info)
        out = self._result(bundle.name, buffer, (n, pool.rows, pool.cols, c), bundle.pool.out, ch_per_t)
        requantizes = pool.kind == "windows" and changes(self.hw, info.core.quant, bundle.pool.out)
        return out, stage.with_inline_pool(bundle.pool, requantizes=requantizes), pool

    def _passes(self, bundle: Bundle, part: _Group, info: BundleInfo, buffer: str, late: Add | None) -> None:
        """A convolution, or a group, in several passes over its channels; partial sums lie in memory between them."""
        source, core, name = self.tensors[bundle.source], part.core, part.name
        whole = conv_loops(self.hw, core, info.input.shape, info.input.quant.zero)
        shape = (*info.core.shape[:3], whole.co)
        ranges = passes(self.hw, core)
        bias = biases(core, info.input.quant)
        stage = OutputStage(info.acc_frac)
        if bundle.add and bundle.add.align and not late:
            raise MappingError(
                "the layer takes several passes, and its sums are to be brought to the scale of the residual; give it "
                "an act, or use a deeper weights_ram_depth"
            )
        for i, (c0, c1) in enumerate(ranges):
            loops = replace(whole, ci=c1 - c0, words=(c1 - c0) * whole.kh)
            target = f"{name}.pass{i}"
            if i > 0:
                previous = f"{name}.pass{i - 1}"
                o = partial_reader(self.hw, previous, self.done.buffers[previous])
                stage = OutputStage(stage.frac).with_partial(o)
            elif bundle.add and not late:
                stage = self._residual(bundle, bundle.add, stage, loops, 0)
                if stage.acc_lsh:
                    raise MappingError(
                        f"the residual has {stage.frac} fractional bits, the accumulator only {info.acc_frac}, and "
                        "the layer takes several passes; use a deeper weights_ram_depth or fewer fractional bits"
                    )
            quant = Quant(32, stage.frac)
            if c1 == whole.ci:
                act = bundle.act or (bundle.add.act if bundle.add else None)
                stage = stage.with_act1(act) if act else stage
                quant = act.out if act else quant
                target = f"{bundle.name}.sum" if late else buffer
            pool = None
            if c1 == whole.ci:
                out, stage, pool = self._core_result(bundle, info, target, stage, whole.ch_per_t, late)
                y, out = writer(self.hw, target, out, k0=part.k0), part.of(out)
            else:
                out = self._result(name, target, shape, quant, whole.ch_per_t)
                y = writer(self.hw, target, out)
            x = pixel_reader(self.hw, loops, source.buffer, source.layout, c0=part.c0 + c0)
            self._mac(
                f"{name}.pass{i}", bundle, loops, x, y, out, stage,
                core.weights[:, :, c0:c1], bias if i == 0 else np.zeros_like(bias), stream=f"{name}.pass{i}",
                c0=part.c0 + c0, pool=pool,
            )  # fmt: skip

    def _late_residual(self, bundle: Bundle, info: BundleInfo, buffer: str) -> None:
        """The residual add on its own: an elementwise operation over the activated sum."""
        source = self.tensors[bundle.name]
        pool = Pool("max", (1, 1), (1, 1), "valid", source.quant)
        loops = pool_loops(self.hw, pool, info.core.shape)
        stage = OutputStage(source.quant.frac, term=-source.quant.zero)
        stage = self._stage(replace(bundle, act=None), stage, loops)
        self._result(bundle.name, buffer, info.core.shape, info.core.quant, loops.co)
        self._pool(f"{bundle.name}.add", bundle, "max", loops, source, stage, buffer)

    def _dense(self, bundle: Bundle, core: Dense, info: BundleInfo, buffer: str) -> None:
        hw, source = self.hw, self.tensors[bundle.source]
        layout, flat = source.layout, not source.matrix
        shape = (layout.h, layout.w, layout.c) if flat else (1, 1, layout.c)
        weights = core.weights[flat_order(hw, shape)] if flat else core.weights
        batch, co = info.core.shape
        chain = len(weights) > hw.weights_ram_depth
        step = hw.rows if chain else batch  # chained blocks make the sums of one row block
        whole = dense_loops(hw, batch, co, shape, flat=flat)
        result = self._result(bundle.name, buffer, info.core.shape, info.core.quant, co if chain else whole.ch_per_t)
        for row0 in range(0, batch, step):
            rows = min(step, batch - row0)
            loops = dense_loops(hw, rows, co, shape, flat=flat)
            if flat:
                x = flat_reader(hw, loops, source.buffer, layout, delta=row0 * layout.n_pitch)
            else:
                x = pixel_reader(hw, loops, source.buffer, layout, delta=row0 // hw.rows * layout.tile_pitch)
            if isinstance(result, TensorLayout):
                out: Layout = TensorLayout(hw, 1, rows, 1, co)
                delta = row0 // hw.rows * result.tile_pitch
            else:
                out = RawLayout(hw, 1, rows, 1, co, loops.ch_per_t)
                delta = row0 // hw.rows * co * hw.slot_bytes
            stage = self._stage(bundle, OutputStage(info.acc_frac), loops, row0)
            self._mac(
                bundle.name if step >= batch else f"{bundle.name}.rows{row0}", bundle, loops, x,
                writer(hw, buffer, out, delta=delta), out, stage, weights[None, None], biases(core, info.input.quant),
                stream=bundle.name, flat=flat, chain=chain, row0=row0,
            )  # fmt: skip

    # ---- operations ------------------------------------------------------------------------------------------------

    def _mac(
        self, name: str, bundle: Bundle, loops: Loops, x: Reader, y: Writer, out: Layout, stage: OutputStage,
        weights: IntArray, bias: IntArray, *, stream: str, flat: bool = False, chain: bool = False, c0: int = 0,
        row0: int = 0, pool: InlinePool | None = None,
    ) -> None:  # fmt: skip
        stage = stage.channels(y.off0, loops.co)
        if stream not in self.done.streams:
            scale = stage.first.scale if stage.first else None
            self.done.streams[stream] = weights_stream(self.hw, loops, weights, bias, scale)
        self.done.operations.append(
            Operation(
                name, bundle.name, "mac", loops, x, y, out, stage, weights=weights, bias=bias, stream=stream,
                dense=isinstance(bundle.core, Dense), flat=flat, chain=chain, c0=c0,
                row0=row0, pool=pool, x_zero=self.tensors[bundle.source].quant.zero,
            )
        )  # fmt: skip

    def _pool(
        self, name: str, bundle: Bundle, kind: Literal["max", "avg"], loops: Loops, source: _Tensor,
        stage: OutputStage, buffer: str,
    ) -> None:  # fmt: skip
        out = self.done.buffers[buffer]
        x = pixel_reader(self.hw, loops, source.buffer, source.layout)
        y = writer(self.hw, buffer, out)
        self.done.operations.append(Operation(name, bundle.name, kind, loops, x, y, out, stage))


@dataclass(frozen=True, eq=False)
class _Group:
    """One group of a convolution as a convolution of its own: its first channel of the input and of the result."""

    name: str
    core: Conv2D
    c0: int
    k0: int

    def of(self, whole: Layout) -> Layout:
        """The layout of its channels in that of all."""
        channels = self.core.weights.shape[3]
        if isinstance(whole, RawLayout) or whole.c == channels:
            return whole
        return replace(whole, c=channels, step=whole.c)


def _groups(name: str, core: Conv2D) -> list[_Group]:
    """The groups of a convolution; itself if it has just one."""
    if core.groups == 1:
        return [_Group(name, core, 0, 0)]
    kernels = np.split(core.weights, core.groups, axis=3)
    biases = [None] * core.groups if core.bias is None else np.split(core.bias, core.groups)
    ci, co = kernels[0].shape[2:]
    return [
        _Group(f"{name}.group{i}", replace(core, weights=k, bias=b, groups=1), i * ci, i * co)
        for i, (k, b) in enumerate(zip(kernels, biases, strict=True))
    ]


def _four(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(n, h, w, c) of a tensor or matrix."""
    n, h, w, c = (1, shape[0], 1, shape[1]) if len(shape) == 2 else shape
    return n, h, w, c
