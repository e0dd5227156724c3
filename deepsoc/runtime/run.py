"""Inference from file to file: what `deepsoc run` and, on a board, `python -m deepsoc.runtime` do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from deepsoc._arrays import read_array, write_array
from deepsoc.errors import InputError
from deepsoc.runtime.design import Design
from deepsoc.runtime.device import Device
from deepsoc.runtime.driver import Driver
from deepsoc.runtime.simulation import SimulatedDevice

__all__ = ["BOARDS", "Opener", "OperationTime", "RunResult", "open_board", "run", "run_files"]

BOARDS = ("linux", "pynq")
Opener = Callable[[Design], Device]
"""Opens the machine for a design."""
_SHOWN = 8  # images and values of each, in the text


@dataclass(frozen=True)
class OperationTime:
    """One operation of the last run, by the accelerator's counters.

    Attributes:
        name: of the operation.
        clocks: from the end of the one before it to its last acknowledged write.
        us: the same in microseconds.
        waits_for: what most of its clocks without a step wait for.
    """

    name: str
    clocks: int
    us: float
    waits_for: str


@dataclass(frozen=True, eq=False)
class RunResult:
    """Outputs and times of a number of images.

    Attributes:
        outputs: shape (images, …): real values, probabilities after a softmax, or integers.
        images: their number.
        batch: images that one run of the accelerator takes.
        fps: images a second.
        fps_basis: `measured`: on this machine, with copies and Python; or `simulated clocks`: at the frequency of
            hw.json, which says nothing of the time that the simulation took.
        seconds: wall time of the inference.
        clocks: of the simulation, from the first write of a register to the last; None: on a board.
        frequency_mhz: of the accelerator, by hw.json.
        operations: those of the last run whose counters the hardware keeps.
        softmax: the CPU applied it.
    """

    outputs: npt.NDArray[Any]
    images: int
    batch: int
    fps: float
    fps_basis: Literal["measured", "simulated clocks"]
    seconds: float
    clocks: int | None
    frequency_mhz: float
    operations: tuple[OperationTime, ...]
    softmax: bool

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values; `us_per_operation` by name."""
        return {
            **{key: value for key, value in vars(self).items() if key != "operations"},
            "outputs": self.outputs.tolist(),
            "us_per_operation": {operation.name: operation.us for operation in self.operations},
            "operations": [asdict(operation) for operation in self.operations],
        }

    def text(self) -> str:
        """The same for people: a table of the operations, the rate, and the first outputs."""
        lines = []
        if self.operations:
            width = max(len("operation"), *(len(operation.name) for operation in self.operations))
            lines = [f"{'operation':{width}}  {'clocks':>12}  {'µs':>10}  waits for"]
            lines += [f"{o.name:{width}}  {o.clocks:12,}  {o.us:10,.1f}  {o.waits_for}" for o in self.operations]
            lines.append("")
        rate = f"{self.images} images, {self.batch} a run, {self.fps:,.1f} a second"
        if self.clocks is None:
            lines.append(f"{rate}, measured with copies and Python")
        else:
            lines.append(f"{rate} by the simulation's {self.clocks:,} clocks at {self.frequency_mhz:g} MHz")
        for index, output in enumerate(self.outputs[:_SHOWN]):
            values = output.ravel()
            some = " ".join(f"{value:.4g}" for value in values[:_SHOWN]) + (" …" if values.size > _SHOWN else "")
            lines.append(f"image {index}: largest is {int(values.argmax())}; {some}")
        if self.images > _SHOWN:
            lines.append(f"… {self.images - _SHOWN} more")
        return "\n".join(lines)


