"""Whole networks on the Verilated accelerator with the firmware, and every way in which a run can be wrong."""

from __future__ import annotations

import copy
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc import assets
from deepsoc.errors import InputError, MismatchError, ToolError
from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net, parse_net
from deepsoc.perf import Memory, estimate
from deepsoc.sim import simulate
from deepsoc.sim.build import _Hardware
from deepsoc.sim.tools import find_toolchain

HW = Hardware(
    rows=4,
    cols=9,
    frequency_mhz=100,
    x_bits=8,
    k_bits=8,
    y_bits=32,
    axi_data_bits=64,
    kh_max=3,
    kw_max=3,
    sh_max=2,
    sw_max=2,
    xn_max=16,
    weights_ram_depth=64,
    edges_ram_depth=64,
    global_pool_max=0,
    pool_ram_depth=0,
    ci_max=512,
    co_max=512,
    xh_max=32,
    xw_max=32,
    axi_max_burst=8,
)
NET: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "sim_test",
    "input": {"shape": [9, 8, 2], "batch": 2},
    "bits": {"x": 8, "k": 8, "b": 16},
    "bundles": [
        {
            "name": "b1",
            "input": "input",
            "act": {"type": "relu", "slope": 0.125},
            "core": {"type": "conv2d", "filters": 7, "kernel": [3, 3], "strides": [1, 1], "padding": "same"},
            "pool": {"type": "max", "size": [2, 2], "strides": [2, 2], "padding": "valid"},
        },
        {
            "name": "b2",
            "input": "b1",
            "act": None,
            "add": {"with": "b1", "act": {"type": "relu", "slope": 0}},
            "core": {"type": "conv2d", "filters": 7, "kernel": [3, 2], "strides": [1, 1], "padding": "same"},
            "flatten": True,
        },
        {
            "name": "out",
            "input": "b2",
            "act": None,
            "softmax": True,
            "core": {"type": "dense", "units": 10, "use_bias": True},
        },
    ],
}

pytestmark = pytest.mark.xdist_group("simulator")


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    try:
        find_toolchain()
    except ToolError as err:
        pytest.skip(str(err))


def exported(place: Path, net: dict[str, Any], *, seed: int = 1, hw: Hardware = HW) -> Artifacts:
    path = place / "net.json"
    path.write_text(json.dumps(net))
    return export(load_net(path).to_graph(seed=seed), hw, place / "export", seed=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("simulate"), NET).path


def test_bit_exact_with_measurements(folder: Path) -> None:
    told: list[tuple[str, float]] = []
    result = simulate(folder, progress=lambda what, fraction: told.append((what, fraction)))
    result.raise_for_mismatch()
    manifest = Artifacts.load(folder).manifest
    assert result.bit_exact
    assert [bundle.name for bundle in result.bundles] == ["b1", "b2", "out"]
    assert sum(bundle.cycles_rtl for bundle in result.bundles) == result.cycles_rtl
    assert result.cycles_model == pytest.approx(result.cycles_rtl, rel=0.1)
    table = estimate(load_net(folder.parent / "net.json").to_graph(seed=1), HW, memory=Memory(16))
    assert result.cycles_model == round(table["end_to_end_clocks"].sum())
    assert {result.basis} == set(table["basis"])
    assert abs(result.cycles_register - result.cycles_rtl) <= 4  # between the CPU's write and the last answer
    for measured, planned in zip(result.operations, manifest.operations, strict=True):
        assert measured.cycles_rtl >= planned.clocks - planned.drain_clocks
        assert measured.k_bytes == planned.axi_bytes.k
        assert (measured.o_bytes, measured.y_bytes) == (planned.axi_bytes.o, planned.axi_bytes.y)
    pixels = sum(planned.axi_bytes.x for planned in manifest.operations)
    assert sum(measured.x_bytes for measured in result.operations) == pixels  # fetched ahead
    assert result.clocks_per_second > 0
    assert told[0] == ("building the simulator", 0.0)
    assert not (folder / "trace.fst").exists()


def test_layers_of_fewer_bits_are_bit_exact(tmp_path: Path) -> None:
    """Weights of 1, 3 and 4 bits, and results of 4 that no input saturates, on hardware of 8."""
    net = copy.deepcopy(NET) | {"format": "deepsoc-net/2"}
    for bundle, bits in zip(net["bundles"], ({"k": 1, "x": 4}, {"k": 3}, {"k": 4}), strict=True):
        bundle["bits"] = bits
    net["bundles"][0]["act"] |= {"slope": 0, "int_bits": 3}
    net["bundles"][0]["pool"]["int_bits"] = 3
    net["bundles"][1]["add"]["act"]["max"] = 2
    design = exported(tmp_path, net)
    graph = design.graph()
    acts = [bundle.act or (bundle.add and bundle.add.act) for bundle in graph.bundles]
    assert [act and act.out.bits for act in acts] == [4, 8, None]
    assert [np.abs(bundle.core.weights).max() for bundle in graph.bundles] == [1, 4, 8]
    assert design.expected(0).max() > 0
    design.simulate().raise_for_mismatch()


