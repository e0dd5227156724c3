"""The whole network from Python: the driver on the accelerator under cocotb, with memories of cocotbext-axi."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from deepsoc.errors import ToolError
from deepsoc.export import Artifacts
from deepsoc.perf.timing import Memory, work_times
from deepsoc.sim.backends import Found, Options, Progress, Run
from deepsoc.sim.backends.verilator import progress_lines
from deepsoc.sim.cocotb_tests import run_cocotb

__all__ = ["JOB", "prepare"]

JOB = "DEEPSOC_COCOTB_JOB"
"""Variable that names the file of the job."""
_MODULE = "deepsoc.sim.cocotb_network"
_CLOCKS_PER_SECOND = 3_000
_LONG_S = 30


def prepare(export: Artifacts, work: Path, options: Options, tell: Progress) -> Run:
    """Says how long a batch will take. The first batch builds the simulator, unless the cache has it."""
    entries = export.manifest.operations
    memory = Memory(options.mem_latency, efficiency=1 - options.stall_prob)
    times = work_times([op.work for op in entries], [op.cost for op in entries], export.hw, memory)
    clocks = sum(time.clocks for time in times)
    seconds = clocks / _CLOCKS_PER_SECOND
    estimate = f"{clocks:,.0f} clocks a batch with cocotb: about {seconds:,.0f} s on a common machine"
    if seconds > _LONG_S:
        warnings.warn(f"{estimate}; the back end verilator is some hundred times faster", stacklevel=4)

    def run(batch: Artifacts, place: Path, seed: int, tell: Progress) -> Found:
        job = {
            "export": str(batch.path),
            "out": str(place),
            "stall_prob": options.stall_prob,
            "mem_latency": options.mem_latency,
            "watchdog": options.watchdog,
            "seed": seed,
        }
        (place / "job.json").write_text(json.dumps(job))
        tell(estimate, 0.0)
        outcome = run_cocotb(
            batch.path,
            _MODULE,
            seed=seed,
            environment={JOB: str(place / "job.json")},
            assertions=options.assertions,
            rtl=options.rtl,
            work=place,
            progress=tell,
            on_line=progress_lines(batch, tell),
        )
        try:
            found: Found = json.loads((place / "result.json").read_text())
        except OSError:
            raise ToolError(f"the cocotb run left no result:\n{outcome.log[-3000:]}") from None
        return found

    return run
