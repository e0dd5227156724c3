"""Commands on netlists, and reports."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.impl.vivado import module, reports
from tests.impl.vivado.base import Base, Options
from tests.impl.vivado.catalog import BOARDS, VivadoError


class Netlists(Base):
    """Commands on netlists, and reports."""

    def read_verilog(self, o: Options, files: str) -> str:
        names = [Path(name) for name in self.split(files)]
        if missing := [name for name in names if not name.is_file()]:
            raise VivadoError(f"[Common 17-55] {missing[0]} does not exist")
        if "-sv" not in o and any(name.suffix == ".sv" for name in names):
            raise VivadoError("[Synth 8-2715] SystemVerilog without -sv")
        self.memory["files"] = names
        return ""

    def read_xdc(self, o: Options, file: str) -> str:
        self.memory["xdc"] = Path(file).read_text()
        return ""

    def synth_design(self, o: Options) -> str:
        places = [Path(place) for place in self.split(o.get("-include_dirs", ""))]
        sources = {path.stem: path for path in self.memory.get("files", [])}
        if o["-top"] not in sources:
            raise VivadoError(f"[Synth 8-439] module {o['-top']} not found")
        for path in sources.values():
            module.defines(path, places)
        if o["-part"] not in {part for part, _ in BOARDS.values()} or o.get("-mode") != "out_of_context":
            raise VivadoError(f"[Coretcl 2-106] part {o['-part']}, mode {o.get('-mode')}")
        if o.get("-verilog_define") != "SYNTHESIS=1":
            raise VivadoError("[Synth 8-27] assertions are not left out")
        self.memory |= {"part": o["-part"], "stage": 1, "xdc": self.memory.get("xdc", "")}
        self.opened = "netlist"
        return ""

    def write_checkpoint(self, o: Options, file: str) -> str:
        Path(file).write_text(json.dumps({key: self.memory[key] for key in ("part", "stage", "xdc")}))
        return ""

    def open_checkpoint(self, o: Options, file: str) -> str:
        self.memory = json.loads(Path(file).read_text())
        self.opened = "netlist"
        return ""

    def _stage(self, name: str, needed: int) -> str:
        if self.memory.get("stage", 0) < needed:
            raise VivadoError(f"[Common 17-53] {name}: no design that is so far")
        if name in os.environ.get("STANDIN_FAILS", "").split():
            raise VivadoError(f"[Place 30-487] {name}: the packing of instances could not be obeyed")
        self.memory["stage"] = needed + 1
        return ""

    def opt_design(self, o: Options) -> str:
        return self._stage("opt_design", 1)

    def place_design(self, o: Options) -> str:
        return self._stage("place_design", 2)

    def phys_opt_design(self, o: Options) -> str:
        return self._stage("phys_opt_design", 3)

    def route_design(self, o: Options) -> str:
        return self._stage("route_design", 3)

    def _write(self, o: Options, text: str) -> str:
        if not self.opened:
            raise VivadoError("[Common 17-53] no open design")
        if "-file" not in o:
            raise VivadoError("[Stand-in] the report goes nowhere")
        Path(o["-file"]).write_text(text)
        return ""

    @property
    def _outer(self) -> tuple[tuple[str, str], ...]:
        if self.project is None:
            return ()
        return (
            ("system_wrapper", "system_wrapper"),
            ("system_i", "system"),
            ("dsoc_0", "system_dsoc_0_0"),
            ("inst", "dsoc"),
        )

    @property
    def _part(self) -> str:
        return self.project.part if self.project else self.memory["part"]

    @property
    def _period(self) -> float:
        if self.project is None:
            words = self.memory["xdc"].split()
            return float(words[words.index("-period") + 1])
        clock = next(f"ps/{name}" for name in ("FCLK_CLK0", "pl_clk0") if name in self.design.cells["ps"].pins)
        return 1e9 / self.design.clock_hz(clock)

    def report_utilization(self, o: Options) -> str:
        ultra = not self._part.startswith("xc7")
        return self._write(
            o, reports.hierarchy(self._outer, ultra) if "-hierarchical" in o else reports.utilization(ultra)
        )

    def report_timing_summary(self, o: Options) -> str:
        wns = float(os.environ.get("STANDIN_WNS", reports.PATHS[0][0]))
        return self._write(o, reports.timing("clk_fpga_0" if self.project else "clk_i", self._period, wns))

    def report_timing(self, o: Options) -> str:
        return self._write(o, "Timing Report\n")

    def report_power(self, o: Options) -> str:
        return self._write(o, reports.power())

    def get_timing_paths(self, o: Options) -> tuple[str, ...]:
        if not self.opened or "-setup" not in o:
            raise VivadoError("[Common 17-53] no open design, or not of setup")
        prefix = "".join(f"{name}/" for name, _ in self._outer[1:])
        prefix += "i_top/" if self.project else ""
        for slack, logic, levels, begin, end, cells in reports.PATHS[: int(o.get("-max_paths", "1"))]:
            delay = self._period - slack
            ends = [prefix + begin, prefix + end]
            ns = [f"{value:.3f}" for value in (slack, self._period, delay, delay * logic)]
            self.paths.append((*ns, levels, *ends, tuple(prefix + cell for cell in cells.split())))
        return tuple(f"path@{index}" for index in range(len(self.paths)))

    def get_cells(self, o: Options, *patterns: str) -> tuple[str, ...]:
        return self.paths[int(self.names("path", (o["-of_objects"],))[0])][-1]
