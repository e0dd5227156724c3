"""Builds the SystemVerilog testbench: the library behind its DPI-C functions, and the bench itself with Verilator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deepsoc import _process
from deepsoc._hashes import key_of
from deepsoc.assets import check_files, folder, model_files, rtl_files, rtl_headers, used_parameters
from deepsoc.export import Artifacts
from deepsoc.sim import cache
from deepsoc.sim.build import compile_firmware, firmware_folders
from deepsoc.sim.tools import Compilers, Toolchain

__all__ = ["LIBRARY", "TOP", "bench_sources", "build_bench", "build_library"]

TOP = "dsoc_tb"
LIBRARY = "libdsoc_tb"
"""Name of the library without its suffix, as simulators want it."""

_HARNESS = Path(__file__).parent / "harness"
_FLAGS = ("-O1",)  # a run is short: the compiler takes longer than the simulation
_VERILATOR = (
    *("--cc", "--main", "--timing"),
    *("-O3", "--x-assign", "fast", "--x-initial", "unique"),  # registers without reset start at random
    *("-Wno-fatal", "-Wno-lint", "-Wno-style"),  # the linter has its own run
    *("--output-split", "5000"),
    *("--top-module", TOP, "--prefix", "Vdsoc_tb"),
)

_MAKE = ("make", "-C", "model", "-f", "Vdsoc_tb.mk", "-j", "2", "VERILATOR_ROOT=../root")


def bench_sources(export: Artifacts, rtl: Path | None, assertions: bool = True) -> dict[str, bytes]:
    """The files of accelerator and testbench, by name, in the order in which they are compiled; params.svh too."""
    sources = rtl or folder("rtl")
    checks = check_files(sources) if assertions else []
    models = model_files(sources)
    files = [*rtl_headers(sources), *models, *rtl_files(sources), *checks, *rtl_files(sources / "tb")]
    texts = {path.name: path.read_bytes() for path in files}
    return {"params.svh": used_parameters((export.path / "params.svh").read_bytes(), texts.values()), **texts}


def build_library(tools: Compilers, export: Artifacts, work: Path) -> Path:
    """Makes the shared library of firmware, memory and bookkeeping for one network; any simulator loads it.

    Raises:
        ToolError: a compiler fails.
    """
    objects = compile_firmware(tools, export.path, work, ["-fPIC"])
    command: list[str | Path] = [
        *tools.compile(tools.cxx),
        *("-std=c++17", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror"),
        *(f"-I{path}" for path in (*firmware_folders(), _HARNESS)),
        *("-c", _HARNESS / "bench" / "dpi.cpp", "-o", work / "dpi.o"),
    ]
    _process.run(command, cwd=work)
    library = work / f"{LIBRARY}.so"
    _process.run(
        [tools.cxx, "-shared", f"-Wl,-soname,{library.name}", "-o", library, work / "dpi.o", *objects, "-pthread"],
        cwd=work,
    )
    return library


def build_bench(
    tools: Toolchain,
    export: Artifacts,
    library: Path,
    work: Path,
    rtl: Path | None,
    assertions: bool,
    tell: Callable[[str, float], None],
) -> Path:
    """Makes the program of the bench with Verilator, once for each accelerator; the program.

    Raises:
        ToolError: a tool fails.
    """
    texts = bench_sources(export, rtl, assertions)
    options = (*_VERILATOR, *(["--assert"] if assertions else []))
    contents = (part for item in texts.items() for part in item)
    key = key_of([tools.verilator.version, tools.cxx, *options, *_FLAGS, *contents])
    environment = tools.verilator.environment()
    target = work / "bench"

    def make(place: Path) -> None:
        tell("building the testbench", 0.0)
        for name, data in texts.items():
            (place / name).write_bytes(data)
        (place / "root").symlink_to(tools.verilator.root)  # make cannot name what lies in a folder with a blank
        names = [name for name in texts if name.endswith((".sv", ".v"))]
        flags = ("-CFLAGS", " ".join(_FLAGS), "--Mdir", "model", "-I.")
        _process.run([tools.verilator.program, *options, *flags, *names], cwd=place, env=environment)
        tell("building the testbench", 0.3)
        _process.run(_MAKE, cwd=place, env=environment)
        command: list[str | Path] = [
            *tools.compile(tools.cxx),
            *("-std=gnu++20", "-fcoroutines", *_FLAGS, "-Imodel", "-Iroot/include", "-Iroot/include/vltstd"),
            *("-c", "model/Vdsoc_tb__main.cpp", "-o", "main.o"),
        ]
        _process.run(command, cwd=place, env=environment)
        for path in (place / "model").iterdir():
            if path.suffix != ".a":
                path.unlink()
        (place / "root").unlink()

    def link(built: Path) -> None:
        libraries = [built / "model" / "libVdsoc_tb.a", built / "model" / "libverilated.a"]
        parts: list[str | Path] = [built / "main.o", *libraries, library, f"-Wl,-rpath,{library.parent}", "-pthread"]
        _process.run([tools.cxx, "-o", target, *parts], cwd=work)

    cache.use(key, make, link)
    return target
