"""Deployed programs run as they are: built by the deployment's own makefile for QEMU's RISC-V, by hand for its Zynq.

The board is the deployment's, `board_generic.c` or `board_xilinx.c`; the accelerator is that of test_baremetal.py.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from deepsoc.assets import folder
from deepsoc.deploy import deploy
from deepsoc.export import export
from deepsoc.graph.executor import execute
from deepsoc.mapping import plan
from deepsoc.netspec.spec import parse_net
from tests.firmware.library import WARNINGS
from tests.firmware.test_baremetal import HERE, HW, NET, TARGETS, emulate, layout, need, random_inputs, vectors

RISCV, ZYNQ = TARGETS["riscv, polling"], TARGETS["zynq"]
WARN = [flag for flag in WARNINGS if flag not in ("-std=c99", "-Wpedantic")]  # the machines' assembly is GNU's
BASE = 0x1800_0000  # ACCELERATOR_BASE of accelerator.h
LOADED = 0x8400_0000  # in its memory
UART = 0x1000_0000  # of QEMU's virt
OWN = ("accelerator.c", "deployed.c")


@dataclass(frozen=True)
class Case:
    """An exported design in the folder `export` of `place`, and the classes that its program prints, in percent."""

    place: Path
    classes: list[tuple[int, float]]

    def check(self, said: str, ends: str) -> None:
        """Fails unless the program printed these classes, and last `ends`."""
        head, image, *rows = said.removesuffix(ends).splitlines()
        assert (head, image) == ("design board: 1000 clocks", "image 0")
        assert said.endswith(f"\n{ends}")
        found = [re.fullmatch(r"  class (\d+): (\d+\.\d) %", row) for row in rows]
        assert [(int(row[1]), pytest.approx(float(row[2]), abs=0.051)) for row in found if row] == self.classes
        assert len(found) == len(self.classes)


@pytest.fixture
def case(tmp_path: Path, rng: np.random.Generator) -> Case:
    hw = HW.model_copy(update={"base_address": BASE})
    net = parse_net(NET).to_graph(seed=int(rng.integers(1000)))
    p = plan(net, hw)
    inputs = random_inputs(p, rng)
    export(net, hw, tmp_path / "export", x=inputs[0])
    (tmp_path / "vectors.h").write_text(vectors(p, inputs))
    values = execute(net, inputs[0])[net.bundles[-1].name].out.ravel()
    shares = np.exp((values - values.max()) * 2.0**-p.output.frac)
    shares /= shares.sum()
    order = np.argsort(-values, kind="stable")[:5]
    return Case(tmp_path, [(int(i), 100 * float(shares[i])) for i in order])


def build_riscv(case: Case, *flags: str) -> Path:
    """With the makefile and the board of what was deployed in `board`."""
    need(RISCV)
    machine = ["-mabi=ilp32", "-march=rv32im"]
    compiler = RISCV.compiler[0]
    # The toolchain's libgcc is filed under the name without _zicsr.
    libgcc = subprocess.run([compiler, *machine, "-print-libgcc-file-name"], check=True, capture_output=True, text=True)
    include = [f"-I{path}" for path in (case.place, HERE)]
    options = [f"{machine[1]}_zicsr", machine[0], "-std=gnu99", *WARN, f"-DBOARD_UART={UART:#x}", "-DDEPLOYED"]
    values = {
        "CC": compiler,
        "CFLAGS": " ".join([*options, "-DCOHERENT=1u", *flags, *include]),
        "SOURCES": " ".join(str(HERE / name) for name in (*OWN, "riscv.c")),
        "LDFLAGS": f"-nostdlib -Wl,--no-warn-rwx-segments -T {layout(RISCV, case.place)}",
        "LDLIBS": libgcc.stdout.strip(),
    }
    board = case.place / "board"
    subprocess.run(["make", "-s", "-C", board, *(f"{name}={value}" for name, value in values.items())], check=True)
    return board / "program"


def build_zynq(case: Case, *flags: str) -> Path:
    """As Vitis would: every file of `src` in `board`, and the board support package."""
    need(ZYNQ)
    source = case.place / "board" / "src"
    include = [f"-I{path}" for path in (source, HERE.parent / "stubs", case.place, HERE)]
    compiler = [*ZYNQ.compiler, f"-march={ZYNQ.march}", "-std=gnu99", "-ffreestanding", *WARN, "-DDEPLOYED"]
    libc = folder("c") / "port" / "baremetal" / "dsoc_libc.c"
    sources = [*sorted(source.glob("*.c")), *(HERE / name for name in (*OWN, "arm.c")), libc]
    link = ["-nostdlib", "-Wl,--no-warn-rwx-segments", "-T", layout(ZYNQ, case.place), "-lgcc"]
    program = case.place / "program"
    subprocess.run([*compiler, *flags, *include, *sources, *link, "-o", program], check=True)
    return program


@pytest.mark.parametrize("flags", [(), ("-DSDT",)], ids=["xparameters.h", "xparameters.h of the device tree flow"])
def test_the_program_for_zynq_runs(flags: tuple[str, ...], case: Case) -> None:
    deploy(case.place / "export", "vitis", case.place / "board")
    said = emulate(ZYNQ, build_zynq(case, *flags))
    case.check(said, "every output equals the reference\nstatus 0")


def test_the_program_for_any_machine_runs_and_sees_differences(case: Case) -> None:
    board = deploy(case.place / "export", "baremetal", case.place / "board").folder
    case.check(emulate(RISCV, build_riscv(case)), "every output equals the reference\nstatus 0")

    data = board / "src" / "data.c"
    text, count = re.subn(
        r"(design_expected\[\d+\] = \{\s*0x)([0-9A-F]{8})",
        lambda found: f"{found[1]}{int(found[2], 16) ^ 1:08X}",
        data.read_text(),
    )
    assert count == 1
    data.write_text(text)
    (board / "program").unlink()
    case.check(emulate(RISCV, build_riscv(case)), "1 outputs differ from the reference\nstatus 1")


def test_weights_that_a_loader_brings(case: Case) -> None:
    """The program holds none, but takes them from an address."""
    deploy(case.place / "export", "baremetal", case.place / "board")
    program = build_riscv(case, f"-DDESIGN_WEIGHTS='((const void *){LOADED:#x})'")
    loader = f"loader,file={case.place / 'export' / 'weights.bin'},addr={LOADED:#x},force-raw=on"
    case.check(emulate(RISCV, program, "-device", loader), "every output equals the reference\nstatus 0")
    assert emulate(RISCV, program) == "failed: descriptors, weights or input have not reached the accelerator"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("-DERROR_CODE=4u",), "hardware: AXI read error, at operation conv"),
        (("-DBOARD_BASE_ADDRESS=0x18000004u",), "no accelerator of this register map version answers"),
    ],
)
def test_what_goes_wrong_is_told(flags: tuple[str, ...], says: str, case: Case) -> None:
    deploy(case.place / "export", "vitis", case.place / "board")
    assert emulate(ZYNQ, build_zynq(case, *flags)) == f"design board: error: {says}\nstatus 1"
