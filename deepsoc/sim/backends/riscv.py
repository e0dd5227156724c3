"""The RISC-V SoC: the firmware runs on the Verilated core, from its boot ROM to the outputs on the serial port.

Memory holds at power-up what a flash loader would have put there: program, weights, packed input and job. The boot
loader's own way, over the serial port, is `frames` of `deepsoc.sim.firmware`.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deepsoc import _process
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.hw import socmap
from deepsoc.hw.regmap import unpack_descriptor
from deepsoc.hw.socmap import MEMORY_ALIGN, load_map
from deepsoc.sim.backends import Found, Options, Progress, Run
from deepsoc.sim.backends.verilator import progress_lines
from deepsoc.sim.build import SERIAL_DIVIDER, build_system
from deepsoc.sim.firmware import boot_rom, hex_words, program_image, word_sum

__all__ = ["RAM_BYTES", "memory_bytes", "memory_contents", "prepare", "run_system"]

RAM_BYTES = 1 << 16
"""Program RAM of the simulated SoC."""

_PHASES = {"start", "input", "run", "output", "softmax"}
_JOB = struct.Struct("<5I")  # dsoc_soc_job_t: magic, flags, weights_sum, input, results
_JOB_MAGIC = 0x424F4A64
_PACKED = 1
_LIMIT = 200_000_000  # clocks, beside those for operations and weights
_OPERATION_SLACK = 20  # times the clocks that the model expects
_BYTE_CLOCKS = 100
_SHOWN = 400  # characters of the serial port in a message


def prepare(export: Artifacts, work: Path, options: Options, tell: Progress) -> Run:
    """Compiles the firmware, and builds the simulator unless the cache has it."""
    rom = boot_rom(work)
    image = program_image(export.path, work, ram_bytes=RAM_BYTES)
    program = build_system(
        export.path,
        work,
        ram_bytes=RAM_BYTES,
        trace=options.trace is not None,
        assertions=options.assertions,
        rtl=options.rtl,
        progress=tell,
    )

    def run(batch: Artifacts, place: Path, seed: int, tell: Progress) -> Found:
        loads = memory_contents(batch)
        return run_system(program, batch, place, options, seed, tell, rom=rom, image=image, loads=loads)

    return run


def memory_contents(export: Artifacts, *, packed: bool = True) -> list[tuple[int, bytes]]:
    """Address and contents of all that the program finds in the shared memory: weights, input, job.

    Args:
        export: the network with its input.
        packed: the input lies in the accelerator's layout; else the core packs it.
    """
    manifest = export.manifest
    base = load_map().region("MEMORY").base
    job = base + -(-manifest.arena_bytes // MEMORY_ALIGN) * MEMORY_ALIGN
    weights = (export.path / "weights.bin").read_bytes()
    weights += bytes(-len(weights) % 4)
    values = export.input()
    integers = values.astype(np.int8).tobytes()
    given = job + MEMORY_ALIGN
    results = given + -(-len(integers) // MEMORY_ALIGN) * MEMORY_ALIGN
    words = _JOB.pack(_JOB_MAGIC, _PACKED if packed else 0, word_sum(weights), given, results)
    layout = manifest.input.pack(values, export.hw)
    image = (base + manifest.input.offset, layout) if packed else (given, integers)
    return [(base + manifest.weights_offset, weights), image, (job, words)]


def memory_bytes(export: Artifacts) -> int:
    """Size of the shared memory that the program needs: arena, job, unpacked input, outputs and probabilities.

    Raises:
        InputError: the SoC has no room for that.
    """
    region = load_map().region("MEMORY")
    manifest = export.manifest
    inputs, outputs = math.prod(manifest.input.shape), math.prod(manifest.output.shape)
    size = socmap.memory_bytes(manifest.arena_bytes, inputs, outputs)
    if size > region.bytes:
        raise InputError(f"needs {size} bytes of memory; the SoC has room for {region.bytes}", where="arena")
    return size


def run_system(
    program: Path,
    export: Artifacts,
    place: Path,
    options: Options,
    seed: int,
    tell: Progress,
    *,
    rom: bytes,
    image: bytes,
    loads: Sequence[tuple[int, bytes]],
    serial: bytes = b"",
) -> Found:
    """Runs the simulator until the program has ended, and reads what it printed.

    Args:
        program: as `build_system` makes it.
        export: the network.
        place: folder for all files.
        options: of the simulation.
        seed: of stalls, memory and registers.
        tell: told about the course.
        rom: what the boot ROM holds.
        image: what the program RAM holds at power-up; empty: the boot loader waits for its commands.
        loads: what the memory holds at power-up.
        serial: what is sent to the boot loader.

    Raises:
        ToolError: the simulator fails.
    """
    region, size = load_map().region("MEMORY"), memory_bytes(export)
    (place / "boot.hex").write_text(hex_words(rom))
    (place / "program.hex").write_text(hex_words(image or bytes(16)))
    (place / "serial.bin").write_bytes(serial)
    clocks = _OPERATION_SLACK * sum(op.clocks + op.overhead_clocks for op in export.manifest.operations)
    moved = size + len(serial)
    limit = (_LIMIT + clocks + (_BYTE_CLOCKS + options.mem_latency) * moved) / (1 - options.stall_prob)
    values: dict[str, object] = {
        "memory": region.base,
        "memory-bytes": size,
        "outputs": _regions(export, place),
        "serial": place / "serial.bin",
        "out": place,
        "divider": SERIAL_DIVIDER,
        "stall-prob": options.stall_prob,
        "mem-latency": options.mem_latency,
        "max-burst": export.hw.axi_max_burst,
        "seed": seed,
        "weights-end": export.manifest.weights_offset + export.manifest.weights_bytes,
        "watchdog": options.watchdog,
        "limit": int(limit),
    }
    if options.trace:
        values["trace"] = options.trace
    command = [str(program), *(part for key, value in values.items() for part in (f"--{key}", str(value)))]
    for index, (address, data) in enumerate(loads):
        (place / f"load{index}.bin").write_bytes(data)
        command += ["--load", f"{address}={place / f'load{index}.bin'}"]
    _process.run(command, cwd=place, on_line=progress_lines(export, tell))
    found: Found = json.loads((place / "result.json").read_text())
    text = (place / "serial.txt").read_bytes().decode("ascii", errors="replace")
    return found | _heard(found, text, place)


def _regions(export: Artifacts, place: Path) -> Path:
    """Writes where in the memory each operation's results and weights lie, a line an operation; -1: no weights."""
    file = place / "outputs.txt"
    table = np.frombuffer((export.path / "descriptors.bin").read_bytes(), "<u4")
    rows = table.reshape(len(export.manifest.operations), -1).tolist()
    lines = []
    for op, row in zip(export.manifest.operations, rows, strict=True):
        fields = unpack_descriptor(row)
        lines.append(f"{op.y_offset} {op.y_bytes} {fields['k_addr'] if fields['k_beats'] else -1}\n")
    file.write_text("".join(lines))
    return file


