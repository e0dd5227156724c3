"""What can go wrong while a driver works, phase by phase: a clear error, and the next inference right."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from deepsoc.export import Artifacts, export
from deepsoc.graph.executor import execute
from deepsoc.netspec.spec import parse_net
from deepsoc.perf.constants import DESCRIPTOR_BYTES
from deepsoc.runtime import DeviceError, Driver, HardwareError, HardwareTimeout
from deepsoc.runtime import _registers as regs
from deepsoc.runtime.simulation import SimulatedDevice, memory_for
from tests.runtime.conftest import Open, images, other
from tests.runtime.test_driver import BATCH, expected
from tests.sim.test_simulate import HW, NET

pytestmark = pytest.mark.xdist_group("simulator")


def is_right(driver: Driver, x: np.ndarray) -> bool:
    return np.array_equal(driver.predict(x, integers=True).reshape(len(x), -1), expected(x).reshape(len(x), -1))


@pytest.mark.parametrize(("stall_prob", "latency"), [(0.0, 16), (0.35, 50)])
def test_a_hundred_images_in_batches_that_do_not_divide(
    library: Path, tmp_path: Path, stall_prob: float, latency: int
) -> None:
    graph = parse_net({**NET, "input": {**NET["input"], "batch": 3}}).to_graph(seed=3)
    made = export(graph, HW, tmp_path / "threes")
    x = images(100, 41)
    device = SimulatedDevice(
        library, memory_bytes=memory_for(made.manifest.arena_bytes), max_burst=HW.axi_max_burst,
        stall_prob=stall_prob, mem_latency=latency, seed=42,
    )  # fmt: skip
    with Driver(made.path, device, timeout=None) as driver:
        found = driver.predict(x, integers=True)
    want = execute(graph, x)[graph.bundles[-1].name].out
    np.testing.assert_array_equal(found.reshape(100, -1), want.reshape(100, -1))


def beats(design: Artifacts, port: str, operation: int) -> int:
    """Of a read port: its own, and those of the weights where they come by it."""
    hw, moved = design.hw, design.manifest.operations[operation].axi_bytes
    own = DESCRIPTOR_BYTES if port == "k" else getattr(moved, port)
    weights = (moved.k - DESCRIPTOR_BYTES) // hw.stream_bytes
    return own // hw.axi_bytes + (weights if port in "kox"[: hw.weights_ports] else 0)


@pytest.mark.parametrize(("port", "latency"), [("x", 0), ("k", 60), ("o", 16)])
def test_read_errors_in_every_phase(design: Artifacts, opened: Open, port: str, latency: int) -> None:
    """The first and last beat of every operation, and one between, in the first and in the second of two runs."""
    x = images(2 * BATCH, 43)
    device = opened(mem_latency=latency, seed=44)
    operations = range(len(design.manifest.operations))
    total = sum(beats(design, port, index) for index in operations)
    with Driver(design.path, device, timeout=None) as driver:
        begin, hit = 0, 0
        for index in operations:
            count = beats(design, port, index)
            for at in sorted({0, count // 2, count - 1}) if count else ():
                for run in (0, 1):
                    device.plant(port, run * total + begin + at)
                    with pytest.raises(HardwareError, match=r"operation \d+ \(.*axi read") as caught:
                        driver.predict(x)
                    failed = int(caught.value.operation.split()[0])
                    # weights and descriptors are fetched ahead, and pixels, by one operation
                    assert {"x": max(index - 1, 0), "k": 0, "o": max(index - 1, 0)}[port] <= failed
                    # on the operands' port, weights of the next operation may come before operands of this one
                    assert failed <= index + (port == "o")
                    hit += 1
                    assert is_right(driver, x)
            begin += count
    assert hit >= 6


@pytest.mark.parametrize("latency", [0, 60])
def test_write_errors_in_every_phase(design: Artifacts, opened: Open, latency: int) -> None:
    x = images(BATCH, 45)
    device = opened(mem_latency=latency, seed=46)
    errors: list[HardwareError] = []
    after = 0
    with Driver(design.path, device, timeout=None) as driver:
        while True:
            device.plant("y", after)
            try:
                driver.predict(x)
            except HardwareError as error:
                errors.append(error)
            else:
                break  # a run has fewer answers
            assert is_right(driver, x)
            after += 3
    assert {error.code for error in errors} == {regs.STATUS_ERROR_CODE_VALUES["axi_write"]}
    failed = [int(error.operation.split()[0]) for error in errors]
    assert failed == sorted(failed)
    assert set(failed) == set(range(len(design.manifest.operations)))


def test_a_bitstream_of_other_parameters_is_refused(opened: Open, tmp_path: Path) -> None:
    """The same geometry with larger memories: only the hash in the RTL tells."""
    made = export(parse_net(NET).to_graph(seed=3), other(weights_ram_depth=128), tmp_path / "other")
    with pytest.raises(DeviceError, match=r"made of other parameters: its hash is 0x.*load the bitstream of this"):
        Driver(made.path, opened())


def test_weights_that_changed_in_memory(design: Artifacts, opened: Open) -> None:
    """A header of a block is lost, as behind a truncated copy; a new driver writes all of it again."""
    x = images(BATCH, 47)
    device = opened()
    driver = Driver(design.path, device, timeout=None)
    assert is_right(driver, x)
    begin = driver.design.weights_offset
    device.memory[begin : begin + len(driver.design.weights)] = 0
    with pytest.raises(HardwareError, match="weights") as caught:
        driver.predict(x)
    assert caught.value.code == regs.STATUS_ERROR_CODE_VALUES["weights"]
    device._used = 0
    with Driver(design.path, device, timeout=None) as driver:
        assert is_right(driver, x)


def test_a_run_that_never_ends(design: Artifacts, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither interrupt nor status: the time is over, the operation is named."""
    x = images(BATCH, 48)
    device = opened(mem_latency=5000)
    with Driver(design.path, device, timeout=0.05) as driver:
        with monkeypatch.context() as patch:
            patch.setattr(device, "wait_irq", lambda timeout: time.sleep(min(timeout, 0.05)) or True)
            with pytest.raises(HardwareTimeout, match=r"operation 0 \(b1.*\): not done within 0.05 s"):
                driver.predict(x)
        driver.timeout = None
        assert is_right(driver, x)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_process_is_interrupted_in_mid_run(
    design: Artifacts, library: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """A real Ctrl-C, from a terminal; nothing is half-written."""
    np.save(tmp_path / "x.npy", images(4000, 49))
    script = """
import signal, sys
from deepsoc.runtime.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background ignores it
sys.exit(main(sys.argv[1:]))
"""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", script, design.path, tmp_path / "x.npy", "--out", tmp_path / "y.npy",
         "--device", "simulation", "--library", library],
        stdout=subprocess.PIPE, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while b" of 4,000 images" not in said:
            said += os.read(ours, 100)
        process.send_signal(number)
        assert process.stdout is not None
        assert process.stdout.read() == b""
        status = process.wait()
    if number == signal.SIGINT:
        while b"error:" not in said:
            said += os.read(ours, 1000)
        assert said.endswith(b"error: interrupted\r\n")
    os.close(ours)
    assert status == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
