"""Vectors spread over the rows, with weights that stay on chip: whole networks on RTL."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from deepsoc.export import Artifacts, export
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Act, Add, Bundle, Graph, Quant
from deepsoc.runtime import Driver
from deepsoc.sim import simulate
from deepsoc.sim.device import open_device
from tests.mapping.nets import conv
from tests.mapping.test_spread import dense
from tests.system.counters import check_counters
from tests.system.hardware import HARDWARE

X = Quant(8, 4)
RELU = Act("relu", X, None)
HW = HARDWARE["4x9_x8k8_resident"]
KINDS = ("4x9_x8k8_resident", "11x6_x8k4_resident")


def vectors(rng: np.random.Generator, sizes: list[int], k_bits: int, name: str = "vectors") -> Graph:
    """Dense layers, of which one adds what the one before it gives; the last one's sums are raw."""
    names = ["input", *(f"d{i}" for i in range(len(sizes) - 1))]
    bundles = []
    for i, (ci, co) in enumerate(pairwise(sizes)):
        act = RELU if i < len(sizes) - 2 else None
        add = Add(names[i], RELU) if i and ci == co and act else None
        bundles.append(Bundle(names[i + 1], names[i], dense(rng, ci, co, bits=k_bits), act=act, add=add))
    return Graph(name, (1, sizes[0]), X, tuple(bundles))


@pytest.mark.parametrize("hardware", KINDS)
@pytest.mark.parametrize(("stall", "latency"), [(0.0, 0), (0.3, 30), (0.6, 5)])
def test_both_frames_are_right_and_the_second_reads_no_weights(
    hardware: str, stall: float, latency: int, rng: np.random.Generator, tmp_path: Path
) -> None:
    """The first frame reads the resident words; what it moves besides, and all of the second, is as planned."""
    hw = HARDWARE[hardware]
    co = int(rng.integers(5, 30))
    made = export(vectors(rng, [int(rng.integers(20, 120)), co, co, 7, 19], hw.k_bits), hw, tmp_path)
    operations = made.manifest.operations
    assert sum(op.work.spread for op in operations) >= 2
    run = simulate(tmp_path, stall_prob=stall, mem_latency=latency, seed=int(rng.integers(1 << 30)))
    assert run.bit_exact, (run.error, run.first_difference)
    check_counters(run, made)
    assert [op.k_bytes for op in run.operations] == [op.axi_bytes.k for op in operations]
    assert run.cycles_first > run.cycles_rtl


def test_layers_around(rng: np.random.Generator, tmp_path: Path) -> None:
    """Convolutions, and a layer that finds no room, run between layers with resident weights."""
    net = Graph(
        "around",
        (1, 6, 5, 4),
        X,
        (
            Bundle("a", "input", conv(rng, (3, 3, 4, 6), bits=8), act=RELU),
            Bundle("b", "a", conv(rng, (6, 5, 6, 13), padding="valid", bits=8), act=RELU, flatten=True),
            Bundle("c", "b", dense(rng, 13, 20), act=RELU),
            Bundle("d", "c", dense(rng, 20, 90), act=RELU),
            Bundle("e", "d", dense(rng, 90, 90), act=RELU),
            Bundle("f", "e", dense(rng, 90, 11)),
        ),
    )
    made = export(net, HW, tmp_path)
    assert [op.work.spread for op in made.manifest.operations] == [False, False, True, True, False, True]
    run = simulate(tmp_path, stall_prob=0.2)
    assert run.bit_exact, (run.error, run.first_difference)


def test_weights_are_loaded_again_when_they_are_gone(rng: np.random.Generator, tmp_path: Path) -> None:
    """In the first run, and behind a reset or another network's; counted by the hardware."""
    nets = {name: vectors(rng, [40, 16, 16, 9], 8, name) for name in ("one", "other")}
    made = {name: export(net, HW, tmp_path / name) for name, net in nets.items()}
    device = open_device(made["one"].path, memory_bytes=1 << 18)
    drivers = {name: Driver(folder.path, device, timeout=60) for name, folder in made.items()}

    def loads(name: str) -> bool:
        """Runs a network on a new input; whether it read more than biases and descriptors."""
        x = rng.integers(-128, 128, (1, 40))
        wanted = execute(nets[name], x)["d2"].out
        np.testing.assert_array_equal(drivers[name].predict(x, integers=True), wanted)
        read = sum(counters.k_beats for counters in drivers[name].performance()) * HW.axi_bytes
        return read > _frame_bytes(made[name])

    assert [loads("one") for _ in range(3)] == [True, False, False]
    assert [loads("other") for _ in range(2)] == [True, False]
    assert [loads("one") for _ in range(2)] == [True, False]
    drivers["one"].abort()
    assert [loads("one") for _ in range(2)] == [True, False]


def _frame_bytes(made: Artifacts) -> int:
    return sum(op.axi_bytes.k for op in made.manifest.operations)
