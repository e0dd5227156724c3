"""The register map and the descriptor fields: read from `registers.toml`, rendered for SystemVerilog, C and readers.

`python -m deepsoc.hw.regmap` rewrites the generated files of a checkout.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from importlib import resources
from operator import xor
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from deepsoc._files import templates
from deepsoc.errors import InputError

__all__ = [
    "BitField",
    "DescriptorField",
    "Register",
    "RegisterMap",
    "check_map",
    "load_map",
    "pack_descriptor",
    "render",
    "unpack_descriptor",
    "write_files",
]

_TEMPLATES = {
    "rtl/control/dsoc_map_pkg.sv": "dsoc_map_pkg.sv.j2",
    "c/dsoc_map.h": "dsoc_map.h.j2",
    "deepsoc/runtime/_registers.py": "_registers.py.j2",
    "docs/registers.md": "registers.md.j2",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class BitField(_Frozen):
    """Bits `lsb + width - 1 … lsb` of a 32-bit word."""

    name: str
    lsb: int = Field(ge=0, le=31)
    width: int = Field(ge=1, le=32)
    doc: str
    values: dict[str, int] = Field(default_factory=dict)

    @property
    def mask(self) -> int:
        """Mask of the field, in place."""
        return ((1 << self.width) - 1) << self.lsb

    @property
    def bits(self) -> str:
        """Bit range as text, `msb:lsb`."""
        return str(self.lsb) if self.width == 1 else f"{self.lsb + self.width - 1}:{self.lsb}"


class DescriptorField(BitField):
    """A field of word `word` of a descriptor, unsigned or two's complement."""

    word: int = Field(ge=0)
    signed: bool = False

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value."""
        return (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1) if self.signed else (0, (1 << self.width) - 1)


class Register(_Frozen):
    """One 32-bit register at byte `offset`."""

    name: str
    offset: int = Field(ge=0, le=0xFC, multiple_of=4)
    access: str = Field(pattern="^(rw|ro|wo)$")
    doc: str
    fields_: tuple[BitField, ...] = Field(alias="fields")


class RegisterMap(_Frozen):
    """The whole of `registers.toml`."""

    map_version: int = Field(ge=0, le=255)
    descriptor_words: int
    descriptor_magic: int
    checksum: int
    id_magic: int
    vlnv: str = Field(pattern=r"^[\w.]+:[\w.]+:\w+:\d+\.\d+$")
    registers: tuple[Register, ...] = Field(alias="register")
    fields_: tuple[DescriptorField, ...] = Field(alias="field")

    @property
    def layout(self) -> list[tuple[str, int, bool]]:
        """The descriptor as name, width and sign of its bit ranges, highest bits first, gaps named `reserved<bit>`."""
        out, at = [], 0
        for f in sorted(self.fields_, key=lambda f: (f.word, f.lsb)):
            start = 32 * f.word + f.lsb
            if start > at:
                out.append((f"reserved{at}", start - at, False))
            out.append((f.name, f.width, f.signed))
            at = start + f.width
        end = 32 * self.descriptor_words
        if end > at:
            out.append((f"reserved{at}", end - at, False))
        return out[::-1]

    def field(self, name: str) -> DescriptorField:
        """The descriptor field of that name.

        Raises:
            InputError: there is none.
        """
        for f in self.fields_:
            if f.name == name:
                return f
        raise InputError("no such descriptor field; registers.toml lists them", where=name)


@cache
def load_map() -> RegisterMap:
    """The checked content of `registers.toml`."""
    text = resources.files("deepsoc.hw").joinpath("registers.toml").read_text(encoding="utf-8")
    regmap = RegisterMap.model_validate(tomllib.loads(text))
    check_map(regmap)
    return regmap


def check_map(regmap: RegisterMap) -> None:
    """Checks that nothing overlaps.

    Raises:
        InputError: two registers or two fields share bits or names, or a field leaves its word.
    """
    _check_distinct([r.name for r in regmap.registers], "register name")
    _check_distinct([r.offset for r in regmap.registers], "register offset")
    for reg in regmap.registers:
        _check_bits([(0, f) for f in reg.fields_], words=1, where=reg.name)
    _check_bits([(f.word, f) for f in regmap.fields_], words=regmap.descriptor_words, where="descriptor")


def _check_distinct(items: Sequence[object], what: str) -> None:
    for item in items:
        if items.count(item) > 1:
            raise InputError(f"{what} {item!r} is used twice; make it unique", where="registers.toml")


def _check_bits(fields: Sequence[tuple[int, BitField]], *, words: int, where: str) -> None:
    _check_distinct([f.name for _, f in fields], f"field name of {where}")
    used: dict[int, int] = {}
    for word, f in fields:
        if not 0 <= word < words or f.lsb + f.width > 32:
            raise InputError(f"field {f.name} lies outside its {words} word(s) of 32 bits", where="registers.toml")
        if used.get(word, 0) & f.mask:
            raise InputError(f"field {f.name} of {where} overlaps another one", where="registers.toml")
        used[word] = used.get(word, 0) | f.mask


def pack_descriptor(fields: Mapping[str, int]) -> list[int]:
    """Packs one descriptor.

    Args:
        fields: value of each field that is not 0; `magic` and `checksum` are added here.

    Returns:
        The words, unsigned 32 bits each.

    Raises:
        InputError: an unknown field, or a value that its bits cannot hold.
    """
    regmap = load_map()
    words = [0] * regmap.descriptor_words
    for name, value in {**fields, "magic": regmap.descriptor_magic, "checksum": 0}.items():
        f = regmap.field(name)
        low, high = f.limits
        if not low <= value <= high:
            raise InputError(f"value {value} does not fit the descriptor field, expected {low} to {high}", where=name)
        words[f.word] |= (int(value) << f.lsb) & f.mask
    words[regmap.field("checksum").word] = reduce(xor, words) ^ regmap.checksum
    return words


def unpack_descriptor(words: Sequence[int]) -> dict[str, int]:
    """Reads every field of a descriptor back.

    Raises:
        InputError: wrong length, magic or checksum.
    """
    regmap = load_map()
    if len(words) != regmap.descriptor_words:
        raise InputError(f"a descriptor has {regmap.descriptor_words} words, received {len(words)}", where="descriptor")
    if reduce(xor, words) != regmap.checksum:
        raise InputError("checksum is wrong: the table is damaged, export the network again", where="descriptor")
    out = {}
    for f in regmap.fields_:
        value = (words[f.word] & f.mask) >> f.lsb
        out[f.name] = value - (1 << f.width) if f.signed and value >> (f.width - 1) else value
    if out["magic"] != regmap.descriptor_magic:
        raise InputError(f"magic is {out['magic']:#x}, expected {regmap.descriptor_magic:#x}", where="descriptor")
    return out


def render() -> dict[str, str]:
    """Text of every generated file, keyed by its path in a checkout."""
    env = templates("deepsoc.hw")
    regmap = load_map()
    view = {
        **regmap.model_dump(exclude={"registers", "fields_"}),
        "layout": regmap.layout,
        "registers": [
            {"name": r.name, "offset": r.offset, "access": r.access, "doc": r.doc, "fields": r.fields_}
            for r in regmap.registers
        ],
        "fields": regmap.fields_,
    }
    return {path: env.get_template(name).render(map=view) for path, name in _TEMPLATES.items()}


def write_files(root: Path) -> list[Path]:
    """Writes the generated files below `root` and returns their paths."""
    written = []
    for name, text in render().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    write_files(Path(__file__).resolve().parents[2])