def _heard(found: Found, text: str, place: Path) -> Found:
    """What the program said: the outputs go to files, counts and how it ended are returned."""
    counts = {name: int(n) for name, n in re.findall(r"^instructions (\w+) (\d+)$", text, re.MULTILINE)}
    clocks = re.search(r"^clocks (\d+)$", text, re.MULTILINE)
    end = re.search(r"^end (\d+) (.*)$", text, re.MULTILINE)
    trap = re.search(r"^trap .*$", text, re.MULTILINE)
    words = {name: _words(text, name) for name in ("output", "probabilities")}
    message = ""
    if found["status"] == "hangs":
        message = f"the firmware hangs at 0x{found['pc']:08x}"
    elif found["status"] != "ended":
        message = found["status"]
    elif trap:
        message = f"the firmware trapped: {trap[0]}"
    elif end and end[1] != "0":
        message = f"the firmware ended: {end[2]}"
    elif not end or words["output"] is None or clocks is None or not counts.keys() >= _PHASES:
        message = "the firmware's answer cannot be read"
    if message:
        message += f"; the serial port said {text[-_SHOWN:]!r}"
    for name, data in words.items():
        if data is not None:
            (place / f"{name}.bin").write_bytes(data)
    return {
        "status": "firmware" if message else "ok",
        "message": message,
        "operation": found["done"],
        "clocks_register": int(clocks[1]) if clocks else 0,
        "faults": [],
        "firmware": {"phases": counts, "clocks": found["clocks_total"], "serial": text},
    }


def _words(text: str, name: str) -> bytes | None:
    """The words printed below a line with their number, little endian; None if that is not so."""
    found = re.search(rf"^{name} (\d+)\n((?:[0-9a-f ]+\n)*)", text, re.MULTILINE)
    if not found or not re.fullmatch(r"(?:[0-9a-f]{8}\s)*", found[2]):
        return None
    values = found[2].split()
    if len(values) != int(found[1]):
        return None
    return np.array([int(value, 16) for value in values], "<u4").tobytes()
