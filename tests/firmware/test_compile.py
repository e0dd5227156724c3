"""The same C everywhere: every file under every compiler that is here, with warnings as errors."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deepsoc.assets import folder
from tests.firmware.library import WARNINGS

C = folder("c")
STUBS = Path(__file__).parent / "stubs"
INCLUDE = [
    f"-I{path}"
    for path in (C, *(C / "port" / name for name in ("sim", "baremetal")), C / "program" / "baremetal", STUBS)
]
R5 = ["arm-none-eabi-gcc", "-mcpu=cortex-r5", "-mfloat-abi=hard", "-mfpu=vfpv3-d16"]
COMPILERS = {
    "host": ["gcc"],
    "host with other char and enum types": ["gcc", "-funsigned-char", "-fshort-enums"],
    "clang": ["clang"],
    "arm": ["arm-none-eabi-gcc", "-mcpu=cortex-m4"],
    "Cortex-A9": ["arm-none-eabi-gcc", "-mcpu=cortex-a9", "-mfloat-abi=hard", "-mfpu=vfpv3"],
    "Cortex-A53": ["aarch64-linux-gnu-gcc", "-mcpu=cortex-a53", "-ffreestanding"],
    "Cortex-R5": R5,
    "Cortex-R5, device tree flow": [*R5, "-DSDT"],
    "riscv": ["riscv64-unknown-elf-gcc", "-march=rv32imc_zicsr", "-mabi=ilp32", "-ffreestanding"],
}
SOURCES = sorted(path for path in C.rglob("*.c") if path.parent.name not in {"linux", "riscv"})  # one machine only
assert len(SOURCES) >= 9


@pytest.mark.parametrize("target", COMPILERS)
def test_compiles_without_warning(target: str, sources: Path, tmp_path: Path) -> None:
    compiler, *flags = COMPILERS[target]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    for source in (*SOURCES, sources / "data.c"):
        command = [compiler, *flags, *WARNINGS, *INCLUDE, f"-I{sources}", "-c", source, "-o", tmp_path / "x.o"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{source} with {compiler}:\n{done.stderr}"


LINUX = {
    "host": ["gcc"],
    "host without PNG": ["gcc", "-UWITH_PNG"],
    "aarch64": ["aarch64-linux-gnu-gcc", "-UWITH_PNG"],
    "armhf": ["arm-linux-gnueabihf-gcc", "-UWITH_PNG"],
}


@pytest.mark.parametrize("target", LINUX)
def test_the_program_for_linux_compiles_without_warning(target: str, sources: Path, tmp_path: Path) -> None:
    compiler, *flags = LINUX[target]
    if shutil.which(compiler) is None or (target == "host" and not Path("/usr/include/png.h").exists()):
        pytest.skip(f"{compiler} or libpng is not installed")
    folders = [path for path in C.rglob("linux") if path.is_dir()]
    include = [f"-I{path}" for path in (C, *folders, sources)]
    files = sorted(path for place in folders for path in place.glob("*.c"))
    assert len(files) >= 3
    for source in files:
        command = [compiler, "-DWITH_PNG", *flags, *WARNINGS, *include, "-c", source, "-o", tmp_path / "x.o"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{source} with {compiler}:\n{done.stderr}"


def test_riscv_links_without_a_c_library(tmp_path: Path) -> None:
    compiler = COMPILERS["riscv"]
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    (tmp_path / "start.c").write_text(
        '#include "dsoc.h"\n'
        "void _start(void);\n"
        "void _start(void) {\n"
        "    static dsoc_t soc; static uint8_t arena[4096]; static int32_t out[4]; static float p[4];\n"
        "    extern const dsoc_model_t model; extern const dsoc_port_t port;\n"
        "    dsoc_init(&soc, &model, &port, arena, 0, sizeof arena);\n"
        "    dsoc_load_weights(&soc, arena, 4); dsoc_set_input(&soc, (const int8_t *)arena, 4);\n"
        "    dsoc_run(&soc, 0, 0); dsoc_abort(&soc, 9); dsoc_get_output(&soc, out, 4); dsoc_softmax(&model, out, p);\n"
        "}\n"
    )
    (tmp_path / "data.c").write_text(
        '#include "dsoc.h"\nconst dsoc_model_t model = {0}; const dsoc_port_t port = {0};\n'
    )
    sources = [*C.glob("*.c"), C / "port" / "baremetal" / "dsoc_libc.c", tmp_path / "start.c", tmp_path / "data.c"]
    # The toolchain's libgcc is filed under the name without _zicsr.
    command = [
        compiler[0],
        "-march=rv32imc",
        *compiler[2:],
        "-std=c99",
        "-O2",
        "-nostdlib",
        *INCLUDE,
        *sources,
        "-lgcc",
        "-o",
        tmp_path / "program",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_runtime_knows_nothing_of_simulation() -> None:
    for path in [*C.glob("*.c"), *C.glob("*.h")]:
        text = path.read_text().lower()
        assert "port_sim" not in text, path
        assert "dsoc_sim" not in text, path
        assert "malloc" not in text.replace("no allocation", ""), path


def test_public_functions_are_documented() -> None:
    lines = (C / "dsoc.h").read_text().splitlines()
    prototypes = [i for i, line in enumerate(lines) if line.startswith(("dsoc_status_t dsoc_", "uint32_t dsoc_"))]
    assert len(prototypes) >= 10
    for i in prototypes:
        assert lines[i - 1].strip() == "*/", f"no comment above {lines[i]}"
