"""ImplementationPanel: runs a flow of external tools on the design, and shows what it takes."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from deepsoc import jobs
from deepsoc.errors import DeepSocError, ToolError
from deepsoc.export.artifacts import WORK
from deepsoc.hw import Hardware
from deepsoc.hw.boards import boards
from deepsoc.impl import Flow, Implementation, flows
from deepsoc.impl.placement import PLACEMENT
from deepsoc.impl.runner import StepFiles
from deepsoc.widgets.runs._files import file_row
from deepsoc.widgets.runs._job_panel import JobPanel, option

if TYPE_CHECKING:
    from deepsoc.perf.resources import FpgaResources

__all__ = ["ImplementationPanel"]

_MODELS = {"AMD 7 series": "xc7", "AMD UltraScale+": "xcup"}  # family of a flow: that of the resource model


class ImplementationPanel(JobPanel, front="job_panel implementation_panel"):
    """Implements a design as a run: the flows there are, their steps, logs, resources beside the estimate, artifacts.

    `value` is the result as `deepsoc implement --json` prints it, with `comparison` and `files`.

    Args:
        design: a Design; or a folder: a design's, any other with `net.json` and `hw.json`, or an export.
        root: folder of runs, as of `jobs.find`.
        flow: name of a flow; left out: the first whose tool is there.
        board: for flows that implement for one: its name or TOML file; left out: the first that fits.
        until: last step to run; empty: all.
        fresh: run every step, not only what has changed.

    Raises:
        InputError: there is no such folder, or a keyword is unknown.
    """

    KIND = "implement"
    OPTIONS = ("flow", "board", "until", "fresh")

    flow = traitlets.Unicode("", help="Name of the flow.").tag(sync=True)
    board = traitlets.Unicode("", help="Board, for flows that implement for one; empty: the first that fits.").tag(
        sync=True
    )
    until = traitlets.Unicode("", help="Last step to run; empty: all.").tag(sync=True)
    fresh = traitlets.Bool(False, help="Run every step, not only what has changed.").tag(sync=True)
    flows: traitlets.List[dict[str, Any]] = traitlets.List(
        read_only=True, help="The flows: name, title, family, available, remedy, steps, boards."
    ).tag(sync=True)
    step_log = traitlets.Unicode("", help="Step whose log is shown; empty: the one that runs, or the last.").tag(
        sync=True
    )
    steps: traitlets.List[dict[str, Any]] = traitlets.List(
        help="Steps of the run that is shown: name, title, state, seconds."
    ).tag(sync=True)
    pictures: traitlets.List[dict[str, Any]] = traitlets.List(
        help="Pictures of what that run found, as far as it has what they show: title, svg. They come after `value`."
    ).tag(sync=True)
    _drawn = ""  # run whose pictures these are

    def __init__(self, *arguments: Any, **kwargs: Any) -> None:
        known = [_described(flow) for flow in flows().values()]
        self.set_trait("flows", known)
        if "flow" not in kwargs:
            kwargs["flow"] = next((entry["name"] for entry in known if entry["available"]), known[0]["name"])
        super().__init__(*arguments, **kwargs)
        self.observe(lambda _: self._wake(), names="step_log")

    def arguments(self) -> list[str]:
        """Options of `deepsoc implement`."""
        until = ["--until", self.until] if self.until else []
        known = next(entry["boards"] for entry in self.flows if entry["name"] == self.flow)
        names = [entry["name"] for entry in known]
        own = self.board in names or self.board.endswith(".toml")
        board = ["--board", self.board if own else names[0]] if names else []
        return ["--flow", self.flow, *board, *until, *(["--fresh"] if self.fresh else [])]

    def about(self) -> dict[str, Any]:
        """The flow, so that the run is told from others."""
        return {"flow": self.flow}

    def options(self, job: jobs.Job) -> str:
        """With what a run was started."""
        until, fresh = option(job, "--until"), option(job, "--fresh") is not None
        end = f"until {until}" if until else "to the end"
        board = [f"for {name}"] if (name := option(job, "--board")) else []
        return " · ".join([f"flow {job.about.get('flow')}", *board, end, *(["all steps anew"] if fresh else [])])

    def found(self, job: jobs.Job, result: dict[str, Any]) -> dict[str, Any]:
        """The result, with the resources beside the estimate, and the files of the artifacts."""
        work, ended = Path(result["folder"]), job.state.ended
        return result | {
            "comparison": _comparison(result),
            "files": [file_row(work / name, ended) for name in result["artifacts"]],
        }

    def log_file(self, job: jobs.Job) -> Path:
        """The log of the chosen step, else of the one that ran last; that of the run where this one has none of it."""
        state, own = job.state, job.folder / "log.txt"
        begun = [row["name"] for row in self._steps(job) if row["state"] not in ("waiting", "not run")]
        name = self.step_log or ("" if state.status == "failed" else begun[-1] if begun else "")
        if name not in begun:
            return own
        file = self._work(job) / StepFiles.of(begun.index(name), name).log
        row = file_row(file, state.ended)
        return own if row["bytes"] is None or row["replaced"] else file

    def _check(self) -> None:
        tool = flows()[self.flow].available()
        if not tool:
            raise ToolError(f"the tool of {self.flow} is missing; get it with: {tool.remedy}")
        super()._check()

    def _show(self) -> None:
        super()._show()
        self.steps = self._steps(self.job) if self.job is not None else []
        shown = self.current if self.value else ""
        if shown != self._drawn:
            self._drawn, self.pictures = shown, []
            if shown:  # the kernel does not wait for them
                threading.Thread(target=self._draw, args=(shown, self.value), daemon=True).start()

    def _draw(self, run: str, value: dict[str, Any]) -> None:
        pictures = _pictures(run, value)
        with self._lock:
            if run == self._drawn:
                self.pictures = pictures

    def _work(self, job: jobs.Job) -> Path:
        """The flow's folder, in the export."""
        folder = Path(job.cwd) / str(job.about.get("design", ""))
        base = folder if (folder / "manifest.json").exists() else folder / "export"
        return base / WORK / str(job.about.get("flow", ""))

    def _steps(self, job: jobs.Job) -> list[dict[str, Any]]:
        """The steps of a run: those before the one that runs are over, and their stamps tell more."""
        flow = flows().get(str(job.about.get("flow")))
        if flow is None:
            return []
        state = job.state
        names = [step.name for step in flow.steps]
        times = {step["name"]: step for step in self.value.get("steps", [])}
        at = names.index(state.stage) if state.stage in names else -1
        until = option(job, "--until")
        last = names.index(until) if until in names else len(names)
        rows = []
        for index, step in enumerate(flow.steps):
            done, seconds = times.get(step.name), None
            if done is not None:
                what, seconds = "kept" if done["kept"] else "done", done["seconds"]
            elif index < at:
                what, seconds = _stamped(self._work(job) / StepFiles.of(index, step.name).stamp, state)
            elif index == at:
                what = "running" if state.active else state.status
            else:
                what = "waiting" if state.active and index <= last else "not run"
            rows.append({"name": step.name, "title": step.title, "state": what, "seconds": seconds})
        return rows


