"""Worst-case widths of every step of a bundle, whatever the input and the weights are."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from deepsoc.errors import MappingError
from deepsoc.graph.fixed import ACC_BITS
from deepsoc.graph.ir import Bundle, Graph
from deepsoc.graph.shapes import BundleInfo, infer

__all__ = ["StepBits", "check_ranges", "worst_case_bits"]


@dataclass(frozen=True)
class StepBits:
    """Bits that the steps of one bundle may need.

    Attributes:
        accumulator: x_bits + k_bits + ceil(log2(kh * kw * ci)).
        biased: accumulator plus bias.
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


def _step_bits(bundle: Bundle, info: BundleInfo) -> StepBits:
    core, x_bits = bundle.core, info.input.quant.bits
    taps = prod(core.weights.shape[:-1])
    accumulator = x_bits + core.k_quant.bits + (taps - 1).bit_length()
    peak = taps << (x_bits + core.k_quant.bits - 2)
    if core.bias is not None:
        peak += int(np.abs(core.bias.astype(np.int64)).max()) << (info.acc_frac - core.b_quant.frac)
    biased = peak.bit_length() + 1
    residual = None
    if info.operand and info.sum_frac is not None:
        if bundle.act is not None:
            peak = 1 << (x_bits - 1)
        frac = bundle.act.out.frac if bundle.act else info.acc_frac
        operand_peak = 1 << (x_bits - 1 + info.sum_frac - info.operand.quant.frac)
        residual = ((peak << (info.sum_frac - frac)) + operand_peak).bit_length() + 1
    pool = None
    if bundle.pool and bundle.pool.kind == "avg":
        gain = max(bundle.pool.out.frac - info.core.quant.frac, 0)
        pool = (prod(bundle.pool.size) << (x_bits - 1 + gain)).bit_length() + 1
    return StepBits(accumulator, biased, residual, pool)


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
