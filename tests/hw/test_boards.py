"""Boards are data files; a user adds one without code."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.hw.boards import Board, board, boards

AMD = ["arty-z7-20", "cora-z7-10", "kv260", "pynq-z2", "ultra96-v2", "zcu102", "zcu104", "zedboard", "zybo-z7-20"]
OPEN = ["tang-nano-20k", "ulx3s-45f", "ulx3s-85f"]
NAMES = sorted(AMD + OPEN)
OWN = """
name = "mine"
title = "My board"
part = "xc7z007sclg225-1"
family = "xc7"
board_part = "example.org:mine:part0:1.0"
lut = 1000
ff = 2000
dsp = 10
bram36 = 5
axi_data_bits = 64
memory_ports = 4
memory_gb_per_s = 2.1
frequency_mhz = 100
source = "none"
"""


def _write(place: Path, text: str) -> Path:
    path = place / "mine.toml"
    path.write_text(text)
    return path


def test_every_board_is_there_under_its_file_name() -> None:
    assert list(boards()) == NAMES
    folder = resources.files("deepsoc.hw").joinpath("boards")
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.toml" for name in NAMES]


@pytest.mark.parametrize("name", AMD)
def test_figures_are_plausible(name: str) -> None:
    found = board(name)
    assert found.ff == 2 * found.lut
    assert found.part.startswith("xc7z" if found.family == "xc7" else "xc")
    assert found.axi_data_bits == (64 if found.family == "xc7" else 128)
    assert 2 <= found.memory_gb_per_s <= 20
    assert 100 <= found.frequency_mhz <= 250
    assert "clock" in found.source


@pytest.mark.parametrize("name", OPEN)
def test_systems_are_plausible(name: str) -> None:
    found = board(name)
    system = found.system
    assert system is not None
    pins = [system.clock, system.rx, system.tx, *system.leds, *([system.reset] if system.reset else [])]
    assert len(set(pins)) == len(pins)
    assert (system.ram_bytes + system.memory_bytes) / 2048 < 2 * found.bram36
    assert found.memory_ports == 1
    assert 20 <= found.frequency_mhz <= 100
    assert "clock" in found.source


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ('clock = "G2"', "clock = 'G2; x'", "system.clock", "pattern"),
        ("ram_bytes = 32768", "ram_bytes = 30000", "system", "expected a power of two as ram_bytes"),
        ('family = "ecp5"', 'family = "ecp5"\nboard_part = "a:b"', "", "a board of ecp5 has no board_part"),
        ("clock_mhz = 25.0", "clock_mhz = 25.0\npll = true", "system.pll", "unknown field"),
    ],
)
def test_a_wrong_system_is_named(tmp_path: Path, old: str, new: str, field: str, message: str) -> None:
    text = resources.files("deepsoc.hw").joinpath("boards", "ulx3s-85f.toml").read_text()
    assert old in text
    path = _write(tmp_path, text.replace(old, new))
    with pytest.raises(InputError, match=message) as found:
        board(path)
    assert found.value.where == f"{path}: {field}"


def test_budget_is_what_may_be_filled() -> None:
    assert board("zcu104").budget() == pytest.approx(
        {"lut": 0.7 * 230_400, "ff": 0.5 * 460_800, "dsp": 0.9 * 1728, "bram36": 0.8 * 312}
    )


def test_own_board(tmp_path: Path) -> None:
    path = _write(tmp_path, OWN + "[fill]\nlut = 0.9\n")
    for name in (path, str(path)):
        found = board(name)
        assert isinstance(found, Board)
        assert found.budget() == pytest.approx({"lut": 900, "ff": 1000, "dsp": 9, "bram36": 4})


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"board: unknown board 'zcu999'.*pynq-z2.*zcu104"):
        board("zcu999")


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("lut = 1000", "lut = -1", "lut", "greater than or equal to 0; received -1"),
        ("lut = 1000", "lut = '1000'", "lut", "valid integer"),
        ("lut = 1000", "", "lut", "no default"),
        ("lut = 1000", "lut = 1000\nluts = 1000", "luts", "unknown field; expected one of name, title"),
        ('"xc7"', '"spartan"', "family", "'xc7', 'xcup', 'ecp5' or 'gowin'"),
        ('board_part = "example.org:mine:part0:1.0"', "", "", "a board of xc7 needs a board_part"),
        ('family = "xc7"', 'family = "ecp5"', "", "a board of ecp5 needs a table system"),
        ("= 2.1", "= nan", "memory_gb_per_s", "NaN"),
        ('source = "none"', 'source = "none"\n[fill]\nlut = 1.5', "fill.lut", "less than or equal to 1"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, old: str, new: str, field: str, message: str) -> None:
    path = _write(tmp_path, OWN.replace(old, new))
    with pytest.raises(InputError, match=message) as found:
        board(path)
    assert found.value.where == f"{path}: {field}"


@pytest.mark.parametrize("text", ["name = ", "name = 'a'\nname = 'b'"])
def test_a_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(InputError, match="cannot read the board"):
        board(path)


def test_a_missing_file() -> None:
    with pytest.raises(InputError, match="cannot read the board"):
        board("nowhere/mine.toml")
