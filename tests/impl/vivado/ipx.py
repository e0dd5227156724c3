"""The packaging of an IP."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from tests.impl.vivado.catalog import Interface, Pin, VivadoError
from tests.impl.vivado.project import Project


class Packager:
    """A core that is being packaged."""

    def __init__(self, project: Project, options: dict[str, Any], pins: list[Pin], interfaces: list[Interface]) -> None:
        self.project, self.folder = project, Path(options["-root_dir"])
        if "-import_files" not in options:
            raise VivadoError("[IP_Flow 19-3656] the sources stay outside of the IP")
        self.properties = {
            "vendor": options["-vendor"],
            "library": options["-library"],
            "name": project.fileset["top"],
            "version": "1.0",
        }
        self.buses = [i.name for i in interfaces] + [pin.name for pin in pins if pin.kind in ("clk", "rst", "intr")]
        self.steps: list[str] = []
        (self.folder / "src").mkdir(parents=True)
        for name in project.files:
            (self.folder / "src" / Path(name).name).write_bytes(Path(name).read_bytes())

    @property
    def vlnv(self) -> str:
        return ":".join(self.properties[key] for key in ("vendor", "library", "name", "version"))

    def did(self, step: str) -> str:
        self.steps.append(step)
        return ""

    def integrity(self) -> str:
        families = self.properties.get("supported_families", "").split()
        if self.steps != ["xgui", "checksums"] or not {"zynq", "zynquplus"} <= set(families[::2]):
            raise VivadoError("[IP_Flow 19-3152] the core is not complete")
        return self.did("integrity")

    def save(self) -> str:
        if self.steps[-1:] != ["integrity"]:
            raise VivadoError("[IP_Flow 19-3152] the integrity was not checked")
        fields = "".join(f"<spirit:{k}>{escape(v)}</spirit:{k}>" for k, v in self.properties.items())
        (self.folder / "component.xml").write_text(f"<spirit:component>{fields}</spirit:component>\n")
        return ""
