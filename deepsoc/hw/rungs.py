"""Round numbers for what is left open: networks that need about the same get the same accelerator.

So they share its simulator, its synthesis, and its bitstream. Sizes that the RTL does not have are not rounded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["RUNGS", "rung"]


def _powers(first: int, most: int, base: int = 2) -> tuple[int, ...]:
    """`first` times powers of `base`, and `most`."""
    rungs = [first]
    while rungs[-1] * base < most:
        rungs.append(rungs[-1] * base)
    return (*rungs, most)


RUNGS: Mapping[str, tuple[int, ...]] = {
    "y_bits": tuple(range(8, 33, 4)),
    "kh_max": (1, 3, 5, 7, 11, 15, 31, 63, 127, 255),
    "kw_max": (3, 7, 11, 15, 31, 63, 127, 255),
    "sh_max": _powers(1, 255),
    "sw_max": _powers(2, 255),
    "xn_max": _powers(1, 65535, base=4),
    "edges_ram_depth": (0, 16, 64, *_powers(256, 1 << 20)),
}
"""Values of a field of `Hardware`, ascending; the last is the largest that the field may have.

Rows of kernels and vertical strides cost line buffers, accumulators every element a bit: their rungs are close. Columns
and horizontal strides cost next to nothing; pool sums of up to 64 words are in LUTs, of more in a block RAM.
"""


def rung(name: str, needed: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The smallest rung that suffices; what is beyond the last stays as it is, and fields without rungs do too.

    Args:
        name: a field of `Hardware`.
        needed: integers.
    """
    values = np.asarray(needed, dtype=np.int64)
    if name not in RUNGS:
        return values
    rungs = np.array(RUNGS[name], np.int64)
    place = np.searchsorted(rungs, values)
    return np.where(place < len(rungs), rungs[np.minimum(place, len(rungs) - 1)], values)
