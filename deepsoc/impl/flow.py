"""What a flow is: an ordered list of named steps, each a command with its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deepsoc.errors import InputError
from deepsoc.impl.result import ModuleResources, Resources

__all__ = ["Availability", "Findings", "Flow", "Step"]


@dataclass(frozen=True)
class Step:
    """One command; it runs in the work folder, and all its paths are relative to that.

    Attributes:
        name: unique in its flow.
        title: what it does, for people.
        inputs: files it depends on; a folder stands for all files below it.
        outputs: files it makes.
        arguments: the command without the program; `{log}` stands for the log file.
    """

    name: str
    title: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Availability:
    """Whether the tool of a flow is there.

    Attributes:
        program: the tool; None if it is missing.
        version: as the tool's package tells it; empty when unknown.
        remedy: how to get the tool; empty if it is there.
    """

    program: Path | None
    version: str
    remedy: str

    def __bool__(self) -> bool:
        return self.program is not None


@dataclass(frozen=True)
class Findings:
    """What the finished steps of a flow have found; the attributes are those of `Implementation`."""

    resources: Resources | None
    by_module: tuple[ModuleResources, ...]
    fmax_mhz: float | None
    fmax_basis: str


@dataclass(frozen=True)
class Flow:
    """One way to implement the accelerator.

    Attributes:
        name: as of `--flow`.
        title: what it does, for people.
        part_family: family of devices.
        steps: in their order.
        artifacts: those outputs that are of use to others, and the reports.
        available: looks for the tool.
        prepare: writes the steps' inputs into a work folder; gets the folder and the content of params.svh.
        read: reads the outputs of the steps that are done from the work folder.
    """

    name: str
    title: str
    part_family: str
    steps: tuple[Step, ...]
    artifacts: tuple[str, ...]
    available: Callable[[], Availability]
    prepare: Callable[[Path, bytes], None]
    read: Callable[[Path, frozenset[str]], Findings]

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
