"""dsoc_scale against exact rational arithmetic and the reference, with a value a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, Timer

from deepsoc.graph.fixed import activate, limits
from deepsoc.graph.ir import Act, Quant, Scale
from tests.rtl.bench import PARAMETERS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

LATENCY = 5


def _with(**parameters: int) -> Parameters:
    return {"SumBits": 32, "ScaledBits": 25, "ScaleBits": 17, "OutBits": 16, "ShiftBits": 6} | parameters


@parameter_sets(
    _with(), _with(SumBits=23, ScaleBits=11), slow=(_with(SumBits=10, ScaledBits=6, ScaleBits=4, OutBits=8),)
)
def test_scale(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_scale", parameters, seed=seed)


class Item(NamedTuple):
    a: int
    m: int
    shift: int
    z: int
    lo: int
    hi: int


def scaled(item: Item, bits: int) -> int:
    """The equation of docs/architecture.md, section 1."""
    low, high = limits(bits)
    product = Fraction(max(low, min(high, item.a)) * item.m, 1 << item.shift)
    return max(item.lo, min(item.hi, round(product) + item.z))


def _clamp(rng: Random, bits: int) -> tuple[int, int, int]:
    """z, lo and hi: those of an aligned value, of a type of 8 bits, or any."""
    kind = rng.randrange(3)
    low, high = limits(bits if kind != 1 else min(bits, 8))
    z = rng.randint(low, high)
    return (z, low, high) if kind == 0 else (z, *sorted(rng.choice((low, high, rng.randint(low, high))) for _ in "lh"))


def items(rng: Random, count: int) -> Iterator[Item]:
    """Random values, and those whose products are ties and their neighbours."""
    size, scale, bits = PARAMETERS["SumBits"], PARAMETERS["ScaleBits"], PARAMETERS["OutBits"]
    low, high = limits(size)
    for _ in range(count):
        m = rng.choice((0, 1 << (scale - 1), rng.randrange(1 << (scale - 1), 1 << scale), (1 << scale) - 1))
        a = rng.choice((low, high, rng.randint(low, high) >> rng.randrange(size)))
        shift = rng.randrange(1 << PARAMETERS["ShiftBits"])
        kind = rng.randrange(3)
        if kind and a and m:  # as many bits as the result has
            shift = max((a * m).bit_length() - rng.randrange(bits + 3), 0)
        if kind == 2 and shift:  # an odd number of halves, by a multiplier that is a power of two
            m = 1 << (scale - 1)
            step = max(shift - scale, 0)
            a = max(low, min(high, ((a >> step) | 1) << step)) + rng.randint(-1, 1)
            a = max(low, min(high, a))
            shift = min(shift, (1 << PARAMETERS["ShiftBits"]) - 1)
        yield Item(a, m, min(shift, (1 << PARAMETERS["ShiftBits"]) - 1), *_clamp(rng, bits))


@cocotb.test()
async def multiplies_rounds_and_clamps(dut: Any) -> None:
    bench = Bench(dut)
    rng = bench.rng
    await bench.start(enable_i=0, a_i=0, m_i=0, shift_i=0, z_i=0, lo_i=0, hi_i=0)
    await FallingEdge(bench.clock)
    under_way: deque[Item] = deque()
    ties = ends = 0
    for item in items(rng, 12_000):
        while rng.random() < 0.1:  # held, it keeps what it has
            dut.enable_i.value = 0
            dut.a_i.value, dut.m_i.value, dut.shift_i.value = ~item.a, rng.getrandbits(len(dut.m_i)), 1
            await FallingEdge(bench.clock)
        dut.enable_i.value = 1
        dut.a_i.value, dut.m_i.value, dut.shift_i.value = item.a, item.m, item.shift
        await FallingEdge(bench.clock)
        under_way.append(item)
        if len(under_way) < LATENCY:
            continue
        done = under_way.popleft()
        dut.z_i.value, dut.lo_i.value, dut.hi_i.value = done.z, done.lo, done.hi
        await Timer(1, "ns")
        expected = scaled(done, PARAMETERS["ScaledBits"])
        received = dut.y_o.value.to_signed()
        assert received == expected, f"{done}: expected {expected}, received {received}"
        ties += Fraction(done.a * done.m, 1 << done.shift).denominator == 2
        ends += expected in (done.lo, done.hi)
    assert ties > 500, "few ties"
    assert 1000 < ends < 11_000, "few values between the ends, or at them"
    bench.stop()


@cocotb.test(skip=PARAMETERS.get("SumBits") != 32)
async def is_what_the_reference_computes(dut: Any) -> None:
    """Whole activations: types of 2 to 8 bits with zero points, ReLU by its clamp, a leaky slope by the shift."""
    bench = Bench(dut)
    rng = bench.rng
    await bench.start(enable_i=1, a_i=0, m_i=0, shift_i=0, z_i=0, lo_i=0, hi_i=0)
    for _ in range(300):
        bits = rng.choice((2, 3, 4, 8))
        low, high = limits(bits)
        zero = rng.randint(low, high)
        kind, slope = rng.choice((("linear", None), ("relu", None), ("relu", 3)))
        m, s = rng.randrange(1 << 16, 1 << 17), rng.randrange(42)
        act = Act(kind, Quant(bits, 0, zero=zero), slope, Scale((m,), (s,)), hi=rng.randint(zero, high))
        a = rng.randint(-(1 << 31), (1 << 31) - 1) >> rng.randrange(31)
        dut.a_i.value, dut.m_i.value, dut.shift_i.value = a, m, s + (slope or 0) * (a < 0)
        dut.z_i.value, dut.hi_i.value = zero, act.ends[1]
        dut.lo_i.value = zero if kind == "relu" and slope is None else low
        await bench.clocks(LATENCY)
        await FallingEdge(bench.clock)
        expected = int(activate(np.array([a]), 0, act)[0])
        assert dut.y_o.value.to_signed() == expected, f"{a} through {act}"
    bench.stop()
