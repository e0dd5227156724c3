"""Process nodes are data files; their factors follow from the published fits."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.hw.nodes import node, nodes

# Coefficients of the published fits over the supply (highest power first): energy, delay.
FITS = {
    130: ((7.171, -6.709, 2.904), (-76.65, 334.9, -493.4, 275.8)),
    65: ((3.755, -4.398, 1.975), (-53.3, 230.4, -333.9, 178.6)),
    45: ((1.018, -0.3107, 0.1539), (-501.6, 1567, -1619, 566.1)),
    32: ((0.8367, -0.4341, 0.1701), (-1047, 2982, -2797, 873.5)),
    20: ((0.373, -0.1582, 0.04104), (0, 34.63, -66.37, 41.15)),
    16: ((0.2958, -0.1241, 0.03024), (0, 24.8, -47.52, 28.87)),
    7: ((0.1776, -0.09097, 0.02447), (-28.58, 76.6, -70.26, 24.69)),
}


def _fit(nm: int, vdd: float) -> list[float]:
    return [sum(c * vdd**power for power, c in enumerate(reversed(fit))) for fit in FITS[nm]]


def _factors(nm: int, vdd: float) -> list[float]:
    return [here / anchor for here, anchor in zip(_fit(nm, vdd), _fit(65, 1.1), strict=True)]


@pytest.mark.parametrize("name", ["130nm", "65nm", "45nm", "16nm", "7nm"])
def test_energy_and_delay_are_those_of_the_fits(name: str) -> None:
    found = node(name)
    assert [found.energy, found.delay] == pytest.approx(_factors(int(found.nm), found.vdd), rel=0.005)


def test_28_nm_lies_between_its_neighbours() -> None:
    found = node("28nm")
    share = 0.2841  # log(32 / 28) / log(32 / 20)
    factors = zip(_factors(32, 0.9), _factors(20, 0.9), strict=True)
    assert [found.energy, found.delay] == pytest.approx([a ** (1 - share) * b**share for a, b in factors], rel=0.005)
    assert found.area == pytest.approx(0.31 ** (1 - share) * 0.14**share, rel=0.005)


def test_smaller_is_smaller_and_less_certain() -> None:
    ordered = sorted(nodes().values(), key=lambda found: -found.nm)
    assert [found.name for found in ordered] == ["130nm", "65nm", "45nm", "28nm", "16nm", "7nm"]
    for old, new in pairwise(ordered):
        assert new.area < old.area
        assert new.sram_area < old.sram_area
        assert new.energy < old.energy
        assert new.frequency_mhz > old.frequency_mhz
    errors = [found.error_percent for found in ordered[1:]]
    assert errors == sorted(errors)
    assert errors[0] == 0


def test_anchor() -> None:
    found = node("65nm")
    assert (found.area, found.sram_area, found.energy, found.delay, found.frequency_mhz) == (1, 1, 1, 1, 400)


def test_own_node(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = "name='a'\ntitle='a'\nnm=90\nvdd=1.2\narea=1.9\nsram_area=2\nenergy=1.6\ndelay=1.3\nerror_percent=9\n"
    path.write_text(text + "source='own'\n")
    assert node(path).area == 1.9
    path.write_text(text)
    with pytest.raises(InputError, match="no default") as found:
        node(str(path))
    assert found.value.where == f"{path}: source"


def test_unknown_node_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"node: unknown node '3nm'.*28nm.*7nm"):
        node("3nm")
