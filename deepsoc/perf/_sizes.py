"""Sizes of the accelerator's parts on many points at once (docs/architecture.md, sections 2 and 3).

The argument is the parameters by name, integers, one element a point; `Hardware` has the same for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "REGFILE_WORDS", "bias_bits", "bias_words", "line_buffers", "pool_bits", "result_lines", "weight_word_bits",
    "weights_ports",
]  # fmt: skip

REGFILE_WORDS = 64
"""Of the memory of biases; a larger one is made of block RAM (rtl/memory/dsoc_weights_reader.sv, MostRegfile)."""
_Ints = npt.NDArray[np.int64]


def weights_ports(known: Mapping[str, _Ints]) -> _Ints:
    """`Hardware.weights_ports` of every point."""
    return np.asarray(np.minimum(-(-known["cols"] * known["k_bits"] // known["axi_data_bits"]), 3))


def bias_bits(known: Mapping[str, _Ints]) -> _Ints:
    """Bits of biases in a beat of the weights stream."""
    return np.asarray(np.minimum(weights_ports(known), 2) * known["axi_data_bits"])


def bias_words(known: Mapping[str, _Ints]) -> _Ints:
    """Words, of a beat's biases each, of the memory of biases (rtl/memory/dsoc_weights_reader.sv, BiasDepth)."""
    channel = np.where(known.get("scale_bits", 0), 64, 32)
    beats = -(-known["cols"] * channel // bias_bits(known))
    return np.asarray(8 << np.maximum(np.ceil(np.log2(beats)), 1).astype(np.int64))


def line_buffers(known: Mapping[str, _Ints]) -> _Ints:
    """`Hardware.line_buffers` of every point."""
    rows, kh = known["rows"], known["kh_max"]
    rpb = 8 // known["x_bits"]

    def line(row: Any) -> Any:
        return row // rows * -(-rows // rpb) + row % rows // rpb

    top = -line(-((kh - 1) // 2))
    last = line(known["sh_max"] * (rows - 1) + kh - 1)
    return np.asarray(np.maximum(last + top + 1, np.minimum(rows, known["xn_max"])))


def result_lines(known: Mapping[str, _Ints]) -> _Ints:
    """Lines of a column of results, packed or of 32 bits (rtl/control/dsoc_core.sv, OutLines)."""
    tile = -(-known["rows"] // (8 // known["x_bits"]))
    return np.asarray(np.maximum(tile, -(-32 * known["rows"] // known["axi_data_bits"])))


def pool_bits(known: Mapping[str, _Ints]) -> _Ints:
    """Bits of a sum of a window (rtl/engine/dsoc_pool.sv, SBits)."""
    area = np.ceil(np.log2(known["kh_max"] * known["kw_max"] + 1)).astype(np.int64)
    return np.asarray(known["x_bits"] + area)


def weight_word_bits(known: Mapping[str, _Ints]) -> _Ints:
    """`Hardware.weight_word_bits` of every point."""
    unit = weights_ports(known) * np.maximum(known["axi_data_bits"] // 8, 8)
    return np.asarray(-(-known["cols"] * known["k_bits"] // unit) * unit)
