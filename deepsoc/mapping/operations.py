"""A graph as a list of hardware operations, still without addresses (docs/architecture.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import numpy as np

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.ir import Add, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant
from deepsoc.graph.ranges import biases
from deepsoc.graph.shapes import BundleInfo
from deepsoc.graph.window import windows
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import Loops, conv_loops, dense_loops, depthwise, passes, pool_loops, spread_loops
from deepsoc.mapping.joints import Joint, joint_of, joints_of
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.operation import Layout, Operation, Stored
from deepsoc.mapping.pooling import InlinePool, changes, in_line, inline_pool, late_residual
from deepsoc.mapping.ports import (
    Reader,
    Writer,
    flat_reader,
    operand_reader,
    partial_reader,
    pixel_reader,
    spread_reader,
    writer,
)
from deepsoc.mapping.stage import OutputStage
from deepsoc.mapping.weights import flat_order, resident_stream, spread_words, weights_stream

__all__ = ["Lowered", "lower"]


@dataclass(frozen=True)
class Lowered:
    """Operations in the order of execution; layout of every buffer, weights streams and tensors, by name."""

    operations: list[Operation]
    buffers: dict[str, Layout]
    streams: dict[str, bytes]
    tensors: dict[str, Stored]


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
        self.done = Lowered([], {}, {}, {})
        self.tensors = self.done.tensors
        self.joints = joints_of(graph, hw, infos)
        self.copied: set[tuple[str, int]] = set()
        self.larger = {bundle.name: bundle for bundle in graph.bundles if bundle.factors != (1, 1)}
        self.resident = 0  # words of resident weights that are taken
        self._result("input", "input", graph.input_shape, graph.input_quant, 0)

    def add_bundle(self, bundle: Bundle) -> None:
        """Appends the operations of one bundle."""
        info = self.infos[bundle.name]
        if bundle.factors[0] > 1 and self.hw.rpb > 1:
            what = "up-sampling" if bundle.upsample[0] > 1 else "depth to space"
            raise MappingError(
                f"{what} writes rows apart, of which {self.hw.rpb} share a byte where x_bits is {self.hw.x_bits}; "
                "use x_bits 8, or move columns alone"
            )
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
            result = self._result(bundle.name, bundle.name, shape, bundle.pool.out, loops.co)
            stage = OutputStage(source.quant.frac).with_pool(bundle.pool, source.quant.zero)
            self._pool(f"{bundle.name}.pool", bundle, bundle.pool.kind, loops, source, stage, result)
        self._upsample(bundle)

    # ---- buffers and output stage ----------------------------------------------------------------------------------

    def _result(self, name: str, buffer: str, shape: tuple[int, ...], quant: Quant, ch_per_t: int) -> Stored:
        """A place for results of `quant`, known to later operations as `name`.

        32-bit slots come in groups of `ch_per_t` channels. In a buffer of its own name a tensor is whole, and lies in a
        range of a joint if there is one for it; up-sampled, or with depth to space, it is larger, with the results in
        some rows and columns.
        """
        matrix = len(shape) == 2
        every = (1, 1)
        if buffer == name and name in self.larger:
            bundle, (n, h, w, c) = self.larger[name], shape
            every = bundle.factors
            shape = (n, h * every[0], w * every[1], c // prod(bundle.depth_to_space))
        if quant.bits > self.hw.x_bits:
            stored = Stored(buffer, RawLayout(self.hw, *_four(shape), ch_per_t), quant, matrix)
            self.done.buffers[buffer] = stored.layout
        elif joint := next((j for j in self.joints if buffer == name and name in j.written), None):
            stored = self._member(joint, joint.members.index(name), 1, shape, quant)
        else:
            stored = Stored(buffer, TensorLayout(self.hw, *_four(shape)), quant, matrix)
            self.done.buffers[buffer] = stored.layout
        self.tensors[name] = stored
        return replace(stored, layout=stored.tensor.cells(every)) if every != (1, 1) else stored

    def _upsample(self, bundle: Bundle) -> None:
        """Copies of the rows and columns of an up-sampled result that stand there several times."""
        (rows, cols), name = bundle.upsample, bundle.name
        for i, j in [(0, j) for j in range(1, cols)] + [(i, 0) for i in range(1, rows)]:
            every = (rows, 1) if i else (rows, cols)  # whole rows, once their columns are there
            whole = self.tensors[name]
            source = replace(whole, layout=whole.tensor.cells(every))
            loops, stage = self._elementwise(source)
            self._pool(f"{name}.up{i}_{j}", bundle, "max", loops, source, stage, source, phase=(i, j), reads=every)

    def _member(self, joint: Joint, first: int, count: int, shape: tuple[int, ...], quant: Quant) -> Stored:
        """Where `count` members of a joint lie, of `shape` but for their channels."""
        whole = TensorLayout(self.hw, *_four((*shape[:-1], joint.starts[-1])))
        self.done.buffers[joint.buffer] = whole
        c0, end = joint.starts[first], joint.starts[first + count]
        return Stored(joint.buffer, whole.channels(end - c0), quant, len(shape) == 2, c0)

    def _input(self, bundle: Bundle) -> Stored:
        """What a core reads: what it names, or a range of its channels."""
        whole = self._named(bundle)
        if bundle.channels is None:
            return whole
        if isinstance(bundle.core, Dense) and not whole.matrix:
            raise MappingError(
                "a flattened tensor is read as a whole; read its channels in a bundle before it is flattened"
            )
        first, end = bundle.channels
        return replace(whole, layout=whole.tensor.channels(end - first), c0=whole.c0 + first)

    def _named(self, bundle: Bundle) -> Stored:
        """What a bundle names; of several tensors those that do not lie side by side yet are copied there."""
        if len(bundle.sources) == 1:
            return self.tensors[bundle.sources[0]]
        joint, first = joint_of(self.joints, bundle.sources)
        for i in joint.copied(first, len(bundle.sources)):
            if (joint.buffer, i) in self.copied:
                continue
            self.copied.add((joint.buffer, i))
            source = self.tensors[joint.members[i]]
            layout = source.tensor
            target = self._member(joint, i, 1, (layout.n, layout.h, layout.w, layout.c), source.quant)
            loops, stage = self._elementwise(source)
            self._pool(f"{bundle.name}.copy{i}", bundle, "max", loops, source, stage, target)
        info = self.infos[bundle.name].input
        return self._member(joint, first, len(bundle.sources), info.shape, info.quant)

    def _elementwise(self, source: Stored) -> tuple[Loops, OutputStage]:
        """Loops and output stage of a pool of single elements, which leaves them as they are."""
        pool, layout = Pool("max", (1, 1), (1, 1), "valid", source.quant), source.tensor
        loops = pool_loops(self.hw, pool, (layout.n, layout.h, layout.w, layout.c))
        return loops, OutputStage(source.quant.frac).with_pool(pool, source.quant.zero)

    def _residual(self, bundle: Bundle, add: Add, stage: OutputStage, loops: Loops, row0: int) -> OutputStage:
        tensor = self.tensors[add.source]
        if tensor.matrix != (len(self.infos[bundle.name].core.shape) == 2):
            raise MappingError(
                f"the residual {add.source!r} is a flattened tensor, the sum a matrix: they lie differently in "
                "memory; add the output of a dense layer instead"
            )
        delta = row0 // self.hw.rows * tensor.tensor.tile_pitch
        o = operand_reader(self.hw, loops, tensor.buffer, tensor.tensor, delta=delta, c0=tensor.c0)
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
        if whole.kh * whole.sets > depth:
            raise MappingError(
                f"one input channel takes {whole.kh * whole.sets} weight words, weights_ram_depth is {depth}; "
                "use a smaller kernel or stride, or a deeper RAM"
            )
        late = late_residual(self.hw, bundle)
        parts = _parts(self.hw, bundle, core, info.input.shape)
        wide = bundle.act is None if bundle.add else info.core.quant.bits > self.hw.x_bits
        if core.groups > 1 and len(parts) > 1 and wide:
            raise MappingError(
                f"the sums of {core.groups} groups would leave as accumulators; give the layer an act, linear will do"
            )
        if bundle.depth_to_space != (1, 1) and (bundle.add or bundle.pool or core.groups > 1):
            raise MappingError(
                "depth to space stands right behind a convolution without groups and its act; add or pool in a bundle "
                "of its own before or behind it"
            )
        source = self._input(bundle)
        for part in parts:
            self._group(bundle, part, source, info, buffer, late)
        if late:
            self._late_residual(bundle, info, buffer)

    def _group(
        self, bundle: Bundle, part: _Part, source: Stored, info: BundleInfo, buffer: str, late: Add | None
    ) -> None:
        """A convolution, or a part of it."""
        ranges = passes(self.hw, part.core)
        if len(ranges) > 1:
            self._passes(bundle, part, source, info, buffer, late)
            return
        loops = conv_loops(self.hw, part.core, info.input.shape, info.input.quant.zero)
        target = f"{bundle.name}.sum" if late else buffer
        stage = self._stage(replace(bundle, add=None) if late else bundle, OutputStage(info.acc_frac), loops)
        result, stage, pool = self._core_result(bundle, info, target, stage, loops.ch_per_t, late)
        c0 = source.c0 + part.c0
        name = target if part.name == bundle.name and late else part.name
        self._mac(
            name, bundle, loops, pixel_reader(self.hw, loops, source.buffer, source.tensor, c0=c0),
            self._writer(result, k0=part.k0, phase=part.phase), part.of(result.layout), stage, part.core.weights,
            biases(part.core, info.input.quant), stream=part.name, c0=c0, k0=part.channel, pool=pool, phase=part.phase,
        )  # fmt: skip

    def _core_result(
        self, bundle: Bundle, info: BundleInfo, buffer: str, stage: OutputStage, ch_per_t: int, late: Add | None
    ) -> tuple[Stored, OutputStage, InlinePool | None]:
        """Place for the results of the operation that ends the core, its output stage, and the pool in line."""
        if bundle.pool is None or not in_line(self.hw, bundle, info):
            quant = bundle.act.out if late and bundle.act else info.core.quant
            return self._result(bundle.name, buffer, info.core.shape, quant, ch_per_t), stage, None
        n, _, _, c = info.core.shape
        pool = inline_pool(self.hw, bundle.pool, info)
        result = self._result(bundle.name, buffer, (n, pool.rows, pool.cols, c), bundle.pool.out, ch_per_t)
        requantizes = pool.kind == "windows" and changes(self.hw, info.core.quant, bundle.pool.out)
        return result, stage.with_inline_pool(bundle.pool, requantizes=requantizes), pool

    def _passes(
        self, bundle: Bundle, part: _Part, source: Stored, info: BundleInfo, buffer: str, late: Add | None
    ) -> None:
        """A convolution, or a part, in several passes over its channels; partial sums lie in memory between them."""
        core, name = part.core, part.name
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
            pool, phase = None, (0, 0)
            if c1 == whole.ci:
                result, stage, pool = self._core_result(bundle, info, target, stage, whole.ch_per_t, late)
                phase = part.phase
                y, out = self._writer(result, k0=part.k0, phase=phase), part.of(result.layout)
            else:
                result = self._result(target, target, shape, quant, whole.ch_per_t)
                y, out = self._writer(result), result.layout
            first = source.c0 + part.c0 + c0
            x = pixel_reader(self.hw, loops, source.buffer, source.tensor, c0=first)
            self._mac(
                f"{name}.pass{i}", bundle, loops, x, y, out, stage,
                core.weights[:, :, c0:c1], bias if i == 0 else np.zeros_like(bias), stream=f"{name}.pass{i}",
                c0=first, k0=part.channel, pool=pool, phase=phase,
            )  # fmt: skip

    def _late_residual(self, bundle: Bundle, info: BundleInfo, buffer: str) -> None:
        """The residual add on its own: an elementwise operation over the activated sum."""
        source = self.tensors[bundle.name]
        loops, _ = self._elementwise(source)
        stage = OutputStage(source.quant.frac, term=-source.quant.zero)
        stage = self._stage(replace(bundle, act=None), stage, loops)
        result = self._result(bundle.name, buffer, info.core.shape, info.core.quant, loops.co)
        self._pool(f"{bundle.name}.add", bundle, "max", loops, source, stage, result)

    def _dense(self, bundle: Bundle, core: Dense, info: BundleInfo, buffer: str) -> None:
        hw, source = self.hw, self._input(bundle)
        layout, flat = source.tensor, not source.matrix
        shape = (layout.h, layout.w, layout.c) if flat else (1, 1, layout.c)
        weights = core.weights[flat_order(hw, shape)] if flat else core.weights
        batch, co = info.core.shape
        spread = spread_loops(hw, co, len(weights))
        if self._is_spread(batch, layout, spread):
            self._spread(bundle, info, buffer, source, spread, weights)
            return
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
                delta = row0 // hw.rows * layout.tile_pitch
                x = pixel_reader(hw, loops, source.buffer, layout, delta=delta, c0=source.c0)
            if isinstance(result.layout, TensorLayout):
                out: Layout = replace(result.layout, h=rows)
                delta = row0 // hw.rows * result.layout.tile_pitch
            else:
                out = RawLayout(hw, 1, rows, 1, co, loops.ch_per_t)
                delta = row0 // hw.rows * co * hw.slot_bytes
            stage = self._stage(bundle, OutputStage(info.acc_frac), loops, row0)
            self._mac(
                bundle.name if step >= batch else f"{bundle.name}.rows{row0}", bundle, loops, x,
                self._writer(replace(result, layout=out), delta=delta), out, stage, weights[None, None],
                biases(core, info.input.quant), stream=bundle.name, flat=flat, chain=chain, c0=source.c0, row0=row0,
            )  # fmt: skip

    def _is_spread(self, batch: int, layout: TensorLayout, loops: Loops) -> bool:
        """Whether a dense layer is one vector in one run of bytes, whose weights find room beside the resident ones."""
        one_run = layout.h == 1 and (layout.w == 1 or layout.column == layout.c)
        return batch == 1 and one_run and self.resident + loops.t * loops.ci <= self.hw.weights_resident

    def _spread(
        self, bundle: Bundle, info: BundleInfo, buffer: str, source: Stored, loops: Loops, weights: IntArray
    ) -> None:
        """A dense layer on one vector, spread over the rows."""
        hw, load = self.hw, f"{bundle.name}.resident"
        result = self._result(bundle.name, buffer, info.core.shape, info.core.quant, loops.ch_per_t)
        x = spread_reader(hw, loops, source.buffer, source.tensor, c0=source.c0)
        stage = self._stage(bundle, OutputStage(info.acc_frac), loops)
        words = spread_words(hw, loops, weights)
        self.done.streams[load] = resident_stream(hw, words)
        self._mac(
            bundle.name, bundle, loops, x, self._writer(result), result.layout, stage, weights[None, None],
            biases(bundle.core, info.input.quant), stream=bundle.name, c0=source.c0, load=load,
        )  # fmt: skip
        self.resident += len(words)

    # ---- operations ------------------------------------------------------------------------------------------------

    def _mac(
        self, name: str, bundle: Bundle, loops: Loops, x: Reader, y: Writer, out: Layout, stage: OutputStage,
        weights: IntArray, bias: IntArray, *, stream: str, flat: bool = False, chain: bool = False, c0: int = 0,
        k0: int = 0, row0: int = 0, pool: InlinePool | None = None, phase: tuple[int, int] = (0, 0),
        load: str = "",
    ) -> None:  # fmt: skip
        stage = stage.channels(k0, loops.co)
        if stream not in self.done.streams:
            scale = stage.first.scale if stage.first else None
            self.done.streams[stream] = weights_stream(self.hw, loops, None if load else weights, bias, scale)
        self.done.operations.append(
            Operation(
                name, bundle.name, "mac", loops, x, y, out, stage, weights=weights, bias=bias, stream=stream,
                dense=isinstance(bundle.core, Dense), flat=flat, chain=chain, c0=c0,
                row0=row0, pool=pool, phase=phase, x_zero=self.infos[bundle.name].input.quant.zero,
                spread=bool(load), resident=self.resident if load else 0, load=load,
            )
        )  # fmt: skip

    def _writer(self, result: Stored, *, delta: int = 0, k0: int = 0, phase: tuple[int, int] = (0, 0)) -> Writer:
        """Results go to their place, `delta` bytes behind its start; the first of them is byte `k0` of a line there.

        Those of every so-many-th row and column go to these from `phase` on.
        """
        if phase != (0, 0):
            layout = result.tensor
            delta += phase[0] * layout.pitch // layout.every[0]
            k0 += phase[1] * layout.column // layout.every[1]
        return writer(self.hw, result.buffer, result.layout, delta=delta, k0=result.c0 + k0)

    def _pool(
        self, name: str, bundle: Bundle, kind: Literal["max", "avg"], loops: Loops, source: Stored,
        stage: OutputStage, result: Stored, *, phase: tuple[int, int] = (0, 0), reads: tuple[int, int] = (1, 1),
    ) -> None:  # fmt: skip
        x = pixel_reader(self.hw, loops, source.buffer, source.tensor, c0=source.c0)
        y, out = self._writer(result, phase=phase), result.layout
        self.done.operations.append(
            Operation(name, bundle.name, kind, loops, x, y, out, stage, c0=source.c0, phase=phase, reads=reads)
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a convolution's channels, as a convolution of its own.

    Attributes:
        name: of its operations.
        core: the convolution.
        c0: its first channel of the input.
        channel: its first channel of the whole convolution's results.
        k0: first channel that it writes of the tensor.
        phase: first row and column that it writes.
    """

    name: str
    core: Conv2D
    c0: int = 0
    channel: int = 0
    k0: int = 0
    phase: tuple[int, int] = (0, 0)

    def of(self, whole: Layout) -> Layout:
        """The layout of its results in that of all."""
        return whole if isinstance(whole, RawLayout) else whole.channels(self.core.weights.shape[3])


