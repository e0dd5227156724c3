"""dsoc_pool_windows against maxima of plain windows: every byte of the pooled tensor is written once."""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import PARAMETERS, STALLS, Bench, fields, join, signed, split
from tests.rtl.runner import Parameters, check, parameter_sets

WINDOWS = 1
Map = list[list[int]]  # rows of columns


def _case(rows: int, x_bits: int, channels: int, carry: int) -> Parameters:
    return {"Rows": rows, "XBits": x_bits, "Channels": channels, "Lines": -(-rows * x_bits // 8), "CarryDepth": carry}


@parameter_sets(
    _case(7, 8, 5, 40),
    _case(8, 4, 4, 30),
    _case(1, 8, 1, 8),
    slow=(_case(8, 2, 3, 64), _case(4, 4, 6, 24), _case(2, 8, 3, 33), _case(12, 4, 24, 99), _case(13, 8, 2, 16)),
)
def test_pool_windows(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_pool_windows", parameters, seed=seed)


def _axis(rng: Random, size: int, most: int, strides: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(window, stride, windows, padding before) along an axis, "same" or "valid"."""
    stride = rng.choice(strides)
    kernel = rng.randrange(1, min(most, stride + 1) + 1)
    if kernel > size or rng.random() < 0.5:
        out = -(-size // stride)
        return kernel, stride, out, max((out - 1) * stride + kernel - size, 0) // 2
    return kernel, stride, (size - kernel) // stride + 1, 0


def _operation(rng: Random) -> dict[str, int]:
    """Descriptor fields of a map whose pooled columns fit the memory of what is carried."""
    rows, carry = PARAMETERS["Rows"], PARAMETERS["CarryDepth"]
    ch = rng.randrange(1, PARAMETERS["Channels"] + 1)
    high, wide = rng.randrange(1, 3 * rows + 5), rng.randrange(1, 10)
    kh, sh, out_rows, top = _axis(rng, high, 3, (2, 3))
    kw, sw, out_cols, left = _axis(rng, wide, 5, (2, 3, 4))
    if out_cols * ch > carry:
        ch = max(carry // out_cols, 1)
    return {
        "pool": WINDOWS, "pool_kh": kh, "pool_sh": sh, "pool_rows": out_rows, "pool_pad_top": top,
        "pool_kw": kw, "pool_sw": sw, "pool_cols": out_cols, "pool_pad_left": left,
        "t_count": rng.randrange(1, 4), "n_count": rng.randrange(1, 4), "l_count": -(-high // rows),
        "y_rows": high, "wo_count": wide, "ch_per_t": ch, "ch_last": rng.randrange(1, ch + 1),
        "y_base": rng.getrandbits(31), "y_wo_step": 100, "y_line_pitch": 1 << 12, "y_n_pitch": 1 << 20,
    }  # fmt: skip


def _pooled(values: Map, op: dict[str, int], row: int, column: int) -> int:
    """The maximum of a window, of the elements that exist."""
    top, left = row * op["pool_sh"] - op["pool_pad_top"], column * op["pool_sw"] - op["pool_pad_left"]
    return max(
        values[i][j]
        for i in range(max(top, 0), min(top + op["pool_kh"], op["y_rows"]))
        for j in range(max(left, 0), min(left + op["pool_kw"], op["wo_count"]))
    )


def _written(values: Map, op: dict[str, int], base: int, into: dict[int, int]) -> None:
    """The bytes of one channel's pooled map."""
    bits = PARAMETERS["XBits"]
    rpb = 8 // bits
    for column in range(op["pool_cols"]):
        for line in range(-(-op["pool_rows"] // rpb)):
            rows = range(line * rpb, min((line + 1) * rpb, op["pool_rows"]))
            byte = join([_pooled(values, op, row, column) for row in rows], bits)
            into[(base + line * op["y_line_pitch"] + column * op["y_wo_step"]) & 0xFFFF_FFFF] = byte


def _stream(rng: Random, op: dict[str, int]) -> tuple[list[dict[str, int]], dict[int, int]]:
    """(what the output stage gives, bytes by address)."""
    rows, bits = PARAMETERS["Rows"], PARAMETERS["XBits"]
    given: list[dict[str, int]] = []
    expected: dict[int, int] = {}
    for t in range(op["t_count"]):
        channels = op["ch_last"] if t == op["t_count"] - 1 else op["ch_per_t"]
        for n in range(op["n_count"]):
            low = rng.choice((-(1 << (bits - 1)), 0, -(1 << (bits - 1))))
            high = rng.choice(((1 << (bits - 1)) - 1, low + 1))
            maps: list[Map] = [
                [[rng.randint(low, high) for _ in range(op["wo_count"])] for _ in range(op["y_rows"])]
                for _ in range(channels)
            ]
            for k, values in enumerate(maps):
                base = op["y_base"] + n * op["y_n_pitch"] + t * op["ch_per_t"] + k
                _written(values, op, base, expected)
            for first in range(0, op["y_rows"], rows):
                exist = min(rows, op["y_rows"] - first)
                for wo in range(op["wo_count"]):
                    for k in range(channels):
                        column = [maps[k][first + r][wo] for r in range(exist)]
                        column += [signed(rng.getrandbits(8), bits) for _ in range(rows - exist)]
                        given.append({
                            "data": join(column, bits), "rows": (1 << exist) - 1, "k_last": int(k == channels - 1),
                            "wo_last": int(wo == op["wo_count"] - 1),
                        })  # fmt: skip
    return given, expected


@cocotb.test(timeout_time=80, timeout_unit="ms")
@cocotb.parametrize(give=STALLS[:2], take=STALLS[:2])
async def pools_windows(dut: Any, give: float, take: float) -> None:
    bench = Bench(dut, salt=(give, take))
    await bench.start(start_i=0, valid_i=0, ready_i=0, desc_i=0, data_i=0, rows_i=0, k_last_i=0, wo_last_i=0)
    got: list[tuple[int, ...]] = []
    bench.spawn(bench.receive(dut.valid_o, dut.ready_i, (dut.addr_o, dut.lines_o, dut.bytes_o), got, stall=take))
    for _ in range(10):
        op = _operation(bench.rng)
        given, expected = _stream(bench.rng, op)
        dut.desc_i.value = fields(**op)
        dut.start_i.value = 1
        await RisingEdge(bench.clock)
        dut.start_i.value = 0
        ports = {"data": dut.data_i, "rows": dut.rows_i, "k_last": dut.k_last_i, "wo_last": dut.wo_last_i}
        items = [{ports[name]: value for name, value in item.items()} for item in given]
        await bench.send(dut.valid_i, dut.ready_o, items, stall=give)
        await RisingEdge(bench.clock)
        await bench.until(lambda: int(dut.idle_o.value), limit=4000)
        await bench.clocks(2)
        written: dict[int, int] = {}
        for address, lines, packed in got:
            assert lines > 0, f"a vector without lines of {op}"
            for line, byte in enumerate(split(packed, 8, PARAMETERS["Lines"])):
                at = (address + line * op["y_line_pitch"]) & 0xFFFF_FFFF
                if line < lines:
                    assert at not in written, f"{at:#x} is written twice by {op}"
                    written[at] = byte
        wrong = {at: (written.get(at), byte) for at, byte in expected.items() if written.get(at) != byte}
        first = dict(list(wrong.items())[:4])
        assert not wrong, f"{len(wrong)} of {len(expected)} bytes (written, expected) of {op}: {first}"
        assert len(written) == len(expected), f"{op}: bytes beside the tensor"
        got.clear()
    bench.stop()
