"""Hardware parameters: derived widths, files, and every kind of fault."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deepsoc.assets import rtl_module
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.params import MAXIMA, RTL_PARAMETERS


def test_derived() -> None:
    hw = Hardware(rows=7, cols=30, x_bits=4, k_bits=2, kh_max=7, sh_max=2, axi_data_bits=64, axi_max_burst=4)
    assert (hw.rpb, hw.tile_lines, hw.axi_bytes, hw.chunk_beats, hw.grid_bytes) == (2, 4, 8, 4, 32)
    assert (hw.raw_beats, hw.slot_bytes) == (4, 32)
    assert [hw.line(row) for row in (-3, -1, 0, 1, 6, 7, 8)] == [-2, -1, 0, 0, 3, 4, 4]
    assert (hw.pt_max, hw.top_lines) == (3, 2)
    assert hw.line_buffers == hw.line(2 * 6 + 6) + 2 + 1 == 13
    assert hw.weight_word_bits == 64
    assert (hw.e_groups(3, 1), hw.e_groups(7, 2), hw.e_groups(31, 1)) == (10, 3, 0)


def test_slots_are_powers_of_two_of_beats() -> None:
    assert [Hardware(rows=r, cols=1, axi_data_bits=32).slot_bytes for r in (1, 2, 3, 5, 8)] == [4, 8, 16, 32, 32]


def test_batch_needs_line_buffers() -> None:
    assert Hardware(rows=8, cols=1, x_bits=2, kh_max=1, sh_max=1).line_buffers == 2
    assert Hardware(rows=8, cols=1, x_bits=2, kh_max=1, sh_max=1, xn_max=5).line_buffers == 5


def test_round_trip(tmp_path: Path) -> None:
    hw = Hardware(rows=8, cols=24, frequency_mhz=333.5, kh_max=3, base_address=0x4300_0000)
    hw.dump(tmp_path / "hw.json")
    assert Hardware.load(tmp_path / "hw.json") == hw
    assert "sw_max" not in json.loads((tmp_path / "hw.json").read_text())


def test_open_maximum_is_named() -> None:
    with pytest.raises(InputError, match=r"^sh_max: .*open"):
        _ = Hardware(rows=8, cols=24).line_buffers


FAULTS = {
    "rows missing": ({"rows": None}, "rows"),
    "rows 0": ({"rows": 0}, "rows"),
    "rows huge": ({"rows": 10**9}, "rows"),
    "rows text": ({"rows": "8"}, "rows"),
    "rows shell": ({"rows": "8; rm -rf ~"}, "rows"),
    "rows tcl": ({"rows": "[exec ls]"}, "rows"),
    "rows path": ({"rows": "../../etc/passwd"}, "rows"),
    "rows true": ({"rows": True}, "rows"),
    "rows fraction": ({"rows": 8.5}, "rows"),
    "rows list": ({"rows": [8]}, "rows"),
    "cols negative": ({"cols": -24}, "cols"),
    "x_bits 3": ({"x_bits": 3}, "x_bits"),
    "k_bits 16": ({"k_bits": 16}, "k_bits"),
    "y_bits 33": ({"y_bits": 33}, "y_bits"),
    "y_bits too few": ({"y_bits": 16}, "y_bits"),
    "b_bits 12": ({"b_bits": 12}, "b_bits"),
    "kh_max 256": ({"kh_max": 256}, "kh_max"),
    "sw_max 0": ({"sw_max": 0}, "sw_max"),
    "weights_ram_depth 1": ({"weights_ram_depth": 1}, "weights_ram_depth"),
    "edges_ram_depth 8": ({"edges_ram_depth": 8}, "edges_ram_depth"),
    "axi_data_bits 48": ({"axi_data_bits": 48}, "axi_data_bits"),
    "axi_max_burst 12": ({"axi_max_burst": 12}, "axi_max_burst"),
    "axi_max_burst 512": ({"axi_max_burst": 512}, "axi_max_burst"),
    "frequency 0": ({"frequency_mhz": 0}, "frequency_mhz"),
    "address odd": ({"base_address": 0x4000_0001}, "base_address"),
    "address wide": ({"base_address": 1 << 40}, "base_address"),
    "unknown": ({"colums": 24}, "colums"),
    "format": ({"format": "deepsoc-hw/2"}, "format"),
    "line buffers": ({"rows": 64, "kh_max": 3, "sh_max": 1}, "rows"),
}


@pytest.mark.parametrize(("change", "field"), FAULTS.values(), ids=FAULTS)
def test_faults_name_file_and_field(change: dict[str, object], field: str, tmp_path: Path) -> None:
    data = {k: v for k, v in ({"rows": 8, "cols": 24} | change).items() if v is not None}
    path = tmp_path / "hw.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError) as caught:
        Hardware.load(path)
    assert str(caught.value).startswith(f"{path}: {field}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "8", '{"rows": 8, "cols": 24, "rows": 9}', '{"rows": NaN, "cols": 24}', "[" * 100_000, "\xff\xfe"],
    ids=["empty", "cut", "list", "number", "twice", "nan", "deep", "latin"],
)
def test_files_that_are_no_parameters(text: str, tmp_path: Path) -> None:
    path = tmp_path / "hw.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as caught:
        Hardware.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 500


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(InputError, match="cannot read"):
            Hardware.load(path)


def test_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Hardware(rows=8, cols=24).rows = 9


def test_windows_that_the_pooling_unit_cannot_divide_by() -> None:
    assert Hardware(rows=1, cols=99, kh_max=64, kw_max=64).kw_max == 64
    with pytest.raises(InputError, match="4096"):
        Hardware(rows=1, cols=99, kh_max=64, kw_max=65)


def test_the_hash_is_that_of_the_parameters_that_the_rtl_reads() -> None:
    """No more, so that designs share an accelerator; no less."""
    top = rtl_module("dsoc_top").read_text()
    assert {*re.findall(r"`DSOC_(\w+)", top)} == {*map(str.upper, RTL_PARAMETERS), "PARAMS_HASH"}
    maxima = {**dict.fromkeys(MAXIMA, 3), "edges_ram_depth": 64}
    hw = Hardware(rows=8, cols=24, **maxima)
    assert hw.params_hash == Hardware(rows=8, cols=24, **maxima, frequency_mhz=100.0, base_address=0).params_hash
    changed = {
        **dict.fromkeys(RTL_PARAMETERS, 4),
        "y_bits": 24,
        "edges_ram_depth": 128,
        "axi_data_bits": 32,
        "pe": "dsp_pair",
    }
    others = [hw.model_copy(update={name: value}).params_hash for name, value in changed.items()]
    assert len({hw.params_hash, *others}) == 1 + len(RTL_PARAMETERS)
    assert hw.params_hash == 0x5F6438E8  # as hardware that was built knows it
    with pytest.raises(InputError, match="maximum is open"):
        _ = Hardware(rows=8, cols=24).params_hash
