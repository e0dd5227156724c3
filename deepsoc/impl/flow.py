"""What a flow is: an ordered list of named steps, each a command with its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board
from deepsoc.impl.result import ModuleResources, Resources, TimingPath

__all__ = ["NORMAL", "Availability", "Findings", "Flow", "Forecast", "Job", "Step"]

NORMAL = "normal"
"""The effort of every flow."""


@dataclass(frozen=True)
class Job:
    """What a flow implements.

    Attributes:
        hw: the accelerator.
        folder: of its files: hw.json, params.svh and config.tcl, and of an export everything else.
        params: content of params.svh.
        board: for which; None unless the flow asks for one.
        seeds: how many runs of placement and routing; the best one counts.
        effort: of placement and routing, one of `Flow.efforts`.
    """

    hw: Hardware
    folder: Path
    params: bytes
    board: Board | None = None
    seeds: int = 1
    effort: str = NORMAL


@dataclass(frozen=True)
class Step:
    """One command; it runs in the work folder, and all its paths are relative to that.

    Attributes:
        name: unique in its flow.
        title: what it does, for people.
        inputs: files it depends on; a folder stands for all files below it.
        outputs: files it makes.
        arguments: the command without the program; `{log}` stands for the log file.
        program: which one of the flow's programs; empty for its only one.
    """

    name: str
    title: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    arguments: tuple[str, ...]
    program: str = ""


@dataclass(frozen=True)
class Availability:
    """Whether the tools of a flow are there.

    Attributes:
        programs: the tools by the names of `Step.program`; empty if one is missing.
        version: as the tools' packages tell it; empty when unknown.
        remedy: how to get what is missing; empty if all is there.
    """

    programs: Mapping[str, Path]
    version: str
    remedy: str

    def __bool__(self) -> bool:
        return bool(self.programs)


@dataclass(frozen=True)
class Findings:
    """What the finished steps of a flow have found; the attributes are those of `Implementation`.

    `artifacts` are files that none of the steps has made.
    """

    resources: Resources | None
    by_module: tuple[ModuleResources, ...]
    fmax_mhz: float | None
    fmax_basis: str
    slack_ns: float | None = None
    power_w: float | None = None
    power_basis: str = ""
    paths: tuple[TimingPath, ...] = ()
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """What a run is expected to take, roughly.

    Attributes:
        cpu_s: seconds of one core.
        memory_mb: most memory of one of the programs, megabytes.
    """

    cpu_s: float
    memory_mb: float

    def __str__(self) -> str:
        return f"about {max(1, round(self.cpu_s / 60))} min of one core, {self.memory_mb:,.0f} MB of memory"


@dataclass(frozen=True)
class Flow:
    """One way to implement the accelerator.

    Attributes:
        name: as of `--flow`.
        title: what it does, for people.
        part_family: family of devices.
        steps: in their order.
        artifacts: those outputs that are of use to others, and the reports.
        available: looks for the tools.
        prepare: writes the steps' inputs into a work folder, and refuses what cannot be implemented.
        read: reads the outputs of the steps that are done from the work folder.
        families: families of `Board` it implements for; none if it takes no board.
        forecast: what a whole run takes; None: nothing is known. Refuses what `prepare` refuses because of its size.
        efforts: of placement and routing that there is a choice of.
    """

    name: str
    title: str
    part_family: str
    steps: tuple[Step, ...]
    artifacts: tuple[str, ...]
    available: Callable[[], Availability]
    prepare: Callable[[Path, Job], None]
    read: Callable[[Path, frozenset[str]], Findings]
    families: frozenset[str] = field(default=frozenset())
    forecast: Callable[[Job], Forecast] | None = None
    efforts: tuple[str, ...] = (NORMAL,)

    def through(self, until: str | None) -> tuple[Step, ...]:
        """The steps as far as the one of that name; all of them for None.

        Raises:
            InputError: there is no such step.
        """
        names = [step.name for step in self.steps]
        if until is None:
            return self.steps
        if until not in names:
            raise InputError(f"expected one of {', '.join(names)}, received {until!r}", where="until")
        return self.steps[: names.index(until) + 1]
