"""The RISC-V SoC: Ibex runs the firmware from its boot ROM, and every way in which that can go wrong."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc import assets
from deepsoc._files import replace_once
from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net, parse_net
from deepsoc.sim import SocResult, simulate
from deepsoc.sim.backends import Found, Options, riscv
from deepsoc.sim.build import build_system
from deepsoc.sim.firmware import boot_rom, frames, hex_words, program_image
from deepsoc.sim.tools import find_toolchain

pytestmark = pytest.mark.xdist_group("riscv-soc")

HW = Hardware(
    rows=4, cols=6, x_bits=4, k_bits=4, y_bits=32, axi_data_bits=64, axi_max_burst=8, kh_max=3, kw_max=3, sh_max=2,
    sw_max=2, xn_max=2, xh_max=32, xw_max=32, ci_max=1024, co_max=1024, weights_ram_depth=256, edges_ram_depth=256,
)  # fmt: skip
NET: dict[str, Any] = {
    "format": "deepsoc-net/1", "name": "small", "input": {"shape": [6, 5, 2], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {"name": "conv", "input": "input", "act": {"type": "relu", "slope": 0}, "flatten": True,
         "core": {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same", "strides": [1, 1]}},
        {"name": "classes", "input": "conv", "act": None, "softmax": True, "core": {"type": "dense", "units": 10}},
    ],
}  # fmt: skip
MOST_INSTRUCTIONS = 5000
DIGITS = Path(__file__).parents[1] / "data" / "digits.json"


class Impatient(Options):
    """Gives a run up sooner."""

    @property
    def watchdog(self) -> int:
        return 100_000


class System:
    """A small network, its firmware and the simulator that runs both."""

    def __init__(self, place: Path) -> None:
        if shutil.which("riscv64-unknown-elf-gcc") is None:
            pytest.skip("the cross compiler is not installed")
        self.place = place
        self.design = export(parse_net(NET).to_graph(seed=7), HW, place / "design", seed=8)
        self.rom = boot_rom(place)
        self.image = program_image(self.design.path, place, ram_bytes=riscv.RAM_BYTES)
        self.loads = riscv.memory_contents(self.design)
        self.program = build_system(self.design.path, place, ram_bytes=riscv.RAM_BYTES)
        self._runs = 0

    def own_image(self, body: str) -> bytes:
        """The image of another program, whose C function `program` has that body."""
        source = self.place / "own.c"
        source.write_text(
            '#include "dsoc_soc.h"\nvoid program(void);\nvoid _start(void);\n'
            '__asm__(".section .text.header, \\"ax\\"\\n.word 0x434F5364, 0, 0, _start\\n.text\\n");\n'
            f"void program(void) {{\n{body}\n}}\n"
            '__attribute__((naked, section(".text.start"))) void _start(void) {\n'
            '__asm__ volatile("la sp, stack_top\\nla t0, dsoc_soc_vector\\ncsrw mtvec, t0\\n"\n'
            '"call program\\n1: j 1b");\n}\n'
        )
        return program_image(self.design.path, self.place, ram_bytes=riscv.RAM_BYTES, sources=[source])

    def run(self, *, seed: int = 1, stall_prob: float = 0.0, **changes: Any) -> Found:
        self._runs += 1
        place = self.place / f"run{self._runs}"
        place.mkdir()
        given = {"rom": self.rom, "image": self.image, "loads": self.loads, **changes}
        return riscv.run_system(
            self.program,
            self.design,
            place,
            Impatient(stall_prob, 4, "verilator", None, (), None),
            seed,
            lambda what, fraction: None,
            **given,
        )

    def output(self) -> list[int]:
        """What the firmware printed in the last run."""
        return np.fromfile(self.place / f"run{self._runs}" / "output.bin", "<i4").tolist()

    @property
    def expected(self) -> list[int]:
        return self.design.expected(len(self.design.manifest.operations) - 1).ravel().tolist()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return System(tmp_path_factory.mktemp("riscv"))


def simulated(design: Artifacts, **given: Any) -> SocResult:
    result = simulate(design.path, backend="riscv-soc", **given)
    assert isinstance(result, SocResult)
    assert result.bit_exact, (result.error, result.first_difference)
    return result


def test_networks_of_different_size_take_the_same_few_instructions(system: System, tmp_path: Path, seed: int) -> None:
    small = simulated(system.design, stall_prob=0.2, mem_latency=3, seed=seed)
    large = export(load_net(DIGITS).to_graph(seed=3), HW, tmp_path / "digits", seed=4)
    digits = simulated(large, mem_latency=3, seed=seed)
    print({result.cycles_rtl: result.firmware_phases for result in (small, digits)})
    assert digits.cycles_rtl > 20 * small.cycles_rtl
    for result in (small, digits):
        phases = result.firmware_phases
        assert result.firmware_instructions == phases["input"] + phases["run"] + phases["output"]
        assert 0 < result.firmware_instructions < MOST_INSTRUCTIONS
        assert result.firmware_instructions_softmax == result.firmware_instructions + phases["softmax"]
        assert result.cycles_register - result.cycles_rtl in range(4)
    assert abs(small.firmware_instructions - digits.firmware_instructions) < 20
    assert digits.firmware_phases["softmax"] < 10 < small.firmware_phases["softmax"]


def test_a_thousand_classes_take_few_instructions(system: System, tmp_path: Path, seed: int) -> None:
    """Outputs are read, four instructions each; how many layers and pixels there are plays no part."""
    net = json.loads(json.dumps(NET))
    net["bundles"][1] |= {"core": {"type": "dense", "units": 1000}, "softmax": False}
    many = simulated(export(parse_net(net).to_graph(seed=5), HW, tmp_path / "many"), mem_latency=0, seed=seed)
    print(many.firmware_phases)
    assert many.firmware_instructions < MOST_INSTRUCTIONS


def test_the_boot_loader_takes_everything_from_the_serial_port(system: System, seed: int) -> None:
    """Here the core packs the input, too: its instructions are counted apart."""
    loads = riscv.memory_contents(system.design, packed=False)
    found = system.run(loads=[], image=b"", serial=frames(loads, system.image), seed=seed, stall_prob=0.1)
    assert found["status"] == "ok", found["message"]
    assert found["firmware"]["serial"].startswith("deepsoc boot\n" + "ok\n" * 5 + "deepsoc small\n")
    assert system.output() == system.expected
    assert found["firmware"]["phases"]["input"] > 500


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


def test_a_damaged_frame_is_told(system: System) -> None:
    weights = [system.loads[0]]
    stream = frames(weights, b"")
    data = stream[: 13 + len(weights[0][1])]
    found = system.run(loads=[], image=b"", serial=_flipped(data, 20))
    assert "the firmware hangs" in found["message"]
    assert found["firmware"]["serial"] == "deepsoc boot\nerror: checksum\n"


def test_an_image_whose_sum_is_wrong_does_not_start(system: System) -> None:
    for at in (16, len(system.image) - 1, 4):
        found = system.run(image=_flipped(system.image, at))
        assert "the firmware hangs" in found["message"]
        assert found["firmware"]["serial"] == "deepsoc boot\n"


def test_wrong_weights_are_told_before_they_are_used(system: System) -> None:
    (at, weights), *others = system.loads
    found = system.run(loads=[(at, _flipped(weights, 100)), *others])
    assert found["message"].startswith("the firmware ended: the sum of the weights is wrong")
    assert found["done"] == 0


def test_a_missing_job_is_told(system: System) -> None:
    found = system.run(loads=system.loads[:-1])
    assert found["message"].startswith("the firmware ended: there is no job behind the arena")


def test_wrong_input_gives_wrong_outputs(system: System) -> None:
    weights, (at, packed), job = system.loads
    found = system.run(loads=[weights, (at, _flipped(packed, 1)), job])
    assert found["status"] == "ok"
    assert system.output() != system.expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("*(volatile uint32_t *)0x30000000u = 1;", "trap 7 at 0x1000"),  # store to an address of no region
        ("(void)*(volatile uint32_t *)0x90000000u;", "trap 5 at 0x1000"),  # load beyond the memory
        ('__asm__ volatile("sw zero, 0x80(zero)");', "trap 7 at 0x1000"),  # store to the ROM
        ('__asm__ volatile(".word 0");', "trap 2 at 0x1000"),  # no instruction
        ("((void (*)(void))0x20000000u)();", "trap 1 at 0x20000000"),  # no instructions there
    ],
)
def test_a_trap_is_told(system: System, body: str, message: str) -> None:
    found = system.run(image=system.own_image(body))
    assert found["message"].startswith(f"the firmware trapped: {message}"), found["message"]


def test_a_program_that_hangs_is_given_up(system: System) -> None:
    found = system.run(image=system.own_image('dsoc_soc_print("hello\\n");\nfor (;;) {\n}'))
    assert found["message"].startswith("the firmware hangs at 0x1000"), found["message"]
    assert found["message"].endswith("the serial port said 'hello\\n'")


def test_timer_and_system_registers(system: System) -> None:
    body = """
        const uint32_t now = dsoc_soc_ticks();
        __asm__ volatile("csrw mie, %0" : : "r"(0x80));
        dsoc_soc_write(DSOC_SOC_TIMER_COMPARE_HI, 0);
        dsoc_soc_write(DSOC_SOC_TIMER_COMPARE_LO, now + 5000u);
        dsoc_soc_sleep();
        dsoc_soc_print_number((dsoc_soc_ticks() - now) / 100u);
        dsoc_soc_print(" ");
        dsoc_soc_print_hex(dsoc_soc_read(DSOC_SOC_SYSTEM_RAM_BYTES));
        dsoc_soc_write(DSOC_SOC_SYSTEM_LEDS, 0x1A5u);
        dsoc_soc_print_hex(dsoc_soc_read(DSOC_SOC_SYSTEM_LEDS));
        dsoc_soc_print_hex(dsoc_soc_read(DSOC_SOC_TIMER_TIME_HI));
        *(volatile uint8_t *)(DSOC_SOC_MEMORY + 5u) = 0x5A;
        *(volatile uint16_t *)(DSOC_SOC_MEMORY + 6u) = 0x1234;
        dsoc_soc_print_hex(*(volatile uint32_t *)(DSOC_SOC_MEMORY + 4u) >> 8);
        dsoc_soc_print("\\nend 0 ok\\n");"""
    found = system.run(image=system.own_image(body))
    assert found["firmware"]["serial"] == "50 00010000000000a50000000000123 45a\nend 0 ok\n".replace(
        "123 45a", "12345a"
    )


def test_a_program_that_does_not_fit(system: System) -> None:
    with pytest.raises(InputError, match="does not fit 4096 bytes"):
        program_image(system.design.path, system.place, ram_bytes=4096)


def test_missing_tools_are_told(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with pytest.raises(ToolError, match="riscv64-unknown-elf-gcc is missing; get it with: apt-get install"):
            simulate(system.design.path, backend="riscv-soc")
    monkeypatch.setattr(assets.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"the RISC-V core is missing; get it with: pip install 'deepsoc\[soc\]'"):
        assets.core_files()


_BUS = "soc/dsoc_soc_bus.sv"
RTL_FAULTS = {
    "the registers are decoded elsewhere": (
        [("soc/dsoc_soc_pkg.sv", "ACCELERATOR_BASE = 32'h40000000", "ACCELERATOR_BASE = 32'h50000000")],
        "the firmware trapped: trap 5 at 0x1000",
    ),
    "the lane of a beat is wrong": (
        [(_BUS, "LaneBits'(addr_o >> 2) :", "LaneBits'(addr_o >> 3) :")],
        "the firmware ended: ",
    ),
    "a bit of the serial port is wrong": (
        [("soc/dsoc_soc_uart.sv", "{1'b1, tx_data}", "{1'b1, tx_data[7:1], !tx_data[0]}")],
        "the firmware hangs",  # so it seems: no line says that it has ended
    ),
    "a store is not waited for": (
        [
            (
                _BUS,
                "take && target != Lite && target != Memory;",
                "take && target != Lite && (target != Memory || we_i);",
            ),
            (
                _BUS,
                "busy_q <= target == Lite || target == Memory;",
                "busy_q <= target == Lite || target == Memory && !we_i;",
            ),
        ],
        "",  # what happens depends on the store that is lost or late
    ),
    "an answer goes to the other master": (
        [("soc/dsoc_soc_write_arb.sv", "s0_bvalid_o = b_known && !b_owner", "s0_bvalid_o = b_known && b_owner")],
        "the firmware hangs",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RTL_FAULTS)
def test_a_fault_in_the_rtl_is_seen(system: System, tmp_path: Path, name: str) -> None:
    edits, message = RTL_FAULTS[name]
    rtl = tmp_path / "rtl"
    shutil.copytree(assets.folder("rtl"), rtl)
    for file, old, new in edits:
        (rtl / file).write_text(replace_once((rtl / file).read_text(), old, new, where=file))
    result = simulate(system.design.path, backend="riscv-soc", rtl=rtl, mem_latency=40)
    assert not result.bit_exact
    assert message in result.error, result.error
    print(name, result.error, result.first_difference)


@pytest.mark.slow
def test_the_board_with_block_ram_takes_a_network_from_its_serial_port(system: System, tmp_path: Path) -> None:
    """The top of an FPGA as it is, reset by a button, in a bench that knows the two wires alone."""
    (tmp_path / "boot.hex").write_text(hex_words(system.rom))
    (tmp_path / "serial.bin").write_bytes(frames(riscv.memory_contents(system.design), system.image))
    core, included = assets.core_files()
    checks = assets.check_files(soc=True)
    files = [*core, *assets.rtl_files(), *assets.soc_files(), *checks, Path(__file__).with_name("board_bench.sv")]
    tools = find_toolchain()
    environment = tools.verilator.environment()
    environment["MAKEFLAGS"] = f"{environment.get('MAKEFLAGS', '')} LINK={tools.cxx}"
    include = {path.parent for path in [*assets.rtl_headers(), *included]} | {system.design.path}
    command = [
        tools.verilator.program,
        "--binary",
        "--assert",
        "-j",
        "2",
        "-O3",
        "-Wno-fatal",
        "-Wno-lint",
        "-Wno-style",
    ]
    command += ["--x-initial", "unique", "-DDV_FCOV_DISABLE", "--top-module", "board_bench", "--Mdir", "model"]
    command += [*(f"-I{path}" for path in sorted(include)), *files]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    program = [tmp_path / "model" / "Vboard_bench", "+verilator+rand+reset+2", "+verilator+seed+3"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    words = re.search(r"^output 10\n((?:[0-9a-f ]+\n)+)", done.stdout, re.MULTILINE)
    assert words, done.stdout
    assert (
        np.array([int(word, 16) for word in words[1].split()], np.uint32).astype(np.int32).tolist() == system.expected
    )
    assert "\nend 0 ok\n" in done.stdout
