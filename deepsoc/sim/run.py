"""Runs an exported network on the Verilated accelerator with the real firmware and compares everything it writes."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepsoc import _process
from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts
from deepsoc.graph.executor import softmax
from deepsoc.graph.ir import IntArray
from deepsoc.perf.timing import Memory, OperationTime, work_times
from deepsoc.sim.build import build
from deepsoc.sim.compare import Comparison, compare
from deepsoc.sim.result import BundleResult, OperationResult, SimResult, joint_bound

__all__ = ["FAULTS", "Progress", "simulate"]

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction (0 … 1) of the run that is over."""

FAULTS = (
    *("flip-weight-bit", "swap-channel", "wrong-shift", "drop-beat", "repeat-beat"),
    *("stale-descriptor", "misplaced-descriptor", "bad-checksum", "read-error", "write-error"),
    *("wrong-header", "wrong-address", "lost-answer"),
)
"""Deliberate damage for tests of the checks; each may carry `:N`, the operation it hits, and those of a port more of
`:N:PORT:BEAT:RESPONSE`, see docs/simulation.md."""

_FAULT_PORTS = {
    **dict.fromkeys(("read-error", "repeat-beat"), "xko"),
    **dict.fromkeys(("write-error", "drop-beat", "lost-answer"), "y"),
}
_RESPONSES = ("slverr", "decerr")

_PORTS = {"x": "pixels", "k": "weights", "o": "operands", "y": "outputs"}
_WATCHDOG_CLOCKS = 500_000
_BUILD_SHARE = 0.5  # of a run in which the simulator is built, in what is told of the course
_MAX_STALL = 0.95
_MAX_LATENCY = 100_000
_SOFTMAX_TOLERANCE = 1e-5  # documented error of the firmware's float32 softmax, with room


def simulate(
    folder: str | Path,
    *,
    backend: str = "verilator",
    stall_prob: float = 0.0,
    mem_latency: int = 16,
    seed: int = 0,
    trace: bool = False,
    faults: Sequence[str] = (),
    rtl: str | Path | None = None,
    progress: Progress | None = None,
) -> SimResult:
    """Simulates an exported network: RTL, DRAM and firmware, against the reference.

    A later export into the folder does not disturb a run: it works on a copy.

    Args:
        folder: what `deepsoc export` wrote.
        backend: the simulator; `verilator`.
        stall_prob: probability, for each channel of each bus and each clock, that the memory or the CPU stalls.
        mem_latency: clocks from an accepted address to the first data, and from the last write data to the answer.
        seed: of the stalls, of the memory's first content and of registers without reset.
        trace: write `trace.fst` into the folder; one that a later export replaces meanwhile is lost with it.
        faults: deliberate damage out of FAULTS.
        rtl: folder of the accelerator's sources, such as a changed copy; None: the package's.
        progress: told about the course of the run.

    Returns:
        What was measured, and whether every value is right; a wrong one does not raise.

    Raises:
        InputError: the folder is no export, or an option is out of range.
        ToolError: a tool is missing or failed.
    """
    begin = time.monotonic()
    _check_options(backend, stall_prob, mem_latency, seed, faults)
    given = Artifacts.load(folder)
    tell = progress or (lambda what, fraction: None)
    with tempfile.TemporaryDirectory(prefix="deepsoc-sim-") as name:
        work = Path(name)
        export = _copied(given, work / "export")
        tell, program = _built(export, work, tell, trace=trace, rtl=Path(rtl).resolve() if rtl else None)
        outputs = "".join(f"{op.y_offset} {op.y_bytes}\n" for op in export.manifest.operations)
        (work / "outputs.txt").write_text(outputs)
        options: dict[str, object] = {
            "weights": export.path / "weights.bin",
            "input": export.path / "input.bin",
            "outputs": work / "outputs.txt",
            "out": work,
            "stall-prob": stall_prob,
            "mem-latency": mem_latency,
            "max-burst": export.hw.axi_max_burst,
            "seed": seed,
            "watchdog": _WATCHDOG_CLOCKS + 100 * mem_latency,
        }
        traced = given.path.resolve() / "trace.fst"
        draft = traced.with_name(f".{work.name}.fst")  # two runs may be at work
        if trace:
            options["trace"] = draft
        command = [str(program), *(part for key, value in options.items() for part in (f"--{key}", str(value)))]
        command += [part for fault in faults for part in ("--fault", fault)]
        try:
            _process.run(command, cwd=work, on_line=_progress_lines(export, tell))
            kept = _moved(draft, traced)
        finally:
            draft.unlink(missing_ok=True)
        found = json.loads((work / "result.json").read_text())
        memory = Memory(mem_latency, efficiency=1 - stall_prob)
        return _result(export, found, work, memory, str(traced) if kept else "", begin)


