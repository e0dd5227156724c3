"""Area and power of the accelerator as a chip: gates of every block, memories, and how they scale with the process.

Gates are NAND2 equivalents, counted with Yosys on the RTL; coefficients, constants and anchors are in `silicon.toml`,
the counts in `silicon_gates.csv`, what they are worth in docs/silicon.md. `scripts/calibrate_silicon.py` makes them.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.nodes import Node
from deepsoc.perf._sizes import line_buffers, pool_bits, result_lines, weight_word_bits
from deepsoc.perf.layers import Floats

__all__ = ["BLOCKS", "Silicon", "anchors", "gate_terms"]

BLOCKS = (
    "array", "shifter", "pixel_reader", "operand_reader", "weights", "pool", "output_stage", "writer", "control",
)  # fmt: skip
"""Blocks of logic; instances in rtl/control/dsoc_core.sv and rtl/engine/dsoc_engine.sv, `control` all the rest."""

_NEEDED = ("rows", "cols", "kh_max", "kw_max", "sh_max", "edges_ram_depth")  # those that have no default
_DEFAULTS = {"xn_max": 1} | {
    name: Hardware.model_fields[name].default
    for name in (
        *("frequency_mhz", "x_bits", "k_bits", "y_bits", "weights_ram_depth", "axi_data_bits", "axi_max_burst"),
        "counters_depth",
        "requantizers",
        "drain_lanes",
        "weights_resident",
    )
}
_ERROR_PERCENT = 40.0  # of area and power in 65 nm
_STORED = "bit"  # the term of a block that holds data, clocked only when a word is written
_SLOTS = 4  # chunks of a line buffer (rtl/memory/dsoc_line_reader.sv, Slots)
_COUNTERS_BITS = 16 * 32  # of an operation (rtl/control/dsoc_counters.sv)
_REQUANTIZERS = 2  # of a row of the output stages whose gates were counted
_RESULTS = 32  # results that the pooling unit holds (rtl/engine/dsoc_pool.sv, FifoDepth)

_Positive = Annotated[float, Field(gt=0)]
_Ints = npt.NDArray[np.int64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Anchor(_Frozen):
    """A published chip of this dataflow, in 65 nm."""

    title: str
    points: dict[str, float]  # its parameters
    sram_bits: float
    area_mm2: _Positive
    power_w: _Positive


class _Constants(_Frozen):
    """Content of `silicon.toml`; areas, energies and powers in 65 nm."""

    um2_per_gate: _Positive
    um2_per_stored_gate: _Positive  # of register files, which no clock forces to be fast
    um2_per_sram_bit: _Positive
    fj_per_gate: _Positive  # a clock, of a block in full activity
    fj_per_sram_bit: _Positive  # of a word that is read
    leakage_mw_per_mm2: _Positive
    stored_activity: float
    activity: dict[str, float]  # of a block, 0 … 1
    gates: dict[str, dict[str, float]]  # of a block, per unit of each of its terms
    anchors: tuple[_Anchor, ...]


@dataclass(frozen=True)
class Silicon:
    """Area and power in a process, as the `resources` of a sweep.

    Power is that of convolutions that keep the array busy. Pads, processor and DRAM are in neither figure.

    Attributes:
        node: the process.
    """

    node: Node

    @property
    def error_percent(self) -> float:
        """Stated error of area and power: 40 % in 65 nm, and that of the node's factors (docs/silicon.md)."""
        return math.hypot(_ERROR_PERCENT, self.node.error_percent)

    def __call__(self, points: pd.DataFrame, /) -> dict[str, Floats]:
        """`area_mm2` and `power_w` of every point.

        Args:
            points: one column a field of `Hardware`: rows, cols, kh_max, kw_max, sh_max, edges_ram_depth; of the
                others that matter, the hardware's default where one is missing (xn_max: 1).

        Raises:
            InputError: a needed column is missing, or a value in it is.
        """
        blocks = self._blocks(points)
        return {
            name: np.sum([figures[at] for figures in blocks.values()], axis=0)
            for at, name in enumerate(("area_mm2", "power_w"))
        }

    def explain(self, hw: Hardware) -> pd.DataFrame:
        """Where area and power of one hardware are.

        Returns:
            One row a block: `block`, `area_mm2`, `power_w`; their sums are what `Silicon` says of it.

        Raises:
            InputError: a maximum of the hardware that matters is still open.
        """
        blocks = self._blocks(pd.DataFrame([hw.model_dump(exclude_none=True)]))
        rows = [(name, float(area[0]), float(power[0])) for name, (area, power) in blocks.items()]
        return pd.DataFrame(rows, columns=["block", "area_mm2", "power_w"])

    def _blocks(self, points: pd.DataFrame) -> dict[str, tuple[Floats, Floats]]:
        """Area (mm²) and power (W) of every block, memories last."""
        known, hertz = _columns(points), _frequency(points)
        constants = _constants()
        found: dict[str, tuple[Floats, Floats]] = {}

        def add(name: str, area_um2: Floats, energy_fj: Floats) -> None:
            area = area_um2 * 1e-6
            leakage = area * constants.leakage_mw_per_mm2 * 1e-3
            found[name] = area, energy_fj * 1e-15 * self.node.energy * hertz + leakage

        for block, (area_um2, energy_fj) in _logic(known).items():
            add(block, area_um2 * self.node.area, energy_fj)
        for name, (bits, read) in _memories(known).items():
            area = bits * constants.um2_per_sram_bit * self.node.sram_area
            add(name, area, read * constants.fj_per_sram_bit)
        return found


