"""dsoc_requant against exact rational arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from tests.rtl.bench import PARAMETERS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"XBits": 4, "SumBits": 32}, {"XBits": 8, "SumBits": 23}, slow=({"XBits": 2, "SumBits": 12},))
def test_requant(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_requant", parameters, seed=seed)


def requant(a: int, shift: int, bits: int) -> int:
    """The rounding of docs/architecture.md, section 1."""

    def saturate(value: int) -> int:
        return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, value))

    # Python rounds halves of a fraction to the even neighbour.
    return saturate(round(Fraction(a, 1 << shift))) if shift >= 0 else saturate(saturate(a) << -shift)


def values(rng: Random, shift: int, bits: int, size: int) -> Iterator[int]:
    """Values of `size` bits around every tie inside and just outside the range, their ends, and random ones."""
    half, top = (1 << shift) >> 1, 1 << (size - 1)
    for result in range(-(1 << (bits - 1)) - 2, (1 << (bits - 1)) + 2):
        for around in (-half - 1, -half, -half + 1, 0, half - 1, half, half + 1):
            a = (result << max(shift, 0)) + around
            if -top <= a < top:
                yield a
    yield from (-top, -top + 1, top - 1, top - 2)
    for _ in range(20):
        yield rng.randrange(-top, top) >> rng.randrange(size)


@cocotb.test()
async def rounds_and_saturates(dut: Any) -> None:
    bits, size, bench = PARAMETERS["XBits"], PARAMETERS["SumBits"], Bench(dut)
    rng = bench.rng
    await bench.start(enable_i=0, a_i=0, amount_i=7, zero_i=0)
    await FallingEdge(bench.clock)
    for shift in range(-7, 32):
        dut.amount_i.value = shift + 7
        points = list(values(rng, max(shift, 0), bits, size))
        for a in points if len(points) < 300 else rng.sample(points, 300):
            zero = rng.random() < 0.1
            dut.a_i.value = a
            dut.zero_i.value = zero
            dut.enable_i.value = 1
            await FallingEdge(bench.clock)
            if rng.random() < 0.2:  # held, it keeps what it has
                dut.enable_i.value, dut.a_i.value, dut.zero_i.value = 0, ~a, not zero
                await FallingEdge(bench.clock)
            expected = 0 if zero else requant(a, shift, bits)
            received = dut.y_o.value.to_signed()
            assert received == expected, f"requant({a}, {shift}, zero {zero}): expected {expected}, received {received}"
    bench.stop()
