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

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board, System
from deepsoc.hw.params import PE_KINDS, RTL_PARAMETERS, STAGE_GROWTH, shares_sums
from deepsoc.perf._memories import memory
from deepsoc.perf._sizes import (
    REGFILE_WORDS,
    bias_bits,
    bias_words,
    line_buffers,
    pool_bits,
    result_lines,
    weight_word_bits,
    weights_ports,
)

__all__ = ["BLOCKS", "FAMILIES", "FEATURES", "FIGURES", "PARAMETERS", "FpgaResources", "elements", "geometry", "mapped"]

FIGURES = ("lut", "ff", "dsp", "bram36")
_OPTIONAL = {
    "global_pool_max": 0,
    "pool_ram_depth": 0,
    "requantizers": 2,
    "drain_lanes": 1,
    "scale_bits": 0,
    "depthwise": 0,
}
PARAMETERS = tuple(name for name in RTL_PARAMETERS if name not in (*_OPTIONAL, "pe"))
"""Numbers that the resources depend on. Beside them may stand `pe`, memories of pools in line, `requantizers`,
`drain_lanes`, `scale_bits` and `depthwise`; left out, the elements are portable, there are no pools in line, two
requantizers a row, one lane, no factors, and one channel of pixels at once. Of factors only what follows from the RTL
is counted, a DSP block each and the memory beside the biases: their logic has not been synthesized and is taken to be
that of the shifts which they replace."""

_DATA = Path(__file__).with_name("resources.csv")
_Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Family:
    """How synthesis for a family multiplies, and its power.

    Attributes:
        dsp: most bits of the factors of a DSP, the larger first, without signs.
        dsp_least: bits of a product from which on it takes a DSP.
        elements: whether processing elements can be DSPs.
        still_w: power without a clock.
        unit_pj: energy of a lookup table a clock.
    """

    dsp: tuple[int, int]
    dsp_least: int
    elements: bool
    still_w: float
    unit_pj: float


# still_w and unit_pj make the one published figure: 35,203 LUT, 54,332 FF, 1,536 DSP, 31.5 BRAM36 take 5.2 W at 250 MHz
# on a ZCU104; those of ECP5 are judged (docs/resources.md).
_FAMILIES = {
    "xc7": _Family((24, 17), 9, True, 0.2, 0.35),
    "xcup": _Family((26, 17), 9, True, 0.6, 0.22),
    "ecp5": _Family((18, 18), 0, False, 0.15, 0.3),
}
FAMILIES = tuple(_FAMILIES)
"""Families of FPGAs that there is a model of."""
_ENERGY = {"lut": 1.0, "ff": 0.5, "dsp": 12.0, "bram36": 60.0}  # of one a clock, of that of a lookup table


def elements(family: str) -> tuple[str, ...]:
    """Kinds of processing elements that a family of FPGAs has."""
    return PE_KINDS if family in _FAMILIES and _FAMILIES[family].elements else PE_KINDS[:1]


