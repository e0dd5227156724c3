"""The contract with PYNQ: its own classes, unmodified, and the driver on the simulated RTL.

`test_pynq.py` runs this with the NumPy 1 that PYNQ needs, and hands over the design in environment variables.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pynq
import pytest

from deepsoc.errors import InputError
from deepsoc.runtime import DeviceError, Driver, HardwareError, Interrupt
from deepsoc.runtime.pynq import Accelerator, PynqDevice, open_overlay
from deepsoc.runtime.simulation import SimulatedDevice
from tests.runtime.board import REGISTERS, VLNV, Board

MakeBoard = Callable[..., Board]

DESIGN = Path(os.environ["CONTRACT_DESIGN"])
LIBRARY = Path(os.environ["CONTRACT_LIBRARY"])
BATCH = int(os.environ["CONTRACT_BATCH"])
IMAGES, EXPECTED = (np.load(DESIGN.parent / f"contract_{name}.npy") for name in ("images", "expected"))


@pytest.fixture
def board() -> Iterator[MakeBoard]:
    """Makes the board that PYNQ finds."""
    made: list[SimulatedDevice] = []

    def make(blocks: dict[str, str] | None = None, **options: object) -> Board:
        made.append(SimulatedDevice(LIBRARY, memory_bytes=1 << 20, max_burst=8, **options))
        pynq.Device.active_device = Board(made[-1], blocks)
        return pynq.Device.active_device

    yield make
    for device in made:
        device.close()


def right(found: np.ndarray, first: int = 0) -> bool:
    """Whether these are the outputs of the images from `first` on."""
    want = EXPECTED[first : first + len(found)]
    return np.array_equal(found.reshape(len(found), -1), want.reshape(len(found), -1))


@pytest.fixture
def bitstream(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    for name in ("design.bit", "design.hwh"):
        (tmp_path / name).touch()
    return tmp_path / "design.bit"


def test_overlay_mmio_buffers_and_driver(board: MakeBoard, bitstream: Path, tmp_path: Path) -> None:
    made = board(stall_prob=0.2, mem_latency=40)
    device = open_overlay(bitstream, root=tmp_path)
    assert made.downloads == 1
    assert type(device._mmio) is pynq.MMIO
    assert type(device.alloc(64).array) is np.ndarray
    assert len(IMAGES) % BATCH
    with Driver(DESIGN, device, timeout=60) as driver:
        for x in (IMAGES, IMAGES[: 2 * BATCH + 1]):
            found = driver.predict(x, integers=True)
            assert type(found) is np.ndarray
            assert right(found)


def test_the_block_of_an_overlay_has_the_driver(
    board: MakeBoard, bitstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepsoc.runtime.lock._FOLDERS", (tmp_path / "tmp",))
    for vlnv in Accelerator.bindto:
        board({"other": "xilinx.com:ip:axi_gpio:2.0", "net": vlnv})
        overlay = pynq.Overlay(str(bitstream))
        assert type(overlay.net) is Accelerator
        x = IMAGES[:BATCH]
        with overlay.net.driver(DESIGN, timeout=60) as driver:
            found = driver.predict(x, integers=True)
        assert right(found)
        with pytest.raises(InputError, match="cannot read"):
            overlay.net.driver(bitstream.parent)
        overlay.net.driver(DESIGN).close()  # the lock is free


@pytest.mark.parametrize("forgotten", ["flush", "invalidate"])
def test_a_forgotten_cache_operation_gives_wrong_data(
    board: MakeBoard, bitstream: Path, tmp_path: Path, forgotten: str
) -> None:
    made = board()
    x = IMAGES[2 * BATCH : 3 * BATCH]
    with Driver(DESIGN, open_overlay(bitstream, root=tmp_path), timeout=60) as driver:
        driver.predict(IMAGES[: 2 * BATCH])
        setattr(made, forgotten, lambda *arguments: None)
        assert not right(driver.predict(x, integers=True), first=2 * BATCH)


def test_errors_of_the_hardware(board: MakeBoard, bitstream: Path, tmp_path: Path) -> None:
    made = board()
    x = IMAGES[:BATCH]
    with Driver(DESIGN, open_overlay(bitstream, root=tmp_path), timeout=60) as driver:
        made.sim.plant("k")
        with pytest.raises(HardwareError, match="axi read"):
            driver.predict(x)
        found = driver.predict(x, integers=True)
    assert right(found)


class _Pin:
    """An interrupt as PYNQ gives it; the accelerator runs meanwhile."""

    def __init__(self, board: Board, *, comes: bool = True) -> None:
        self.board, self.comes, self.waits = board, comes, 0

    async def wait(self) -> None:
        self.waits += 1
        self.board.sim.wait_irq(None)
        if not self.comes:
            await asyncio.sleep(600)


@pytest.mark.parametrize("comes", [True, False])
def test_the_interrupt_of_the_block_design(
    board: MakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes: bool
) -> None:
    monkeypatch.setattr("deepsoc.runtime._interrupt._LOOK_S", 0.05)
    monkeypatch.setattr("deepsoc.runtime._interrupt._GRACE_S", 0.05)
    loop = asyncio.new_event_loop()
    monkeypatch.setattr(asyncio, "get_event_loop", lambda: loop)
    (tmp_path / "tmp").mkdir()
    made = board()
    pin = _Pin(made, comes=comes)
    block = SimpleNamespace(
        mmio=pynq.MMIO(REGISTERS, 4096), device=made, _interrupts={"unused": {}, "irq": {}}, unused=None, irq=pin
    )
    device = PynqDevice(block, root=tmp_path)
    assert isinstance(device, Interrupt)
    x = IMAGES[: 2 * BATCH]
    with Driver(DESIGN, device, timeout=60) as driver:
        if comes:
            found = driver.predict(x, integers=True)
        else:
            with pytest.warns(RuntimeWarning, match="its interrupt did not come"):
                found = driver.predict(x, integers=True)
    loop.close()
    assert pin.waits >= 1
    assert isinstance(device, Interrupt) == comes
    assert right(found)

    async def in_a_notebook() -> None:
        assert not isinstance(PynqDevice(block, root=tmp_path), Interrupt)

    asyncio.run(in_a_notebook())


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({"gpio": "xilinx.com:ip:axi_gpio:2.0"}, r"holds 0 accelerators, expected one: gpio \(xilinx"),
        ({}, r"holds 0 accelerators, expected one: nothing"),
        ({"a": VLNV, "b": VLNV}, r"holds 2 accelerators, .*PynqDevice\(overlay\.NAME\)"),
    ],
)
def test_overlays_without_one_accelerator(
    board: MakeBoard, bitstream: Path, tmp_path: Path, blocks: dict[str, str], message: str
) -> None:
    made = board(blocks)
    with pytest.raises(DeviceError, match=message):
        open_overlay(bitstream, root=tmp_path)
    assert made.downloads == 0


def test_nothing_is_loaded_over_another_process(board: MakeBoard, bitstream: Path, tmp_path: Path) -> None:
    made = board()
    first = open_overlay(bitstream, root=tmp_path)
    with pytest.raises(DeviceError, match="is used by process"):
        open_overlay(bitstream, root=tmp_path)
    assert made.downloads == 1
    first.close()
    open_overlay(bitstream, download=False, root=tmp_path).close()
    assert made.downloads == 1


def test_missing_files_and_memory(board: MakeBoard, bitstream: Path, tmp_path: Path) -> None:
    made = board()
    device = open_overlay(bitstream, root=tmp_path)

    def exhausted(*arguments: object, **options: object) -> None:
        raise RuntimeError("Allocate failed: -1")

    made.allocate = exhausted
    with pytest.raises(DeviceError, match=re.escape("no 4,096 bytes of contiguous memory left (Allocate failed: -1)")):
        device.alloc(4096)
    device.close()
    bitstream.with_suffix(".hwh").unlink()
    with pytest.raises(DeviceError, match=r"design\.hwh is missing; copy bitstream and \.hwh"):
        open_overlay(bitstream, root=tmp_path)


def test_the_notebook_of_a_deployment(board: MakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells, one after the other, in the folder that goes to the board."""
    folder = Path(os.environ["CONTRACT_DEPLOYED"])
    monkeypatch.chdir(folder)
    monkeypatch.setattr("deepsoc.runtime.lock._FOLDERS", (tmp_path,))
    monkeypatch.setattr(sys, "path", list(sys.path))
    board()
    names: dict[str, object] = {}
    for cell in json.loads((folder / "run.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert isinstance(names["device"], PynqDevice)
    assert names["outputs"].shape == names["expected"].shape
