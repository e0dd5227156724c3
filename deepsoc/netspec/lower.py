"""From the declarative network to the integer graph: quantized or random weights, and the open binary points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil, ldexp, log2, prod

import numpy as np
import numpy.typing as npt

from deepsoc._json import json_path
from deepsoc.errors import InputError
from deepsoc.graph.executor import accumulate, add_bias, pool2d, rearranged
from deepsoc.graph.fixed import (
    ACC_BITS,
    ALIGNED_BITS,
    MAX_LEFT_SHIFT,
    SCALED_BITS,
    activate,
    add_operand,
    align_shift,
    best_int_bits,
    largest_frac,
    limits,
    multiplier,
    needless_saturation,
    quant_of,
    quantize,
    round_half_even,
    weight_limits,
)
from deepsoc.graph.ir import Act, Add, Align, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant, Scale
from deepsoc.graph.ranges import sum_ends, type_ends
from deepsoc.graph.shapes import (
    MAX_AVG_GAIN,
    bundle_shapes,
    check_act,
    check_pool,
    concatenated,
    joined_quant,
    joined_shape,
    sum_quant,
    validate,
)
from deepsoc.graph.transposed import as_convolution
from deepsoc.netspec.spec import (
    ActSpec,
    AddSpec,
    BitsSpec,
    BundleSpec,
    Conv2DSpec,
    Conv2DTransposeSpec,
    DenseSpec,
    NetSpec,
    PoolSpec,
)
from deepsoc.netspec.weights import Weights, check_samples, check_weights

__all__ = ["check_shapes", "layer_shapes", "lower"]

_MAX_ELEMENTS = 1 << 28
"""Elements of one tensor or of one kernel; more is taken for a mistake."""
_SAMPLE_ELEMENTS = 4096
"""Input elements, at least, of the random batch that places the binary points."""
_COVERED = 0.95
"""Share of the values of a random batch, other than 0, that a chosen binary point represents without saturation."""
_SAMPLES = (8, 256)
"""Real inputs drawn for the same purpose, at least and at most: as many as have `_REAL_ELEMENTS`."""
_REAL_ELEMENTS = 1 << 20
_BIAS_BITS = ACC_BITS - 3
"""Bits that the bias may take beside the sums, so that both fit the accumulator."""
_LOWEST_EVERY = 256
"""One of so many random weights, and at least one, is the lowest integer of its type."""
_MAX_WEIGHT_FRAC = 24
_UNSEEN = 1 / 8
"""Units of a result by which larger steps of a channel's weights may move it."""

Shape = tuple[int, ...]
_CoreSpec = Conv2DSpec | Conv2DTransposeSpec | DenseSpec


def check_shapes(spec: NetSpec, where: str) -> dict[str, Shape]:
    """Shapes of all weights of a network whose names are in order, by `<bundle>/kernel` and `<bundle>/bias`.

    Raises:
        InputError: a layer does not fit its input, or something is absurdly large; `where` ends in the JSON path.
    """
    tensors: dict[str, Shape] = {"input": (spec.input.batch, *spec.input.shape)}
    _check_elements(tensors["input"], f"{where}: $.input.shape", "the input")
    weights: dict[str, Shape] = {}
    for i, bundle in enumerate(spec.bundles):
        kernel, _, tensors[bundle.name] = layer_shapes(bundle, tensors, f"{where}: {json_path(('bundles', i))}")
        weights[f"{bundle.name}/kernel"] = kernel
        if bundle.core.use_bias:
            weights[f"{bundle.name}/bias"] = kernel[-1:]
    return weights


