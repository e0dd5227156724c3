"""Runs a flow on an export, or on hardware parameters alone."""

from __future__ import annotations

import threading
from pathlib import Path

from filelock import FileLock, Timeout

from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts
from deepsoc.export.artifacts import WORK
from deepsoc.export.writer import hardware_files
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board
from deepsoc.hw.boards import board as find_board
from deepsoc.impl import open_fpga, vivado, yosys
from deepsoc.impl.flow import NORMAL, Flow, Forecast, Job
from deepsoc.impl.result import REPORT, Implementation
from deepsoc.impl.runner import Progress, run_steps

__all__ = ["flows", "forecast", "implement", "synthesize"]

_MOST_SEEDS = 64
_LATER = ("genus-innovus", "asic-open")


def flows() -> dict[str, Flow]:
    """The flows of this version by name."""
    return {flow.name: flow for flow in (*yosys.FLOWS, *open_fpga.FLOWS, *vivado.FLOWS)}


def implement(
    folder: str | Path,
    flow: str,
    *,
    board: str | Path | Board | None = None,
    seeds: int = 1,
    effort: str = NORMAL,
    until: str | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Implementation:
    """Implements the accelerator of an export; goes on where an earlier run stopped.

    Args:
        folder: what `deepsoc export` wrote; the work goes to `impl/FLOW` in it.
        flow: a name out of `flows()`.
        board: for flows that implement for one: its name, its TOML file, or a `Board`.
        seeds: how many runs of placement and routing, where the flow has them; the best one counts.
        effort: of placement and routing, one of the flow's `efforts`: low, normal, high with open tools.
        until: the last step to run; all if None.
        fresh: run all steps, also those whose inputs have not changed.
        progress: told about the steps.
        cancel: ends the run when another thread sets it.

    Returns:
        What was found; `report.json` in the work folder holds the same.

    Raises:
        InputError: the folder is no export, or there is no such flow or step, or the folder is in use.
        ToolError: a tool is missing, a step failed or was cancelled; names step and log.
    """
    chosen = _flow(flow)
    chosen.through(until)
    return _run(chosen, _job(chosen, folder, board, seeds, effort), until, fresh, progress, cancel)


def forecast(
    folder: str | Path,
    flow: str,
    *,
    board: str | Path | Board | None = None,
    seeds: int = 1,
    effort: str = NORMAL,
) -> Forecast | None:
    """What `implement` is expected to take with all its steps; None: that is not known for the flow.

    Raises:
        InputError: as `implement`.
    """
    chosen = _flow(flow)
    return chosen.forecast(_job(chosen, folder, board, seeds, effort)) if chosen.forecast else None


def synthesize(
    hw: Hardware,
    folder: str | Path,
    *,
    flow: str = "yosys-xc7",
    board: str | Path | Board | None = None,
    seeds: int = 1,
    effort: str = NORMAL,
    until: str | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Implementation:
    """Implements an accelerator without a network.

    Args:
        hw: the accelerator, every maximum given.
        folder: made if it is missing; gets hw.json, params.svh and config.tcl, and the work as of `implement`.
        flow: as of `implement`.
        board: as of `implement`.
        seeds: as of `implement`.
        effort: as of `implement`.
        until: as of `implement`.
        fresh: as of `implement`.
        progress: as of `implement`.
        cancel: as of `implement`.

    Returns:
        As `implement`.

    Raises:
        InputError: a maximum is open, the folder is an export, and as `implement`.
        ToolError: as `implement`.
    """
    chosen = _flow(flow)
    chosen.through(until)
    target = _board(chosen, board)
    chances = _seeds(seeds), _effort(chosen, effort)
    files = hardware_files(hw)
    place = Path(folder)
    if (place / "manifest.json").exists():
        raise InputError("is an export; use implement() for it, or give another folder", where=str(place))
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (place / name).write_bytes(data)
    except OSError as err:
        raise InputError(f"cannot write there: {err.strerror or err}", where=str(place)) from None
    job = Job(hw, place.resolve(), files["params.svh"], target, *chances)
    return _run(chosen, job, until, fresh, progress, cancel)


def _flow(name: str) -> Flow:
    known = flows()
    if name in _LATER:
        raise InputError(f"{name} is not available in this version; there are {', '.join(known)}", where="flow")
    if name not in known:
        raise InputError(f"expected one of {', '.join(known)}, received {name!r}", where="flow")
    return known[name]


def _job(flow: Flow, folder: str | Path, board: str | Path | Board | None, seeds: int, effort: str) -> Job:
    target = _board(flow, board)
    export = Artifacts.load(folder)
    return Job(
        export.hw, export.path, (export.path / "params.svh").read_bytes(), target, _seeds(seeds), _effort(flow, effort)
    )


def _board(flow: Flow, given: str | Path | Board | None) -> Board | None:
    if given is None:
        if flow.families:
            raise InputError(f"{flow.name} implements for a board; give one", where="board")
        return None
    if not flow.families:
        raise InputError(f"{flow.name} takes no board; leave it out", where="board")
    found = given if isinstance(given, Board) else find_board(given)
    if found.family not in flow.families:
        families = ", ".join(sorted(flow.families))
        raise InputError(
            f"expected a board of {families} for {flow.name}, received {found.name} ({found.family})", where="board"
        )
    return found


def _effort(flow: Flow, name: str) -> str:
    if name not in flow.efforts:
        raise InputError(f"expected {' or '.join(flow.efforts)} for {flow.name}, received {name!r}", where="effort")
    return name


def _seeds(count: int) -> int:
    if not 1 <= count <= _MOST_SEEDS:
        raise InputError(f"expected 1 to {_MOST_SEEDS}, received {count}", where="seeds")
    return count


def _run(
    flow: Flow,
    job: Job,
    until: str | None,
    fresh: bool,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> Implementation:
    tool = flow.available()
    if not tool:
        raise ToolError(f"the tool of {flow.name} is missing; get it with: {tool.remedy}")
    work = job.folder.resolve() / WORK / flow.name
    steps = flow.through(until)
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work / ".lock", timeout=0):
            flow.prepare(work, job)
            (work / REPORT).unlink(missing_ok=True)
            times = run_steps(steps, work, tool, fresh=fresh, progress=progress, cancel=cancel)
            found = flow.read(work, frozenset(step.name for step in steps))
            made = {name for step in steps for name in step.outputs}
            result = Implementation(
                flow=flow.name,
                part_family=flow.part_family,
                hw=job.hw,
                folder=str(work),
                steps=times,
                resources=found.resources,
                by_module=found.by_module,
                fmax_mhz=found.fmax_mhz,
                fmax_basis=found.fmax_basis,
                slack_ns=found.slack_ns,
                power_w=found.power_w,
                power_basis=found.power_basis,
                paths=found.paths,
                board=job.board.name if job.board else "",
                artifacts=(*(name for name in flow.artifacts if name in made), *found.artifacts, REPORT),
            )
            (work / REPORT).write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
            return result
    except Timeout:
        raise InputError("another run is at work there; wait for it or cancel it", where=str(work)) from None
    except OSError as err:
        raise ToolError(f"cannot work in {work}: {err.strerror or err}") from None
