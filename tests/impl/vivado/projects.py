"""Commands on projects, files and runs."""

from __future__ import annotations

import fnmatch
import os
import zipfile
from pathlib import Path

from tests.impl.vivado import reports
from tests.impl.vivado.base import Base, Options
from tests.impl.vivado.catalog import BOARDS, VivadoError
from tests.impl.vivado.design import Mapped
from tests.impl.vivado.project import Project, Run, check

_PATH = (
    "SLACK", "REQUIREMENT", "DATAPATH_DELAY", "DATAPATH_LOGIC_DELAY", "LOGIC_LEVELS", "STARTPOINT_PIN", "ENDPOINT_PIN",
)  # fmt: skip


class Projects(Base):
    """Commands on projects, files and runs."""

    def create_project(self, o: Options, name: str, place: str = ".") -> str:
        if self.project is not None:
            raise VivadoError("[Common 17-54] a project is open already")
        if (Path(place) / f"{name}.xpr").exists() and "-force" not in o:
            raise VivadoError(f"[Coretcl 2-27] project {name} exists")
        self.project = Project.create(name, Path(place), o["-part"])
        return "project@"

    def open_project(self, o: Options, file: str) -> str:
        self.project = Project.load(Path(file))
        return "project@"

    def close_project(self, o: Options) -> str:
        self.open.save()
        self.project = None
        self.opened = ""
        return ""

    def current_project(self, o: Options) -> str:
        self.open  # noqa: B018 - there must be one
        return "project@"

    def get_board_parts(self, o: Options, *patterns: str) -> tuple[str, ...]:
        missing = os.environ.get("STANDIN_MISSING_BOARDS", "").split()
        known = [name for name in BOARDS if name not in missing]
        return tuple(f"board_part@{name}" for name in known if any(fnmatch.fnmatchcase(name, p) for p in patterns))

    def get_filesets(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self._some("fileset", ["sources_1", "constrs_1", "sim_1"], patterns)

    def get_files(self, o: Options, *patterns: str) -> tuple[str, ...]:
        files = list(self.open.files)
        wanted = [part for text in patterns for part in self.split(text)]
        hits = [f for f in files if any(f.endswith("/" + p) or fnmatch.fnmatchcase(f, p) for p in wanted)]
        return self._some("file", hits, ("*",))

    def get_runs(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self._some("run", list(self.open.runs), patterns)

    def add_files(self, o: Options, *files: str) -> tuple[str, ...]:
        if o.get("-fileset", "fileset@sources_1") != "fileset@sources_1":
            raise VivadoError("[filemgmt 20-730] sources belong to sources_1")
        names = [part for text in files for part in self.split(text)]
        self.open.add(names)
        return tuple(f"file@{Path(name).resolve()}" for name in names)

    def update_compile_order(self, o: Options) -> str:
        self.names("fileset", (o["-fileset"],))
        self.open.ordered = True
        return ""

    def set_property(self, o: Options, *words: str) -> str:
        pairs = self.split(o["-dict"]) if "-dict" in o else list(words[:2])
        objects = words[0 if "-dict" in o else 2 :]
        if len(pairs) % 2 or not objects or len(words) > (1 if "-dict" in o else 3):
            raise VivadoError("[Common 17-163] set_property: expected name, value and objects")
        for item in [part for text in objects for part in self.split(text)]:
            for name, value in zip(pairs[::2], pairs[1::2], strict=True):
                self._set(item, name, value)
        return ""

    def _set(self, item: str, name: str, value: str) -> None:
        kind, _, which = item.partition("@")
        if kind == "bd_cell":
            self.design.changed()
            self.design.cells[which].set(name, value)
        elif kind == "project":
            self.open.set(name, value)
        elif kind == "core" and self.packager is not None:
            check("core", name)
            self.packager.properties[name] = value
        elif kind in ("file", "fileset"):
            check(kind, name)
            value = "\0".join(self.split(value)) if name == "include_dirs" else value
            (self.open.files[which] if kind == "file" else self.open.fileset)[name] = value
            self.open.ordered &= name != "top"
        else:
            raise VivadoError(f"[Common 17-55] {item} has no properties that can be set")

    def get_property(self, o: Options, name: str, item: str) -> str:
        kind, _, which = item.partition("@")
        if kind == "run":
            run = self.open.runs[which]
            return {"STATUS": run.status, "PROGRESS": run.progress, "DIRECTORY": str(run.folder)}[name]
        if kind == "segment":
            mapped = self._mapped(which)
            return {"OFFSET": f"0x{mapped.offset:08X}", "RANGE": str(mapped.size)}[name]
        if kind == "bd_pin" and name == "CONFIG.FREQ_HZ" and self.design.pin(which).kind == "clk":
            return str(self.design.clock_hz(self.design.driver(which) or which))
        if kind == "path":
            return str(dict(zip(_PATH, self.paths[int(which)], strict=False))[name])
        if kind == "core" and self.packager is not None and name == "vlnv":
            return self.packager.vlnv
        raise VivadoError(f"[Common 17-142] {item} has no property {name}")

    def _mapped(self, name: str) -> Mapped:
        return next(mapped for mapped in self.design.mapped.values() if mapped.name == name)

    def reset_runs(self, o: Options, *runs: str) -> str:
        for name in self.names("run", runs):
            self.open.runs[name] = Run(name, self.open.runs[name].folder)
        return ""

    def launch_runs(self, o: Options, *runs: str) -> str:
        if int(o.get("-jobs", "1")) < 1 or o.get("-to_step", "write_bitstream") != "write_bitstream":
            raise VivadoError(f"[Common 17-69] launch_runs: {o}")
        for name in self.names("run", runs):
            self.open.launch(name, o.get("-to_step", ""))
        return ""

    def wait_on_runs(self, o: Options, *runs: str) -> str:
        for name in self.names("run", runs):
            if not self.open.runs[name].launched:
                raise VivadoError(f"[Common 17-69] run {name} was not launched")
            if self.open.runs[name].progress != "100%":
                raise VivadoError("[Common 17-39] 'wait_on_runs' failed due to earlier errors")
        return ""

    def open_run(self, o: Options, run: str) -> str:
        name = self.names("run", (run,))[0] if "@" in run else run
        if self.open.runs[name].progress != "100%":
            raise VivadoError(f"[Project 1-589] run {name} is not complete")
        self.opened = name
        return ""

    def write_hw_platform(self, o: Options, file: str) -> str:
        run = self.open.runs["impl_1"]
        bit = run.folder / f"{self.open.wrapper_name}.bit"
        if "-fixed" not in o or not bit.is_file():
            raise VivadoError("[Vivado 12-4895] the hardware platform has no bitstream, or is not fixed")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("system.hwh", reports.handoff(self.design))
            if "-include_bit" in o:
                archive.write(bit, "system_wrapper.bit")
        return ""
