"""Shapes and number types of every tensor of a graph, and the refusal of graphs that mean nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.graph.fixed import (
    ACC_BITS,
    ALIGNED_BITS,
    MAX_LEFT_SHIFT,
    MAX_RIGHT_SHIFT,
    MAX_SCALE_SHIFT,
    SCALE_BITS,
    limits,
    weight_limits,
)
from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant, Scale
from deepsoc.graph.window import Window, windows

__all__ = [
    "BIAS_BITS",
    "MAX_AVG_GAIN",
    "MAX_SLOPE_LOG2",
    "NAME",
    "VALUE_BITS",
    "BundleInfo",
    "Tensor",
    "bundle_shapes",
    "check_act",
    "check_pool",
    "concatenated",
    "infer",
    "joined_quant",
    "joined_shape",
    "pool_strides",
    "pool_windows",
    "sum_quant",
    "validate",
]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""What graphs and bundles may be called (to be used with `fullmatch`)."""
VALUE_BITS = (1, 2, 3, 4, 8)
"""Widths of activations and weights."""
BIAS_BITS = (8, 16, 32)
"""Widths of biases."""
MAX_SLOPE_LOG2 = 7
"""The flattest leaky slope is 2**-7."""
MAX_AVG_GAIN = 3
"""An average pool may refine the binary point by this many bits."""
_MAX_FRAC = 96

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """Shape, (n, h, w, c) or (n, c), and type of a tensor."""

    shape: Shape
    quant: Quant


@dataclass(frozen=True)
class BundleInfo:
    """What is known about one bundle without running it.

    Attributes:
        input: the tensor that the core reads.
        acc_frac: fractional bits of the accumulator.
        operand: the residual tensor, None without `add`.
        sum_frac: fractional bits of the residual sum, None without `add`.
        core: the tensor behind core, act and add; 32 bits wide when no activation made it narrower.
        output: the tensor behind pool and flatten: what consumers read.
    """

    input: Tensor
    acc_frac: int
    operand: Tensor | None
    sum_frac: int | None
    core: Tensor
    output: Tensor


def pool_windows(pool: Pool, shape: Shape) -> tuple[Window, Window]:
    """Vertical and horizontal window of a pool over a tensor (n, h, w, c)."""
    return windows(shape[1:], pool.size, pool.strides, pool.padding)


def pool_strides(pool: Pool, shape: Shape) -> tuple[int, int]:
    """Vertical and horizontal stride of a pool over a tensor (n, h, w, c) as hardware needs it.

    One output of a row or column leaves the stride open: 1 wants the fewest rows side by side, the window's columns
    the fewest windows that are open at a time.
    """
    rows, cols = pool_windows(pool, shape)
    return 1 if rows.out == 1 else pool.strides[0], pool.size[1] if cols.out == 1 else pool.strides[1]


def joined_shape(sources: Sequence[str], shapes: Mapping[str, Shape], channels: tuple[int, int] | None = None) -> Shape:
    """Shape of tensors side by side, on the channels.

    Args:
        sources: their names; just one is the tensor itself.
        shapes: of all tensors, by name.
        channels: the range of their channels that is read, None: all.

    Raises:
        InputError: they differ in more than their channels, or have no such range; `where` is `input` or `channels`.
    """
    first, *others = (shapes[name] for name in sources)
    for name, shape in zip(sources[1:], others, strict=True):
        if shape[:-1] != first[:-1]:
            raise InputError(
                f"{name!r} {shape} cannot stand beside {sources[0]!r} {first}: tensors that are concatenated differ in "
                "their channels alone; pad, pool or stride one of them to the other's size",
                where="input",
            )
    count = sum(shape[-1] for shape in (first, *others))
    start, end = (0, count) if channels is None else channels
    if not 0 <= start < end <= count:
        raise InputError(
            f"expected a range in the {count} channels that are read, received {channels}", where="channels"
        )
    return (*first[:-1], end - start)


def concatenated(
    sources: Sequence[str], tensors: Mapping[str, IntArray], channels: tuple[int, int] | None = None
) -> IntArray:
    """Tensors side by side, on their last axis, the channels, or a range of these; one alone is itself."""
    parts = [tensors[name] for name in sources]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    return whole if channels is None else whole[..., slice(*channels)]


