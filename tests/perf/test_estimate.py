"""The estimate as a table: sources, columns, sums, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest

import deepsoc
from deepsoc.errors import InputError, MappingError
from deepsoc.hw import Hardware
from deepsoc.mapping import plan
from deepsoc.netspec.spec import load_net
from deepsoc.perf import Cpu, Memory, as_workload, estimate, layers_of, operation_times, summary
from deepsoc.perf.constants import SOFTMAX_FLOAT_UNIT, SOFTMAX_SOFT_FLOAT
from deepsoc.perf.sweep import sweep
from deepsoc.workloads import Layer, Workload, load_workload
from tests.perf.networks import DATA, WIDE, graph

BIG = Hardware(rows=7, cols=96, frequency_mhz=400)


# Frames/s, efficiency, DRAM words, operations a word: DESIGN's table for 7 x 96, of convolutions at batch 1.
PUBLISHED = {
    "alexnet": (336.6, 0.772, 6.4e6, 191.8),
    "vgg16": (17.5, 0.965, 96.8e6, 306.8),
    "resnet50": (64.2, 0.883, 67.9e6, 108.9),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_are_the_totals(name: str) -> None:
    found = summary(deepsoc.estimate(name, BIG))
    keys = ("fps", "efficiency", "dram_words", "ops_per_access")
    assert [found[key] for key in keys] == pytest.approx(list(PUBLISHED[name]), rel=0.01)


def test_published_narrow_array() -> None:
    found = summary(deepsoc.estimate("resnet50", BIG.model_copy(update={"cols": 24})))
    assert found["efficiency"] == pytest.approx(0.934, rel=1e-3)


def test_published_dense_layers_are_tables_of_their_own() -> None:
    table = deepsoc.estimate("alexnet_fc", BIG.model_copy(update={"frequency_mhz": 200}))
    assert list(table["name"]) == ["fc6", "fc7", "fc8"]
    assert list(table["efficiency"]) == pytest.approx([0.992, 0.992, 0.947], abs=5e-4)
    assert list(table["frames"]) == [7] * 3
    assert list(table["bound"]) == ["weights"] * 3


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
    assert list(tables[0]["operations"]) == [1, 1, 2, 1]  # an average over windows
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


def test_the_softmax_is_the_cpus() -> None:
    plain = graph("digits", WIDE)
    net = replace(plain, bundles=(*plain.bundles[:-1], replace(plain.bundles[-1], softmax=True)))
    with_it, without = estimate(net, WIDE), estimate(plain, WIDE)
    assert list(with_it["cpu_clocks"]) == [0, 0, 0, 10 * SOFTMAX_FLOAT_UNIT]
    assert with_it.drop(columns=["cpu_clocks", "cpu_us"]).equals(without)
    sums, none = summary(with_it), summary(without)
    assert sums["cpu_us"] == 10 * SOFTMAX_FLOAT_UNIT / 250
    assert sums["end_to_end_us"] == pytest.approx(none["end_to_end_us"] + sums["cpu_us"])
    assert sums["end_to_end_fps"] == pytest.approx(1e6 / sums["end_to_end_us"])
    assert none["end_to_end_us"] == pytest.approx(none["end_to_end_clocks"] / 250)
    assert not {"cpu_us", "cpu_clocks"} & (set(none) | set(without.columns) | set(estimate("alexnet", BIG).columns))
    slow = summary(estimate(net, WIDE, cpu=Cpu(50, float_unit=False)))
    assert slow["cpu_us"] == pytest.approx(10 * SOFTMAX_SOFT_FLOAT / 50)
    assert slow["end_to_end_clocks"] == sums["end_to_end_clocks"]


@pytest.mark.parametrize("mhz", [0, -1.0, float("nan"), 1e6])
def test_cpus_that_are_refused(mhz: float) -> None:
    with pytest.raises(InputError, match="cpu_mhz: expected more than 0"):
        Cpu(mhz)


@pytest.mark.skipif(not which("qemu-system-riscv32"), reason="needs qemu-system-riscv32")
@pytest.mark.skipif(not which("riscv64-unknown-elf-gcc"), reason="needs riscv64-unknown-elf-gcc")
def test_the_cpus_clocks_are_those_of_the_firmware() -> None:
    script = Path(__file__).parents[2] / "scripts" / "measure_softmax.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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


@pytest.mark.parametrize(
    ("maximum", "least"), [("kh_max", 7), ("kw_max", 7), ("sw_max", 2), ("ci_max", 512), ("co_max", 512)]
)
def test_maxima_that_are_too_small_are_refused(maximum: str, least: int) -> None:
    """A layer table is held to the hardware as a network is; what is left open is what it needs."""
    small = Hardware(rows=7, cols=96, **{maximum: least - 1})
    with pytest.raises(InputError, match=f"{maximum} is {least - 1}, {least} is needed") as caught:
        estimate("resnet18", small)
    assert (caught.value.where or "").startswith("layer ")
    enough = Hardware(rows=7, cols=96, **{maximum: least})
    assert estimate("resnet18", enough).equals(estimate("resnet18", Hardware(rows=7, cols=96)))


def test_sweeps_mark_maxima_that_are_too_small() -> None:
    for least, buildable in ((6, False), (7, True)):
        table = sweep(["resnet18"], {"rows": [4, 7], "cols": 96, "kh_max": least})
        assert table["buildable"].tolist() == [buildable] * 2


def test_groups_are_operations() -> None:
    table = estimate("mobilenet_v1", Hardware(rows=7, cols=96))
    depthwise = table[table["groups"] > 1]
    assert len(depthwise) == 13
    assert (depthwise["latency_clocks"] == 2 * Memory().latency_clocks * depthwise["groups"]).all()
