"""Clocks and loop bounds: numbers worked out by hand from the published equation."""

from __future__ import annotations

import numpy as np
import pytest

from deepsoc.errors import MappingError
from deepsoc.graph.ir import Conv2D, Pool, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping.geometry import conv_loops, dense_loops, mac_clocks, pool_clocks, pool_loops, row_mask, split

HW = Hardware(rows=7, cols=96, kh_max=11, sh_max=4)


def core(shape: tuple[int, ...], strides: tuple[int, int], padding: str = "same") -> Conv2D:
    return Conv2D(np.zeros(shape, np.int64), None, strides, padding, Quant(8, 0), Quant(8, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "kernel", "strides", "clocks", "drain"),
    [
        # VGG-16 conv1_2: E = 32, T = 2, L = 32: 2 * (1 + 32*224*(1 + 3*64))
        ((1, 224, 224, 64), (3, 3, 64, 64), (1, 1), 2_766_850, 0),
        # ResNet-50 conv1: G = 8, E = 12, T = 3, L = 16: 3 * (1 + 16*224*(1 + 7*3))
        ((1, 224, 224, 3), (7, 7, 3, 64), (2, 2), 236_547, 0),
        # ResNet-50, stride in a 1x1, decimated: T = 6, L = 4: 6 * (1 + 4*28*256)
        ((1, 56, 56, 256), (1, 1, 256, 512), (2, 2), 172_038, 0),
        # batch of 2
        ((2, 14, 14, 16), (3, 3, 16, 32), (1, 1), 1 + 2 * 2 * 14 * (1 + 48), 0),
        # 96 channels leave after 2 clocks each column: 10 columns wait 94 clocks each
        ((1, 7, 10, 2), (1, 1, 2, 96), (1, 1), 1 + 10 * 2, 940),
        # the same, and a second iteration whose 4 channels wait 2 clocks each column
        ((1, 7, 10, 2), (1, 1, 2, 100), (1, 1), 2 * (1 + 10 * 2), 940 + 20),
    ],
)
def test_convolutions(
    shape: tuple[int, ...], kernel: tuple[int, ...], strides: tuple[int, int], clocks: int, drain: int
) -> None:
    assert mac_clocks(conv_loops(HW, core(kernel, strides), shape)) == (clocks, drain)


def test_valid_padding_reads_only_what_it_needs() -> None:
    loops = conv_loops(HW, core((3, 3, 1, 4), (2, 2), "valid"), (1, 8, 8, 1))
    assert (loops.w, loops.wo, loops.y_rows, loops.l) == (7, 3, 3, 1)


def test_dense() -> None:
    # AlexNet fc8, batch 7: T = ceil(1000 / 96) = 11
    loops = dense_loops(HW, 7, 1000, (1, 1, 4096), flat=False)
    assert mac_clocks(loops) == (11 * (1 + 4096), 0)
    assert (loops.ch_per_t, loops.ch_last, loops.co) == (96, 40, 1000)
    assert dense_loops(HW, 15, 10, (6, 6, 256), flat=True).l == 3


def test_pools() -> None:
    def loops(size: tuple[int, int], strides: tuple[int, int], c: int) -> int:
        return pool_clocks(pool_loops(HW, Pool("max", size, strides, "valid", Quant(8, 0)), (1, 28, 28, c)))[0]

    assert loops((2, 2), (2, 2), 8) == 2 * 28 * 8 * 2
    assert loops((1, 3), (1, 1), 8) == 4 * 28 * 8 * 3  # three open windows to update
    assert loops((1, 1), (1, 1), 1) == 4 * 28 * 1 * 4  # one channel: four clocks between updates
    elementwise = pool_loops(HW, Pool("max", (1, 1), (1, 1), "valid", Quant(8, 0)), (1, 28, 28, 8))
    assert pool_clocks(elementwise, channel_clocks=2) == (4 * 28 * 8, 4 * 28 * 8)  # as much again, for two passes


def test_row_mask_of_a_strided_1x1_skips_rows() -> None:
    hw = Hardware(rows=4, cols=4, kh_max=1, sh_max=2)
    loops = conv_loops(hw, core((1, 1, 2, 4), (2, 1)), (1, 8, 8, 2))
    assert row_mask(hw, loops) == 0b1010101


def test_too_few_columns() -> None:
    with pytest.raises(MappingError, match="takes 97 columns"):
        conv_loops(HW, core((1, 96, 1, 1), (1, 2)), (1, 8, 200, 1))


def test_split_is_even() -> None:
    assert split(150, 40) == [(0, 37), (37, 75), (75, 112), (112, 150)]
    assert split(5, 5) == [(0, 5)]