def bundle_shapes(bundle: Bundle, x: Shape, operand: Shape | None) -> tuple[Shape, Shape]:
    """Shapes behind the core and behind the whole bundle.

    Args:
        bundle: only the shape of its weights is looked at, not their values.
        x: shape of the core's input.
        operand: shape of the residual tensor, None without `add`.

    Raises:
        InputError: the parts do not fit each other; `where` is the part of the bundle at fault.
    """
    shape = _core_shape(bundle.core, x)
    if operand is not None and operand != shape:
        raise InputError(
            f"residual add of a tensor {operand} to {shape}: both must have one shape; "
            "add a tensor of equal shape, or bring it there with a bundle of its own",
            where="add.with",
        )
    if bundle.pool is None:
        core = shape
    else:
        if len(shape) != 4:
            raise InputError(f"a pool needs a tensor (n, h, w, c), received {shape}; drop the pool", where="pool")
        core = shape
        try:
            rows, cols = pool_windows(bundle.pool, shape)
        except InputError as error:
            raise InputError(str(error), where="pool") from None
        shape = (shape[0], rows.out, cols.out, shape[3])
    if bundle.factors != (1, 1):
        shape = _larger_shape(bundle, shape)
    if bundle.flatten:
        shape = (shape[0], int(np.prod(shape[1:])))
    return core, shape


