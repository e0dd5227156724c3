"""Synthesis of many accelerators, here or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deepsoc._hashes import key_of, sources_key
from deepsoc.assets import folder as assets
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board
from deepsoc.hw.boards import board as find_board
from deepsoc.impl.run import synthesize
from deepsoc.perf.runs import Progress, Row, Run, run_in_folders

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["synthesize_each"]


def synthesize_each(
    points: Sequence[Hardware],
    folder: str | Path,
    *,
    flow: str = "yosys-xc7",
    board: str | Path | Board | None = None,
    cluster: int | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Synthesizes every accelerator, each in a folder of its own.

    A point whose result is on disk does not run again, unless the flow, the RTL or its scripts have changed. A point
    that fails is a row with its error; the next call goes on with it where it stopped.

    Args:
        points: accelerators, every maximum given.
        folder: where the folders of the points are; on a cluster, the same for all machines.
        flow: as of `synthesize`.
        board: as of `synthesize`; the same for all points.
        cluster: where to run, see `deepsoc.perf.cluster.run_each`; None: here, one after the other.
        progress: told about points that are over, and how many there are.

    Returns:
        One row a point, in their order: `run` (its folder's name), the parameters, the counts of `Resources`,
        `fmax_mhz`, `wall_s`, and `error`, empty if it ended.

    Raises:
        InputError: no points, or a bad `cluster` or `folder`.
        ToolError: the cluster fails.
    """
    target = find_board(board) if isinstance(board, str | Path) else board
    about = [flow, target.model_dump_json()] if target else [flow]
    package = Path(__file__).parents[1]
    sources = sources_key(assets("rtl"), assets("fpga"), package / "export", package / "impl")
    runs = []
    for hw in points:
        name = f"{flow}-{hw.rows}x{hw.cols}-{key_of([sources, *about, hw.to_json()])[:12]}"
        runs.append(Run(name, hw.model_dump(exclude={"format"}, exclude_none=True), hw))
    return run_in_folders(partial(_synthesize, flow, target), runs, folder, cluster=cluster, progress=progress)


def _synthesize(flow: str, board: Board | None, hw: Hardware, place: Path) -> Row:
    found = synthesize(hw, place, flow=flow, board=board)
    counts = found.resources.model_dump() if found.resources else {}
    return {**counts, "fmax_mhz": found.fmax_mhz, "wall_s": sum(step.seconds for step in found.steps)}
