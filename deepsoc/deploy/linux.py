"""The target `linux`: a command-line program that classifies images, built on the board."""

from __future__ import annotations

from dataclasses import dataclass

from deepsoc.deploy.sources import render, runtime, taken
from deepsoc.export import Artifacts

__all__ = ["files"]

_PAGE = 4096
_ARENAS = 2  # the Python driver has two runs under way
_DESIGN = ("manifest.json", "hw.json", "weights.bin", "descriptors.bin", "input.bin")


@dataclass(frozen=True)
class _Family:
    """What the device tree must know of a family of boards.

    Attributes:
        cells: 32-bit cells of an address.
        controller: label of the interrupt controller.
        interrupt: number, type edge or level, of the first line from the programmable logic.
    """

    cells: int
    controller: str
    interrupt: str


_FAMILIES = {"zynq": _Family(1, "intc", "0 29 4"), "zynqmp": _Family(2, "gic", "0 89 4")}


def files(artifacts: Artifacts) -> dict[str, bytes]:
    """Program, makefile and CMake project, device trees, and the design for the C and the Python driver."""
    m, hw = artifacts.manifest, artifacts.hw
    memory = _ARENAS * -(-m.arena_bytes // _PAGE) * _PAGE
    values = {"manifest": m, "hw": hw, "memory": memory, "page": _PAGE}
    trees = {
        f"dsoc-{name}.dtsi": render("dsoc.dtsi.j2", {**values, "name": name, "family": family})
        for name, family in _FAMILIES.items()
    }
    return {
        **runtime(artifacts),
        **taken(["port/linux/*", "program/linux/*.[ch]"], "src/"),
        **taken(["program/linux/Makefile", "program/linux/CMakeLists.txt"]),
        **trees,
        **{name: (artifacts.path / name).read_bytes() for name in _DESIGN},
        "expected.bin": artifacts.output().astype("<i4").tobytes(),
        "README.md": render("linux.md.j2", values),
    }
