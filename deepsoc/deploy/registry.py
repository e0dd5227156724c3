"""The targets: who adds one writes a module with a function `files`, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from deepsoc.deploy import baremetal, linux, pynq, riscv, vitis
from deepsoc.export import Artifacts
from deepsoc.hw.boards import boards

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True)
class Target:
    """One kind of board software.

    Attributes:
        name: of the target.
        about: what its folder is for, in a few words.
        files: contents of the folder by name, for an export.
    """

    name: str
    about: str
    files: Callable[[Artifacts], dict[str, bytes]]


TARGETS = {
    target.name: target
    for target in (
        Target("linux", "C program that classifies images under Linux on the board", linux.files),
        Target("baremetal", "C program without an operating system, for any machine", baremetal.files),
        Target("pynq", "driver, design, notebook and bitstream for a PYNQ board", pynq.files),
        Target("vitis", "C program and project scripts for AMD Zynq boards without an operating system", vitis.files),
        Target("riscv-soc", "images and sender for the RISC-V SoC of an FPGA without a processor", riscv.files),
        *(
            Target(board.name, f"program and sender for {board.title}", partial(riscv.files_of, board))
            for board in boards().values()
            if board.system
        ),
    )
}
"""Every target by its name."""
