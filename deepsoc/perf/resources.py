"""LUTs, flip-flops, DSPs and block RAMs of the accelerator on an FPGA family, by block of the RTL.

LUTs and flip-flops of a block are sums of features, sizes that the block is made of, times coefficients. These were
fitted to synthesis runs by scripts/calibrate_resources.py; docs/resources.md has the runs and the residuals. DSPs and
block RAMs follow from the rules by which synthesis maps multipliers and memories, and are not fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.params import RTL_PARAMETERS
from deepsoc.perf._sizes import line_buffers, pool_bits, result_lines, weight_word_bits

__all__ = [
    "BLOCKS", "FEATURES", "FIGURES", "PARAMETERS", "Family", "FpgaResources", "block_rams", "geometry", "mapped",
]  # fmt: skip

Family = Literal["xc7", "xcup"]
FIGURES = ("lut", "ff", "dsp", "bram36")
PARAMETERS = RTL_PARAMETERS

_DATA = Path(__file__).with_name("resources.csv")
_Values = npt.NDArray[np.float64]
_DSP_PRODUCT_BITS = 9  # Yosys maps products of fewer bits to LUTs


def geometry(points: Mapping[str, npt.ArrayLike]) -> dict[str, _Values]:
    """Sizes that blocks are made of (docs/architecture.md, sections 2 and 3).

    Args:
        points: PARAMETERS, one element a point.

    Returns:
        The parameters, and: `pes`; `lines` pixel line buffers; `out_lines` lines of a result; `word` bits of a
        word of weights; `lut_products`, PEs that multiply in LUTs; `sum_bits` of a pool sum.

    Raises:
        InputError: a parameter is missing.
    """
    if missing := [name for name in PARAMETERS if name not in points]:
        raise InputError(f"the resources depend on {', '.join(missing)}, which are missing", where=missing[0])
    known = {name: np.asarray(points[name]).astype(np.int64) for name in PARAMETERS}
    pes = known["rows"] * known["cols"]
    sizes = known | {
        "pes": pes,
        "lines": line_buffers(known),
        "out_lines": result_lines(known),
        "word": weight_word_bits(known),
        "lut_products": np.where(known["x_bits"] + known["k_bits"] < _DSP_PRODUCT_BITS, pes, 0),
        "sum_bits": pool_bits(known),
    }
    return {name: values.astype(np.float64) for name, values in sizes.items()}


def block_rams(width: npt.ArrayLike, depth: npt.ArrayLike) -> _Values:
    """RAMB36 (halves: RAMB18) of a memory with one write and one read port, in the cheapest of the primitive's shapes.

    Args:
        width: bits of a word.
        depth: words.
    """
    width, depth = np.asarray(width, dtype=np.float64), np.asarray(depth, dtype=np.float64)
    shapes = [(36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)]
    halves = [np.ceil(width / w) * np.ceil(depth / d) for w, d in shapes]
    wholes = [2 * np.ceil(width / (2 * w)) * np.ceil(depth / d) for w, d in shapes]
    return np.asarray(np.minimum.reduce([*halves, *wholes]) / 2, dtype=np.float64)


BLOCKS = {
    "array": "processing elements and their holding registers",
    "shifter": "pixel shifter",
    "pixel_reader": "line reader of pixels",
    "operand_reader": "line reader of operands",
    "output_stage": "bias, add, requantization, packing",
    "pool": "pooling unit",
    "weights": "weights reader",
    "writer": "writer",
    "sequencer": "descriptors",
    "controller": "loops of the array",
    "regs": "registers",
    "counters": "performance counters",
    "rest": "drain, port arbiter, wiring",
}
"""Blocks of the RTL: instances `i_<name>` of dsoc_core and dsoc_engine."""

_Feature = Callable[[dict[str, _Values]], _Values]
_ROWS: dict[str, _Feature] = {"rows": lambda g: g["rows"], "rows x x_bits": lambda g: g["rows"] * g["x_bits"]}
_PIXELS: dict[str, _Feature] = {
    "lines": lambda g: g["lines"],
    "lines x axi_data_bits": lambda g: g["lines"] * g["axi_data_bits"],
}
_RESULTS: dict[str, _Feature] = {
    "result lines": lambda g: g["out_lines"],
    "result lines x axi_data_bits": lambda g: g["out_lines"] * g["axi_data_bits"],
}
_POOL: dict[str, _Feature] = {"rows": lambda g: g["rows"], "rows x sum bits": lambda g: g["rows"] * g["sum_bits"]}
_WEIGHTS: dict[str, _Feature] = {
    "axi_data_bits": lambda g: g["axi_data_bits"],
    "word bits": lambda g: g["word"],
}
_SHIFTER: dict[str, _Feature] = {
    "shift register bits": lambda g: g["sh_max"] * (g["rows"] + np.ceil(g["kh_max"] / g["sh_max"]) - 1) * g["x_bits"],
}

FEATURES: dict[tuple[str, str], dict[str, _Feature]] = {
    ("array", "lut"): {
        "PEs x y_bits": lambda g: g["pes"] * g["y_bits"],
        "LUT products x x_bits x k_bits": lambda g: g["lut_products"] * g["x_bits"] * g["k_bits"],
        "rows x y_bits": lambda g: g["rows"] * g["y_bits"],
    },
    ("array", "ff"): {
        "PEs x y_bits": lambda g: g["pes"] * g["y_bits"],
        "PEs x (x_bits + k_bits)": lambda g: g["pes"] * (g["x_bits"] + g["k_bits"]),
    },
    ("shifter", "lut"): _SHIFTER | {"rows x x_bits x kh_max": lambda g: g["rows"] * g["x_bits"] * g["kh_max"]},
    ("shifter", "ff"): _SHIFTER,
    ("pixel_reader", "lut"): _PIXELS,
    ("pixel_reader", "ff"): {"lines": _PIXELS["lines"]},
    ("operand_reader", "lut"): _RESULTS,
    ("operand_reader", "ff"): {"result lines": _RESULTS["result lines"]},
    ("output_stage", "lut"): _ROWS | _RESULTS,
    ("output_stage", "ff"): _ROWS,
    ("pool", "lut"): _POOL,
    ("pool", "ff"): _POOL,
    ("weights", "lut"): _WEIGHTS,
    ("weights", "ff"): _WEIGHTS,
    ("writer", "lut"): _RESULTS,
    ("writer", "ff"): _RESULTS,
    ("sequencer", "lut"): {},
    ("sequencer", "ff"): {},
    ("controller", "lut"): {},
    ("controller", "ff"): {},
    ("regs", "lut"): {},
    ("regs", "ff"): {},
    ("rest", "lut"): {"rows": _ROWS["rows"]},
    ("rest", "ff"): _ROWS,
}
"""Features of every block and fitted figure; a constant comes on top."""


def mapped(g: Mapping[str, _Values]) -> dict[tuple[str, str], _Values]:
    """DSPs and block RAMs by block, by the mapping rules of synthesis; all of the counters, which are always the same.

    Args:
        g: what `geometry` returned.
    """
    units = g["word"] / np.maximum(g["axi_data_bits"] / 8, 8)
    depth = 2 * 2 ** np.ceil(np.log2(g["weights_ram_depth"]))
    sums = g["rows"] * g["sum_bits"]
    counters = np.minimum(g["counters_depth"], 1.0)
    return {
        ("array", "dsp"): g["pes"] - g["lut_products"],
        ("pool", "dsp"): 2 * g["rows"] + 1,
        ("controller", "dsp"): np.where(g["sw_max"] > 1, 3.0, 2.0),
        ("weights", "dsp"): np.where(np.log2(units) % 1 > 0, 1.0, 0.0),
        ("weights", "bram36"): block_rams(g["cols"] * g["k_bits"], depth),
        ("counters", "lut"): counters * _COUNTERS_LUT,
        ("counters", "ff"): counters * _COUNTERS_FF,
        ("counters", "bram36"): block_rams(32, 16 * g["counters_depth"]),
        ("pool", "bram36"): np.where(g["edges_ram_depth"] > _LUTRAM_WORDS, block_rams(sums, g["edges_ram_depth"]), 0.0),
    }


@dataclass(frozen=True)
class FpgaResources:
    """Resources of points of a sweep on an FPGA family; a model of `sweep(resources=...)`.

    Attributes:
        family: xc7 (7 series) or xcup (UltraScale+).
    """

    family: str

    def __post_init__(self) -> None:
        if self.family not in _POWER:
            raise InputError(f"expected one of {', '.join(_POWER)}, received {self.family!r}", where="family")

    def __call__(self, points: pd.DataFrame, /) -> dict[str, _Values]:
        """Resources of every point.

        Args:
            points: one column each of PARAMETERS and `frequency_mhz`.

        Returns:
            `lut` (those that are memory included), `ff`, `dsp`, `bram36`, and `power_w` at that frequency
            (docs/resources.md).

        Raises:
            InputError: a column is missing.
        """
        blocks = self._blocks({str(name): points[name].to_numpy() for name in points})
        sums = {figure: np.zeros(len(points)) for figure in FIGURES}
        for (_, figure), values in blocks.items():
            sums[figure] += values
        if "frequency_mhz" not in points:
            raise InputError("the power depends on frequency_mhz, which is missing", where="frequency_mhz")
        still, scale = _POWER[self.family]
        per_clock = sum(_ENERGY[figure] * sums[figure] for figure in FIGURES)
        return sums | {"power_w": still + scale * per_clock * points["frequency_mhz"].to_numpy() * 1e-6}

    def explain(self, hw: Hardware) -> pd.DataFrame:
        """Resources by block: rows BLOCKS, columns FIGURES.

        Raises:
            InputError: a maximum of the hardware is open.
        """
        values = {name: np.array([hw.limit(name)]) for name in PARAMETERS}
        table = pd.DataFrame(0.0, index=list(BLOCKS), columns=list(FIGURES))
        for (block, figure), value in self._blocks(values).items():
            table.loc[block, figure] = value[0]
        return table

    def _blocks(self, points: Mapping[str, npt.ArrayLike]) -> dict[tuple[str, str], _Values]:
        g = geometry(points)
        found = mapped(g)
        for key, features in FEATURES.items():
            coefficients = _coefficients(self.family)[key]
            value = np.full_like(g["rows"], coefficients["1"])
            for name, feature in features.items():
                value += coefficients[name] * feature(g)
            found[key] = value
        return found


_COUNTERS_LUT, _COUNTERS_FF = 307, 125  # dsoc_counters alone, with a row for 64 operations
_LUTRAM_WORDS = 64  # pool sums of so few words go to LUTs
# Dynamic energy of one element a clock, relative (a LUT and its wires: 1), and power without a clock and pJ a unit,
# which make the one published figure: 35,203 LUT, 54,332 FF, 1,536 DSP, 31.5 BRAM36 take 5.2 W at 250 MHz on a ZCU104.
_ENERGY = {"lut": 1.0, "ff": 0.5, "dsp": 12.0, "bram36": 60.0}
_POWER: dict[str, tuple[float, float]] = {"xc7": (0.2, 0.35), "xcup": (0.6, 0.22)}


@cache
def _coefficients(family: str) -> dict[tuple[str, str], dict[str, float]]:
    table = pd.read_csv(_DATA)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in table[table["family"] == family].to_dict("records"):
        found.setdefault((row["block"], row["figure"]), {})[row["feature"]] = float(row["coefficient"])
    return found
