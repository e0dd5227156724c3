"""End-to-end times: against the RTL with memory delays, and how each delay moves them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan, plan
from deepsoc.netspec.spec import parse_net
from deepsoc.perf import Memory, OperationTime, operation_times
from deepsoc.sim import simulate
from tests.perf.networks import NARROW, WIDE, graph
from tests.strategies import random_case
from tests.system.hardware import HARDWARE


@cache
def mapped(name: str, hw: Hardware) -> Plan:
    return plan(graph(name, hw), hw)


def times(name: str, hw: Hardware, memory: Memory) -> dict[str, OperationTime]:
    found = mapped(name, hw)
    return {op.name: time for op, time in zip(found.operations, operation_times(found, memory), strict=True)}


def clocks(name: str, hw: Hardware, memory: Memory) -> float:
    return sum(time.clocks for time in times(name, hw, memory).values())


# Clocks of the RTL with the firmware, start to last acknowledged write (benchmarks/bench_model.py makes them anew).
MEASURED = {
    ("peer_demo", 0, 1.0): 6_645,
    ("peer_demo", 100, 1.0): 7_860,
    ("peer_demo", 300, 1.0): 13_958,
    ("digits", 16, 1.0): 3_843,
    ("digits", 300, 1.0): 7_373,
    ("kws_cnn", 300, 1.0): 101_032,
    ("autoencoder", 0, 1.0): 12_803,
    ("autoencoder", 300, 1.0): 49_904,
    ("peer_demo", 30, 0.7): 6_848,
    ("autoencoder", 30, 0.7): 14_032,
}


@pytest.mark.parametrize(("case", "rtl"), MEASURED.items(), ids=str)
def test_measured_clocks(case: tuple[str, int, float], rtl: int) -> None:
    name, latency, efficiency = case
    assert clocks(name, WIDE, Memory(latency, efficiency)) == pytest.approx(rtl, rel=0.05)


# The same of random networks (tests/strategies.py), by accelerator (tests/system/hardware.py), seed and latency:
# benchmarks/bench_latency.py makes them anew. Raw outputs on narrow ports, passes, latencies up to 500.
MEASURED_RANDOM = {
    ("13x9_x4k4", 1003, 16): 7_135,
    ("13x9_x4k4", 1003, 300): 16_390,
    ("13x9_x4k4", 1003, 500): 25_790,
    ("13x9_x4k4", 1008, 0): 805,
    ("5x11_x4k4", 1003, 60): 14_186,
    ("5x11_x4k4", 1003, 500): 96_803,
    ("5x11_x4k4", 1010, 300): 12_277,
    ("3x7_x4k8", 1015, 16): 1_468,
    ("3x7_x4k8", 1055, 60): 17_448,
    ("3x7_x4k8", 1055, 500): 119_076,
    ("1x10_x4k4", 1018, 500): 102_013,
    ("7x30_x8k8", 1005, 100): 2_579,
    ("7x30_x8k8", 1018, 300): 19_512,
    ("7x30_x2k4", 1027, 300): 10_301,
    ("8x24_x4k4", 1003, 500): 12_135,
    ("5x14_x8k8_scaled", 1002, 100): 19_330,
    ("5x14_x8k8_scaled", 1003, 0): 7_305,
    ("5x14_x8k8_scaled", 1003, 100): 9_327,
    ("5x14_x8k8_scaled", 1005, 0): 3_013,
    ("5x14_x8k8_scaled", 1011, 100): 5_968,
}


@pytest.mark.parametrize(("case", "rtl"), MEASURED_RANDOM.items(), ids=str)
def test_measured_clocks_of_random_networks(case: tuple[str, int, int], rtl: int) -> None:
    name, seed, latency = case
    hw = HARDWARE[name]
    _, drawn, _ = random_case(seed, x_bits=(hw.x_bits,), k_bits=(hw.k_bits,), scales=0.5 * (hw.scale_bits > 0))
    found = operation_times(plan(drawn, hw), Memory(latency))
    assert sum(time.clocks for time in found) == pytest.approx(rtl, rel=0.05)


# A last layer without activation on 13 x 9, AXI 32: with single beats, as it was once, latency 300 took 31,338 clocks.
RAW = {
    "format": "deepsoc-net/1", "name": "raw", "input": {"shape": [26, 20, 6]}, "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {
            "name": "b1", "input": "input", "act": None,
            "core": {"type": "conv2d", "filters": 12, "kernel": [3, 3], "padding": "same"},
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(("latency", "rtl"), [(16, 6_542), (100, 7_046), (300, 8_246), (500, 9_446)])
def test_raw_outputs_at_any_latency(latency: int, rtl: int) -> None:
    hw = Hardware(rows=13, cols=9, x_bits=4, k_bits=4, axi_data_bits=32)
    (time,) = operation_times(plan(parse_net(RAW).to_graph(seed=1), hw), Memory(latency))
    assert time.clocks == pytest.approx(rtl, rel=0.05)


@pytest.mark.parametrize(
    ("name", "hw", "latency", "stalls"),
    [
        ("digits", WIDE, 16, 0.3),
        pytest.param("peer_demo", WIDE, 100, 0.0, marks=pytest.mark.slow),
        pytest.param("resnet18_32", WIDE, 100, 0.0, marks=pytest.mark.slow),
        pytest.param("kws_cnn", NARROW, 100, 0.0, marks=pytest.mark.slow),
        pytest.param("autoencoder", NARROW, 16, 0.0, marks=pytest.mark.slow),
    ],
)
def test_rtl_clocks(name: str, hw: Hardware, latency: int, stalls: float, tmp_path: Path) -> None:
    export(graph(name, hw), hw, tmp_path / "out", seed=1)
    result = simulate(tmp_path / "out", mem_latency=latency, stall_prob=stalls, seed=1)
    result.raise_for_mismatch()
    found = times(name, hw, Memory(latency, 1 - stalls))
    assert sum(time.clocks for time in found.values()) == pytest.approx(result.cycles_rtl, rel=0.10)
    for op in result.operations:
        if op.cycles_rtl > 1_000:  # 0.16: pixels that follow the writes before, a beat a line, at a long latency
            assert found[op.name].clocks == pytest.approx(op.cycles_rtl, rel=0.17), op.name


def test_a_fast_memory_leaves_the_clocks_of_the_plan() -> None:
    found = mapped("kws_cnn", WIDE)
    expected = sum(cost.clocks + cost.overhead_clocks for cost in found.costs)
    assert sum(cost.clocks for cost in found.costs) < clocks("kws_cnn", WIDE, Memory(0)) < expected


@pytest.mark.parametrize("name", ["peer_demo", "digits", "autoencoder"])
def test_slower_memories_take_longer(name: str) -> None:
    by_latency = [clocks(name, WIDE, Memory(latency)) for latency in (0, 10, 50, 200, 1000)]
    assert by_latency == sorted(set(by_latency))
    by_efficiency = [clocks(name, WIDE, Memory(16, share)) for share in (1.0, 0.8, 0.4, 0.1)]
    assert by_efficiency == sorted(set(by_efficiency))


def test_a_memory_that_all_ports_share() -> None:
    """It moves so many bytes a second, whichever port they are for; a fast one changes nothing."""
    found = mapped("autoencoder", WIDE)
    thin = operation_times(found, Memory(0, gb_per_s=0.1))
    bytes_ = [cost.x_bytes + cost.k_bytes + cost.o_bytes + cost.y_bytes for cost in found.costs]
    for time, moved in zip(thin, bytes_, strict=True):
        assert time.memory == pytest.approx(moved / 0.1e9 * WIDE.frequency_mhz * 1e6)
        assert time.clocks >= time.memory
    assert thin[0].bound == "memory"
    assert thin[0].clocks == pytest.approx(thin[0].memory)
    assert clocks("autoencoder", WIDE, Memory(0, gb_per_s=1e6)) == clocks("autoencoder", WIDE, Memory(0))


def test_what_binds() -> None:
    fast, far, thin = Memory(0), Memory(300), Memory(0, efficiency=0.05)
    assert times("kws_cnn", WIDE, fast)["conv2"].bound == "array"
    assert times("autoencoder", NARROW, fast)["fc1"].bound == "weights"
    assert times("autoencoder", WIDE, far)["fc6"].bound == "latency"
    assert times("peer_demo", WIDE, thin)["b1"].bound == "outputs"
    assert times("peer_demo", WIDE, far)["b3"].bound == "operands"


@pytest.mark.parametrize(
    ("bits", "burst", "bursts"), [(32, 64, 1), (64, 16, 2), (64, 4, 8), (128, 16, 1), (128, 8, 2), (256, 64, 1)]
)
def test_a_network_starts_when_its_first_descriptor_is_there(bits: int, burst: int, bursts: int) -> None:
    """256 bytes: each burst waits for the one before it, so each takes the latency once more."""
    hw = WIDE.model_copy(update={"axi_data_bits": bits, "axi_max_burst": burst})
    soon, late = (times("digits", hw, Memory(latency))["conv1"].latency for latency in (0, 100))
    assert late - soon == (2 + bursts) * 100
    thin = times("digits", hw, Memory(0, efficiency=0.5))["conv1"].latency
    assert thin - soon == 256 * 8 / bits


def test_terms_of_one_operation() -> None:
    found = mapped("digits", WIDE)
    time, cost = operation_times(found, Memory(20))[3], found.costs[3]
    assert found.operations[3].name == "residual.pool"
    assert (time.array, time.results, time.weights) == (cost.clocks, 0, 0)
    assert time.overhead == cost.overhead_clocks
    assert 0 <= time.latency < 40  # beside the end of the operation before
    assert operation_times(found, Memory(20))[0].latency > 40
    assert time.outputs == cost.y_bytes / WIDE.axi_bytes


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"latency_clocks": -1}, "latency_clocks"),
        ({"latency_clocks": 10**6}, "latency_clocks"),
        ({"gb_per_s": 0}, "gb_per_s"),
        ({"gb_per_s": float("nan")}, "gb_per_s"),
        ({"efficiency": 0}, "efficiency"),
        ({"efficiency": 1.1}, "efficiency"),
        ({"efficiency": float("nan")}, "efficiency"),
    ],
    ids=str,
)
def test_memories_that_are_refused(values: dict[str, float], where: str) -> None:
    with pytest.raises(InputError) as caught:
        Memory(**values)  # type: ignore[arg-type]
    assert caught.value.where == where
