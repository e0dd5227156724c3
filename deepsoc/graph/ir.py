"""The integer graph: frozen descriptions of what the hardware computes, with integer weights.

Numbers follow docs/architecture.md, section 1. Arrays are NumPy, channels last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from deepsoc.graph.window import Padding

__all__ = ["Act", "Add", "Bundle", "Conv2D", "Dense", "Graph", "IntArray", "Pool", "Quant"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Quant:
    """Signed fixed point: real value = integer * 2**-frac, integer in [-2**(bits-1), 2**(bits-1) - 1]."""

    bits: int
    frac: int


@dataclass(frozen=True)
class Act:
    """Activation and requantization.

    Attributes:
        kind: `linear` or `relu`.
        slope_log2: for relu, n where the slope of the negative side is 2**-n; None for slope 0.
        out: type of the result.
    """

    kind: Literal["linear", "relu"]
    out: Quant
    slope_log2: int | None = None


@dataclass(frozen=True, eq=False)
class Conv2D:
    """Convolution: weights (kh, kw, ci, co), bias (co,) or None, strides (vertical, horizontal).

    With `groups` g the input and output channels are cut into g equal parts, each output part a convolution of the
    input part in its place; `ci` of the weights are the channels of one part.
    """

    weights: IntArray
    bias: IntArray | None
    strides: tuple[int, int]
    padding: Padding
    k_quant: Quant
    b_quant: Quant
    groups: int = 1


@dataclass(frozen=True, eq=False)
class Dense:
    """Matrix product: weights (ci, co) in the order of the flattened (h, w, c) input, bias (co,) or None."""

    weights: IntArray
    bias: IntArray | None
    k_quant: Quant
    b_quant: Quant


@dataclass(frozen=True)
class Add:
    """Residual add of the output of bundle `source` (or `input`), then `act` (None: the sum stays an accumulator)."""

    source: str
    act: Act | None


@dataclass(frozen=True)
class Pool:
    """Pooling; average counts only elements that are not padding."""

    kind: Literal["max", "avg"]
    size: tuple[int, int]
    strides: tuple[int, int]
    padding: Padding
    out: Quant


@dataclass(frozen=True, eq=False)
class Bundle:
    """One layer with all that follows it: core, act, add, pool, up-sampling, flatten, softmax, in that order.

    Its `source` is the name of a bundle (or `input`), or several: their tensors side by side, on the channels.
    `upsample` is how often each row, and each column, of the result stands there (nearest neighbour).
    """

    name: str
    source: str | tuple[str, ...]
    core: Conv2D | Dense
    act: Act | None = None
    add: Add | None = None
    pool: Pool | None = None
    flatten: bool = False
    softmax: bool = False
    upsample: tuple[int, int] = (1, 1)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the tensors that the core reads."""
        return (self.source,) if isinstance(self.source, str) else self.source


@dataclass(frozen=True, eq=False)
class Graph:
    """A network in integers.

    Attributes:
        name: an identifier, letters, digits and `_`.
        input_shape: (n, h, w, c), or (n, c) for a network of dense layers.
        input_quant: type of the input integers.
        bundles: in an order in which every source comes before its consumers; the last one is the output.
    """

    name: str
    input_shape: tuple[int, ...]
    input_quant: Quant
    bundles: tuple[Bundle, ...]

    def by_name(self) -> Mapping[str, Bundle]:
        """Bundles by their names."""
        return {b.name: b for b in self.bundles}
