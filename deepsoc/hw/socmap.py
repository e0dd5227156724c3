"""The memory map of the RISC-V SoC: read from `soc.toml`, rendered for SystemVerilog, C, the linker and readers.

`python -m deepsoc.hw.socmap` rewrites the generated files of a checkout.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from deepsoc._files import templates
from deepsoc.errors import InputError
from deepsoc.hw.regmap import BitField

__all__ = [
    "MEMORY_ALIGN", "ROM_BYTES", "Region", "SocMap", "SocRegister", "check_map", "load_map", "memory_bytes", "render",
    "write_files",
]  # fmt: skip

ROM_BYTES = 4096
"""Size of the boot ROM."""
MEMORY_ALIGN = 4096
"""Of what the program finds in the shared memory, bytes."""

_TEMPLATES = {
    "rtl/soc/dsoc_soc_pkg.sv": "dsoc_soc_pkg.sv.j2",
    "c/port/riscv/dsoc_soc_map.h": "dsoc_soc_map.h.j2",
    "c/port/riscv/boot.ld": "soc_boot.ld.j2",
    "c/port/riscv/program.ld": "soc_program.ld.j2",
    "docs/soc-map.md": "soc-map.md.j2",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SocRegister(_Frozen):
    """A 32-bit word of a region, `offset` bytes behind its base."""

    name: str
    offset: int = Field(ge=0)
    access: str = Field(pattern="^(ro|rw)$")
    doc: str
    fields_: tuple[BitField, ...] = Field(default=(), alias="fields")


class Region(_Frozen):
    """Addresses `base … base + bytes - 1`; `bytes` is a power of two and `base` a multiple of it."""

    name: str
    base: int = Field(ge=0, lt=1 << 32)
    bytes: int = Field(ge=16, le=1 << 31)
    doc: str
    registers: tuple[SocRegister, ...] = Field(default=(), alias="register")

    @property
    def mask(self) -> int:
        """Address bits that are those of `base` everywhere in the region."""
        return (1 << 32) - self.bytes


class SocMap(_Frozen):
    """All regions, and the stack of programs in bytes."""

    stack_bytes: int = Field(ge=256)
    regions: tuple[Region, ...] = Field(alias="region")

    def region(self, name: str) -> Region:
        """The region of that name.

        Raises:
            InputError: there is none.
        """
        for region in self.regions:
            if region.name == name:
                return region
        raise InputError(f"there is no region {name!r}", where="soc.toml")


def memory_bytes(arena_bytes: int, inputs: int, outputs: int) -> int:
    """Size of the shared memory that the program needs: arena, job, unpacked input, outputs and probabilities.

    Args:
        arena_bytes: of the mapped network.
        inputs: elements of its input.
        outputs: elements of its output.
    """
    return -(-(arena_bytes + 8 * outputs + inputs + 4 * MEMORY_ALIGN) // MEMORY_ALIGN) * MEMORY_ALIGN


@cache
def load_map() -> SocMap:
    """Reads and checks `soc.toml`."""
    text = resources.files("deepsoc.hw").joinpath("soc.toml").read_text(encoding="utf-8")
    soc = SocMap.model_validate(tomllib.loads(text))
    check_map(soc)
    return soc


def check_map(soc: SocMap) -> None:
    """Refuses regions or registers that overlap, are not aligned, or have the same name.

    Raises:
        InputError: names the fault.
    """
    for region in soc.regions:
        if region.bytes & (region.bytes - 1) or region.base % region.bytes:
            raise InputError(f"region {region.name} is not aligned to its size, a power of two", where="soc.toml")
        if any(register.offset % 4 or register.offset >= region.bytes for register in region.registers):
            raise InputError(f"a register of {region.name} lies outside it or on no word", where="soc.toml")
        for what, items in (
            ("name", [register.name for register in region.registers]),
            ("offset", [register.offset for register in region.registers]),
        ):
            if len(set(items)) != len(items):
                raise InputError(f"{what} of two registers of {region.name} is the same", where="soc.toml")
    ordered = sorted(soc.regions, key=lambda region: region.base)
    for low, high in pairwise(ordered):
        if low.base + low.bytes > high.base or low.name == high.name:
            raise InputError(f"regions {low.name} and {high.name} overlap", where="soc.toml")


def render() -> dict[str, str]:
    """Text of every generated file, keyed by its path in a checkout."""
    env = templates("deepsoc.hw")
    soc = load_map()
    views = [
        {"name": r.name, "base": r.base, "bytes": r.bytes, "mask": r.mask, "doc": r.doc, "registers": r.registers}
        for r in soc.regions
    ]
    named = {str(view["name"]).lower(): view for view in views}
    return {
        path: env.get_template(name).render(regions=views, soc=named, stack_bytes=soc.stack_bytes)
        for path, name in _TEMPLATES.items()
    }


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
