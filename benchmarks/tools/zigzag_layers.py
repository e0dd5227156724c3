"""Runs ZigZag on layers. Its own environment runs this file; bench_tools.py starts it.

Reads {"rows", "cols", "layers": [{"name", "h", "w", …}]} from stdin and prints one JSON object a layer on stdout:
name, clocks, and the CPU seconds of the search alone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from zigzag.api import get_hardware_performance_zigzag

KB = 8 * 1024  # bits
PORTS = {"r": "read", "w": "write", "rw": "read_write"}


def memory(size: int, width: int, ports: list[tuple[str, str]], served: list[str]) -> dict[str, Any]:
    """A memory of `size` bits.

    Args:
        size: bits.
        width: bits that a port moves in a clock.
        ports: kind (r, w, rw) and uses of each. A use is an operand and a direction: `f` from or `t` to the memory's
            high or low side (`h`, `l`).
        served: dimensions of the array that share it.
    """
    speed = {"bandwidth_min": width, "bandwidth_max": width}
    listed = [
        {
            "name": f"{kind}_port_{index}",
            "type": PORTS[kind],
            "allocation": [use.replace(".", ", ") for use in uses.split()],
            **speed,
        }
        for index, (kind, uses) in enumerate(ports)
    ]
    operands = sorted({use.partition(".")[0] for _, uses in ports for use in uses.split()})
    costs = {"r_cost": 1, "w_cost": 1, "area": 0, "latency": 1}  # nothing but the latency is asked for
    return {"size": size, **costs, "operands": operands, "ports": listed, "served_dimensions": served}


def accelerator(rows: int, cols: int) -> dict[str, Any]:
    """Output-stationary array with sums in its elements, 384 KB on chip, and DRAM behind three ports of 128 bits."""
    every = ["D1", "D2"]
    outside = [("rw", "I1.fh I1.tl"), ("rw", "I2.fh I2.tl"), ("rw", "O.fh O.tl O.fl O.th")]
    return {
        "name": "array",
        "memories": {
            "sums": memory(24, 24, [("w", "O.fh"), ("w", "O.fl"), ("r", "O.tl"), ("r", "O.th")], []),
            "pixels": memory(192 * KB, rows * 8, [("w", "I1.fh"), ("r", "I1.tl")], every),
            "weights": memory(192 * KB, cols * 8, [("w", "I2.fh"), ("r", "I2.tl")], every),
            "dram": memory(1 << 36, 128, outside, every),
        },
        "operational_array": {"unit_energy": 1, "unit_area": 1, "dimensions": every, "sizes": [rows, cols]},
    }


def mapping(rows: int, cols: int) -> list[dict[str, Any]]:
    """Output rows on the rows of the array, output channels on its columns; the order in time is searched."""
    spatial = {"D1": [f"OY, {rows}"], "D2": [f"K, {cols}"]}
    return [
        {
            "name": "default",
            "spatial_mapping": spatial,
            "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
        }
    ]


def workload(layer: dict[str, Any]) -> list[dict[str, Any]]:
    """One convolution as the tool's loops."""
    loops = {"B": "n", "K": "co", "C": "ci", "OY": "ho", "OX": "wo", "FY": "kh", "FX": "kw"}
    return [
        {
            "id": 0,
            "name": layer["name"],
            "operator_type": "Conv",
            "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
            "dimension_relations": [f"ix={layer['sw']}*ox+1*fx", f"iy={layer['sh']}*oy+1*fy"],
            "loop_dims": list(loops),
            "loop_sizes": [layer[field] for field in loops.values()],
            "operand_precision": {"W": 8, "I": 8, "O": 24, "O_final": 8},
            "operand_source": {"I": 0, "W": 0},
            "pr_loop_dims": ["IX", "IY"],
            "pr_loop_sizes": [layer["w"], layer["h"]],
            "padding": [[layer["pad_w"]] * 2, [layer["pad_h"]] * 2],
        }
    ]


def main() -> None:
    """Print the figures of each layer as soon as they are there."""
    job = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    size = job["rows"], job["cols"]
    with tempfile.TemporaryDirectory(prefix="zigzag-") as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        for file, content in (("array.yaml", accelerator(*size)), ("mapping.yaml", mapping(*size))):
            (folder / file).write_text(yaml.safe_dump(content, sort_keys=False))  # from the inner to the outer memory
        logging.basicConfig(level=logging.WARNING)
        for layer in job["layers"]:
            start = time.process_time()
            _, clocks, _ = get_hardware_performance_zigzag(
                workload(layer),
                str(folder / "array.yaml"),
                str(folder / "mapping.yaml"),
                opt="latency",
                dump_folder=str(folder / "dump"),
                loma_show_progress_bar=False,
            )
            seconds = time.process_time() - start
            figures = {"name": layer["name"], "clocks": round(clocks), "seconds": seconds}
            print(json.dumps(figures), file=answers, flush=True)


if __name__ == "__main__":
    main()
