"""A small system through the flow `gowin` to its bitstream."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.impl import placement
from tests.impl import tiny

HW = Hardware(**(tiny.HW.model_dump() | {"frequency_mhz": 54.0, "counters_depth": 0}))
# The parameters are those of an accelerator that would not fit; the small design does.
BOARD = board("tang-nano-20k").model_copy(update={"lut": 40_000})


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.use_system(monkeypatch)


@pytest.mark.slow
def test_to_a_bitstream_at_twice_the_oscillator(tmp_path: Path) -> None:
    result, _ = tiny.run(tmp_path / "out", HW, flow="gowin", board=BOARD)
    work = Path(result.folder)
    types = re.findall(r"^  ([A-Za-z]\w+) ", (work / "netlist.v").read_text(), re.MULTILINE)
    got = result.resources
    assert got is not None
    assert got.carry == types.count("ALU") > 0
    assert got.lutram == 4 * types.count("RAM16SDP4") > 0
    assert got.lut_logic == sum(types.count(f"LUT{n}") for n in range(1, 5)) + got.carry
    assert got.ff == sum(name.startswith("DFF") for name in types) > 0
    assert got.dsp == types.count("MULT18X18") == 1
    assert got.bram36 > 0
    assert types.count("rPLL") == 1
    report = json.loads((work / "nextpnr.json").read_text())
    assert {clock["constraint"] for clock in report["fmax"].values()} == {54}
    assert result.fmax_mhz is not None
    assert result.fmax_mhz > 54
    assert "left out" in result.fmax_basis
    table = placement(result)
    counts = table.groupby("kind", observed=False)["cells"].sum()
    assert counts.sum() == len(json.loads((work / "routed.json").read_text())["modules"]["top"]["cells"])
    assert (counts["ff"], counts["dsp"], counts["bram"]) == (got.ff, got.dsp, 2 * got.bram36)
    assert counts["lutram"] == got.lutram / 4
    assert set(table["module"]) == {"", *(row.module for row in result.by_module)}
    path = result.paths[0]
    assert sum(hop.delay_ns for hop in path.hops) == pytest.approx(path.delay_ns, abs=1e-6)
    # A frame's bits are written as digits.
    assert set((work / "top.fs").read_text()) == set("01\n")
    assert 'IO_LOC "tx" 69;' in (work / "pins.cst").read_text()


def test_the_whole_system_is_too_large_for_the_board(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"take at least 2\d,\d{3} lookup tables; Sipeed Tang Nano 20K has 20,736"):
        tiny.run(tmp_path / "out", HW.model_copy(update={"rows": 8}), flow="gowin", board="tang-nano-20k")


def test_a_board_without_its_chip(tmp_path: Path) -> None:
    assert BOARD.system is not None
    other = BOARD.model_copy(update={"system": BOARD.system.model_copy(update={"chip": ""})})
    with pytest.raises(InputError, match=r"system\.chip: a Gowin board needs the chip"):
        tiny.run(tmp_path / "out", HW, flow="gowin", board=other)
