"""Calibrates deepsoc/perf/resources.py: synthesizes configurations, fits, and writes data, coefficients and residuals.

    calibrate_resources.py              all that is missing, for all families, then the fit (hours of CPU)
    calibrate_resources.py measure --family ecp5
    calibrate_resources.py fit          what there is; docs/resources.md gets the residuals

Yosys maps a design module by module. A module whose logic is that of a run before, in another configuration or with an
earlier RTL, is therefore not mapped again: its row is kept in deepsoc/perf/resources_runs.csv with a hash of the logic.
Configurations marked as held out are measured and compared, and not fitted.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import nnls

from deepsoc._hashes import key_of
from deepsoc.hw import Hardware
from deepsoc.impl import flows, synthesize
from deepsoc.impl.cells import AMD, ECP5, modules
from deepsoc.perf.resources import (
    BLOCKS,
    FEATURES,
    FIGURES,
    PARAMETERS,
    FpgaResources,
    _coefficients,
    elements,
    geometry,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "deepsoc" / "perf" / "resources_runs.csv"
COEFFICIENTS = ROOT / "deepsoc" / "perf" / "resources.csv"
PAGE = ROOT / "docs" / "resources.md"
BOARD = "ulx3s-85f"  # of ECP5
FLOWS = {"xc7": "yosys-xc7", "xcup": "yosys-xcup", "ecp5": "ecp5-ooc"}
SYSTEM_FLOW = "ecp5"
MHZ = {"ecp5": 100.0}  # that the lookup tables of a family are mapped for; those of the others do not depend on it
PRIOR = 0.1  # weight of what is known from elsewhere
FIXED = {
    "ci_max": 512,
    "co_max": 512,
    "xh_max": 256,
    "xw_max": 256,
    "n_bundles_max": 64,
    "pool_ram_depth": 0,
    "global_pool_max": 0,
}  # of every configuration; pools in line have figures of their own (deepsoc/perf/resources.py)

# In the order of PARAMETERS; one requantizer a row and two in turn.
FITTED = (
    (2, 4, 4, 4, 16, 3, 3, 1, 1, 1, 256, 64, 32, 16, 0),
    (4, 8, 4, 4, 20, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0),
    (8, 6, 4, 4, 24, 7, 7, 2, 2, 1, 1024, 256, 128, 16, 0),
    (4, 6, 8, 8, 24, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0),
    (7, 9, 8, 8, 32, 5, 5, 2, 2, 4, 2048, 512, 128, 16, 0),
    (3, 16, 8, 4, 24, 3, 3, 2, 1, 1, 1024, 64, 32, 8, 0),
    (6, 8, 2, 2, 16, 5, 3, 1, 2, 1, 512, 100, 64, 16, 0),
    (8, 12, 2, 4, 18, 3, 3, 1, 1, 8, 2048, 256, 256, 32, 0),
    (12, 4, 4, 2, 20, 11, 5, 4, 4, 2, 512, 1024, 128, 16, 0),
    (16, 6, 8, 8, 20, 3, 3, 1, 1, 16, 1024, 256, 128, 16, 0),
    (5, 20, 4, 4, 28, 3, 5, 1, 1, 1, 4096, 64, 64, 16, 0),
    (1, 3, 8, 8, 20, 1, 1, 1, 1, 1, 64, 16, 512, 16, 0),
    (10, 10, 4, 8, 24, 7, 3, 2, 1, 1, 1500, 300, 256, 64, 0),
    (4, 48, 8, 8, 24, 3, 3, 1, 1, 1, 1024, 64, 64, 16, 0),
    (3, 40, 4, 4, 20, 5, 3, 2, 2, 1, 2048, 128, 64, 16, 0),
)
HELD_OUT = (
    (8, 24, 4, 4, 20, 3, 3, 1, 1, 1, 2048, 256, 128, 16, 0),
    (6, 30, 8, 8, 26, 5, 5, 2, 2, 1, 1024, 128, 64, 16, 0),
    (4, 14, 2, 2, 14, 5, 5, 1, 1, 1, 512, 64, 32, 16, 0),
    (7, 96, 8, 8, 24, 7, 7, 2, 2, 7, 2048, 512, 128, 16, 0),
    (2, 10, 8, 8, 22, 5, 3, 1, 1, 1, 512, 200, 64, 16, 0),
    (5, 7, 4, 4, 18, 3, 3, 1, 1, 1, 1024, 64, 64, 16, 0),
    (3, 9, 8, 8, 26, 3, 3, 2, 2, 1, 256, 256, 32, 8, 0),
)
# Where one block alone is looked at: the performance counters, which depend on nothing else, the RISC-V SoC, which
# depends on the width of the accelerator's ports, and arrays of the kinds that AMD's families have, of which some are
# held out.
COUNTERS = ((2, 3, 4, 4, 16, 3, 3, 1, 1, 1, 256, 64, 32, 16, 64),)
SYSTEMS = ((2, 3, 4, 4, 16, 3, 3, 1, 1, 1, 256, 64, 32, 16, 0), (4, 6, 8, 8, 24, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0))
ARRAYS = (
    ("dsp_cascade", "array", (4, 8, 8, 8, 24, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0)),
    ("dsp_cascade", "array", (3, 13, 8, 8, 32, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array", (4, 8, 4, 4, 20, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array", (3, 12, 2, 2, 16, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array", (4, 6, 8, 8, 24, 3, 3, 1, 1, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array", (3, 13, 8, 8, 32, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0)),
    ("dsp_cascade", "array held out", (8, 24, 8, 8, 32, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array held out", (8, 24, 4, 4, 20, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0)),
    ("dsp_pair", "array held out", (8, 24, 8, 8, 32, 3, 3, 2, 2, 1, 512, 128, 64, 16, 0)),
)
TOO_LARGE = {("ecp5", 7, 96)}  # for every board of the family
KEYS = ("pe", "requantizers", *PARAMETERS)
Floats = npt.NDArray[np.float64]


def configurations(family: str) -> list[tuple[str, dict[str, Any]]]:
    """All configurations and their roles, those first that take least time."""
    sets = (("fitted", FITTED), ("held out", HELD_OUT))
    rows = [
        (role, i, row) for role, found in sets for i, row in enumerate(found) if (family, *row[:2]) not in TOO_LARGE
    ]
    rows.sort(key=lambda one: _size(**dict(zip(PARAMETERS, one[2], strict=True))))
    parts = [("counters", 0, row) for row in COUNTERS] + [("system", 0, row) for row in SYSTEMS if family == "ecp5"]
    kinds = [("portable", 1 + i % 2, role, row) for role, i, row in [*parts, *rows]]
    if family != "ecp5":
        kinds = [*((pe, 1, role, row) for pe, role, row in ARRAYS), *kinds]
    return [(role, dict(zip(KEYS, (pe, count, *row), strict=True))) for pe, count, role, row in kinds]


def _size(*, rows: int, cols: int, y_bits: int, axi_data_bits: int, **_: int) -> int:
    return rows * (500 + cols * y_bits) + 10 * axi_data_bits


def block_of(instance: str, *, soc: bool) -> str:
    """The block that a module instance belongs to; empty: it only holds the accelerator's pins.

    Args:
        instance: path below the top.
        soc: whether the RISC-V SoC is around the accelerator.
    """
    found = re.match(r"(?:i_soc\.i_accelerator\.)?i_core(?:\.(?:i_engine\.)?(?:gen_\w+\.)?(?:i_(\w+))?|$)", instance)
    if not found:
        return "system" if soc else ""
    return found[1] if found[1] in BLOCKS else "rest"


def alone(role: str) -> str:
    """The block that a run looks at alone; empty: at all."""
    block = role.removesuffix(" held out")
    return block if block in BLOCKS else ""


# ---- runs ------------------------------------------------------------------------------------------------------------


MODULE = re.compile(r"^module \\(\S+)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)


MADE = re.compile(r"(?<!\S)\$\S*\d\S*")  # names that the tools make
ROUNDS = 8


def logic_of(text: str) -> dict[str, str]:
    """By module of an RTLIL file the hash of its logic, in whatever order it is told and with whatever names."""
    return {name: key_of(_plain(body))[:16] for name, body in MODULE.findall(text)}


def _plain(body: str) -> list[str]:
    """Statements of a module, in which made names are replaced by what is connected to them, some cells far."""
    body = re.sub(r"^ *attribute .*\n", "", body, flags=re.MULTILINE)
    body = re.sub(r"\\(dsoc_\w+)\$\S+", r"\\\1", body)
    body = re.sub(r"^(  wire .*put) \d+", r"\1", body, flags=re.MULTILINE)  # the order of the ports
    statements = re.findall(r"^  cell .*?^  end\n|^  \S[^\n]*\n", body, flags=re.MULTILINE | re.DOTALL)
    made = [MADE.findall(statement) for statement in statements]
    forms = [MADE.sub("$", statement) for statement in statements]
    colours = {name: "" for names in made for name in names}
    for _ in range(ROUNDS):
        uses: dict[str, list[str]] = {name: [] for name in colours}
        for form, names in zip(forms, made, strict=True):
            of_all = key_of([form, *(colours[name] for name in names)])[:16]
            for place, name in enumerate(names):
                uses[name].append(f"{place} {of_all}")
        colours = {name: key_of(sorted(found))[:16] for name, found in uses.items()}
    return sorted(" ".join([form, *(colours[name] for name in names)]) for form, names in zip(forms, made, strict=True))


def black_boxes(text: str, names: set[str]) -> str:
    """Modules of an RTLIL file without what is in them."""
    found = []
    for name, body in MODULE.findall(text):
        if name in names:
            ports = [line for line in body.splitlines() if re.match(r"  wire .*\b(input|output) \d", line)]
            found += ["attribute \\blackbox 1", f"module \\{name}", *ports, "end"]
    return "\n".join([*found, ""])


def counted_alone(script: Path) -> None:
    """Leaves out of a script of Yosys what does not change the counts: netlists for others, and what follows."""
    lines = script.read_text(encoding="utf-8").splitlines()
    last = next((index for index, line in enumerate(lines) if "cells.json" in line), len(lines) - 1)
    kept = [line for line in lines[: last + 1] if not re.match(r"write_(json|verilog)|write_rtlil .*netlist", line)]
    script.write_text("\n".join([*kept, ""]), encoding="utf-8")


def run(family: str, role: str, hw: Hardware, place: Path, known: set[str], yosys: str) -> pd.DataFrame:
    """Rows of the blocks of which no module is known yet, and the hashes of all."""
    name = SYSTEM_FLOW if role == "system" else FLOWS[family]
    flow = flows()[name]
    board = BOARD if flow.families else None
    synthesize(hw, place, flow=name, board=board, until="elaborate")
    work = place / "impl" / name
    elaborated = (work / "elaborated.il").read_text(encoding="utf-8")
    top = next(found for found in ("dsoc_soc_board", "dsoc_top") if f"${found}." in elaborated)
    logic = logic_of(elaborated)
    instances = {module: module.partition("$")[2].removeprefix(f"{top}.") for module in logic}
    blocks: dict[str, list[str]] = {}
    for module, instance in instances.items():
        blocks.setdefault(block_of(instance, soc=role == "system"), []).append(module)
    hashes = {block: key_of(sorted(logic[module] for module in members))[:16] for block, members in blocks.items()}
    wanted = {block for block, key in hashes.items() if key not in known}
    if alone(role):
        wanted &= {alone(role)}
    found = pd.DataFrame({"block": list(hashes), "logic": list(hashes.values())})
    if not wanted - {""}:
        return found
    boxes = {module for block in set(blocks) - wanted - {"", "rest"} for module in blocks[block]}
    stubs = black_boxes(elaborated, boxes)
    logic_left = MODULE.sub(lambda module: "" if module[1] in boxes else module[0], elaborated)
    (work / "elaborated.il").write_text(logic_left + stubs, encoding="utf-8")
    programs = flow.available().programs
    for step in flow.steps[1 : [step.name for step in flow.steps].index("luts") + 1]:
        arguments = [argument.replace("{log}", f"logs/{step.name}.log") for argument in step.arguments]
        counted_alone(work / "scripts" / f"{step.name}.ys")
        subprocess.run([yosys or programs[step.program], *arguments], cwd=work, check=True)
        for name in {"inferred.il", "mapped.il"} & set(step.outputs):  # which Yosys writes without black boxes
            with (work / name).open("a", encoding="utf-8") as file:
                file.write(stubs)
    statistics = json.loads((work / "cells.json").read_text(encoding="utf-8"))
    for entry in statistics["modules"].values():
        cells = entry["num_cells_by_type"]
        entry["num_cells_by_type"] = {cell: count for cell, count in cells.items() if cell not in boxes}
    rows = modules(statistics, top, ECP5 if family == "ecp5" else AMD)
    table = pd.DataFrame([row.model_dump() | {"block": block_of(row.instance, soc=role == "system")} for row in rows])
    table = table.groupby("block", as_index=False)[list(FIGURES)].sum()
    return found.merge(table[table["block"].isin(wanted)], how="left")


def measure(family: str, work: Path, yosys: str = "") -> None:
    """Makes the runs that are missing for the RTL as it is; each row is written when it is known."""
    clock = {"frequency_mhz": MHZ[family]} if family in MHZ else {}
    for role, parameters in configurations(family):
        begin = time.monotonic()
        runs = pd.read_csv(RUNS)
        of_family = runs[runs["family"] == family]
        stored = of_family.dropna(subset=["logic", *FIGURES]).drop_duplicates("logic").set_index("logic")
        name = "_".join(map(str, parameters.values()))
        place = work / f"{family}-{role.replace(' ', '-')}" / name
        found = run(family, role, Hardware(**parameters, **FIXED, **clock), place, set(stored.index), yosys)
        for figure in FIGURES:
            values = found[figure] if figure in found else pd.Series(np.nan, found.index)
            found[figure] = values.fillna(found["logic"].map(stored[figure]))
        found = found[(found["block"] == alone(role)) if alone(role) else (found["block"] != "")]
        same = (of_family[list(KEYS)] == list(parameters.values())).all(axis=1) & (of_family["role"] == role)
        fresh = found.sort_values("block").assign(family=family, role=role, **parameters)
        runs = pd.concat([runs.drop(of_family.index[same]), fresh], ignore_index=True)
        runs[["family", "role", *KEYS, "block", *FIGURES, "logic"]].to_csv(RUNS, index=False)
        shutil.rmtree(place)
        print(family, role, name, f"{time.monotonic() - begin:.0f} s", flush=True)
    runs = pd.read_csv(RUNS)
    runs[(runs["family"] != family) | runs["logic"].isna() | wanted(runs, family)].to_csv(RUNS, index=False)


def wanted(runs: pd.DataFrame, family: str) -> pd.Series:
    """Which rows are of a family's configurations, and not of such as there were once."""
    known = {(role, *parameters.values()) for role, parameters in configurations(family)}
    return pd.Series(list(runs[["role", *KEYS]].itertuples(index=False, name=None)), runs.index).isin(known)


