"""Builds the simulator: Verilated accelerator and harness once for each hardware, firmware for each network."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepsoc import _process, _progress
from deepsoc._hashes import key_of
from deepsoc.assets import (
    check_files,
    core_files,
    folder,
    model_files,
    rtl_files,
    rtl_headers,
    soc_files,
    used_parameters,
)
from deepsoc.sim import cache
from deepsoc.sim.tools import Compilers, Toolchain, find_toolchain

__all__ = ["SERIAL_DIVIDER", "build", "build_device", "build_system", "compile_firmware", "firmware_folders"]

_HARNESS = Path(__file__).parent / "harness"
_SYSTEM_HARNESS = _HARNESS / "system"
_TOP = "dsoc_top"
_SYSTEM = "dsoc_soc"
SERIAL_DIVIDER = 16
"""Clocks a bit of the serial port of the simulated RISC-V SoC."""

_PREFIX = "Vdsoc"
_FLAGS = ("-O3", "-march=native")  # the same for every build, so that a compiler cache works
_VERILATOR = (
    *("--cc", "--no-timing"),
    *("-O3", "--x-assign", "fast", "--x-initial", "unique"),  # registers without reset start at random
    *("-Wno-fatal", "-Wno-lint", "-Wno-style"),  # the linter has its own run
    *("--output-split", "5000"),
    *("--prefix", _PREFIX),
)
_ROOT = "verilator"
"""Link to Verilator in the folder of a build: make cannot name what lies in a folder with a blank."""
_MAKE = ("make", "-C", "model", "-f", f"{_PREFIX}.mk", "-j", "2", f"VERILATOR_ROOT=../{_ROOT}")
_COMPILES = re.compile(r" (-c|-x c\+\+-header) ")
"""What a command that make prints and that compiles a file holds."""


def build(
    export: Path,
    work: Path,
    *,
    trace: bool = False,
    assertions: bool = True,
    rtl: Path | None = None,
    main: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Path:
    """Builds the simulator of one exported network.

    Args:
        export: folder with params.svh and model.h.
        work: folder for the program.
        trace: make it able to write FST traces.
        assertions: check the RTL's assertions and the rules of AXI; without, it is faster.
        rtl: folder of the accelerator's sources; None: the package's.
        main: C++ file of another program than the harness's own.
        progress: told what is built, and the fraction of the files that have been begun; not told of what is there.

    Returns:
        The program.

    Raises:
        InputError: `rtl` holds no files.f.
        ToolError: a tool is missing or fails.
    """
    tools = find_toolchain()
    hardware = _Hardware.read(export / "params.svh", rtl or folder("rtl"), tools, trace=trace, assertions=assertions)
    objects = compile_firmware(tools, export, work)
    extra = ["-llz4", "-lz"] if trace else []
    return hardware.link(work / "simulator", main, before=objects, after=["-pthread", *extra], progress=progress)


def build_device(
    export: Path, work: Path, *, rtl: Path | None = None, progress: Callable[[str, float], None] | None = None
) -> Path:
    """Builds the shared library of one accelerator, which `deepsoc.runtime.SimulatedDevice` opens.

    Args:
        export: folder with params.svh.
        work: folder for the library.
        rtl: folder of the accelerator's sources; None: the package's.
        progress: as of `build`.

    Returns:
        The library.

    Raises:
        InputError: `rtl` holds no files.f.
        ToolError: a tool is missing or fails.
    """
    hardware = _Hardware.read(export / "params.svh", rtl or folder("rtl"), find_toolchain(), shared=True)
    return hardware.link(work / "device.so", None, before=["-shared"], after=["-pthread"], progress=progress)


def build_system(
    export: Path,
    work: Path,
    *,
    ram_bytes: int,
    trace: bool = False,
    assertions: bool = True,
    rtl: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Path:
    """Builds the simulator of the RISC-V SoC around one accelerator.

    Args:
        export: folder with params.svh.
        work: folder for the program.
        ram_bytes: size of the core's program RAM.
        trace: make it able to write FST traces.
        assertions: as of `build`.
        rtl: folder of the sources; None: the package's.
        progress: as of `build`.

    Returns:
        The program, which reads boot.hex and program.hex in its working folder.

    Raises:
        InputError: `rtl` lacks a list of files.
        ToolError: a tool or the RISC-V core is missing, or a tool fails.
    """
    hardware = _Hardware.read(
        export / "params.svh",
        rtl or folder("rtl"),
        find_toolchain(),
        trace=trace,
        assertions=assertions,
        ram_bytes=ram_bytes,
    )
    extra = ["-llz4", "-lz"] if trace else []
    return hardware.link(work / "simulator", None, before=[], after=["-pthread", *extra], progress=progress)


class _Steps:
    """Tells how many files of a build have been begun: make prints each command line when it starts it."""

    def __init__(self, tell: Callable[[str, float], None]) -> None:
        self._tell = tell
        self._begun = 0
        self.total = 0

    def count(self, line: str) -> bool:
        """Counts a line of what make would do."""
        self.total += bool(_COMPILES.search(line))
        return True

    def on_line(self, line: str) -> bool:
        """Takes a line of what make does; it goes to the job's log, if this is a job."""
        _progress.log(line)
        if _COMPILES.search(line):
            self.begin()
        return False

    def begin(self) -> None:
        """A file is begun."""
        self._begun += 1
        told = f"building the simulator, file {min(self._begun, self.total)} of {self.total}"
        self._tell(told, min((self._begun - 1) / self.total, 1.0))


