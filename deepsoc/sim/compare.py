"""Compares what the hardware wrote with the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deepsoc.sim.result import Difference

__all__ = ["Comparison", "compare"]


@dataclass
class Comparison:
    """Running count of differences; the first one is kept."""

    mismatches: int = 0
    first: Difference | None = None


def compare(
    total: Comparison,
    *,
    bundle: str,
    operation: str,
    expected: npt.NDArray[np.generic],
    received: npt.NDArray[np.generic] | None,
    tolerance: float = 0.0,
) -> int:
    """Compares one array and adds the differences to `total`.

    Args:
        total: gets the counts, and the first difference of all.
        bundle: name for the message.
        operation: name for the message.
        expected: the reference.
        received: as many values in the same order, or None if they were never written.
        tolerance: largest absolute difference that counts as equal.

    Returns:
        How many values differ; all of them if nothing was received.
    """
    if received is None:
        total.mismatches += expected.size
        return expected.size
    values = received.reshape(expected.shape)
    wrong = ~(np.abs(values.astype(np.float64) - expected.astype(np.float64)) <= tolerance)
    count = int(np.count_nonzero(wrong))
    total.mismatches += count
    if count and total.first is None:
        index = np.unravel_index(int(np.argmax(wrong)), expected.shape)
        total.first = Difference(
            bundle=bundle,
            operation=operation,
            index=tuple(int(i) for i in index),
            expected=float(expected[index]),
            received=float(values[index]),
        )
    return count