def run(
    design: Design | str | Path,
    device: Device,
    images: npt.ArrayLike,
    *,
    integers: bool = False,
    timeout: float | None = 10.0,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Runs a design on a machine, which is closed in the end, whatever happens.

    Args:
        design: a design, or the folder of one.
        device: the machine.
        images: shape (count, …) or one image; real values, or integers that are taken as they are.
        integers: outputs are integers.
        timeout: seconds for one run of the accelerator; None: no limit.
        progress: told images done, and all.

    Raises:
        InputError: the folder is no design, or the images do not fit it.
        DeviceError: another accelerator answers, or it failed.
    """
    try:
        driver = Driver(design, device, timeout=timeout)
    except BaseException:
        device.close()
        raise
    with driver:
        clocks = device.clock if isinstance(device, SimulatedDevice) else None
        begin = time.monotonic()
        outputs = driver.predict(np.asarray(images), integers=integers, progress=progress)
        seconds = time.monotonic() - begin
        if isinstance(device, SimulatedDevice) and clocks is not None:
            clocks = device.clock - clocks
        counters = driver.performance()
        found = driver.design
    if outputs.ndim < len(found.output.shape):
        outputs = outputs[None]
    mhz = float(found.hw["frequency_mhz"])
    elapsed = seconds if clocks is None else clocks / (mhz * 1e6)
    return RunResult(
        outputs=outputs,
        images=len(outputs),
        batch=found.batch,
        fps=len(outputs) / elapsed if elapsed > 0 else 0.0,
        fps_basis="measured" if clocks is None else "simulated clocks",
        seconds=seconds,
        clocks=clocks,
        frequency_mhz=mhz,
        operations=tuple(
            OperationTime(found.operations[c.index], c.clocks, c.clocks / mhz, c.waits_for) for c in counters
        ),
        softmax=found.softmax,
    )


def run_files(
    folder: str | Path,
    images: str | Path,
    opened: Opener,
    *,
    out: str | Path | None = None,
    integers: bool = False,
    timeout: float | None = 10.0,
    progress: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Runs a design on the images of a file.

    Args:
        folder: of the design.
        images: .npy file, as of `run`.
        opened: opens the machine, once design and images are known to be right.
        out: .npy file for the outputs.
        integers, timeout, progress: as of `run`.

    Raises:
        InputError: design, images or `out` are wrong; names the file.
        DeviceError: as of `run`.
    """
    design = Design.load(folder)
    values, _ = design.input.integers(read_array(images, "the images"), where=str(images))
    if out is not None and not Path(out).absolute().parent.is_dir():
        raise InputError("its folder does not exist; make it, or give another file", where=str(out))
    result = run(design, opened(design), values, integers=integers, timeout=timeout, progress=progress)
    if out is not None:
        write_array(out, result.outputs)
    return result


def open_board(
    kind: str,
    design: Design,
    *,
    uio: str = "dsoc",
    address: int | None = None,
    memory: str = "udmabuf0",
    bitstream: str | Path | None = None,
) -> Device:
    """Opens the accelerator of the board that this runs on.

    Args:
        kind: one of BOARDS.
        design: for it.
        uio, address, memory: as of `LinuxDevice`.
        bitstream: as of `open_overlay`; None: the one in the design's folder, or the folder above it.

    Raises:
        InputError: there is no bitstream, or more than one.
        DeviceError: as of `LinuxDevice` and `open_overlay`; PYNQ is not installed.
    """
    if kind == "linux":
        from deepsoc.runtime.linux import LinuxDevice

        return LinuxDevice(uio, address=address, memory=memory)
    if kind != "pynq":
        raise InputError(f"expected one of {', '.join(BOARDS)}, received {kind!r}", where="device")
    if bitstream is None:
        places = (design.folder.resolve(), design.folder.resolve().parent)
        found = next((files for place in places if (files := sorted(place.glob("*.bit")))), [])
        if len(found) != 1:
            raise InputError(f"expected one .bit file here, found {len(found)}; name it", where=str(design.folder))
        bitstream = found[0]
    from deepsoc.runtime.pynq import open_overlay

    return open_overlay(bitstream)
