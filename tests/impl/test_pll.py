"""Dividers of the clock synthesizers."""

from __future__ import annotations

import pytest

from deepsoc.errors import InputError
from deepsoc.impl.pll import LIMITS, settings


@pytest.mark.parametrize(
    ("family", "clock", "wanted"),
    [("ecp5", 25, 40), ("ecp5", 25, 100), ("ecp5", 12, 33.3), ("ecp5", 100, 7), ("gowin", 27, 54), ("gowin", 27, 40)],
)
def test_what_is_made_is_near_and_within_the_limits(family: str, clock: float, wanted: float) -> None:
    found, limits = settings(family, clock, wanted), LIMITS[family]
    assert found is not None
    assert found.frequency_mhz == pytest.approx(wanted, rel=0.02)
    compare = clock / found.divide
    assert limits.compare_mhz[0] <= compare <= limits.compare_mhz[1]
    if family == "ecp5":
        loop = compare * found.multiply
        assert found.frequency_mhz == pytest.approx(loop / found.post)
    else:
        assert found.frequency_mhz == pytest.approx(compare * found.multiply)
        loop = found.frequency_mhz * found.post
    assert limits.loop_mhz[0] <= loop <= limits.loop_mhz[1]


def test_the_oscillators_own_rate_needs_none() -> None:
    assert settings("ecp5", 25, 25.0) is None


def test_what_cannot_be_made_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="900 MHz cannot be made of the board's 25 MHz; the nearest is 400 MHz"):
        settings("ecp5", 25, 900)