# ---- fit -------------------------------------------------------------------------------------------------------------


def fit(
    family: str, runs: pd.DataFrame, other: pd.DataFrame | None = None, kinds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Coefficients that are not negative and make the smallest relative errors.

    Args:
        family: of the rows.
        runs: rows.
        other: coefficients of an earlier RTL, or of a family of which more is known: what the rows leave open is as
            there, times the ratio of the block's sizes.
        kinds: coefficients of another family, for kinds of elements in DSP blocks of which this one has no runs.
    """
    fitted = runs[~runs["role"].str.endswith("held out")]
    rows = []
    for (block, figure), features in FEATURES.items():
        part = fitted[fitted["block"] == block]
        if part.empty:
            if other is not None:
                rows += other[(other["block"] == block) & (other["figure"] == figure)].to_dict("records")
            continue
        g = geometry(family, {name: part[name] for name in KEYS})
        names = ["1", *features]
        matrix = np.column_stack([np.ones(len(part)), *(feature(g) for feature in features.values())])
        target = part[figure].to_numpy(dtype=float)
        portable = (part["pe"] == "portable").to_numpy()
        there = None
        if other is not None and block in set(other["block"]):
            of_block = other[(other["block"] == block) & (other["figure"] == figure)].set_index("feature")
            there = of_block["coefficient"].reindex(names).to_numpy(dtype=float)
        found = np.zeros(len(names))
        if portable.any():
            found = solved(matrix[portable], target[portable], there)
        if not portable.all():  # other kinds of elements: features of their own, on top of the constant
            known = np.linalg.norm(matrix[portable], axis=0) > 0
            rest = target[~portable] - matrix[~portable] @ found
            found += solved(np.where(known, 0.0, matrix[~portable]), rest)
        if kinds is not None and block == "array":
            of_block = kinds[(kinds["block"] == block) & (kinds["figure"] == figure)].set_index("feature")
            unseen = (np.linalg.norm(matrix, axis=0) == 0) & [name.startswith(("DSP", "paired")) for name in names]
            found = np.where(unseen, of_block["coefficient"].reindex(names).to_numpy(dtype=float), found)
        rows += [
            {"block": block, "figure": figure, "feature": name, "coefficient": float(f"{value:.6g}")}
            for name, value in zip(names, found, strict=True)
        ]
    return pd.DataFrame(rows).assign(family=family)


def solved(matrix: Floats, target: Floats, there: Floats | None = None) -> Floats:
    """Coefficients of the features that occur; `there`: what is known from elsewhere."""
    # Relative errors count, but a block's share of the whole as well: the root of the size lies between.
    weight = 1 / np.sqrt(np.maximum(target, 1))
    scale = np.linalg.norm(matrix * weight[:, None], axis=0)
    used = scale > 0
    matrix, wanted = (matrix * weight[:, None])[:, used] / scale[used], target * weight
    if there is not None:
        there = there[used] * scale[used]
        expected = matrix @ there
        ratio = expected @ wanted / (expected @ expected)
        matrix = np.vstack([matrix, PRIOR * np.eye(len(there))])
        wanted = np.concatenate([wanted, PRIOR * ratio * there])
    found = np.zeros(len(scale))
    found[used] = nnls(matrix, wanted)[0] / scale[used]
    return found


def residuals(runs: pd.DataFrame) -> pd.DataFrame:
    """Synthesis and model of every configuration: figures, and their relative differences in percent."""
    keys = ["family", "role", "requantizers", *PARAMETERS]
    whole = runs[runs["role"].map(alone) == ""].groupby(keys, sort=False, as_index=False)[list(FIGURES)].sum()
    for family, part in whole.groupby("family"):
        found = FpgaResources(str(family))(part[["requantizers", *PARAMETERS]].assign(frequency_mhz=100.0))
        for figure in FIGURES:
            whole.loc[part.index, f"{figure}_model"] = found[figure]
    for figure in FIGURES:
        whole[f"{figure}_percent"] = 100 * (whole[f"{figure}_model"] / whole[figure] - 1)
    return whole.sort_values(["family", "role", "lut"], ascending=[True, False, True], kind="stable")


def page(table: pd.DataFrame) -> str:
    """The residuals as a table of docs/resources.md."""
    lines = [
        "| family | array | x, k, y bits | AXI | role | LUT | % | FF | % | DSP | % | BRAM36 | % |",
        "|---" * 13 + "|",
    ]
    for row in table.to_dict("records"):
        bits = f"{row['x_bits']}, {row['k_bits']}, {row['y_bits']}"
        cells = [row["family"], f"{row['rows']} × {row['cols']}", bits, row["axi_data_bits"], row["role"]]
        for figure in FIGURES:
            cells += [f"{row[figure]:,.{1 if figure == 'bram36' else 0}f}", f"{row[f'{figure}_percent']:+.1f}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def write(runs: pd.DataFrame) -> None:
    """Fits, writes coefficients and the page's table, and prints the largest residuals."""
    tables: dict[str, pd.DataFrame] = {}
    shown = []
    for family in FLOWS:
        part = runs[runs["family"] == family]
        fresh, older = part[part["logic"].notna()], part[part["logic"].isna()]
        known = tables.get("xc7")  # of a family without older rows
        if len(older):
            known = fit(family, older)
        kinds = tables.get("xc7") if "dsp_pair" in elements(family) else None
        tables[family] = known if known is not None and fresh.empty else fit(family, fresh, known, kinds)
        shown.append(older if fresh.empty else fresh)
    columns = ["family", "block", "figure", "feature", "coefficient"]
    pd.concat(tables.values())[columns].to_csv(COEFFICIENTS, index=False)
    _coefficients.cache_clear()
    table = residuals(pd.concat(shown, ignore_index=True))
    text = re.sub(
        r"(<!-- table -->\n).*(<!-- end)", lambda m: m[1] + page(table) + "\n" + m[2], PAGE.read_text(), flags=re.S
    )
    PAGE.write_text(text)
    worst = table.set_index(["family", "role"])[[f"{figure}_percent" for figure in FIGURES]].abs()
    print(worst.groupby(level=["family", "role"]).max().round(1).to_string())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", choices=["all", "measure", "fit"], default="all")
    parser.add_argument("--family", choices=list(FLOWS), action="append", help="of the runs; left out: all")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "calibration", help="folder of the runs")
    parser.add_argument("--yosys", default="", help="another build of the same Yosys, which maps faster")
    options = parser.parse_args()
    if options.task != "fit":
        for family in options.family or FLOWS:
            measure(family, options.work, options.yosys)
    if options.task != "measure":
        write(pd.read_csv(RUNS))


if __name__ == "__main__":
    main()
