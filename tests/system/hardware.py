"""Accelerators of the system tests: few, with generous maxima, so that many networks share one simulator build."""

from __future__ import annotations

from deepsoc.hw import Hardware

__all__ = ["FAST", "HARDWARE", "KINDS"]

_MAXIMA = {
    "kh_max": 7, "kw_max": 7, "sh_max": 4, "sw_max": 4, "xn_max": 4, "xh_max": 64, "xw_max": 64,
    "y_bits": 32, "ci_max": 1 << 16, "co_max": 1 << 12, "edges_ram_depth": 2048, "n_bundles_max": 64,
    "global_pool_max": 1024, "pool_ram_depth": 512,
}  # fmt: skip

HARDWARE: dict[str, Hardware] = {
    "8x24_x4k4": Hardware(
        rows=8, cols=24, x_bits=4, k_bits=4, drain_lanes=4, depthwise=8, weights_ram_depth=2048, **_MAXIMA
    ),
    "7x30_x8k8": Hardware(
        rows=7, cols=30, x_bits=8, k_bits=8, requantizers=1, depthwise=10, weights_ram_depth=256, **_MAXIMA
    ),
    "7x30_x2k4": Hardware(
        rows=7, cols=30, x_bits=2, k_bits=4, drain_lanes=2, weights_ram_depth=128, axi_data_bits=64, axi_max_burst=8,
        **_MAXIMA,
    ),
    "8x24_x8k2": Hardware(rows=8, cols=24, x_bits=8, k_bits=2, weights_ram_depth=128, axi_data_bits=32, **_MAXIMA),
    "8x24_x2k2": Hardware(rows=8, cols=24, x_bits=2, k_bits=2, weights_ram_depth=512, axi_data_bits=256, **_MAXIMA),
    "3x7_x4k8": Hardware(
        rows=3, cols=7, x_bits=4, k_bits=8, requantizers=1, weights_ram_depth=64, axi_data_bits=32, axi_max_burst=4,
        **{**_MAXIMA, "y_bits": 24, "kw_max": 4, "kh_max": 5},
    ),
    "1x10_x4k4": Hardware(
        rows=1, cols=10, x_bits=4, k_bits=4, requantizers=1, weights_ram_depth=256, axi_data_bits=64, **_MAXIMA
    ),
    "12x13_x8k4": Hardware(
        rows=12, cols=13, x_bits=8, k_bits=4, requantizers=1, drain_lanes=4, weights_ram_depth=512, axi_data_bits=512,
        axi_max_burst=1, **_MAXIMA,
    ),
    "13x9_x4k4": Hardware(
        rows=13, cols=9, x_bits=4, k_bits=4, weights_ram_depth=512, axi_data_bits=32, **_MAXIMA
    ),
    "5x11_x4k4": Hardware(
        rows=5, cols=11, x_bits=4, k_bits=4, weights_ram_depth=32, axi_data_bits=64,
        **{**_MAXIMA, "global_pool_max": 0, "pool_ram_depth": 0},
    ),
    "3x9_x8k8_cascade": Hardware(
        rows=3, cols=9, x_bits=8, k_bits=8, pe="dsp_cascade", drain_lanes=2, depthwise=3, weights_ram_depth=128,
        axi_data_bits=64, **_MAXIMA | {"edges_ram_depth": 0},
    ),
    "3x8_x8k8_pair": Hardware(
        rows=3, cols=8, x_bits=8, k_bits=8, pe="dsp_pair", requantizers=1, weights_ram_depth=128, axi_data_bits=64,
        **_MAXIMA,
    ),
    "5x14_x8k8_scaled": Hardware(
        rows=5, cols=14, x_bits=8, k_bits=8, scale_bits=17, drain_lanes=2, depthwise=14, weights_ram_depth=128,
        axi_data_bits=64, **_MAXIMA,
    ),
    "6x11_x4k8_scaled": Hardware(
        rows=6, cols=11, x_bits=4, k_bits=8, scale_bits=17, requantizers=1, pe="dsp_pair", depthwise=4,
        weights_ram_depth=64, axi_data_bits=128, **{**_MAXIMA, "y_bits": 24, "pool_ram_depth": 0},
    ),
    "4x9_x8k8_resident": Hardware(
        rows=4, cols=9, x_bits=8, k_bits=8, drain_lanes=2, weights_ram_depth=64, weights_resident=300,
        axi_data_bits=64, **_MAXIMA,
    ),
    "11x6_x8k4_resident": Hardware(
        rows=11, cols=6, x_bits=8, k_bits=4, pe="dsp_cascade", scale_bits=17, requantizers=1, weights_ram_depth=128,
        weights_resident=257, axi_data_bits=64, **_MAXIMA | {"kh_max": 5},
    ),
    "4x9_x4k4_pair": Hardware(
        rows=4, cols=9, x_bits=4, k_bits=4, pe="dsp_pair", drain_lanes=2, depthwise=2, weights_ram_depth=128,
        axi_data_bits=64, **{**_MAXIMA, "y_bits": 20},
    ),
}  # fmt: skip

FAST = ("8x24_x4k4", "7x30_x8k8", "7x30_x2k4", "3x7_x4k8")
"""Those that `make test` builds; `make test-all` runs every one."""
KINDS = tuple(name for name, hw in HARDWARE.items() if hw.pe != "portable" or hw.scale_bits or hw.weights_resident)
"""Those whose processing elements are DSP blocks, whose output stages have factors, or whose weights stay on chip."""
