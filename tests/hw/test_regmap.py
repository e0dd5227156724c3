"""Register map: generated files, packing, and faults in the table."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.hw.regmap import (
    DescriptorField,
    RegisterMap,
    check_map,
    load_map,
    pack_descriptor,
    render,
    unpack_descriptor,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", render())
def test_generated_files_are_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == render()[name], "run python -m deepsoc.hw.regmap"


def free_fields() -> list[DescriptorField]:
    return [f for f in load_map().fields_ if f.name not in ("magic", "checksum")]


@given(st.fixed_dictionaries({f.name: st.integers(*f.limits) for f in free_fields()}))
def test_round_trip(fields: dict[str, int]) -> None:
    words = pack_descriptor(fields)
    assert len(words) == 64
    assert all(0 <= word < 1 << 32 for word in words)
    read = unpack_descriptor(words)
    assert fields == {name: read[name] for name in fields}


@pytest.mark.parametrize("f", free_fields(), ids=lambda f: f.name)
def test_a_value_that_does_not_fit_is_refused_by_name(f: DescriptorField) -> None:
    for value in (f.limits[0] - 1, f.limits[1] + 1):
        with pytest.raises(InputError, match=rf"^{f.name}: value {value} "):
            pack_descriptor({f.name: value})


def test_known_words() -> None:
    words = pack_descriptor({"kind": 2, "act1_en": 1, "tag": 3, "sh1_pos": -7, "x_lam0": -2, "x_lam_step": 8})
    assert words[0] == 0xD5 | 2 << 8 | 1 << 14
    assert words[1] == 3
    assert words[4] == 0b111001
    assert words[10] == 8 << 16 | 0xFFFE
    total = 0
    for word in words:
        total ^= word
    assert total == 0xD50CD50C


def test_damage_is_seen() -> None:
    words = pack_descriptor({"tag": 1})
    with pytest.raises(InputError, match="checksum"):
        unpack_descriptor([*words[:20], words[20] ^ 4, *words[21:]])
    with pytest.raises(InputError, match="64 words"):
        unpack_descriptor(words[:-1])
    with pytest.raises(InputError, match="magic"):
        unpack_descriptor([words[0] ^ 1, words[1] ^ 1, *words[2:]])
    with pytest.raises(InputError, match=r"^nothing: "):
        pack_descriptor({"nothing": 1})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "kind", "word": 63, "lsb": 0, "width": 1}, r"'kind' is used twice"),
        ({"name": "new", "word": 0, "lsb": 9, "width": 1}, "new of descriptor overlaps"),
        ({"name": "new", "word": 64, "lsb": 0, "width": 1}, "new lies outside"),
        ({"name": "new", "word": 63, "lsb": 20, "width": 13}, "new lies outside"),
    ],
)
def test_faults_in_the_table(change: dict[str, object], message: str) -> None:
    table = load_map()
    extra = DescriptorField.model_validate(change | {"doc": ""})
    faulty: RegisterMap = table.model_copy(update={"fields_": (*table.fields_, extra)})
    with pytest.raises(InputError, match=message):
        check_map(faulty)


def test_the_header_compiles(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = tmp_path / "t.c"
    source.write_text('#include "dsoc_map.h"\nint x[DSOC_D_SH1_NEG_MASK == (0x3Fu << DSOC_D_SH1_NEG_LSB) ? 1 : -1];\n')
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", str(source)]
    subprocess.run([*command, f"-I{ROOT / 'c'}"], check=True)
