"""The estimate as a table: sources, columns, sums, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import deepsoc
from deepsoc.errors import InputError, MappingError
from deepsoc.frontend.netspec import load_net
from deepsoc.hw import Hardware
from deepsoc.mapping import plan
from deepsoc.perf import Memory, as_workload, estimate, layers_of, operation_times, summary
from deepsoc.workloads import Layer, Workload, load_workload
from tests.perf.networks import DATA, WIDE, graph

BIG = Hardware(rows=7, cols=96, frequency_mhz=400)


def test_published_alexnet_by_estimate() -> None:
    table = deepsoc.estimate("alexnet", BIG)
    conv = summary(table[table["type"] == "conv"])
    assert conv["fps"] == pytest.approx(338.3, rel=1e-3)
    assert conv["efficiency"] == pytest.approx(0.772, rel=1e-2)
    assert conv["ops_per_access"] == pytest.approx(191.8, rel=1e-2)
    assert conv["dram_words"] == pytest.approx(6.4e6, rel=1e-2)
    assert list(table["name"]) == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    assert list(table.loc[table["type"] == "dense", "bound"]) == ["weights"] * 3


def test_a_net_has_the_layers_of_its_bundles() -> None:
    layers = {layer.name: layer for layer in layers_of(graph("peer_demo", WIDE))}
    assert layers["b1"] == Layer("b1", "conv", 1, 28, 28, 1, 8, 7, 7, 2, 1, 2, 3, ho=14, wo=28)
    assert layers["b7"] == Layer("b7", "dense", 1, 1, 1, 700, 10)


def sources(name: str) -> list[Any]:
    path = DATA / f"{name}.json"
    spec = load_net(path)
    integers = graph(name, WIDE)
    return [path, str(path), spec, integers, plan(integers, WIDE)]


def test_every_form_of_a_network_gives_one_estimate() -> None:
    tables = [estimate(source, WIDE) for source in sources("digits")]
    for table in tables:
        assert table.equals(tables[0])
    assert list(tables[0]["name"]) == ["conv1", "conv2", "residual", "classes"]
    assert list(tables[0]["operations"]) == [2, 2, 2, 1]
    assert [as_workload(source).layers for source in sources("digits")] == [layers_of(graph("digits", WIDE))] * 5


def test_a_net_is_estimated_as_it_is_mapped() -> None:
    mapped = plan(graph("digits", WIDE), WIDE)
    table = estimate(mapped, WIDE, memory=Memory(50))
    assert table["end_to_end_clocks"].sum() == pytest.approx(sum(t.clocks for t in operation_times(mapped, Memory(50))))
    assert table["axi_read_bytes"].sum() == sum(c.x_bytes + c.k_bytes + c.o_bytes for c in mapped.costs)
    assert table["axi_write_bytes"].sum() == sum(c.y_bytes for c in mapped.costs)
    steps = table["array_clocks"] + table["results_clocks"]
    assert steps.sum() == sum(c.clocks for c in mapped.costs)
    # Convolutions with padding `same` and stride 1 take the clocks of the equation, and may wait for their results.
    assert list((table["array_clocks"] - table["pool_clocks"])[:3]) == list(table["clocks"][:3])
    assert list(table["results_clocks"] > 0) == [True, False, False, False]


def test_layers_that_memory_binds_take_the_time_of_the_port() -> None:
    work = Workload("w", (Layer("d", "dense", 8, 1, 1, 512, 24), Layer("thin", "conv", 1, 8, 5, 2, 30)))
    table = estimate(work, WIDE, memory=Memory(0, efficiency=0.5))
    assert list(table["bound"]) == ["weights", "results"]
    assert table["end_to_end_clocks"][0] == 512 * 24 / 2 / (16 * 0.5)
    assert table["end_to_end_clocks"][1] == table["clocks"][1] + table["results_clocks"][1]


def test_frames_of_a_batch() -> None:
    one, seven = (summary(estimate(load_workload("jet_tagging").with_batch(n), BIG)) for n in (1, 7))
    assert seven["fps"] == pytest.approx(7 * one["fps"])
    assert seven["clocks"] == one["clocks"]


def test_what_cannot_be_estimated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="layer conv1: a kernel of 11 columns at stride 4 takes 14 columns"):
        estimate("alexnet", Hardware(rows=7, cols=13))
    with pytest.raises(InputError, match="expected a workload's name"):
        estimate(3.5, BIG)  # type: ignore[arg-type]
    with pytest.raises(MappingError, match="x_bits"):
        estimate(DATA / "digits.json", Hardware(rows=7, cols=96, x_bits=8))
    with pytest.raises(InputError, match="another hardware"):
        estimate(plan(graph("digits", WIDE), WIDE), WIDE.model_copy(update={"rows": 9}))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match="broken"):
        estimate(tmp_path / "broken.json", BIG)


def test_estimates_start_fast_and_need_no_tensorflow() -> None:
    code = (
        "import sys, deepsoc; deepsoc.estimate('resnet50', deepsoc.Hardware(rows=8, cols=24)); "
        "sys.exit(str([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
