"""Counts the instructions of the firmware's softmax on RISC-V cores, with QEMU, which counts them exactly.

Prints instructions of one row by its length, and the line through them. Exit status 1 if the constants of
deepsoc/perf/constants.py are off by over 20 %, or by over 2 % of long rows. Needs riscv64-unknown-elf-gcc and
qemu-system-riscv32 (`scripts/system-packages cross`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from deepsoc.assets import folder
from deepsoc.perf import constants

LENGTHS = (10, 20, 100, 1000)
CORES = {
    ("rv32imafc", "ilp32f"): constants.SOFTMAX_FLOAT_UNIT,
    ("rv32imc", "ilp32"): constants.SOFTMAX_SOFT_FLOAT,
}
PROGRAM = """
#include "dsoc.h"
#define DEVICE(type, address) (*(volatile type *)(address))
extern char stack_top[];
static const uint32_t lengths[] = {%s};
static int32_t values[1000];
static float probabilities[1000];

static uint32_t retired(void) {
    uint32_t count;
    __asm__ volatile("csrr %%0, minstret" : "=r"(count));
    return count;
}

static void print(uint32_t value) {
    char digits[12];
    uint32_t i = 0;
    do digits[i++] = (char)('0' + value %% 10); while (value /= 10);
    while (i--) DEVICE(uint8_t, 0x10000000u) = (uint8_t)digits[i];
    DEVICE(uint8_t, 0x10000000u) = '\\n';
}

void run(void);
void run(void) {
    static dsoc_model_t model;
    uint32_t state = 1;
    for (uint32_t i = 0; i < 1000; i++) { /* 8-bit integers with 4 fractional bits */
        state = state * 1664525u + 1013904223u;
        values[i] = (int32_t)(state >> 24) - 128;
    }
    model.softmax = 1;
    model.output.n = model.output.h = model.output.w = 1;
    model.output.frac = 4;
    model.output.scale = 1.0f;
    for (uint32_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        model.output.c = lengths[i];
        const uint32_t before = retired();
        dsoc_softmax(&model, values, probabilities);
        print(retired() - before);
    }
    DEVICE(uint32_t, 0x100000u) = 0x5555u; /* ends QEMU */
}

void _start(void);
__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("la sp, stack_top\\n li t0, 0x6000\\n csrs mstatus, t0\\n j run");
}
"""
LAYOUT = """
ENTRY(_start)
SECTIONS {
  . = 0x80000000;
  .text : { *(.text.start) *(.text*) }
  .data : { *(.rodata*) *(.srodata*) *(.data*) *(.sdata*) *(.bss*) *(.sbss*) *(COMMON) }
  . = ALIGN(16) + 0x4000;
  stack_top = .;
}
"""


def measure(march: str, abi: str) -> list[int]:
    """Instructions of one row of each of LENGTHS."""
    c = folder("c")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "program.c").write_text(PROGRAM % ", ".join(map(str, LENGTHS)))
        (work / "layout.ld").write_text(LAYOUT)
        sources = [work / "program.c", *sorted(c.glob("*.c")), c / "port" / "baremetal" / "dsoc_libc.c"]
        compiler: list[str | Path] = ["riscv64-unknown-elf-gcc", f"-mabi={abi}"]
        for i, source in enumerate(sources):
            flags = [f"-march={march}_zicsr", "-std=c99", "-O2", "-ffreestanding", "-fno-tree-loop-distribute-patterns"]
            subprocess.run([*compiler, *flags, f"-I{c}", "-c", source, "-o", work / f"{i}.o"], check=True)
        link: list[str | Path] = [f"-march={march}", "-nostdlib", "-T", work / "layout.ld", "-o", work / "program"]
        objects = [work / f"{i}.o" for i in range(len(sources))]
        subprocess.run([*compiler, *link, "-Wl,--no-warn-rwx-segments", *objects, "-lgcc"], check=True)
        qemu = ["qemu-system-riscv32", "-M", "virt", "-bios", "none", "-icount", "shift=0", "-nographic"]
        qemu += ["-kernel", str(work / "program")]
        done = subprocess.run(qemu, check=True, capture_output=True, text=True, timeout=60)
    return [int(line) for line in done.stdout.split()]


def main() -> int:
    """Measures on every core."""
    print("| core | row of | instructions | by the constant |")
    print("|---|---|---|---|")
    good = True
    for (march, abi), element in CORES.items():
        counts = measure(march, abi)
        for length, count in zip(LENGTHS, counts, strict=True):
            good &= abs(element * length / count - 1) < (0.02 if length >= 100 else 0.2)
            print(f"| {march} | {length} | {count:,} | {element * length:,} |")
        slope, offset = np.polyfit(LENGTHS, counts, 1)
        print(f"| {march} | n | {slope:.1f} n {offset:+.0f} | {element} n |")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