@pytest.mark.parametrize(("stall_prob", "mem_latency"), [(0.0, 0), (0.3, 0), (0.3, 40), (0.9, 3)])
def test_bit_exact_with_stalls(folder: Path, seed: int, stall_prob: float, mem_latency: int) -> None:
    result = simulate(folder, stall_prob=stall_prob, mem_latency=mem_latency, seed=seed)
    result.raise_for_mismatch()


def test_stalls_and_latency_cost_clocks_and_seeds_repeat(folder: Path) -> None:
    fast = simulate(folder, mem_latency=0)
    slow = simulate(folder, mem_latency=0, stall_prob=0.6, seed=5)
    late = simulate(folder, mem_latency=200)
    assert fast.cycles_rtl < slow.cycles_rtl
    assert fast.cycles_rtl < late.cycles_rtl
    assert simulate(folder, mem_latency=0, stall_prob=0.6, seed=5).cycles_rtl == slow.cycles_rtl
    assert simulate(folder, mem_latency=0, stall_prob=0.6, seed=6).cycles_rtl != slow.cycles_rtl


@pytest.mark.parametrize(
    ("batch", "units", "source"), [(6, 20, [3, 3, 2]), (9, 12, [5, 4, 9]), (5, 20, [70]), (3, 11, [300])]
)
def test_dense_networks_return_their_batches(tmp_path: Path, batch: int, units: int, source: list[int]) -> None:
    first: dict[str, Any] = {"name": "first", "input": "input"}
    if len(source) == 3:
        first |= {"core": {"type": "conv2d", "filters": source[2], "kernel": [1, 1]}, "flatten": True}
        first["core"] |= {"strides": [1, 1], "padding": "same"}
    else:
        first |= {"core": {"type": "dense", "units": source[0]}}
    last = {"name": "last", "input": "first", "core": {"type": "dense", "units": units}, "softmax": True}
    net = NET | {"input": {"shape": source, "batch": batch}, "bundles": [first, last]}
    simulate(exported(tmp_path, net).path, stall_prob=0.2).raise_for_mismatch()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("flip-weight-bit", ""),
        ("flip-weight-bit:2", ""),
        ("swap-channel", ""),
        ("wrong-shift", ""),
        ("wrong-shift:2", ""),
        ("drop-beat", ""),
        ("drop-beat:2", ""),
        ("repeat-beat", ""),
        ("stale-descriptor", "operation 0 (b1): hardware: descriptor of another network"),
        ("stale-descriptor:2", "operation 2 (b2): hardware: descriptor of another network"),
        ("misplaced-descriptor:1", "operation 1 (b1.pool): hardware: descriptor out of order"),
        ("bad-checksum:3", "operation 3 (out): hardware: magic number or checksum of a descriptor"),
        ("read-error:1", "operation 1 (b1.pool): hardware: AXI read error"),
        ("read-error:2:o", "operation 2 (b2): hardware: AXI read error"),
        ("read-error:2:o:5:decerr", "operation 2 (b2): hardware: AXI read error"),
        ("read-error:0:k:9:slverr", "operation 0 (b1): hardware: AXI read error"),
        ("repeat-beat:2:o:1", ""),
        ("drop-beat:2:y:3", ""),
        ("wrong-header:0", "operation 0 (b1): hardware: weights block disagrees with the descriptor"),
        ("lost-answer:1", "operation 1 (b1.pool): the run did not end in time: no transfer for 501600 clocks"),
        ("wrong-address:1", "operation 1 (b1.pool): m_axi_y_aw: burst at 0x12.* leaves the arena at 0x1234000000"),
        ("write-error:2", "operation 2 (b2): hardware: AXI write error"),
        ("write-error:1:y:4:decerr", "operation 1 (b1.pool): hardware: AXI write error"),
    ],
)
def test_every_fault_is_noticed(folder: Path, fault: str, error: str) -> None:
    manifest = Artifacts.load(folder).manifest
    assert [op.name for op in manifest.operations] == ["b1", "b1.pool", "b2", "out"]
    result = simulate(folder, faults=[fault])
    assert len(result.faults) == 1, "the fault was not made"
    assert not result.bit_exact
    assert result.mismatches > 0
    assert re.fullmatch(re.escape(error).replace(r"\.\*", ".*"), result.error)
    with pytest.raises(MismatchError):
        result.raise_for_mismatch()
    if not error:
        hit = int([*fault.split(":"), "0"][1])
        assert result.first_difference is not None
        assert result.first_difference.operation == manifest.operations[hit].name
        assert all(op.mismatches == 0 for op in result.operations[:hit])


