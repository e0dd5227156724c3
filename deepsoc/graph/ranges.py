"""Worst-case widths of every step of a bundle, whatever the input and the weights are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from deepsoc.errors import MappingError
from deepsoc.graph.fixed import ACC_BITS, ALIGNED_BITS, add_operand, limits, rescale
from deepsoc.graph.ir import Act, Bundle, Conv2D, Dense, Graph, IntArray, Quant
from deepsoc.graph.shapes import BundleInfo, concatenated, infer, sum_quant

__all__ = ["StepBits", "biases", "check_ranges", "clamped", "sum_ends", "type_ends", "worst_case_bits"]


@dataclass(frozen=True)
class StepBits:
    """Bits that the steps of one bundle may need.

    Attributes:
        accumulator: x_bits + k_bits + ceil(log2(kh * kw * ci)).
        biased: accumulator plus bias, from which the input's zero point is taken.
        residual: aligned residual sum, None without `add`.
        pool: sum of an average pool's window, shifted left for the division; None for other bundles.
    """

    accumulator: int
    biased: int
    residual: int | None
    pool: int | None


def worst_case_bits(graph: Graph) -> dict[str, StepBits]:
    """Bits of every step of every bundle, by bundle name; types bound all values but the biases, which are known."""
    infos = infer(graph)
    return {bundle.name: _step_bits(bundle, infos[bundle.name]) for bundle in graph.bundles}


def biases(core: Conv2D | Dense, x: Quant) -> IntArray:
    """What is added to the sums of products of the input's integers, (co,): bias, less what their zero point adds."""
    taken = core.weights.reshape(-1, core.weights.shape[-1]).sum(axis=0, dtype=np.int64) * -x.zero
    if core.bias is None:
        return np.asarray(taken, np.int64)
    return np.asarray(
        taken + (core.bias.astype(np.int64) << (x.frac + core.k_quant.frac - core.b_quant.frac)), np.int64
    )


def _step_bits(bundle: Bundle, info: BundleInfo) -> StepBits:
    core, x_bits = bundle.core, info.input.quant.bits
    taps = prod(core.weights.shape[:-1])
    accumulator = x_bits + core.k_quant.bits + (taps - 1).bit_length()
    peak = taps << (x_bits + core.k_quant.bits - 2)
    peak += int(np.abs(biases(core, info.input.quant)).max())
    biased = peak.bit_length() + 1
    residual = None
    if info.operand and info.sum_frac is not None:
        quant, operand = bundle.act.out if bundle.act else sum_quant(core, info.input.quant), info.operand.quant
        if bundle.act:
            peak = _peak(quant)
        peak <<= info.sum_frac - quant.frac if bundle.add and not bundle.add.align else 0
        if bundle.add and bundle.add.align:
            peak = 1 << (ALIGNED_BITS - 1)
        residual = (peak + (_peak(operand) << (info.sum_frac - operand.frac))).bit_length() + 1
    pool = None
    if bundle.pool and bundle.pool.kind == "avg":
        gain = max(bundle.pool.out.frac - info.core.quant.frac, 0)
        pool = (prod(bundle.pool.size) * _peak(info.core.quant) << gain).bit_length() + 1
    return StepBits(accumulator, biased, residual, pool)


def _peak(quant: Quant) -> int:
    """Largest magnitude of an integer of a type, counted from its zero point."""
    return max(abs(end - quant.zero) for end in limits(quant.bits))


def sum_ends(core: Conv2D | Dense, x: Quant, ends: IntArray) -> IntArray:
    """Least and greatest sum of every channel, bias and all, (2, co).

    Args:
        core: its weights are looked at.
        x: type of the input.
        ends: least and greatest input, counted from the zero point, of every channel, (2, ci); padding is 0.
    """
    groups = core.groups if isinstance(core, Conv2D) else 1
    kernels = np.split(core.weights.astype(np.int64), groups, axis=-1)
    low, high = np.minimum(ends[0], 0), np.maximum(ends[1], 0)
    parts = []
    for part, k in enumerate(kernels):
        ci = slice(part * k.shape[-2], (part + 1) * k.shape[-2])
        taps = tuple(range(k.ndim - 2))
        up, down = np.maximum(k, 0).sum(axis=taps), np.minimum(k, 0).sum(axis=taps)
        parts.append(np.stack([low[ci] @ up + high[ci] @ down, high[ci] @ up + low[ci] @ down]))
    return np.asarray(np.concatenate(parts, axis=1) + biases(core, replace(x, zero=0)), np.int64)


def clamped(graph: Graph) -> Iterator[tuple[str, str, tuple[int, int], tuple[int, int]]]:
    """Every clamp of a graph that `infer` accepts, bounded by types and weights.

    Returns:
        Bundle, part of it, least and greatest integer that can come to the clamp, and its ends.
    """
    infos = infer(graph)
    tensors = {"input": type_ends(graph.input_quant, graph.input_shape[-1])}
    for bundle in graph.bundles:
        info = infos[bundle.name]
        x_ends = concatenated(bundle.sources, tensors, bundle.channels)
        ends, quant = sum_ends(bundle.core, info.input.quant, x_ends), sum_quant(bundle.core, info.input.quant)
        for part in ("act", "add", "pool"):
            act = bundle.act if part == "act" else None
            if part == "add" and bundle.add and info.operand:
                operand, act = info.operand.quant, bundle.add.act
                ends, quant = add_operand(bundle.add, ends, quant, tensors[bundle.add.source] + operand.zero, operand)
            if part == "pool" and bundle.pool:
                act = Act("linear", bundle.pool.out)
            if act:
                before, quant = rescale(ends, quant.frac, act), act.out
                yield (
                    bundle.name,
                    "add.act" if part == "add" else part,
                    (int(before[0].min()), int(before[1].max())),
                    act.ends,
                )
                ends = np.clip(before, *act.ends) - act.out.zero
        places = prod(bundle.depth_to_space)  # whose channels become one
        ends = np.stack([ends[0].reshape(places, -1).min(axis=0), ends[1].reshape(places, -1).max(axis=0)])
        tensors[bundle.name] = np.tile(ends, info.output.shape[-1] // ends.shape[1])  # flattened: channels repeat


def type_ends(quant: Quant, channels: int) -> IntArray:
    """Ends of a type, counted from its zero point, for every channel, (2, channels)."""
    return np.repeat(np.array(limits(quant.bits))[:, None] - quant.zero, channels, axis=1)


def check_ranges(graph: Graph, y_bits: int = ACC_BITS, sum_bits: int = ACC_BITS) -> dict[str, StepBits]:
    """`worst_case_bits`, refused where a step could overflow.

    Args:
        graph: a graph that `infer` accepts.
        y_bits: width of the accumulators, at most 32.
        sum_bits: width of the steps behind them, at most 32; sums of a pool's window have 32 bits.

    Raises:
        MappingError: names the bundle, the step, its bits and the limit.
    """
    bits = worst_case_bits(graph)
    for name, steps in bits.items():
        for step, needed, limit, remedy in (
            ("accumulator", steps.accumulator, y_bits, "use fewer inputs to a sum, fewer bits, or a larger y_bits"),
            ("accumulator plus bias", steps.biased, sum_bits, "use smaller biases or fewer bits, or a larger y_bits"),
            ("residual sum", steps.residual, sum_bits, "bring the binary points of its terms closer together"),
            ("average pool", steps.pool, ACC_BITS, "use a smaller window"),
        ):
            if needed is not None and needed > limit:
                raise MappingError(
                    f"the {step} may need {needed} bits, the hardware has {limit}; {remedy}", where=f"bundle {name}"
                )
    return bits
