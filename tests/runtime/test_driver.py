"""The driver on the real RTL: right answers, two inputs under way, and every way in which a machine fails."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.graph.executor import execute
from deepsoc.netspec.spec import parse_net
from deepsoc.runtime import DeviceError, Driver, HardwareTimeout
from deepsoc.runtime import _registers as regs
from tests.runtime.conftest import Open, images
from tests.sim.test_simulate import NET

pytestmark = pytest.mark.xdist_group("simulator")
BATCH = NET["input"]["batch"]


def expected(values: np.ndarray) -> np.ndarray:
    """Integers of the reference, in the design's batches."""
    graph = parse_net(NET).to_graph(seed=3)
    last = graph.bundles[-1].name
    parts = []
    for i in range(0, len(values), BATCH):
        part = np.zeros((BATCH, *values.shape[1:]), np.int64)
        part[: len(values[i : i + BATCH])] = values[i : i + BATCH]
        parts.append(execute(graph, part)[last].out)
    return np.concatenate(parts)[: len(values)]


@pytest.mark.parametrize(("count", "stall_prob", "latency"), [(1, 0.0, 16), (5, 0.3, 60), (4, 0.0, 0)])
def test_any_number_of_images(design: Artifacts, opened: Open, count: int, stall_prob: float, latency: int) -> None:
    x = images(count, count)
    with Driver(design.path, opened(stall_prob=stall_prob, mem_latency=latency, seed=count), timeout=None) as driver:
        found = driver.predict(x, integers=True)
        np.testing.assert_array_equal(found.reshape(count, -1), expected(x).reshape(count, -1))
        np.testing.assert_array_equal(driver.predict(x, integers=True), found)


def test_real_values_are_quantized_and_outputs_are_real(design: Artifacts, opened: Open) -> None:
    x = images(3, 1)
    with Driver(design.path, opened(), timeout=None) as driver:
        frac = driver.design.input.frac
        real = np.ldexp(x.astype(float), -frac) + np.ldexp(0.25, -frac)  # rounds back
        outputs = driver.predict(real)
        np.testing.assert_allclose(outputs.sum(axis=-1) if driver.design.softmax else 1.0, 1.0)
        integers = driver.predict(x, integers=True)
        assert (np.argmax(outputs, axis=-1) == np.argmax(integers, axis=-1)).all()
        one = driver.predict(real[0])
        np.testing.assert_array_equal(one, outputs[0])
        saturated = driver.predict(np.full_like(real, 1e30), integers=True)
        np.testing.assert_array_equal(saturated, driver.predict(np.full_like(x, 127), integers=True))


def test_two_inputs_are_under_way(design: Artifacts, opened: Open) -> None:
    x = images(3 * BATCH, 2)
    want = expected(x).reshape(3, BATCH, -1)
    with Driver(design.path, opened(), timeout=None) as driver:
        first, second = driver.submit(x[:BATCH]), driver.submit(x[BATCH : 2 * BATCH])
        assert first.started
        assert not second.started
        with pytest.raises(InputError, match="2 runs are under way"):
            driver.submit(x[2 * BATCH :])
        np.testing.assert_array_equal(driver.wait(first).reshape(BATCH, -1), want[0])
        assert second.started
        third = driver.submit(x[2 * BATCH :])
        np.testing.assert_array_equal(driver.wait(third).reshape(BATCH, -1), want[2])  # finishes the second as well
        np.testing.assert_array_equal(driver.wait(second).reshape(BATCH, -1), want[1])


def test_performance_counters_are_those_of_the_last_run(design: Artifacts, opened: Open) -> None:
    """The same in every run without stalls, of the operation that runs as far as it is, and nothing before any."""
    device = opened(mem_latency=0)
    with Driver(design.path, device, timeout=None) as driver:
        assert driver.performance() == ()
        driver.predict(images(BATCH, 1))
        first = driver.performance()
        assert [figures.index for figures in first] == list(range(len(driver.design.operations)))
        operations = design.manifest.operations
        for port in ("x", "o", "y"):
            moved = sum(getattr(figures, f"{port}_beats") for figures in first) * design.hw.axi_bytes
            assert moved == sum(getattr(op.axi_bytes, port) for op in operations)
        for figures, op in zip(first, operations, strict=True):
            assert figures.o_beats * design.hw.axi_bytes == op.axi_bytes.o
            assert figures.clocks > figures.array > 0
        ticket = driver.submit(images(BATCH, 2))
        seen = [driver.performance() for _ in range(3)]  # while it runs
        assert [figures.clocks for figures in seen[0]] < [figures.clocks for figures in seen[2]]
        assert len(seen[0]) < len(first)
        driver.wait(ticket)
        again = driver.performance()
    assert [(f.array, f.x_beats, f.o_beats, f.y_beats) for f in again] == [
        (f.array, f.x_beats, f.o_beats, f.y_beats) for f in first
    ]


