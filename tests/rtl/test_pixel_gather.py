"""dsoc_pixel_gather: bytes of a column's channels, one or several at once, become one item for all elastic groups."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly, RisingEdge

from tests.rtl.bench import PARAMETERS, Bench, split
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets(
    {"Nf": 2, "Sets": 5, "Lanes": 1},
    {"Nf": 1, "Sets": 7, "Lanes": 4},
    slow=({"Nf": 3, "Sets": 2, "Lanes": 2}, {"Nf": 1, "Sets": 24, "Lanes": 2}),
)
def test_pixel_gather(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_pixel_gather", parameters, seed=seed)


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5])
async def gathers_columns(dut: Any, stall: float) -> None:
    """Operations of random iterations and channels one after the other, ordinary ones among them."""
    sets, lanes, bits = PARAMETERS["Sets"], PARAMETERS["Lanes"], 8 * PARAMETERS["Nf"]
    bench = Bench(dut, salt=stall)
    rng = bench.rng
    await bench.start(start_i=0, own_i=0, wide_i=0, t_one_i=1, valid_i=0, take_i=0, next_t_last_i=0, bytes_i=0)
    for _ in range(40):
        own, wide = int(rng.random() < 0.8), int(lanes > 1 and rng.random() < 0.5)
        count, each = rng.randint(1, 4), rng.randint(1, 4)  # iterations, and columns of one
        channels = rng.randint(1, sets)
        last = rng.randint(1, channels)
        columns = [
            [rng.getrandbits(bits) for _ in range((last if t == count - 1 else channels) if own else 1)]
            for t in range(count)
            for _ in range(each)
        ]
        step = lanes if wide else 1
        items = [column[i : i + step] for column in columns for i in range(0, len(column), step)]
        dut.own_i.value, dut.wide_i.value, dut.t_one_i.value = own, wide, int(count == 1)
        dut.channels_i.value, dut.channels_last_i.value, dut.start_i.value = channels, last, 1
        await RisingEdge(bench.clock)
        dut.start_i.value = 0
        await bench.clocks(2)
        taken, clocks, begun = 0, 0, len(items)
        while taken < len(columns):
            await FallingEdge(bench.clock)
            valid = int(bool(items) and not bench.chance(stall))
            take = int((dut.valid_o.value if own else valid) and not bench.chance(stall))
            dut.valid_i.value, dut.take_i.value = valid, take
            dut.bytes_i.value = sum(byte << (bits * i) for i, byte in enumerate(items[0])) if items else 0
            dut.next_t_last_i.value = int((taken + 1) // each >= count - 1)
            await ReadOnly()
            if take:
                assert int(dut.valid_o.value)
                assert split(int(dut.bytes_o.value), bits, sets)[: len(columns[taken])] == columns[taken]
                taken += 1
            if int(dut.pop_o.value):
                assert valid
                items.pop(0)
            clocks += 1
            await RisingEdge(bench.clock)
        dut.valid_i.value = dut.take_i.value = 0
        assert not items
        assert stall or clocks == begun + own  # an item a clock, and the last column is taken a clock later
    bench.stop()