def layer_shapes(bundle: BundleSpec, tensors: Mapping[str, Shape], path: str) -> tuple[Shape, Shape, Shape]:
    """Shapes of one bundle's kernel, of the result of its core, and of its own result.

    Args:
        bundle: the bundle.
        tensors: shapes (n, h, w, c) or (n, c) of what it reads, by name.
        path: of the bundle, for errors.

    Raises:
        InputError: as `check_shapes`.
    """
    operand = tensors[bundle.add.with_] if bundle.add else None
    with _faults_of(bundle, path):
        x = joined_shape(bundle.input, tensors, bundle.channels)
    kernel = _kernel_shape(bundle.core, x[-1])
    _check_elements(kernel, f"{path}.core", "the kernel")
    with _faults_of(bundle, path):
        core, out = bundle_shapes(_shape_model(bundle, kernel), x, operand)
    _check_elements(core, f"{path}.core", "the output")
    return kernel, core, out


@contextmanager
def _faults_of(bundle: BundleSpec, path: str) -> Iterator[None]:
    """Faults of parts of a bundle, with its name and their place in the file."""
    try:
        yield
    except InputError as error:
        message = str(error).removeprefix(f"{error.where}: ")
        raise InputError(f"bundle {bundle.name}: {message}", where=f"{path}.{error.where}") from None


def _check_elements(shape: Shape, where: str, what: str) -> None:
    if prod(shape) > _MAX_ELEMENTS:
        raise InputError(f"{what} {shape} would have {prod(shape)} elements, more than {_MAX_ELEMENTS}", where=where)