@pytest.mark.parametrize("forgotten", ["flush", "invalidate"])
def test_a_forgotten_cache_operation_gives_wrong_data(design: Artifacts, opened: Open, forgotten: str) -> None:
    x = images(BATCH, 3)
    with Driver(design.path, opened(), timeout=None) as driver:
        driver.predict(images(2 * BATCH, 9))  # both arenas hold weights
        setattr(driver._device, forgotten, lambda buffer: None)
        assert not np.array_equal(driver.predict(x, integers=True).reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_a_lost_answer_names_the_operation(design: Artifacts, opened: Open) -> None:
    device = opened()
    with Driver(design.path, device, timeout=None) as driver:
        device.plant("b")
        with pytest.raises(
            HardwareTimeout, match=r"operation 0 \(b1\): stands still.*; the accelerator .* does not stop"
        ):
            driver.predict(images(1, 1))


def test_a_run_that_another_driver_left_is_abandoned(design: Artifacts, opened: Open) -> None:
    x = images(BATCH, 6)
    device = opened(mem_latency=100)
    left = Driver(design.path, device, timeout=None)
    left.submit(x)  # and its program is killed
    assert device.read32(regs.STATUS) & regs.STATUS_BUSY_MASK
    device._used = 0
    with Driver(design.path, device, timeout=None) as driver:
        found = driver.predict(x, integers=True)
    np.testing.assert_array_equal(found.reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_the_keyboard_interrupts_and_the_next_run_is_right(
    design: Artifacts, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = images(BATCH, 8)
    device = opened(mem_latency=60)
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background ignores it
    try:
        with Driver(design.path, device, timeout=None) as driver:
            ticket = driver.submit(x)
            with monkeypatch.context() as patch:
                patch.setattr(device, "wait_irq", lambda timeout: signal.raise_signal(signal.SIGINT))
                with pytest.raises(KeyboardInterrupt):
                    driver.wait(ticket)
            found = driver.predict(x, integers=True)
    finally:
        signal.signal(signal.SIGINT, ignored)
    np.testing.assert_array_equal(found.reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_another_accelerator_is_refused(design: Artifacts, opened: Open, tmp_path: Path) -> None:
    device = opened()
    device.read32 = lambda offset: 0xFFFF_FFFF if offset == regs.ID else 0  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="no DeepSoC accelerator answers"):
        Driver(design.path, device)
    device = opened()
    read32 = device.read32
    device.read32 = lambda offset: 0xABC if offset == regs.PARAMS_HASH else read32(offset)  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match=rf"hash is 0x00000abc, the design's {design.hw.params_hash:#010x}"):
        Driver(design.path, device)
    changed = Path(shutil.copytree(design.path, tmp_path / "changed"))
    manifest = json.loads((changed / "manifest.json").read_text())
    (changed / "manifest.json").write_text(json.dumps({**manifest, "desc_offset": manifest["desc_offset"] + 256}))
    with pytest.raises(InputError, match=r"manifest.json: differs from what was exported"):
        Driver(changed, opened())
    (changed / "manifest.json").write_text(json.dumps(manifest))
    hw = json.loads((changed / "hw.json").read_text())
    (changed / "hw.json").write_text(json.dumps({**hw, "cols": 10}))
    with pytest.raises(InputError, match=r"hw.json: differs from what was exported"):
        Driver(changed, opened())


@pytest.mark.parametrize("name", ["weights.bin", "descriptors.bin", "manifest.json"])
def test_damaged_files_are_refused_by_name(design: Artifacts, opened: Open, tmp_path: Path, name: str) -> None:
    place = Path(shutil.copytree(design.path, tmp_path / "design"))
    data = (place / name).read_bytes()
    (place / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=name if name != "manifest.json" else "not a design"):
        Driver(place, opened())
    (place / name).unlink()
    with pytest.raises(InputError, match=name):
        Driver(place, opened())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((2, 3)), "expected images of shape"),
        (np.full((1, *NET["input"]["shape"]), np.nan), "NaN"),
        (np.full((1, *NET["input"]["shape"]), 128), "integers of 8 bits are -128 … 127"),
        (np.full((1, *NET["input"]["shape"]), "a"), "expected numbers"),
        (np.zeros((0, *NET["input"]["shape"])), "expected images of shape"),
    ],
)
def test_wrong_images(design: Artifacts, opened: Open, wrong: np.ndarray, message: str) -> None:
    with Driver(design.path, opened(), timeout=None) as driver, pytest.raises(InputError, match=message):
        driver.predict(wrong)


def test_needs_numpy_alone() -> None:
    """As on a board, where nothing else is installed."""
    script = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "deepsoc"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import deepsoc.runtime, deepsoc.runtime.simulation
print(*sorted(name for name in sys.modules if name.startswith("deepsoc")))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    allowed = ("deepsoc.runtime", "deepsoc.errors", "deepsoc._tensors", "deepsoc._registry")
    assert [name for name in done.stdout.split() if name != "deepsoc" and not name.startswith(allowed)] == []
