"""From a trained Model to the integer graph, and the proof that both compute the same integers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError, MismatchError
from deepsoc.graph import ir
from deepsoc.graph.executor import execute
from deepsoc.graph.ranges import check_ranges, worst_case_bits
from deepsoc.graph.shapes import validate as validate_graph

if TYPE_CHECKING:
    from deepsoc.frontend.keras.bundle import Bundle
    from deepsoc.frontend.keras.formats import Bits
    from deepsoc.frontend.keras.layers import Activation
    from deepsoc.frontend.keras.model import Model
    from deepsoc.frontend.keras.wiring import Link

__all__ = ["lower", "validate"]

_FLOAT32_BITS = 25
"""Two's complement integers of 25 bits are exact in float32."""
_BATCH = 64


def lower(model: Model, *, batch: int = 1) -> ir.Graph:
    """The integer graph of a Model: batch norm folded, weights quantized as its inference does.

    Args:
        model: a calibrated Model with bits.
        batch: inputs that one run takes.

    Raises:
        InputError: the Model has no bits or binary points, or the graph is not legal.
        MappingError: a step could exceed 32 bits.
    """
    bits: Bits | None = model.bits
    if bits is None:
        raise InputError("a floating point network cannot be exported; pass bits=ds.Bits(...)", where=model.name)
    model._require_calibrated()
    shape = tuple(model.inputs[0].shape[1:])
    if None in shape:
        raise InputError(f"Invalid input. Expected a known shape. Received: {shape}", where=model.name)
    graph = ir.Graph(
        name=model.identifier,
        input_shape=(batch, *shape),
        input_quant=ir.Quant(bits.x, model.input_grid.frac(bits.x)),
        bundles=tuple(_bundle(link, bits) for link in model.links),
    )
    validate_graph(graph)
    check_ranges(graph)
    return graph


def _bundle(link: Link, bits: Bits) -> ir.Bundle:
    bundle = link.bundle
    act = bundle.act or (None if bundle.add or bundle.raw else bundle.tail)
    add = None
    if bundle.add and link.shortcut:
        add = ir.Add(link.shortcut, _act(bundle.final_act(), bits))
    pool = None
    if bundle.pool:
        pool = ir.Pool(
            "avg" if type(bundle.pool).__name__ == "AvgPool2D" else "max",
            bundle.pool.pool_size,
            bundle.pool.strides,
            bundle.pool.pads,
            ir.Quant(bits.x, bundle.pool.frac(bits.x)),
        )
    return ir.Bundle(
        name=bundle.name,
        source=link.sources if len(link.sources) > 1 else link.sources[0],
        core=_core(bundle, bits),
        act=_act(act, bits),
        add=add,
        pool=pool,
        flatten=link.flatten,
        softmax=bundle.softmax,
        upsample=bundle.upsample,
        depth_to_space=bundle.depth_to_space,
        channels=bundle.channels,
    )


def _core(bundle: Bundle, bits: Bits) -> ir.Conv2D | ir.Dense:
    numbers = bundle.integers()
    quants = (ir.Quant(bits.k, numbers.k_frac), ir.Quant(bits.b, numbers.b_frac))
    if numbers.kernel.ndim == 2:
        return ir.Dense(numbers.kernel, numbers.bias, *quants)
    core = bundle.core
    return ir.Conv2D(numbers.kernel, numbers.bias, tuple(core.strides), core.pads, *quants, core.groups)


def _act(act: Activation | None, bits: Bits) -> ir.Act | None:
    if act is None:
        return None
    out = ir.Quant(bits.x, act.frac(bits.x))
    slope = getattr(act, "slope", None)
    return ir.Act("linear", out) if slope is None else ir.Act("relu", out, act.slope_log2)


def validate(model: Model, graph: ir.Graph, x: npt.ArrayLike) -> None:
    """Compares the Model's inference with the integer graph, integer by integer, at every Bundle.

    Where a sum may exceed 24 bits, Keras' float32 is inexact: a warning names those Bundles, and they are compared in
    float64.

    Args:
        model: the trained Model.
        graph: its integers, from `lower`.
        x: real inputs.

    Raises:
        MismatchError: names the Bundle, the index and both values of the first difference.
    """
    inputs = model._checked(x)
    wide = _wide(graph)
    if wide:
        warnings.warn(
            f"sums of {', '.join(wide)} may exceed 24 bits, beyond which float32 is inexact: "
            "Keras' own results may differ there from the (right) integers by one unit",
            stacklevel=2,
        )
    for start in range(0, len(inputs), _BATCH):
        part = inputs[start : start + _BATCH]
        expected = model.bundle_outputs(part, exact=wide)
        received = execute(graph, model.quantized_input(part))
        for name, result in received.items():
            for where, values, integers, quant in (
                ("before the pool", expected[name][0], result.core, result.core_quant),
                ("output", expected[name][1], result.out, result.out_quant),
            ):
                _compare(f"bundle {name}, {where}", values, integers, quant.frac, start)


def _wide(graph: ir.Graph) -> tuple[str, ...]:
    return tuple(
        name
        for name, bits in worst_case_bits(graph).items()
        if max(bits.accumulator, bits.biased, bits.residual or 0) > _FLOAT32_BITS
    )


def _compare(where: str, values: Any, integers: ir.IntArray, frac: int, start: int) -> None:
    scaled = np.ldexp(np.asarray(values, np.float64), frac).reshape(integers.shape)
    different = np.argwhere(scaled != integers)
    if len(different):
        at = tuple(int(i) for i in different[0])
        index = (start + at[0], *at[1:])
        raise MismatchError(
            f"{where}: {len(different)} of {integers.size} values differ; the first at {index}: "
            f"the Keras model computes {scaled[at]:g}, the integer graph {integers[at]}"
        )
