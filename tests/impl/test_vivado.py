"""The flows of Vivado with a stand-in in its place: what the scripts make, and that faults planted in them are seen."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepsoc import assets
from deepsoc.deploy import deploy
from deepsoc.errors import InputError, ToolError
from deepsoc.export import export
from deepsoc.export.writer import hardware_files
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board, board, boards
from deepsoc.hw.params import RTL_PARAMETERS
from deepsoc.impl import Implementation, flows, implement, synthesize
from deepsoc.netspec.spec import parse_net
from deepsoc.runtime._registers import VLNV
from tests.impl import tiny
from tests.impl.vivado import base, catalog, module, reports
from tests.impl.vivado.project import Project

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "fpga" / "vivado"
STEPS = ["project", "synthesis", "implementation", "bitstream", "xsa"]
ADDRESS = {"xc7": 0x4000_0000, "xcup": 0xA000_0000}


@pytest.fixture(autouse=True)
def program(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in, first on PATH."""
    script = tmp_path_factory.mktemp("bin") / "vivado"
    call = f"exec '{sys.executable}' -m tests.impl.vivado.interpreter"
    script.write_text(f"#!/bin/sh\nPYTHONPATH='{ROOT}' {call} \"$@\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return script


def hardware(name: str = "pynq-z2", **changes: Any) -> Hardware:
    fields = {"frequency_mhz": board(name).frequency_mhz, "base_address": ADDRESS[board(name).family]}
    return Hardware(**(tiny.HW.model_dump() | fields | changes))


def run(folder: Path, name: str = "pynq-z2", flow: str = "vivado", hw: Hardware | None = None, **options: Any) -> Any:
    return tiny.run(folder, hw or hardware(name), flow=flow, board=name, **options)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Finished flows by their board."""
    made: dict[str, Path] = {}

    def finish(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("vivado") / "out"
            run(made[name], name)
        return made[name]

    return finish


@pytest.mark.parametrize("name", ["pynq-z2", "kv260"])
def test_from_parameters_to_the_bitstream(finished: Callable[[str], Path], name: str) -> None:
    work = finished(name) / "impl" / "vivado"
    result = Implementation.load(work)
    assert [step.name for step in result.steps] == STEPS
    assert result.board == name
    assert {"design.bit", "design.hwh", "design.xsa", "hierarchy.rpt", "power.rpt"} <= set(result.artifacts)
    assert all((work / file).is_file() for file in result.artifacts)
    assert b"bits" in (work / "design.bit").read_bytes()
    with zipfile.ZipFile(work / "design.xsa") as archive:
        assert sorted(archive.namelist()) == ["system.hwh", "system_wrapper.bit"]
    slack, share, levels, start, *_ = reports.PATHS[0]
    period = 1e3 / (int(_summary(work)["clock_hz"]) / 1e6)
    assert result.slack_ns == pytest.approx(slack)
    assert result.fmax_mhz == pytest.approx(1e3 / (period - slack), abs=0.1)
    assert "after place and route of the whole system" in result.fmax_basis
    assert result.power_w == reports.POWER[0]
    found = result.paths[0]
    assert found.delay_ns == pytest.approx(period - slack, abs=1e-3)
    assert (found.levels, found.logic_ns) == (levels, pytest.approx(found.delay_ns * share, abs=1e-3))
    assert found.start == f"system_i/dsoc_0/inst/i_top/{start.rpartition('/')[0]}"
    assert [module.rpartition("/")[2] for module in found.modules] == ["i_array", "i_engine", "i_writer"]
    assert len(result.paths) == len(reports.PATHS)


def test_resources_are_those_of_the_report(finished: Callable[[str], Path]) -> None:
    result = Implementation.load(finished("pynq-z2") / "impl" / "vivado")
    assert result.resources is not None
    whole = [sum(cell[i] for cell in reports.CELLS) for i in range(3, 11)]
    got = result.resources
    assert [got.lut_logic, got.lutram, got.srl, got.ff, got.uram, got.dsp] == [*whole[:4], *whole[6:]]
    assert got.lut == sum(whole[:3])
    assert got.bram36 == whole[4] + whole[5] / 2
    for name in type(got).model_fields:
        assert sum(getattr(row, name) for row in result.by_module) == getattr(got, name), name
    rows = {row.instance: row for row in result.by_module}
    assert rows["system_i/dsoc_0/inst/i_top/i_core/i_writer"].ff == 520
    assert rows[""].module == "system_wrapper"


def _summary(work: Path) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in (work / "project.txt").read_text().splitlines())


@pytest.mark.parametrize("name", [name for name, found in boards().items() if found.family in ADDRESS])
def test_every_board_has_its_system(tmp_path: Path, name: str) -> None:
    hw = hardware(name, base_address=ADDRESS[board(name).family] + 0x1_0000)
    run(tmp_path / "out", name, hw=hw, until="project")
    work = tmp_path / "out" / "impl" / "vivado"
    project = Project.load(work / "project" / "dsoc.xpr")
    design, target = project.design, board(name)
    taken = module.defines(work / "src" / "dsoc_top.sv", [Path(place) for place in project.includes()])
    want = {f"DSOC_{field.upper()}": str(getattr(hw, field)) for field in RTL_PARAMETERS}
    want["DSOC_PE"] = "0"
    assert taken == want | {"DSOC_PARAMS_HASH": f"32'h{hw.params_hash:08X}"}
    assert {work / "src" / path.name for path in assets.rtl_files()} == set(project.sources("SystemVerilog"))
    assert design is not None
    assert design.valid
    assert design.saved
    assert (project.part, project.board_part) == (target.part, target.board_part)
    assert int(_summary(work)["registers"], 0) == hw.base_address
    assert abs(int(_summary(work)["clock_hz"]) / 1e6 - target.frequency_mhz) < 0.01 * target.frequency_mhz
    segment = design.mapped["ps/Data", "dsoc_0/s_axil/reg0"]
    assert (segment.offset, segment.size) == (hw.base_address, 4096)
    cell = design.cells["dsoc_0"]
    masters = [interface for interface in cell.interfaces.values() if interface.master]
    assert [m.name for m in masters] == ["m_axi_x", "m_axi_k", "m_axi_o", "m_axi_y"]
    assert {m.data_bits for m in masters} == {hw.axi_data_bits}
    ends = [design.reached(f"dsoc_0/{m.name}") for m in masters]
    assert len({end for found in ends for end in found}) == 4
    assert all(design.interface(found[0]).data_bits == target.axi_data_bits for found in ends)
    for master in masters:
        offsets = [m.offset for (space, _), m in design.mapped.items() if space == f"dsoc_0/{master.name}"]
        assert 0 in offsets
        assert (0x8_0000_0000 in offsets) == (catalog.BOARDS[target.board_part][1] > 2 << 30)
    assert design.driver("ps/IRQ_F2P" if target.family == "xc7" else "ps/pl_ps_irq0") == "dsoc_0/irq_o"


def test_masters_share_the_ports_there_are(tmp_path: Path) -> None:
    few = Board(**(board("pynq-z2").model_dump() | {"memory_ports": 3}))
    synthesize(hardware(), tmp_path / "out", flow="vivado", board=few, until="project")
    design = Project.load(tmp_path / "out" / "impl" / "vivado" / "project" / "dsoc.xpr").design
    assert design is not None
    ends = [design.reached(f"dsoc_0/m_axi_{letter}")[0] for letter in "xkoy"]
    assert ends == ["ps/S_AXI_HP0", "ps/S_AXI_HP1", "ps/S_AXI_HP2", "ps/S_AXI_HP0"]


def test_the_accelerator_alone(tmp_path: Path) -> None:
    result, _ = run(tmp_path / "out", "zcu104", "vivado-ooc")
    work = tmp_path / "out" / "impl" / "vivado-ooc"
    assert "-period 4.000 " in (work / "clock.xdc").read_text()
    assert "out of context" in result.fmax_basis
    assert result.fmax_mhz == pytest.approx(1e3 / (4 - reports.PATHS[0][0]), abs=0.1)
    assert [row.instance for row in result.by_module][:2] == ["", "i_core"]
    assert result.paths[1].modules == ("i_core/i_writer", "i_core")
    assert json.loads((work / "routed.dcp").read_text())["part"] == board("zcu104").part


def test_the_packaged_ip_is_what_pynq_looks_for(tmp_path: Path) -> None:
    result, _ = run(tmp_path / "out", flow="vivado-ip")
    place = tmp_path / "out" / "impl" / "vivado-ip" / "ip"
    text = (place / "component.xml").read_text()
    found = [re.search(f"<spirit:{key}>(.+?)</spirit:{key}>", text) for key in ("vendor", "library", "name", "version")]
    assert ":".join(match[1] for match in found if match) == VLNV
    assert {"dsoc.v", "dsoc_top.sv", "params.svh", "dsoc_assert.svh"} <= {p.name for p in (place / "src").iterdir()}
    assert result.artifacts == ("ip/component.xml", "report.json")
    shutil.rmtree(place / "src")
    assert run(tmp_path / "out", flow="vivado-ip", fresh=True)[1][-1] == ("package", "done")


def test_from_an_export_to_the_folder_for_the_board(tmp_path: Path) -> None:
    """PYNQ gets bitstream and description, and finds in that what the driver binds to; Vitis finds the processor."""
    core = {"type": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "same"}
    net = {
        "format": "deepsoc-net/1", "name": "n", "input": {"shape": [4, 4, 2]}, "bits": {"x": 4, "k": 4, "b": 16},
        "bundles": [{"name": "b1", "input": "input", "core": core, "act": None}],
    }  # fmt: skip
    hw = Hardware(rows=2, cols=3, x_bits=4, k_bits=4, axi_data_bits=64, frequency_mhz=100)
    export(parse_net(net).to_graph(), hw, tmp_path / "net")
    result = implement(tmp_path / "net", "vivado", board="pynq-z2")
    deploy(tmp_path / "net", "pynq", tmp_path / "board")
    work = tmp_path / "net" / "impl" / "vivado"
    for name in ("design.bit", "design.hwh"):
        assert name in result.artifacts
        assert (tmp_path / "board" / name).read_bytes() == (work / name).read_bytes()
    blocks = re.findall(r'FULLNAME="/(\w+)" .*? VLNV="(\S+)"', (work / "design.hwh").read_text())
    bound = re.search(r'f"xilinx\.com:module_ref:\{_NAME\}:1\.0"', (ROOT / "deepsoc/runtime/pynq.py").read_text())
    assert bound
    assert ("dsoc_0", f"xilinx.com:module_ref:{VLNV.split(':')[2]}:1.0") in blocks
    said = subprocess.run(
        [sys.executable, "-m", "deepsoc.cli.main", "implement", "net", "--flow", "vivado", "--board", "pynq-z2"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "slack: 0.050 ns at 100 MHz, met" in said
    assert re.search(r"longest path: 9\.950 ns, .* ns of it logic, 7 levels, from system_i/\S+ to system_i/\S+", said)
    assert f"power: {reports.POWER[0]:.3f} W (estimate of Vivado of the whole system" in said
    script = runpy.run_path(str(ROOT / "c" / "program" / "vitis" / "build.py"))
    assert script["cpu_of"](work / "design.xsa") == "ps7_cortexa9_0"


def test_only_what_depends_on_a_change_runs(finished: Callable[[str], Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(finished("pynq-z2"), tmp_path / "copy"))
    assert {state for _, state in run(copy)[1]} == {"kept"}
    hw = hardware(n_bundles_max=7)
    assert {state for _, state in run(copy, hw=hw)[1]} == {"kept"}
    (copy / "impl" / "vivado" / "power.rpt").unlink()
    states = dict(run(copy, hw=hw)[1])
    assert states == {n: "done" if n == "implementation" else "kept" for n in STEPS}
    shutil.rmtree(copy / "impl" / "vivado" / "project")
    (copy / "impl" / "vivado" / "power.rpt").unlink()
    with pytest.raises(ToolError, match=r"project/dsoc\.xpr is missing; run all steps anew \(--fresh\)"):
        run(copy, hw=hw)
    assert not (copy / "impl" / "vivado" / "report.json").exists()
    slower = hardware(frequency_mhz=100)
    assert {state for _, state in run(copy, hw=slower)[1]} == {"running", "done"}
    assert _summary(copy / "impl" / "vivado")["clock_hz"] == "100000000"


@pytest.mark.parametrize(
    ("step", "name", "says"),
    [
        ("synthesis", "synth_1", r"synth_1 has failed \(synth_design ERROR\); see .*synth_1/runme\.log"),
        ("implementation", "impl_1", r"impl_1 has failed \(route_design ERROR\); see .*impl_1/runme\.log"),
    ],
)
def test_a_run_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, name: str, says: str) -> None:
    monkeypatch.setenv("STANDIN_FAILS", name)
    with pytest.raises(
        ToolError, match=rf"(?s)step {step}: vivado failed with status 1; log: .*error: step {step}: {says}"
    ):
        run(tmp_path / "out")
    assert not (tmp_path / "out" / "impl" / "vivado" / "report.json").exists()
    monkeypatch.delenv("STANDIN_FAILS")
    result, told = run(tmp_path / "out")
    assert dict(told)[step] == "done"
    assert result.fmax_mhz


def test_a_design_that_misses_its_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_WNS", "-2.0")
    result, _ = run(tmp_path / "out", flow="vivado-ooc")
    assert (result.slack_ns, result.fmax_mhz) == (-2.0, 100.0)


def test_a_clock_that_the_processors_do_not_make(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"makes 500 MHz instead of 420; set frequency_mhz of hw.json to 500"):
        run(tmp_path / "out", hw=hardware(frequency_mhz=420))


def test_missing_board_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_MISSING_BOARDS", board("pynq-z2").board_part)
    with pytest.raises(ToolError, match=r"no board files tul\.com\.tw:pynq-z2:part0:1\.0.*Vivado Store"):
        run(tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base_address": 0x8000_0000}, r"reach registers at 0x40000000 … 0x7fffffff, received 0x80000000"),
        ({"base_address": 0x4000_0000, "board": "zcu104"}, r"0xa0000000 … .* e\.g\. to 2684354560"),
    ],
)
def test_an_address_that_is_not_reached(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    name = changes.pop("board", "pynq-z2")
    with pytest.raises(InputError, match=says):
        run(tmp_path / "out", name, hw=hardware(name, **changes))
    assert run(tmp_path / "out", name, "vivado-ooc", hw=hardware(name, **changes), until="synthesis")


def test_an_accelerator_that_does_not_fit(tmp_path: Path) -> None:
    many = hardware("cora-z7-10", rows=32, cols=64, x_bits=8, k_bits=8, y_bits=32, kh_max=1)
    says = r"takes about [\d,]+ lookup tables, cora-z7-10 has 17,600; `deepsoc fit --board cora-z7-10`"
    with pytest.raises(InputError, match=says):
        run(tmp_path / "out", "cora-z7-10", hw=many)
    deep = hardware("cora-z7-10", cols=64, weights_ram_depth=1 << 14)
    with pytest.raises(InputError, match=r"takes about \d+ block RAMs, cora-z7-10 has 60"):
        run(tmp_path / "out", "cora-z7-10", "vivado-ooc", hw=deep)
    assert run(tmp_path / "out", "cora-z7-10", "vivado-ip", hw=many)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("board_part", "a:b:c:1.0]; exec touch hacked; list ["),
        ("part", "xc7z020$x"),
        ("name", "a\nb"),
        ("board_connections", "x [exit]"),
    ],
)
def test_a_board_whose_names_are_no_names(tmp_path: Path, field: str, value: str) -> None:
    bad = Board(**(board("pynq-z2").model_dump() | {field: value}))
    with pytest.raises(InputError, match="is not what Vivado calls one") as error:
        synthesize(hardware(), tmp_path / "out", flow="vivado", board=bad)
    assert str(error.value.where).endswith(field)


def test_a_board_of_the_users_own(tmp_path: Path) -> None:
    text = (ROOT / "deepsoc" / "hw" / "boards" / "zedboard.toml").read_text().replace('"zedboard"', '"mine"')
    (tmp_path / "mine.toml").write_text(text)
    result, _ = run_file(tmp_path / "out", tmp_path / "mine.toml")
    assert result.board == "mine"


def run_file(folder: Path, file: Path) -> Any:
    return tiny.run(folder, hardware("zedboard"), flow="vivado", board=file, until="project")


@pytest.mark.parametrize("name", ["my net", "[exit]", "$x", "größe"])
def test_a_folder_that_vivado_does_not_take(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="Vivado takes no path"):
        run(tmp_path / name)


def test_an_error_that_a_script_swallows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(tmp_path, monkeypatch, "common.tcl", "    exit 1\n", "    return\n")
    monkeypatch.setenv("STANDIN_FAILS", "synth_1")
    with pytest.raises(ToolError, match=r"step synthesis ended without writing synthesis\.rpt"):
        run(tmp_path / "out")


def test_without_vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not flows()["vivado"].available()
    with pytest.raises(ToolError, match=r"installing AMD Vivado 2022\.2 or later.*settings64\.sh"):
        run(tmp_path / "out")
    home = tmp_path / "Vivado" / "2023.2"
    (home / "bin").mkdir(parents=True)
    shutil.copy(program, home / "bin")
    monkeypatch.setenv("XILINX_VIVADO", str(home))
    assert flows()["vivado"].available().version == "2023.2"


def test_a_vivado_that_is_killed(tmp_path: Path, program: Path) -> None:
    program.write_text("#!/bin/sh\necho out of memory\nexit 137\n")
    with pytest.raises(ToolError, match=r"(?s)step project: .*status 137.*out of memory"):
        run(tmp_path / "out")


def console(work: Path, *lines: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The three lines of fpga/scripts/vivado.tcl, behind others."""
    work.mkdir(parents=True, exist_ok=True)
    script = work.parent / "console.tcl"
    script.write_text("\n".join([*lines, f"source {{{root / 'fpga' / 'scripts' / 'vivado.tcl'}}}"]))
    return subprocess.run(
        ["vivado", "-mode", "batch", "-source", str(script)], cwd=work, capture_output=True, text=True, check=False
    )


def test_the_script_for_the_console(tmp_path: Path) -> None:
    export = tmp_path / "export"
    run(export, flow="vivado-ip")
    done = console(tmp_path / "fpga" / "work", f"set dsoc_export {{{export}}}")
    assert done.returncode == 0, done.stderr
    assert {"design.bit", "design.hwh", "design.xsa", "power.rpt"} <= {
        p.name for p in (tmp_path / "fpga/work").iterdir()
    }
    failed = console(tmp_path / "other" / "work", f"set dsoc_export {{{export}}}", "set dsoc_board zcu999")
    assert failed.returncode == 1
    assert "there is no board zcu999" in failed.stderr
    params = export / "params.svh"
    params.write_text(params.read_text().replace("DSOC_ROWS 2", "DSOC_ROWS 3"))
    differs = console(tmp_path / "third" / "work", f"set dsoc_export {{{export}}}")
    assert differs.returncode == 1
    assert "rows is 3, in config.tcl 2; export again" in differs.stderr


def swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str) -> None:
    """Puts a copy of the scripts, changed in one place, in their place."""
    copy = tmp_path / "fpga"
    shutil.copytree(SCRIPTS, copy / "vivado")
    text = (copy / "vivado" / file).read_text()
    assert old in text
    (copy / "vivado" / file).write_text(text.replace(old, new))
    monkeypatch.setattr("deepsoc.impl.vivado.folder", lambda name: copy if name == "fpga" else assets.folder(name))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("config.tcl", "set dsoc(rows) 2", "set dsoc(rows) [exec touch hacked]", "expected set dsoc(NAME) VALUE"),
        ("config.tcl", "set dsoc(rows) 2", "exec touch hacked", "expected set dsoc(NAME) VALUE"),
        ("config.tcl", "set dsoc(frequency_mhz) 125", "set dsoc(frequency_mhz) fast", "a number frequency_mhz"),
        ("board.toml", 'part = "xc7z020clg400-1"', 'part = "[exec touch hacked]"', "part is missing or not as"),
        ("board.toml", 'name = "pynq-z2"', 'name = "x; exec touch hacked"', "name is missing or not as"),
        ("board.toml", "memory_ports = 4", "memory_ports = [exec touch hacked]", "expected NAME = "),
        ("board.toml", 'family = "xc7"', 'family = "ecp5"', "family ecp5 has no processing system"),
        ("params.svh", "DSOC_ROWS 2", "DSOC_ROWS [exec touch hacked]", "in config.tcl 2"),
    ],
)
def test_nothing_of_a_file_is_evaluated(tmp_path: Path, files: Path, name: str, old: str, new: str, says: str) -> None:
    export = Path(shutil.copytree(files, tmp_path / "export"))
    shutil.copy(ROOT / "deepsoc" / "hw" / "boards" / "pynq-z2.toml", export / "board.toml")
    text = (export / name).read_text()
    assert old in text
    (export / name).write_text(text.replace(old, new))
    work = tmp_path / "work"
    done = console(work, f"set dsoc_export {{{export}}}", f"set dsoc_board {{{export / 'board.toml'}}}")
    assert done.returncode == 1
    assert says in done.stderr
    assert not list(tmp_path.rglob("hacked"))


