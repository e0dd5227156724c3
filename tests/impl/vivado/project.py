"""A project of files, runs and a block design; kept in its .xpr between two calls of the program."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path

from tests.impl.vivado.catalog import BOARDS, CARRIERS, VivadoError
from tests.impl.vivado.design import Design

_TYPES = {".sv": "SystemVerilog", ".svh": "Verilog Header", ".v": "Verilog", ".bd": "Block Designs", ".xdc": "XDC"}
_ALLOWED = {
    "file": {"file_type", "synth_checkpoint_mode", "used_in", "library"},
    "fileset": {"include_dirs", "verilog_define", "top", "generic"},
    "project": {"board_part", "board_connections", "target_language", "ip_repo_paths"},
    "core": {"name", "version", "vendor", "library", "display_name", "description", "supported_families"},
}  # fmt: skip


@dataclass
class Run:
    name: str
    folder: Path
    status: str = "Not started"
    progress: str = "0%"
    launched: bool = False


@dataclass
class Project:
    name: str
    folder: Path
    part: str
    board_part: str = ""
    board_connections: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)  # by absolute path, their properties
    fileset: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    design: Design | None = None
    generated: bool = False
    wrapper: str = ""
    ordered: bool = False

    @classmethod
    def create(cls, name: str, folder: Path, part: str) -> Project:
        if part not in {part for part, _ in BOARDS.values()}:
            raise VivadoError(f"[Coretcl 2-106] part {part} not found")
        made = cls(name, folder.resolve(), part)
        for run in ("synth_1", "impl_1"):
            made.runs[run] = Run(run, made.folder / f"{name}.runs" / run)
        made.folder.mkdir(parents=True, exist_ok=True)
        made.save()
        return made

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.xpr"

    def save(self) -> None:
        self.file.write_bytes(pickle.dumps(self))

    @classmethod
    def load(cls, file: Path) -> Project:
        try:
            found = pickle.loads(file.read_bytes())
        except OSError:
            raise VivadoError(f"[Project 1-489] {file} does not exist") from None
        assert isinstance(found, cls)
        return found

    @property
    def board(self) -> dict:
        """What the preset of the board holds."""
        if not self.board_part:
            raise VivadoError("[Board 49-71] the project has no board")
        if CARRIERS.get(self.board_part, {}) != self.board_connections:
            raise VivadoError(f"[Board 49-151] connections of {self.board_part}: {self.board_connections}")
        return {"memory": BOARDS[self.board_part][1]}

    def set(self, name: str, value: str) -> None:
        if name == "board_part":
            if value not in BOARDS or BOARDS[value][0] != self.part:
                raise VivadoError(f"[Board 49-71] board_part {value} is unknown, or not with {self.part}")
            self.board_part = value
        elif name == "board_connections":
            words = value.split()
            self.board_connections = dict(zip(words[::2], words[1::2], strict=True))
        else:
            check("project", name)

    def add(self, names: list[str]) -> None:
        for name in names:
            path = Path(name).resolve()
            if not path.is_file():
                raise VivadoError(f"[filemgmt 20-2] {name} does not exist")
            self.files[str(path)] = {"file_type": _TYPES.get(path.suffix, "Unknown")}
        self.ordered &= not any(Path(name).suffix in (".v", ".sv") for name in names)

    def sources(self, kind: str) -> list[Path]:
        return [Path(name) for name, properties in self.files.items() if properties["file_type"] == kind]

    def includes(self) -> list[Path]:
        return [Path(name) for name in self.fileset.get("include_dirs", "").split("\0")]

    def launch(self, name: str, to_step: str) -> None:
        """Starts a run; one that implements starts the synthesis before it, if that is not complete."""
        run = self.runs[name]
        if name == "impl_1" and self.runs["synth_1"].progress != "100%":
            self.launch("synth_1", "")
        done = run.status in ("synth_design Complete!", "write_bitstream Complete!")
        if done or (run.progress == "100%" and not to_step):
            raise VivadoError(f"[Common 17-69] run {name} needs to be reset before launching")
        if not self.ordered:
            raise VivadoError("[Synth 8-439] the compile order was not updated")
        if self.fileset.get("top") != Path(self.wrapper).stem or self.wrapper not in self.files:
            raise VivadoError(f"[Synth 8-439] module {self.fileset.get('top')} not found")
        if self.design is None or not (self.design.valid and self.design.saved and self.generated):
            raise VivadoError("[BD 41-1665] the block design is not valid, saved and generated")
        run.folder.mkdir(parents=True, exist_ok=True)
        (run.folder / "runme.log").write_text(f"{name}\n")
        run.launched = True
        if name in os.environ.get("STANDIN_FAILS", "").split():
            run.status, run.progress = "route_design ERROR" if name == "impl_1" else "synth_design ERROR", "60%"
            return
        if name == "synth_1":
            run.status = "synth_design Complete!"
        elif to_step:
            run.status = f"{to_step} Complete!"
            (run.folder / f"{self.wrapper_name}.bit").write_bytes(b"bits of " + self.name.encode())
        else:
            run.status = "route_design Complete!"
        run.progress = "100%"

    @property
    def wrapper_name(self) -> str:
        return Path(self.wrapper).stem


def check(kind: str, name: str) -> None:
    """Refuses a property that objects of this kind do not have."""
    if name not in _ALLOWED[kind]:
        raise VivadoError(f"[Common 17-142] a {kind} has no property {name}")