def gate_terms(points: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    """What the gates of every block are proportional to.

    Args:
        points: as for `Silicon`.

    Returns:
        For every block its terms, each (points,); the gates are their sum, weighted with the coefficients in
        `silicon.toml`.
    """
    return _terms(_columns(points))


def anchors() -> pd.DataFrame:
    """The model beside the published chips.

    Returns:
        One row a chip: `title`; `area_mm2`, `power_w` as published; `model_area_mm2`, `model_power_w` of an array and
        a shifter of its size with its memory.
    """
    constants = _constants()
    rows = []
    for anchor in constants.anchors:
        points = pd.DataFrame([{**dict.fromkeys(_NEEDED, 16), **anchor.points}]).astype(int)
        known = _columns(points)
        logic = _logic(known)
        area, energy = (logic["array"][at] + logic["shifter"][at] for at in (0, 1))
        read = known["cols"] * known["k_bits"] * (anchor.sram_bits > 0)
        area = (area + anchor.sram_bits * constants.um2_per_sram_bit) * 1e-6
        power = (energy + read * constants.fj_per_sram_bit) * 1e-15 * _frequency(points)
        power += area * constants.leakage_mw_per_mm2 * 1e-3
        rows.append((anchor.title, anchor.area_mm2, anchor.power_w, float(area[0]), float(power[0])))
    return pd.DataFrame(rows, columns=["title", "area_mm2", "power_w", "model_area_mm2", "model_power_w"])


@cache
def _constants() -> _Constants:
    text = resources.files("deepsoc.perf").joinpath("silicon.toml").read_text(encoding="utf-8")
    return _Constants.model_validate(tomllib.loads(text))


def _columns(points: pd.DataFrame) -> dict[str, _Ints]:
    """The parameters that shape hardware, each (points,)."""
    names = [*_NEEDED, *(name for name in _DEFAULTS if name != "frequency_mhz")]
    return {name: _column(points, name).astype(np.int64) for name in names}


def _frequency(points: pd.DataFrame) -> Floats:
    return _column(points, "frequency_mhz") * 1e6


def _column(points: pd.DataFrame, name: str) -> Floats:
    if name not in points:
        if name not in _DEFAULTS:
            raise InputError("area and power depend on this parameter, which has no default; give it", where=name)
        return np.full(len(points), _DEFAULTS[name], dtype=float)
    values = pd.to_numeric(points[name], errors="coerce").to_numpy(dtype=float)
    least = 0 if name in ("counters_depth", "edges_ram_depth", "weights_resident") else np.nextafter(0, 1)
    if not (np.isfinite(values) & (values >= least)).all():
        raise InputError("expected positive numbers, received others or none in some points; give them", where=name)
    return values


def _logic(known: Mapping[str, _Ints]) -> dict[str, tuple[Floats, Floats]]:
    """Area (µm²) and energy a clock (fJ) of every block of gates, in 65 nm."""
    constants = _constants()
    found = {}
    for block, terms in _terms(known).items():
        parts = {name: constants.gates[block][name] * term for name, term in terms.items()}
        stored = parts.pop(_STORED, np.zeros(len(known["rows"])))
        gates = np.sum(list(parts.values()), axis=0)
        area = gates * constants.um2_per_gate + stored * constants.um2_per_stored_gate
        active = gates * constants.activity[block] + stored * constants.stored_activity
        found[block] = area, active * constants.fj_per_gate
    return found


def _memories(known: Mapping[str, _Ints]) -> dict[str, tuple[Floats, Floats]]:
    """Bits of the RAMs, and the bits that a clock reads of them; counters are read hardly ever.

    Resident weights, if any point has them, are not what convolutions read.
    """
    word = weight_word_bits(known).astype(float)
    edges, built = (known["rows"] * pool_bits(known)).astype(float), np.minimum(known["edges_ram_depth"], 1)
    resident = (known["rows"] * known["weights_resident"] * known["cols"] * known["k_bits"]).astype(float)
    return {
        "weights_ram": (2 * _power_of_two(known["weights_ram_depth"]) * word, word),
        "edges_ram": (edges * known["edges_ram_depth"], edges * built * _constants().activity["pool"]),
        "counters_ram": (known["counters_depth"] * float(_COUNTERS_BITS), np.zeros(len(word))),
        **({"resident_ram": (resident, np.zeros(len(word)))} if resident.any() else {}),
    }


def _terms(known: Mapping[str, _Ints]) -> dict[str, dict[str, Floats]]:
    rows, cols, x, k, axi = (known[name] for name in ("rows", "cols", "x_bits", "k_bits", "axi_data_bits"))
    burst, kh, sh = known["axi_max_burst"], known["kh_max"], known["sh_max"]
    rpb = 8 // x
    elements = rows * cols
    lanes = rows * known["requantizers"] * known["drain_lanes"] / _REQUANTIZERS
    moved = sh * (rows - 1) + kh  # registers of the shifter that convolutions use
    words = _SLOTS * np.minimum(burst, 8)
    lines, out = line_buffers(known), result_lines(known)
    entry = out * axi + axi // 8
    fifo = np.maximum(4 * np.minimum(np.minimum(burst, 16), 4096 * 8 // axi), 16)
    magnitude = pool_bits(known) + 3  # of a sum (rtl/engine/dsoc_pool.sv, NBits)
    reciprocal = 2 * magnitude - x - 2  # bits of 1 / elements of a window (MBits)
    unit, one = np.maximum(axi // 8, 8), np.ones_like(rows)
    # By one port, as where the gates were counted: a word of weights, and a memory of biases.
    word = -(-cols * k // unit) * unit
    biases = 8 << np.maximum(np.ceil(np.log2(-(-cols // (axi // 32)))), 1).astype(np.int64)
    terms = {
        "array": {"product": elements * x * k, "operand": elements * (x + k), "sum": elements * known["y_bits"]},
        "shifter": {
            "lane": moved * x * ((kh - 1) // 2 + 2), "register": moved, "flat": np.maximum(moved, rows * rpb) * x,
            "tap": rows * x * np.maximum(sh, rpb),
        },
        "pixel_reader": {"bit": lines * axi * words, "line": lines, "one": one},
        "operand_reader": {"bit": out * axi * words, "line": out, "one": one},
        "weights": {"bit": axi * (fifo + biases), "gear": (axi + word) * (axi != word), "one": one},
        "pool": {
            name: term * np.minimum(known["edges_ram_depth"], 1)
            for name, term in (
                ("bit", _RESULTS * rows * (magnitude + 4)), ("divide", rows * magnitude * reciprocal), ("one", one),
            )
        },
        "output_stage": {"row": lanes, "row_bit": lanes * x, "one": one},
        "writer": {"bit": 2 * np.minimum(burst, 4) * entry, "one": one},
        "control": {"line": lines, "one": one},
    }  # fmt: skip
    return {block: {name: term.astype(float) for name, term in found.items()} for block, found in terms.items()}


def _power_of_two(values: _Ints) -> _Ints:
    """The next power of two."""
    return np.asarray(1 << np.ceil(np.log2(values)).astype(np.int64))