def _parts(hw: Hardware, bundle: Bundle, core: Conv2D, shape: tuple[int, ...]) -> list[_Part]:
    """The groups of a convolution of a tensor (n, h, w, c), or what goes to one place of depth to space.

    It is one part itself if it is one operation.
    """
    places = prod(bundle.depth_to_space)
    count = 1 if depthwise(hw, core) else core.groups * places
    if count == 1:
        return [_Part(bundle.name, core)]
    kernels = np.split(core.weights, count, axis=3)
    biases = [None] * count if core.bias is None else np.split(core.bias, count)
    ci, co = kernels[0].shape[2:]
    parts = []
    for i, (k, b) in enumerate(zip(kernels, biases, strict=True)):
        part = replace(core, weights=k, bias=b, groups=1)
        if places > 1:
            phase = divmod(i, bundle.depth_to_space[1])
            parts.append(_Part(f"{bundle.name}.place{i}", _trimmed(part, shape), channel=i * co, phase=phase))
        else:
            parts.append(_Part(f"{bundle.name}.group{i}", part, c0=i * ci, channel=i * co, k0=i * co))
    return parts


def _trimmed(core: Conv2D, shape: tuple[int, ...]) -> Conv2D:
    """The convolution without the rows and columns at its kernel's edges that are 0 for all channels.

    A transposed convolution has such in each place. What is left out comes off the padding, as far as there is some.
    """
    taps = (core.weights != 0).any(axis=(2, 3))
    cuts, pads = [], []
    for axis, window in enumerate(windows(shape[1:], taps.shape, core.strides, core.padding)):
        used = [*np.flatnonzero(taps.any(axis=1 - axis)).tolist(), window.pad_before]
        size, first, last = taps.shape[axis], min(used), max(used)
        before = min(first, window.pad_before, size - 1 - window.pad_after)
        after = min(size - 1 - last, window.pad_after)
        cuts.append(slice(before, size - after))
        pads.append((window.pad_before - before, window.pad_after - after))
    return replace(core, weights=core.weights[cuts[0], cuts[1]], padding=(pads[0], pads[1]))


def _four(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(n, h, w, c) of a tensor or matrix."""
    n, h, w, c = (1, shape[0], 1, shape[1]) if len(shape) == 2 else shape
    return n, h, w, c
