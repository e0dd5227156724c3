#!/usr/bin/env python3
"""Sends a program to the boot loader of the RISC-V SoC and prints what it answers: send.py PORT [FILE] [--baud N].

Needs Python alone. Ends with status 0 when the program says that it has ended well.
"""

from __future__ import annotations

import argparse
import os
import sys
import termios
import threading
import tty
from pathlib import Path


def opened(port: str, baud: int) -> int:
    """The port's file: raw, 8 data bits, no parity, one stop bit."""
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        sys.exit(f"error: this system has no speed of {baud} baud")
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    if os.isatty(line):
        tty.setraw(line)
        settings = termios.tcgetattr(line)
        settings[4] = settings[5] = speed
        termios.tcsetattr(line, termios.TCSANOW, settings)
    return line


def send(line: int, data: bytes) -> None:
    """Writes everything."""
    while data:
        data = data[os.write(line, data) :]


def main() -> int:
    """Waits for the greeting, sends, and prints lines until one ends the run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port")
    parser.add_argument("file", nargs="?", type=Path, default=Path(__file__).with_name("serial.bin"))
    parser.add_argument("--baud", type=int, default=1_000_000)
    given = parser.parse_args()
    line, data = opened(given.port, given.baud), given.file.read_bytes()
    print("reset the board", file=sys.stderr)
    text = b""
    while True:
        text += os.read(line, 4096)
        *lines, text = text.split(b"\n")
        for each in lines:
            said = each.decode("ascii", errors="replace").strip("\r\0")
            print(said, flush=True)
            if said == "deepsoc boot":
                threading.Thread(target=send, args=(line, data), daemon=True).start()
            elif said.startswith(("end ", "trap ", "error: ")):
                return int(not said.startswith("end 0 "))


if __name__ == "__main__":
    sys.exit(main())
