"""The operation list on integers: what every operation must write, passes and partial sums included.

Independent of the graph executor: it follows loop bounds and shifts of the operations, not the layers of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.graph.fixed import SCALED_BITS, limits
from deepsoc.graph.ir import IntArray
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.plan import Plan
from deepsoc.mapping.pooling import InlinePool
from deepsoc.mapping.stage import Requant
from deepsoc.mapping.weights import flat_order

__all__ = ["Run", "run_operations", "run_plan"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """What a run of a plan leaves behind.

    Attributes:
        results: of every operation, in its shape: (n, h, w, c), or (n, c) of dense layers.
        buffers: integers (n, h, w, c) of every buffer, by name; a matrix is (1, n, 1, c).
    """

    results: list[IntArray]
    buffers: dict[str, IntArray]


def run_operations(plan: Plan, x: IntArray) -> list[IntArray]:
    """Results of every operation, as of `run_plan`."""
    return run_plan(plan, x).results


def run_plan(plan: Plan, x: IntArray) -> Run:
    """Runs all operations.

    Args:
        plan: the plan.
        x: integers of the network's input shape.
    """
    run = Run([], {name: np.zeros((b.n, b.h, b.w, b.c), np.int64) for name, b in plan.buffers.items()})
    run.buffers["input"][:] = np.reshape(x, run.buffers["input"].shape)
    for op in plan.operations:
        source, o = run.buffers[op.x.buffer][:, :: op.reads[0], :: op.reads[1]], op.stage.o
        sums = _mac(op, plan, source) if op.kind == "mac" else _pool(op, source)
        staged = _stage(op, plan, sums, run.buffers[o.buffer] if o else None)
        if op.pool:
            staged = _pool_in_line(op.pool, staged, plan)
        values = staged.astype(np.int64)
        _, rows, _, channels = values.shape
        cells = run.buffers[op.y.buffer][:, op.phase[0] :: op.every[0], op.phase[1] :: op.every[1]]
        cells[:, op.row0 : op.row0 + rows, :, op.k0 : op.k0 + channels] = values
        run.results.append(values.reshape(op.shape))
    return run


def _mac(op: Operation, plan: Plan, source: IntArray) -> _Floats:
    """Sums of products and bias; float64 holds 53 bits, accumulators have 32."""
    loops = op.loops
    weights, bias = op.weights, op.bias
    if weights is None or bias is None:
        raise TypeError(f"operation {op.name} has no weights")
    if op.dense:
        if op.spread:
            batch = source[0, :1].reshape(1, -1)[:, op.c0 : op.c0 + weights.shape[2]]
        elif op.flat:
            batch = source.reshape(len(source), -1)[:, flat_order(plan.hw, source.shape[1:])]
        else:
            batch = source[0, :, 0, op.c0 : op.c0 + loops.ci]
        rows = batch[op.row0 : op.row0 + loops.y_rows]
        sums: _Floats = rows.astype(np.float64) @ weights[0, 0].astype(np.float64) + bias
        return sums[None, :, None]
    kh, kw, ci, co = weights.shape
    columns = source[:, :, :: loops.x_step, op.c0 : op.c0 + (co if loops.depthwise else ci)]
    padded = _padded(op, columns, op.x_zero)
    out = np.zeros((loops.n, loops.y_rows, loops.wo, loops.co)) + bias
    for i in range(kh):
        for j in range(kw):
            tap, kernel = _tap(op, padded, i, j), weights[i, j].astype(np.float64)
            out += tap * kernel if loops.depthwise else tap @ kernel
    return out


def _pool(op: Operation, source: IntArray) -> _Floats:
    """Maximum or quotient of every window."""
    taps = [(i, j) for i in range(op.loops.kh) for j in range(op.loops.kw)]
    source = source[..., op.c0 : op.c0 + op.loops.ci]
    if op.kind == "max":
        padded = _padded(op, source, -np.inf)
        return np.asarray(np.max([_tap(op, padded, i, j) for i, j in taps], axis=0), np.float64)
    padded, counted = _padded(op, source, 0), _padded(op, np.ones_like(source), 0)
    total = np.sum([_tap(op, padded, i, j) for i, j in taps], axis=0)
    count = np.sum([_tap(op, counted, i, j) for i, j in taps], axis=0)
    return np.asarray(total * 2.0**op.stage.avg_lsh / count * 4, np.float64)


def _pool_in_line(pool: InlinePool, values: _Floats, plan: Plan) -> _Floats:
    """Maxima of the windows of each map (n, h, w, c), or one maximum or average of it."""
    if pool.kind == "windows":
        (kh, kw), (sh, sw), (top, left) = pool.window, pool.strides, pool.pads
        n, h, w, c = values.shape
        rows, cols = (pool.rows - 1) * sh + kh, (pool.cols - 1) * sw + kw
        padded = np.full((n, max(rows, top + h), max(cols, left + w), c), -np.inf)
        padded[:, top : top + h, left : left + w] = values
        taps = [padded[:, i : i + rows - kh + 1 : sh, j : j + cols - kw + 1 : sw] for i in range(kh) for j in range(kw)]
        return np.asarray(np.max(taps, axis=0), np.float64)
    reduce = np.max if pool.kind == "global_max" else np.sum
    total: _Floats = np.asarray(reduce(values, axis=(1, 2), keepdims=True), np.float64)
    half = 1 << (plan.hw.x_bits - 1)
    quotient = np.rint(np.ldexp(total, pool.steps - plan.hw.x_bits) / pool.count) if pool.steps else 0 * total
    return np.asarray(np.clip(quotient, -half, half - 1))


def _padded(op: Operation, source: IntArray, value: float) -> _Floats:
    """The input between the first and the last row and column that a window touches."""
    loops = op.loops
    rows = (loops.y_rows - 1) * loops.tap + loops.kh
    cols = (loops.wo - 1) * loops.sw + loops.kw
    n, h, w, c = source.shape
    padded = np.full((n, max(rows, loops.pad_top + h), max(cols, loops.pad_left + w), c), value)
    padded[:, loops.pad_top : loops.pad_top + h, loops.pad_left : loops.pad_left + w] = source
    return padded


def _tap(op: Operation, padded: _Floats, i: int, j: int) -> _Floats:
    """Element (i, j) of every window."""
    loops = op.loops
    rows = slice(i, i + (loops.y_rows - 1) * loops.tap + 1, loops.tap)
    cols = slice(j, j + (loops.wo - 1) * loops.sw + 1, loops.sw)
    return padded[:, rows, cols]


def _stage(op: Operation, plan: Plan, values: _Floats, operand: IntArray | None) -> _Floats:
    stage = op.stage
    values = values + stage.term
    if stage.operand == "partial" and operand is not None:
        values = values + operand
    values = _requant(values, stage.act1, plan)
    if stage.operand == "tensor" and operand is not None:
        c0 = stage.o.off0 if stage.o else 0
        rows = operand[:, op.row0 : op.row0 + op.loops.y_rows, :, c0 : c0 + op.loops.co]
        values = values * 2.0**stage.acc_lsh + (rows - stage.o_zero) * 2.0**stage.opd_lsh
    return _requant(values, stage.act2, plan)


def _requant(values: _Floats, requant: Requant | None, plan: Plan) -> _Floats:
    if requant is None:
        return values
    if plan.hw.scale_bits:
        return _scaled(values, requant)
    half = 1 << (plan.hw.x_bits - 1)
    shifted = np.where(values >= 0, np.ldexp(values, -requant.pos), np.ldexp(values, -requant.neg))
    result: _Floats = np.clip(np.rint(shifted), -half, half - 1)  # rint rounds half to even
    return np.where(values < 0, 0, result) if requant.zero else result


def _scaled(values: _Floats, requant: Requant) -> _Floats:
    """By the factors of the last axis; products have 42 bits."""
    m, s = (np.array(part, np.float64) for part in (requant.scale.m, requant.scale.s))
    if requant.zero:
        values = np.maximum(values, 0)
    product = np.clip(values, *limits(SCALED_BITS)) * m
    rounded = np.rint(product * 2.0 ** -(s + np.where(values < 0, requant.slope, 0)))
    return np.asarray(np.clip(rounded + requant.z, requant.lo, requant.hi), np.float64)