def test_a_wrong_reference_is_noticed_with_its_place(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / "expected" / "002.npy"
    values = np.load(path)
    values[1, 2, 3, 4] += 1
    np.save(path, values)
    with pytest.raises(InputError, match=r"002\.npy: differs from what was exported"):
        simulate(copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["files"]["expected/002.npy"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"does not list expected/002\.npy"):
        simulate(copy)


def test_another_export_into_the_folder_does_not_disturb_a_run(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = (copy / "manifest.json").read_bytes()
    told: list[str] = []

    def meanwhile(what: str, fraction: float) -> None:
        if not told:
            smaller = NET | {"bundles": NET["bundles"][:1]}
            export(parse_net(smaller).to_graph(), HW, copy, net=smaller)
        told.append(what)

    result = simulate(copy, progress=meanwhile)
    assert (copy / "manifest.json").read_bytes() != before
    assert [bundle.name for bundle in result.bundles] == [bundle["name"] for bundle in NET["bundles"]]
    result.raise_for_mismatch()


@pytest.mark.slow  # a simulator of its own
def test_trace_on_request(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with ThreadPoolExecutor(2) as pool:  # two at once: each writes a file of its own until it ends
        result, other = pool.map(lambda seed: simulate(copy, trace=True, seed=seed), (1, 2))
    result.raise_for_mismatch()
    other.raise_for_mismatch()
    pywellen = pytest.importorskip("pywellen")
    waves = pywellen.Waveform(str(copy / "trace.fst"))
    assert result.trace == str(copy / "trace.fst")
    assert not list(copy.glob(".*.fst"))
    assert any(variable.name.endswith("op_done_o") for variable in waves.all_vars())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "cocotb", "trace": True}, "trace: backend cocotb has none; use verilator"),
        ({"backend": "cocotb", "simulator": "vcs"}, "simulator: backend cocotb runs on verilator, received 'vcs'"),
        ({"backend": "riscv-soc", "faults": ["drop-beat"]}, "faults: backend riscv-soc has none"),
        ({"backend": "xsim"}, "backend: expected verilator, "),
        ({"backend": "iverilog"}, "received 'iverilog'"),
        ({"stall_prob": -0.1}, r"stall_prob: expected 0 … 0\.95, received -0\.1"),
        ({"stall_prob": 1.0}, "stall_prob: "),
        ({"stall_prob": float("nan")}, "stall_prob: "),
        ({"mem_latency": -1}, "mem_latency: "),
        ({"mem_latency": 10**9}, "mem_latency: "),
        ({"seed": -1}, "seed: "),
        ({"faults": ["everything"]}, "faults: expected one of flip-weight-bit"),
        ({"faults": ["drop-beat:x"]}, "faults: "),
        ({"faults": ["drop-beat:1:x"]}, "faults: "),
        ({"faults": ["read-error:1:y"]}, "faults: "),
        ({"faults": ["read-error:1:x:-1"]}, "faults: "),
        ({"faults": ["read-error:1:x:1:okay"]}, "faults: "),
        ({"faults": ["repeat-beat:1:x:1:slverr"]}, "faults: "),
        ({"faults": ["read-error:1:x:1:slverr:2"]}, "faults: "),
        ({"faults": ["wrong-shift:1:x"]}, "faults: "),
    ],
)
def test_bad_options_are_refused(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(folder, **options)


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="not an export"):
            simulate(path)


def test_a_fault_without_a_place_is_an_error(folder: Path) -> None:
    with pytest.raises(ToolError, match="the network has only 4 operations"):
        simulate(folder, faults=["wrong-shift:99"])


def test_the_build_is_reused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(folder)

    def rebuild(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("deepsoc.sim.build._Hardware.build", rebuild)
    simulate(folder, seed=3, stall_prob=0.1).raise_for_mismatch()


@pytest.mark.slow
def test_a_broken_rule_ends_the_run_and_assertions_can_be_left_out(folder: Path, tmp_path: Path) -> None:
    """A limit of bursts under way that the reader exceeds, at a long latency."""
    rtl = shutil.copytree(assets.folder("rtl"), tmp_path / "rtl")
    bound = rtl / "check" / "dsoc_top_bind.sv"
    bound.write_text(bound.read_text().replace(".MaxPending(16)", ".MaxPending(2)", 1))
    with pytest.raises(ToolError, match=r"Assertion failed in TOP\.dsoc_top\.i_x_check\.a_bound"):
        simulate(folder, rtl=rtl, mem_latency=60)
    simulate(folder, rtl=rtl, mem_latency=60, assertions=False).raise_for_mismatch()


def test_without_assertions_none_is_compiled(folder: Path) -> None:
    tools = find_toolchain()
    for system in (0, 4096):
        texts = {}
        for assertions in (True, False):
            hardware = _Hardware.read(
                folder / "params.svh", assets.folder("rtl"), tools, assertions=assertions, ram_bytes=system
            )
            texts[assertions] = set(hardware.rtl)
            assert ("--assert" in hardware.options) == assertions
        assert texts[True] - texts[False] == {path.name for path in assets.check_files(soc=bool(system))}
