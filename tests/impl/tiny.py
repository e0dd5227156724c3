"""A small design in the accelerator's place: the flow and the real Yosys in seconds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from deepsoc import assets
from deepsoc.hw import Hardware
from deepsoc.impl import synthesize

RTL = Path(__file__).parent / "rtl"
ROM = [word * 0x9E3779B1 & 0xFFFFFFFF for word in range(1, 257)]
HW = Hardware(
    rows=2,
    cols=3,
    x_bits=4,
    k_bits=4,
    y_bits=16,
    weights_ram_depth=16,
    axi_data_bits=32,
    kh_max=3,
    kw_max=3,
    sh_max=2,
    sw_max=2,
    ci_max=8,
    co_max=8,
    xh_max=8,
    xw_max=8,
    xn_max=1,
    edges_ram_depth=16,
    n_bundles_max=4,
)


def use(patch: pytest.MonkeyPatch, rtl: Path = RTL) -> None:
    """Makes the flows read the small design."""
    names = assets.rtl_files(rtl)
    for flows in ("alone", "yosys"):
        patch.setattr(f"deepsoc.impl.{flows}.rtl_files", lambda **_: names)


def use_system(patch: pytest.MonkeyPatch) -> None:
    """Makes the flows of whole systems read a small one, whose ROM holds `ROM`."""
    real = {path.name: path for path in [*assets.rtl_files(), *assets.soc_files()]}
    files = [real[name] for name in ("dsoc_soc_pkg.sv", "dsoc_fifo.sv", "dsoc_soc_ram.sv", "dsoc_soc_uart.sv")]
    files.append(RTL.with_name("system") / "dsoc_soc_board.sv")
    patch.setattr("deepsoc.impl.system.sources", lambda _: (files, assets.rtl_headers()))
    patch.setattr("deepsoc.impl.system.rom_words", lambda: "".join(f"{word:08x}\n" for word in ROM))


def run(folder: Path, hw: Hardware = HW, **options: Any) -> tuple[Any, list[tuple[str, str]]]:
    """Synthesizes; returns the result, and every step with its state."""
    told: list[tuple[str, str]] = []

    def progress(name: str, index: int, count: int, state: str) -> None:
        assert 0 <= index < count
        told.append((name, state))
        print(name, state, flush=True)

    return synthesize(hw, folder, progress=progress, **options), told


if __name__ == "__main__":
    use(pytest.MonkeyPatch())
    run(Path(sys.argv[1]))
