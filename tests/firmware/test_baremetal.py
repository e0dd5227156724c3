"""The bare-metal ports run: a whole program on QEMU's RISC-V and Zynq, against an accelerator in software.

The accelerator's memory is its own. Only the port's cache functions copy between it and the CPU's arena, and what it
finds and leaves there is that of the executable specification (tests/mapping/machine.py).
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.assets import folder
from deepsoc.export import export
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan, plan
from deepsoc.netspec.spec import parse_net
from tests.mapping.machine import run

HERE = Path(__file__).parent / "baremetal"
NET = {
    "format": "deepsoc-net/1", "name": "board", "input": {"shape": [6, 5, 2], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {"name": "conv", "input": "input", "act": {"type": "relu", "slope": 0}, "flatten": True,
         "core": {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same", "strides": [1, 1]}},
        {"name": "classes", "input": "conv", "act": None, "softmax": True, "core": {"type": "dense", "units": 10}},
    ],
}  # fmt: skip
HW = Hardware(rows=4, cols=6, x_bits=4, k_bits=4, axi_data_bits=64)


@dataclass(frozen=True)
class Target:
    """One machine: compiler, code model, origin of its memory, the port that runs there, and QEMU."""

    compiler: tuple[str, ...]
    march: str
    ram: int
    sources: tuple[str, ...]
    qemu: tuple[str, ...]


RISCV = Target(
    ("riscv64-unknown-elf-gcc", "-mabi=ilp32"), "rv32im", 0x8000_0000, ("dsoc_port_mmio.c", "riscv.c"),
    ("qemu-system-riscv32", "-M", "virt", "-bios", "none"),
)  # fmt: skip
ZYNQ = Target(
    ("arm-none-eabi-gcc", "-marm", "-mfloat-abi=soft"), "armv7-a", 0x10_0000, ("dsoc_port_xilinx.c", "arm.c"),
    ("qemu-system-arm", "-M", "xilinx-zynq-a9", "-semihosting-config", "enable=on,target=native"),
)  # fmt: skip
TARGETS = {
    "riscv, interrupt": RISCV,
    "riscv, polling": replace(RISCV, compiler=(*RISCV.compiler, "-DPOLLING")),
    "zynq, interrupt": replace(ZYNQ, compiler=(*ZYNQ.compiler, "-DINTERRUPT")),
    "zynq": ZYNQ,
}


def memory_of(p: Plan, x: IntArray) -> bytearray:
    """The arena as the accelerator must find it."""
    memory = bytearray(p.arena_bytes)
    image = p.input.layout.pack(x)
    for offset, data in (
        (0, p.descriptors.astype("<u4").tobytes()),
        (p.weights_offset, p.weights),
        (p.input.offset, image),
    ):
        memory[offset : offset + len(data)] = data
    return memory


def needed_bytes(p: Plan) -> IntArray:
    """1 for each byte of the arena that the firmware must have written before a run."""
    needed = np.zeros(p.arena_bytes, np.int64)
    needed[: 4 * p.descriptors.size] = 1
    needed[p.weights_offset : p.weights_offset + len(p.weights)] = 1
    used = np.frombuffer(p.input.layout.pack(np.full(p.graph.input_shape, -1)), np.uint8) != 0
    needed[p.input.offset : p.input.offset + used.size] = used
    return needed


def c_array(name: str, rows: Any) -> str:
    """A C array of one or two dimensions; `name` with its type."""
    array = np.atleast_2d(np.asarray(rows))
    text = ", ".join(
        "{" + ", ".join(f"{value:.9e}f" if array.dtype.kind == "f" else str(value) for value in row) + "}"
        for row in array
    )
    return f"static const {name}[{len(array)}][{array.shape[1]}] = {{{text}}};\n"


def random_inputs(p: Plan, rng: np.random.Generator) -> IntArray:
    """Two inputs with different results."""
    inputs = rng.integers(-8, 8, (2, *p.graph.input_shape))
    assert not np.array_equal(*(execute(p.graph, x)[p.graph.bundles[-1].name].out for x in inputs))
    return inputs


def vectors(p: Plan, inputs: IntArray) -> str:
    """A header: two inputs; what the accelerator must find for each and what it leaves; results and probabilities."""
    found = [memory_of(p, x) for x in inputs]
    left = [bytearray(image) for image in found]
    for image in left:
        run(p.descriptors.tolist(), image, p.hw, net_id=p.net_id)
    results = np.array([execute(p.graph, x)[p.graph.bundles[-1].name].out.ravel() for x in inputs])
    real = np.exp((results - results.max(axis=1, keepdims=True)) * 2.0**-p.output.frac)
    sizes = {"ARENA_BYTES": p.arena_bytes, "WEIGHTS_BYTES": len(p.weights)}
    sizes |= {"INPUT_COUNT": inputs[0].size, "OUTPUT_COUNT": results[0].size}
    end = p.output.offset + p.output.layout.size
    return (
        "#include <stdint.h>\n"
        + "".join(f"#define {name} {value}u\n" for name, value in sizes.items())
        + c_array("uint8_t weights", list(p.weights))
        + c_array("uint8_t needed", needed_bytes(p))
        + c_array("uint8_t found", [list(image) for image in found])
        + c_array("uint8_t left", [list(image[p.output.offset : end]) for image in left])
        + c_array("int8_t inputs", inputs.reshape(2, -1))
        + c_array("int32_t expected", results)
        + c_array("float softmax", real / real.sum(axis=1, keepdims=True))
    )


def build(target: Target, place: Path) -> Path:
    """Compiles the firmware, the port, `place`'s headers and the program of baremetal/."""
    c, ports = folder("c"), folder("c") / "port" / "baremetal"
    own = [path for name in target.sources for path in (ports / name, HERE / name) if path.exists()]
    sources = [*sorted(c.glob("*.c")), ports / "dsoc_libc.c", HERE / "accelerator.c", HERE / "program.c", *own]
    include = [f"-I{path}" for path in (place, HERE, c, ports, HERE.parent / "stubs")]
    flags = ["-std=gnu99", "-O2", "-ffreestanding", "-fno-builtin", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    suffix = "_zicsr" if "riscv" in target.compiler[0] else ""
    objects = []
    for source in sources:
        objects.append(place / f"{source.stem}.o")
        command = [
            *target.compiler,
            f"-march={target.march}{suffix}",
            *flags,
            *include,
            "-c",
            source,
            "-o",
            objects[-1],
        ]
        subprocess.run(command, check=True)
    # The toolchain's libgcc is filed under the name without _zicsr.
    link = [
        *target.compiler,
        f"-march={target.march}",
        "-nostdlib",
        "-Wl,--no-warn-rwx-segments",
        "-T",
        layout(target, place),
    ]
    subprocess.run([*link, *objects, "-lgcc", "-o", place / "program"], check=True)
    return place / "program"


def need(target: Target) -> None:
    """Skips a test whose tools are not here."""
    for tool in (target.compiler[0], target.qemu[0]):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def emulate(target: Target, program: Path, *options: str) -> str:
    """What a program prints under QEMU."""
    command = [
        *target.qemu,
        "-icount",
        "shift=0,sleep=off",
        "-nographic",
        "-monitor",
        "none",
        *options,
        "-kernel",
        program,
    ]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    return ran.stdout + ran.stderr


def layout(target: Target, place: Path) -> Path:
    """The linker script of a machine."""
    script = place / "layout.ld"
    script.write_text((HERE / "layout.ld").read_text().replace("ORIGIN_OF_RAM", hex(target.ram)))
    return script


@pytest.mark.parametrize("name", TARGETS)
def test_a_program_runs(name: str, tmp_path: Path, rng: np.random.Generator) -> None:
    target = TARGETS[name]
    need(target)
    net = parse_net(NET).to_graph(seed=int(rng.integers(1000)))
    done = export(net, HW, tmp_path / "export")
    shutil.copy(done.path / "model.h", tmp_path)
    p = plan(net, HW)
    (tmp_path / "vectors.h").write_text(vectors(p, random_inputs(p, rng)))
    program = build(target, tmp_path)
    assert emulate(target, program) == "passed"
