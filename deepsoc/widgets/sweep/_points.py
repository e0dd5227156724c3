"""Points of a sweep for a plot: two columns of a table as bytes, thinned where there are too many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["MOST", "packed"]

MOST = 100_000
"""Points that are drawn; of more, evenly spaced ones, and all those that matter."""


def packed(table: pd.DataFrame, x: str, y: str, always: Sequence[int]) -> bytes:
    """Columns for a plot.

    Args:
        table: n rows, numbered from 0.
        x: column along.
        y: column up.
        always: rows that are never left out.

    Returns:
        float32 x, float32 y, int32 row, uint8 buildable, one after the other, each with an element a point drawn.
    """
    rows = np.arange(len(table))
    if len(rows) > MOST:
        spaced = np.linspace(0, len(rows) - 1, MOST).astype(np.int64)
        rows = np.union1d(spaced, np.asarray(always, np.int64))
    columns = [table[name].to_numpy(np.float32)[rows] for name in (x, y)]
    buildable = table["buildable"].to_numpy(np.uint8)[rows]
    return b"".join(column.tobytes() for column in (*columns, rows.astype(np.int32), buildable))
