"""Chosen networks on RTL and firmware: the shapes that break accelerators, and two whole ones with their clocks."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import format_of, load_net, parse_net
from deepsoc.sim import SimResult, simulate
from tests.system.counters import check_bounds, check_counters
from tests.system.hardware import FAST, HARDWARE

DATA = Path(__file__).parent.parent / "data"


def conv(name: str, source: str | list[str], filters: int, kernel: list[int], **more: Any) -> dict[str, Any]:
    """A bundle with a convolution; keys of the core or of the bundle in `more`."""
    core = {"type": "conv2d", "filters": filters, "kernel": kernel, "padding": more.pop("padding", "same")}
    core["strides"] = more.pop("strides", [1, 1])
    return {"name": name, "input": source, "core": core, "act": more.pop("act", {"type": "relu", "slope": 0}), **more}


def up(name: str, source: str, filters: int, kernel: list[int], strides: list[int], **more: Any) -> dict[str, Any]:
    """A bundle with a transposed convolution."""
    core = {"type": "conv2d_transpose", "filters": filters, "kernel": kernel, "strides": strides, "padding": "same"}
    return {"name": name, "input": source, "core": core, **more}


def pool(kind: str, size: list[int], strides: list[int], padding: str | list[list[int]]) -> dict[str, Any]:
    """A pool."""
    return {"type": kind, "size": size, "strides": strides, "padding": padding}


LEAKY = {"type": "relu", "slope": 0.25}
DENSE = {"name": "out", "core": {"type": "dense", "units": 10}, "act": None, "softmax": True}

NETWORKS: dict[str, tuple[list[int], int, list[dict[str, Any]]]] = {
    "kernels": ([17, 19, 3], 1, [
        conv("a", "input", 9, [3, 5]),
        conv("b", "a", 7, [2, 4], act=LEAKY),
        conv("c", "b", 8, [4, 1], padding="valid"),
        conv("d", "c", 5, [1, 6], padding="valid", act=None),
        conv("e", "d", 11, [2, 2], flatten=True),
        {**DENSE, "input": "e"},
    ]),
    "strides": ([21, 23, 4], 1, [
        conv("a", "input", 6, [5, 3], strides=[2, 1]),
        conv("b", "a", 8, [3, 4], strides=[1, 2], padding="valid"),
        conv("c", "input", 6, [7, 7], strides=[4, 4]),
        conv("d", "a", 5, [1, 1], strides=[2, 2], padding="valid"),
        conv("e", "b", 9, [2, 2], strides=[4, 1]),
        conv("f", "e", 3, [3, 3], strides=[1, 4], padding="valid", act=None),
    ]),
    "pools": ([18, 16, 5], 2, [
        conv("a", "input", 7, [3, 3], act=LEAKY, pool=pool("max", [2, 3], [1, 2], "same")),
        conv("b", "a", 6, [1, 1], act=LEAKY, pool=pool("avg", [3, 3], [2, 1], "same")),
        conv("c", "b", 8, [3, 3], act=None, pool=pool("avg", [2, 3], [2, 2], "valid")),
        conv("d", "c", 6, [1, 1], act=LEAKY, pool=pool("max", [3, 3], [3, 1], "valid"), flatten=True),
        {**DENSE, "input": "d"},
    ]),
    "residuals": ([12, 11, 6], 2, [
        conv("a", "input", 8, [3, 3], act=LEAKY),
        conv("b", "a", 8, [3, 3], act=None, add={"with": "a", "act": LEAKY}),
        conv("c", "b", 8, [1, 1], act={"type": "relu", "slope": 0, "int_bits": 2}, add={"with": "a", "act": LEAKY}),
        conv("d", "a", 8, [5, 3], act=None, add={"with": "c", "act": {"type": "relu", "slope": 0.0625}}),
        conv("e", "d", 8, [2, 2], act=None, add={"with": "b", "act": LEAKY}, pool=pool("max", [2, 2], [2, 2], "same")),
        conv("f", "e", 4, [3, 3], flatten=True),
        {**DENSE, "input": "f"},
    ]),
    "passes": ([9, 8, 150], 2, [
        conv("a", "input", 12, [3, 3], act=LEAKY),
        conv("b", "a", 150, [1, 1]),
        conv("c", "b", 12, [3, 2], act=None, add={"with": "a", "act": LEAKY}),
        conv("d", "b", 12, [2, 3], act=LEAKY, add={"with": "c", "act": LEAKY}, flatten=True),
        {**DENSE, "input": "d"},
    ]),
    "global_pools": ([9, 10, 3], 2, [
        conv("a", "input", 8, [3, 3], strides=[2, 2], pool=pool("max", [3, 5], [5, 7], "valid")),
        conv("b", "input", 7, [3, 3], strides=[2, 2], act=LEAKY, pool=pool("avg", [5, 5], [5, 5], "same")),
        conv("c", "b", 8, [1, 1], act=LEAKY, add={"with": "a", "act": LEAKY}, flatten=True),
        {**DENSE, "input": "c"},
    ]),
    "maps": ([21, 9, 3], 2, [
        conv("a", "input", 40, [3, 3], act=LEAKY, pool=pool("avg", [21, 9], [1, 1], "valid")),
        conv("b", "input", 13, [1, 1], strides=[2, 2], act=LEAKY, pool=pool("max", [30, 30], [30, 30], "same")),
        conv("c", "input", 40, [2, 3], strides=[3, 2], act=LEAKY),
        conv("d", "c", 40, [1, 1], act=None, add={"with": "c", "act": LEAKY}, pool=pool("avg", [7, 5], [7, 5], "same")),
        conv("e", "b", 40, [1, 1], act=LEAKY, add={"with": "d", "act": LEAKY}),
        conv("f", "e", 9, [1, 1], act=LEAKY, flatten=True),
        {**DENSE, "input": "f"},
    ]),
    "windows": ([33, 27, 3], 2, [
        conv("a", "input", 13, [3, 3], act=LEAKY, pool=pool("max", [3, 3], [2, 2], "same")),
        conv("b", "a", 7, [1, 2], act=LEAKY, pool=pool("max", [2, 2], [2, 2], "valid")),
        conv("c", "a", 9, [2, 3], act=LEAKY, pool=pool("max", [3, 4], [3, 3], "same")),
        conv("d", "a", 13, [3, 1], act=None, add={"with": "a", "act": LEAKY}, pool=pool("max", [1, 2], [2, 3], "same")),
        conv("e", "input", 3, [1, 1], act={"type": "relu", "slope": 0}, pool=pool("max", [2, 3], [3, 4], "valid")),
        conv("f", "d", 9, [1, 1], act=LEAKY, flatten=True),
        {**DENSE, "input": "f"},
    ]),
    "padding": ([17, 12, 3], 2, [
        conv("a", "input", 7, [3, 3], padding=[[2, 1], [0, 2]], act=LEAKY),
        conv("b", "a", 6, [2, 4], padding=[[1, 1], [3, 1]], strides=[2, 3], act=LEAKY),
        conv("c", "a", 5, [3, 3], padding=[[0, 2], [2, 0]], act=LEAKY,
             pool=pool("max", [3, 3], [2, 2], [[2, 1], [1, 2]])),
        conv("d", "c", 8, [1, 1], act=LEAKY, pool=pool("avg", [3, 2], [1, 2], [[2, 2], [1, 0]])),
        conv("e", "c", 4, [2, 2], padding=[[1, 0], [0, 1]], act=LEAKY,
             pool=pool("max", [2, 3], [2, 4], [[1, 1], [0, 2]])),
        conv("f", "b", 3, [1, 1], act=LEAKY, flatten=True),
        {**DENSE, "input": "f"},
    ]),
    "joints": ([13, 11, 5], 2, [
        conv("a", "input", 7, [3, 3], act=LEAKY),
        conv("b", "a", 12, [1, 2], act=LEAKY),
        conv("c", ["a", "b"], 3, [3, 3], act=LEAKY),
        conv("d", ["a", "b", "c"], 12, [2, 3], act=LEAKY, add={"with": "b", "act": LEAKY}),
        conv("e", ["d", "input", "a"], 6, [2, 3], strides=[2, 2], act=LEAKY, pool=pool("max", [3, 3], [2, 2], "same")),
        conv("f", ["d", "c"], 5, [1, 1], strides=[2, 2], act=LEAKY, pool=pool("max", [2, 2], [2, 2], "same")),
        conv("g", ["e", "f", "e"], 4, [1, 1], act=LEAKY, flatten=True),
        {**DENSE, "input": "g", "core": {"type": "dense", "units": 9}, "softmax": False, "act": LEAKY},
    ]),
    "up_sampling": ([5, 6, 3], 2, [
        conv("a", "input", 9, [3, 3], act=LEAKY, pool=pool("max", [2, 2], [2, 2], "same"), upsample=[1, 2]),
        conv("b", "input", 6, [2, 2], strides=[2, 1], act=LEAKY),
        conv("c", ["b", "a", "b"], 7, [3, 3], act=LEAKY, upsample=[1, 3]),
        conv("d", "c", 9, [1, 2], act=LEAKY, flatten=True),
        {**DENSE, "input": "d"},
    ]),
    "up_sampling_of_rows": ([5, 6, 3], 2, [
        conv("a", "input", 9, [3, 3], strides=[1, 2], act=LEAKY, upsample=[3, 2]),
        conv("b", "input", 6, [2, 2], strides=[1, 1], act=LEAKY, upsample=[3, 1]),
        conv("c", ["b", "a"], 7, [3, 3], strides=[2, 2], act=LEAKY, upsample=[2, 2],
             pool=pool("avg", [4, 2], [1, 1], "valid")),
        conv("d", "c", 7, [1, 2], act=LEAKY, add={"with": "c", "act": LEAKY}, upsample=[2, 1]),
    ]),
    "places": ([5, 6, 3], 2, [
        up("a", "input", 4, [3, 4], [2, 3], act=LEAKY),
        conv("b", "input", 12, [2, 2], act=LEAKY, depth_to_space=[2, 3]),
        conv("c", ["b", "a"], 6, [3, 3], strides=[2, 2], act=LEAKY),
        up("d", "c", 3, [1, 2], [1, 3], act=LEAKY),
        up("e", "d", 2, [5, 4], [2, 1], act=LEAKY),
    ]),
    "ranges": ([5, 6, 9], 2, [
        conv("a", "input", 7, [3, 4], act=LEAKY, channels=[2, 7]),
        conv("b", "a", 9, [2, 2], act=LEAKY, channels=[6, 7]),
        conv("c", ["b", "a"], 6, [3, 3], strides=[2, 2], act=LEAKY, channels=[3, 11], flatten=True),
        {**DENSE, "input": "c", "core": {"type": "dense", "units": 9}, "softmax": False, "act": LEAKY},
    ]),
    "places_in_a_row": ([5, 6, 3], 2, [
        up("a", "input", 4, [3, 4], [1, 2], act=LEAKY),
        conv("b", "a", 9, [2, 2], strides=[2, 1], act=LEAKY, depth_to_space=[1, 3], flatten=True),
        {**DENSE, "input": "b"},
    ]),
    "one_by_one": ([1, 1, 3], 3, [conv("a", "input", 2, [1, 1], flatten=True), {**DENSE, "input": "a"}]),
}  # fmt: skip


def dense_network() -> dict[str, Any]:
    """Dense layers only, a batch that fills more than one row block, more features than the weights RAM holds."""
    layers = [("a", "input", 70), ("b", "a", 300), ("c", "b", 20)]
    bundles = [
        {"name": n, "input": s, "core": {"type": "dense", "units": u}, "act": {"type": "relu", "slope": 0}}
        for n, s, u in layers
    ]
    bundles.append({**DENSE, "input": "c"})
    return {"format": "deepsoc-net/1", "name": "dense", "input": {"shape": [150], "batch": 3}, "bundles": bundles}


def run(net: dict[str, Any], hw: Hardware, out: Path, **options: Any) -> SimResult:
    """Exports a network with random weights and simulates it; the result is bit-exact."""
    net["bits"] = {"x": hw.x_bits, "k": hw.k_bits, "b": 16}
    seed = zlib.crc32(f"{net['name']} {hw.to_json()}".encode())
    artifacts = export(parse_net(net).to_graph(seed=seed), hw, out, seed=seed)
    result = simulate(out, seed=seed, **options)
    result.raise_for_mismatch()
    check_counters(result, artifacts, where=f"seed {seed}")
    check_bounds(result)
    return result


@pytest.mark.parametrize("hardware", FAST)
@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, hardware: str, tmp_path: Path) -> None:
    shape, batch, bundles = NETWORKS[name]
    hw = HARDWARE[hardware]
    if hw.cols < 10 and name in ("kernels", "strides", "global_pools"):
        pytest.skip("these kernels need 10 columns of processing elements")
    if name in ("up_sampling_of_rows", "places") and hw.x_bits < 8:
        pytest.skip("rows share a byte")
    net = {"name": name, "input": {"shape": shape, "batch": batch}, "bundles": bundles}
    result = run({**net, "format": format_of(net)}, hw, tmp_path / "out", stall_prob=0.3)
    passes = [op for op in result.operations if ".pass" in op.name]
    assert bool(passes) == (name == "passes" and hw.weights_ram_depth < 450) or hw.weights_ram_depth < 100


@pytest.mark.parametrize("hardware", FAST)
def test_dense_network(hardware: str, tmp_path: Path) -> None:
    run(dense_network(), HARDWARE[hardware], tmp_path / "out", stall_prob=0.3)


def shared_network(name: str, tmp_path: Path, hw: Hardware) -> tuple[Artifacts, SimResult]:
    """A network of tests/data without stalls."""
    artifacts = export(load_net(DATA / f"{name}.json").to_graph(seed=1), hw, tmp_path / name)
    result = simulate(artifacts.path, mem_latency=0)
    result.raise_for_mismatch()
    check_counters(result, artifacts)
    check_bounds(result)
    return artifacts, result


def test_peer_demo_in_few_clocks(tmp_path: Path) -> None:
    _, result = shared_network("peer_demo", tmp_path, HARDWARE["8x24_x4k4"])
    assert result.cycles_rtl < 10_000


@pytest.mark.slow
def test_resnet18_clocks_follow_the_equations(tmp_path: Path) -> None:
    _, result = shared_network("resnet18_32", tmp_path, HARDWARE["8x24_x4k4"])
    assert result.cycles_rtl < 3_820_000
    for bundle in result.bundles:
        if bundle.cycles_rtl > 5_000:
            assert abs(bundle.cycles_rtl / bundle.cycles_model - 1) < 0.02, bundle


@pytest.mark.slow  # a simulator of its own
def test_the_report_says_where_memory_did_not_keep_up(tmp_path: Path) -> None:
    layer = {"type": "dense", "units": 24}
    bundles = [{"name": "wide", "input": "input", "core": layer, "act": None}]
    net = {"format": "deepsoc-net/1", "name": "starved", "input": {"shape": [2000], "batch": 1}, "bundles": bundles}
    narrow = Hardware(**HARDWARE["7x30_x8k8"].model_dump() | {"axi_data_bits": 64})
    starved = run(net, narrow, tmp_path / "starved")  # 240 bits of weights a clock, 192 come by three ports
    assert [bundle.bound for bundle in starved.bundles] == ["weights"]
    assert check_bounds(starved) == 1
    assert starved.operations[0].waits_for == "weights"
    fed = run(net, HARDWARE["8x24_x4k4"], tmp_path / "fed")
    assert [bundle.bound for bundle in fed.bundles] == ["array"]
