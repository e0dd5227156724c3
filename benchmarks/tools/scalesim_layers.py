"""Runs SCALE-Sim on layers. Its own environment runs this file; bench_tools.py starts it.

Reads {"rows", "cols", "layers": [{"name", "h", "w", …}]} from stdin and prints one JSON object a layer on stdout:
name, clocks, and the CPU seconds of the simulation alone.
"""

from __future__ import annotations

import configparser
import contextlib
import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scalesim.scale_sim import scalesim

RUN = "layer"


def configuration(rows: int, cols: int) -> configparser.ConfigParser:
    """An output-stationary array of that size with 384 KB on chip; the tool estimates the bandwidth it needs."""
    config = configparser.ConfigParser()
    config["general"] = {"run_name": RUN}
    config["run_presets"] = {"InterfaceBandwidth": "CALC", "UseRamulatorTrace": "False"}
    config["architecture_presets"] = {
        "ArrayHeight": str(rows),
        "ArrayWidth": str(cols),
        "Dataflow": "os",
        **{f"{kind}SramSzkB": "128" for kind in ("Ifmap", "Filter", "Ofmap")},
        **{f"{kind}Offset": str(index * 10**7) for index, kind in enumerate(("Ifmap", "Filter", "Ofmap"))},
        **{f"{kind}RequestBuffer": "64" for kind in ("Read", "Write")},
    }
    banks = {"SRAMBankBandwidth": "16", "SRAMBankNum": "10", "SRAMBankPort": "2", "CustomLayout": "False"}
    config["layout"] = {f"{kind}{name}": value for kind in ("Ifmap", "Filter") for name, value in banks.items()}
    config["sparsity"] = {"SparsitySupport": "false"}
    return config


def simulate(layer: dict[str, Any], config: Path, folder: Path) -> tuple[int, float]:
    """Clocks and seconds of one layer; the tool wants its zero padding as part of the input."""
    height, width = layer["h"] + 2 * layer["pad_h"], layer["w"] + 2 * layer["pad_w"]
    shape = [height, width, layer["kh"], layer["kw"], layer["ci"], layer["co"], layer["sh"]]
    topology = folder / "topology.csv"
    with topology.open("w", newline="") as file:
        # Every line ends with a comma; its first line is skipped.
        csv.writer(file).writerows([["name", *["field"] * len(shape), ""], [layer["name"], *shape, ""]])
    layout = folder / "layout.csv"
    layout.write_text("no custom layout\n")
    tool = scalesim(save_disk_space=True, verbose=False, config=str(config), topology=str(topology), layout=str(layout))
    start = time.process_time()
    tool.run_scale(top_path=str(folder))
    seconds = time.process_time() - start
    with (folder / RUN / "COMPUTE_REPORT.csv").open(newline="") as file:
        row = next(csv.DictReader(file, skipinitialspace=True))
    return round(float(row["Total Cycles"])), seconds


def main() -> None:
    """Print the figures of each layer as soon as they are there."""
    job = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryDirectory(prefix="scalesim-") as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        config = folder / "array.cfg"
        with config.open("w") as file:
            configuration(job["rows"], job["cols"]).write(file)
        for layer in job["layers"]:
            clocks, seconds = simulate(layer, config, folder)
            print(json.dumps({"name": layer["name"], "clocks": clocks, "seconds": seconds}), file=answers, flush=True)


if __name__ == "__main__":
    main()
