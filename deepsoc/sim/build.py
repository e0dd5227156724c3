"""Builds the simulator: Verilated accelerator and harness once for each hardware, firmware for each network."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deepsoc import _process
from deepsoc._hashes import key_of
from deepsoc.assets import folder, rtl_files, rtl_headers, used_parameters
from deepsoc.sim import cache
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


def build(export: Path, work: Path, *, trace: bool = False, rtl: Path | None = None) -> Path:
    """Builds the simulator of one exported network.

    Args:
        export: folder with params.svh and model.h.
        work: folder for the program.
        trace: make it able to write FST traces.
        rtl: folder of the accelerator's sources; None: the package's.

    Returns:
        The program.

    Raises:
        InputError: `rtl` holds no files.f.
        ToolError: a tool is missing or fails.
    """
    tools = find_toolchain()
    program = work / "simulator"
    with _hardware(export / "params.svh", rtl or folder("rtl"), tools, trace=trace) as built:
        _link(tools, built, export, program, trace=trace)
    return program


@contextmanager
def _hardware(params: Path, sources: Path, tools: Toolchain, *, trace: bool) -> Iterator[Path]:
    """The cache entry with libraries and objects of one set of hardware parameters."""
    # Read once: what is hashed is what is built, whoever edits the files meanwhile.
    rtl = {path.name: path.read_bytes() for path in [*rtl_files(sources), *rtl_headers(sources)]}
    rtl["params.svh"] = used_parameters(params.read_bytes(), rtl.values())
    harness = {path.name: path.read_bytes() for path in [*sorted(_HARNESS.glob("*.*")), *_headers()]}
    settings = (tools.verilator.version, tools.cxx, _cpu(), *_VERILATOR, *_FLAGS, f"trace={trace}")

    def make(place: Path) -> None:
        for name, files in (("rtl", rtl), ("harness", harness)):
            (place / name).mkdir()
            for file, data in files.items():
                (place / name / file).write_bytes(data)
        _verilate(tools, place, [name for name in rtl if name.endswith((".sv", ".v"))], trace=trace)
        _compile_harness(tools, place, trace=trace)

    contents = (part for files in (rtl, harness) for item in files.items() for part in item)
    with cache.entry(key_of([*settings, *contents]), make) as place:
        yield place


def _verilate(tools: Toolchain, place: Path, sources: Sequence[str], *, trace: bool) -> None:
    """Makes libVdsoc.a, libverilated.a and the model's headers in `place`/model, from `place`/rtl."""
    command: list[str | Path] = [
        tools.verilator.program,
        *_VERILATOR,
        *(["--trace-fst"] if trace else []),
        *("-CFLAGS", " ".join(_FLAGS)),
        *("--Mdir", place / "model"),
        f"-I{place / 'rtl'}",
        *(place / "rtl" / name for name in sources),
    ]
    _process.run(command, cwd=place, env=tools.verilator.environment())
    for path in (place / "model").iterdir():
        if path.suffix not in {".h", ".a"}:
            path.unlink()


def _compile_harness(tools: Toolchain, place: Path, *, trace: bool) -> None:
    """Makes one object of each C++ file of the harness."""
    include = tools.verilator.root / "include"
    for source in sorted((place / "harness").glob("*.cpp")):
        command: list[str | Path] = [
            *tools.compile(tools.cxx),
            *("-std=gnu++20", *_FLAGS, f"-DVM_TRACE={int(trace)}"),
            *(f"-I{path}" for path in (place / "model", place / "harness", include, include / "vltstd")),
            *("-c", source, "-o", place / f"{source.stem}.o"),
        ]
        _process.run(command, cwd=place)


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
        _process.run([*tools.compile(tools.cc), *flags, *paths, "-c", source, "-o", target], cwd=program.parent)
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
    _process.run(command, cwd=program.parent)


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
