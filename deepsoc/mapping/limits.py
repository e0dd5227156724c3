"""What networks need of the hardware, and whether it has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from math import prod

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.fixed import SCALE_BITS, SCALED_BITS, limits
from deepsoc.graph.ir import Bundle, Conv2D, Graph, Quant
from deepsoc.graph.ranges import clamped, worst_case_bits
from deepsoc.graph.shapes import BundleInfo, infer, pool_strides, pool_windows
from deepsoc.graph.window import Window, windows
from deepsoc.hw import Hardware
from deepsoc.hw.params import EDGES_LEAST, MAXIMA, STAGE_GROWTH
from deepsoc.hw.rungs import rung
from deepsoc.mapping.joints import joint_of, joints_of
from deepsoc.mapping.pooling import changes, global_count, in_line, late_residual, window_words

__all__ = [
    "bits_needed", "check_limits", "needs", "pool_memories", "requantizers_needed", "resolve", "scale_bits_needed",
    "sum_bits_needed",
]  # fmt: skip

_POOL_WORDS = 512
_ANY = Hardware(rows=1, cols=1)
_SCALED = Hardware(rows=1, cols=1, scale_bits=SCALE_BITS)
_BITS = ("x_bits", "k_bits", "b_bits")


def needs(graphs: Iterable[Graph], hw: Hardware = _ANY) -> tuple[dict[str, int], dict[str, str]]:
    """Maxima that just suffice for networks, and the bundle that needs each, where it is more than any needs.

    Args:
        graphs: the networks.
        hw: decides by its memories which pools are in line and so need nothing.
    """
    need = dict.fromkeys(MAXIMA, 1) | {"edges_ram_depth": 0}
    needed_by: dict[str, str] = {}
    for graph in graphs:
        for where, name, value in _needs(graph, hw):
            if value > need[name]:
                need[name], needed_by[name] = value, where
    return need, needed_by


def bits_needed(graphs: Sequence[Graph]) -> dict[str, int]:
    """Bits of activations, weights and, where there are any, biases that hold the numbers of all networks."""
    used = [(name, _width(bits)) for graph in graphs for _, name, bits in _bits(graph)]
    return {name: max(bits for n, bits in used if n == name) for name in _BITS if name in dict(used)}


def resolve(hw: Hardware, graphs: Iterable[Graph]) -> Hardware:
    """Hardware whose open maxima, and bits left at their defaults, factors' among them, are what the networks need.

    Accumulators and open maxima are rounded up to the next of `deepsoc.hw.rungs`, so that networks share accelerators;
    where no accelerator has such kernels and strides, the maxima are just what is needed.

    Args:
        hw: what is given stays as it is, whether it suffices or not (`plan` tells).
        graphs: the networks.

    Raises:
        InputError: an illegal network.
        MappingError: a maximum beyond what the hardware can be built for; names the bundle that needs it.
    """
    graphs = list(graphs)
    if graphs:
        hw = Hardware(**(pool_memories(graphs) | hw.model_dump(exclude_unset=True)))
    unset = {name: value for name, value in bits_needed(graphs).items() if name not in hw.model_fields_set}
    if "scale_bits" not in hw.model_fields_set:
        unset["scale_bits"] = scale_bits_needed(graphs, unset.get("x_bits", hw.x_bits))
    hw = hw.model_copy(update=unset)
    need, needed_by = needs(graphs, hw)
    if graphs and "y_bits" not in hw.model_fields_set:  # `plan` refuses what needs more than 32
        products = sum(unset.get(name, getattr(hw, name)) for name in ("x_bits", "k_bits"))
        unset["y_bits"] = min(int(rung("y_bits", max(products + 1, sum_bits_needed(graphs)))), 32)
    rounded = {name: int(rung(name, value)) for name, value in need.items()}
    with suppress(InputError):
        return Hardware(**(rounded | hw.model_dump(exclude_none=True) | unset))
    try:
        return Hardware(**(need | hw.model_dump(exclude_none=True) | unset))
    except InputError as err:  # the fields that were given are legal: a need is not
        field = max(("kh_max", "sh_max"), key=lambda name: need[name]) if err.where == "rows" else err.where
        raise MappingError(str(err), where=needed_by.get(field, "network")) from None


def scale_bits_needed(graphs: Iterable[Graph], x_bits: int) -> int:
    """Bits of the factors that the numbers of any network take in hardware of `x_bits`; 0: binary points do."""
    beyond = (fault for graph in graphs for part in (_scaled(graph), _clamped(graph, x_bits)) for fault in part)
    return SCALE_BITS if any(True for _ in beyond) else 0


def sum_bits_needed(graphs: Iterable[Graph]) -> int:
    """Bits of accumulators that hold every sum, and with which the output stage's wider ones hold theirs."""
    steps = [step for graph in graphs for step in worst_case_bits(graph).values()]
    return max(max(step.accumulator, step.biased - STAGE_GROWTH, (step.residual or 0) - STAGE_GROWTH) for step in steps)


