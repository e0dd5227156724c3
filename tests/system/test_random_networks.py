"""Random small networks x hardware x stalls: RTL and firmware against the reference, every operation compared."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from deepsoc.errors import MappingError
from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.sim import simulate
from tests.strategies import random_case
from tests.system.counters import check_counters
from tests.system.hardware import FAST, HARDWARE, KINDS

_NETWORKS_FAST, _NETWORKS_ALL = 5, int(os.environ.get("DEEPSOC_NETWORKS", "26"))
_NETWORKS_KIND = 2
_MOST_DRAWN = 5  # for every network that is to run
_FIRST_SEED = int(os.environ.get("DEEPSOC_SEED", random.SystemRandom().randrange(2**31)))


def _run(hw: Hardware, seed: int, out: Path) -> bool:
    """One network; False if the hardware refuses it by name."""
    bits = {"x_bits": (hw.x_bits,), "k_bits": (hw.k_bits,)}
    dense_only = 0.5 if hw.weights_resident else 0.12
    shares = {"whole_maps": 0.3, "groups": 0.3, "joints": 0.3, "pads": 0.3, "ups": 0.2, "depthwise": 0.4}
    shares |= {"dense_only": dense_only, "max_kernel": min(hw.limit("kh_max"), hw.limit("kw_max"))}
    _, graph, x = random_case(seed, **bits, **shares, scales=0.5 * (hw.scale_bits > 0))
    try:
        export(graph, hw, out, x=x)
    except MappingError:
        return False
    rng = random.Random(seed)
    stall, latency = rng.choice([0.0, 0.3, 0.6]), rng.choice([0, 5, 60])
    run = simulate(out, stall_prob=stall, mem_latency=latency, seed=seed)
    assert run.bit_exact, f"seed {seed}, stall_prob {stall}, mem_latency {latency}: {run.error} {run.first_difference}"
    plan = Artifacts.load(out).manifest.operations
    for op, entry in zip(run.operations, plan, strict=True):
        moved, model = (op.o_bytes, op.y_bytes), entry.axi_bytes
        assert moved == (model.o, model.y), f"seed {seed}, {op.name}: bytes {moved}, the model says {model}"
    check_counters(run, Artifacts.load(out), where=f"seed {seed}")
    # Operations may share a weights stream, and pixels are fetched ahead: only the sums say what these ports moved.
    assert sum(op.k_bytes for op in run.operations) == sum(entry.axi_bytes.k for entry in plan), f"seed {seed}"
    assert sum(op.x_bytes for op in run.operations) == sum(entry.axi_bytes.x for entry in plan), f"seed {seed}"
    return True


def _many(hw: Hardware, count: int, out: Path) -> None:
    print(f"repeat with DEEPSOC_SEED={_FIRST_SEED}")
    ran = 0
    for i in range(_MOST_DRAWN * count):
        ran += _run(hw, _FIRST_SEED + i, out / str(i))
        if ran == count:
            return
    pytest.fail(f"only {ran} of {_MOST_DRAWN * count} networks were legal for this hardware")


@pytest.mark.parametrize("name", FAST)
def test_random_networks(name: str, tmp_path: Path) -> None:
    _many(HARDWARE[name], _NETWORKS_FAST, tmp_path)


@pytest.mark.parametrize("name", KINDS)
def test_random_networks_on_dsp_blocks(name: str, tmp_path: Path) -> None:
    _many(HARDWARE[name], _NETWORKS_KIND, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", HARDWARE)
def test_many_random_networks(name: str, tmp_path: Path) -> None:
    _many(HARDWARE[name], _NETWORKS_ALL, tmp_path)