def _described(flow: Flow) -> dict[str, Any]:
    tool = flow.available()
    return {
        "name": flow.name,
        "title": flow.title,
        "family": flow.part_family,
        "available": bool(tool),
        "version": tool.version,
        "remedy": tool.remedy,
        "steps": [{"name": step.name, "title": step.title} for step in flow.steps],
        "boards": [
            {"name": name, "title": board.title} for name, board in boards().items() if board.family in flow.families
        ],
    }


def _stamped(stamp: Path, state: jobs.JobState) -> tuple[str, float | None]:
    """Whether a step that is over was kept, and its seconds if the stamp is still of this run."""
    try:
        changed = stamp.stat().st_mtime
        if state.started is None or (state.ended is not None and changed > state.ended + 1):
            return "done", None
        return "kept" if changed < state.started else "done", float(json.loads(stamp.read_bytes())["seconds"])
    except (OSError, ValueError, LookupError, TypeError):
        return "done", None


def _pictures(run: str, value: dict[str, Any]) -> list[dict[str, str]]:
    """Title and `<svg>` of each figure that a result has the data of."""
    from deepsoc import viz

    files = [Path(row["path"]).name for row in value["files"] if row["bytes"] is not None and not row["replaced"]]
    try:
        result = Implementation.model_validate(
            {name: value[name] for name in Implementation.model_fields if name in value}
        )
    except ValueError:  # of another version
        return []
    if PLACEMENT not in files:
        result = result.model_copy(update={"artifacts": ()})
    return [{"title": title, "svg": figure.svg(f"{run} {title}")} for title, figure in viz.pictures(result).items()]


def _model(result: dict[str, Any]) -> FpgaResources | None:
    """The resource model of what a flow built: the accelerator, or the whole system of a board without a processor.

    Raises:
        DeepSocError: there is none of the family.
    """
    from deepsoc.perf.resources import FpgaResources

    flow, board = str(result["flow"]), boards().get(str(result.get("board")))
    if board and flow.endswith("-ooc"):
        return FpgaResources(board.family)
    if board and board.system:
        return FpgaResources.of(board)
    family = _MODELS.get(str(result["part_family"]))
    return FpgaResources(family) if family else None


def _comparison(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Resources found and estimated; without a model of the family, those found alone."""
    found = result.get("resources")
    if not found:
        return []
    estimated: dict[str, float] = {}
    try:
        if model := _model(result):
            table = model.explain(Hardware.model_validate(result["hw"]))
            estimated = {str(name): float(table[name].sum()) for name in table}
    except DeepSocError:
        estimated = {}
    names = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM36", "uram": "URAM", "carry": "carry cells"}
    return [
        {"name": title, "found": found[name], "estimate": estimated.get(name)}
        for name, title in names.items()
        if name in found and (found[name] or estimated.get(name))
    ]
