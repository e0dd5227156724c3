"""Settings of an FPGA's clock synthesizer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from deepsoc.errors import InputError

__all__ = ["LIMITS", "Pll", "PllLimits", "settings"]

_NEAR = 0.02  # deviation from the wanted frequency that is taken


@dataclass(frozen=True)
class PllLimits:
    """What a family's synthesizer can do; frequencies in MHz.

    Attributes:
        divide: of the input.
        multiply: of what the phase detector compares.
        post: of the loop's oscillator, which makes the output.
        compare_mhz: at the phase detector.
        loop_mhz: of the loop's oscillator.
        most_mhz: at the output.
        around_post: the loop goes through the last divider, so that `multiply` makes the output, not the oscillator.
    """

    divide: range
    multiply: range
    post: tuple[int, ...]
    compare_mhz: tuple[float, float]
    loop_mhz: tuple[float, float]
    most_mhz: float
    around_post: bool


@dataclass(frozen=True)
class Pll:
    """Dividers, and what they make."""

    divide: int
    multiply: int
    post: int
    frequency_mhz: float


# Lattice FPGA-DS-02012 (sysCLOCK PLL timing); Gowin DS226 (PLL parameters, C8/I7).
LIMITS = {
    "ecp5": PllLimits(range(1, 129), range(1, 129), tuple(range(1, 129)), (10, 400), (400, 800), 400, False),
    "gowin": PllLimits(
        range(1, 65), range(1, 65), (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128), (3, 500), (500, 1250), 600, True
    ),
}


def settings(family: str, clock_mhz: float, wanted_mhz: float) -> Pll | None:
    """The settings whose output comes nearest to a frequency; None if it is the oscillator's own.

    Args:
        family: key of LIMITS.
        clock_mhz: of the oscillator.
        wanted_mhz: of the system.

    Raises:
        InputError: nothing comes near.
    """
    if abs(wanted_mhz - clock_mhz) < 1e-6 * clock_mhz:
        return None
    limits = LIMITS[family]
    found = []
    for divide, multiply, post in product(limits.divide, limits.multiply, limits.post):
        compare = clock_mhz / divide
        if not limits.compare_mhz[0] <= compare <= limits.compare_mhz[1]:
            continue
        loop = compare * multiply * (post if limits.around_post else 1)
        if limits.loop_mhz[0] <= loop <= limits.loop_mhz[1] and loop / post <= limits.most_mhz:
            # Of equals the one with the fastest phase detector and the slowest loop.
            found.append((abs(loop / post - wanted_mhz), divide, loop, Pll(divide, multiply, post, loop / post)))
    best = min(found, key=lambda entry: entry[:3], default=None)
    if best is None or best[0] > _NEAR * wanted_mhz:
        near = "" if best is None else f"; the nearest is {best[-1].frequency_mhz:g} MHz"
        raise InputError(
            f"{wanted_mhz:g} MHz cannot be made of the board's {clock_mhz:g} MHz{near}", where="frequency_mhz"
        )
    return best[-1]
