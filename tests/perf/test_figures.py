"""Every figure of the model for fixed networks, hardware and memories, digit by digit.

The other tests hold the model to RTL and synthesis within its error; this one tells any change of it. Where a change is
meant, `python -m tests.perf.test_figures` writes figures.json anew: look at its difference before it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deepsoc.hw import Hardware
from deepsoc.hw.nodes import node
from deepsoc.perf import Cpu, Memory, estimate, published_table, summary
from deepsoc.perf.fit import NoFitError, fit
from deepsoc.perf.resources import FAMILIES, FpgaResources
from deepsoc.perf.silicon import Silicon, anchors
from deepsoc.workloads import load_workload
from tests.perf.networks import NARROW, WIDE, graph
from tests.perf.test_fit import CONV, DENSE, DIGITS, NET_SPACE, SPACE

FIGURES = Path(__file__).with_name("figures.json")
ROUND = Memory(16), Memory(300, 0.6, gb_per_s=1.5)
TABLE = Hardware(rows=7, cols=96, x_bits=8, k_bits=8, y_bits=24, axi_data_bits=128, frequency_mhz=400)
KNOWN = Hardware(
    rows=8, cols=24, x_bits=4, k_bits=4, y_bits=20, kh_max=3, kw_max=3, sh_max=1, sw_max=1, xn_max=1,
    edges_ram_depth=256,
)  # fmt: skip
POINTS = pd.DataFrame(
    {
        "rows": [1, 3, 8, 16], "cols": [6, 24, 96, 12], "x_bits": [2, 4, 8, 8], "k_bits": [8, 4, 4, 8],
        "y_bits": [16, 20, 24, 32], "kh_max": [1, 3, 7, 11], "kw_max": [1, 3, 7, 11], "sh_max": [1, 2, 4, 3],
        "sw_max": [1, 1, 2, 4], "xn_max": [1, 2, 1, 8], "edges_ram_depth": [16, 64, 300, 2048],
        "weights_ram_depth": [24, 64, 600, 2048], "axi_data_bits": [32, 64, 128, 512], "axi_max_burst": [16, 8, 4, 16],
        "counters_depth": [0, 16, 64, 64], "frequency_mhz": [100.0, 200.0, 250.0, 1000.0],
    }
)  # fmt: skip


def plain(value: Any) -> Any:
    """As JSON gives it back."""
    if isinstance(value, pd.DataFrame):
        return json.loads(value.reset_index(drop=True).to_json(orient="columns", double_precision=12))
    return json.loads(json.dumps(value, default=lambda array: array.tolist()))


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(NoFitError) as caught:
        call()
    return str(caught.value)


def estimates() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, hw in (("digits", WIDE), ("kws_cnn", NARROW), ("autoencoder", WIDE), ("peer_demo", NARROW)):
        network = graph(name, hw)
        for memory in ROUND:
            table = estimate(network, hw, memory=memory, cpu=Cpu(650.0))
            found[f"{name} {memory.latency_clocks}"] = {"table": plain(table), "summary": plain(summary(table))}
    table = estimate(load_workload("resnet50"), TABLE, memory=ROUND[1])
    return found | {"resnet50": {"table": plain(table.iloc[::7]), "summary": plain(summary(table))}}


def published() -> Any:
    return plain(published_table())


def fpga() -> dict[str, Any]:
    families = {family: FpgaResources(family) for family in FAMILIES}
    return {name: [plain(family(POINTS)), plain(family.explain(KNOWN))] for name, family in families.items()}


def silicon() -> dict[str, Any]:
    nodes = {name: Silicon(node(name)) for name in ("65nm", "28nm")}
    found = {name: [plain(area(POINTS)), plain(area.explain(KNOWN))] for name, area in nodes.items()}
    return {**found, "anchors": plain(anchors())}


def fits() -> dict[str, Any]:
    ways = {
        "conv": lambda: fit([CONV], area_mm2=0.3, node="28nm", space=SPACE),
        "both": lambda: fit([CONV, DENSE], board="pynq-z2", space=SPACE, goal="fps_per_watt", memory=ROUND[1]),
        "digits": lambda: fit([DIGITS], area_mm2=1.0, node="65nm", space=NET_SPACE, goal="latency", power_w=0.2),
    }
    found = {name: way() for name, way in ways.items()}
    return {name: [plain(fitted.table), plain(fitted.limits)] for name, fitted in found.items()}


def reasons() -> dict[str, str]:
    small = {**SPACE, "cols": [7, 20, 500], "rows": [1, 8]}
    ways = {
        "area": lambda: fit([CONV], area_mm2=0.001, node="28nm", space=SPACE),
        "power": lambda: fit([CONV], area_mm2=5, node="28nm", space=SPACE, power_w=1e-4),
        "several": lambda: fit([DIGITS], area_mm2=0.01, node="28nm", space=NET_SPACE, power_w=0.001),
        "columns": lambda: fit([CONV], board="cora-z7-10", space={**small, "cols": [500, 900]}),
        "rate": lambda: fit([CONV], area_mm2=0.5, node="28nm", space=SPACE, fps_min=1e9),
    }
    return {name: refused(way) for name, way in ways.items()}


MAKERS = (estimates, published, fpga, silicon, fits, reasons)


def same(found: Any, kept: Any, where: str) -> None:
    if isinstance(kept, dict):
        assert list(found) == list(kept), where
        for name, value in kept.items():
            same(found[name], value, f"{where}.{name}")
    elif isinstance(kept, list):
        assert len(found) == len(kept), where
        for i, value in enumerate(kept):
            same(found[i], value, f"{where}[{i}]")
    elif isinstance(kept, float):
        assert found == pytest.approx(kept, rel=1e-9), where
    else:
        assert found == kept, where


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_figures_are_what_they_were(make: Callable[[], Any]) -> None:
    same(make(), json.loads(FIGURES.read_text(encoding="utf-8"))[make.__name__], make.__name__)


if __name__ == "__main__":
    FIGURES.write_text(json.dumps({make.__name__: make() for make in MAKERS}, indent=1) + "\n", encoding="utf-8")