def _built(export: Artifacts, work: Path, tell: Progress, *, trace: bool, rtl: Path | None) -> tuple[Progress, Path]:
    """Builds the simulator: what tells of the rest of the run, which is all of it if nothing was built; the program."""
    share = 0.0

    def on_build(what: str, fraction: float) -> None:
        nonlocal share
        share = _BUILD_SHARE
        tell(what, share * fraction)

    tell("building the simulator", 0.0)
    program = build(export.path, work, trace=trace, rtl=rtl, progress=on_build)
    return (lambda what, fraction: tell(what, share + (1 - share) * fraction)), program


def _copied(export: Artifacts, place: Path) -> Artifacts:
    try:
        for file in export.files:
            copy = place / file.relative_to(export.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    except OSError as err:
        raise ToolError(f"cannot copy {export.path}: {err.strerror or err}") from None
    return Artifacts.load(place)


def _moved(file: Path, target: Path) -> bool:
    """Puts the file in the target's place; False if there is none, as after another export replaced the folder."""
    try:
        file.replace(target)
    except FileNotFoundError:
        return False
    return True


def _check_options(backend: str, stall_prob: float, mem_latency: int, seed: int, faults: Sequence[str]) -> None:
    if backend in ("cocotb", "xsim"):
        raise InputError(f"{backend} is not available in this version; use verilator", where="backend")
    if backend != "verilator":
        raise InputError(f"expected verilator, received {backend!r}", where="backend")
    if not (math.isfinite(stall_prob) and 0 <= stall_prob <= _MAX_STALL):
        raise InputError(f"expected 0 … {_MAX_STALL}, received {stall_prob}", where="stall_prob")
    if not 0 <= mem_latency <= _MAX_LATENCY:
        raise InputError(f"expected 0 … {_MAX_LATENCY} clocks, received {mem_latency}", where="mem_latency")
    if not 0 <= seed < 1 << 63:
        raise InputError(f"expected an integer of at least 0 and less than 2^63, received {seed}", where="seed")
    for fault in faults:
        if not _is_fault(fault):
            expected = f"expected one of {', '.join(FAULTS)}, or one with :N or, of a port, :N:PORT:BEAT:RESPONSE"
            raise InputError(f"{expected}, received {fault!r}", where="faults")


def _is_fault(text: str) -> bool:
    name, *places = text.split(":")
    ports = _FAULT_PORTS.get(name, "")
    responses = _RESPONSES if name.endswith("-error") else ()
    legal: tuple[Callable[[str], bool], ...] = (
        _is_count,
        lambda port: len(port) == 1 and port in ports,
        _is_count,
        lambda response: response in responses,
    )
    return (
        name in FAULTS
        and len(places) <= len(legal)
        and all(is_legal(p) for is_legal, p in zip(legal, places, strict=False))
    )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _progress_lines(export: Artifacts, tell: Progress) -> Callable[[str], bool]:
    """A reader of the harness's output: progress goes to `tell`, anything else is for the error message."""
    operations = export.manifest.operations
    total = max(1, sum(op.clocks for op in operations))

    def on_line(line: str) -> bool:
        try:
            report = json.loads(line)
            clock, index = int(report["clock"]), int(report["operation"])
        except (ValueError, KeyError, TypeError):
            return False
        if index < len(operations):
            tell(f"simulating {operations[index].name}", min(clock / total, 1.0))
        return True

    return on_line


def _result(
    export: Artifacts, found: dict[str, Any], work: Path, memory: Memory, trace: str, begin: float
) -> SimResult:
    total = Comparison()
    entries = export.manifest.operations
    models = work_times([op.work for op in entries], [op.cost for op in entries], export.hw, memory)
    operations = _operations(export, found, (work / "snapshots.bin").read_bytes(), models, total)
    error = _error(export, found)
    if not error:
        _compare_firmware(export, work, total)
    return SimResult(
        bit_exact=not error and total.mismatches == 0,
        mismatches=total.mismatches,
        first_difference=total.first,
        error=error,
        cycles_rtl=found["clocks"],
        cycles_register=found["clocks_register"],
        cycles_model=round(sum(model.clocks for model in models)),
        bundles=_bundles(export, operations),
        operations=tuple(operations),
        faults=tuple(found["faults"]),
        trace=trace,
        wall_s=time.monotonic() - begin,
        run_s=found["run_s"],
        clocks_per_second=found["clocks"] / found["run_s"] if found["run_s"] > 0 else 0.0,
    )


def _operations(
    export: Artifacts,
    found: dict[str, Any],
    snapshots: bytes,
    models: Sequence[OperationTime],
    total: Comparison,
) -> list[OperationResult]:
    """Compares the snapshot of every operation; they lie one after the other in the order of execution."""
    results = []
    offset = 0
    for op, model, seen in zip(export.manifest.operations, models, found["operations"], strict=True):
        done = op.index < found["done"]
        received: IntArray | None = None
        if done:
            received = op.tensor.unpack(snapshots[offset : offset + op.y_bytes], export.hw)
            offset += op.y_bytes
        wrong = compare(
            total, bundle=op.bundle, operation=op.name, expected=export.expected(op.index), received=received
        )
        results.append(
            OperationResult(
                index=op.index,
                name=op.name,
                bundle=op.bundle,
                cycles_rtl=seen["done"] - seen["start"] if done else 0,
                cycles_model=round(model.clocks),
                x_bytes=seen["x"],
                k_bytes=seen["k"],
                o_bytes=seen["o"],
                y_bytes=seen["y"],
                bound=_bound(export, op.clocks + op.overhead_clocks, seen),
                mismatches=wrong,
            )
        )
    return results


def _bound(export: Artifacts, clocks: int, seen: dict[str, int]) -> str:
    """The port that moves more beats than the operation should take clocks, or `array`."""
    port = max(_PORTS, key=lambda name: seen[name])
    return _PORTS[port] if seen[port] // export.hw.axi_bytes > clocks else "array"


def _bundles(export: Artifacts, operations: Sequence[OperationResult]) -> tuple[BundleResult, ...]:
    results = []
    for bundle in export.manifest.bundles:
        mine = [operations[i] for i in bundle.operations]
        results.append(
            BundleResult(
                name=bundle.name,
                cycles_rtl=sum(op.cycles_rtl for op in mine),
                cycles_model=sum(op.cycles_model for op in mine),
                axi_read_bytes=sum(op.x_bytes + op.k_bytes + op.o_bytes for op in mine),
                axi_write_bytes=sum(op.y_bytes for op in mine),
                bound=joint_bound(op.bound for op in mine),
            )
        )
    return tuple(results)


def _error(export: Artifacts, found: dict[str, Any]) -> str:
    """Why the run ended early, with the operation's name; empty if it did not."""
    if found["status"] == "ok":
        return ""
    operations = export.manifest.operations
    index = min(found["operation"], len(operations) - 1)
    return f"operation {index} ({operations[index].name}): {found['message']}"


def _compare_firmware(export: Artifacts, work: Path, total: Comparison) -> None:
    """Compares what the firmware returned: the output integers, and the probabilities if there is a softmax."""
    manifest = export.manifest
    bundle = manifest.bundles[-1]
    expected = _output(export).reshape(manifest.output.shape)
    received = np.fromfile(work / "output.bin", "<i4")
    if received.size != expected.size:
        raise ToolError(f"the firmware returned {received.size} values, expected {expected.size}; report this")
    compare(total, bundle=bundle.name, operation="output", expected=expected, received=received)
    if manifest.softmax:
        compare(
            total,
            bundle=bundle.name,
            operation="softmax",
            expected=softmax(expected, manifest.output.frac),
            received=np.fromfile(work / "probabilities.bin", "<f4"),
            tolerance=_SOFTMAX_TOLERANCE,
        )


def _output(export: Artifacts) -> IntArray:
    """The network's output: what the last operation makes, or the last few if each makes some rows of it."""
    size = math.prod(export.manifest.output.shape)
    parts: list[IntArray] = []
    for index in reversed(export.manifest.bundles[-1].operations):
        parts.insert(0, export.expected(index).ravel())
        if sum(part.size for part in parts) >= size:
            break
    return np.concatenate(parts)
