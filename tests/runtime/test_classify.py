"""The C program for Linux, as `deploy` writes it: cross-compiled, run under QEMU, on the simulated RTL.

The kernel's part is played by tests/firmware/linux/registers.c in the program's process and `Kernel` in this one.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from deepsoc.assets import folder
from deepsoc.export import Artifacts, export
from deepsoc.graph.executor import execute
from deepsoc.graph.fixed import quantize
from deepsoc.netspec.spec import parse_net
from deepsoc.runtime import _registers as regs
from tests.firmware.library import WARNINGS
from tests.runtime.conftest import Open
from tests.runtime.kernel import REGISTERS, Kernel
from tests.runtime.machine import MACHINES, SHIM, Machine, Peer
from tests.sim.test_simulate import NET

pytestmark = pytest.mark.xdist_group("simulator")

GRAPH = parse_net(NET).to_graph(seed=3)
LAST = GRAPH.bundles[-1].name
BATCH, *SHAPE = GRAPH.input_shape
ALL = pytest.mark.parametrize("name", MACHINES)
PNG = Path("/usr/include/png.h").exists()


@dataclass(frozen=True)
class Built:
    """A deployment with its program, and the library that plays the kernel."""

    machine: Machine
    folder: Path
    shim: Path


@pytest.fixture(scope="session")
def build(design: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    made: dict[str, Built] = {}

    def build(name: str) -> Built:
        machine = MACHINES[name]
        machine.need()
        if name not in made:
            place = tmp_path_factory.mktemp(name)
            board = design.deploy("linux", place / "my board").folder
            flags = " ".join(flag for flag in WARNINGS if flag != "-std=c99")
            png = ["PNG=1"] if name == "host" and PNG else []
            command = ["make", "-s", "-C", board, f"CC={machine.compiler}", f"CFLAGS={flags}", *png]
            subprocess.run(command, check=True)
            made[name] = Built(machine, board, machine.shim(place))
        return made[name]

    return build


@dataclass
class Board:
    """Linux with an accelerator and a deployment on it."""

    built: Built
    kernel: Kernel
    place: Path

    def __call__(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        run = {key: options.pop(key) for key in ("stop_after", "signal") if key in options}
        self.peer = Peer(self.kernel, **options)
        command = self.built.machine.command(self.built.folder / "classify", self.built.shim)
        return self.peer.run([*command, *arguments], cwd=self.place, **run)

    def refused(self, status: int, says: str, *arguments: str, **options: object) -> None:
        """Fails unless the program ends with this status and one line that says so."""
        done = self(*arguments, **options)
        assert (done.returncode, done.stdout) == (status, ""), done
        assert done.stderr.startswith("error: "), done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert says in done.stderr, done.stderr


@pytest.fixture
def board(build: Callable[[str], Built], opened: Open, design: Artifacts, tmp_path: Path) -> Callable[..., Board]:
    def board(name: str = "host", size: int | None = None, **options: object) -> Board:
        sim = opened(**options)
        room = sim.memory.size if size is None else size
        place = tmp_path / "work"
        place.mkdir(exist_ok=True)
        return Board(build(name), Kernel(tmp_path / "root", sim, room, address=sim._base), place)

    return board


def reference(images: np.ndarray) -> np.ndarray:
    """Output integers (count, classes)."""
    rest = -len(images) % BATCH
    whole = np.concatenate([images, np.zeros((rest, *SHAPE), np.int64)])
    parts = [execute(GRAPH, whole[i : i + BATCH])[LAST].out.reshape(BATCH, -1) for i in range(0, len(whole), BATCH)]
    return np.concatenate(parts)[: len(images)]


def printed(text: str) -> list[tuple[str, list[tuple[int, float]]]]:
    """What the program printed: names of images with classes and their percentages."""
    found: list[tuple[str, list[tuple[int, float]]]] = []
    for line in text.splitlines():
        if row := re.fullmatch(r" *(\d+) +(\d+\.\d\d) %", line):
            found[-1][1].append((int(row[1]), float(row[2])))
        else:
            found.append((line, []))
    return found


def expected(name: str, outputs: np.ndarray, frac: int) -> list[tuple[str, list[tuple[int, object]]]]:
    """The same for the images of a file."""
    rows = []
    for i, values in enumerate(outputs):
        shares = np.exp((values - values.max()) * 2.0**-frac)
        shares *= 100 / shares.sum()
        best = np.argsort(-values, kind="stable")[:5]
        named = f"{name}, image {i}" if len(outputs) > 1 else name
        rows.append((named, [(int(k), pytest.approx(shares[k], abs=0.0051)) for k in best]))
    return rows


@ALL
def test_images_are_classified(
    name: str, board: Callable[..., Board], design: Artifacts, rng: np.random.Generator
) -> None:
    linux = board(name, stall_prob=0.1, seed=5)
    real = rng.normal(0, 0.6, (3, *SHAPE))
    real[0, 0, 0] = (0.5 + np.arange(2)) * 2.0**-GRAPH.input_quant.frac  # ties go to even
    integers = rng.integers(-128, 128, (2, *SHAPE))
    files = {
        "float32.npy": real.astype(np.float32), "float64.npy": real[0], "int8.npy": integers.astype(np.int8),
        "int64.npy": integers[0], "uint16.npy": np.abs(integers[:1]).clip(0, 127).astype(np.uint16),
    }  # fmt: skip
    results, rows = [], []
    for file, values in files.items():
        np.save(linux.place / file, values)
        images = values.reshape(-1, *SHAPE)
        exact = quantize(images.astype(np.float64), GRAPH.input_quant) if values.dtype.kind == "f" else images
        outputs = reference(exact.astype(np.int64))
        rows += expected(file, outputs, design.manifest.output.frac)
        results.append(outputs)
    done = linux("-o", "out.bin", *files)
    assert (done.returncode, done.stderr) == (0, "")
    whole = np.concatenate(results)
    np.testing.assert_array_equal(np.fromfile(linux.place / "out.bin", "<i4").reshape(whole.shape), whole)
    *told, (summary, _) = printed(done.stdout)
    assert told == rows
    assert summary.startswith(f"{len(whole)} images in 6 runs, ")
    asked = [what for what, _ in linux.peer.log]
    assert asked.count("E") >= 6  # one interrupt a run
    assert linux.kernel.commands[0][0] == "sync_for_device"


@ALL
def test_the_check_of_the_machine(name: str, board: Callable[..., Board], design: Artifacts) -> None:
    linux = board(name)
    done = linux("-c", "-p")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("every output equals the reference\n2 images in 1 runs, ")
    assert {what for what, _ in linux.peer.log} == {"R", "W", "S"}  # -p: no interrupt
    wrong = linux.place / "wrong"
    shutil.copytree(linux.built.folder, wrong)
    expected = bytearray((wrong / "expected.bin").read_bytes())
    expected[0] ^= 1
    (wrong / "expected.bin").write_bytes(expected)
    count = design.output().size
    linux.refused(1, f"1 of {count} outputs differ from the reference", "-c", "-d", "wrong")


@pytest.mark.parametrize("name", ["host", "armhf"])
def test_registers_by_dev_mem(name: str, board: Callable[..., Board]) -> None:
    linux = board(name)
    (linux.kernel.root / "dev/mem").write_bytes(b"")
    done = linux("-c", "-a", f"{REGISTERS:#x}")
    assert done.returncode == 0, done.stderr
    assert linux.kernel.mapped == REGISTERS
    linux.refused(2, "-a elsewhere: not a value of this option", "-c", "-a", "elsewhere")
    linux.refused(1, "a multiple of 4, received 0xa0000002", "-c", "-a", "0xA0000002")


@ALL
def test_ranges_of_any_size_at_any_address(name: str, tmp_path: Path) -> None:
    machine = MACHINES[name]
    machine.need()
    root = folder("c")
    sources = [SHIM.with_name("ranges.c"), root / "port" / "linux" / "dsoc_port_linux.c"]
    include = [f"-I{path}" for path in (root, root / "port" / "linux")]
    subprocess.run([machine.compiler, *WARNINGS, *include, *sources, "-o", tmp_path / "ranges"], check=True)
    kernel = Kernel(tmp_path / "root", None, 8192, address=0x12_3456_7000)
    command = machine.command(tmp_path / "ranges", machine.shim(tmp_path))
    done = Peer(kernel).run(command, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0x1234567000 8192\n", "")
    assert kernel.commands == [
        ("sync_for_device", 64, 32, 1), ("sync_for_device", 0, 16, 1), ("sync_for_cpu", 4096, 16, 2),
    ]  # fmt: skip


def test_an_interrupt_that_never_comes(board: Callable[..., Board]) -> None:
    linux = board()
    np.save(linux.place / "good.npy", np.zeros(SHAPE))
    done = linux("-c", "good.npy", silent=True)
    assert done.returncode == 0
    assert "every output equals" in done.stdout
    assert "its interrupt did not come" in done.stderr
    # It is waited for in the first run, and in no other.
    starts = [i for i, asked in enumerate(linux.peer.log) if asked == ("W", regs.CTRL)]
    waits = [i for i, (what, _) in enumerate(linux.peer.log) if what == "P"]
    assert starts[-2] < waits[0] <= waits[-1] < starts[-1]


@pytest.mark.skipif(not PNG, reason="libpng is not installed")
def test_pictures(board: Callable[..., Board], rng: np.random.Generator) -> None:
    image = pytest.importorskip("PIL.Image")
    linux = board()
    pixels = rng.integers(0, 256, SHAPE, np.uint8)
    image.fromarray(pixels, "LA").save(linux.place / "a.png")
    (linux.place / "names.txt").write_text("zero\none\r\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine")
    mean, deviation = np.array([0.5, 0.25]), np.array([0.5, 2.0])
    done = linux("-M", "0.5,.25", "-S", "0.5,2", "-n", "1", "-l", "names.txt", "-o", "out.bin", "a.png")
    assert done.returncode == 0, done.stderr
    integers = quantize((pixels / 255 - mean) / deviation, GRAPH.input_quant)
    outputs = reference(integers[None])
    np.testing.assert_array_equal(np.fromfile(linux.place / "out.bin", "<i4"), outputs[0])
    best = int(outputs[0].argmax())
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    first, line, _ = done.stdout.splitlines()
    assert (first, line.split()[0], line.split()[-1]) == ("a.png", str(best), names[best])

    image.fromarray(pixels[..., 0], "L").save(linux.place / "gray.png")
    linux.refused(2, "gray.png: 8 x 9 gray, expected 8 x 9 gray with transparency with 8 bits", "gray.png")
    image.fromarray(pixels[:, :5], "LA").save(linux.place / "small.png")
    linux.refused(2, "small.png: 5 x 9 gray with transparency, expected 8 x 9", "small.png")
    whole = (linux.place / "a.png").read_bytes()
    (linux.place / "cut.png").write_bytes(whole[: len(whole) // 2])
    linux.refused(2, "cut.png: a damaged PNG file: ", "cut.png")
    (linux.place / "cut.png").write_bytes(whole[:20])
    linux.refused(2, "cut.png: a damaged PNG file: ", "cut.png")


def test_files_that_are_no_images(board: Callable[..., Board]) -> None:
    linux = board()
    place = linux.place
    good = np.zeros(SHAPE, np.float32)
    for name, values, says in (
        ("shape", np.zeros((9, 8, 3)), "an array of shape (9, 8, 3), expected (9, 8, 2) or several such"),
        ("none", np.zeros((0, *SHAPE)), "an array of shape (0, 9, 8, 2), expected"),
        ("nan", np.full(SHAPE, np.nan), "a value is NaN or infinite"),
        ("large", np.full(SHAPE, 128), "integers of 8 bits are -128 ... 127, received 128; give real values"),
        ("small", np.full(SHAPE, -129, np.int16), "received -129"),
        ("complex", np.zeros(SHAPE, np.complex64), 'numbers "<c8"; expected'),
        ("big", np.zeros(SHAPE, ">f4"), 'numbers ">f4"; expected'),
        ("fortran", np.asfortranarray(np.zeros(SHAPE)), "in Fortran order; expected float32"),
    ):
        np.save(place / f"{name}.npy", values)
        linux.refused(2, says, f"{name}.npy")
    np.save(place / "good.npy", good)
    whole = (place / "good.npy").read_bytes()
    for size, says in ((len(whole) - 1, "is it truncated?"), (100, "a damaged .npy file"), (8, "a damaged .npy file")):
        (place / "cut.npy").write_bytes(whole[:size])
        linux.refused(2, says, "cut.npy")
    (place / "raw.bin").write_bytes(bytes(good.size + 1))
    linux.refused(2, "neither PNG nor .npy, and as raw integers 145 bytes, expected 144 for each image", "raw.bin")
    linux.refused(2, "nowhere: cannot read it: No such file or directory", "nowhere")
    linux.refused(2, ".: not a regular file", ".")


def test_wrong_options(board: Callable[..., Board]) -> None:
    linux = board()
    for arguments, says in (
        ((), "no image is given"),
        (("-t", "0", "x"), "-t 0: not a value"),
        (("-t", "soon", "x"), "-t soon"),
        (("-n", "-1", "x"), "-n -1"),
        (("-M", "1,2,3", "x"), "-M 1,2,3"),
        (("-S", "0", "x"), "-S 0"),
        (("-S", "nan", "x"), "-S nan"),
        (("-l", "nowhere", "x"), "nowhere: cannot read it"),
        (("-o", "nowhere/out", "x"), "nowhere/out: No such file"),
        (("-d", "nowhere", "x"), "nowhere/weights.bin: cannot read it: No such file or directory; give the folder"),
    ):
        linux.refused(2, says, *arguments)
    done = linux("-z")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "error: see classify -h")
    assert "usage: classify" in linux("-h").stdout
    assert linux.kernel.commands == []


def test_weights_that_are_not_the_designs(board: Callable[..., Board]) -> None:
    linux = board()
    other = linux.place / "other"
    shutil.copytree(linux.built.folder, other)
    weights = (other / "weights.bin").read_bytes()
    (other / "weights.bin").write_bytes(weights[:-1])
    linux.refused(2, f"{len(weights) - 1} bytes, expected {len(weights)}; copy the folder again", "-c", "-d", "other")
    (other / "weights.bin").write_bytes(bytes([weights[0] ^ 1]) + weights[1:])
    linux.refused(2, 'not the weights of the design "sim_test"', "-c", "-d", "other")


def test_machines_that_lack_something(board: Callable[..., Board], design: Artifacts) -> None:
    linux = board()
    system = linux.kernel.root / "sys/class"
    linux.refused(1, 'no UIO device is named "other", there: uio3 (dsoc). Load the bitstream', "-c", "-u", "other")
    shutil.copytree(system / "uio/uio3", system / "uio/uio4")
    linux.refused(1, '2 UIO devices are named "dsoc"; give one of uio3 (dsoc), uio4 (dsoc)', "-c")
    shutil.rmtree(system / "uio/uio4")
    assert linux("-c", "-u", "uio3").returncode == 0
    linux.refused(1, 'no u-dma-buf is named "udmabuf7"; load it with insmod', "-c", "-m", "udmabuf7")
    linux.refused(1, 'no u-dma-buf is named "../uio"', "-c", "-m", "../uio")
    memory = system / "u-dma-buf/udmabuf0"
    (memory / "size").write_text("4096\n")
    linux.refused(1, f"udmabuf0 has 4096 bytes, expected at least {design.manifest.arena_bytes}; load the module", "-c")
    (memory / "size").write_text("many\n")
    linux.refused(1, 'size reads "many", expected a number', "-c")
    (memory / "size").unlink()
    linux.refused(1, "size: No such file or directory; is its driver of another version?", "-c")
    (linux.kernel.root / "dev/uio3").unlink()
    linux.refused(1, "cannot open /dev/uio3: No such file or directory; is its kernel module loaded?", "-c")


def test_a_second_process_waits_outside(board: Callable[..., Board]) -> None:
    linux = board()
    assert linux("-c").returncode == 0
    (lock,) = (linux.kernel.root / "run/lock").glob(f"deepsoc-{REGISTERS:x}.lock")
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711\n")
        file.flush()
        linux.refused(1, f"the accelerator at {REGISTERS:#x} is used by process 4711; wait until it ends", "-c")
    assert linux("-c").returncode == 0


def test_hardware_of_other_parameters(board: Callable[..., Board], design: Artifacts, tmp_path: Path) -> None:
    """Same geometry, another memory of weights: only the hash tells."""
    linux = board()
    hw = design.hw.model_copy(update={"weights_ram_depth": 2 * design.hw.weights_ram_depth})
    other = export(GRAPH, hw, tmp_path / "other").deploy("linux", tmp_path / "deployed").folder
    subprocess.run(["make", "-s", "-C", other], check=True)
    shutil.copy(other / "classify", linux.place)
    program = linux.built.machine.command(linux.place / "classify", linux.built.shim)
    done = Peer(linux.kernel).run([*program, "-c", "-d", str(other)], cwd=linux.place)
    assert (done.returncode, done.stdout) == (1, "")
    assert "PARAMS_HASH differs" in done.stderr


@pytest.mark.parametrize("port", ["x", "k", "y"])
def test_an_error_of_the_accelerator(port: str, board: Callable[..., Board]) -> None:
    linux = board()
    linux.kernel.sim.plant(port, 3)
    kind = "write" if port == "y" else "read"
    linux.refused(1, f"hardware: AXI {kind} error, at operation 0 (b1)", "-c")
    assert linux("-c").returncode == 0


def test_a_run_that_does_not_end(board: Callable[..., Board]) -> None:
    linux = board()
    linux.kernel.sim.plant("b", 1)
    done = linux("-c", "-t", "0.05")
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first == "error: the accelerator does not come to rest: its memory does not answer"
    assert second == "error: the run did not end in time, at operation 0 (b1)"


@pytest.mark.parametrize("name", ["host", "aarch64"])
def test_an_interrupted_program_leaves_the_accelerator_at_rest(name: str, board: Callable[..., Board]) -> None:
    linux = board(name, mem_latency=3000)
    done = linux("-c", stop_after="P")
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
    assert not linux.kernel.sim.read32(regs.STATUS) & regs.STATUS_BUSY_MASK
    assert linux("-c").returncode == 0


def test_a_program_that_was_killed_is_followed_by_one_that_works(board: Callable[..., Board]) -> None:
    linux = board(mem_latency=3000)
    done = linux("-c", stop_after="P", signal=9)
    assert done.returncode == -9
    assert linux("-c").returncode == 0


def test_cmake_builds_it(build: Callable[[str], Built], tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    folder = build("host").folder
    subprocess.run(["cmake", "-S", folder, "-B", tmp_path, "-Wno-dev"], check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True, capture_output=True)
    assert (
        "usage: classify"
        in subprocess.run([tmp_path / "classify", "-h"], check=True, capture_output=True, text=True).stdout
    )
