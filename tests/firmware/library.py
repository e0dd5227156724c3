"""The firmware as a shared library, its structs, and a port made of Python functions."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deepsoc.assets import folder

WARNINGS = (
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion"),
    *("-Wmissing-prototypes", "-Wvla", "-Werror"),
)


class Tensor(ctypes.Structure):
    _fields_ = (
        [(name, ctypes.c_uint32) for name in ("offset", "bytes", "pitch", "n_pitch", "n", "h", "w", "c")]
        + [("slot_bytes", ctypes.c_uint32), ("ch_per_t", ctypes.c_uint32)]
        + [
            ("form", ctypes.c_uint8),
            ("bits", ctypes.c_uint8),
            ("frac", ctypes.c_int8),
            ("zero", ctypes.c_int8),
            ("scale", ctypes.c_float),
        ]
    )


class Model(ctypes.Structure):
    _fields_ = (
        [("name", ctypes.c_char_p), ("net_id", ctypes.c_uint32), ("n_ops", ctypes.c_uint32)]
        + [("descriptors", ctypes.POINTER(ctypes.c_uint32)), ("op_names", ctypes.POINTER(ctypes.c_char_p))]
        + [("op_bundle", ctypes.POINTER(ctypes.c_uint16))]
        + [(name, ctypes.c_uint32) for name in ("arena_bytes", "desc_offset", "weights_offset", "weights_bytes")]
        + [("rows", ctypes.c_uint16), ("cols", ctypes.c_uint16)]
        + [(name, ctypes.c_uint8) for name in ("x_bits", "k_bits", "softmax", "map_version")]
        + [("counters_depth", ctypes.c_uint16), ("params_hash", ctypes.c_uint32)]
        + [("input", Tensor), ("output", Tensor)]
    )


READ32 = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32)
WRITE32 = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)
RANGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
TICKS = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)
WAIT_IRQ = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)


class Port(ctypes.Structure):
    _fields_ = [
        *[("user", ctypes.c_void_p), ("read32", READ32), ("write32", WRITE32)],
        *[("flush", RANGE), ("invalidate", RANGE), ("ticks", TICKS), ("wait_irq", WAIT_IRQ)],
    ]


class Context(ctypes.Structure):
    _fields_ = [
        *[("model", ctypes.POINTER(Model)), ("port", Port), ("arena", ctypes.c_void_p), ("arena_bus", ctypes.c_uint64)],
        *[(name, ctypes.c_uint8) for name in ("has_weights", "has_input", "started", "has_run")],
    ]


class Info(ctypes.Structure):
    _fields_ = [("op_index", ctypes.c_uint32), ("op_name", ctypes.c_char_p), ("clocks", ctypes.c_uint32)]


class Performance(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32)
        for name in (
            *("clocks", "start", "array", "pixels", "weights", "operands", "results", "outputs", "end", "writes"),
            *("x_beats", "k_beats", "o_beats", "y_beats"),
        )
    ]


def compile_library(place: Path, *flags: str) -> ctypes.CDLL:
    """The runtime without any port."""
    target = place / "libdsoc.so"
    compiler = shutil.which("gcc") or "cc"
    command = [compiler, *WARNINGS, *flags, "-shared", "-fPIC", "-o", target, *sorted(folder("c").glob("*.c"))]
    subprocess.run(command, check=True)
    library = ctypes.CDLL(str(target))
    library.dsoc_status_string.restype = ctypes.c_char_p
    return library


def status_names(library: ctypes.CDLL) -> dict[str, int]:
    """Enumerators of dsoc_status_t, read from the header in their order."""
    text = (folder("c") / "dsoc.h").read_text()
    body = text[text.index("DSOC_OK = 0") : text.index("} dsoc_status_t")]
    words = [line.strip().split()[0].rstrip(",") for line in body.splitlines() if line.strip().startswith("DSOC_")]
    return {word: i for i, word in enumerate(words)}


class Machine:
    """An accelerator made of a dictionary: registers, caches and the interrupt are Python functions.

    Attributes:
        registers: contents by offset.
        writes: every register write, in order.
        ranges: every flush and invalidate as (which, offset in the arena, bytes).
        on_start: called when CTRL.start is written.
    """

    def __init__(self, registers: dict[int, int], arena: ctypes.Array[ctypes.c_uint8]) -> None:
        self.registers = registers
        self.arena = arena
        self.writes: list[tuple[int, int]] = []
        self.ranges: list[tuple[str, int, int]] = []
        self.now = 0
        self.on_start: Callable[[], None] = lambda: None
        self.on_wait: Callable[[int], int] = lambda ticks: 0
        base = ctypes.addressof(arena)

        def write(_: int, offset: int, value: int) -> None:
            self.writes.append((offset, value))
            if offset == 0 and value & 1:
                self.on_start()

        def ticks(_: int) -> int:
            self.now += 10
            return self.now & 0xFFFFFFFF

        self.port = Port(
            None,
            READ32(lambda _, offset: self.registers[offset]),
            WRITE32(write),
            RANGE(lambda _, at, size: self.ranges.append(("flush", at - base, size))),
            RANGE(lambda _, at, size: self.ranges.append(("invalidate", at - base, size))),
            TICKS(ticks),
            WAIT_IRQ(lambda _, ticks: self.on_wait(ticks)),
        )
