"""SimulationPanel and ImplementationPanel: what they start, and what they say of every state a run can be in."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deepsoc import jobs, viz
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.impl import flows, measured_run
from deepsoc.impl.result import MEASURED
from deepsoc.widgets import Design, ImplementationPanel, SimulationPanel
from tests.widgets.page import mounted, open_browser

from .conftest import NET, RESULT, program, status, wait_for

LAB = """window.opened = [];
window.deepsocLab = { openFile: (path, options) => { opened.push([path, options.download]); return true; } }"""


def test_the_code_of_the_cell_does_what_the_button_does(
    design: Design, panels: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    def start(kind: str, arguments: list[str], **keywords: Any) -> jobs.Job:
        keywords.pop("root", None)
        assert keywords.pop("cell")
        started.append((kind, arguments, keywords, (design.folder / "export" / "manifest.json").read_bytes()))
        return program(design, "pass")

    monkeypatch.setattr(jobs, "start", start)
    for panel in (
        SimulationPanel(design, stall_prob=0.25, mem_latency=3, seed=7, trace=True),
        ImplementationPanel(design, flow="yosys-xcup", until="infer", fresh=True),
    ):
        panels.append(panel)
        panel.run()
        shutil.rmtree(design.folder / "export")
        exec(panel.code(), {})  # no run has kept the cell: `start` is not the real one
        assert started[-1] == started[-2]
    assert started[0][1] == [
        "designs/mine/export",
        "--stall-prob",
        "0.25",
        "--mem-latency",
        "3",
        "--seed",
        "7",
        "--trace",
    ]
    assert started[2][1:3] == (
        ["designs/mine/export", "--flow", "yosys-xcup", "--until", "infer", "--fresh"],
        {
            "title": "implement mine",
            "keep": ["designs/mine/net.json", "designs/mine/hw.json"],
            "design": "designs/mine",
            "flow": "yosys-xcup",
        },
    )


def test_a_run_is_found_by_another_panel_and_told_from_those_of_others(design: Design, panels: list[Any]) -> None:
    other = Design("other")
    other.net = NET
    job = program(design, "import time; time.sleep(60)")
    program(other, "pass")
    program(design, "pass", kind="implement", flow="yosys-xc7")
    panels += [SimulationPanel(design), SimulationPanel(design.folder)]
    for panel in panels:
        assert [row["id"] for row in panel.runs] == [job.id]
        assert panel.current == job.id
    wait_for(panels[0], lambda: status(panels[0]) == "running")
    panels[0].cancel()
    for panel in panels:
        wait_for(panel, lambda panel=panel: status(panel) == "cancelled")


def test_a_run_that_was_expected_is_shown_and_one_of_others_is_not(design: Design, panels: list[Any]) -> None:
    first = program(design, "pass")
    panel = SimulationPanel(design)
    panels.append(panel)
    second = program(design, "pass")
    wait_for(panel, lambda: len(panel.runs) == 2)
    assert panel.current == first.id
    sent: list[Any] = []
    panel.send = lambda content, buffers=None: sent.append(content)
    panel.on_start("view-1")
    assert sent[0]["view"] == "view-1"
    third = program(design, "pass")
    wait_for(panel, lambda: panel.current == third.id)
    assert second.id in [row["id"] for row in panel.runs]


@pytest.mark.parametrize(
    ("net", "where"),
    [
        ({**NET, "bundles": []}, "net.bundles"),
        ({**NET, "bundles": [{**NET["bundles"][0], "input": "nowhere"}]}, "input"),
    ],
)
def test_a_network_with_faults_is_not_started(
    design: Design, panels: list[Any], net: dict[str, Any], where: str
) -> None:
    design.net = net
    panel = SimulationPanel(design)
    panels.append(panel)
    panel._received(None, {"do": "start", "view": "v"}, [])
    assert where in panel.error
    assert jobs.find() == []
    with pytest.raises(InputError, match=where):
        panel.run()


def test_no_folder_and_unknown_keywords_are_refused(design: Design) -> None:
    with pytest.raises(InputError, match=r"nowhere: expected a folder with net\.json and hw\.json"):
        SimulationPanel("nowhere")
    with pytest.raises(InputError, match="unknown option stalls"):
        SimulationPanel(design, stalls=1)
    with pytest.raises(InputError, match=r"mem_latency: expected 0 … 100000, received -1"):
        SimulationPanel(design, mem_latency=-1)


def test_a_mismatch_an_exit_137_a_kill_and_a_deleted_folder_are_clear(design: Design, panels: list[Any]) -> None:
    panel = SimulationPanel(design)
    panels.append(panel)
    wrong = program(design, f"import sys; print({json.dumps(json.dumps(RESULT))}); sys.exit(1)")
    wrong.wait(60)
    panel.current = wrong.id
    panel.refresh()
    panel.current = wrong.id
    wait_for(panel, lambda: panel.value.get("mismatches") == 3)
    assert panel.value["first_difference"]["index"] == [0, 1, 2, 0]

    dead = program(design, "import sys; print('so far', file=sys.stderr); sys.exit(137)")
    dead.wait(60)
    panel.refresh()
    panel.current = dead.id
    wait_for(panel, lambda: status(panel) == "failed" and "so far" in panel.log)
    row = next(row for row in panel.runs if row["id"] == dead.id)
    assert row["exit_code"] == 137
    assert "SIGKILL" in row["reason"]
    assert panel.value == {}

    gone = program(design, "import sys, time; print('a last word', file=sys.stderr, flush=True); time.sleep(60)")
    wait_for(panel, lambda: any(row["id"] == gone.id for row in panel.runs))
    panel.current = gone.id
    wait_for(panel, lambda: "a last word" in panel.log)
    shutil.rmtree(gone.folder)
    wait_for(panel, lambda: status(panel) == "lost")
    assert "deleted" in next(row for row in panel.runs if row["id"] == gone.id)["reason"]
    assert "a last word" in panel.log


def test_a_result_of_another_version_is_said_and_the_panel_lives_on(design: Design, panels: list[Any]) -> None:
    program(design, "print({})", kind="implement", flow="yosys-xc7").wait(60)
    panel = ImplementationPanel(design)
    panels.append(panel)
    wait_for(panel, lambda: "cannot be shown: KeyError 'folder'" in panel.error)
    program(design, "pass", kind="implement", flow="yosys-xc7")
    wait_for(panel, lambda: len(panel.runs) == 2)


def test_a_log_of_100_mb_is_shown_by_its_end(design: Design, panels: list[Any]) -> None:
    job = program(design, "pass")
    job.wait(60)
    with (job.folder / "log.txt").open("wb") as file:
        file.seek(100_000_000)
        file.write(b"\n" + b"".join(b"line %d\n" % i for i in range(1000)))
    before = _bytes_read()
    panel = SimulationPanel(design)
    panels.append(panel)
    assert _bytes_read() - before < 20_000_000
    assert panel.log.endswith("line 999")
    assert len(panel.log.splitlines()) == 200
    assert panel.log_bytes > 100_000_000


def _bytes_read() -> int:
    """Bytes that this process has read so far."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_flows_are_those_of_the_package_and_a_missing_tool_has_a_remedy(
    design: Design, panels: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepsoc.impl import Availability
    from deepsoc.widgets.runs import implementation_panel

    late = replace(
        flows()["yosys-xc7"], name="other", title="another", available=lambda: Availability({}, "", "buy it")
    )
    monkeypatch.setattr(implementation_panel, "flows", lambda: {"other": late} | flows())
    panel = ImplementationPanel(design)
    panels.append(panel)
    assert [flow["name"] for flow in panel.flows] == ["other", *flows()]
    assert panel.flow == "yosys-xc7"
    panel.flow = "other"
    panel._received(None, {"do": "start", "view": "v"}, [])
    assert panel.error == "the tool of other is missing; get it with: buy it"


