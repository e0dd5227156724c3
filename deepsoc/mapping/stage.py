"""What the output stage does to the results of an operation: operand, activations, shifts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from deepsoc.errors import MappingError
from deepsoc.graph.fixed import MAX_LEFT_SHIFT, MAX_RIGHT_SHIFT
from deepsoc.graph.ir import Act, Pool
from deepsoc.mapping.ports import Reader

__all__ = ["OutputStage", "Requant"]


@dataclass(frozen=True)
class Requant:
    """Requantization behind an activation: right shifts by the sign of the value, or negative results become 0."""

    pos: int
    neg: int
    zero: bool = False


def _shift(bits: int) -> int:
    """A right shift as the hardware can do it; a left shift beyond its limit saturates all but 0 in any case."""
    if bits > MAX_RIGHT_SHIFT:
        raise MappingError(
            f"requantization by {bits} bits, the hardware shifts by at most {MAX_RIGHT_SHIFT}; "
            "move the binary point of the output"
        )
    return max(bits, -MAX_LEFT_SHIFT)


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
    """

    frac: int
    operand: Literal["none", "tensor", "partial"] = "none"
    o: Reader | None = None
    act1: Requant | None = None
    acc_lsh: int = 0
    opd_lsh: int = 0
    act2: Requant | None = None
    avg_lsh: int = 0

    @property
    def passes(self) -> int:
        """Times that a result is added to and requantized."""
        return 2 if self.operand == "tensor" or (self.act1 and self.act2) else 1

    def _requant(self, act: Act) -> Requant:
        shift = self.frac - act.out.frac
        if act.kind == "linear":
            return Requant(_shift(shift), _shift(shift))
        return Requant(_shift(shift), _shift(shift + (act.slope_log2 or 0)), zero=act.slope_log2 is None)

    def with_partial(self, o: Reader) -> OutputStage:
        """Partial sums are added to the accumulator."""
        return replace(self, operand="partial", o=o)

    def with_act1(self, act: Act) -> OutputStage:
        """An activation before the operand tensor."""
        return replace(self, act1=self._requant(act), frac=act.out.frac)

    def with_tensor(self, o: Reader, frac: int) -> OutputStage:
        """A residual tensor at `frac` is added; the sum has the larger frac."""
        common = max(self.frac, frac)
        return replace(
            self, operand="tensor", o=o, acc_lsh=common - self.frac, opd_lsh=common - frac, frac=common
        )  # fmt: skip

    def with_act2(self, act: Act) -> OutputStage:
        """An activation at the end."""
        return replace(self, act2=self._requant(act), frac=act.out.frac)

    def with_inline_pool(self, pool: Pool, *, requantizes: bool) -> OutputStage:
        """A pool in line behind all: before maxima over windows, values become what the maxima are to be."""
        shift = self.frac - pool.out.frac
        act2 = Requant(_shift(shift), _shift(shift)) if requantizes and shift else self.act2
        return replace(self, act2=act2, frac=pool.out.frac)

    def with_pool(self, pool: Pool) -> OutputStage:
        """Requantization of a pool; averages come with two more fractional bits for the rounding."""
        shift, lsh = self.frac - pool.out.frac, 0
        if pool.kind == "avg":
            lsh = max(0, -shift)
            shift = max(shift, 0) + 2
        return replace(self, act1=Requant(_shift(shift), _shift(shift)), avg_lsh=lsh, frac=pool.out.frac)
