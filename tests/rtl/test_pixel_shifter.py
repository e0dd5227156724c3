"""dsoc_pixel_shifter: every PE row gets its pixel for each kernel row, padding and flat layers included."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from tests.rtl.bench import PARAMETERS, Bench, split
from tests.rtl.geometry import Geometry
from tests.rtl.runner import Parameters, check, parameter_sets


def _with_lines(rows: int, x_bits: int, kh_max: int, sh_max: int, n_max: int, channels: int = 1) -> Parameters:
    shape = Geometry(rows, x_bits, kh_max, sh_max, n_max)
    parameters = {"Rows": rows, "XBits": x_bits, "Sets": channels, "Nf": shape.nf, "Gt": shape.gt}
    return parameters | {"PtMax": shape.pt_max, "KhMax": kh_max, "ShMax": sh_max}


@parameter_sets(
    _with_lines(7, 4, 5, 2, 7),
    _with_lines(3, 2, 11, 3, 3, channels=3),
    slow=(
        _with_lines(8, 4, 7, 2, 1),
        _with_lines(4, 8, 3, 4, 4),
        _with_lines(1, 8, 1, 1, 1),
        _with_lines(9, 2, 3, 1, 2),
    ),
)
def test_pixel_shifter(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_pixel_shifter", parameters, seed=seed)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def gives_the_kernel_rows(dut: Any) -> None:
    rows, bits, kh_max, sh_max = (PARAMETERS[name] for name in ("Rows", "XBits", "KhMax", "ShMax"))
    shape = Geometry(rows, bits, kh_max, sh_max)
    bench = Bench(dut)
    rng = bench.rng
    await bench.start(load_i=0, shift_i=0)
    for _ in range(300):
        kh, stride, pad = rng.randrange(1, kh_max + 1), rng.randrange(1, sh_max + 1), 0
        pad = rng.randrange((kh - 1) // 2 + 1)
        height, first = rng.randrange(1, 4 * rows), rng.randrange(4) * rows * stride
        image = rng.getrandbits(8 * PARAMETERS["Nf"] * PARAMETERS["Sets"])
        dut.flat_i.value, dut.tap_i.value, dut.pad_top_i.value = 0, stride, pad
        dut.row_first_i.value, dut.rows_i.value, dut.bytes_i.value = first - pad, height, image
        for k in range(kh):
            dut.load_i.value, dut.shift_i.value = int(k == 0), int(k > 0)
            await RisingEdge(bench.clock)
            dut.load_i.value = dut.shift_i.value = 0
            dut.bytes_i.value = rng.getrandbits(8 * PARAMETERS["Nf"] * PARAMETERS["Sets"])
            await bench.clocks(rng.randrange(1, 3))
            at = [r * stride + k - pad for r in range(rows)]
            exists = [0 <= first + row < height for row in at]
            mask = (1 << bits) - 1
            channels = [image >> (8 * PARAMETERS["Nf"] * i) for i in range(PARAMETERS["Sets"])]
            expected = [
                (channel >> shape.place(row) & mask) * there
                for channel in channels
                for row, there in zip(at, exists, strict=True)
            ]
            assert split(int(dut.pixel_o.value), bits, len(expected)) == expected, (kh, stride, pad, height, first, k)
            assert split(int(dut.exists_o.value), 1, rows) == exists
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def unpacks_flat_bytes(dut: Any) -> None:
    """PE row r takes the rows of byte r one after the other."""
    rows, bits = PARAMETERS["Rows"], PARAMETERS["XBits"]
    bench = Bench(dut)
    await bench.start(load_i=0, shift_i=0, flat_i=1, tap_i=8 // bits, pad_top_i=0, row_first_i=0, rows_i=1)
    lanes = min(rows, PARAMETERS["Nf"])  # further rows have no batch element
    for _ in range(50):
        image = bench.rng.getrandbits(8 * PARAMETERS["Nf"])
        dut.bytes_i.value = image
        for k in range(8 // bits):
            dut.load_i.value, dut.shift_i.value = int(k == 0), int(k > 0)
            await RisingEdge(bench.clock)
            dut.load_i.value = dut.shift_i.value = 0
            await RisingEdge(bench.clock)
            expected = [image >> (8 * r + k * bits) & ((1 << bits) - 1) for r in range(lanes)]
            first = int(dut.pixel_o.value) & ((1 << bits * rows) - 1)
            assert split(first, bits, rows)[:lanes] == expected
    bench.stop()