def check_limits(graph: Graph, hw: Hardware) -> None:
    """Compares a network with the maxima of the hardware.

    Raises:
        MappingError: names the bundle, the maximum, and what is needed.
    """
    for where, name, value in _needs(graph, hw):
        if value > hw.limit(name):
            raise MappingError(
                f"{name} is {hw.limit(name)}, {value} is needed; raise it in the hardware parameters or leave it out",
                where=where,
            )
    for where, name, bits in _bits(graph):
        limit = getattr(hw, name)
        # Drivers round inputs to the hardware's width; what is narrower behind that just fits.
        if bits > limit or (where == "input" and bits != limit):
            raise MappingError(f"the network has {bits} bits, {name} is {limit}; make them equal", where=where)
    for where, message in _unscaled(graph) if hw.scale_bits else (*_scaled(graph), *_clamped(graph, hw.x_bits)):
        raise MappingError(message, where=where)


def _bits(graph: Graph) -> Iterator[tuple[str, str, int]]:
    """(bundle, field, bits) of activations, weights and biases."""
    for where, _, quant in _types(graph):
        yield where, "x_bits", quant.bits
    for bundle in graph.bundles:
        where = f"bundle {bundle.name}"
        yield where, "k_bits", bundle.core.k_quant.bits
        if bundle.core.bias is not None:
            yield where, "b_bits", bundle.core.b_quant.bits


def _width(bits: int) -> int:
    """The bits of hardware that hold them; 8, 16 and 32 of biases are their own."""
    return {1: 2, 3: 4}.get(bits, bits)


def _types(graph: Graph) -> Iterator[tuple[str, str, Quant]]:
    """(bundle, part, type) of everything that is rounded to a type."""
    yield "input", "input", graph.input_quant
    for bundle in graph.bundles:
        acts = {"act": bundle.act, "add.act": bundle.add and bundle.add.act, "pool": bundle.pool}
        for part, act in acts.items():
            if act:
                yield f"bundle {bundle.name}", part, act.out


def _scaled(graph: Graph) -> Iterator[tuple[str, str]]:
    """(bundle, why hardware without factors refuses it) of numbers that differ by more than binary points."""
    lacks = "the hardware's output stage has neither factors nor zero points (scale_bits is 0)"
    for where, part, quant in _types(graph):
        if quant.zero:
            yield (
                where,
                f"{part}: integers stand for their distance from {quant.zero}, {lacks}; drop zero_point and unsigned",
            )
        if quant.scale != 1:
            yield (
                where,
                f"{part}: the scale is {quant.scale:g} times a power of two, {lacks}; give int_bits in its place",
            )
    for bundle in graph.bundles:
        add_act = bundle.add and bundle.add.act
        scaled = [bundle.act and bundle.act.scale, bundle.add and bundle.add.align, add_act and add_act.scale]
        if bundle.core.k_quant.scale != 1 or any(scaled):
            yield (
                f"bundle {bundle.name}",
                f"core: the scale of the weights is no power of two, {lacks}; drop it and have them quantized anew",
            )


def _clamped(graph: Graph, x_bits: int) -> Iterator[tuple[str, str]]:
    """(bundle, why) of clamps that some input may reach, where hardware without factors saturates elsewhere."""
    low, high = limits(x_bits)
    acts = [act for bundle in graph.bundles for act in (bundle.act, bundle.add and bundle.add.act) if act]
    pools = [bundle.pool for bundle in graph.bundles if bundle.pool]
    if all(act.ends == (low, high) for act in acts) and all(pool.out.bits == x_bits for pool in pools):
        return
    for name, part, (least, most), (lo, hi) in clamped(graph):
        if (least < lo != low) or (most > hi != high):
            yield (
                f"bundle {name}",
                f"{part}: results may be {least} … {most} and are clamped to {lo} … {hi}, the hardware saturates to "
                f"{low} … {high} (x_bits is {x_bits}); give it {x_bits} bits, no max or one at which its type "
                "ends, or more integer bits",
            )


def _unscaled(graph: Graph) -> Iterator[tuple[str, str]]:
    """(bundle, why hardware with factors refuses it) of sums of powers of two, saturated where it would be seen."""
    bundles, infos = graph.by_name(), infer(graph)
    for name, part, (least, most), (lo, hi) in clamped(graph):
        info, add = infos[name], bundles[name].add
        act, frac = (bundles[name].act, info.acc_frac) if part == "act" else (add.act if add else None, info.sum_frac)
        if part == "pool" or act is None or frac is None or act.scale:
            continue
        shift, peak = frac - act.out.frac, 1 << (SCALED_BITS - 1)
        ends = zip((-1, 1), (least, most), (lo, hi), (shift + (act.slope_log2 or 0), shift), strict=True)
        for sign, end, limit, bits in ends:
            seen = sign * (peak >> bits if bits > 0 else peak) + act.out.zero
            if sign * seen < min(sign * end, sign * limit):
                yield (
                    f"bundle {name}",
                    f"{part}: results may be {least} … {most}, the hardware saturates its sums to {SCALED_BITS} bits, "
                    f"which gives {seen} at most; use fewer inputs to a sum, fewer bits, or fewer integer bits",
                )


