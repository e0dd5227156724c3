"""What the panels of long runs share: a design, its runs found on disk, their state, log and result, live."""

from __future__ import annotations

import json
import secrets
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from deepsoc import jobs
from deepsoc._json import read_json
from deepsoc.errors import DeepSocError, InputError
from deepsoc.hw import Hardware
from deepsoc.widgets.base._control import Control
from deepsoc.widgets.runs._files import short, tail
from deepsoc.widgets.runs._watch import BUSY_S, IDLE_S, Watch
from deepsoc.widgets.studio.design import Design, described

__all__ = ["JobPanel", "WeightsPanel", "option"]

_DESIGN = ("net.json", "hw.json")
_RUNS = 20
_EXPECT_S = 120.0  # so long a run is looked for at short intervals after its cell was inserted


class JobPanel(Control):
    """Starts runs of one kind for a design, and follows all there are, whoever started them.

    Args:
        design: a Design; or a folder: a design's, any other with `net.json` and `hw.json`, or an export.
        root: folder of runs, as of `jobs.find`.

    Raises:
        InputError: there is no such folder, or a keyword is unknown.
    """

    KIND: ClassVar[str] = ""
    _watch: Watch | None = None

    folder = traitlets.Unicode(help="The folder of the design.").tag(sync=True)
    runs: traitlets.List[dict[str, Any]] = traitlets.List(help="Runs of the design, newest first; dictionaries.").tag(
        sync=True
    )
    current = traitlets.Unicode("", help="Id of the run that is shown.").tag(sync=True)
    log = traitlets.Unicode("", help="End of the log of that run.").tag(sync=True)
    log_bytes = traitlets.Int(0, help="Size of the log.").tag(sync=True)
    log_path = traitlets.Unicode("", help="The file of the log.").tag(sync=True)
    value = traitlets.Dict(help="What that run found; empty while there is nothing.").tag(sync=True)
    busy = traitlets.Unicode("", help="What is done before the run begins.").tag(sync=True)
    ran = traitlets.Dict(
        help="What the run that is shown was of: `options` in words, `design` in a line, `files` with copies of it, "
        "`changed`: whether the design is another by now; `usable`: whether it can be taken back."
    ).tag(sync=True)

    OPTIONS: ClassVar[tuple[str, ...]] = ()  # traits that the fields beside the button set

    def __init__(
        self, design: Design | str | Path = "designs/design", *, root: str | Path | None = None, **kwargs: Any
    ) -> None:
        self._design = design if isinstance(design, Design) else None
        folder = Path(design.folder if isinstance(design, Design) else design)
        if self._design is None and not (folder / "hw.json").is_file():
            raise InputError("expected a folder with net.json and hw.json, or an export", where=str(folder))
        self._root, self._jobs = root, dict[str, jobs.Job]()
        self._expect_until, self._read = 0.0, ("", -1)
        self._logged: tuple[str, Path] | None = None  # run and file of the log that is shown
        self._lock = threading.RLock()
        self._cell = secrets.token_hex(4)  # of the next cell
        super().__init__(folder=short(folder), **kwargs)
        self.observe(lambda _: self._wake(), names="current")
        self.refresh()
        self._watch = Watch(self)
        self._watch.start()

    # ---- what a panel is about --------------------------------------------------------------------------------------
    def arguments(self) -> list[str]:
        """Arguments of the command, without the folder."""
        return []

    def about(self) -> dict[str, Any]:
        """What is kept with the run beside its design."""
        return {}

    def options(self, job: jobs.Job) -> str:
        """With what a run was started, in words."""
        return ""

    def found(self, job: jobs.Job, result: dict[str, Any]) -> dict[str, Any]:
        """What is shown of a result."""
        return result

    # ---- for programs -----------------------------------------------------------------------------------------------
    @property
    def job(self) -> jobs.Job | None:
        """The run that is shown."""
        return self._jobs.get(self.current)

    @property
    def export_folder(self) -> Path:
        """Where the design is exported to; the folder itself if it is an export."""
        folder = Path(self.folder)
        return folder if (folder / "manifest.json").exists() else folder / "export"

    def code(self) -> str:
        """Python code that starts the run, by the public interface; run again, it finds the run that it has started."""
        out = self.export_folder.as_posix()
        imports, export = self._export_lines(out)
        call = [
            "job = jobs.start(",
            f"    {_quoted(self.KIND)},",
            f"    {_quoted([out, *self.arguments()])},",
            *(f"    {name}={_quoted(value)}," for name, value in self._keywords().items()),
            ")",
        ]
        lines = [
            *imports,
            "",
            f"job = next(iter(jobs.find(cell={_quoted(self._cell)})), None)  # this cell's run is not started twice",
            "if job is None:",
            *(f"    {line}" for line in [*export, *call]),
            "job.id  # then job.wait(), job.result()",
        ]
        return "\n".join(lines)

    def run(self) -> jobs.Job:
        """Exports the design and starts the run.

        Raises:
            InputError: the network, the hardware or an option cannot be.
            MappingError: the hardware cannot run the network.
        """
        self._check()
        self._export()
        out = self.export_folder.as_posix()
        job = jobs.start(self.KIND, [out, *self.arguments()], root=self._root, **self._keywords())
        self._expect(job.id)
        self.refresh()
        return job

    def cancel(self) -> None:
        """Ends the run that is shown."""
        if self.job is not None:
            self.job.cancel()
            self._wake()

    def refresh(self) -> float:
        """Looks at the disk once.

        Returns:
            Seconds after which it is worth to look again.
        """
        with self._lock:
            mine = [job for job in jobs.find(self._root) if self._is_mine(job)]
            fresh = [job.id for job in mine if job.id not in self._jobs]
            self._jobs |= {job.id: job for job in mine}
            newest = sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)[:_RUNS]
            rows = [self._row(job) for job in newest]
            expected = self._expect_until > time.monotonic()
            if newest and (self.current not in self._jobs or (fresh and expected and newest[0].id in fresh)):
                self.current, self._expect_until = newest[0].id, 0.0
            with self.hold_sync():
                self.runs = rows
                self._show()
            return BUSY_S if expected or any(row["active"] for row in rows) else IDLE_S

    def close(self) -> None:
        """Ends the control; its runs go on."""
        if self._watch is not None:
            self._watch.stop()
        super().close()

    # ---- messages of the front end ----------------------------------------------------------------------------------
    def on_start(self, view: str, options: dict[str, Any] | None = None) -> None:
        """The button was pressed: the page inserts a cell, or answers that it cannot.

        Args:
            view: the page's name for itself.
            options: what its fields show; a trait may not have followed them yet.
        """
        for name, value in (options or {}).items():
            if name in self.OPTIONS:
                self.set_trait(name, value)
        self._check()
        self._cell = secrets.token_hex(4)
        self._expect()
        self.send({"do": "insert", "code": self.code(), "view": view})

    def on_run(self) -> None:
        """The page cannot insert cells: the run is started from here, and the kernel stays free."""
        self.busy = "exporting the design"

        def work() -> None:
            try:
                self.attempt(self.run)
            finally:
                self.busy = ""

        threading.Thread(target=work, daemon=True).start()

    def on_cancel(self, id: str) -> None:
        """Cancel was pressed."""
        if id in self._jobs:
            self._jobs[id].cancel()
            self._wake()

    def on_restore(self, id: str) -> None:
        """The network and hardware of a run were wanted back."""
        if self._design is None or id not in self._jobs:
            raise InputError("there is no design to take it back into", where="restore")
        net, hw = (self._jobs[id].kept(name) for name in _DESIGN)
        before = read_json(net, "the network"), Hardware.load(hw)
        self._design.net, self._design.hw = before

    # ---- the run that is shown --------------------------------------------------------------------------------------
    def _show(self) -> None:
        """Log and result of the current run, where they are new."""
        job = self.job
        if job is None:
            self.log, self.log_bytes, self.log_path, self._logged = "", 0, "", None
            self.value, self.ran, self._read = {}, {}, ("", -1)
            return
        self.ran = {"options": self.options(job), **self._design_of(job)}
        state = job.state
        if state.active:
            self.value, self._read = {}, (job.id, 0)
        elif self._read != (job.id, 1):
            self._read = (job.id, 1)
            try:
                self.value = self.found(job, job.result())
            except (DeepSocError, OSError):
                self.value = {}
            except (LookupError, TypeError, ValueError) as error:  # as of another version; the log is there still
                self.value = {}
                self.error = f"the result of run {job.id} cannot be shown: {type(error).__name__} {error}"
        self._show_log(job)

    def _design_of(self, job: jobs.Job) -> dict[str, Any]:
        """What a run was of; a run that others started may have kept nothing."""
        copies = [job.kept(name) for name in _DESIGN]
        try:
            texts = [copy.read_bytes() for copy in copies]
            net, hw = (json.loads(text) for text in texts)
            line = described(net, hw["rows"], hw["cols"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return {"design": "", "files": [], "changed": False, "usable": False}
        changed = [_bytes(Path(self.folder) / name) for name in _DESIGN] != texts
        files = [short(copy) for copy in copies]
        return {"design": line, "files": files, "changed": changed, "usable": changed and self._design is not None}

    def log_file(self, job: jobs.Job) -> Path:
        """The log that is shown of a run."""
        return job.folder / "log.txt"

    def _show_log(self, job: jobs.Job) -> None:
        """The last lines; of a run whose folder is gone, what was shown last."""
        file = self.log_file(job)
        try:
            size = file.stat().st_size
        except OSError:
            if self._logged is None or self._logged[0] != job.id:
                self.log, self.log_bytes, self.log_path = "", 0, ""
            return
        if size != self.log_bytes or self._logged != (job.id, file):
            self.log, self.log_bytes, self.log_path = tail(file, size), size, short(file)
            self._logged = (job.id, file)

    def _row(self, job: jobs.Job) -> dict[str, Any]:
        state = job.state
        seconds = state.seconds
        return {
            "id": job.id,
            "title": job.title,
            "created": job.created,
            "status": state.status,
            "active": state.active,
            "stage": state.stage,
            "progress": state.progress,
            "message": state.message,
            "reason": state.reason,
            "exit_code": state.exit_code,
            "seconds": None if seconds is None else round(seconds, 0 if state.active else 1),
            "folder": short(job.folder),
        }

    # ---- the design -------------------------------------------------------------------------------------------------
    def _is_mine(self, job: jobs.Job) -> bool:
        place = job.about.get("design")
        return (
            job.kind == self.KIND
            and isinstance(place, str)
            and ((Path(job.cwd) / place).resolve() == Path(self.folder).resolve())
        )

    def _keywords(self) -> dict[str, Any]:
        """Keywords of `jobs.start`."""
        folder = Path(self.folder)
        return {
            "title": f"{self.KIND} {folder.resolve().name}",
            "keep": [(folder / name).as_posix() for name in _DESIGN if (folder / name).is_file()],
            "cell": self._cell,
            "design": folder.as_posix(),
            **self.about(),
        }

    def _check(self) -> None:
        """Refuses what would end in an error, before a cell is inserted; writes the design if it never was."""
        from deepsoc.netspec.lower import check_shapes
        from deepsoc.netspec.spec import load_net
        from deepsoc.netspec.weights import check_weights, load_weights
        from deepsoc.widgets.base._networks import Networks

        if self._design is not None:
            if not self._design.net.get("bundles"):
                raise InputError("the network has no bundles yet; add one first", where="net.bundles")
            for name, fault in self._design.refused.items():
                raise InputError(f"{fault}; mend the field, or undo", where=f"hardware: {name}")
            self._design.save()
        if self._is_export():
            return
        net, hw = load_net(Path(self.folder) / "net.json"), Hardware.load(Path(self.folder) / "hw.json")
        networks = Networks([net])
        for name, fault in networks.faults(networks.point(hw)).items():
            raise InputError(fault, where=f"hardware: {name}")
        if weights := self._weights():
            check_weights(load_weights(weights), check_shapes(net, net.name))

    def _is_export(self) -> bool:
        return self.export_folder == Path(self.folder)

    def _export(self) -> None:
        """What `_export_lines` say."""
        from deepsoc.export import export
        from deepsoc.netspec.spec import load_net, load_weights

        if self._is_export():
            return
        folder = Path(self.folder)
        net, hw = load_net(folder / "net.json"), Hardware.load(folder / "hw.json")
        weights = self._weights()
        graph = net.to_graph(weights=load_weights(Path(weights)) if weights else None)
        export(graph, hw, self.export_folder, net=net.dump())

    def _export_lines(self, out: str) -> tuple[list[str], list[str]]:
        """Imports, and what `_export` does."""
        if self._is_export():
            return ["from deepsoc import jobs"], []
        folder, weights = Path(self.folder).as_posix(), self._weights()
        imports = ["import deepsoc as ds", "from deepsoc import jobs", "from deepsoc.export import export"]
        if weights:
            imports.append("from deepsoc.netspec.spec import load_weights")
        given = f"weights=load_weights({_quoted(weights)})" if weights else ""
        return imports, [
            f"net = ds.load_net({_quoted(folder + '/net.json')})",
            f"hw = ds.Hardware.load({_quoted(folder + '/hw.json')})",
            f"export(net.to_graph({given}), hw, {_quoted(out)}, net=net.dump())",
        ]

    def _weights(self) -> str:
        """File of weights; empty: random ones."""
        return ""

    def _expect(self, id: str = "") -> None:
        """A new run is about to come, and shall be shown."""
        self._expect_until = time.monotonic() + _EXPECT_S
        self._wake()

    def _wake(self) -> None:
        if self._watch is not None:
            self._watch.wake()


class WeightsPanel(JobPanel):
    """A panel whose design is exported with weights of a file."""

    weights = traitlets.Unicode("", help="File of weights; empty: random ones.").tag(sync=True)

    def about(self) -> dict[str, Any]:
        """The weights, which are in the export and so not among the arguments."""
        return {"weights": self.weights} if self.weights else {}

    @staticmethod
    def weights_of(job: jobs.Job) -> str:
        """With which weights a run was started, in words."""
        weights = job.about.get("weights")
        return f"weights {weights}" if weights else "random weights"

    def _weights(self) -> str:
        return self.weights


def option(job: jobs.Job, name: str) -> str | None:
    """What a run was given behind an option, such as `--seed`; None without it, "" where nothing follows."""
    if name not in job.command:
        return None
    at = job.command.index(name) + 1
    return job.command[at] if at < len(job.command) and not job.command[at].startswith("--") else ""


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _quoted(value: Any) -> str:
    """A string, or a list of strings, as Python has it."""
    return json.dumps(value, ensure_ascii=False)
