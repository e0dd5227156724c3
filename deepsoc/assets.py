"""Where the files that are not Python live (rtl, c, fpga, asic, notebooks, scripts), and the sources of the RTL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from deepsoc.errors import InputError, ToolError

__all__ = ["folder", "rtl_files", "rtl_headers", "rtl_module", "used_parameters"]

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Returns the folder `name`, from the wheel or, in an editable install, from the checkout.

    Args:
        name: `rtl`, `c`, `fpga`, `asic`, `notebooks` or `scripts`.

    Raises:
        ToolError: the installation lacks it.
    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise ToolError(f"this installation of deepsoc has no folder {name!r}; install it again, or work in a checkout")


def rtl_files(rtl: Path | None = None) -> list[Path]:
    """The accelerator's sources in the order of files.f in their folder.

    Args:
        rtl: a copy of the folder rtl; None: the package's.

    Raises:
        InputError: `rtl` holds no files.f.
    """
    rtl = rtl or folder("rtl")
    try:
        text = (rtl / "files.f").read_text(encoding="utf-8")
    except OSError as err:
        raise InputError(
            f"cannot read files.f ({err.strerror}); give a copy of the folder rtl", where=str(rtl)
        ) from None
    lines = (line.split("//")[0].strip() for line in text.splitlines())
    return [rtl / line for line in lines if line]


def rtl_headers(rtl: Path | None = None) -> list[Path]:
    """The files that the sources include, but for params.svh, which an export writes."""
    return sorted((rtl or folder("rtl")).rglob("*.svh"))


def rtl_module(name: str, rtl: Path | None = None) -> Path:
    """The source of a module, whatever its room.

    Raises:
        InputError: there is none.
    """
    for path in rtl_files(rtl):
        if path.stem == name:
            return path
    raise InputError(f"there is no module {name!r}", where=str(rtl or folder("rtl")))


def used_parameters(params: bytes, sources: Iterable[bytes]) -> bytes:
    """The definitions of params.svh that the sources use: the others need no simulator of their own."""
    used = set(re.findall(rb"`(DSOC_\w+)", b" ".join(sources)))
    definitions = (line for line in params.splitlines(keepends=True) if line.startswith(b"`define"))
    return b"".join(line for line in definitions if line.split()[1] in used)
