"""The cocotb test that runs one batch of an exported network by the driver, and writes what it saw."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, RisingEdge

from deepsoc.export import Artifacts
from deepsoc.hw.regmap import load_map
from deepsoc.runtime import DeviceError, Driver
from deepsoc.runtime import _registers as regs
from deepsoc.runtime.device import Buffer
from deepsoc.sim.backends.cocotb import JOB
from deepsoc.sim.cocotb_device import CocotbDevice

_TOLD_CLOCKS = 1000


class _Watched(CocotbDevice):
    """Keeps what every operation moved and wrote, and when it ended."""

    def __init__(self, dut: Any, *, export: Artifacts, snapshots: Path, **options: Any) -> None:
        super().__init__(dut, memory_bytes=export.manifest.arena_bytes, **options)
        self.operations: list[dict[str, Any]] = [
            dict.fromkeys(("start", "done", *"xkoy"), 0) for _ in export.manifest.operations
        ]
        self.done = self.started = 0
        self.started_s = self.ended_s = time.monotonic()
        self._export = export
        self._snapshots = snapshots
        self._weights_at = _weights_at(export)
        cocotb.start_soon(self._watch())
        cocotb.start_soon(self._tell())

    def write32(self, offset: int, value: int) -> None:
        if offset == regs.CTRL and value & regs.CTRL_START_MASK:
            self.started = self.clock
            self.started_s = time.monotonic()
        super().write32(offset, value)

    def alloc(self, size: int) -> Buffer:
        buffer = super().alloc(size)
        assert buffer.address == self._base, "the arena is the whole memory"
        return buffer

    def on_burst(self, port: str, address: int, beats: int) -> None:
        manifest, index = self._export.manifest, min(self.done, len(self.operations) - 1)
        weights = 0 <= address - self._base - manifest.weights_offset < manifest.weights_bytes
        if port == "k" or (port != "y" and weights):
            port, index = "k", self._owner(address - self._base)
        self.operations[index][port] += beats * self._export.hw.axi_bytes

    def _owner(self, offset: int) -> int:
        """Weights and descriptors are fetched ahead: the operation that needs them."""
        table = 4 * load_map().descriptor_words * len(self.operations)
        begin = offset - self._export.manifest.desc_offset
        if 0 <= begin < table:
            return begin * len(self.operations) // table
        return max(((at, index) for at, index in self._weights_at if at <= offset), default=(0, 0))[1]

    async def _watch(self) -> None:
        while self.done < len(self.operations):
            await RisingEdge(self.dut.op_done_o)
            now = self.clock - self.started
            self.operations[self.done]["done"] = now
            op = self._export.manifest.operations[self.done]
            with self._snapshots.open("ab") as file:
                file.write(self.memory[op.y_offset : op.y_offset + op.y_bytes].tobytes())
            self.done += 1
            self.ended_s = time.monotonic()
            if self.done < len(self.operations):
                self.operations[self.done]["start"] = now

    async def _tell(self) -> None:
        while True:
            await ClockCycles(self.dut.clk_i, _TOLD_CLOCKS)
            if self.started:
                print(json.dumps({"clock": self.clock - self.started, "operation": self.done}))  # noqa: T201
                sys.stdout.flush()


def _weights_at(export: Artifacts) -> list[tuple[int, int]]:
    """Arena offset of every operation's weights, and its index."""
    table = np.frombuffer((export.path / "descriptors.bin").read_bytes(), "<u4").reshape(
        len(export.manifest.operations), -1
    )
    word = {name: load_map().field(name).word for name in ("k_addr", "k_beats", "load_addr", "load_beats")}
    return [
        (int(row[word[f"{stream}_addr"]]), i)
        for i, row in enumerate(table)
        for stream in ("k", "load")
        if row[word[f"{stream}_beats"]]
    ]


@cocotb.test()  # type: ignore[untyped-decorator]
async def network(dut: Any) -> None:
    """Runs the batch."""
    job = json.loads(Path(os.environ[JOB]).read_text())
    out = Path(job["out"])
    export = Artifacts.load(job["export"])
    options = {name: job[name] for name in ("stall_prob", "mem_latency", "watchdog", "seed")}
    device = await _Watched.start(dut, export=export, snapshots=out / "snapshots.bin", **options)
    (out / "snapshots.bin").touch()
    found: dict[str, Any] = {"status": "ok", "message": "", "faults": [], "operation": 0, "clocks_register": 0}

    def work() -> None:
        with Driver(export.path, device, timeout=None) as driver:
            try:
                outputs = driver.predict(export.input(), integers=True)
            except DeviceError as error:
                name = getattr(error, "operation", "")
                message = str(error).removeprefix(f"operation {name}: ")
                found.update(status="driver", message=message, operation=device.done)
                return
            found["clocks_register"] = device.read32(regs.CLOCKS)
            for counters in driver.performance():
                counts = dataclasses.asdict(counters)
                device.operations[counts.pop("index")]["counters"] = counts
            outputs.astype("<i4").tofile(out / "output.bin")
            if driver.design.softmax:
                driver.real(outputs).astype("<f4").tofile(out / "probabilities.bin")

    await device.run(work)
    clocks = device.operations[device.done - 1]["done"] if device.done else 0
    found.update(done=device.done, clocks=clocks, run_s=device.ended_s - device.started_s, operations=device.operations)
    (out / "result.json").write_text(json.dumps(found))
