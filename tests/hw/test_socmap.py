"""Memory map of the RISC-V SoC: generated files, and faults in the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deepsoc.errors import InputError
from deepsoc.hw.socmap import Region, SocMap, SocRegister, check_map, load_map, render

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", render())
def test_generated_files_are_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == render()[name], "run python -m deepsoc.hw.socmap"


def _with(**change: Any) -> SocMap:
    """The map with another UART."""
    uart = load_map().region("UART").model_copy(update=change)
    regions = tuple(uart if region.name == "UART" else region for region in load_map().regions)
    return load_map().model_copy(update={"regions": regions})


def _register(name: str, offset: int) -> SocRegister:
    return SocRegister(name=name, offset=offset, access="rw", doc="")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base": 0x1000_0000}, "regions RAM and UART overlap|regions UART and RAM overlap"),
        ({"base": 0x2000_0800}, "UART is not aligned"),
        ({"bytes": 0x1800}, "UART is not aligned"),
        ({"bytes": 0x2000}, "UART and TIMER overlap"),
        ({"registers": (_register("A", 2),)}, "a register of UART"),
        ({"registers": (_register("A", 0x1000),)}, "a register of UART"),
        ({"registers": (_register("A", 0), _register("A", 4))}, "name of two registers of UART"),
        ({"registers": (_register("A", 4), _register("B", 4))}, "offset of two registers of UART"),
    ],
)
def test_faults_in_the_table(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_map(_with(**change))


def test_every_address_lies_in_one_region_at_most() -> None:
    regions: tuple[Region, ...] = load_map().regions
    for address in [at for region in regions for at in (region.base, region.base + region.bytes - 1)]:
        assert sum(address & region.mask == region.base for region in regions) == 1


def test_an_unknown_region() -> None:
    with pytest.raises(InputError, match="no region 'FLASH'"):
        load_map().region("FLASH")
