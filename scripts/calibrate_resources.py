"""Calibrates deepsoc/perf/resources.py: synthesizes configurations, fits, and writes data, coefficients and residuals.

    calibrate_resources.py measure --family xc7     synthesize what deepsoc/perf/resources_runs.csv lacks (hours of CPU)
    calibrate_resources.py fit                      fit all that is measured; docs/resources.md gets the residuals

Configurations marked as held out are measured and compared, and not fitted.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from deepsoc.hw import Hardware
from deepsoc.impl import ModuleResources, synthesize
from deepsoc.perf.resources import BLOCKS, FEATURES, FIGURES, PARAMETERS, FpgaResources, _coefficients, geometry

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "deepsoc" / "perf" / "resources_runs.csv"
COEFFICIENTS = ROOT / "deepsoc" / "perf" / "resources.csv"
PAGE = ROOT / "docs" / "resources.md"
FAMILIES = ("xc7", "xcup")

# In the order of PARAMETERS. Small arrays, and two wide ones: a PE of few columns takes more LUTs.
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
)


def configurations() -> Iterator[tuple[dict[str, int], str]]:
    """All configurations and their roles, those first that are worth most."""
    for role, rows in (("held out", HELD_OUT), ("fitted", FITTED)):
        for row in rows:
            yield dict(zip(PARAMETERS, row, strict=True)), role


def block_of(module: ModuleResources) -> str:
    """The block that a module instance belongs to."""
    found = re.match(r"i_core\.(?:i_engine\.)?i_(\w+)", module.instance)
    return found[1] if found and found[1] in BLOCKS else "rest"


def measure(family: str, work: Path) -> None:
    """Synthesizes every configuration of which there is no row yet; each is written when it is known."""
    runs = pd.read_csv(RUNS) if RUNS.exists() else pd.DataFrame(columns=["family", *PARAMETERS])
    for parameters, role in configurations():
        same = (runs[list(PARAMETERS)] == list(parameters.values())).all(axis=1) & (runs["family"] == family)
        if same.any():
            continue
        name = "_".join(map(str, parameters.values()))
        maxima = {"ci_max": 512, "co_max": 512, "xh_max": 256, "xw_max": 256, "n_bundles_max": 64}
        found = synthesize(Hardware(**parameters, **maxima), work / family / name, flow=f"yosys-{family}", until="luts")
        table = pd.DataFrame([row.model_dump() | {"block": block_of(row)} for row in found.by_module])
        table = table.groupby("block", as_index=False)[list(FIGURES)].sum()
        fresh = pd.DataFrame([{"family": family, "role": role} | parameters] * len(table)).join(table)
        runs = pd.concat([runs, fresh], ignore_index=True)
        runs.to_csv(RUNS, index=False)
        print(family, name, f"{sum(step.seconds for step in found.steps):.0f} s", flush=True)


def fit(runs: pd.DataFrame) -> pd.DataFrame:
    """Coefficients that are not negative and make the smallest relative errors.

    Args:
        runs: rows of one family.
    """
    fitted = runs[runs["role"] == "fitted"]
    rows = []
    for (block, figure), features in FEATURES.items():
        part = fitted[fitted["block"] == block]
        g = geometry({name: part[name] for name in PARAMETERS})
        names = ["1", *features]
        matrix = np.column_stack([np.ones(len(part)), *(feature(g) for feature in features.values())])
        target = part[figure].to_numpy(dtype=float)
        # Relative errors count, but a block's share of the whole as well: the root of the size lies between.
        weight = 1 / np.sqrt(np.maximum(target, 1))
        scale = np.linalg.norm(matrix * weight[:, None], axis=0)
        found = nnls(matrix * weight[:, None] / scale, target * weight)[0] / scale
        rows += [
            {"block": block, "figure": figure, "feature": name, "coefficient": float(f"{value:.6g}")}
            for name, value in zip(names, found, strict=True)
        ]
    return pd.DataFrame(rows)


def residuals(runs: pd.DataFrame) -> pd.DataFrame:
    """Synthesis and model of every configuration: figures, and their relative differences in percent."""
    keys = ["family", "role", *PARAMETERS]
    whole = runs.groupby(keys, sort=False, as_index=False)[list(FIGURES)].sum()
    for family, part in whole.groupby("family"):
        found = FpgaResources(family)(part[list(PARAMETERS)].assign(frequency_mhz=100.0))
        for figure in FIGURES:
            whole.loc[part.index, f"{figure}_model"] = found[figure]
    for figure in FIGURES:
        whole[f"{figure}_percent"] = 100 * (whole[f"{figure}_model"] / whole[figure] - 1)
    return whole


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


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["measure", "fit"])
    parser.add_argument("--family", choices=FAMILIES, default="xc7")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "calibration", help="folder of the runs")
    options = parser.parse_args()
    if options.task == "measure":
        measure(options.family, options.work)
        return
    runs = pd.read_csv(RUNS)
    tables = [fit(part).assign(family=family) for family, part in runs.groupby("family")]
    columns = ["family", "block", "figure", "feature", "coefficient"]
    pd.concat(tables)[columns].to_csv(COEFFICIENTS, index=False)
    _coefficients.cache_clear()
    table = residuals(runs)
    text = re.sub(
        r"(<!-- table -->\n).*(<!-- end)", lambda m: m[1] + page(table) + "\n" + m[2], PAGE.read_text(), flags=re.S
    )
    PAGE.write_text(text)
    worst = table[[f"{figure}_percent" for figure in FIGURES]].abs().groupby(table["role"]).max()
    print(worst.round(1).to_string())


if __name__ == "__main__":
    main()
