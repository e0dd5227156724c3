"""Scripts of commercial simulators for the SystemVerilog testbench, made by Edalize; and what each needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc.errors import ToolError
from deepsoc.sim.sv_bench import LIBRARY, TOP

__all__ = ["JOB", "VENDORS", "Vendor", "configure"]

JOB = "job.txt"
"""Name of the job in the folder of the scripts."""
_SCALE = "1ns/1ps"


@dataclass(frozen=True)
class Vendor:
    """One simulator.

    Attributes:
        name: its product.
        edalize: its name in Edalize.
        programs: that must be on PATH.
        options: of Edalize's tool: the library behind DPI-C is loaded from the folder of the scripts.
        remedy: how to get the programs.
        loads: the library is one of Edalize's files, not one of its options.
    """

    name: str
    edalize: str
    programs: tuple[str, ...]
    options: Mapping[str, list[str]]
    remedy: str
    loads: bool = False

    def environment(self) -> dict[str, str]:
        """The environment of its scripts.

        Raises:
            ToolError: a program is not there.
        """
        for program in self.programs:
            if shutil.which(program) is None:
                raise ToolError(f"{program} of {self.name} is missing; {self.remedy}")
        environment = dict(os.environ)
        if self.edalize == "modelsim":
            environment["MODEL_TECH"] = str(Path(shutil.which("vsim") or "").parent)
        if self.edalize == "xcelium":
            environment["XRUN"] = "xrun"
        return environment


VENDORS: dict[str, Vendor] = {
    "xsim": Vendor(
        "Vivado", "xsim", ("xelab", "xsim"),
        {
            "xelab_options": ["-timescale", _SCALE, "-sv_root", ".", "-sv_lib", LIBRARY],
            "xsim_options": ["--testplusarg", f"dsoc_job={JOB}"],
        },
        "source settings64.sh of Vivado",
    ),
    "questa": Vendor(
        "Questa", "modelsim", ("vsim", "vlog", "vlib"),
        {"vlog_options": ["-timescale", _SCALE], "vsim_options": ["-sv_lib", f"./{LIBRARY}"]},
        "put the bin folder of Questa on PATH",
    ),
    "vcs": Vendor(
        "VCS", "vcs", ("vcs",),
        {"vcs_options": [f"-timescale={_SCALE}", f"./{LIBRARY}.so", "-LDFLAGS", "-Wl,-rpath,."]},
        "put the bin folder of VCS on PATH and set VCS_HOME",
    ),
    "xcelium": Vendor(
        "Xcelium", "xcelium", ("xrun", "xmroot"),
        {"xrun_options": ["-64bit", "-timescale", _SCALE]},
        "put the tools/bin folder of Xcelium on PATH",
        loads=True,
    ),
}  # fmt: skip


def configure(vendor: Vendor, sources: Mapping[str, bytes], place: Path) -> None:
    """Writes sources and scripts into a folder that holds the library: `make` builds there, `make run` runs.

    Args:
        vendor: the simulator.
        sources: the files by name, in the order in which they are compiled.
        place: the folder.

    Raises:
        ToolError: Edalize is missing.
    """
    try:
        from edalize.edatool import get_edatool
    except ImportError:
        raise ToolError("edalize is missing; get it with: pip install 'deepsoc[sim]'") from None
    files: list[dict[str, Any]] = []
    for name, data in sources.items():
        (place / name).write_bytes(data)
        included = name.endswith(".svh")
        files.append(
            {"name": name, "file_type": "systemVerilogSource", **({"is_include_file": True} if included else {})}
        )
    if vendor.loads:
        files.append({"name": f"{LIBRARY}.so", "file_type": "dpiLibrary"})
    edam = {
        "name": TOP,
        "toplevel": TOP,
        "files": files,
        "parameters": {
            "dsoc_job": {"datatype": "str", "paramtype": "plusarg", "default": JOB, "description": "the job"}
        },
        "tool_options": {vendor.edalize: {key: list(value) for key, value in vendor.options.items()}},
    }
    get_edatool(vendor.edalize)(edam=edam, work_root=str(place)).configure()