FAULTS = [
    # file, its text, what is planted in its place
    ("system.tcl", "create_bd_design system", "create_bd_desing system"),
    ("system.tcl", "create_bd_cell -type ip -vlnv", "create_bd_cell -kind ip -vlnv"),
    ("system.tcl", "smartconnect [list", "smart_connect [list"),
    ("system.tcl", "CONFIG.NUM_SI [llength $masters]", "CONFIG.NUM_SI 2"),
    ("system.tcl", "CONFIG.NUM_MI 1", "CONFIG.NUM_MO 1"),
    ("system.tcl", "wire clocking/interconnect_aresetn", "wire clocking/peripheral_reset"),
    ("system.tcl", "    wire clocking/peripheral_aresetn dsoc_0/rst_ni\n", ""),
    ("system.tcl", "dsoc_0/irq_o ps", "dsoc_0/irq ps"),
    ("system.tcl", "    wire dsoc_0/irq_o ps/[dict get $family interrupt]\n", ""),
    ("system.tcl", "        wire $clock ps/$port_clock\n", ""),
    ("system.tcl", "    wire $clock ${name}/aclk\n", ""),
    ("system.tcl", "-offset $base -range 4K", "-offset 0x40001000 -range 8K"),
    ("system.tcl", "-offset $base -range 4K", "-offset 0x43C00000 -range 4K"),
    ("system.tcl", "dsoc_0/s_axil/reg0", "dsoc_0/s_axi/reg0"),
    ("system.tcl", "        assign_bd_address -target_address_space $target [get_bd_addr_segs ps/$needed]\n", ""),
    ("system.tcl", "    validate_bd_design\n", ""),
    ("system.tcl", "    save_bd_design\n", ""),
    ("system.tcl", "apply_bd_automation -rule", "list -rule"),
    ("system.tcl", "[dict get $hardware frequency_mhz]", "100"),
    ("system.tcl", "-type module -reference dsoc dsoc_0", "-type module -reference dsoc_top dsoc_0"),
    ("families.tcl", "CONFIG.PCW_USE_S_AXI_HP2 CONFIG", "CONFIG.PCW_USE_S_AXI_HP3 CONFIG"),
    ("families.tcl", "CONFIG.PCW_S_AXI_HP1_DATA_WIDTH", "CONFIG.PCW_S_AXI_HP1_WIDTH"),
    ("families.tcl", "CONFIG.PCW_IRQ_F2P_INTR 1", "CONFIG.PCW_IRQ_F2P_INTR 0"),
    ("families.tcl", "FCLK_CLK0", "FCLK_CLK1"),
    ("families.tcl", "{FIXED_IO, DDR}", "{FIXED_IO}"),
    ("project.tcl", "    set_property board_part $preset [current_project]\n", ""),
    ("project.tcl", "synth_checkpoint_mode None", "synth_checkpoint None"),
    ("project.tcl", "    generate_target all $design\n", ""),
    ("project.tcl", "set_property top system_wrapper", "set_property top system"),
    ("project.tcl", "    update_compile_order -fileset [get_filesets sources_1]\n", ""),
    ("common.tcl", "[existing src/dsoc.v]", "src/dsoc.sv"),
    ("common.tcl", "include_dirs [list [file normalize src]]", "include_dirs [list [file normalize scripts]]"),
    ("common.tcl", "STATUS $run]\n", "STATE $run]\n"),
    ("common.tcl", "report_power -file power.rpt", "report_power"),
    ("common.tcl", "get_timing_paths -setup -max_paths 10", "get_timing_paths -max_path 10"),
    ("common.tcl", "STARTPOINT_PIN ENDPOINT_PIN}", "START_PIN ENDPOINT_PIN}"),
    ("synthesis.tcl", "-hierarchical -file", "-hierarchy -file"),
    ("implementation.tcl", "    open_run impl_1 -name impl_1\n", ""),
    ("bitstream.tcl", "-to_step write_bitstream", "-to_step write_bit"),
    ("bitstream.tcl", "system.hwh design.hwh", "design.hwh design.hwh"),
    ("xsa.tcl", "-include_bit", "-include_bitstream"),
    ("dsoc.v", "module dsoc #(", "module dsoc_block #("),
    ("dsoc.v", "s_axil:m_axi_x:m_axi_k", "s_axil:m_axi_k"),
    ("dsoc.v", "POLARITY ACTIVE_LOW", "POLARITY ACTIVE"),
    ("dsoc.v", "m_axi_k ARCACHE", "m_axi_k ARCACHES"),
    ("dsoc.v", "output wire [39:0] m_axi_x_araddr", "input wire [39:0] m_axi_x_araddr"),
    ("dsoc.v", "READ_WRITE_MODE WRITE_ONLY", "READ_WRITE_MODE READ_ONLY"),
]  # fmt: skip


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an export has of the hardware."""
    folder = tmp_path_factory.mktemp("export")
    for name, data in hardware_files(hardware(base_address=0x4002_0000)).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(("file", "old", "new"), [("xsa.tcl", "", ""), *FAULTS], ids=lambda v: v if ".tcl" in v else "")
def test_a_planted_fault_is_seen(tmp_path: Path, files: Path, file: str, old: str, new: str) -> None:
    """A step fails, or what comes out is not the hardware; all steps in one process."""
    shutil.copytree(ROOT / "fpga", tmp_path / "fpga")
    (tmp_path / "rtl").symlink_to(ROOT / "rtl")
    script = tmp_path / "fpga" / "vivado" / file
    assert old in script.read_text()
    script.write_text(script.read_text().replace(old, new))
    work = tmp_path / "fpga" / "work"
    pynq = ROOT / "deepsoc" / "hw" / "boards" / "pynq-z2.toml"
    done = console(work, f"set dsoc_export {{{files}}}", f"set dsoc_board {{{pynq}}}", root=tmp_path)
    if done.returncode == 1:
        assert re.search(r"ERROR: (step \w+: |ERROR: )", done.stderr), done.stderr
        seen = True
    else:
        assert done.returncode == 0
        seen = (int(_summary(work)["registers"], 0), _summary(work)["clock_hz"]) != (0x4002_0000, "125000000")
    assert seen == bool(old)


OTHER_FAULTS = [
    ("vivado-ooc", "ooc_synthesis.tcl", "read_verilog -sv", "read_verilog"),
    ("vivado-ooc", "ooc_synthesis.tcl", "-mode out_of_context -include_dirs", "-include_dirs"),
    ("vivado-ooc", "ooc_synthesis.tcl", "-include_dirs [file normalize src]", "-include_dirs [file normalize scripts]"),
    ("vivado-ooc", "ooc_synthesis.tcl", "    read_xdc -mode out_of_context clock.xdc\n", ""),
    ("vivado-ooc", "ooc_synthesis.tcl", "1000.0 /", "500.0 /"),
    ("vivado-ooc", "ooc_synthesis.tcl", "VERILOG_DEFINE", ""),
    ("vivado-ooc", "ooc_synthesis.tcl", "    write_checkpoint -force synthesized.dcp\n", ""),
    ("vivado-ooc", "ooc_implementation.tcl", "    place_design\n", ""),
    ("vivado-ooc", "ooc_implementation.tcl", "    opt_design\n    place_design\n", "    place_design\n"),
    ("vivado-ooc", "ooc_implementation.tcl", "dsoc::existing synthesized.dcp", "dsoc::existing routed.dcp"),
    ("vivado-ip", "package.tcl", "-vendor $vendor", "-vendor me"),
    ("vivado-ip", "package.tcl", "-import_files", "-force"),
    ("vivado-ip", "package.tcl", "    ipx::save_core $core\n", ""),
    ("vivado-ip", "package.tcl", "    ipx::update_checksums $core\n", ""),
    ("vivado-ip", "package.tcl", "display_name DeepSoC", "display DeepSoC"),
    ("vivado-ip", "dsoc.v", "(* X_INTERFACE_INFO = \"xilinx.com:signal:interrupt:1.0 irq_o INTERRUPT\" *)\n", ""),
    ("vivado-ip", "dsoc.v", "aximm:1.0 m_axi_y WLAST", "aximm:1.0 m_axi_o WLAST"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flow", "file", "old", "new"), OTHER_FAULTS, ids=[f"{f[0]}-{i}" for i, f in enumerate(OTHER_FAULTS)]
)
def test_a_planted_fault_is_seen_in_the_other_flows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flow: str, file: str, old: str, new: str
) -> None:
    if old == "VERILOG_DEFINE":
        old = " \\\n        -verilog_define SYNTHESIS=1"
    swap(tmp_path, monkeypatch, file, old, new)
    try:
        result, _ = run(tmp_path / "out", flow=flow)
    except ToolError as failed:
        seen = re.search(r"step \w+( ended without|: vivado failed with status 1)", str(failed))
    else:
        right = 1e3 / (8 - reports.PATHS[0][0])
        seen = flow == "vivado-ooc" and result.fmax_mhz != pytest.approx(right, abs=0.1)
    assert seen


def test_the_list_of_commands_is_that_of_the_scripts() -> None:
    """No command is missing in commands.json, and none is left in it that no script uses."""
    text = "\n".join(path.read_text() for path in SCRIPTS.glob("*.tcl"))
    used = {name for name in base.specification() if re.search(rf"(?m)(^|[\[{{])\s*{re.escape(name)}\b", text)}
    assert used == set(base.specification()) - {"create_clock"}  # in the constraints that are written
