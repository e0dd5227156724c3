"""The device trees of the target `linux`: the compiler reads them, and what the kernel looks for is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deepsoc.deploy import deploy
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from tests.cli.conftest import HW, NET

BOARD = """/dts-v1/;
/ {{
    #address-cells = <{cells}>;
    #size-cells = <{cells}>;
    {label}: interrupt-controller {{ #interrupt-cells = <3>; #address-cells = <0>; interrupt-controller; }};
}};
/include/ "dsoc-{family}.dtsi"
"""


@pytest.mark.parametrize(
    ("family", "cells", "label", "base", "reg"),
    [
        ("zynq", 1, "intc", 0x4000_0000, "40000000 1000"),
        ("zynqmp", 2, "gic", 0xA000_0000, "0 a0000000 0 1000"),
        ("zynqmp", 2, "gic", 0x4_0000_0000, "4 0 0 1000"),
    ],
)
def test_device_trees(family: str, cells: int, label: str, base: int, reg: str, tmp_path: Path) -> None:
    if shutil.which("dtc") is None:
        pytest.skip("dtc is not installed")
    design = export(parse_net(NET).to_graph(), Hardware(**HW, base_address=base), tmp_path / "export")
    folder = deploy(design.path, "linux", tmp_path / "board").folder
    (tmp_path / "board.dts").write_text(BOARD.format(cells=cells, label=label, family=family))
    command = ["dtc", "-E", "no-interrupt_provider", "-i", folder, "-o", tmp_path / "board.dtb", tmp_path / "board.dts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

    def get(node: str, name: str, kind: str = "x") -> str:
        command = ["fdtget", "-t", kind, tmp_path / "board.dtb", node, name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert get(f"/dsoc@{base:x}", "reg") == reg
    assert get(f"/dsoc@{base:x}", "compatible", "s") == "generic-uio"
    assert get("/udmabuf0", "device-name", "s") == "udmabuf0"
    size = int(get("/udmabuf0", "size").split()[-1], 16)
    assert size >= 2 * design.manifest.arena_bytes
    assert size % 4096 == 0
