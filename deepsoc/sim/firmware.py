"""Boot loader and programs of the RISC-V SoC: compiled, made into images, and framed for its boot loader."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deepsoc import _process
from deepsoc.assets import folder
from deepsoc.errors import InputError, ToolError
from deepsoc.hw.socmap import ROM_BYTES, load_map

__all__ = ["ROM_BYTES", "boot_rom", "frames", "hex_words", "program_image", "word_sum"]

_COMPILER = "riscv64-unknown-elf-gcc"
_OBJCOPY = "riscv64-unknown-elf-objcopy"
_ABI = "-mabi=ilp32"
_FLAGS = (
    *("-march=rv32imc_zicsr_zifencei", _ABI, "-std=gnu99", "-O2", "-ffreestanding", "-fno-builtin", "-g"),
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion"),
    *("-Wmissing-prototypes", "-Wvla", "-Werror"),
)
# The toolchain's libgcc is filed under the name without extensions of letter z.
_LINK = ("-march=rv32imc", _ABI, "-nostdlib", "-Wl,--no-warn-rwx-segments,--fatal-warnings")
_IMAGE_HEADER = struct.Struct("<4I")  # dsoc_soc_image_t: magic, bytes, sum, entry


def boot_rom(work: Path, c: Path | None = None) -> bytes:
    """Compiles the boot loader: what the ROM holds.

    Args:
        work: folder for objects.
        c: folder of the firmware; None: the package's.

    Raises:
        ToolError: the cross compiler is missing or fails.
    """
    place = (c or folder("c")) / "port" / "riscv"
    sources = [place / "boot.c", place / "dsoc_soc.c"]
    elf = _built(work, "boot", sources, [place], place / "boot.ld", f"ROM_BYTES={ROM_BYTES}")
    return _padded(_binary(elf))


def program_image(
    include: Path, work: Path, *, ram_bytes: int, sources: Sequence[Path] = (), c: Path | None = None
) -> bytes:
    """Compiles a program for the RAM: its image, with size and sum in the header.

    Args:
        include: folder of model.h.
        work: folder for objects.
        ram_bytes: size of the program RAM.
        sources: C files in place of main.c of the port; one must begin the image as that does.
        c: folder of the firmware; None: the package's.

    Raises:
        InputError: the program does not fit the RAM.
        ToolError: the cross compiler is missing or fails.
    """
    c = c or folder("c")
    port, metal = c / "port" / "riscv", c / "port" / "baremetal"
    files = [*sorted(c.glob("*.c")), port / "dsoc_soc.c", metal / "dsoc_libc.c", metal / "dsoc_port_mmio.c"]
    files += sources or [port / "main.c"]
    try:
        elf = _built(work, "program", files, [c, port, metal, include], port / "program.ld", f"RAM_BYTES={ram_bytes}")
    except ToolError as error:
        if "does not fit the RAM" not in str(error):
            raise
        raise InputError(
            f"the program does not fit {ram_bytes} bytes; give the SoC a larger RAM", where="ram_bytes"
        ) from None
    image = bytearray(_padded(_binary(elf)))
    magic, _, _, entry = _IMAGE_HEADER.unpack_from(image)
    body = image[_IMAGE_HEADER.size :]
    _IMAGE_HEADER.pack_into(image, 0, magic, len(image), word_sum(bytes(body)), entry)
    return bytes(image)


def word_sum(data: bytes) -> int:
    """The sum of `dsoc_soc_sum`: little-endian words, each added to the sum rotated left by one.

    Args:
        data: a multiple of 4 bytes.
    """
    total = 0
    for word in np.frombuffer(data, "<u4").tolist():
        total = ((total << 1 | total >> 31) + word) & 0xFFFFFFFF
    return total


def hex_words(data: bytes) -> str:
    """A text of hexadecimal words, one a line, as memories of the RTL read it."""
    return "".join(f"{word:08x}\n" for word in np.frombuffer(_padded(data), "<u4").tolist())


def frames(loads: Sequence[tuple[int, bytes]], image: bytes) -> bytes:
    """What a host sends to the boot loader: data, the program's image, and the command that starts it.

    Args:
        loads: address and contents of each piece of data.
        image: of the program, as `program_image` makes it.
    """
    ram = load_map().region("RAM").base
    stream = b"".join(_checked(b"L", struct.pack("<2I", at, len(data)) + data) for at, data in [*loads, (ram, image)])
    return stream + _checked(b"G", image[12:16])


def _checked(command: bytes, body: bytes) -> bytes:
    return command + body + struct.pack("<I", zlib.crc32(body))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _built(work: Path, name: str, sources: Sequence[Path], include: Sequence[Path], script: Path, symbol: str) -> Path:
    compiler = _tool(_COMPILER)
    place = work / name
    place.mkdir(exist_ok=True)
    objects = []
    for source in sources:
        objects.append(place / f"{source.stem}.o")
        command: list[str | Path] = [compiler, *_FLAGS, *(f"-I{path}" for path in include)]
        _process.run([*command, "-c", source, "-o", objects[-1]], cwd=place)
    elf = work / f"{name}.elf"
    _process.run([compiler, *_LINK, f"-Wl,--defsym={symbol}", "-T", script, *objects, "-lgcc", "-o", elf], cwd=place)
    return elf


def _binary(elf: Path) -> bytes:
    target = elf.with_suffix(".bin")
    _process.run([_tool(_OBJCOPY), "-O", "binary", elf, target], cwd=elf.parent)
    return target.read_bytes()


def _tool(name: str) -> str:
    if shutil.which(name) is None:
        raise ToolError(f"{name} is missing; get it with: apt-get install gcc-riscv64-unknown-elf")
    return name
