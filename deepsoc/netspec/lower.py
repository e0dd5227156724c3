"""From the declarative network to the integer graph: quantized or random weights, and the open binary points."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import log2, prod

import numpy as np
import numpy.typing as npt

from deepsoc._json import json_path
from deepsoc.errors import InputError
from deepsoc.graph.executor import accumulate, add_bias, add_residual, concatenated, pool2d, upsampled
from deepsoc.graph.fixed import (
    ACC_BITS,
    MAX_LEFT_SHIFT,
    activate,
    best_int_bits,
    largest_frac,
    limits,
    needless_saturation,
    quantize,
)
from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant
from deepsoc.graph.shapes import MAX_AVG_GAIN, bundle_shapes, check_act, check_pool, joined_shape, validate
from deepsoc.netspec.spec import ActSpec, BundleSpec, Conv2DSpec, DenseSpec, NetSpec, PoolSpec
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

Shape = tuple[int, ...]


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
        x = joined_shape(bundle.input, tensors)
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


def _kernel_shape(core: Conv2DSpec | DenseSpec, ci: int) -> Shape:
    # Groups that do not divide the channels are refused with the shapes.
    return (ci, core.units) if isinstance(core, DenseSpec) else (*core.kernel, max(ci // core.groups, 1), core.filters)


def _shape_model(bundle: BundleSpec, kernel: Shape) -> Bundle:
    """A bundle that has shapes only: its weights take no memory, its binary points mean nothing."""
    quant = Quant(8, 0)
    pool = _pool(bundle.pool, quant) if bundle.pool else None
    core = _core(bundle.core, np.broadcast_to(np.int64(0), kernel), None, quant, quant)
    return Bundle(bundle.name, _source(bundle), core, pool=pool, flatten=bundle.flatten, upsample=bundle.upsample)


def _source(bundle: BundleSpec) -> str | tuple[str, ...]:
    return bundle.input if len(bundle.input) > 1 else bundle.input[0]


def _core(
    spec: Conv2DSpec | DenseSpec, k: IntArray, b: IntArray | None, k_quant: Quant, b_quant: Quant
) -> Conv2D | Dense:
    if isinstance(spec, DenseSpec):
        return Dense(k, b, k_quant, b_quant)
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


def _last_point(bundle: BundleSpec) -> int | None:
    """`int_bits` of a bundle's result, None where they are open."""
    last = bundle.pool or (bundle.add.act if bundle.add else bundle.act)
    return last.int_bits if last else None


