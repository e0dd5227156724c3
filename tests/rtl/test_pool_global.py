"""dsoc_pool_global against the exact mean, rounded half to even, and the maximum of whole maps."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, fields, join, signed
from tests.rtl.runner import Parameters, check, parameter_sets

GLOBAL_MAX, GLOBAL_AVG = 2, 3
OVERHEAD = 4  # clocks a channel besides the bits of its quotient


def _case(rows: int, x_bits: int, channels: int, count_max: int) -> Parameters:
    return {"Rows": rows, "XBits": x_bits, "Channels": channels, "CountMax": count_max}


@parameter_sets(
    _case(7, 8, 5, 100),
    _case(8, 4, 3, 4096),
    _case(1, 2, 1, 6),
    slow=(_case(3, 2, 6, 65535), _case(13, 8, 24, 65535), _case(12, 4, 2, 1)),
)
def test_pool_global(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_pool_global", parameters, seed=seed)


def _operation(rng: Random) -> dict[str, int]:
    """Descriptor fields; `y_rows` and `wo_count` are those of the map, at most CountMax elements if it is averaged."""
    rows, count_max = PARAMETERS["Rows"], PARAMETERS["CountMax"]
    average = count_max > 1 and rng.random() < 0.6
    ch = rng.randrange(1, PARAMETERS["Channels"] + 1)
    high = rng.randrange(1, min(3 * rows, count_max if average else 99) + 1)
    wide = rng.randrange(1, max(min(6, count_max // high if average else 6), 1) + 1)
    gain = rng.randrange(-PARAMETERS["XBits"] - 2, 4 if average else 8)
    return {
        "pool": GLOBAL_AVG if average else GLOBAL_MAX,
        "pool_count": high * wide if average else 1,
        "pool_steps": max(PARAMETERS["XBits"] + gain, 0),
        "t_count": rng.randrange(1, 4),
        "n_count": rng.randrange(1, 4),
        "y_rows": high,
        "wo_count": wide,
        "ch_per_t": ch,
        "ch_last": rng.randrange(1, ch + 1),
        "y_base": rng.getrandbits(31),
        "y_n_pitch": rng.getrandbits(20),
    }


def _pooled(values: list[int], op: dict[str, int]) -> int:
    bits = PARAMETERS["XBits"]
    total = sum(values) if op["pool"] == GLOBAL_AVG else max(values)
    exact = Fraction(total, op["pool_count"]) * Fraction(2) ** (op["pool_steps"] - bits)
    rounded = round(exact) if op["pool_steps"] else 0  # round() takes halves to even
    return min(max(rounded, -(1 << (bits - 1))), (1 << (bits - 1)) - 1)


def _number(rng: Random, kind: int) -> int:
    """Of the whole range, or near its ends: long sums and quotients with rests of one half."""
    half = 1 << (PARAMETERS["XBits"] - 1)
    return (rng.randrange(-half, half), -half, half - 1, rng.choice((0, 0, 0, 1, -1)))[kind]


def _stream(rng: Random, op: dict[str, int]) -> tuple[list[dict[str, int]], list[tuple[int, ...]]]:
    """(what the output stage gives, what must come)."""
    rows = PARAMETERS["Rows"]
    given, expected = [], []
    for t in range(op["t_count"]):
        channels = op["ch_last"] if t == op["t_count"] - 1 else op["ch_per_t"]
        for n in range(op["n_count"]):
            kind = rng.randrange(4)
            maps: list[list[int]] = [[] for _ in range(channels)]
            for first in range(0, op["y_rows"], rows):
                exist = min(rows, op["y_rows"] - first)
                for wo in range(op["wo_count"]):
                    for k in range(channels):
                        values = [_number(rng, kind) for _ in range(exist)]
                        maps[k] += values
                        rest = [signed(rng.getrandbits(8), PARAMETERS["XBits"]) for _ in range(rows - exist)]
                        last = first + rows >= op["y_rows"] and wo == op["wo_count"] - 1
                        given.append({
                            "data": join(values + rest, PARAMETERS["XBits"]), "rows": (1 << exist) - 1,
                            "k_last": int(k == channels - 1), "map_last": int(last),
                        })  # fmt: skip
            base = op["y_base"] + n * op["y_n_pitch"] + t * op["ch_per_t"]
            bytes_ = [_pooled(values, op) & ((1 << PARAMETERS["XBits"]) - 1) for values in maps]
            expected += [((base + k) & 0xFFFF_FFFF, byte) for k, byte in enumerate(bytes_)]
    return given, expected


@cocotb.test(timeout_time=40, timeout_unit="ms")
@cocotb.parametrize(give=STALLS, take=STALLS[:2])
async def pools_whole_maps(dut: Any, give: float, take: float) -> None:
    bench = Bench(dut, salt=(give, take))
    await bench.start(start_i=0, valid_i=0, ready_i=0, desc_i=0, data_i=0, rows_i=0, k_last_i=0, map_last_i=0)
    got: list[tuple[int, ...]] = []
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, (dut.addr_o, dut.byte_o), got, stall=take))
    for _ in range(25):
        op = _operation(bench.rng)
        given, expected = _stream(bench.rng, op)
        dut.desc_i.value = fields(**op)
        dut.start_i.value = 1
        await RisingEdge(bench.clock)
        dut.start_i.value = 0
        ports = {"data": dut.data_i, "rows": dut.rows_i, "k_last": dut.k_last_i, "map_last": dut.map_last_i}
        items = [{ports[name]: value for name, value in item.items()} for item in given]
        await bench.send(dut.valid_i, dut.ready_o, items, stall=give)
        await RisingEdge(bench.clock)
        assert not int(dut.idle_o.value)
        await bench.until(lambda: int(dut.idle_o.value), limit=4000)
        expect_equal(got, expected, f"pool of {op}")
        got.clear()
    bench.stop()


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def divides_beside_the_next_map(dut: Any) -> None:
    """A channel leaves every `pool_steps` + 4 clocks, and the next map is taken meanwhile."""
    bench = Bench(dut)
    await bench.start(start_i=0, valid_i=0, ready_i=1, desc_i=0, data_i=0, rows_i=1, k_last_i=0, map_last_i=0)
    channels, steps = PARAMETERS["Channels"], PARAMETERS["XBits"]
    op = {"pool": GLOBAL_MAX, "pool_count": 1, "pool_steps": steps, "t_count": 1, "n_count": 2, "ch_per_t": channels}
    dut.desc_i.value = fields(**op)
    dut.start_i.value = 1
    await RisingEdge(bench.clock)
    dut.start_i.value = 0
    left: list[float] = []

    async def watch() -> None:
        while True:
            await RisingEdge(bench.clock)
            if int(dut.valid_o.value):
                left.append(bench.now())

    bench.spawn(watch())
    taken = 0.0
    for _ in range(2):
        one = [
            {dut.data_i: k & 1, dut.k_last_i: int(k == channels - 1), dut.map_last_i: 1} for k in range(channels)
        ]  # fmt: skip
        await bench.send(dut.valid_i, dut.ready_o, one, stall=0)
        taken = bench.now()
    assert channels < 3 or len(left) < channels, "the second map waits for the first one's results"
    await bench.until(lambda: int(dut.idle_o.value))
    assert taken < left[-1]
    assert [b - a for a, b in pairwise(left[:channels])] == [steps + OVERHEAD] * (channels - 1)
    bench.stop()
