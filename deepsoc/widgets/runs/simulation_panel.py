"""SimulationPanel: runs the design on the RTL with the firmware, and shows what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from deepsoc import jobs
from deepsoc.errors import InputError
from deepsoc.widgets.runs._files import file_row
from deepsoc.widgets.runs._job_panel import WeightsPanel, option
from deepsoc.widgets.runs._wave import MOST_CLOCKS, Wave

__all__ = ["SimulationPanel"]

_LEAD = 4  # clocks shown ahead of what is looked for


class SimulationPanel(WeightsPanel, front="job_panel wave simulation_panel"):
    """Simulates a design as a run: progress, log, whether it is bit-exact, clocks beside the model's, waveform.

    `value` is the result as `deepsoc simulate --json` prints it.

    Args:
        design: a Design; or a folder: a design's, any other with `net.json` and `hw.json`, or an export.
        root: folder of runs, as of `jobs.find`.
        stall_prob: probability of a stall, for each channel and clock.
        mem_latency: clocks from an accepted address to the first data.
        seed: of the stalls.
        trace: whether to write the trace that the waveform is drawn from.
        weights: file of weights (`.npz`); empty: random ones.

    Raises:
        InputError: there is no such folder, an option is out of range, or a keyword is unknown.
    """

    KIND = "simulate"
    OPTIONS = ("stall_prob", "mem_latency", "seed", "trace", "weights")

    stall_prob = traitlets.Float(0.0, help="Probability of a stall, for each channel and clock.").tag(sync=True)
    mem_latency = traitlets.Int(16, help="Clocks from an accepted address to the first data.").tag(sync=True)
    seed = traitlets.Int(0, help="Seed of the stalls.").tag(sync=True)
    trace = traitlets.Bool(True, help="Whether to write a trace.").tag(sync=True)
    wave = traitlets.Dict(help="A window of the trace: `begin`, `count`, `clocks`, `operations`, `lanes`.").tag(
        sync=True
    )
    trace_file = traitlets.Dict(help="The trace: `path` and `bytes`; empty: there is none of this run.").tag(sync=True)
    wave_fault = traitlets.Unicode("", help="Why there is no waveform.").tag(sync=True)

    def __init__(self, *arguments: Any, **kwargs: Any) -> None:
        self._wave: Wave | None = None
        super().__init__(*arguments, **kwargs)
        self.observe(self._on_value, names="value")
        self._on_value()

    def arguments(self) -> list[str]:
        """Options of `deepsoc simulate`."""
        options = {"--stall-prob": self.stall_prob, "--mem-latency": self.mem_latency, "--seed": self.seed}
        usual = {"--stall-prob": 0.0, "--mem-latency": 16, "--seed": 0}
        given = [part for name, value in options.items() if value != usual[name] for part in (name, f"{value}")]
        return [*given, *(["--trace"] if self.trace else [])]

    def options(self, job: jobs.Job) -> str:
        """With what a run was started; what was not given is the command's default."""
        stall, latency, seed = (option(job, f"--{name}") for name in ("stall-prob", "mem-latency", "seed"))
        parts = [f"stall probability {stall or 0}", f"memory latency {latency or 16} clocks", f"seed {seed or 0}"]
        trace = "without trace" if option(job, "--trace") is None else "trace"
        return " · ".join([*parts, trace, self.weights_of(job)])

    @traitlets.validate("stall_prob", "mem_latency", "seed")
    def _in_range(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        last = {"stall_prob": 0.95, "mem_latency": 100_000, "seed": (1 << 63) - 1}[name]
        if not 0 <= value <= last:
            raise InputError(f"expected 0 … {last}, received {value}", where=name)
        return value

    def show_clocks(self, begin: int, count: int = 100) -> None:
        """Draws a window of the trace.

        Args:
            begin: first clock.
            count: clocks, 400 at most.

        Raises:
            InputError: the run that is shown has no trace.
        """
        if self._wave is None:
            raise InputError(self.wave_fault or "there is no trace yet; simulate with trace=True", where="trace")
        count = min(max(count, 10), MOST_CLOCKS, self._wave.clocks)
        begin = min(max(begin, 0), self._wave.clocks - count)
        names = [operation["name"] for operation in self.value["operations"]]
        self.wave = {
            "begin": begin,
            "count": count,
            "clocks": self._wave.clocks,
            "operations": [
                [name, first, last] for name, (first, last) in zip(names, self._wave.operations, strict=False)
            ],
            "lanes": self._wave.window(begin, count),
        }

    def on_window(self, begin: int, count: int) -> None:
        """Another window was asked for."""
        self.show_clocks(begin, count)

    def _on_value(self, _: Any = None) -> None:
        """Another result: its trace, if that is still the one which this run wrote."""
        self._wave, self.wave, self.wave_fault, self.trace_file = None, {}, "", {}
        trace, job = self.value.get("trace"), self.job
        if not trace or job is None:
            return
        row = file_row(Path(trace), job.state.ended)
        if row["bytes"] is None:
            self.wave_fault = f"The trace {row['path']} is gone; simulate again."
            return
        if row["replaced"]:
            self.wave_fault = "A later run has replaced the trace; choose that one, or simulate again."
            return
        try:
            self._wave = Wave(trace)
            self.trace_file = row
            first = self._wave.operations[0][0] if self._wave.operations else 0
            self.show_clocks(first - _LEAD)
        except Exception as error:  # a damaged trace must not cost the result
            self.wave_fault = f"The trace cannot be read: {error}"