def _kernel_shape(core: _CoreSpec, ci: int) -> Shape:
    if isinstance(core, DenseSpec):
        return (ci, core.units)
    groups = core.groups if isinstance(core, Conv2DSpec) else 1
    return (*core.kernel, max(ci // groups, 1), core.filters)  # what they do not divide is refused with the shapes


def _shape_model(bundle: BundleSpec, kernel: Shape) -> Bundle:
    """A bundle that has shapes only: its weights take no memory, its binary points mean nothing."""
    quant = Quant(8, 0)
    pool = _pool(bundle.pool, quant) if bundle.pool else None
    core = _core(bundle.core, np.broadcast_to(np.int64(0), kernel), None, quant, quant)
    return Bundle(
        bundle.name, _source(bundle), core, pool=pool, flatten=bundle.flatten, upsample=bundle.upsample,
        depth_to_space=bundle.places,
    )  # fmt: skip


def _source(bundle: BundleSpec) -> str | tuple[str, ...]:
    return bundle.input if len(bundle.input) > 1 else bundle.input[0]


def _core(spec: _CoreSpec, k: IntArray, b: IntArray | None, k_quant: Quant, b_quant: Quant) -> Conv2D | Dense:
    if isinstance(spec, DenseSpec):
        return Dense(k, b, k_quant, b_quant)
    if isinstance(spec, Conv2DTransposeSpec):
        kernel, padding = as_convolution(k, spec.strides)
        places = prod(spec.strides)
        if isinstance(k_quant.scale, tuple):
            k_quant = replace(k_quant, scale=k_quant.scale * places)
        return Conv2D(kernel, None if b is None else np.tile(b, places), (1, 1), padding, k_quant, b_quant)
    return Conv2D(k, b, spec.strides, spec.padding, k_quant, b_quant, spec.groups)


def _pool(spec: PoolSpec, out: Quant) -> Pool:
    return Pool(spec.type, spec.size, spec.strides, spec.padding, out)


def lower(spec: NetSpec, weights: Weights | None, seed: int, samples: npt.ArrayLike | None = None) -> Graph:
    """Integers of a network; see `NetSpec.to_graph`."""
    shapes = check_shapes(spec, spec.name)
    real = None if weights is None else check_weights(weights, shapes)
    inputs = None if samples is None else check_samples(samples, spec.input.shape)
    ties: _Ties = {}
    while True:
        lowering = _Lowering(spec, shapes, real, inputs, np.random.default_rng(seed), ties)
        try:
            bundles = _bundles(spec, lowering)
            break
        except _ApartError as apart:  # they begin anew, with one binary point
            ties.update(apart.ties)
    graph = Graph(spec.name, (spec.input.batch, *spec.input.shape), lowering.input_quant, tuple(bundles))
    validate(graph)
    if lowering.faults:
        warnings.warn(f"network {spec.name}: {'; '.join(lowering.faults)}", stacklevel=3)
    return graph


def _bundles(spec: NetSpec, lowering: _Lowering) -> list[Bundle]:
    """All bundles in integers."""
    bundles = []
    for i, bundle in enumerate(spec.bundles):
        try:
            bundles.append(lowering.bundle(bundle, is_last=i == len(spec.bundles) - 1))
        except InputError as error:
            raise InputError(str(error), where=f"{spec.name}: {json_path(('bundles', i))}") from None
    return bundles


@dataclass(frozen=True)
class _Tie:
    """Fractional bits that tensors have for being concatenated: exactly so many, or not more."""

    frac: int
    exact: bool

    def of(self, frac: int) -> int:
        """The fractional bits in the place of those that are the best."""
        return self.frac if self.exact else min(frac, self.frac)


_Ties = dict[str, _Tie]


class _ApartError(Exception):
    """Tensors that are concatenated have come to different binary points; `ties` brings them together."""

    def __init__(self, ties: _Ties) -> None:
        super().__init__()
        self.ties = ties


def _tied(spec: NetSpec, name: str) -> set[str]:
    """Tensors that share the binary point of one, for they are concatenated with it, or with one that is."""
    tied, before = {name}, set[str]()
    while tied != before:
        before = tied
        tied = tied.union(*(bundle.input for bundle in spec.bundles if tied.intersection(bundle.input)))
    return tied


def _given_frac(bundle: BundleSpec, network: BitsSpec) -> int | None:
    """Fractional bits that a bundle asks for in its result, None where they are open."""
    bits, act = bundle.x_bits(network), bundle.add.result if bundle.add else bundle.act
    last, zero = bundle.pool or act, _zero(act, bits)
    if last is None:
        return None
    if last.scale:
        return quant_of(bits, last.scale).frac
    if bundle.pool and bundle.pool.zero_point is not None:
        zero = bundle.pool.zero_point
    int_bits = _int_bits(last)
    return None if int_bits is None else bits + _unsigned(bits, zero) - 1 - int_bits


def _int_bits(spec: ActSpec | PoolSpec | None) -> int | None:
    """Integer bits that a part without a scale asks for, None where they are open."""
    if isinstance(spec, ActSpec) and spec.max and spec.int_bits is None:
        return ceil(log2(spec.max))
    return spec.int_bits if spec else None


def _zero(spec: ActSpec | None, bits: int) -> int:
    """Zero point of an activation's result."""
    if spec is None:
        return 0
    return -(1 << (bits - 1)) if spec.unsigned else spec.zero_point or 0


@dataclass(frozen=True, eq=False)
class _Values:
    """Sample integers and their type."""

    a: IntArray
    quant: Quant

    @property
    def centered(self) -> IntArray:
        """The integers counted from their zero point."""
        return self.a - self.quant.zero

    @property
    def units(self) -> npt.NDArray[np.float64]:
        """The integers times their scale, of one channel or all, binary points left where they are."""
        return np.asarray(self.centered * np.array(self.quant.scale), np.float64)


class _Lowering:
    """Lowers one bundle after the other and runs each on a sample, whose values place the binary points.

    Attributes:
        input_quant: type of the input.
        faults: binary points that the network fixes so that many values of real samples saturate without need.
    """

    def __init__(
        self,
        spec: NetSpec,
        shapes: dict[str, Shape],
        real: dict[str, npt.NDArray[np.float64]] | None,
        inputs: npt.NDArray[np.float64] | None,
        rng: np.random.Generator,
        ties: _Ties,
    ) -> None:
        """Args: shapes, real: of the weights by name; without `real`, or `inputs`, `rng` draws them."""
        self._spec, self._ties = spec, ties
        self._bits, self._shapes, self._real, self._rng = spec.bits, shapes, real, rng
        self.input_quant = _input_quant(spec)
        self._measured, self.faults = inputs is not None, list[str]()
        if inputs is None:
            n = -(-_SAMPLE_ELEMENTS // prod(spec.input.shape))
            sample = rng.integers(*limits(spec.bits.x), (n, *spec.input.shape), endpoint=True)
        else:
            n = int(np.clip(_REAL_ELEMENTS // prod(spec.input.shape), *_SAMPLES))
            drawn = np.sort(rng.permutation(len(inputs))[:n])
            sample = quantize(inputs[drawn], self.input_quant)
            if spec.input.scale is None and not self.input_quant.zero:
                self._look("input", inputs[drawn], spec.bits.x, spec.input.int_bits or 0)
        self._tensors = {"input": _Values(sample, self.input_quant)}

    def _look(self, place: str, values: npt.NDArray[np.float64], bits: int, int_bits: int) -> None:
        if self._measured and (fault := needless_saturation(values, bits, int_bits)):
            self.faults.append(f"{place}: {fault} (set or drop its int_bits)")

    def bundle(self, spec: BundleSpec, *, is_last: bool) -> Bundle:
        """The next bundle in integers.

        Raises:
            InputError: its `int_bits` or scales ask for what hardware has no form for, or tensors that it concatenates
                have types that differ; `where` is the part at fault.
            _ApartError: tensors that it concatenates have different binary points, which are open.
        """
        x = self._input(spec.input, spec.channels)
        bits = spec.x_bits(self._bits)
        k, k_quant = self._kernel(spec, x.quant.frac)
        core = _core(spec.core, k, None, k_quant, Quant(self._bits.b, 0))
        values = _Values(accumulate(core, x.centered, x.quant), sum_quant(core, x.quant))
        if spec.core.use_bias:
            b, b_quant = self._bias(spec.name, values)
            core = _core(spec.core, k, b, k_quant, b_quant)
            if spec.core.scale and spec.act and spec.act.scale and k_quant.bits > 1:
                core = _coarsened(core, x, spec.act.scale)
                values = _Values(accumulate(core, x.centered, x.quant), sum_quant(core, x.quant))
            values = _Values(add_bias(values.a, values.quant.frac, core), values.quant)
        may_be_raw = is_last and spec.pool is None and spec.upsample == spec.places == (1, 1)
        act = add = pool = None
        tie = self._ties.get(spec.name)  # of the result, not of what is on the way to it
        part = _Part(
            f"act of bundle {spec.name}", "act", bits, lambda: sum_ends(core, x.quant, _ends(x)),
            None if spec.add or spec.pool else tie,
        )  # fmt: skip
        if spec.act or not (spec.add or may_be_raw):
            act, values = self._act(spec.act, values, part)
            part = replace(part, ends=lambda: _ends(values))
        if spec.add:
            part = replace(part, tie=None if spec.pool else tie)
            add, values = self._add(spec.add, values, part, may_be_raw=may_be_raw)
        if spec.pool:
            pool, values = self._pool(spec.pool, values, replace(part, place=f"pool of bundle {spec.name}", tie=tie))
        values = _Values(rearranged(values.a, spec.upsample, spec.places), values.quant)
        if spec.flatten:
            values = _Values(values.a.reshape(len(values.a), -1), values.quant)
        self._tensors[spec.name] = values
        return Bundle(
            spec.name, _source(spec), core, act, add, pool, spec.flatten, spec.softmax, spec.upsample, spec.places,
            spec.channels,
        )  # fmt: skip

    def _input(self, sources: tuple[str, ...], channels: tuple[int, int] | None) -> _Values:
        values = {name: self._tensors[name] for name in sources}
        quants = {name: each.quant for name, each in values.items()}
        points = {quant.frac for quant in quants.values()}
        if len(points) == 1 or len({replace(quant, frac=0) for quant in quants.values()}) > 1:
            quant = joined_quant(quants)
            return _Values(concatenated(sources, {name: each.a for name, each in values.items()}, channels), quant)
        tied = _tied(self._spec, sources[0])
        asked = {bundle.name: _given_frac(bundle, self._bits) for bundle in self._spec.bundles if bundle.name in tied}
        asked |= {"input": self.input_quant.frac} if "input" in tied else {}
        given = {name: frac for name, frac in asked.items() if frac is not None}
        if given:
            joined_quant({name: Quant(self._bits.x, frac) for name, frac in given.items()})
        tie = _Tie(min(given.values(), default=min(points)), exact=bool(given))
        if all(self._ties.get(name) == tie for name in tied):  # in vain
            joined_quant(quants)
        raise _ApartError(dict.fromkeys(tied, tie))

    def _kernel(self, spec: BundleSpec, x_frac: int) -> tuple[IntArray, Quant]:
        name, shape = spec.name, self._shapes[f"{spec.name}/kernel"]
        bits = spec.k_bits(self._bits)
        if self._real is None:
            quant = _kernel_quant(spec, bits, shape[-1])
            # Sums of fan-in many products grow with its square root: this keeps the values of all layers alike.
            frac = max(bits - 1, 0) + round(0.5 * log2(prod(shape[:-1])))
            return self._random_kernel(bits, shape), quant or Quant(bits, frac)
        real = self._real[f"{name}/kernel"]
        quant = _kernel_quant(spec, bits, shape[-1])
        if quant is None:
            size = float(np.abs(real).mean())
            low, high = (-size, size) if bits == 1 else (real.min(), real.max())
            frac = min(largest_frac(low, high, max(bits, 2)), _MAX_WEIGHT_FRAC)
            bias = np.abs(self._real.get(f"{name}/bias", np.zeros(1))).max()
            if bias:  # beside a large bias, tiny weights need no binary point at which the bias has no room
                frac = min(frac, _BIAS_BITS - int(np.frexp(bias)[1]) - x_frac)
            quant = Quant(bits, frac)
        return (np.where(real < 0, -1, 1) if bits == 1 else quantize(real, quant)), quant

    def _random_kernel(self, bits: int, shape: Shape) -> IntArray:
        # A symmetric range with a few of the lowest integer: a mean other than zero would end deep networks in zeros.
        if bits == 1:
            return 2 * self._rng.integers(2, size=shape) - 1
        low, high = weight_limits(bits)
        k = self._rng.integers(low + 1, high, shape, endpoint=True)
        k.flat[self._rng.integers(k.size, size=1 + k.size // _LOWEST_EVERY)] = low
        return k

    def _bias(self, name: str, sums: _Values) -> tuple[IntArray, Quant]:
        bits, shape = self._bits.b, self._shapes[f"{name}/bias"]
        if self._real is not None:
            real = self._real[f"{name}/bias"] / np.array(sums.quant.scale, ndmin=1)[: shape[0]]  # alike in all places
            quant = Quant(bits, min(largest_frac(real.min(), real.max(), bits), sums.quant.frac))
            return quantize(real, quant), quant
        spread = int(sums.a.std()) // 2
        shift = max(spread.bit_length() - (bits - 1), 0) + int(self._rng.integers(3))
        size = max(spread >> shift, 1)
        return self._rng.integers(-size, size, shape, endpoint=True), Quant(bits, sums.quant.frac - shift)

    def _act(self, spec: ActSpec | None, values: _Values, part: _Part) -> tuple[Act, _Values]:
        kind = spec.type if spec else "linear"
        slope = None if spec is None or not spec.slope else -round(log2(spec.slope))
        out = self._act_quant(spec, kind, slope, values, part)
        top = limits(part.bits)[1]
        hi = round(min(spec.max / _unit(out), 2 * top)) + out.zero if spec and spec.max else top
        act = Act(kind, out, slope, hi=hi if hi < top else None)
        if values.quant.scale != out.scale:
            low, high = act.ends
            low = out.zero if kind == "relu" and slope is None else low
            act = replace(act, scale=_factors(values.quant, out, part, (low - out.zero, high - out.zero)))
        check_act(act, values.quant, values.a.shape[-1], part.name)
        return act, _Values(activate(values.centered, values.quant.frac, act), out)

    def _act_quant(self, spec: ActSpec | None, kind: str, slope: int | None, values: _Values, part: _Part) -> Quant:
        """Type of an activation's result, its binary point chosen from the values where it is open."""
        bits, zero = part.bits, _zero(spec, part.bits)
        if spec and spec.scale:
            return quant_of(bits, spec.scale, zero)
        units = values.centered if values.quant.scale == 1 else values.units
        if kind == "relu":
            units = np.where(units >= 0, units, 0 if slope is None else np.floor(units / 2**slope))
        frac = self._frac(_int_bits(spec), units, values.quant.frac, MAX_LEFT_SHIFT, part, zero)
        return Quant(bits, frac, zero=zero)

    def _add(self, spec: AddSpec, values: _Values, before: _Part, *, may_be_raw: bool) -> tuple[Add, _Values]:
        operand, act = self._tensors[spec.with_], spec.result
        add = Add(spec.with_, None)
        if values.quant.scale != operand.quant.scale:
            ratio = act.scale / _unit(operand.quant) if act and act.scale else 1.0
            try:
                shift = align_shift(ratio, max(before.bits, operand.quant.bits))
            except InputError as error:
                raise InputError(str(error), where="add") from None
            fine = replace(operand.quant, frac=operand.quant.frac + shift)
            scale = _factors(values.quant, fine, replace(before, name="add"), limits(ALIGNED_BITS))
            add = replace(add, align=Align(scale, shift))
        sums = _Values(*add_operand(add, values.centered, values.quant, operand.a, operand.quant))
        if not act and may_be_raw:
            return add, sums

        def ends() -> IntArray:
            operand_ends = _ends(operand) + operand.quant.zero
            return add_operand(add, before.ends(), values.quant, operand_ends, operand.quant)[0]

        part = replace(before, place=f"add.{before.place}", name="add.act", ends=ends)
        add_act, result = self._act(act, sums, part)
        return replace(add, act=add_act), result

    def _pool(self, spec: PoolSpec, values: _Values, part: _Part) -> tuple[Pool, _Values]:
        before, bits = values.quant, part.bits
        zero = before.zero if spec.zero_point is None else spec.zero_point
        gain = MAX_AVG_GAIN if spec.type == "avg" else MAX_LEFT_SHIFT
        if spec.scale:
            out = quant_of(bits, spec.scale, zero)
        elif spec.int_bits is None and (before.scale != 1 or (zero and not _unsigned(bits, zero))):
            out = replace(before, bits=bits, zero=zero, frac=part.tie.of(before.frac) if part.tie else before.frac)
        else:
            exact = _pool(spec, Quant(ACC_BITS, before.frac + gain))
            pooled = pool2d(values.centered, before.frac, exact)
            out = Quant(bits, self._frac(spec.int_bits, pooled, exact.out.frac, 0, part, zero), before.scale, zero)
        pool = _pool(spec, out)
        check_pool(pool, before)
        return pool, _Values(pool2d(values.centered, before.frac, pool), out)

    def _frac(
        self, int_bits: int | None, units: npt.NDArray[np.number], frac: int, gain: int, part: _Part, zero: int
    ) -> int:
        """Binary point of a part's result: as asked for, or the best for `units` in its tie, at most frac + gain."""
        if int_bits is None and part.tie:
            return part.tie.of(self._frac(None, units, frac, gain, replace(part, tie=None), zero))
        bits = part.bits + _unsigned(part.bits, zero)
        real = np.ldexp(units.astype(np.float64), -frac) if self._measured else np.zeros(1)
        if int_bits is not None:
            self._look(part.place, real, bits, int_bits)
            return bits - 1 - int_bits
        magnitude = np.abs(units[units != 0])
        if not magnitude.size:
            return min(bits - 1, frac + gain)
        if self._measured:
            return min(bits - 1 - best_int_bits(real, bits), frac + gain)
        peak = int(np.quantile(magnitude, _COVERED, method="higher"))
        return frac - max(peak.bit_length() - (bits - 1), -gain)


@dataclass(frozen=True)
class _Part:
    """An activation, or what stands before an add.

    Attributes:
        place: its name in warnings.
        name: its name in errors.
        bits: of its result.
        ends: least and greatest integers that can come to it, (2, channels).
        tie: of the binary point of its result.
    """

    place: str
    name: str
    bits: int
    ends: Callable[[], IntArray]
    tie: _Tie | None = None


def _input_quant(spec: NetSpec) -> Quant:
    source, bits = spec.input, spec.bits.x
    if source.scale:
        return quant_of(bits, source.scale, source.zero_point or 0)
    return Quant(bits, bits - 1 - (source.int_bits or 0), zero=source.zero_point or 0)


def _kernel_quant(spec: BundleSpec, bits: int, channels: int) -> Quant | None:
    """Type of the weights where the network gives their scale."""
    scale = spec.core.scale
    if scale is None:
        return None
    if isinstance(scale, float):
        return quant_of(bits, scale)
    if len(scale) != channels:
        raise InputError(
            f"expected a scale for each of {channels} output channels, received {len(scale)}", where="core"
        )
    frac = quant_of(bits, max(scale)).frac
    return Quant(bits, frac, tuple(ldexp(each, frac) for each in scale))


def _coarsened(core: Conv2D | Dense, x: _Values, step: float) -> Conv2D | Dense:
    """The core with larger steps of those channels whose sums are more than can be multiplied, where that is not seen.

    Channels of next to no weights have steps so small that their bias takes 30 bits.

    Args:
        core: weights and bias.
        x: what it reads.
        step: of the result.
    """
    ends = _ends(x)
    excess = np.abs(sum_ends(core, x.quant, ends)).max(axis=0) >> (SCALED_BITS - 1)
    shifts = np.frexp(excess.astype(np.float64))[1].astype(np.int64)
    if core.bias is None or not shifts.any():
        return core
    quant, axes = sum_quant(core, x.quant), tuple(range(core.weights.ndim - 1))
    k, b = (np.abs(each - (round_half_even(each, shifts) << shifts)) for each in (core.weights, core.bias))
    lost = k.sum(axis=axes) * np.abs(ends).max() + (b << (quant.frac - core.b_quant.frac))
    shifts = np.where(lost * np.ldexp(np.array(quant.scale), -quant.frac) < _UNSEEN * step, shifts, 0)
    scale = tuple(np.ldexp(np.broadcast_to(core.k_quant.scale, shifts.shape), shifts).tolist())
    return replace(
        core,
        weights=round_half_even(core.weights, shifts),
        bias=round_half_even(core.bias, shifts),
        k_quant=replace(core.k_quant, scale=scale),
    )


def _factors(before: Quant, out: Quant, part: _Part, ends: tuple[int, int]) -> Scale:
    """From the scales of what comes in, one or one a channel, to that of a result with a clamp at `ends`."""
    ratios = np.ldexp(np.array(before.scale, ndmin=1) / np.array(out.scale), out.frac - before.frac)
    peaks = part.ends()
    if len(ratios) == 1:
        peaks = np.array([[peaks[0].min()], [peaks[1].max()]])
    found = []
    for channel, ratio in enumerate(ratios.tolist()):
        try:
            found.append(multiplier(ratio, (int(peaks[0, channel]), int(peaks[1, channel])), ends))
        except InputError as error:
            of = f"channel {channel}: " if len(ratios) > 1 else ""
            raise InputError(f"{of}{error}", where=part.name) from None
    return Scale(tuple(m for m, _ in found), tuple(s for _, s in found))


def _ends(values: _Values) -> IntArray:
    return type_ends(values.quant, values.a.shape[-1])


def _unit(quant: Quant) -> float:
    """What an integer of a tensor stands for."""
    return ldexp(float(np.asarray(quant.scale)), -quant.frac)


def _unsigned(bits: int, zero: int) -> bool:
    """Whether all integers stand for numbers from 0 on."""
    return zero == -(1 << (bits - 1))
