"""The target `vitis`: the bare-metal program for AMD Zynq boards, and the scripts that make the project."""

from __future__ import annotations

from deepsoc.deploy.baremetal import program
from deepsoc.deploy.sources import render, taken
from deepsoc.export import Artifacts

__all__ = ["files"]


def files(artifacts: Artifacts) -> dict[str, bytes]:
    """Sources in `src`, `build.py` for Vitis since 2023.2 and `build.tcl` for XSCT before."""
    values = {"manifest": artifacts.manifest, "hw": artifacts.hw}
    return {
        **program(artifacts),
        **taken(["port/baremetal/dsoc_port_xilinx.*", "program/vitis/board_xilinx.c"], "src/"),
        **taken(["program/vitis/build.py", "program/vitis/build.tcl"]),
        "README.md": render("vitis.md.j2", values),
    }