def pool_memories(graphs: Iterable[Graph]) -> dict[str, int]:
    """Fields of `Hardware` for pools in line where they are left open: 0 where no pool of the networks can be.

    Sums are those of the default or of what more the networks need, maxima a power of two of words.
    """
    bundles = [(bundle, infos[bundle.name]) for graph in graphs for infos in [infer(graph)] for bundle in graph.bundles]
    count = max((global_count(bundle.pool, info.core.shape) for bundle, info in bundles), default=0)
    words = max((window_words(bundle, info) for bundle, info in bundles), default=0)
    return {
        "global_pool_max": max(count, _ANY.global_pool_max) if 0 < count < 1 << 16 else 0,
        "pool_ram_depth": min(max(1 << (words - 1).bit_length(), _POOL_WORDS), 1 << 16) if words else 0,
    }


def requantizers_needed(graphs: Iterable[Graph]) -> int:
    """Requantizers of a row with which no result of the networks waits for another: 2 if any is quantized twice."""
    return max(1 + _twice(bundle) for graph in graphs for bundle in graph.bundles)


def _twice(bundle: Bundle) -> bool:
    act, pool = bundle.act, bundle.pool
    return bundle.add is not None or (act is not None and pool is not None and changes(_SCALED, act.out, pool.out))


def _needs(graph: Graph, hw: Hardware) -> Iterator[tuple[str, str, int]]:
    """(bundle, maximum, value) of everything that a network needs."""
    infos = infer(graph)
    joints = joints_of(graph, hw, infos)
    yield "network", "n_bundles_max", len(graph.bundles)
    stored = {"input": graph.input_shape}  # shapes of the tensors, flattened or not
    for bundle in graph.bundles:
        info = infos[bundle.name]
        shape = info.core.shape
        if bundle.pool:
            down, across = pool_windows(bundle.pool, shape)
            shape = (shape[0], down.out, across.out, shape[3])
        if bundle.factors != (1, 1):
            rows, cols = bundle.factors
            shape = (shape[0], shape[1] * rows, shape[2] * cols, shape[3] // prod(bundle.depth_to_space))
            yield f"bundle {bundle.name}", "xh_max", shape[1]
            yield f"bundle {bundle.name}", "xw_max", shape[2]
        stored[bundle.name] = shape
        if len(bundle.sources) > 1:
            joint, first = joint_of(joints, bundle.sources)
            if joint.copied(first, len(bundle.sources)):
                yield f"bundle {bundle.name}", "edges_ram_depth", EDGES_LEAST
        for name, value in _bundle_needs(bundle, stored[bundle.sources[0]], info, hw):
            yield f"bundle {bundle.name}", name, value


def _bundle_needs(bundle: Bundle, source: tuple[int, ...], info: BundleInfo, hw: Hardware) -> Iterator[tuple[str, int]]:
    core, result = bundle.core, info.core.shape
    for shape in (source, result):
        yield "xn_max", shape[0]
        yield "xh_max", shape[1] if len(shape) == 4 else shape[0]
        yield "xw_max", shape[2] if len(shape) == 4 else 1
    yield "ci_max", core.weights.shape[-2]
    yield "co_max", core.weights.shape[-1]
    if isinstance(core, Conv2D):
        yield "kh_max", core.weights.shape[0]
        yield "kw_max", core.weights.shape[1]
        yield "kh_max", _rows_above(windows(source[1:], core.weights.shape, core.strides, core.padding)[0])
        yield "sh_max", core.strides[0]
        yield "sw_max", 1 if core.weights.shape[1] == 1 else core.strides[1]
    if bundle.pool and not in_line(hw, bundle, info):
        yield "kh_max", bundle.pool.size[0]
        yield "kw_max", bundle.pool.size[1]
        sh, sw = pool_strides(bundle.pool, result)
        rows, cols = pool_windows(bundle.pool, result)
        yield "kh_max", _rows_above(rows)
        yield "sh_max", sh
        yield "sw_max", 1 if cols.out == 1 else sw
        yield "ci_max", result[3]
        yield "edges_ram_depth", max(-(-bundle.pool.size[1] // sw) * result[3], EDGES_LEAST)
    if late_residual(hw, bundle) or bundle.upsample != (1, 1):
        yield "edges_ram_depth", EDGES_LEAST


def _rows_above(window: Window) -> int:
    """Rows of a kernel with which the hardware has as many rows of padding above as a window needs."""
    return 2 * window.pad_before + 1
