"""What a simulation found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field

from deepsoc.errors import MismatchError
from deepsoc.perf.timing import OperationTime
from deepsoc.runtime.performance import WAITS, OperationCounters

__all__ = ["BundleResult", "Difference", "OperationResult", "SimResult", "SocResult", "joined", "joint_bound"]


def joint_bound(bounds: Iterable[str]) -> str:
    """What bounds several operations: every memory port among them, `array` if there is none."""
    return ", ".join(sorted(set(bounds) - {"array"})) or "array"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Difference(_Frozen):
    """The first value that differs from the reference.

    Attributes:
        bundle: name of the bundle.
        operation: name of the operation; `output` or `softmax` for what the firmware returned.
        index: position (n, h, w, c), or (n, c) of a matrix.
        expected: the reference's value.
        received: the hardware's value.
        batch: in which batch of the images.
    """

    bundle: str
    operation: str
    index: tuple[int, ...]
    expected: float
    received: float
    batch: int = 0


class OperationResult(_Frozen):
    """One operation: clocks from the end of the one before it to its last acknowledged write, bytes by port.

    Attributes:
        index: row of the descriptor table.
        name: name of the operation.
        bundle: the bundle it belongs to.
        cycles_rtl: clocks measured; 0 if the run ended before.
        cycles_model: clocks predicted for the memory that is simulated, as `deepsoc.estimate` has them.
        x_bytes: bytes on the pixel port while the operation ran, those fetched ahead for the next one included.
        k_bytes: bytes on the weights port, descriptor included, whenever they were fetched.
        o_bytes: bytes on the operand port.
        y_bytes: bytes on the output port, whole beats.
        bound: what its clocks depend on: `array`, or the memory port that has more beats to move than that takes clocks
            (`pixels`, `weights`, `operands`, `outputs`).
        counters: the hardware's own; None if it has none, no longer has those of this operation, or did not come to it.
        model: the model's clocks by term, and in `bound` the term that binds.
        mismatches: values that differ from the reference, or were never written.
    """

    index: int
    name: str
    bundle: str
    cycles_rtl: int
    cycles_model: int
    x_bytes: int
    k_bytes: int
    o_bytes: int
    y_bytes: int
    bound: str
    counters: OperationCounters | None = None
    model: OperationTime | None = None
    mismatches: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def waits_for(self) -> str:
        """What most clocks of the counters are lost to, one of `deepsoc.runtime.performance.WAITS`; or empty."""
        return self.counters.waits_for if self.counters else ""


class BundleResult(_Frozen):
    """Sums over the operations of one bundle; `bound` names what bounds any of them, `array` if nothing else does."""

    name: str
    cycles_rtl: int
    cycles_model: int
    axi_read_bytes: int
    axi_write_bytes: int
    bound: str


class SimResult(_Frozen):
    """One simulated run of a network.

    Attributes:
        bit_exact: every value of every operation and of the firmware's output equals the reference.
        mismatches: number of values that differ or were never written.
        first_difference: the first of them, in the order of execution; None if there is none.
        error: why the run ended early (hardware error, hang, broken protocol); empty if it did not.
        cycles_rtl: clocks from the start to the last acknowledged write.
        cycles_register: the accelerator's own count, its CLOCKS register.
        cycles_first: where weights stay on chip, clocks of the run that loads them, before the one that all else is of;
            0: none do, or the back end makes no second run, and all is of the first.
        cycles_model: clocks predicted for the whole network, and
        basis: how: `mapped`, operation by operation with the memory's latency and stalls, as `deepsoc.estimate`.
        bundles: measurements by bundle.
        operations: measurements by operation.
        faults: the deliberate faults that were made, in words.
        backend, simulator: what ran the network.
        images: that were run; with more than a batch of them, clocks, bytes and counts are sums over the batches.
        outputs: the file of outputs, empty if there is none.
        trace: the trace file, empty if there is none.
        wall_s: seconds of everything, building included.
        run_s: seconds of the simulated run alone.
        clocks_per_second: simulated clocks a second of `run_s`.
    """

    bit_exact: bool
    mismatches: int
    first_difference: Difference | None
    error: str
    cycles_rtl: int
    cycles_register: int
    cycles_first: int = 0
    cycles_model: int
    basis: Literal["mapped"] = "mapped"
    bundles: tuple[BundleResult, ...]
    operations: tuple[OperationResult, ...]
    faults: tuple[str, ...]
    backend: str = "verilator"
    simulator: str = "verilator"
    images: int = 0
    outputs: str = ""
    trace: str = ""
    wall_s: float = 0.0
    run_s: float
    clocks_per_second: float

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return self.model_dump(mode="json")

    def waits(self) -> list[dict[str, Any]]:
        """The hardware's performance counters as a table: one row an operation whose counters are known.

        Returns:
            `operation`, `clocks`, `array`, one key each of `deepsoc.runtime.performance.WAITS`, `waits_for` (the
            largest of them) and `bound` (the term that binds by the model).
        """
        return [
            {
                "operation": op.name,
                **{name: getattr(op.counters, name) for name in ("clocks", "array", *WAITS)},
                "waits_for": op.waits_for,
                "bound": op.model.bound if op.model else "",
            }
            for op in self.operations
            if op.counters
        ]

    def raise_for_mismatch(self) -> None:
        """Does nothing if the run was bit-exact.

        Raises:
            MismatchError: it was not; names the first difference and the reason why the run ended early.
        """
        if self.bit_exact:
            return
        parts = [self.error] if self.error else []
        if self.first_difference is not None:
            d = self.first_difference
            where = ", ".join(map(str, d.index))
            parts.append(
                f"{self.mismatches} values differ; the first in bundle {d.bundle}, operation {d.operation}, at "
                f"({where}): expected {d.expected:g}, received {d.received:g}"
            )
        raise MismatchError("; ".join(parts) or f"{self.mismatches} values were never written")


class SocResult(SimResult):
    """A run on the RISC-V SoC; with more than a batch, what the firmware did is of the first.

    Attributes:
        firmware_instructions: that the core retired for one inference without softmax: input, run and output.
        firmware_instructions_softmax: the same with softmax.
        firmware_phases: instructions by phase: `start` (check of the hardware, descriptors; once), `input` (which the
            host has packed), `run` (start, wait for the interrupt), `output` (to integers), `softmax`.
        firmware_clocks: from reset to the last line: boot, sums of image and weights, inference, and the text.
        serial: what was printed.
    """

    firmware_instructions: int
    firmware_instructions_softmax: int
    firmware_phases: dict[str, int]
    firmware_clocks: int
    serial: str


def joined(results: Sequence[SimResult], **about: Any) -> SimResult:
    """The runs of one design, one batch each, as one: counts are added up.

    Args:
        results: at least one.
        about: other values of the result.
    """
    first, *rest = results
    for index, result in enumerate(rest, 1):
        difference = result.first_difference
        if difference is not None:
            difference = difference.model_copy(update={"batch": index})
        first = first.model_copy(
            update={
                **_sums(
                    first,
                    result,
                    "mismatches",
                    "cycles_rtl",
                    "cycles_register",
                    "cycles_first",
                    "cycles_model",
                    "run_s",
                ),
                "bit_exact": first.bit_exact and result.bit_exact,
                "first_difference": first.first_difference or difference,
                "error": result.error and f"batch {index}: {result.error}",
                "bundles": _each(first.bundles, result.bundles, _BUNDLE_COUNTS),
                "operations": _each(first.operations, result.operations, _OPERATION_COUNTS),
                "faults": first.faults + result.faults,
            }
        )
    rate = first.cycles_rtl / first.run_s if first.run_s > 0 else 0.0
    return first.model_copy(update={"clocks_per_second": rate, **about})


_BUNDLE_COUNTS = ("cycles_rtl", "cycles_model", "axi_read_bytes", "axi_write_bytes")
_OPERATION_COUNTS = ("cycles_rtl", "cycles_model", "x_bytes", "k_bytes", "o_bytes", "y_bytes", "mismatches")


def _sums(first: BaseModel, second: BaseModel, *names: str) -> dict[str, Any]:
    return {name: getattr(first, name) + getattr(second, name) for name in names}


def _each(first: Sequence[BaseModel], second: Sequence[BaseModel], names: Sequence[str]) -> tuple[BaseModel, ...]:
    """The counts of either added up, also those by cause; `bound` is of both."""
    return tuple(
        a.model_copy(
            update={
                **_sums(a, b, *names),
                **(
                    {name: _terms(getattr(a, name), getattr(b, name)) for name in ("counters", "model")}
                    if isinstance(a, OperationResult)
                    else {}
                ),
                "bound": joint_bound(f"{a.bound}, {b.bound}".split(", ")),  # type: ignore[attr-defined]
            }
        )
        for a, b in zip(first, second, strict=True)
    )


def _terms(a: Any, b: Any) -> Any:
    """Two dataclasses of figures added up; None if one is."""
    if a is None or b is None:
        return None
    return replace(
        a, **{f.name: getattr(a, f.name) + getattr(b, f.name) for f in fields(a) if f.name not in ("index", "bound")}
    )
