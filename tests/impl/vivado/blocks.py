"""Commands on block designs, and the packaging of IPs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.impl.vivado import module, reports
from tests.impl.vivado.base import Base, Options
from tests.impl.vivado.catalog import BLOCKS, VivadoError
from tests.impl.vivado.design import Cell, Design, size
from tests.impl.vivado.ipx import Packager


class Blocks(Base):
    """Commands on block designs."""

    def create_bd_design(self, o: Options, name: str) -> str:
        self.open.design = Design(name)
        place = self.open.folder / f"{self.open.name}.srcs/sources_1/bd/{name}/{name}.bd"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
        self.open.add([str(place)])
        return f"bd_design@{name}"

    def get_ipdefs(self, o: Options, *patterns: str) -> tuple[str, ...]:
        known = [f"xilinx.com:ip:{name}:{version}" for name, block in BLOCKS.items() for version in block.versions]
        return self._some("ipdef", known, patterns)

    def create_bd_cell(self, o: Options, name: str) -> str:
        if name in self.design.cells:
            raise VivadoError(f"[BD 5-390] cell {name} exists")
        if o.get("-type") == "module":
            cell = self._reference(name, o["-reference"])
        else:
            vlnv = self.names("ipdef", (o["-vlnv"],))[0]
            block = vlnv.split(":")[2]
            config = {key: default for key, (default, _) in BLOCKS[block].properties.items()}
            cell = Cell(name, block, vlnv, config)
        self.design.cells[name] = cell
        self.design.changed()
        return f"bd_cell@{name}"

    def _module(self, top: str) -> tuple[list[Any], list[Any]]:
        """Pins and interfaces of a module, all of whose sources and includes are in the project."""
        if not self.open.ordered:
            raise VivadoError("[filemgmt 56-328] the compile order was not updated")
        verilog = {path.stem: path for path in self.open.sources("Verilog")}
        known = {path.stem: path for path in self.open.sources("SystemVerilog")}
        if top not in verilog:
            raise VivadoError(f"[filemgmt 56-195] no module {top} in Verilog or VHDL")
        pins, interfaces, below = module.read(verilog[top], top, self.open.includes())
        for name in below:
            if name not in known:
                raise VivadoError(f"[Synth 8-439] module {name} not found")
        headers = {path.name for path in self.open.sources("Verilog Header")}
        for path in known.values():
            module.defines(path, [place for place in self.open.includes() if headers])
        return pins, interfaces

    def _reference(self, name: str, top: str) -> Cell:
        pins, interfaces = self._module(top)
        return Cell(name, "", f"xilinx.com:module_ref:{top}:1.0", own_pins=[*pins], own_interfaces=[*interfaces])

    def apply_bd_automation(self, o: Options, *cells: str) -> str:
        for name in self.names("bd_cell", cells):
            cell = self.design.cells[name]
            keys = BLOCKS[cell.block].rules.get(o["-rule"]) if cell.block else None
            config = self.split(o["-config"])
            if keys is None or not set(config[::2]) <= keys:
                raise VivadoError(f"[BD 41-2168] rule {o['-rule']} with {config[::2]} does not apply to {name}")
            values = dict(zip(config[::2], config[1::2], strict=True))
            if "make_external" in keys and values.get("make_external") != "FIXED_IO, DDR":
                raise VivadoError(f"[BD 41-758] DRAM and fixed pins of {name} are not external")
            if values.get("apply_board_preset") == "1":
                cell.board = self.open.board
        return ""

    def get_bd_pins(self, o: Options, *patterns: str) -> tuple[str, ...]:
        known = [f"{cell.name}/{pin}" for cell in self.design.cells.values() for pin in cell.pins]
        return self._some("bd_pin", known, patterns)

    def get_bd_intf_pins(self, o: Options, *patterns: str) -> tuple[str, ...]:
        known = [f"{cell.name}/{i}" for cell in self.design.cells.values() for i in cell.interfaces]
        return self._some("bd_intf_pin", known, patterns)

    def connect_bd_net(self, o: Options, *pins: str) -> str:
        self.design.connect(self.names("bd_pin", pins))
        return ""

    def connect_bd_intf_net(self, o: Options, first: str, second: str) -> str:
        self.design.link(*self.names("bd_intf_pin", (first, second)))
        return ""

    def get_bd_addr_spaces(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self._some("space", list(self.design.spaces()), patterns)

    def get_bd_addr_segs(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self._some("segment", list(self.design.segments()), patterns)

    def assign_bd_address(self, o: Options, *segments: str) -> str:
        space = self.names("space", (o["-target_address_space"],))[0]
        offset = int(o["-offset"], 0) if "-offset" in o else None
        length = size(o["-range"]) if "-range" in o else None
        mapped = [self.design.assign(space, name, offset, length) for name in self.names("segment", segments)]
        return f"segment@{mapped[0].name}"

    def exclude_bd_addr_seg(self, o: Options, segment: str) -> str:
        space = self.names("space", (o["-target_address_space"],))[0]
        name = self.names("segment", (segment,))[0]
        if not self.design.paths(space, name):
            raise VivadoError(f"[BD 41-1051] {name} is not accessible from {space}")
        self.design.excluded.add((space, name))
        return ""

    def validate_bd_design(self, o: Options) -> str:
        self.design.validate()
        return ""

    def save_bd_design(self, o: Options) -> str:
        self.design.saved = True
        return ""

    def generate_target(self, o: Options, name: str, files: str) -> str:
        if name != "all" or not self.names("file", (files,))[0].endswith("/system.bd"):
            raise VivadoError(f"[Vivado 12-180] cannot generate {name} of {files}")
        if not (self.design.valid and self.design.saved):
            raise VivadoError("[BD 41-1665] the block design is not valid and saved")
        place = self.open.folder / f"{self.open.name}.gen/sources_1/bd/{self.design.name}/hw_handoff"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{self.design.name}.hwh").write_text(reports.handoff(self.design))
        self.open.generated = True
        return ""

    def make_wrapper(self, o: Options, file: str) -> str:
        name = Path(self.names("file", (file,))[0]).stem
        place = self.open.folder / f"{self.open.name}.gen/sources_1/bd/{name}/hdl/{name}_wrapper.v"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"module {name}_wrapper;\nendmodule\n")
        self.open.wrapper = str(place)
        return str(place)

    def ipx_package_project(self, o: Options) -> str:
        pins, interfaces = self._module(self.open.fileset["top"])
        self.packager = Packager(self.open, o, [*pins], [*interfaces])
        return "core@"

    def ipx_current_core(self, o: Options) -> str:
        if self.packager is None:
            raise VivadoError("[IP_Flow 19-3458] no core is open")
        return "core@"

    def _core(self, words: tuple[str, ...] | list[str]) -> Packager:
        self.names("core", words)
        assert self.packager is not None
        return self.packager

    def ipx_get_bus_interfaces(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self._some("busif", self._core((o["-of_objects"],)).buses, patterns)

    def ipx_create_xgui_files(self, o: Options, core: str) -> str:
        return self._core((core,)).did("xgui")

    def ipx_update_checksums(self, o: Options, core: str) -> str:
        return self._core((core,)).did("checksums")

    def ipx_check_integrity(self, o: Options, core: str) -> str:
        return self._core((core,)).integrity()

    def ipx_save_core(self, o: Options, core: str) -> str:
        return self._core((core,)).save()
