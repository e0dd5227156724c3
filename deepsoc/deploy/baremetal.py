"""The target `baremetal`: a program for a machine without an operating system."""

from __future__ import annotations

from deepsoc.deploy.sources import data, render, runtime, taken
from deepsoc.export import Artifacts

__all__ = ["files", "program"]


def files(artifacts: Artifacts) -> dict[str, bytes]:
    """The program with a board of the user's, and a makefile."""
    values = {"manifest": artifacts.manifest, "hw": artifacts.hw}
    return {
        **program(artifacts),
        **taken(["port/baremetal/dsoc_port_mmio.*", "port/baremetal/dsoc_libc.c"], "src/"),
        **taken(["program/baremetal/board_generic.c"], "src/"),
        **taken(["program/baremetal/Makefile"]),
        "README.md": render("baremetal.md.j2", values),
    }


def program(artifacts: Artifacts) -> dict[str, bytes]:
    """What the program consists of whatever the board."""
    return {
        **runtime(artifacts),
        **taken(["program/baremetal/main.c", "program/baremetal/*.h"], "src/"),
        "src/data.c": data(artifacts),
    }
