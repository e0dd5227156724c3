"""dsoc_output_stage against the order of operations in docs/architecture.md, section 1, with any mix of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, fields, join, signed, split
from tests.rtl.runner import Parameters, check, parameter_sets
from tests.rtl.test_requant import requant

BIAS_BANKS = 8
NONE, TENSOR, PARTIAL = range(3)


def _with_lines(
    rows: int, x_bits: int, axi_bits: int, sum_bits: int = 32, requants: int = 2, lanes: int = 1, scale_bits: int = 0
) -> Parameters:
    lines = max(-(-rows * x_bits // 8), -(-32 * rows // axi_bits))
    sizes = {"Rows": rows, "XBits": x_bits, "SumBits": sum_bits, "Requants": requants, "Lanes": lanes}
    sizes["ScaleBits"] = scale_bits
    return sizes | {"AxiBits": axi_bits, "OpdLines": lines, "OutLines": lines}


@parameter_sets(
    _with_lines(7, 4, 64, 26, 1, 2),
    _with_lines(3, 2, 32),
    _with_lines(3, 8, 64, 32, 1, 2, 17),
    _with_lines(5, 4, 64, 22, scale_bits=17),
    slow=(
        _with_lines(8, 4, 128, lanes=4),
        _with_lines(4, 8, 128, 22, 1),
        _with_lines(9, 2, 512, 14),
        _with_lines(1, 8, 32, 32, 1),
        _with_lines(3, 2, 128, 18, 2, 4, 17),
    ),
)
def test_output_stage(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_output_stage", parameters, seed=seed)


@dataclass
class Item:
    """One channel of all rows, or one of every lane: what goes in and what is expected.

    Attributes:
        data: 32-bit numbers from the array or the pooling unit, of every lane.
        operand: number of each row, x_bits or 32 bits, of every lane.
        output: address, lines, mask and packed values that leave.
    """

    data: list[list[int]]
    operand: list[list[int]]
    output: tuple[int, ...] = ()


@dataclass(frozen=True)
class Channel:
    """What the weights stream has of an output channel; m and s are looked at with ScaleBits alone."""

    bias: int
    m: int
    s: int


def _operation(rng: Random) -> dict[str, int]:
    """Descriptor fields, any legal mix."""
    kind = rng.randrange(3)
    operand = rng.choice([NONE, TENSOR] if kind else [NONE, TENSOR, PARTIAL])
    raw = 0 if kind else rng.randrange(2)
    lanes = PARAMETERS["Lanes"]
    wide = int(lanes > 1 and not (kind or raw or operand == PARTIAL) and rng.random() < 0.7)
    ch = rng.randrange(1, 4) * lanes if wide else rng.randrange(1, 6)
    l_count = rng.randrange(1, 3)
    lsh = rng.sample([0, rng.randrange(32)], 2) if operand == TENSOR else [0, 0]
    shifts = {f"sh{i}_{sign}": rng.randrange(-7, 32) for i in (1, 2) for sign in ("pos", "neg")}
    return (
        shifts
        | {
            "kind": kind,
            "operand": operand,
            "raw_out": raw,
            "wide": wide,
            "act1_en": rng.randrange(2) if operand == TENSOR or not raw else 0,
            "act2_en": 0 if raw else 1,
            "zero1": rng.randrange(2),
            "zero2": rng.randrange(2),
            "acc_lsh": lsh[0],
            "opd_lsh": lsh[1],
            "t_count": 1 if kind else rng.randrange(1, 4),
            "n_count": rng.choice([1, 1, 2, 3]),
            "l_count": l_count,
            "wo_count": rng.randrange(1, 5),
            "ch_per_t": ch,
            "ch_last": rng.randrange(1, ch + 1),
            "y_base": rng.getrandbits(31),
            "y_l_pitch": rng.getrandbits(16),
            "y_n_pitch": rng.getrandbits(20),
            "y_wo_step": rng.getrandbits(8),
            "y_raw_step": rng.getrandbits(10),
            "y_rows": rng.randrange((l_count - 1) * PARAMETERS["Rows"] + 1, l_count * PARAMETERS["Rows"] + 1),
        }
        | (_scales(rng, last=2 if operand == TENSOR else 0) if PARAMETERS["ScaleBits"] else {})
    )


def _factor(rng: Random) -> tuple[int, int]:
    """m and s; most move some bits of a sum to those of a result."""
    return rng.choice((0, *[rng.randrange(1 << 16, 1 << 17)] * 7)), rng.choice(
        (rng.randrange(42), *[rng.randrange(10, 34)] * 2)
    )


def _scales(rng: Random, *, last: int) -> dict[str, int]:
    """Fields of hardware with factors; results of the pass that is `last`, or of any, have XBits."""
    x_bits = PARAMETERS["XBits"]
    found = {name: rng.randint(*_ends(x_bits)) for name in ("x_zero", "o_zero")}
    found["x_term"] = rng.randint(*_ends(x_bits + 6))
    for i in (1, 2):
        low, high = _ends(16 if i != last and last and rng.randrange(2) else x_bits)
        lo, hi = sorted((rng.randint(low, high), rng.randint(low, high)))
        found |= dict(zip((f"m{i}", f"s{i}"), _factor(rng), strict=True))
        found |= {f"slope{i}": rng.randrange(8), f"z{i}": rng.randint(low, high)}
        found |= {f"lo{i}": rng.choice((low, lo)), f"hi{i}": rng.choice((high, hi))}
    return found


def _ends(bits: int) -> tuple[int, int]:
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _act(a: int, op: dict[str, int], i: int, factor: tuple[int, int] | None) -> int:
    if PARAMETERS["ScaleBits"]:
        m, s = factor or (op[f"m{i}"], op[f"s{i}"])
        m, s = (m, s) if a >= 0 else (m * (1 - op[f"zero{i}"]), s + op[f"slope{i}"])
        low, high = _ends(25)
        y = round(Fraction(min(max(a, low), high) * m, 1 << s)) + op[f"z{i}"]
        return min(max(y, op[f"lo{i}"]), op[f"hi{i}"])
    if a < 0 and op[f"zero{i}"]:
        return 0
    return requant(a, op[f"sh{i}_neg" if a < 0 else f"sh{i}_pos"], PARAMETERS["XBits"])


def _value(data: int, channel: Channel, operand: int, op: dict[str, int]) -> int:
    bits, scaled = PARAMETERS["SumBits"], PARAMETERS["ScaleBits"] > 0
    term = (op["x_term"] if scaled else 0) if op["kind"] else channel.bias
    a = signed(data + (operand if op["operand"] == PARTIAL else term), bits)
    factor = None if op["kind"] else (channel.m, channel.s)
    if op["act1_en"]:
        a, factor = _act(a, op, 1, factor), None
    if op["operand"] == TENSOR:
        operand -= op["o_zero"] if scaled else 0
        a, factor = signed((a << op["acc_lsh"]) + (operand << op["opd_lsh"]), bits), None
    return _act(a, op, 2, factor) if op["act2_en"] else a


def _items(rng: Random, op: dict[str, int], channels_of: list[list[Channel]], bank: int) -> Iterator[Item]:
    rows, bits, axi = PARAMETERS["Rows"], PARAMETERS["XBits"], PARAMETERS["AxiBits"]
    rpb, number, wide = 8 // bits, 0, PARAMETERS["SumBits"]
    lanes = PARAMETERS["Lanes"] if op["wide"] else 1
    for t in range(op["t_count"]):
        channels = op["ch_last"] if t == op["t_count"] - 1 else op["ch_per_t"]
        for n in range(op["n_count"]):
            for block in range(op["l_count"]):
                left = min(rows, op["y_rows"] - block * rows)
                for wo in range(op["wo_count"]):
                    for k in range(0, channels, lanes):
                        size = wide if op["operand"] == PARTIAL else bits
                        item = Item(
                            [[signed(rng.getrandbits(wide), wide) >> rng.randrange(wide) for _ in range(rows)]
                             for _ in range(lanes)],
                            [[signed(rng.getrandbits(size), size) for _ in range(rows)] for _ in range(lanes)],
                        )  # fmt: skip
                        bank_now = channels_of[(bank + t) % BIAS_BANKS]
                        values = [
                            [_value(d, bank_now[k + lane], o, op) for d, o in zip(data, operand, strict=True)]
                            for lane, (data, operand) in enumerate(zip(item.data, item.operand, strict=True))
                        ]
                        if op["raw_out"]:
                            at = op["y_base"] + number * op["y_raw_step"]
                            item.output = at, -(-32 * rows // axi), 1, join(values[0], 32)
                        else:
                            at = op["y_base"] + n * op["y_n_pitch"] + block * op["y_l_pitch"] + wo * op["y_wo_step"]
                            at += t * op["ch_per_t"] + k
                            there = values[: channels - k]
                            packed = [join(value[:left], bits) for value in there]
                            item.output = at, -(-left // rpb), (1 << len(there)) - 1, *packed
                        number += 1
                        yield item


def _pack_operand(item: Item, op: dict[str, int]) -> tuple[int, int]:
    """(bytes, beats) of the operand ports: x_bits rows packed line by line, and 32-bit words."""
    if op["operand"] == PARTIAL:
        return 0, join(item.operand[0], 32)
    return join([join(rows, PARAMETERS["XBits"]) for rows in item.operand], 8 * PARAMETERS["OpdLines"]), 0


async def _give_operands(bench: Bench, op: dict[str, int], items: list[Item], stall: float) -> None:
    dut, at = bench.dut, 0
    while at < len(items):
        await FallingEdge(bench.clock)
        valid = not bench.chance(stall)
        shown = _pack_operand(items[at], op)
        if not valid:
            shown = tuple(bench.rng.getrandbits(len(port)) for port in (dut.opd_bytes_i, dut.opd_beats_i))
        dut.opd_valid_i.value = int(valid)
        dut.opd_bytes_i.value, dut.opd_beats_i.value = shown
        await RisingEdge(bench.clock)
        if int(dut.opd_pop_o.value):
            assert valid, "takes an operand that is not there"
            at += 1
    dut.opd_valid_i.value = 0


async def _give_channels(bench: Bench, channels_of: list[list[Channel]]) -> None:
    dut = bench.dut
    while True:
        await RisingEdge(bench.clock)
        if int(dut.bias_read_o.value):
            bank, first = channels_of[int(dut.bias_bank_o.value)], int(dut.bias_index_o.value)
            shown = [bank[(first + d) % len(bank)] for d in range(PARAMETERS["Lanes"])]
            size = 64 if PARAMETERS["ScaleBits"] else 32
            dut.bias_i.value = join([each.bias & 0xFFFF_FFFF | each.m << 32 | each.s << 49 for each in shown], size)


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(give=STALLS[:2], take=STALLS[:2])
async def computes_and_packs(dut: Any, give: float, take: float) -> None:
    bench = Bench(dut, salt=(give, take))
    rng = bench.rng
    await bench.start(start_i=0, mac_valid_i=0, pool_valid_i=0, opd_valid_i=0, ready_i=0, desc_i=0)
    wide = PARAMETERS["SumBits"]
    channels = [
        [Channel(signed(rng.getrandbits(wide), wide) >> rng.randrange(wide), *_factor(rng)) for _ in range(16)]
        for _ in range(BIAS_BANKS)
    ]
    got: list[tuple[int, ...]] = []
    payload = (dut.addr_o, dut.lines_o, dut.mask_o, dut.bytes_o, dut.beats_o)
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, payload, got, stall=take, shy=False))
    bench.spawn(_give_channels(bench, channels))
    bank = 0
    for _ in range(12):
        op = _operation(rng)
        items = list(_items(rng, op, channels, bank))
        dut.desc_i.value = fields(**op)
        dut.start_i.value = 1
        await RisingEdge(bench.clock)
        dut.start_i.value = 0
        await RisingEdge(bench.clock)
        assert not int(dut.finished_o.value)
        if op["operand"]:
            bench.spawn(_give_operands(bench, op, items, give))
        valid, ready = (dut.pool_valid_i, dut.pool_ready_o) if op["kind"] else (dut.mac_valid_i, dut.mac_ready_o)
        data = dut.pool_data_i if op["kind"] else dut.mac_data_i
        rows = 32 * PARAMETERS["Rows"]
        sent = [{data: join([join(lane, 32) for lane in item.data], rows)} for item in items]
        await bench.send(valid, ready, sent, stall=give)
        await bench.until(lambda: int(dut.finished_o.value), limit=2000)
        shown = [
            (
                a,
                lines,
                mask,
                *([beats] if op["raw_out"] else split(packed, 8 * PARAMETERS["OutLines"], mask.bit_count())),
            )
            for a, lines, mask, packed, beats in got
        ]
        expect_equal(shown, [item.output for item in items], f"output of {op}")
        got.clear()
        bank += 0 if op["kind"] else op["t_count"]
    bench.stop()
