"""What the output stage does to the results of an operation: operand, activations, shifts or factors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from deepsoc.errors import MappingError
from deepsoc.graph.fixed import ALIGNED_BITS, MAX_LEFT_SHIFT, MAX_RIGHT_SHIFT, SCALE_BITS, limits
from deepsoc.graph.ir import Act, Align, Pool, Quant, Scale
from deepsoc.mapping.ports import Reader

__all__ = ["OutputStage", "Requant"]


@dataclass(frozen=True)
class Requant:
    """Requantization behind an activation, in both forms of the hardware.

    Attributes:
        pos: right shift of values from 0 on; hardware without factors saturates what it gives to x_bits.
        neg: that of values below 0.
        zero: values below 0 become 0.
        scale: hardware with factors: those, one for all or one a channel.
        slope: how much further it shifts values below 0.
        z: what it adds to what is rounded.
        lo: least result.
        hi: greatest result.
    """

    pos: int
    neg: int
    zero: bool
    scale: Scale
    slope: int
    z: int
    lo: int
    hi: int

    def centred(self) -> Requant:
        """The same with results that are counted from their zero point."""
        return replace(self, z=0, lo=self.lo - self.z, hi=self.hi - self.z)

    def channels(self, first: int, count: int) -> Requant:
        """That of some of the channels."""
        if len(self.scale.m) == 1:
            return self
        part = slice(first, first + count)
        return replace(self, scale=Scale(self.scale.m[part], self.scale.s[part]))


def _shift(bits: int) -> int:
    """A right shift as the hardware can do it; a left shift beyond its limit saturates all but 0 in any case."""
    if bits > MAX_RIGHT_SHIFT:
        raise MappingError(
            f"requantization by {bits} bits, the hardware shifts by at most {MAX_RIGHT_SHIFT}; "
            "move the binary point of the output"
        )
    return max(bits, -MAX_LEFT_SHIFT)


def _requant(act: Act, shift: int) -> Requant:
    """Of values whose binary point is `shift` bits to the right of the result's."""
    slope, (lo, hi) = act.slope_log2 or 0, act.ends
    pos, neg = (0, 0) if act.scale else (_shift(shift), _shift(shift + slope))
    scale = act.scale or Scale((1 << (SCALE_BITS - 1),), (pos + SCALE_BITS - 1,))
    zero = act.kind == "relu" and act.slope_log2 is None
    return Requant(pos, neg, zero, scale, slope, act.out.zero, lo, hi)


@dataclass(frozen=True)
class OutputStage:
    """The steps of the output stage, in their order.

    Attributes:
        frac: fractional bits of the results.
        operand: what the operand port adds: nothing, partial sums (before act1) or a tensor (behind it).
        o: where operands come from.
        act1: requantization before the operand tensor is added.
        acc_lsh: left shift of the value before the operand tensor is added.
        opd_lsh: left shift of the operand tensor.
        act2: requantization at the end.
        avg_lsh: left shift of an average pool's sum.
        o_zero: zero point of the operand tensor.
        term: what is added to the results of the pooling unit.
    """

    frac: int
    operand: Literal["none", "tensor", "partial"] = "none"
    o: Reader | None = None
    act1: Requant | None = None
    acc_lsh: int = 0
    opd_lsh: int = 0
    act2: Requant | None = None
    avg_lsh: int = 0
    o_zero: int = 0
    term: int = 0

    @property
    def passes(self) -> int:
        """Times that a result is added to and requantized."""
        return 2 if self.operand == "tensor" or (self.act1 and self.act2) else 1

    @property
    def first(self) -> Requant | None:
        """What the first pass does."""
        return self.act1 or (None if self.operand == "tensor" else self.act2)

    def channels(self, first: int, count: int) -> OutputStage:
        """That of some of the channels of the core."""
        return replace(self, act1=self.act1.channels(first, count)) if self.act1 else self

    def with_partial(self, o: Reader) -> OutputStage:
        """Partial sums are added to the accumulator."""
        return replace(self, operand="partial", o=o)

    def with_act1(self, act: Act) -> OutputStage:
        """An activation before the operand tensor."""
        return replace(self, act1=_requant(act, self.frac - act.out.frac), frac=act.out.frac)

    def with_tensor(self, o: Reader, quant: Quant) -> OutputStage:
        """A residual tensor of type `quant` is added; the sum has the larger frac."""
        common = max(self.frac, quant.frac)
        return replace(
            self, operand="tensor", o=o, acc_lsh=common - self.frac, opd_lsh=common - quant.frac, frac=common,
            act1=self.act1.centred() if self.act1 else None, o_zero=quant.zero,
        )  # fmt: skip

    def with_aligned(self, align: Align, o: Reader, quant: Quant) -> OutputStage:
        """A residual tensor of another scale is added, to what the first pass brings to that scale."""
        low, high = limits(ALIGNED_BITS)
        act1 = Requant(0, 0, False, align.scale, 0, -(quant.zero << align.shift), low, high)
        return replace(self, operand="tensor", o=o, act1=act1, opd_lsh=align.shift, frac=quant.frac + align.shift)

    def with_act2(self, act: Act) -> OutputStage:
        """An activation at the end."""
        return replace(self, act2=_requant(act, self.frac - act.out.frac), frac=act.out.frac)

    def with_inline_pool(self, pool: Pool, *, requantizes: bool) -> OutputStage:
        """A pool in line behind all: before maxima over windows, values become what the maxima are to be."""
        if not requantizes:
            return replace(self, frac=pool.out.frac)
        act1 = self.act1.centred() if self.act1 else None
        return replace(self, act1=act1).with_act2(Act("linear", pool.out))

    def with_pool(self, pool: Pool, zero: int) -> OutputStage:
        """Requantization of a pool over integers with that zero point.

        Averages come with two more fractional bits for the rounding.
        """
        shift, lsh, below = self.frac - pool.out.frac, 0, 0
        if pool.kind == "avg":
            lsh, below = max(0, -shift), 2
            shift = max(shift, 0) + below
        act1 = _requant(Act("linear", pool.out), shift)
        return replace(self, act1=act1, avg_lsh=lsh, frac=pool.out.frac, term=-zero << (lsh + below))
