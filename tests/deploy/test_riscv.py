"""The folder for the RISC-V SoC: its sender, against a boot loader in Python that reads frames as boot.c does."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import threading
import tty
import zlib
from pathlib import Path

import pytest

from deepsoc.deploy import deploy
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.hw.socmap import load_map
from deepsoc.netspec.spec import parse_net
from tests.cli.conftest import HW, NET


def _loader(line: int, memory: dict[int, bytes], entry: list[int], last: str) -> None:
    """Takes frames until one starts a program."""

    def take(count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(line, count - len(data))
        return data

    os.write(line, b"noise\ndeepsoc boot\n")
    while not entry:
        command, place = take(1), take(4)
        size = take(4) if command == b"L" else b""
        data = take(int.from_bytes(size, "little"))
        assert int.from_bytes(take(4), "little") == zlib.crc32(place + size + data)
        if command == b"L":
            memory[int.from_bytes(place, "little")] = data
        else:
            entry.append(int.from_bytes(place, "little"))
        os.write(line, b"ok\n")
    os.write(line, last.encode())


@pytest.mark.parametrize("target", ["riscv-soc", "ulx3s-85f"])
@pytest.mark.parametrize(("last", "status"), [("end 0 ok\n", 0), ("end 7 no\n", 1), ("trap 5 at 0x10\n", 1)])
def test_the_sender_sends_the_network(tmp_path: Path, target: str, last: str, status: int) -> None:
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        pytest.skip("the cross compiler is not installed")
    design = export(parse_net(NET).to_graph(seed=1), Hardware(**HW), tmp_path / "export")
    board = deploy(design.path, target, tmp_path / "board").folder
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    memory: dict[int, bytes] = {}
    entry: list[int] = []
    command = [sys.executable, board / "send.py", os.ttyname(theirs), "--baud", "115200"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True) as sender:
        assert sender.stderr is not None
        assert sender.stderr.readline() == "reset the board\n"
        threading.Thread(target=_loader, args=(ours, memory, entry, last), daemon=True).start()
        said, _ = sender.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert sender.returncode == status
    assert said == "noise\ndeepsoc boot\n" + "ok\n" * (len(memory) + 1) + last
    base, ram = load_map().region("MEMORY").base, load_map().region("RAM").base
    weights = (design.path / "weights.bin").read_bytes()
    assert memory[base + design.manifest.weights_offset][: len(weights)] == weights
    if target == "riscv-soc":
        words = [int(word, 16) for word in (board / "program.hex").read_text().split()]
        assert memory[ram] == b"".join(word.to_bytes(4, "little") for word in words)
    assert ram < entry[0] < ram + len(memory[ram])
