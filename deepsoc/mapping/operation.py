"""An operation as the hardware does it, and where a tensor lies; still without addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepsoc.graph.ir import IntArray, Quant
from deepsoc.mapping.geometry import Loops
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.pooling import InlinePool
from deepsoc.mapping.ports import Reader, Work, Writer
from deepsoc.mapping.stage import OutputStage

__all__ = ["Layout", "Operation", "Stored"]

Layout = TensorLayout | RawLayout


@dataclass(frozen=True, eq=False)
class Operation:
    """One descriptor's worth of work.

    Attributes:
        name: the bundle's name, or that with a suffix.
        bundle: name of the bundle it belongs to.
        kind: `mac`, or the pool; a 1x1 max pool is an elementwise pass.
        loops: loop bounds.
        x: where pixels come from.
        y: where results go to.
        out: shape and layout of the results; they start `y.delta + y.off0` bytes behind the start of `y.buffer`.
        stage: what the output stage does.
        weights: weights (kh, kw, ci, co) of the channels that it takes, flattened inputs in memory order; None: pool.
        bias: (co,) at the frac of the accumulator; None for pools.
        stream: name of the weights stream; operations that share it read the same bytes. Empty for pools.
        dense: dense layer; the batch lies on the rows.
        flat: dense layer on a flattened tensor.
        chain: several weights blocks make one sum.
        c0: first input channel that it takes.
        row0: first batch element that it takes, of a dense layer.
        pool: the pool in line behind the output stage; `out` is pooled then.
        phase: first row and column of its buffer that it writes, where `out` is every so-many-th of them.
        reads: rows and columns of the buffer that it reads are so far apart.
        x_zero: zero point of the input: what pads it.
        spread: dense layer whose one vector of features lies on the rows; its weights are resident.
        resident: first word of those.
        load: name of the stream that fills them; empty where an operation before did.
    """

    name: str
    bundle: str
    kind: Literal["mac", "max", "avg"]
    loops: Loops
    x: Reader
    y: Writer
    out: Layout
    stage: OutputStage
    weights: IntArray | None = None
    bias: IntArray | None = None
    stream: str = ""
    dense: bool = False
    flat: bool = False
    chain: bool = False
    c0: int = 0
    row0: int = 0
    pool: InlinePool | None = None
    phase: tuple[int, int] = (0, 0)
    reads: tuple[int, int] = (1, 1)
    x_zero: int = 0
    spread: bool = False
    resident: int = 0
    load: str = ""

    @property
    def raw(self) -> bool:
        """Whether 32-bit slots are written."""
        return isinstance(self.out, RawLayout)

    @property
    def k0(self) -> int:
        """First channel that it writes, of a buffer whose other channels other operations write."""
        return self.y.off0 - self.phase[1] * self.y.wo_step // self.every[1]

    @property
    def every(self) -> tuple[int, int]:
        """Rows and columns of the buffer that it writes are so far apart."""
        return self.out.every if isinstance(self.out, TensorLayout) else (1, 1)

    @property
    def work(self) -> Work:
        """What its clocks depend on."""
        return Work(self.kind, self.loops, self.x, self.stage.o, self.y, self.pool, self.stage.passes, self.spread)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the results: (n, h, w, c), or (n, c) of a dense layer."""
        return (self.out.h, self.out.c) if self.dense else (self.out.n, self.out.h, self.out.w, self.out.c)


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies.

    Attributes:
        buffer: name of the buffer that holds it, beside others if its layout says so.
        layout: of the tensor.
        quant: type of its integers.
        matrix: its batch lies on the rows.
        c0: its first channel in the buffer.
    """

    buffer: str
    layout: Layout
    quant: Quant
    matrix: bool
    c0: int = 0

    @property
    def tensor(self) -> TensorLayout:
        """The layout of what operations may read as pixels or operands."""
        if isinstance(self.layout, RawLayout):
            raise TypeError(f"{self.buffer} holds 32-bit values")
        return self.layout

    @property
    def channels(self) -> slice:
        """Its channels in the buffer."""
        return slice(self.c0, self.c0 + self.layout.c)
