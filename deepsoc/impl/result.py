"""What an implementation flow found."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deepsoc._files import read_bytes
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.impl._html import page

__all__ = [
    "MEASURED", "REPORT", "Hop", "Implementation", "ModuleResources", "Resources", "StepTime", "TimingPath",
    "measured_run",
]  # fmt: skip

REPORT = "report.json"
MEASURED = Path(__file__).parent / "measured"
"""What scripts/measure_floor_plan.py has written."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Resources(_Frozen):
    """Counts of FPGA resources; docs/implementation.md says which cells count as what.

    Attributes:
        lut: lookup tables, those used as memory or shift register included.
        lut_logic: lookup tables that are logic.
        lutram: lookup tables used as memory.
        srl: lookup tables used as shift registers.
        ff: flip-flops and latches.
        dsp: DSP blocks.
        bram36: block RAMs of 36 Kbit; one of 18 Kbit is a half.
        uram: UltraRAMs.
        carry: carry chain cells (CARRY4 or CARRY8); their place is beside the lookup tables.
    """

    lut: int = 0
    lut_logic: int = 0
    lutram: int = 0
    srl: int = 0
    ff: int = 0
    dsp: int = 0
    bram36: float = 0.0
    uram: int = 0
    carry: int = 0


class ModuleResources(Resources):
    """What the cells of one instance take, without the modules inside it.

    Attributes:
        module: its module.
        instance: path below the top; empty for the top itself.
    """

    module: str
    instance: str


class StepTime(_Frozen):
    """One step of the flow.

    Attributes:
        name: name of the step.
        seconds: wall time when it ran.
        kept: it ran earlier and nothing it depends on has changed.
        log: its log, relative to the work folder.
    """

    name: str
    seconds: float
    kept: bool
    log: str


class Hop(_Frozen):
    """One part of a path: a cell, or the wire to the next one.

    Attributes:
        kind: `clk-to-q`, `logic`, `setup`: in a cell; `routing`: between two.
        delay_ns: of it.
        instance: that the cell is in; for routing, that of the cell where it ends.
        x: tile of that cell, to the right.
        y: tile of that cell, downward.
    """

    kind: Literal["clk-to-q", "logic", "setup", "routing"]
    delay_ns: float
    instance: str
    x: int
    y: int


class TimingPath(_Frozen):
    """A long path from one register, or port, to another.

    Attributes:
        start: instance path of the register it starts at.
        end: of the one it ends at.
        modules: instances it goes through, each once, in their order.
        delay_ns: of the path, setup time included.
        logic_ns: the part of it that is logic; the rest is routing.
        levels: cells on it.
        hops: its parts in their order, which add up to `delay_ns`; empty if the flow tells none.
    """

    start: str
    end: str
    modules: tuple[str, ...]
    delay_ns: float
    logic_ns: float
    levels: int
    hops: tuple[Hop, ...] = ()


class Implementation(_Frozen):
    """Result of a flow, as far as it has come.

    Attributes:
        flow: name of the flow.
        part_family: family of devices.
        hw: the accelerator.
        folder: the work folder; all other paths are relative to it.
        steps: the steps that are done, in their order.
        resources: of the whole design; None before the flow has come to count them.
        by_module: the same by instance; the sum is `resources`.
        fmax_mhz: largest clock rate; None if it is not known.
        fmax_basis: what `fmax_mhz` rests on, or why there is none.
        slack_ns: worst setup slack at the clock of `hw`; negative if it is missed; None if it is not known.
        power_w: of the design; None if the flow gives none.
        power_basis: what `power_w` rests on.
        paths: the longest paths, the longest one first.
        board: name of the board; empty if it is for none.
        artifacts: netlists and reports.
    """

    flow: str
    part_family: str
    hw: Hardware
    folder: str
    steps: tuple[StepTime, ...]
    resources: Resources | None
    by_module: tuple[ModuleResources, ...]
    fmax_mhz: float | None
    fmax_basis: str
    artifacts: tuple[str, ...]
    slack_ns: float | None = None
    power_w: float | None = None
    power_basis: str = ""
    paths: tuple[TimingPath, ...] = ()
    board: str = ""

    @classmethod
    def load(cls, folder: str | Path) -> Implementation:
        """Reads the report of a work folder, which may have been moved.

        Raises:
            InputError: there is none, or it is damaged.
        """
        path = Path(folder) / REPORT
        if not path.exists():
            raise InputError("there is no report of the flow; run the flow first", where=str(path))
        try:
            found = cls.model_validate_json(read_bytes(path, "the report of the flow"))
        except ValidationError as err:
            raise InputError(f"not a report: {err.errors()[0]['msg']}; run the flow again", where=str(path)) from None
        return found.model_copy(update={"folder": str(path.parent.resolve())})

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return self.model_dump(mode="json")

    def _repr_html_(self) -> str:
        return page(self)


def measured_run() -> Implementation:
    """A run that was made beforehand, without its netlists: 2 × 6 elements of 4 bits, `ecp5-ooc`, ULX3S-85F."""
    return Implementation.load(MEASURED)
