"""The rules of rtl/check: each is broken on purpose, alone, and its assertion is named; legal transfers break none.

`a_known` needs a simulator with unknown values: Verilator has none, and starts all registers at random instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import cocotb
import pytest
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from deepsoc.assets import check_files
from tests.rtl.bench import Bench
from tests.rtl.runner import run

Step = Mapping[str, int]
Scenario = tuple[str, Sequence[Step], set[str]]
"""Its name, what changes from clock to clock, and the assertions that fail."""

_AR = {"arvalid": 1, "araddr": 0x100, "arlen": 1, "arsize": 2, "arburst": 1}
_ASK = _AR | {"arready": 1}
_QUIET = {"arvalid": 0, "rvalid": 0}
_R = {"arvalid": 0, "rvalid": 1, "rdata": 5, "rresp": 0, "rlast": 0, "rready": 1}
_AW = {"awvalid": 1, "awaddr": 0x100, "awlen": 1, "awsize": 2, "awburst": 1}
_W = {"wvalid": 1, "wdata": 5, "wstrb": 15, "wlast": 0}
_B = {"awvalid": 0, "wvalid": 0, "bvalid": 1, "bresp": 0, "bready": 1}
_TAKE = {"awready": 1, "wready": 1}
_STOP = {"awvalid": 0, "wvalid": 0, "bvalid": 0}


def _address(path: str, address: Step, c: str) -> list[Scenario]:
    """Of an address channel, `ar` or `aw`, whose address `address` offers."""
    return [
        (f"{c} over 4 KiB", [address | {f"{c}addr": 0xFFC}], {f"{path}.a_page"}),
        (f"{c} up to 4 KiB", [address | {f"{c}addr": 0xFF8}], set()),
        (f"{c} narrow", [address | {f"{c}size": 1}], {f"{path}.a_size"}),
        (f"{c} fixed", [address | {f"{c}burst": 0}], {f"{path}.a_type"}),
        (f"{c} wrap", [address | {f"{c}burst": 2}], {f"{path}.a_type"}),
        (f"{c} reserved", [address | {f"{c}burst": 3}], {f"{path}.a_type"}),
        (f"{c} long", [address | {f"{c}len": 4}], {f"{path}.a_length"}),
        (f"{c} odd", [address | {f"{c}addr": 0x102}], {f"{path}.a_aligned"}),
    ]


def _channel(path: str, before: Sequence[Step], offer: Step, c: str, payload: Sequence[str]) -> list[Scenario]:
    """Of one channel, whose transfer `offer` may wait after the steps `before`."""
    waits = [*before, offer | {f"{c}ready": 0}, {}]
    orphan = {"a_orphan"} if c in "rb" else set()
    changes = [
        (f"{c}{name} changes", [*waits, {f"{c}{name}": offer[f"{c}{name}"] ^ 1}], {f"{path}.a_stable"})
        for name in payload
    ]
    return [
        (f"{c} withdrawn", [*waits, {f"{c}valid": 0}], {f"{path}.a_valid"}),
        (f"{c} in reset", [{"rst_n": 0, f"{c}valid": 0}, {}, {f"{c}valid": 1}, {f"{c}valid": 0}], {f"{path}.a_reset"}),
        (f"{c} at once", [{"rst_n": 0}, {}, offer | {"rst_n": 1}], {f"{path}.a_reset", *orphan}),
        *changes,
    ]


_READ: list[Scenario] = [
    ("reads", [_ASK, {}, _R, _R | {"rlast": 1}, _R, _R | {"rlast": 1}, _QUIET], set()),
    *_address("i_ar", _ASK, "ar"),
    *_channel("i_ar.i_channel", [], _AR, "ar", ("len",)),
    *_channel("i_r", [_ASK], _R, "r", ("data",)),
    ("r last changes", [_ASK | {"arlen": 0}, _R | {"rready": 0, "rlast": 1}, {"rlast": 0}], {"i_r.a_stable", "a_last"}),
    ("r without a request", [_R | {"rlast": 1}, _QUIET], {"a_orphan"}),
    ("r with its address", [_ASK | _R | {"arvalid": 1}, _QUIET], {"a_orphan"}),
    ("r too much", [_ASK, _R, _R | {"rlast": 1}, _R, _QUIET], {"a_orphan"}),
    ("r last early", [_ASK, _R | {"rlast": 1}, _QUIET], {"a_last"}),
    ("r last late", [_ASK, _R, _R, _QUIET], {"a_last"}),
    ("r exokay", [_ASK, _R | {"rresp": 1}, _QUIET], {"a_response"}),
    ("r errors", [_ASK, _R | {"rresp": 2}, _R | {"rresp": 3, "rlast": 1}, _QUIET], set()),
    ("three reads", [_ASK, {}, {}, _QUIET], {"a_bound"}),
    ("a third read as one ends", [_ASK | {"arlen": 0}, {}, _ASK | _R | {"arvalid": 1, "rlast": 1}, _QUIET], set()),
]
_BOTH = _AW | _W | _TAKE
_WRITE: list[Scenario] = [
    ("writes", [_BOTH, {"awvalid": 0, "wlast": 1}, _B, _STOP], set()),
    ("data before the address", [_W | _TAKE, {"wlast": 1}, _AW | {"wvalid": 0}, _B, _STOP], set()),
    ("an address between its data", [_W | _TAKE, _AW | {"wlast": 1}, _B, _STOP], set()),
    *_address("i_aw", _AW | _TAKE, "aw"),
    *_channel("i_aw.i_channel", [], _AW, "aw", ("len",)),
    *_channel("i_w", [], _W, "w", ("data", "strb", "last")),
    *_channel("i_b", [_BOTH | {"awlen": 0, "wlast": 1}], _B | {"bresp": 2}, "b", ()),
    ("b changes", [_BOTH | {"awlen": 0, "wlast": 1}, _B | {"bready": 0, "bresp": 2}, {"bresp": 3}], {"i_b.a_stable"}),
    ("w last early", [_BOTH | {"wlast": 1}, _STOP], {"a_last"}),
    ("w last missing", [_BOTH, {"awvalid": 0}, _STOP], {"a_last"}),
    ("w last late, address between", [_W | _TAKE, {}, _AW | {"wlast": 1}, _STOP], {"a_last"}),
    ("address of another length", [_W | _TAKE | {"wlast": 1}, _AW | {"wvalid": 0}, _STOP], {"a_length"}),
    ("b without anything", [_B, _STOP], {"a_orphan"}),
    ("b before the last data", [_BOTH, _B, _STOP], {"a_orphan"}),
    ("b before the address", [_W | _TAKE | {"wlast": 1}, _B, _STOP], {"a_orphan"}),
    ("b with the last data", [_BOTH, _B | {"wvalid": 1, "wlast": 1}, _STOP], {"a_orphan"}),
    ("b twice", [_BOTH | {"awlen": 0, "wlast": 1}, _B, {}, _STOP], {"a_orphan"}),
    ("b exokay", [_BOTH | {"awlen": 0, "wlast": 1}, _B | {"bresp": 1}, _STOP], {"a_response"}),
    ("three addresses", [_AW | _TAKE, {}, {}, _STOP], {"a_bound"}),
    ("three bursts of data", [_W | _TAKE | {"wlast": 1}, {}, {}, _STOP], {"a_bound"}),
]
_LITE: list[Scenario] = [
    ("lite", [_ASK, _R, _QUIET, _AW | _TAKE, _W | {"awvalid": 0}, _B, _STOP], set()),
    ("lite r without a request", [_R, _QUIET], {"i_read.a_orphan"}),
    ("lite r exokay", [_ASK, _R | {"rresp": 1}, _QUIET], {"i_read.a_response"}),
    ("lite r changes", [_ASK, _R | {"rready": 0}, {"rdata": 6}], {"i_read.i_r.a_stable"}),
    ("lite b before the data", [_AW | _TAKE, _B, _STOP], {"i_write.a_orphan"}),
    ("lite strobes change", [_W | {"wready": 0}, {"wstrb": 3}], {"i_write.i_w.a_stable"}),
    ("lite three reads", [_ASK, {}, {}, _QUIET], {"i_read.a_bound"}),
]
_SCENARIOS = {"dsoc_axi_read_check": _READ, "dsoc_axi_write_check": _WRITE, "dsoc_axi_lite_check": _LITE}
_SIZES = {"AddrBits": 32, "DataBits": 32, "MaxBeats": 4, "MaxPending": 2}


@pytest.mark.parametrize("top", _SCENARIOS)
def test_each_rule_is_named(top: str, seed: int) -> None:
    sizes = {"AddrBits": 16, "MaxPending": 2} if top == "dsoc_axi_lite_check" else _SIZES
    outcome = run(__name__, top, sizes, seed=seed, plusargs=["+verilator+error+limit+100000"])
    assert outcome.tests == 1, outcome.log[-4000:]
    assert not outcome.failed, outcome.log[-4000:]
    begins = [(int(at), name) for at, name in re.findall(r"^scenario (\d+) (.*)$", outcome.log, re.MULTILINE)]
    found: dict[str, set[str]] = {name: set() for _, name in begins}
    for at, name in re.findall(
        rf"^\[(\d+)\] %Error: .*Assertion failed in {top}\.([\w.]+):", outcome.log, re.MULTILINE
    ):
        found[max(begin for begin in begins if begin[0] <= int(at))[1]].add(name)
    assert found == {name: rules for name, _, rules in _SCENARIOS[top]}


def test_no_rule_is_left_out() -> None:
    """But for those on unknown values."""
    rules = {
        (path.stem, rule) for path in check_files() for rule in re.findall(r"`DSOC_ASSERT\((\w+)", path.read_text())
    }
    broken = {
        (_module(top, name), name.split(".")[-1])
        for top, all_ in _SCENARIOS.items()
        for _, _, names in all_
        for name in names
    }
    assert broken == {(module, rule) for module, rule in rules if rule != "a_known"}


def _module(top: str, name: str) -> str:
    """The module that holds an assertion of this path."""
    *_, place = [top, *name.split(".")[:-1]]
    ends = {"ar": "address", "aw": "address", "read": "read", "write": "write"}
    kind = ends.get(place.removeprefix("i_"), "channel")
    return place if place == top else f"dsoc_axi_{kind}_check"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def breaks_the_rules(dut: Any) -> None:
    """One scenario after the other, each behind a reset."""
    bench = Bench(dut)
    names = {name.removesuffix("_i") for name in dir(dut) if re.fullmatch(r"(ar|r|aw|w|b)[a-z]+_i", name)}
    idle = {f"{name}_i": 0 for name in names}
    await bench.start(**idle)
    for name, steps, _ in _SCENARIOS[str(dut._name)]:
        for step in ({"rst_n": 0} | dict.fromkeys(names, 0), {}, {"rst_n": 1}, {}, *steps):
            if step is steps[0]:
                print(f"scenario {int(get_sim_time('ps'))} {name}", flush=True)
            for signal, value in step.items():
                if signal == "rst_n":
                    dut.rst_ni.value = value
                elif signal in names:
                    getattr(dut, f"{signal}_i").value = value
            await RisingEdge(bench.clock)
    bench.stop()