@dataclass(frozen=True, eq=False)
class _Values:
    """Sample integers and where their binary point is."""

    a: IntArray
    frac: int


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
        self.input_quant = Quant(spec.bits.x, spec.bits.x - 1 - (spec.input.int_bits or 0))
        self._measured, self.faults = inputs is not None, list[str]()
        if inputs is None:
            n = -(-_SAMPLE_ELEMENTS // prod(spec.input.shape))
            sample = rng.integers(*limits(spec.bits.x), (n, *spec.input.shape), endpoint=True)
        else:
            n = int(np.clip(_REAL_ELEMENTS // prod(spec.input.shape), *_SAMPLES))
            drawn = np.sort(rng.permutation(len(inputs))[:n])
            sample = quantize(inputs[drawn], self.input_quant)
            self._look("input", inputs[drawn], spec.input.int_bits or 0)
        self._tensors = {"input": _Values(sample, self.input_quant.frac)}

    def _look(self, place: str, values: npt.NDArray[np.float64], int_bits: int) -> None:
        if self._measured and (fault := needless_saturation(values, self._bits.x, int_bits)):
            self.faults.append(f"{place}: {fault} (set or drop its int_bits)")

    def bundle(self, spec: BundleSpec, *, is_last: bool) -> Bundle:
        """The next bundle in integers.

        Raises:
            InputError: its `int_bits` ask for a shift that the hardware does not have, or tensors that it concatenates
                have different ones; `where` is the part at fault.
            _ApartError: tensors that it concatenates have different binary points.
        """
        x = self._input(spec.input)
        k, k_quant = self._kernel(spec.name, x.frac)
        core = _core(spec.core, k, None, k_quant, Quant(self._bits.b, 0))
        values = _Values(accumulate(core, x.a, Quant(self._bits.x, x.frac)), x.frac + k_quant.frac)
        if spec.core.use_bias:
            b, b_quant = self._bias(spec.name, values)
            core = _core(spec.core, k, b, k_quant, b_quant)
            values = _Values(add_bias(values.a, values.frac, core), values.frac)
        may_be_raw = is_last and spec.pool is None and spec.upsample == (1, 1)
        act = add = pool = None
        tie = self._ties.get(spec.name)  # of the result, not of what is on the way to it
        if spec.act or not (spec.add or may_be_raw):
            act, values = self._act(spec.act, values, spec.name, "act", None if spec.add or spec.pool else tie)
        if spec.add:
            operand, add_act = self._tensors[spec.add.with_], None
            values = _Values(*add_residual(values.a, values.frac, operand.a, operand.frac))
            if spec.add.act or not may_be_raw:
                add_act, values = self._act(spec.add.act, values, spec.name, "add.act", None if spec.pool else tie)
            add = Add(spec.add.with_, add_act)
        if spec.pool:
            pool, values = self._pool(spec.pool, values, spec.name, tie)
        if spec.upsample != (1, 1):
            values = _Values(upsampled(values.a, spec.upsample), values.frac)
        if spec.flatten:
            values = _Values(values.a.reshape(len(values.a), -1), values.frac)
        self._tensors[spec.name] = values
        return Bundle(spec.name, _source(spec), core, act, add, pool, spec.flatten, spec.softmax, spec.upsample)

    def _input(self, sources: tuple[str, ...]) -> _Values:
        points = {name: self._tensors[name].frac for name in sources}
        if len(set(points.values())) == 1:
            return _Values(concatenated(sources, {name: self._tensors[name].a for name in sources}), points[sources[0]])
        tied, x = _tied(self._spec, sources[0]), self._bits.x
        asked = {bundle.name: bits for bundle in self._spec.bundles if (bits := _last_point(bundle)) is not None}
        fixed = {"input": self.input_quant.frac} | {name: x - 1 - bits for name, bits in asked.items()}
        given = {name: frac for name, frac in fixed.items() if name in tied}
        if len(set(given.values())) > 1:
            each = ", ".join(f"{x - 1 - frac} of {name!r}" for name, frac in given.items())
            raise InputError(
                f"tensors that are concatenated have one binary point, received int_bits {each}; make them equal, or "
                "leave them out",
                where="input",
            )
        frac = min(given.values(), default=min(points.values()))
        raise _ApartError({name: _Tie(frac, exact=bool(given)) for name in tied})

    def _kernel(self, name: str, x_frac: int) -> tuple[IntArray, Quant]:
        bits, shape = self._bits.k, self._shapes[f"{name}/kernel"]
        if self._real is not None:
            real = self._real[f"{name}/kernel"]
            frac = min(largest_frac(real.min(), real.max(), bits), _MAX_WEIGHT_FRAC)
            bias = np.abs(self._real.get(f"{name}/bias", np.zeros(1))).max()
            if bias:  # beside a large bias, tiny weights need no binary point at which the bias has no room
                frac = min(frac, _BIAS_BITS - int(np.frexp(bias)[1]) - x_frac)
            quant = Quant(bits, frac)
            return quantize(real, quant), quant
        # A symmetric range with a few of the lowest integer: a mean other than zero would end deep networks in zeros.
        low, high = limits(bits)
        k = self._rng.integers(low + 1, high, shape, endpoint=True)
        k.flat[self._rng.integers(k.size, size=1 + k.size // _LOWEST_EVERY)] = low
        # Sums of fan-in many products grow with its square root: this keeps the values of all layers alike.
        return k, Quant(bits, bits - 1 + round(0.5 * log2(prod(shape[:-1]))))

    def _bias(self, name: str, sums: _Values) -> tuple[IntArray, Quant]:
        bits, shape = self._bits.b, self._shapes[f"{name}/bias"]
        if self._real is not None:
            real = self._real[f"{name}/bias"]
            quant = Quant(bits, min(largest_frac(real.min(), real.max(), bits), sums.frac))
            return quantize(real, quant), quant
        spread = int(sums.a.std()) // 2
        shift = max(spread.bit_length() - (bits - 1), 0) + int(self._rng.integers(3))
        size = max(spread >> shift, 1)
        return self._rng.integers(-size, size, shape, endpoint=True), Quant(bits, sums.frac - shift)

    def _act(
        self, spec: ActSpec | None, values: _Values, name: str, part: str, tie: _Tie | None
    ) -> tuple[Act, _Values]:
        slope = None if spec is None or not spec.slope else -round(log2(spec.slope))
        if spec is None:
            outputs = values.a
        else:
            outputs = np.where(values.a >= 0, values.a, 0 if slope is None else values.a >> slope)
        place = f"{part} of bundle {name}"
        frac = self._frac(spec.int_bits if spec else None, outputs, values.frac, MAX_LEFT_SHIFT, place, tie)
        act = Act("relu" if spec else "linear", Quant(self._bits.x, frac), slope)
        check_act(act, values.frac, self._bits.x, part)
        return act, _Values(activate(values.a, values.frac, act), frac)

    def _pool(self, spec: PoolSpec, values: _Values, name: str, tie: _Tie | None) -> tuple[Pool, _Values]:
        gain = MAX_AVG_GAIN if spec.type == "avg" else MAX_LEFT_SHIFT
        exact = _pool(spec, Quant(ACC_BITS, values.frac + gain))
        pooled = pool2d(values.a, values.frac, exact)
        frac = self._frac(spec.int_bits, pooled, exact.out.frac, 0, f"pool of bundle {name}", tie)
        pool = _pool(spec, Quant(self._bits.x, frac))
        check_pool(pool, values.frac, self._bits.x)
        return pool, _Values(pool2d(values.a, values.frac, pool), frac)

    def _frac(self, int_bits: int | None, outputs: IntArray, frac: int, gain: int, place: str, tie: _Tie | None) -> int:
        """Binary point of a result: as asked for, or the best for `outputs` within `tie`, at most frac + gain."""
        if int_bits is None and tie:
            return tie.frac if tie.exact else min(self._frac(None, outputs, frac, gain, place, None), tie.frac)
        bits = self._bits.x
        real = np.ldexp(outputs.astype(np.float64), -frac) if self._measured else np.zeros(1)
        if int_bits is not None:
            self._look(place, real, int_bits)
            return bits - 1 - int_bits
        magnitude = np.abs(outputs[outputs != 0])
        if not magnitude.size:
            return min(bits - 1, frac + gain)
        if self._measured:
            return min(bits - 1 - best_int_bits(real, bits), frac + gain)
        peak = int(np.quantile(magnitude, _COVERED, method="higher"))
        return frac - max(peak.bit_length() - (bits - 1), -gain)
