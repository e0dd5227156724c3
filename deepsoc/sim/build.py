"""Builds the simulator: Verilated accelerator and harness once for each hardware, firmware for each network."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepsoc.assets import folder
from deepsoc.sim import cache, process
from deepsoc.sim.tools import Toolchain, find_toolchain

__all__ = ["build"]

_HARNESS = Path(__file__).parent / "harness"
_TOP = "dsoc_top"
_PREFIX = "Vdsoc"
_FLAGS = ("-O3", "-march=native")  # the same for every build, so that a compiler cache works
_VERILATOR = (
    *("--cc", "--build", "-j", "2", "--no-timing", "--assert"),
    *("-O3", "--x-assign", "fast", "--x-initial", "unique"),  # registers without reset start at random
    *("-Wno-fatal", "-Wno-lint", "-Wno-style"),  # the linter has its own run
    *("--output-split", "5000"),
    *("--top-module", _TOP, "--prefix", _PREFIX),
)


def build(export: Path, work: Path, *, trace: bool = False) -> Path:
    """Builds the simulator of one exported network.

    Args:
        export: folder with params.svh and model.h.
        work: folder for the program.
        trace: make it able to write FST traces.

    Returns:
        The program.

    Raises:
        ToolError: a tool is missing or fails.
    """
    tools = find_toolchain()
    program = work / "simulator"
    with _hardware(export / "params.svh", tools, trace=trace) as built:
        _link(tools, built, export, program, trace=trace)
    return program


def rtl_files() -> list[Path]:
    """The accelerator's sources in the order of rtl/files.f."""
    rtl = folder("rtl")
    lines = (line.split("//")[0].strip() for line in (rtl / "files.f").read_text().splitlines())
    return [rtl / line for line in lines if line]


@contextmanager
def _hardware(params: Path, tools: Toolchain, *, trace: bool) -> Iterator[Path]:
    """The cache entry with libraries and objects of one set of hardware parameters."""
    sources = [*rtl_files(), *sorted(folder("rtl").rglob("*.svh"))]
    harness = sorted(_HARNESS.iterdir()) + _headers()
    used = _used_parameters(params, sources)
    settings = (tools.verilator.version, tools.cxx, _cpu(), *_VERILATOR, *_FLAGS, f"trace={trace}", used)

    def make(place: Path) -> None:
        (place / "params.svh").write_text(used)
        _verilate(tools, place, trace=trace)
        _compile_harness(tools, place, trace=trace)

    with cache.entry(cache.key_of([*settings, *sources, *harness]), make) as place:
        yield place


def _used_parameters(params: Path, sources: Iterable[Path]) -> str:
    """The definitions of params.svh that the sources use: the others need no simulator of their own."""
    used = set(re.findall(r"`(DSOC_\w+)", " ".join(path.read_text() for path in sources)))
    definitions = (line for line in params.read_text().splitlines(keepends=True) if line.startswith("`define"))
    return "".join(line for line in definitions if line.split()[1] in used)


def _verilate(tools: Toolchain, place: Path, *, trace: bool) -> None:
    """Makes libVdsoc.a, libverilated.a and the model's headers in `place`."""
    command: list[str | Path] = [
        tools.verilator.program,
        *_VERILATOR,
        *(["--trace-fst"] if trace else []),
        *("-CFLAGS", " ".join(_FLAGS)),
        *("--Mdir", place / "model"),
        *(f"-I{path}" for path in (place, folder("rtl"))),
        *rtl_files(),
    ]
    process.run(command, cwd=place, env=tools.verilator.environment())
    keep = {".h", ".a"}
    for path in (place / "model").iterdir():
        if path.suffix not in keep:
            path.unlink()


def _compile_harness(tools: Toolchain, place: Path, *, trace: bool) -> None:
    """Makes one object of each C++ file of the harness."""
    include = tools.verilator.root / "include"
    paths = (place / "model", include, include / "vltstd", _HARNESS, *_firmware_folders())
    for source in sorted(_HARNESS.glob("*.cpp")):
        command: list[str | Path] = [
            *tools.compile(tools.cxx),
            *("-std=gnu++20", *_FLAGS, f"-DVM_TRACE={int(trace)}"),
            *(f"-I{path}" for path in paths),
            *("-c", source, "-o", place / f"{source.stem}.o"),
        ]
        process.run(command, cwd=place)


def _link(tools: Toolchain, built: Path, export: Path, program: Path, *, trace: bool) -> None:
    """Compiles the firmware with the network's tables and links everything."""
    sources = [path for place in _firmware_folders() for path in sorted(place.glob("*.c"))]
    objects = []
    for source in (*sources, _HARNESS / "network.c"):
        target = program.parent / f"{source.stem}.o"
        objects.append(target)
        # The simulated machine reports violations by exceptions, which pass through the firmware.
        flags = ("-std=c99", "-O2", "-fexceptions", "-Wall", "-Wextra", "-Werror")
        paths = (f"-I{path}" for path in (*_firmware_folders(), export))
        process.run([*tools.compile(tools.cc), *flags, *paths, "-c", source, "-o", target], cwd=program.parent)
    libraries = [built / "model" / f"lib{_PREFIX}.a", built / "model" / "libverilated.a"]
    extra = ["-llz4", "-lz"] if trace else []
    command: list[str | Path] = [
        tools.cxx,
        "-o",
        program,
        *objects,
        *sorted(built.glob("*.o")),
        *libraries,
        "-pthread",
        *extra,
    ]
    process.run(command, cwd=program.parent)


def _firmware_folders() -> tuple[Path, Path]:
    c = folder("c")
    return c, c / "port" / "sim"


def _headers() -> list[Path]:
    return [path for place in _firmware_folders() for path in sorted(place.glob("*.h"))]


def _cpu() -> str:
    """What -march=native depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), platform.machine())
