"""Where the files that are not Python live (rtl, c, fpga, asic, notebooks, scripts), and the sources of the RTL."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from deepsoc.errors import InputError, ToolError

__all__ = [
    "check_files",
    "core_files",
    "folder",
    "model_files",
    "rtl_files",
    "rtl_headers",
    "rtl_module",
    "soc_files",
    "used_parameters",
]

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


def rtl_files(rtl: Path | None = None, *, family: str = "") -> list[Path]:
    """The accelerator's sources in the order of files.f in their folder.

    Args:
        rtl: a copy of the folder rtl; None: the package's.
        family: of FPGAs; its own sources, in vendor/`family`, stand for those of the same name.

    Raises:
        InputError: `rtl` holds no files.f.
    """
    rtl = rtl or folder("rtl")
    own = {path.name: path for path in (rtl / "vendor" / family).glob("dsoc_*.sv")} if family else {}
    return [own.get(path.name, path) for path in (rtl / name for name in _listed(rtl / "files.f"))]


def check_files(rtl: Path | None = None, *, soc: bool = False) -> list[Path]:
    """The AXI rules that simulations bind to the ports, behind what they are bound to.

    Args:
        rtl: a copy of the folder rtl; None: the package's.
        soc: those of the RISC-V SoC too.

    Raises:
        InputError: `rtl` lacks a list of them.
    """
    check = (rtl or folder("rtl")) / "check"
    lists = ("files.f", "soc.f") if soc else ("files.f",)
    return [check / name for file in lists for name in _listed(check / file)]


def model_files(rtl: Path | None = None, *, family: str = "") -> list[Path]:
    """Models of the cells of vendors that the accelerator may hold: simulators need them, synthesis has the cells.

    Args:
        rtl: a copy of the folder rtl; None: the package's.
        family: those that this family's own sources hold; empty: those of the portable RTL.

    Raises:
        InputError: `rtl` holds no vendor/files.f.
    """
    models = (rtl or folder("rtl")) / "vendor" / family
    return rtl_files(models) if (models / "files.f").is_file() or not family else []


def soc_files(rtl: Path | None = None) -> list[Path]:
    """The sources of the RISC-V SoC, which come behind those of the core and of the accelerator.

    Raises:
        InputError: `rtl` holds no soc/files.f.
    """
    soc = (rtl or folder("rtl")) / "soc"
    return [soc / name for name in _listed(soc / "files.f")]


def core_files() -> tuple[list[Path], list[Path]]:
    """Sources of the RISC-V core in their order, and the files that they include.

    Raises:
        ToolError: the package that carries them is missing, or lacks one.
    """
    spec = importlib.util.find_spec("pythondata_cpu_ibex")
    if spec is None or spec.origin is None:
        raise ToolError("the RISC-V core is missing; get it with: pip install 'deepsoc[soc]'")
    root = Path(spec.origin).parent / "system_verilog"
    names = _listed(folder("rtl") / "soc" / "core.f")
    for name in names:
        if not (root / name).is_file():
            raise ToolError(f"the RISC-V core lacks {name}; get the right one with: pip install 'deepsoc[soc]'")
    sources = [root / name for name in names if name.startswith("rtl/")]
    return sources, [root / name for name in names if not name.startswith("rtl/")]


def _listed(file: Path) -> list[str]:
    """Names in a list of files; comments and blank lines are left out."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as err:
        raise InputError(
            f"cannot read {file.name} ({err.strerror}); give a copy of the folder rtl", where=str(file.parent)
        ) from None
    lines = (line.split("//")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


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
