"""Runs Verilator's linter, all warnings on, over the accelerator under its plain Verilog top, and over the RISC-V SoC.

Several configurations of each. Waivers are in rtl/lint.vlt. Exit status 1 if there is a warning.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from deepsoc.assets import check_files, core_files, folder, model_files, rtl_files, rtl_headers, soc_files
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.sim.tools import find_verilator

CONFIGURATIONS = (
    {"rows": 8, "cols": 24, "x_bits": 4, "k_bits": 4, "drain_lanes": 4, "axi_data_bits": 128, "pool_ram_depth": 512},
    {"rows": 7, "cols": 30, "x_bits": 8, "k_bits": 8, "axi_data_bits": 64, "pe": "dsp_pair"},
    {"rows": 3, "cols": 6, "x_bits": 4, "k_bits": 4, "y_bits": 20, "axi_data_bits": 64, "pe": "dsp_pair"},
    {"rows": 4, "cols": 5, "x_bits": 8, "k_bits": 8, "axi_data_bits": 32, "pe": "dsp_cascade"},
    {"rows": 3, "cols": 5, "x_bits": 2, "k_bits": 4, "axi_data_bits": 32, "depthwise": 5},
    {"rows": 4, "cols": 7, "x_bits": 4, "k_bits": 8, "scale_bits": 17, "drain_lanes": 2, "axi_data_bits": 128},
    {"rows": 4, "cols": 9, "x_bits": 8, "k_bits": 8, "depthwise": 3, "drain_lanes": 2, "pe": "dsp_pair"},
)


def network(x_bits: int, k_bits: int) -> dict[str, object]:
    """A network that uses a convolution and a pool, so that no part of the accelerator is left out."""
    core = {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same"}
    pool = {"type": "max", "size": [2, 2], "strides": [2, 2], "padding": "valid"}
    return {
        "format": "deepsoc-net/1",
        "name": "lint",
        "input": {"shape": [8, 8, 2]},
        "bits": {"x": x_bits, "k": k_bits, "b": 16},
        "bundles": [{"name": "b1", "input": "input", "core": core, "act": {"type": "relu"}, "pool": pool}],
    }


def main() -> int:
    """Lints every configuration."""
    verilator = find_verilator()
    status = 0
    for values in CONFIGURATIONS:
        hw = Hardware.model_validate(values)
        with tempfile.TemporaryDirectory(prefix="deepsoc-lint-") as name:
            out = Path(name) / "export"
            export(parse_net(network(hw.x_bits, hw.k_bits)).to_graph(), hw, out)
            core, included = core_files()
            wrapper = folder("fpga") / "vivado" / "dsoc.v"
            accelerator = [*model_files(), *rtl_files()]
            on_ecp5 = [*model_files(family="ecp5"), *rtl_files(family="ecp5")]
            tops = {
                "dsoc": [*accelerator, *check_files(), wrapper],
                "dsoc_soc_board": [*core, *model_files(), *on_ecp5, *soc_files(), *check_files(soc=True)],
            }
            for top, files in tops.items():
                command = [str(verilator.program), "--lint-only", "-Wall", "--quiet", "--no-timing", "--assert"]
                command += ["--top-module", top, f"-I{out}", "-DDV_FCOV_DISABLE", str(folder("rtl") / "lint.vlt")]
                command += sorted({f"-I{path.parent}" for path in [*rtl_headers(), *included]})
                command += map(str, files)
                about = f"{top}, {hw.rows} × {hw.cols}, {hw.x_bits} bit, AXI {hw.axi_data_bits}"
                print(f"verilator --lint-only -Wall: {about}")
                status |= subprocess.run(command, env=verilator.environment(), check=False).returncode
    return int(status != 0)


if __name__ == "__main__":
    sys.exit(main())
