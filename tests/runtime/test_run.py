"""From file to file: `python -m deepsoc.runtime` as on a board, `deepsoc run`, and their function."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepsoc.cli.main import main as deepsoc
from deepsoc.deploy.pynq import package
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.runtime import DeviceError, HardwareError
from deepsoc.runtime.__main__ import main
from deepsoc.runtime.design import Design
from deepsoc.runtime.run import open_board, run
from tests.runtime.conftest import Open, images
from tests.runtime.test_driver import BATCH, expected

pytestmark = pytest.mark.xdist_group("simulator")
BOARD = Path(sys.prefix) / "board"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def x(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", images(2 * BATCH + 1, 31))
    return tmp_path / "x.npy"


def call(design: Artifacts, library: Path, *options: object) -> int:
    return main([str(part) for part in (design.path, *options, "--device", "simulation", "--library", library)])


def test_json_has_outputs_and_times(
    design: Artifacts, library: Path, x: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(design, library, x, "--json", "--integers", "--out", tmp_path / "y.npy") == 0
    answer = json.loads(capfd.readouterr().out)
    want = expected(np.load(x)).reshape(2 * BATCH + 1, -1)
    np.testing.assert_array_equal(np.reshape(answer["outputs"], want.shape), want)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy").reshape(want.shape), want)
    assert (answer["images"], answer["batch"], answer["fps_basis"]) == (2 * BATCH + 1, BATCH, "simulated clocks")
    assert list(answer["us_per_operation"]) == [op.name for op in design.manifest.operations]
    clocks = [operation["clocks"] for operation in answer["operations"]]
    assert list(answer["us_per_operation"].values()) == pytest.approx([c / answer["frequency_mhz"] for c in clocks])
    steps = [op.clocks for op in design.manifest.operations]
    assert all(found > array for found, array in zip(clocks, steps, strict=True))
    assert sum(clocks) < answer["clocks"] / 3 * 1.1  # of three runs
    assert answer["fps"] == pytest.approx(answer["images"] * answer["frequency_mhz"] * 1e6 / answer["clocks"])


def test_text_and_real_values(
    design: Artifacts, library: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = np.ldexp(images(1, 4)[0].astype(np.float32), -Design.load(design.path).input.frac)
    np.save(tmp_path / "x.npy", one)
    assert call(design, library, tmp_path / "x.npy", "--out", tmp_path / "y.npy") == 0
    text = capfd.readouterr().out
    y = np.load(tmp_path / "y.npy")
    assert y.sum() == pytest.approx(1)
    assert all(op.name in text for op in design.manifest.operations)
    assert f"image 0: largest is {y.argmax()};" in text
    assert f"1 images, {BATCH} a run, " in text
    assert "clocks at 100 MHz" in text


def test_the_command_line_is_the_same_function(
    design: Artifacts, x: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "y.npy"
    assert deepsoc(["run", str(design.path), str(x), "--out", str(out), "--json", "--stall-prob", "0.2"]) == 0
    stalled = json.loads(capfd.readouterr().out)
    assert deepsoc(["run", str(design.path), "--input", str(x), "--integers"]) == 0
    assert f"{2 * BATCH + 1} images" in capfd.readouterr().out
    want = expected(np.load(x)).reshape(len(np.load(x)), -1)
    real = np.load(out).reshape(want.shape)
    np.testing.assert_array_equal(real.argmax(axis=1), want.argmax(axis=1))
    np.testing.assert_array_equal(np.reshape(stalled["outputs"], want.shape), real)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{x}"], "library: a file is expected"),
        (["{x}", "--library", "{x}", "--device", "zynq"], "argument --device: invalid choice: 'zynq'"),
        ([], "the following arguments are required: IMAGES.npy"),
        (["{tmp}/none.npy", "--library", "{x}"], "cannot read the images: No such file"),
        (["{tmp}/wrong.npy", "--library", "{x}"], "expected images of shape (count, 9, 8, 2), received (2, 3)"),
        (["{tmp}/text.npy", "--library", "{x}"], "not an .npy file of numbers"),
        (["{x}", "--library", "{x}", "--out", "{tmp}/none/y.npy"], "none/y.npy: its folder does not exist"),
        (["{x}", "--device", "linux", "--address", "high"], "argument --address: invalid"),
        (["{x}", "--device", "linux", "--address", "0x3"], "address: expected a multiple of 4, received 0x3"),
        (["{x}", "--device", "pynq"], "expected one .bit file here, found 0; name it"),
        (["{x}", "--library", "{x}", "--timeout", "-1"], "argument --timeout: expected seconds from 0 on, received -1"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    design: Artifacts, x: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    np.save(tmp_path / "wrong.npy", np.zeros((2, 3)))
    (tmp_path / "text.npy").write_text("images")
    out = [] if "--out" in arguments else ["--out", str(tmp_path / "y.npy")]
    filled = [part.format(x=x, tmp=tmp_path) for part in arguments]
    assert main([str(design.path), "--device", "simulation", *filled, *out]) == 2
    said, err = capfd.readouterr()
    assert said == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says in err
    assert not (tmp_path / "y.npy").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{x}", "--input", "{x}"], "exactly one of IMAGES.npy and --input X.npy is expected"),
        ([], "exactly one of IMAGES.npy and --input X.npy is expected"),
        (["{x}", "--device", "linux", "--seed", "1"], "linux: stalls, latency and seed are those of the simulation"),
        (["{x}", "--device", "linux", "--address", "high"], "--address: expected a number such as 0xA0000000"),
        (["{x}", "--device", "zynq"], "--device"),
    ],
)
def test_bad_input_of_the_command_line(
    design: Artifacts, x: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert deepsoc(["run", str(design.path), *(part.format(x=x) for part in arguments)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert says in err


def test_a_machine_that_is_not_there_is_status_1(design: Artifacts, x: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(design.path), str(x), "--uio", "no-such-accelerator"]) == 1
    assert "error: no UIO device is named 'no-such-accelerator'" in capfd.readouterr().err
    assert deepsoc(["run", str(design.path), str(x), "--device", "linux", "--uio", "no-such-accelerator"]) == 1
    with pytest.raises(InputError, match="expected one of linux, pynq, received 'zynq'"):
        open_board("zynq", Design.load(design.path))


def test_the_machine_is_closed_whatever_happens(design: Artifacts, opened: Open) -> None:
    for fault in ("k", None):
        device = opened()
        if fault:
            device.plant(fault)
        else:
            device.read32 = lambda offset: 0
        with pytest.raises(DeviceError) as caught:
            run(design.path, device, images(1, 1), timeout=None)
        assert isinstance(caught.value, HardwareError) == bool(fault)
        assert device._device is None


def test_progress_is_told(design: Artifacts, opened: Open) -> None:
    told: list[tuple[int, int]] = []
    count = 2 * BATCH + 1
    run(design.path, opened(), images(count, 2), timeout=None, progress=lambda *at: told.append(at))
    assert told == [(BATCH, count), (2 * BATCH, count), (count, count)]


def test_ctrl_c_is_status_130(
    design: Artifacts, library: Path, x: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background ignores it
    try:
        patched = "deepsoc.runtime.simulation.SimulatedDevice.wait_irq"
        monkeypatch.setattr(patched, lambda device, timeout: signal.raise_signal(signal.SIGINT))
        assert call(design, library, x) == 130
        assert capfd.readouterr().err == "error: interrupted\n"
        assert deepsoc(["run", str(design.path), str(x)]) == 130
    finally:
        signal.signal(signal.SIGINT, ignored)


@pytest.mark.parametrize("numpy", ["this", "board"])
def test_runs_with_numpy_alone(design: Artifacts, library: Path, x: Path, tmp_path: Path, numpy: str) -> None:
    """A copy of the few modules, the standard library and NumPy; nothing else can be found."""
    if numpy == "board" and not (BOARD / "numpy").is_dir():
        pytest.skip("NumPy 1 does not exist for this Python")
    site = BOARD if numpy == "board" else Path(np.__file__).parents[1]
    place = tmp_path / "site"
    place.mkdir()
    for part in site.glob("numpy*"):
        (place / part.name).symlink_to(part)
    for name, data in package().items():
        path = place / name.removeprefix("lib/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    script = """
import runpy, sys
sys.path.append(sys.argv.pop(1))
runpy.run_module("deepsoc.runtime", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, place, design.path, x, "--json", "--integers",
         "--device", "simulation", "--library", library],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": os.defpath},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    want = expected(np.load(x)).reshape(len(np.load(x)), -1)
    np.testing.assert_array_equal(np.reshape(json.loads(done.stdout)["outputs"], want.shape), want)


def test_the_only_bitstream_beside_the_design_is_taken(design: Artifacts, tmp_path: Path) -> None:
    place = Path(shutil.copytree(design.path, tmp_path / "design"))
    for name in ("a.bit", "b.bit"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"design: expected one \.bit file here, found 2; name it"):
        open_board("pynq", Design.load(place))