def test_a_flow_that_implements_for_a_board_has_its_choice(
    design: Design, panels: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepsoc.impl import Availability
    from deepsoc.widgets.runs import implementation_panel

    there = {
        name: replace(flow, available=lambda: Availability({"": Path("x")}, "", "")) for name, flow in flows().items()
    }
    monkeypatch.setattr(implementation_panel, "flows", lambda: there)
    started: list[list[str]] = []

    def start(kind: str, arguments: list[str], **keywords: Any) -> jobs.Job:
        started.append(arguments[1:])
        return program(design, "pass", kind=kind, arguments=arguments, flow=arguments[2])

    monkeypatch.setattr(jobs, "start", start)
    panel = ImplementationPanel(design)
    panels.append(panel)
    with open_browser() as browser, mounted(browser, panel) as page:
        assert not page.get_by_label("for", exact=True).is_visible()
        page.get_by_label("Flow").select_option("vivado")
        choice = page.get_by_label("for", exact=True)
        choice.wait_for()
        assert "TUL PYNQ-Z2" in choice.locator("option").all_inner_texts()
        choice.select_option(label="AMD ZCU104")
        wait_for(panel, lambda: panel.board == "zcu104")
        page.get_by_label("Flow").select_option("yosys-xc7")
        choice.wait_for(state="hidden")
    assert panel.arguments() == ["--flow", "yosys-xc7"]
    panel.flow = "vivado"
    panel.run()
    panel.board = "mine.toml"
    panel.run()
    panel.board = "no-such"
    panel.run()
    boards = [flow["boards"][0]["name"] for flow in panel.flows if flow["name"] == "vivado"]
    assert started == [["--flow", "vivado", "--board", name] for name in ("zcu104", "mine.toml", *boards)]
    panel.current = min(row["id"] for row in panel.runs)
    wait_for(panel, lambda: panel.ran["options"] == "flow vivado · for zcu104 · to the end")


STEPS = """
import json, os, pathlib, sys
from deepsoc import _progress
work = pathlib.Path({work!r}); (work / "logs").mkdir(parents=True)
(work / "logs" / "1-elaborate.log").write_text("read it\\n")
(work / "stamps").mkdir()
(work / "stamps" / "1-elaborate.json").write_text('{{"seconds": 2.5}}')
(work / "logs" / "2-infer.log").write_text("found 6 DSPs\\n")
_progress.report("infer", 0.2, 1)
pathlib.Path({flag!r}).touch()
sys.stdin = None
import time
while not pathlib.Path({go!r}).exists(): time.sleep(0.05)
print(json.dumps({result!r}))
"""


def test_steps_logs_resources_and_artifacts(design: Design, panels: list[Any], tmp_path: Path) -> None:
    panel = ImplementationPanel(design)
    panels.append(panel)
    panel._export()
    work = tmp_path / "designs" / "mine" / "export" / "impl" / "yosys-xc7"
    steps = [{"name": "elaborate", "seconds": 1.0, "kept": True, "log": ""}]
    result = {
        "flow": "yosys-xc7", "part_family": "AMD 7 series", "folder": str(work), "steps": steps, "fmax_mhz": None,
        "fmax_basis": "not known", "artifacts": ["cells.json"],
        "hw": Artifacts.load(work.parents[1]).hw.model_dump(mode="json"),
        "resources": {"lut": 1000, "ff": 500, "dsp": 0, "bram36": 1.5, "uram": 0, "carry": 0},
    }  # fmt: skip
    flag, go = str(tmp_path / "flag"), str(tmp_path / "go")
    text = STEPS.format(work=str(work), flag=flag, go=go, result=result)
    job = program(design, text, kind="implement", arguments=["--until", "luts"], flow="yosys-xc7")
    wait_for(panel, lambda: "found 6 DSPs" in panel.log)
    states = ["done", "running", "waiting", "waiting", "not run"]
    wait_for(panel, lambda: [step["state"] for step in panel.steps] == states)
    assert panel.steps[0]["seconds"] == 2.5
    os.utime(work / "stamps" / "1-elaborate.json", (1, 1))
    wait_for(panel, lambda: panel.steps[0]["state"] == "kept")
    panel.step_log = "elaborate"
    wait_for(panel, lambda: "read it" in panel.log)
    Path(go).touch()
    job.wait(60)
    wait_for(panel, lambda: panel.value != {})
    lut = panel.value["comparison"][0]
    assert (lut["name"], lut["found"]) == ("LUT", 1000)
    assert lut["estimate"] > 100
    cells = {"path": "designs/mine/export/impl/yosys-xc7/cells.json", "bytes": None, "replaced": False}
    assert panel.value["files"] == [cells]
    states = ["kept", "not run", "not run", "not run", "not run"]
    wait_for(panel, lambda: [step["state"] for step in panel.steps] == states)


def test_pictures_of_a_run_are_those_of_its_result(design: Design, panels: list[Any]) -> None:
    work = design.folder / "export" / "impl" / "ecp5-ooc"
    shutil.copytree(MEASURED, work)
    result = measured_run().to_dict() | {"folder": str(work.resolve())}
    print_it = f"print({json.dumps(json.dumps(result))})"
    job = program(design, print_it, kind="implement", flow="ecp5-ooc")
    job.wait(60)
    panel = ImplementationPanel(design)
    panels.append(panel)
    wait_for(panel, lambda: [row["title"] for row in panel.pictures] == ["Floor plan", "Utilization", "Longest path"])
    for row, figure in zip(panel.pictures, viz.pictures(measured_run()).values(), strict=True):
        assert row["svg"] == figure.svg(f"{job.id} {row['title']}")
        assert "var(--jp-ui-font-color1" in row["svg"]
    compared = {row["name"]: row for row in panel.value["comparison"]}
    assert compared["LUT"]["estimate"] == pytest.approx(compared["LUT"]["found"], rel=0.4)  # of an earlier RTL
    later = job.state.ended
    assert later is not None
    os.utime(work / "placement.csv.gz", (later + 5, later + 5))  # as of a later run
    second = ImplementationPanel(design)
    panels.append(second)
    wait_for(second, lambda: [row["title"] for row in second.pictures] == ["Utilization", "Longest path"])
    program(design, "import time; time.sleep(60)", kind="implement", flow="ecp5-ooc")
    panel.refresh()
    panel.current = panel.runs[0]["id"]
    wait_for(panel, lambda: panel.pictures == [])


def test_in_a_page_without_the_extension_the_code_is_shown_and_the_run_is_started(
    design: Design, panels: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"import sys; print({json.dumps(json.dumps(RESULT))}); sys.exit(1)"
    monkeypatch.setattr(jobs, "start", lambda *arguments, **keywords: program(design, text))
    panel = SimulationPanel(design)
    panels.append(panel)
    with open_browser() as browser, mounted(browser, panel) as page:
        page.get_by_role("button", name="Simulate", exact=True).click()
        page.get_by_text("jobs.start").wait_for()
        assert page.get_by_label("Code").inner_text() == panel.code()
        page.locator(".jp-verdict", has_text="3 values differ; the first in bundle b1").wait_for()
        assert "at (0, 1, 2, 0): expected 4, received -7" in page.locator(".jp-verdict").inner_text()
        assert page.locator(".jp-status").inner_text() == "✗ failed"
        panel.error = "something is wrong"
        page.get_by_role("alert").get_by_text("something is wrong").wait_for()


def test_a_log_is_that_of_the_run_which_is_shown(design: Design, panels: list[Any], tmp_path: Path) -> None:
    """Logs lie in the export: one of a step that is still to come, or that a later run wrote, is not of this run."""
    panel = ImplementationPanel(design)
    panels.append(panel)
    panel._export()
    logs = tmp_path / "designs" / "mine" / "export" / "impl" / "yosys-xc7" / "logs"
    logs.mkdir(parents=True)
    for name in ("1-elaborate", "2-infer"):
        (logs / f"{name}.log").write_text(f"{name} of an earlier run")
    text = """import sys, time; from deepsoc import _progress
_progress.report({stage!r}, 1, 5); print("of the run", file=sys.stderr, flush=True); time.sleep(60)"""
    for stage, step, shown in (
        ("elaborate", "", "1-elaborate of"),
        ("elaborate", "infer", "of the run"),
        ("infer", "elaborate", "1-elaborate of"),
        ("infer", "infer", "2-infer of"),
    ):
        panel.step_log = step
        job = program(design, text.format(stage=stage), kind="implement", flow="yosys-xc7")
        panel.refresh()
        panel.current = job.id
        wait_for(panel, lambda job=job, stage=stage: job.state.stage == stage)
        wait_for(panel, lambda shown=shown: panel.log.startswith(shown))
        job.cancel()
        assert job.wait(20).status == "cancelled"
        wait_for(panel, lambda: status(panel) == "cancelled")
        assert panel.log.startswith(shown)
    late = job.state.ended
    assert late is not None
    os.utime(logs / "2-infer.log", (late + 5, late + 5))
    wait_for(panel, lambda: panel.log.startswith("of the run"))
    assert panel.log_path == f"jobs/{job.id}/log.txt"


def test_files_are_opened_by_the_extension_and_are_text_without_it(
    design: Design, panels: list[Any], tmp_path: Path
) -> None:
    work = design.folder / "export" / "impl" / "yosys-xc7"
    work.mkdir(parents=True)
    odd = "<b>netlist & co.v"
    for name in (odd, "report.json"):
        (work / name).write_text("made")
    outside = tmp_path.parent / f"{tmp_path.name}-elsewhere.v"
    outside.write_text("made")
    result = {
        "flow": "yosys-xc7", "part_family": "AMD 7 series", "folder": str(work.resolve()), "steps": [],
        "fmax_mhz": None, "fmax_basis": "not known", "resources": None, "artifacts": [odd, "gone.v", str(outside)],
    }  # fmt: skip
    text = f"import sys; print('said', file=sys.stderr); print({json.dumps(json.dumps(result))})"
    job = program(design, text, kind="implement", flow="yosys-xc7")
    job.wait(60)
    panel = ImplementationPanel(design)
    panels.append(panel)
    wait_for(panel, lambda: panel.value != {} and "said" in panel.log)
    here = "designs/mine/export/impl/yosys-xc7"
    with open_browser() as browser:
        with mounted(browser, panel) as page:
            files = page.locator(".jp-list li")
            assert files.all_inner_texts() == [f"{here}/{odd} 4 bytes", f"{here}/gone.v is gone", f"{outside} 4 bytes"]
            assert page.locator("button.file").count() == 0
            assert page.locator(".ip-picture").count() == 0  # the result has nothing to draw
            panel.pictures = [{"title": "Floor plan", "svg": viz.floor_plan(measured_run()).svg("floor")}]
            picture = page.get_by_role("img", name="Floor plan")
            picture.wait_for()
            assert picture.locator("image").count() == 1
            assert page.locator(".ip-picture figcaption").inner_text() == "Floor plan"
            right = "(node) => node.getBoundingClientRect().right"
            assert picture.evaluate(right) <= page.locator(".jp").evaluate(right)
            page.locator(".jp-logs > summary").click()
            assert page.locator(".jp-files").inner_text() == f"All of it: jobs/{job.id}/log.txt"
        with mounted(browser, panel, before=LAB) as page:
            assert page.locator(".jp-list button.file").all_inner_texts() == [f"{here}/{odd}"]
            page.locator(".jp-list button.file").press("Enter")
            page.locator(".jp-logs > summary").click()
            page.locator(".jp-files button.file").click()
            assert page.evaluate("opened") == [[f"{here}/{odd}", False], [f"jobs/{job.id}/log.txt", False]]
