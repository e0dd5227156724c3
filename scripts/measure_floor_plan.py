"""Places and routes a small accelerator, and keeps what its pictures need in deepsoc/impl/measured.

    measure_floor_plan.py [--work build/floor_plan]     ten minutes of one core, 1 GB of memory

`deepsoc.impl.measured_run()` reads it, for those who want to see the pictures before they wait for a run of their own.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from deepsoc.hw import Hardware
from deepsoc.impl import synthesize
from deepsoc.impl.placement import PLACEMENT
from deepsoc.impl.result import MEASURED, REPORT

# The design of notebooks/07_synthesis_and_resources.ipynb, for a network of two layers.
HW = Hardware(
    rows=2, cols=6, frequency_mhz=50, x_bits=4, k_bits=4, y_bits=16, b_bits=16, kh_max=3, kw_max=3, sh_max=2, sw_max=2,
    ci_max=64, co_max=4, xh_max=8, xw_max=8, xn_max=1, weights_ram_depth=128, edges_ram_depth=16, axi_data_bits=32,
    n_bundles_max=2,
)  # fmt: skip


def main() -> None:
    """Runs the flow, or goes on with it, and writes the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/floor_plan"), help="folder of the run")
    work = parser.parse_args().work
    found = synthesize(HW, work, flow="ecp5-ooc", board="ulx3s-85f", progress=lambda *step: print(*step, flush=True))
    MEASURED.mkdir(exist_ok=True)
    shutil.copyfile(Path(found.folder) / PLACEMENT, MEASURED / PLACEMENT)
    kept = found.model_copy(update={"folder": "", "steps": (), "artifacts": (PLACEMENT, REPORT)})
    (MEASURED / REPORT).write_text(kept.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
