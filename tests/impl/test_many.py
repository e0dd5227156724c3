"""Many synthesis runs: rows, results on disk, points that fail; synthesis itself has its own tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepsoc.errors import ToolError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import Board
from deepsoc.impl import Implementation, Resources, StepTime, synthesize_each
from tests.impl.tiny import HW

OTHER = HW.model_copy(update={"rows": 3})
FAILS = HW.model_copy(update={"rows": 4})


def fake(hw: Hardware, folder: Path, *, flow: str, board: Board | None) -> Implementation:
    if hw == FAILS:
        raise ToolError("step map: yosys failed with status 1")
    steps = tuple(StepTime(name=name, seconds=1.5, kept=False, log="") for name in ("map", "luts"))
    resources = Resources(lut=100 * hw.rows, dsp=hw.rows * hw.cols)
    return Implementation(
        flow=flow,
        board=board.name if board else "",
        part_family="",
        hw=hw,
        folder=str(folder),
        steps=steps,
        resources=resources,
        by_module=(),
        fmax_mhz=250.0,
        fmax_basis="",
        artifacts=(),
    )


def test_synthesis_runs_are_rows_and_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepsoc.impl.many.sources_key", lambda *places: "sources")
    monkeypatch.setattr("deepsoc.impl.many.synthesize", fake)
    table = synthesize_each([HW, OTHER, FAILS], tmp_path)
    assert table["rows"].tolist() == [2, 3, 4]
    assert table["lut"].dropna().tolist() == [200, 300]
    assert table["dsp"].dropna().tolist() == [6, 9]
    assert table["wall_s"].dropna().tolist() == [3.0, 3.0]
    assert table["error"].tolist() == ["", "", "step map: yosys failed with status 1"]

    def refuse(*_: object, **__: object) -> None:
        raise ToolError("synthesized again")

    monkeypatch.setattr("deepsoc.impl.many.synthesize", refuse)
    again = synthesize_each([FAILS, OTHER, HW], tmp_path)
    assert again["lut"].dropna().tolist() == [300, 200]
    assert again["error"].tolist() == ["synthesized again", "", ""]
    assert set(synthesize_each([HW], tmp_path, flow="yosys-xcup")["error"]) == {"synthesized again"}
    for board in ("ulx3s-85f", "ulx3s-45f"):
        assert set(synthesize_each([HW], tmp_path, board=board)["error"]) == {"synthesized again"}
    monkeypatch.setattr("deepsoc.impl.many.sources_key", lambda *places: "other sources")
    assert set(synthesize_each([HW], tmp_path)["error"]) == {"synthesized again"}
