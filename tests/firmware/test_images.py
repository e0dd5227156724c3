"""Damaged image files cannot break the program for Linux: here its reader has the sanitizers, and 32-bit sizes."""

from __future__ import annotations

import io
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from deepsoc.assets import folder
from tests.firmware.test_baremetal import NET
from tests.fuzz.mutators import mutate_bytes
from tests.runtime.machine import MACHINES

COUNT = 400
READER = Path(__file__).parent / "linux" / "damaged.c"
SHAPE = tuple(NET["input"]["shape"])
PNG = Path("/usr/include/png.h").exists()
SHAPES = (
    *("(4294967296, 6, 5, 2)", "(18446744073709551616, 6, 5, 2)", "(71582789, 6, 5, 2)", "(-1, 6, 5, 2)", "(6, 5, 2"),
    *("(1, 1, 1, 1, 1, 1, 1, 6, 5, 2)", "()", "(,)", "(6 5 2)", "(0x6, 5, 2)", "(6, 5, 2,)" + " " * 40),
)


def good() -> list[bytes]:
    """Files that are images."""
    files = []
    for values in (np.zeros(SHAPE), np.ones((3, *SHAPE), np.float32), np.full((2, *SHAPE), -3, np.int16)):
        stream = io.BytesIO()
        np.save(stream, values)
        files.append(stream.getvalue())
    if PNG:
        image = pytest.importorskip("PIL.Image")
        stream = io.BytesIO()
        image.fromarray(np.arange(60, dtype=np.uint8).reshape(SHAPE), "LA").save(stream, "png")
        files.append(stream.getvalue())
    return files


def npy_of(shape: str) -> bytes:
    """Eight images of the network's size, whose header tells another shape."""
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': " + shape.encode() + b", }"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + bytes(480 * 8)


@pytest.mark.parametrize("machine", ["host", "armhf"])
def test_damaged_files(machine: str, sources: Path, tmp_path: Path, seed: int) -> None:
    MACHINES[machine].need()
    host = machine == "host"
    rng = random.Random(seed)
    whole = good()
    if not (PNG and host):
        whole = whole[:3]
    files = [*whole, *(mutate_bytes(rng.choice(whole), rng) for _ in range(COUNT)), *map(npy_of, SHAPES)]
    names = [tmp_path / str(i) for i in range(len(files))]
    for name, data in zip(names, files, strict=True):
        name.write_bytes(data)
    root = folder("c")
    flags = [*("-std=c99", "-g"), *(f"-I{path}" for path in (root, root / "program" / "linux", sources))]
    if host:
        flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover", *(["-DWITH_PNG"] if PNG else [])]
    code = [READER, root / "program" / "linux" / "images.c"]
    libraries = ["-lm", *(["-lpng"] if PNG and host else [])]
    subprocess.run([MACHINES[machine].compiler, *flags, *code, "-o", tmp_path / "reader", *libraries], check=True)
    command = [*MACHINES[machine].emulator, tmp_path / "reader"]
    done = subprocess.run([*command, *names], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(whole) <= int(done.stdout) < len(names)
    undamaged = subprocess.run([*command, *names[: len(whole)]], capture_output=True, text=True, check=True)
    assert int(undamaged.stdout) == len(whole)
