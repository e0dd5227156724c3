"""Runs the C program for Linux: natively or as another machine's under QEMU, with the simulated RTL as accelerator."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.runtime.kernel import Kernel

SHIM = Path(__file__).parents[1] / "firmware" / "linux" / "registers.c"
_CLOCKS = 2000


@dataclass(frozen=True)
class Machine:
    """Compiler, and what runs its programs."""

    compiler: str
    emulator: tuple[str, ...] = ()

    def need(self) -> None:
        """Skips a test whose tools are not here."""
        for tool in (self.compiler, *self.emulator[:1]):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")

    def shim(self, place: Path) -> Path:
        """The library of registers.c."""
        target = place / "registers.so"
        flags = ("-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
        subprocess.run([self.compiler, *flags, SHIM, "-o", target, "-ldl"], check=True)
        return target

    def command(self, program: Path, shim: Path) -> list[str | Path]:
        """Of a program with the library before it."""
        if self.emulator:
            return [*self.emulator, "-E", f"LD_PRELOAD={shim}", program]
        return ["env", f"LD_PRELOAD={shim}", program]


MACHINES = {
    "host": Machine("gcc"),
    "aarch64": Machine("aarch64-linux-gnu-gcc", ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")),
    "armhf": Machine("arm-linux-gnueabihf-gcc", ("qemu-arm", "-L", "/usr/arm-linux-gnueabihf")),
}


@dataclass
class Peer:
    """Answers one program's loads, stores and system calls.

    Attributes:
        kernel: its files, and the accelerator.
        silent: the interrupt never comes.
        log: what was asked, and its first argument.
    """

    kernel: Kernel
    silent: bool = False
    log: list[tuple[str, int]] = field(default_factory=list)
    fault: BaseException | None = None

    def run(
        self, command: list[str | Path], *, cwd: Path, stop_after: str = "", signal: int = 2
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end.

        Args:
            command: as of `Machine.command`, and its arguments.
            cwd: where it runs.
            stop_after: it gets a signal when it has asked this for the first time.
            signal: number of that.
        """
        mine, its = socket.socketpair()
        environment = {**os.environ, "KERNEL_ROOT": str(self.kernel.root), "KERNEL_PEER": str(its.fileno())}
        with mine, its:
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, pass_fds=[its.fileno()], text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            its.close()
            thread = threading.Thread(target=self._serve, args=(mine, process, stop_after, signal))
            thread.start()
            stdout, stderr = process.communicate(timeout=600)
            thread.join()
        if self.fault is not None:
            raise self.fault
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def _serve(self, line: socket.socket, process: subprocess.Popen[str], stop_after: str, signal: int) -> None:
        try:
            while len(request := line.recv(12, socket.MSG_WAITALL)) == 12:
                word, a, b = struct.unpack("=III", request)
                self.log.append((chr(word), a))
                if chr(word) == stop_after:
                    process.send_signal(signal)
                    stop_after = ""
                    line.sendall(bytes(4))  # before the accelerator has done anything
                    continue
                line.sendall(struct.pack("=I", self._answer(chr(word), a, b)))
        except ConnectionError:
            pass  # it was killed
        except BaseException as error:
            self.fault = error
            process.kill()

    def _answer(self, what: str, a: int, b: int) -> int:
        sim = self.kernel.sim
        match what:
            case "R":
                self.kernel.passes(500)  # as between two looks
                return sim.read32(a)
            case "W":
                sim.write32(a, b)
            case "S":
                self.kernel.obey("sync_for_cpu" if a else "sync_for_device")
            case "E":
                assert (a, b) == (4, 1)
            case "P":
                return self._poll(a / 1000)
            case "C":
                assert a == 4
            case "M":
                self.kernel.mapped = a << 32 | b
            case _:
                raise AssertionError(what)
        return 0

    def _poll(self, seconds: float) -> int:
        end = time.monotonic() + seconds
        while (raised := self.kernel.passes(_CLOCKS)) == 0 and time.monotonic() < end:
            pass
        if raised == 1 and not self.silent:
            return 1
        time.sleep(max(0.0, end - time.monotonic()))
        return 0