def _larger_shape(bundle: Bundle, shape: Shape) -> Shape:
    """Shape behind up-sampling or depth to space."""
    a, b = bundle.depth_to_space
    name, part = ("up-sampling", "upsample") if a * b == 1 else ("depth to space", "depth_to_space")
    if len(shape) != 4:
        raise InputError(f"{name} needs a tensor (n, h, w, c), received {shape}; drop it", where=part)
    if min(*bundle.upsample, a, b) < 1:
        raise InputError(f"expected how many rows and columns one becomes, received {bundle.factors}", where=part)
    if a * b > 1 and bundle.upsample != (1, 1):
        raise InputError("a bundle has up-sampling or depth to space, not both; use a bundle for each", where=part)
    if shape[3] % (a * b):
        raise InputError(f"{a} x {b} places need a multiple of {a * b} channels, received {shape[3]}", where=part)
    return (shape[0], shape[1] * bundle.factors[0], shape[2] * bundle.factors[1], shape[3] // (a * b))


def _core_shape(core: Conv2D | Dense, x: Shape) -> Shape:
    weights = core.weights.shape
    groups = 1 if isinstance(core, Dense) else core.groups
    if isinstance(core, Dense):
        if len(x) != 2:
            raise InputError(
                f"a dense layer needs a tensor (n, c), received {x}; set flatten on the bundle before it", where="core"
            )
        if len(weights) != 2:
            raise InputError(f"dense weights must be (ci, co), received {weights}", where="core")
        shape: Shape = (x[0], weights[1])
    else:
        if len(x) != 4:
            raise InputError(
                f"a convolution needs a tensor (n, h, w, c), received {x}; drop flatten on the bundle before it",
                where="core",
            )
        if len(weights) != 4:
            raise InputError(f"convolution weights must be (kh, kw, ci, co), received {weights}", where="core")
        try:
            rows, cols = windows(x[1:], weights, core.strides, core.padding)
        except InputError as error:
            raise InputError(str(error), where="core") from None
        shape = (x[0], rows.out, cols.out, weights[3])
    if groups < 1 or x[-1] % groups or weights[-1] % groups:
        raise InputError(
            f"{groups} groups do not divide {x[-1]} input channels and {weights[-1]} output channels", where="core"
        )
    if weights[-2] * groups != x[-1]:
        of = f" in each of {groups} groups" if groups > 1 else ""
        raise InputError(
            f"weights {weights} expect {weights[-2]} channels{of}, the input {x} has {x[-1]}", where="core"
        )
    if weights[-1] < 1:
        raise InputError(f"weights {weights} make no output channel", where="core")
    if core.bias is not None and core.bias.shape != weights[-1:]:
        raise InputError(f"the bias must be {weights[-1:]}, received {core.bias.shape}", where="core")
    return shape


def infer(graph: Graph) -> dict[str, BundleInfo]:
    """Shapes and types of every bundle, by name, in the graph's order; weight values are not looked at.

    Raises:
        InputError: the graph means nothing, or something the hardware has no form for; names the bundle.
    """
    _check_name(graph.name, "graph name")
    _check_quant(graph.input_quant, "input")
    if len(graph.input_shape) not in (2, 4) or min(graph.input_shape) < 1:
        raise InputError(f"the shape must be (n, h, w, c) or (n, c), received {graph.input_shape}", where="input")
    if not graph.bundles:
        raise InputError("a graph needs at least one bundle", where=graph.name)
    tensors = {"input": Tensor(graph.input_shape, graph.input_quant)}
    infos: dict[str, BundleInfo] = {}
    for bundle in graph.bundles:
        _check_name(bundle.name, "bundle name")
        where = f"bundle {bundle.name}"
        if bundle.name in tensors:
            raise InputError("two bundles (or a bundle and the input) have this name; rename one", where=where)
        if not bundle.sources:
            raise InputError("reads nothing; give it 'input' or an earlier bundle", where=where)
        for source in (*bundle.sources, *([bundle.add.source] if bundle.add else [])):
            if source not in tensors:
                raise InputError(
                    f"reads {source!r}, which is neither 'input' nor an earlier bundle; sort the bundles", where=where
                )
        try:
            info = _infer_bundle(bundle, tensors, is_last=bundle is graph.bundles[-1])
        except InputError as error:
            raise InputError(str(error), where=where) from None
        infos[bundle.name], tensors[bundle.name] = info, info.output
    return infos


def sum_quant(core: Conv2D | Dense, x: Quant) -> Quant:
    """Type of the core's sums; of one scale a channel where the weights have them."""
    k = core.k_quant
    scale = x.scale if k.scale == 1 else tuple((np.array(k.scale, ndmin=1) * x.scale).tolist())
    if isinstance(scale, tuple) and len(set(scale)) == 1:
        scale = scale[0]
    return Quant(ACC_BITS, x.frac + k.frac, scale)


def joined_quant(quants: Mapping[str, Quant]) -> Quant:
    """Type of tensors side by side, which is that of each.

    Args:
        quants: types of the tensors, by name.

    Raises:
        InputError: they differ; `where` is `input`.
    """
    first, *others = quants.values()
    for what, attribute, remedy in (
        ("width", "bits", "bits.x"),
        ("scale", "scale", "scale"),
        ("zero point", "zero", "zero_point (or unsigned)"),
        ("binary point", "frac", "int_bits (or scale), or leave them open"),
    ):
        if any(getattr(quant, attribute) != getattr(first, attribute) for quant in others):
            each = ", ".join(f"{getattr(quant, attribute):g} of {name!r}" for name, quant in quants.items())
            _fail(
                "input",
                f"tensors that are concatenated have one {what}, received {attribute} {each}; "
                f"give their last activations (or pools) the same {remedy}",
            )
    return first


def _infer_bundle(bundle: Bundle, tensors: dict[str, Tensor], *, is_last: bool) -> BundleInfo:
    shape = joined_shape(bundle.sources, {name: tensors[name].shape for name in bundle.sources}, bundle.channels)
    x = Tensor(shape, joined_quant({name: tensors[name].quant for name in bundle.sources}))
    core = bundle.core
    operand = tensors[bundle.add.source] if bundle.add else None
    core_shape, out_shape = bundle_shapes(bundle, x.shape, operand.shape if operand else None)
    if bundle.softmax and not is_last:
        _fail("softmax", "stands on a bundle that is not the last; softmax ends a network")
    channels = core_shape[-1]
    _check_weights_quant(core.k_quant, channels)
    quant = sum_quant(core, x.quant)
    acc_frac = quant.frac
    if core.bias is not None:
        _check_frac(core.b_quant, BIAS_BITS, "core.b_quant")
        if not 0 <= acc_frac - core.b_quant.frac < ACC_BITS:
            _fail(
                "core.b_quant",
                f"frac {core.b_quant.frac} of the bias must be in {acc_frac - ACC_BITS + 1} … {acc_frac}, "
                "the frac of the accumulator; give the bias fewer fractional bits",
            )
    quant = _after_act(bundle.act, quant, channels, "act")
    sum_frac = None
    if bundle.add and operand:
        quant = _after_add(bundle.add, quant, operand.quant, channels)
        sum_frac = quant.frac
        quant = _after_act(bundle.add.act, quant, 1, "add.act")
    raw = quant.bits == ACC_BITS
    if raw and (bundle.pool or bundle.factors != (1, 1) or not is_last):
        _fail(
            "add.act" if bundle.add else "act",
            "null leaves a 32-bit accumulator, which only the last bundle may put out, without a pool, up-sampling or "
            "depth to space; use a linear activation",
        )
    if isinstance(quant.scale, tuple):
        _fail("act", "null leaves accumulators with one scale a channel, a tensor has one; give the bundle an act")
    out_quant = quant
    if bundle.pool:
        check_pool(bundle.pool, quant)
        out_quant = bundle.pool.out
    return BundleInfo(x, acc_frac, operand, sum_frac, Tensor(core_shape, quant), Tensor(out_shape, out_quant))


def _after_act(act: Act | None, before: Quant, channels: int, part: str) -> Quant:
    if act is None:
        return before
    check_act(act, before, channels, part)
    return act.out


def _after_add(add: Add, before: Quant, operand: Quant, channels: int) -> Quant:
    """Type of the residual sum."""
    if add.align is None:
        if before.scale != operand.scale:
            _fail("add", f"the scales {before.scale} and {operand.scale} differ by no power of two; align them")
        frac = max(before.frac, operand.frac)
        if frac - min(before.frac, operand.frac) >= ACC_BITS:
            _fail("add", f"the binary points {before.frac} and {operand.frac} are too far apart for 32 bits")
        return Quant(ACC_BITS, frac, operand.scale)
    _check_scale(add.align.scale, channels, "add.align")
    if not 0 <= add.align.shift < ALIGNED_BITS:
        _fail("add.align", f"shift must be in 0 … {ALIGNED_BITS - 1}, received {add.align.shift}")
    return Quant(ACC_BITS, operand.frac + add.align.shift, operand.scale)


def check_act(act: Act, before: Quant, channels: int, part: str = "act") -> None:
    """Refuse an activation of `channels` channels that the hardware has no form for; `part` names it in the error."""
    _check_quant(act.out, part)
    slope = act.slope_log2 or 0
    if act.kind not in ("linear", "relu"):
        _fail(part, f"kind must be 'linear' or 'relu', received {act.kind!r}")
    if not 0 <= slope <= MAX_SLOPE_LOG2 or (act.kind == "linear" and act.slope_log2 is not None):
        _fail(part, f"slope_log2 is 0 … {MAX_SLOPE_LOG2} or None, and None for linear, received {act.slope_log2}")
    least, most = limits(act.out.bits)
    low, high = act.ends
    if not least <= low <= act.out.zero <= high <= most:
        _fail(
            part,
            f"clamp {low} … {high}: expected ends in {least} … {most}, and the zero point {act.out.zero} between them",
        )
    if act.scale:
        _check_scale(act.scale, channels, part)
    elif before.scale != act.out.scale:
        _fail(part, f"the scales {before.scale} and {act.out.scale} differ by no power of two; give it a scale")
    else:
        _check_shift(before.frac - act.out.frac, part, extra=slope)


def _check_scale(scale: Scale, channels: int, part: str) -> None:
    if len(scale.m) != len(scale.s) or len(scale.m) not in (1, channels):
        _fail(part, f"expected m and s for each of {channels} channels, or one for all, received {len(scale.m)}")
    for m, s in zip(scale.m, scale.s, strict=True):
        if (m and m.bit_length() != SCALE_BITS) or m < 0 or not 0 <= s <= MAX_SCALE_SHIFT:
            _fail(part, f"expected m 0 or of {SCALE_BITS} bits, s in 0 … {MAX_SCALE_SHIFT}, received {m}, {s}")


def check_pool(pool: Pool, before: Quant) -> None:
    """Refuse a pool of integers of a type that the hardware has no form for."""
    _check_quant(pool.out, "pool")
    frac = before.frac
    if before.scale != pool.out.scale:
        _fail(
            "pool",
            f"a pool keeps the scale of its input but for powers of two: {before.scale}, received {pool.out.scale}; "
            "let the act before it change the scale",
        )
    if pool.kind not in ("max", "avg"):
        _fail("pool", f"kind must be 'max' or 'avg', received {pool.kind!r}")
    if pool.kind == "avg" and pool.out.frac > frac + MAX_AVG_GAIN:
        _fail(
            "pool",
            f"an average's frac {pool.out.frac} may exceed its input's, {frac}, by at most {MAX_AVG_GAIN}; "
            "give the pool more integer bits",
        )
    # The pooling unit delivers averages with two more bits for the rounding.
    _check_shift(frac - pool.out.frac, "pool", extra=2 if pool.kind == "avg" else 0)


def _check_shift(shift: int, part: str, extra: int = 0) -> None:
    if shift < -MAX_LEFT_SHIFT or shift + extra > MAX_RIGHT_SHIFT:
        _fail(
            part,
            f"requantization by {shift} bits (right) is outside {-MAX_LEFT_SHIFT} … {MAX_RIGHT_SHIFT - extra}; "
            "move the binary point of its output",
        )


def _check_quant(quant: Quant, part: str) -> None:
    _check_frac(quant, VALUE_BITS, part)
    low, high = limits(quant.bits)
    if not low <= quant.zero <= high:
        _fail(part, f"the zero point must be in {low} … {high}, received {quant.zero}")
    if isinstance(quant.scale, tuple) or not 0 < quant.scale < inf:
        _fail(part, f"a tensor has one finite scale above 0, received {quant.scale}")


def _check_weights_quant(quant: Quant, channels: int) -> None:
    _check_frac(quant, VALUE_BITS, "core.k_quant")
    scales = np.array(quant.scale, ndmin=1)
    if quant.zero or len(scales) not in (1, channels) or not (np.isfinite(scales) & (scales > 0)).all():
        _fail(
            "core.k_quant",
            f"weights have the zero point 0 and a finite scale above 0, one for all or for each of {channels} "
            f"channels; received zero point {quant.zero}, scale {quant.scale}",
        )


def _check_frac(quant: Quant, legal_bits: tuple[int, ...], part: str) -> None:
    if quant.bits not in legal_bits:
        _fail(part, f"bits must be one of {legal_bits}, received {quant.bits}")
    if abs(quant.frac) > _MAX_FRAC:
        _fail(part, f"frac must be in {-_MAX_FRAC} … {_MAX_FRAC}, received {quant.frac}")


def _check_name(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise InputError(f"{what} {name!r}: expected a letter or _, then at most 63 letters, digits and _")


def _fail(part: str, message: str) -> NoReturn:
    raise InputError(message, where=part)


def validate(graph: Graph) -> dict[str, BundleInfo]:
    """`infer`, and a check that every weight and bias is an integer that fits its type.

    Raises:
        InputError: as `infer`, or a value outside its bits; names the bundle.
    """
    infos = infer(graph)
    for bundle in graph.bundles:
        core = bundle.core
        k_bits = core.k_quant.bits
        _check_values(core.weights, k_bits, weight_limits(k_bits), f"bundle {bundle.name}: weights")
        if k_bits == 1 and not core.weights.all():
            raise InputError("weights of 1 bit are -1 and 1, received 0", where=f"bundle {bundle.name}: weights")
        if core.bias is not None:
            b_bits = core.b_quant.bits
            _check_values(core.bias, b_bits, limits(b_bits), f"bundle {bundle.name}: bias")
    return infos


def _check_values(values: npt.NDArray[np.generic], bits: int, ends: tuple[int, int], where: str) -> None:
    if not np.issubdtype(values.dtype, np.integer):
        raise InputError(f"expected integers, received {values.dtype}", where=where)
    low, high = ends
    least, most = values.min(), values.max()
    if least < low or most > high:
        raise InputError(f"{bits} bits hold {low} … {high}, received {least} … {most}", where=where)
