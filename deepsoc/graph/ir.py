"""The integer graph: frozen descriptions of what the hardware computes, with integer weights.

Numbers follow docs/architecture.md, section 1. Arrays are NumPy, channels last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from deepsoc._tensors import limits
from deepsoc.graph.window import Padding

__all__ = ["Act", "Add", "Align", "Bundle", "Conv2D", "Dense", "Graph", "IntArray", "Pool", "Quant", "Scale"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Quant:
    """Type of integers: real value = (integer - zero) * scale * 2**-frac, integer in [-2**(bits-1), 2**(bits-1) - 1].

    Weights of one bit are -1 and 1. Unsigned integers are those with zero -2**(bits-1).

    Attributes:
        bits: of an integer.
        frac: binary point.
        scale: 1 for a binary point alone; of weights it may be one a channel.
        zero: the integer that stands for 0.
    """

    bits: int
    frac: int
    scale: float | tuple[float, ...] = 1.0
    zero: int = 0


@dataclass(frozen=True)
class Scale:
    """Factors m * 2**-s, one a channel or one for all; m is 0, or has `deepsoc.graph.fixed.SCALE_BITS` bits at most."""

    m: tuple[int, ...]
    s: tuple[int, ...]


@dataclass(frozen=True)
class Act:
    """Activation and requantization.

    Attributes:
        kind: `linear` or `relu`.
        slope_log2: for relu, n where the slope of the negative side is 2**-n; None for slope 0.
        out: type of the result.
        scale: from the input's scale to that of `out`; None: both differ by the power of two between their fracs.
        lo: least integer of the result; None: that of its type.
        hi: greatest integer of the result; None: that of its type.
    """

    kind: Literal["linear", "relu"]
    out: Quant
    slope_log2: int | None = None
    scale: Scale | None = None
    lo: int | None = None
    hi: int | None = None

    @property
    def ends(self) -> tuple[int, int]:
        """Least and greatest integer of the result."""
        low, high = limits(self.out.bits)
        return low if self.lo is None else self.lo, high if self.hi is None else self.hi


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

    @property
    def depthwise(self) -> bool:
        """Whether each of several groups has one channel of input and of output."""
        return self.groups > 1 and self.weights.shape[2:] == (1, self.groups)


@dataclass(frozen=True, eq=False)
class Dense:
    """Matrix product: weights (ci, co) in the order of the flattened (h, w, c) input, bias (co,) or None."""

    weights: IntArray
    bias: IntArray | None
    k_quant: Quant
    b_quant: Quant


@dataclass(frozen=True)
class Align:
    """What brings a value to the scale of the tensor that is added to it, with `shift` bits below that."""

    scale: Scale
    shift: int


@dataclass(frozen=True)
class Add:
    """Residual add of the output of bundle `source` (or `input`), then `act` (None: the sum stays an accumulator).

    `align` is given where the scales of both terms differ by more than a power of two.
    """

    source: str
    act: Act | None
    align: Align | None = None


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
    """One layer and all that follows it: core, act, add, pool, up-sampling or depth to space, flatten, softmax.

    Its `source` is the name of a bundle (or `input`), or several: their tensors side by side, on the channels. Of these
    it reads `channels`, from the first to before the last of the two; None: all.
    `upsample` is how often each row, and each column, of the result stands there (nearest neighbour).
    `depth_to_space` (a, b) moves a * b ranges of c channels each to as many places: channel (i * b + j) * c + k of
    row y, column x becomes channel k of row y * a + i, column x * b + j.
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
    depth_to_space: tuple[int, int] = (1, 1)
    channels: tuple[int, int] | None = None

    @property
    def factors(self) -> tuple[int, int]:
        """Rows and columns that one row, one column becomes behind the pool."""
        return self.upsample if self.depth_to_space == (1, 1) else self.depth_to_space

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
