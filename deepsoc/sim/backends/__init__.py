"""Back ends of `simulate`: each runs one batch on the RTL and leaves what it saw; comparison and result are common.

A module of this package has a function `prepare(export, work, options, tell) -> Run`, which checks and builds what the
batches of one design share.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsoc._backends import BACKENDS, BackendName
from deepsoc.errors import InputError
from deepsoc.export import Artifacts

__all__ = ["Found", "Options", "Prepare", "Progress", "Run", "choose"]

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction (0 … 1) of the run that is over."""

Found = dict[str, Any]
"""What a run found: `status` (`ok`, or what ended it) and `message`, `operation` that ran last, `done` operations,
`clocks` of the run, `clocks_register`, `run_s`, `faults` in words, and `operations`: for each `start` and `done` clock,
bytes `x`, `k`, `o`, `y` by port, and, where they are known, `counters` (`OperationCounters` without its index). Beside
it lie `snapshots.bin` (what each operation that is done wrote, one after the other), `output.bin` (int32) and, with a
softmax, `probabilities.bin` (float32)."""

Run = Callable[[Artifacts, Path, int, Progress], Found]
"""Runs one batch: export with its input, folder for the files of `Found`, seed, progress."""


@dataclass(frozen=True)
class Options:
    """What a run is asked for.

    Attributes:
        stall_prob: as of `simulate`.
        mem_latency: as of `simulate`.
        simulator: the program that runs the RTL, one of the back end's.
        trace: file to write, or None.
        faults: deliberate damage.
        rtl: folder of the accelerator's sources; None: the package's.
        assertions: the RTL's assertions and the rules of AXI are checked.
    """

    stall_prob: float
    mem_latency: int
    simulator: str
    trace: Path | None
    faults: Sequence[str]
    rtl: Path | None
    assertions: bool = True

    @property
    def watchdog(self) -> int:
        """Clocks without any transfer after which a run is given up."""
        return 500_000 + 100 * self.mem_latency


Prepare = Callable[[Artifacts, Path, Options, Progress], Run]


def choose(backend: str, simulator: str | None, *, trace: bool, faults: bool) -> tuple[Prepare, str]:
    """The back end's `prepare`, and the simulator.

    Raises:
        InputError: there is none of that name, or it cannot do that.
    """
    if backend not in BACKENDS:
        raise InputError(f"expected {_words(BACKENDS)}, received {backend!r}", where="backend")
    found = BACKENDS[backend]
    if simulator is not None and simulator not in found.simulators:
        expected = f"backend {backend} runs on {_words(found.simulators)}"
        raise InputError(f"{expected}, received {simulator!r}", where="simulator")
    for what, wanted, able in (("trace", trace, found.trace), ("faults", faults, found.faults)):
        if wanted and not able:
            raise InputError(f"backend {backend} has none; use verilator", where=what)
    module = importlib.import_module(f"{__name__}.{found.module}")
    return module.prepare, simulator or found.simulators[0]


def _words(names: Sequence[str] | dict[BackendName, Any]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