@dataclass(frozen=True)
class _Hardware:
    """Sources and settings of one set of hardware parameters, and how libraries and objects are made of them.

    All paths in commands are relative to the folder of the build: a compiler cache knows them again in another one.
    """

    rtl: dict[str, bytes]
    harness: dict[str, bytes]
    tools: Toolchain
    trace: bool
    shared: bool  # for a shared library
    options: tuple[str, ...]  # of Verilator

    @classmethod
    def read(
        cls,
        params: Path,
        sources: Path,
        tools: Toolchain,
        *,
        trace: bool = False,
        assertions: bool = True,
        shared: bool = False,
        ram_bytes: int = 0,
    ) -> _Hardware:
        """Reads all once: what is hashed is what is built, whoever edits the files meanwhile.

        The RISC-V SoC if `ram_bytes` is not 0, else the accelerator.
        """
        files = [*rtl_files(sources), *model_files(sources), *rtl_headers(sources)]
        if ram_bytes:
            core, included = core_files()
            files = [*core, *included, *files, *soc_files(sources)]
            programs = [*_SYSTEM_HARNESS.glob("*.*"), *(_HARNESS / name for name in ("axi.h", "memory.h", "random.h"))]
            parameters = {"RamBytes": ram_bytes, "RamFile": '"program.hex"', "ClkHz": SERIAL_DIVIDER, "Baud": 1}
            options: tuple[str, ...] = (
                "--top-module",
                _SYSTEM,
                *(f"-G{name}={value}" for name, value in parameters.items()),
            )
            options += ("-DDV_FCOV_DISABLE", "harness/soc.vlt")  # the core's own coverage is left out
        else:
            programs = [*_HARNESS.glob("*.*")]
            options = ("--top-module", _TOP)
        if assertions:
            files += check_files(sources, soc=bool(ram_bytes))
            options += ("--assert",)
        rtl = {path.name: path.read_bytes() for path in files}
        rtl["params.svh"] = used_parameters(params.read_bytes(), rtl.values())
        harness = {path.name: path.read_bytes() for path in [*sorted(programs), *_headers()]}
        if not ram_bytes:
            del harness["main.cpp" if shared else "device.cpp"]
        return cls(rtl, harness, tools, trace, shared, options)

    @property
    def flags(self) -> tuple[str, ...]:
        """Of the compiler."""
        return (*_FLAGS, *(["-fPIC"] if self.shared else []))

    @property
    def key(self) -> str:
        """Its entry's name in the cache."""
        settings = (
            self.tools.verilator.version,
            self.tools.cxx,
            _cpu(),
            *_VERILATOR,
            *self.options,
            *self.flags,
            f"trace={self.trace}",
        )
        contents = (part for files in (self.rtl, self.harness) for item in files.items() for part in item)
        return key_of([*settings, *contents])

    def link(
        self,
        target: Path,
        main: Path | None,
        *,
        before: Sequence[str | Path],
        after: Sequence[str],
        progress: Callable[[str, float], None] | None,
    ) -> Path:
        """Links what the cache holds, or is made now, with what the linker gets before and after it."""

        def make(place: Path) -> None:
            self.build(place, _Steps(progress or (lambda what, fraction: None)))

        def link(built: Path) -> None:
            units = [path for path in sorted(built.glob("*.o")) if main is None or path.name != "main.o"]
            if main is not None:
                units.append(target.parent / "main.o")
                self.compile(built, main.resolve(), units[-1])
            libraries = [built / "model" / f"lib{_PREFIX}.a", built / "model" / "libverilated.a"]
            parts = [*before, *units, *libraries, *after]
            _process.run([self.tools.cxx, "-o", target, *parts], cwd=target.parent)

        cache.use(self.key, make, link)
        return target

    def build(self, place: Path, steps: _Steps) -> None:
        """Fills the entry's folder."""
        for name, files in (("rtl", self.rtl), ("harness", self.harness)):
            (place / name).mkdir()
            for file, data in files.items():
                (place / name / file).write_bytes(data)
        (place / _ROOT).symlink_to(self.tools.verilator.root)
        self._translate(place, steps)
        units = sorted(name for name in self.harness if name.endswith(".cpp"))
        environment = self.tools.verilator.environment()
        _process.run([*_MAKE, "-n"], cwd=place, env=environment, on_line=steps.count)
        steps.total += len(units)
        _process.run(_MAKE, cwd=place, env=environment, on_line=steps.on_line)
        for path in (place / "model").iterdir():
            if path.suffix not in {".h", ".a"}:
                path.unlink()
        for name in units:
            steps.begin()
            self.compile(place, Path("harness", name), Path(f"{Path(name).stem}.o"), steps.on_line)
        (place / _ROOT).unlink()

    def _translate(self, place: Path, steps: _Steps) -> None:
        """Makes the C++ of the model, in `model`, from `rtl`."""
        command: list[str | Path] = [
            self.tools.verilator.program,
            *_VERILATOR,
            *self.options,
            *(["--trace-fst"] if self.trace else []),
            *("-CFLAGS", " ".join(self.flags)),
            *("--Mdir", "model", "-Irtl"),
            *(f"rtl/{name}" for name in self.rtl if name.endswith((".sv", ".v"))),
        ]
        _process.run(command, cwd=place, env=self.tools.verilator.environment(), on_line=steps.on_line)

    def compile(self, place: Path, source: Path, target: Path, on_line: Callable[[str], bool] | None = None) -> None:
        """Makes the object of a C++ file that uses the harness in the entry's folder."""
        include = self.tools.verilator.root / "include"
        command: list[str | Path] = [
            *self.tools.compile(self.tools.cxx),
            *("-std=gnu++20", *self.flags, f"-DVM_TRACE={int(self.trace)}"),
            *(f"-I{path}" for path in ("model", "harness", include, include / "vltstd")),
            *("-c", source, "-o", target),
        ]
        _process.run(command, cwd=place, env=self.tools.verilator.environment(), on_line=on_line)


def compile_firmware(tools: Compilers, export: Path, work: Path, extra: Sequence[str] = ()) -> list[Path]:
    """Compiles the firmware with the network's tables; the objects. `extra`: more options of the compiler."""
    sources = [path for place in firmware_folders() for path in sorted(place.glob("*.c"))]
    objects = []
    for source in (*sources, _HARNESS / "network.c"):
        target = work / f"{source.stem}.o"
        objects.append(target)
        # The simulated machine reports violations by exceptions, which pass through the firmware.
        flags = ("-std=c99", "-O2", "-fexceptions", "-Wall", "-Wextra", "-Werror", *extra)
        paths = (f"-I{path}" for path in (*firmware_folders(), export))
        _process.run([*tools.compile(tools.cc), *flags, *paths, "-c", source, "-o", target], cwd=work)
    return objects


def firmware_folders() -> tuple[Path, Path]:
    """Of the firmware's sources, and of its port to a simulated accelerator."""
    c = folder("c")
    return c, c / "port" / "sim"


def _headers() -> list[Path]:
    return [path for place in firmware_folders() for path in sorted(place.glob("*.h"))]


def _cpu() -> str:
    """What -march=native depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), platform.machine())