def geometry(family: str, points: Mapping[str, npt.ArrayLike]) -> dict[str, _Values]:
    """Sizes that blocks are made of (docs/architecture.md, sections 2 and 3).

    Args:
        family: of the FPGA.
        points: PARAMETERS, one element a point, and what may stand beside them.

    Returns:
        The parameters, and: `pes`, of which `portable`, `blocks` with the sum in a DSP, `pairs` with half a DSP and
        the sum in logic; `row_pairs`, rows that share DSPs; `element_dsps`; `lines` pixel line buffers; `out_lines`
        lines of a result; `stream` bits of a beat of weights, of all their ports, `bias_bits` of it with biases; `word`
        bits of a word of weights; `units` of a beat or eight bits in it; `lut_products`, PEs that multiply in LUTs;
        `sum_bits` of a pool's sums of all rows; `lanes` of the output stage, their `lane_bits` and `factors`;
        `weights_depth` words of the weights RAM, both of its banks; `counters` and `pool_unit` 1 where there are
        performance counters, and a pooling unit.

    Raises:
        InputError: a parameter is missing, or the family has no DSPs that are processing elements.
    """
    if missing := [name for name in PARAMETERS if name not in points]:
        raise InputError(f"the resources depend on {', '.join(missing)}, which are missing", where=missing[0])
    known = {name: np.asarray(points[name]).astype(np.int64) for name in PARAMETERS}
    known |= {
        name: np.asarray(points.get(name, np.full_like(known["rows"], value))).astype(np.int64)
        for name, value in _OPTIONAL.items()
    }
    pes = known["rows"] * known["cols"]
    word = weight_word_bits(known)
    rules = _FAMILIES[family]
    pe = np.broadcast_to(np.asarray(points.get("pe", "portable"), np.str_), pes.shape)
    portable, pair = pe == "portable", pe == "dsp_pair"
    if not rules.elements and not portable.all():
        raise InputError(
            f"processing elements of {family} can be portable ones only; received {pe[~portable][0]}", where="pe"
        )
    blocks = (pe == "dsp_cascade") | (pair & shares_sums(known["x_bits"], known["y_bits"]))
    lut_products = np.where(portable & (known["x_bits"] + known["k_bits"] < rules.dsp_least), pes, 0)
    sizes = known | {
        "pes": pes,
        "portable": np.where(portable, pes, 0),
        "blocks": np.where(blocks, pes, 0),
        "pairs": np.where(pair & ~blocks, pes, 0),
        "row_pairs": np.where(pair, known["rows"], 0),
        "element_dsps": np.where(pair, -(-known["rows"] // 2) * known["cols"], pes - lut_products),
        "lines": line_buffers(known),
        "out_lines": result_lines(known),
        "word": word,
        "stream": weights_ports(known) * known["axi_data_bits"],
        "units": word / (weights_ports(known) * np.maximum(known["axi_data_bits"] / 8, 8)),
        "lut_products": lut_products,
        "sum_bits": known["rows"] * pool_bits(known),
        "lanes": known["rows"] * known["requantizers"] * known["drain_lanes"],
        "factors": np.where(known["scale_bits"], known["rows"] * known["requantizers"] * known["drain_lanes"], 0),
        "lane_bits": np.minimum(np.maximum(known["y_bits"] + STAGE_GROWTH, known["x_bits"] + 6), 32),
        "bias_words": bias_words(known),
        "bias_bits": bias_bits(known),
        "weights_depth": 2 * 2 ** np.ceil(np.log2(known["weights_ram_depth"])),
        "counters": np.minimum(known["counters_depth"], 1),
        "pool_unit": np.minimum(known["edges_ram_depth"], 1),
    }
    return {name: values.astype(np.float64) for name, values in sizes.items()}


BLOCKS = {
    "array": "processing elements and their holding registers",
    "shifter": "pixel shifter",
    "pixel_reader": "line reader of pixels",
    "operand_reader": "line reader of operands",
    "output_stage": "bias, add, requantization, packing",
    "pool": "pooling unit",
    "line_pools": "pools in line",
    "weights": "weights reader",
    "writer": "writer",
    "sequencer": "descriptors",
    "controller": "loops of the array",
    "regs": "registers",
    "counters": "performance counters",
    "rest": "drain, port arbiter, wiring",
    "system": "the RISC-V SoC around it, on boards without a processor: core, bus, serial port, memories",
}
"""Blocks of the RTL: instances `i_<name>` of dsoc_core and dsoc_engine, and what is around the accelerator."""

_Feature = Callable[[dict[str, _Values]], _Values]
_ROWS: dict[str, _Feature] = {"rows": lambda g: g["rows"], "rows x x_bits": lambda g: g["rows"] * g["x_bits"]}
_LANES: dict[str, _Feature] = {
    "rows": lambda g: g["rows"],
    "lanes": lambda g: g["lanes"],
    "lanes x bits": lambda g: g["lanes"] * g["lane_bits"],
}
_PIXELS: dict[str, _Feature] = {
    "lines": lambda g: g["lines"],
    "lines x axi_data_bits": lambda g: g["lines"] * g["axi_data_bits"],
}
_RESULTS: dict[str, _Feature] = {
    "result lines": lambda g: g["out_lines"],
    "result lines x axi_data_bits": lambda g: g["out_lines"] * g["axi_data_bits"],
}
_POOL: dict[str, _Feature] = {"rows": lambda g: g["rows"], "rows x sum bits": lambda g: g["sum_bits"]}
_PORT: dict[str, _Feature] = {"axi_data_bits": lambda g: g["axi_data_bits"]}
_WEIGHTS: dict[str, _Feature] = {"stream bits": lambda g: g["stream"], "word bits": lambda g: g["word"]}
_SHIFTER: dict[str, _Feature] = {
    "shift register bits": lambda g: g["sh_max"] * (g["rows"] + np.ceil(g["kh_max"] / g["sh_max"]) - 1) * g["x_bits"],
}

FEATURES: dict[tuple[str, str], dict[str, _Feature]] = {
    ("array", "lut"): {
        "PEs x y_bits": lambda g: g["portable"] * g["y_bits"],
        "LUT products x x_bits x k_bits": lambda g: g["lut_products"] * g["x_bits"] * g["k_bits"],
        "rows x y_bits": lambda g: g["portable"] / g["cols"] * g["y_bits"],
        "DSP sums x y_bits": lambda g: g["blocks"] * g["y_bits"],
        "paired sums x y_bits": lambda g: g["pairs"] * g["y_bits"],
        "paired rows x x_bits": lambda g: g["row_pairs"] * g["x_bits"],
        "paired rows x y_bits": lambda g: np.where(g["blocks"] > 0, g["row_pairs"] * g["y_bits"], 0.0),
    },
    ("array", "ff"): {
        "PEs x y_bits": lambda g: g["portable"] * g["y_bits"],
        "LUT products x (x_bits + k_bits)": lambda g: g["lut_products"] * (g["x_bits"] + g["k_bits"]),
        "DSP sums x y_bits": lambda g: g["blocks"] * g["y_bits"],
        "paired sums x y_bits": lambda g: g["pairs"] * g["y_bits"],
        "paired columns x k_bits": lambda g: np.where(g["pairs"] > 0, g["cols"] * g["k_bits"], 0.0),
    },
    ("shifter", "lut"): _SHIFTER | {"rows x x_bits x kh_max": lambda g: g["rows"] * g["x_bits"] * g["kh_max"]},
    ("shifter", "ff"): _SHIFTER,
    ("pixel_reader", "lut"): _PIXELS,
    ("pixel_reader", "ff"): {"lines": _PIXELS["lines"]},
    ("operand_reader", "lut"): _RESULTS,
    ("operand_reader", "ff"): {"result lines": _RESULTS["result lines"]},
    ("output_stage", "lut"): _LANES | {"rows x lane bits": lambda g: g["rows"] * g["lane_bits"]},
    ("output_stage", "ff"): _LANES,
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
    ("counters", "lut"): {},
    ("counters", "ff"): {},
    ("rest", "lut"): {"rows": _ROWS["rows"]},
    ("rest", "ff"): _ROWS | _PORT | {"columns x k_bits": lambda g: g["cols"] * g["k_bits"]},
    ("system", "lut"): _PORT,
    ("system", "ff"): _PORT,
}
"""Features of every block and fitted figure; a constant comes on top."""


def mapped(family: str, g: Mapping[str, _Values]) -> dict[tuple[str, str], _Values]:
    """DSPs and block RAMs by block, by the mapping rules of synthesis.

    Args:
        family: of the FPGA.
        g: what `geometry` returned.
    """
    rules = _FAMILIES[family]
    biases = memory(family, g["bias_bits"] * (g["bias_words"] > REGFILE_WORDS), g["bias_words"])
    memories = {
        "weights": memory(family, g["word"], g["weights_depth"], g["cols"] * g["k_bits"]),
        "pool": memory(family, g["sum_bits"], g["edges_ram_depth"]),
        "counters": memory(family, 32 * g["counters"], 16 * g["counters_depth"]),
        "line_pools": memory(family, 8 * (g["pool_ram_depth"] > 0), np.maximum(g["pool_ram_depth"], 1)),
    }
    return {
        ("array", "dsp"): g["element_dsps"],
        ("pool", "dsp"): _pool_dsps(rules, g),
        ("controller", "dsp"): _controller_dsps(g),
        ("output_stage", "dsp"): g["factors"],
        ("weights", "dsp"): np.where(np.log2(g["units"]) % 1 > 0, 1.0, 0.0),
        **{(block, "bram36"): found[0] + biases[0] * (block == "weights") for block, found in memories.items()},
    }


_TABLES = {"xc7": 1, "xcup": 1, "ecp5": 2}  # of a family for one of AMD's, where only that was measured
# LUTs and flip-flops of the pools in line (rtl/engine/dsoc_pool_*.sv): a constant, and of each
# bit of all rows' activations. Of two syntheses each for the 7 series, 8 x 24 of 4 bits and 7 x 96 of 8.
_LINE_POOLS = {
    "pool_ram_depth": {"lut": (428.0, 12.6), "ff": (303.0, 6.75)},
    "global_pool_max": {"lut": (191.0, 9.6), "ff": (198.0, 3.2)},
}


def _line_pools(family: str, g: Mapping[str, _Values]) -> dict[tuple[str, str], _Values]:
    """Logic of the pools in line."""
    found = {}
    for figure in ("lut", "ff"):
        scale = _TABLES[family] if figure == "lut" else 1.0
        parts = [
            (g[name] > 0) * scale * (one[figure][0] + one[figure][1] * g["rows"] * g["x_bits"])
            for name, one in _LINE_POOLS.items()
        ]
        found["line_pools", figure] = np.asarray(np.sum(parts, axis=0), dtype=np.float64)
    return found


# What a further channel that leaves in the same clock takes beside what the features of the output stage say: tables to
# choose it among the array's columns; a row's registers and wires on the way. Of five syntheses for the 7 series, 4 x
# 12 and 8 x 24 of 8 bits, with 1, 2 and 4 lanes: within a tenth of what these took more.
_DRAIN: dict[tuple[str, str], _Feature] = {
    ("array", "lut"): lambda g: 0.4 * g["rows"] * g["y_bits"] * g["cols"],
    ("output_stage", "lut"): lambda g: 110 * g["rows"],
    ("output_stage", "ff"): lambda g: 20 * g["rows"],
    ("rest", "lut"): lambda g: 40 * g["rows"],
    ("rest", "ff"): lambda g: 52 * g["rows"],
    ("weights", "lut"): lambda g: np.full_like(g["rows"], 26),
    ("weights", "ff"): lambda g: np.full_like(g["rows"], 26),
    ("writer", "lut"): lambda g: 12 * g["rows"],
}


def _depthwise(g: Mapping[str, _Values]) -> dict[tuple[str, str], _Values]:
    """What several channels of pixels at once take beside one: counted in the RTL, not synthesized.

    Registers of the gather, of the pixels that come at once and of those before the array; tables that choose a
    column's pixel (four channels a table of six inputs), a lane's byte of a beat, and the lane that a channel comes by.
    The pixel shifter is there for each of them.
    """
    there, more = g["depthwise"] > 0, np.maximum(g["depthwise"] - 1, 0)
    lanes, line_bits = there * (g["drain_lanes"] - 1), 8 * g["lines"]
    pixels = g["rows"] * g["x_bits"]
    bytes_a_lane = g["axi_data_bits"] / 8 / g["drain_lanes"]
    return {
        ("array", "lut"): np.ceil(g["depthwise"] / 4) * pixels * g["cols"],
        ("array", "ff"): there * (g["lut_products"] > 0) * pixels * (g["cols"] - 1),
        ("pixel_reader", "lut"): lanes * line_bits * np.ceil(bytes_a_lane / 4),
        ("rest", "lut"): there * line_bits + lanes * line_bits + (lanes > 0) * g["depthwise"] * line_bits,
        ("rest", "ff"): g["depthwise"] * line_bits + more * pixels + 2 * lanes * line_bits,
    }


def _controller_dsps(g: Mapping[str, _Values]) -> _Values:
    """DSPs of the words of several sets (rtl/engine/dsoc_controller.sv): strides that are powers of two take none."""
    strides = np.arange(1, 1 + int(g["sw_max"].max(initial=1)))
    needed = 2.0 * np.cumsum(strides & (strides - 1) > 0)
    return np.asarray(needed[g["sw_max"].astype(int) - 1], dtype=np.float64)


def _pool_dsps(family: _Family, g: Mapping[str, _Values]) -> _Values:
    """DSPs of rtl/engine/dsoc_pool.sv: area, sum times reciprocal, and back; the open windows' words."""
    wide, narrow = family.dsp
    area = np.ceil(np.log2(g["kh_max"] * g["kw_max"] + 1))
    value = g["x_bits"] + area + 3
    area_product = (np.minimum(g["kh_max"], g["kw_max"]) > 1) & (area >= family.dsp_least)
    quotient = np.ceil(value / narrow) * np.ceil((value + 1) / wide)
    back = np.where(area > 1, np.ceil(value / wide), 0.0)
    words = np.ceil(np.log2(np.maximum(g["edges_ram_depth"], 1))) >= family.dsp_least
    return np.asarray(g["pool_unit"] * (g["rows"] * (quotient + back + area_product) + words), dtype=np.float64)


@dataclass(frozen=True)
class FpgaResources:
    """Resources of points of a sweep on an FPGA family; a model of `sweep(resources=...)`.

    Attributes:
        family: xc7 (7 series), xcup (UltraScale+) or ecp5 (Lattice ECP5).
        system: of a board without a processor; the RISC-V SoC that is built there is counted too.
    """

    family: str
    system: System | None = None

    def __post_init__(self) -> None:
        if self.family not in _FAMILIES:
            raise InputError(
                f"no synthesis runs were made for {self.family!r}, and so its resources are not known; "
                f"expected one of {', '.join(_FAMILIES)}",
                where="family",
            )

    @classmethod
    def of(cls, board: Board) -> FpgaResources:
        """The model of a board.

        Raises:
            InputError: its family is not one of those above.
        """
        return cls(board.family, board.system)

    def __call__(self, points: pd.DataFrame, /) -> dict[str, _Values]:
        """Resources of every point.

        Args:
            points: one column each of PARAMETERS and `frequency_mhz`; `pe`, if there are others than portable ones.
                `memory_bytes`, if it is there, is what the networks need of the SoC's shared memory; else all of it is
                built that the board gives.

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
        rules = _FAMILIES[self.family]
        per_clock = sum(_ENERGY[figure] * sums[figure] for figure in FIGURES)
        return sums | {"power_w": rules.still_w + rules.unit_pj * per_clock * points["frequency_mhz"].to_numpy() * 1e-6}

    def explain(self, hw: Hardware) -> pd.DataFrame:
        """Resources by block: rows BLOCKS, columns FIGURES.

        Raises:
            InputError: a maximum of the hardware is open.
        """
        numbers = (name for name in RTL_PARAMETERS if name != "pe")
        values = {"pe": np.array([hw.pe])} | {name: np.array([hw.limit(name)]) for name in numbers}
        table = pd.DataFrame(0.0, index=list(BLOCKS), columns=list(FIGURES))
        for (block, figure), value in self._blocks(values).items():
            table.loc[block, figure] = value[0]
        return table

    def _blocks(self, points: Mapping[str, npt.ArrayLike]) -> dict[tuple[str, str], _Values]:
        g = geometry(self.family, points)
        found = mapped(self.family, g) | _line_pools(self.family, g)
        channels = _depthwise(g)
        built = {"counters": g["counters"], "pool": g["pool_unit"]}
        if self.system:
            memory_bytes = np.asarray(points.get("memory_bytes", self.system.memory_bytes))
            found["system", "dsp"] = np.ones_like(g["rows"])  # the core's multiplier
            found["system", "bram36"] = np.broadcast_to(self.system.block_rams(memory_bytes) / 2, g["rows"].shape)
        for key, features in FEATURES.items():
            if key[0] == "system" and not self.system:
                continue
            coefficients = _coefficients(self.family)[key]
            value = np.full_like(g["rows"], coefficients["1"])
            for name, feature in features.items():
                value += coefficients[name] * feature(g)
            if key in _DRAIN:
                value += (g["drain_lanes"] - 1) * _DRAIN[key](g) * (_TABLES[self.family] if key[1] == "lut" else 1)
            if key[0] == "shifter":
                value *= np.maximum(g["depthwise"], 1)
            if key in channels:
                value += channels[key] * (_TABLES[self.family] if key[1] == "lut" else 1)
            found[key] = built.get(key[0], 1.0) * value
        return found


@cache
def _coefficients(family: str) -> dict[tuple[str, str], dict[str, float]]:
    table = pd.read_csv(_DATA)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in table[table["family"] == family].to_dict("records"):
        found.setdefault((row["block"], row["figure"]), {})[row["feature"]] = float(row["coefficient"])
    return found
