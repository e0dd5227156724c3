"""Runs an exported network on the Verilated accelerator with the real firmware and compares everything it writes."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc._arrays import write_array
from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts
from deepsoc.graph.executor import softmax
from deepsoc.graph.ir import IntArray
from deepsoc.perf.timing import Memory, OperationTime, work_times
from deepsoc.runtime.performance import OperationCounters
from deepsoc.sim.backends import Found, Options, Progress, choose
from deepsoc.sim.compare import Comparison, compare
from deepsoc.sim.inputs import batches, in_batches, read_images
from deepsoc.sim.result import BundleResult, OperationResult, SimResult, SocResult, joined, joint_bound

__all__ = ["FAULTS", "Progress", "simulate"]

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
_BUILD_SHARE = 0.5  # of a run in which the simulator is built, in what is told of the course
_MAX_STALL = 0.95
_SEEDS = 1 << 63
_MAX_LATENCY = 100_000
_SOFTMAX_TOLERANCE = 1e-5  # documented error of the firmware's float32 softmax, with room


def simulate(
    folder: str | Path,
    *,
    backend: str = "verilator",
    simulator: str | None = None,
    images: str | Path | npt.ArrayLike | None = None,
    outputs: str | Path | None = None,
    stall_prob: float = 0.0,
    mem_latency: int = 16,
    seed: int = 0,
    trace: bool = False,
    faults: Sequence[str] = (),
    assertions: bool = True,
    rtl: str | Path | None = None,
    progress: Progress | None = None,
) -> SimResult:
    """Simulates an exported network: RTL, DRAM and driver or firmware, against the reference.

    A later export into the folder does not disturb a run: it works on a copy.

    Args:
        folder: what `deepsoc export` wrote.
        backend: what runs the network; `deepsoc._backends.BACKENDS` lists them.
        simulator: that the back end runs on; None: its first.
        images: inputs in place of the exported ones, an array or an .npy file, (count, …): real values are quantized as
            in training, integers taken as they are. More than a batch are run one batch after the other, the last one
            filled with zeros; clocks and bytes of the result are then sums.
        outputs: .npy file that gets the network's outputs, (count, …): probabilities if it ends in a softmax, else real
            values. Not written if the run ends early.
        stall_prob: probability, for each channel of each bus and each clock, that the memory or the CPU stalls.
        mem_latency: clocks from an accepted address to the first data, and from the last write data to the answer.
        seed: of the stalls, of the memory's first content and of registers without reset; a batch more, one more.
        trace: write `trace.fst` into the folder; one that a later export replaces meanwhile is lost with it.
        faults: deliberate damage out of FAULTS.
        assertions: check the RTL's assertions and the rules of AXI on its ports; a run without them is faster.
        rtl: folder of the accelerator's sources, such as a changed copy; None: the package's.
        progress: told about the course of the run.

    Returns:
        What was measured, and whether every value is right; a wrong one does not raise.

    Raises:
        InputError: the folder is no export, or an option or the images are wrong.
        ToolError: a tool is missing or failed.
    """
    begin = time.monotonic()
    _check_options(stall_prob, mem_latency, seed, faults)
    prepare, simulator = choose(backend, simulator, trace=trace, faults=bool(faults))
    given = Artifacts.load(folder)
    values = given.input() if images is None else read_images(images, given)
    parts = in_batches(values, given.manifest.input.shape[0])
    if trace and len(parts) > 1:
        raise InputError(f"a trace holds one batch; give at most {len(parts[0])} images", where="trace")
    traced = given.path.resolve() / "trace.fst"
    with tempfile.TemporaryDirectory(prefix="deepsoc-sim-") as name:
        work = Path(name)
        draft = traced.with_name(f".{work.name}.fst") if trace else None  # two runs may be at work
        options = Options(
            stall_prob, mem_latency, simulator, draft, faults, Path(rtl).resolve() if rtl else None, assertions
        )
        export = _copied(given, work / "export")
        tell = _Course(progress or (lambda what, fraction: None), len(parts))
        tell("building the simulator", 0.0)
        run = prepare(export, work, options, tell.build)
        results, found = [], []
        try:
            for index, batch in enumerate([export] if images is None else batches(export, parts, work)):
                place = work / f"run{index}"
                place.mkdir()
                seen = run(batch, place, (seed + index) % _SEEDS, tell.batch(index))
                results.append(_result(batch, seen, place, Memory(mem_latency, efficiency=1 - stall_prob)))
                if results[-1].error:
                    break
                found.append(_outputs(batch, place))
            kept = bool(draft and _moved(draft, traced))
        finally:
            if draft:
                draft.unlink(missing_ok=True)
    written = ""
    if outputs is not None and len(found) == len(parts):
        write_array(outputs, np.concatenate(found)[: len(values)])
        written = str(outputs)
    about = {"backend": backend, "simulator": simulator, "images": len(values), "outputs": written}
    return joined(results, **about, trace=str(traced) if kept else "", wall_s=time.monotonic() - begin)


class _Course:
    """Shares of building and of each batch in the whole: a progress of its own for each."""

    def __init__(self, tell: Progress, count: int) -> None:
        self._tell = tell
        self._count = count
        self._built = 0.0

    def __call__(self, what: str, fraction: float) -> None:
        self._tell(what, fraction)

    def build(self, what: str, fraction: float) -> None:
        """Of the building; it takes no share if nothing was to be built."""
        self._built = _BUILD_SHARE
        self._tell(what, self._built * fraction)

    def batch(self, index: int) -> Progress:
        """Of one batch."""
        count = self._count
        name = f", batch {index + 1} of {count}" if count > 1 else ""

        def tell(what: str, fraction: float) -> None:
            self._tell(what + name, self._built + (1 - self._built) * (index + fraction) / count)

        return tell


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


def _check_options(stall_prob: float, mem_latency: int, seed: int, faults: Sequence[str]) -> None:
    if not (math.isfinite(stall_prob) and 0 <= stall_prob <= _MAX_STALL):
        raise InputError(f"expected 0 … {_MAX_STALL}, received {stall_prob}", where="stall_prob")
    if not 0 <= mem_latency <= _MAX_LATENCY:
        raise InputError(f"expected 0 … {_MAX_LATENCY} clocks, received {mem_latency}", where="mem_latency")
    if not 0 <= seed < _SEEDS:
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


def _result(export: Artifacts, found: Found, work: Path, memory: Memory) -> SimResult:
    total = Comparison()
    entries = export.manifest.operations
    models = work_times([op.work for op in entries], [op.cost for op in entries], export.hw, memory)
    snapshots, earlier = (work / "snapshots.bin").read_bytes(), found.get("earlier_clocks", [])
    for index in range(len(earlier)):
        _compare_earlier(export, snapshots, index, total)
    snapshots = snapshots[len(earlier) * sum(op.y_bytes for op in entries) :]
    operations = _operations(export, found, snapshots, models, total)
    error = _error(export, found)
    if not error:
        _compare_firmware(export, work, total)
    result = SimResult(
        bit_exact=not error and total.mismatches == 0,
        mismatches=total.mismatches,
        first_difference=total.first,
        error=error,
        cycles_rtl=found["clocks"],
        cycles_register=found["clocks_register"],
        cycles_first=earlier[0] if earlier else 0,
        cycles_model=round(sum(model.clocks for model in models)),
        bundles=_bundles(export, operations),
        operations=tuple(operations),
        faults=tuple(found["faults"]),
        run_s=found["run_s"],
        clocks_per_second=found["clocks"] / found["run_s"] if found["run_s"] > 0 else 0.0,
    )
    return _with_firmware(result, found["firmware"]) if "firmware" in found else result


def _compare_earlier(export: Artifacts, snapshots: bytes, index: int, total: Comparison) -> None:
    """Compares what the operations wrote in a run before the one that is measured."""
    offset = index * sum(op.y_bytes for op in export.manifest.operations)
    for op in export.manifest.operations:
        received = op.tensor.unpack(snapshots[offset : offset + op.y_bytes], export.hw)
        compare(total, bundle=op.bundle, operation=op.name, expected=export.expected(op.index), received=received)
        offset += op.y_bytes


def _with_firmware(result: SimResult, told: dict[str, Any]) -> SocResult:
    phases: dict[str, int] = told["phases"]
    work = sum(phases.get(name, 0) for name in ("input", "run", "output"))
    return SocResult(
        **{name: getattr(result, name) for name in SimResult.model_fields},
        firmware_instructions=work,
        firmware_instructions_softmax=work + phases.get("softmax", 0),
        firmware_phases=phases,
        firmware_clocks=told["clocks"],
        serial=told["serial"],
    )


def _operations(
    export: Artifacts,
    found: Found,
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
        counters = OperationCounters(op.index, **seen["counters"]) if seen.get("counters") else None
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
                counters=counters,
                model=model,
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


def _error(export: Artifacts, found: Found) -> str:
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
    expected = export.output()
    received = np.fromfile(work / "output.bin", "<i4")
    if received.size != expected.size:
        raise ToolError(f"the firmware returned {received.size} values, expected {expected.size}; report this")
    compare(total, bundle=bundle.name, operation="output", expected=expected, received=received)
    if manifest.softmax:
        compare(
            total,
            bundle=bundle.name,
            operation="softmax",
            expected=softmax(expected, manifest.output.frac, manifest.output.scale),
            received=np.fromfile(work / "probabilities.bin", "<f4"),
            tolerance=_SOFTMAX_TOLERANCE,
        )


def _outputs(export: Artifacts, work: Path) -> npt.NDArray[np.generic]:
    """The outputs that a run returned: probabilities, or real values."""
    place = export.manifest.output
    if export.manifest.softmax:
        return np.fromfile(work / "probabilities.bin", "<f4").reshape(place.shape)
    values = np.fromfile(work / "output.bin", "<i4").astype(np.float64) - place.zero
    return np.ldexp(values * place.scale, -place.frac).reshape(place.shape)
