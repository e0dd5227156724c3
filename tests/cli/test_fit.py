"""The command `fit`."""

from __future__ import annotations

import json

import pytest

from deepsoc.hw import Hardware
from tests.cli.conftest import Cli

SPACE = {"rows": [2, 4], "cols": [6, 12], "weights_ram_depth": [192, 256], "axi_data_bits": 64}
SILICON = ("--area-mm2", "5", "--node", "28nm")


@pytest.fixture
def space(cli: Cli) -> str:
    (cli.folder / "space.json").write_text(json.dumps(SPACE))
    return "space.json"


def test_json_holds_the_hardware_and_why(cli: Cli, space: str) -> None:
    outcome = cli("fit", "net.json", "kws_cnn", *SILICON, "--space", space, "--out", "best.json", "--json")
    assert outcome.status == 0, outcome.stderr
    data = json.loads(outcome.stdout)
    hw = Hardware.load(cli.folder / "best.json")
    assert data["hw"] == hw.model_dump()
    assert (hw.rows, hw.cols, hw.x_bits) == (4, 12, 4)
    assert None not in data["hw"].values()
    assert set(data["resources"]) == {"area_mm2", "power_w"}
    assert data["fps"] == data["table"][0]["end_to_end_fps"] > 0
    assert 1 < len(data["table"]) <= 8
    assert {row["limit"] for row in data["limits"]} >= {"area_mm2", "line_buffers"}
    assert (data["method"], data["points"]) == ("exhaustive", 8)
    outcome = cli("estimate", "net.json", "--hw", "best.json", "--json")
    assert outcome.status == 0


def test_text_shows_hardware_runners_up_and_limits(cli: Cli, space: str) -> None:
    outcome = cli("fit", "kws_cnn", *SILICON, "--space", space, "--goal", "fps_per_mm2", "--power-w", "3")
    assert outcome.status == 0, outcome.stderr
    for words in ("processing elements at", "fps_per_mm2 without it", "line_buffers", "8 points, exhaustive"):
        assert words in outcome.stdout


def test_a_budget_that_nothing_fits_is_an_answer_of_no(cli: Cli, space: str) -> None:
    arguments = ("fit", "net.json", "--area-mm2", "0.001", "--node", "28nm", "--space", space, "--out", "o.json")
    outcome = cli(*arguments, "--json")
    assert (outcome.status, json.loads(outcome.stdout)["hw"]) == (1, None)
    outcome = cli(*arguments)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "error: no hardware fits: the smallest array, 2 × 6" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert not (cli.folder / "o.json").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("kws_cnn",), "expected either a board or an area"),
        (SILICON, "NET"),
        (("kws_cnn", "--area-mm2", "0", "--node", "28nm"), "area_mm2: expected square millimetres above 0"),
        (("kws_cnn", "--area-mm2", "nan", "--node", "28nm"), "area_mm2"),
        (("kws_cnn", "--area-mm2", "big", "--node", "28nm"), "area-mm2"),
        (("kws_cnn", "--area-mm2", "1"), "node: an area needs a node"),
        (("kws_cnn", "--area-mm2", "1", "--node", "none.toml"), "none.toml"),
        (("kws_cnn", "--board", "pynq-z9"), "unknown board 'pynq-z9'; expected one of"),
        (("kws_cnn", *SILICON, "--goal", "speed"), "--goal: expected one of fps"),
        (("kws_cnn", *SILICON, "--fps-min", "nan"), "fps_min"),
        (("kws_cnn", *SILICON, "--power-w", "-1"), "power_w"),
        (("kws_cnn", *SILICON, "--space", "hw.json"), "hw.json.x_bits"),
        (("kws_cnn", *SILICON, "--out", "."), "is a directory"),
        (("kws_cnm", *SILICON), "kws_cnm"),
        (("broken.csv", *SILICON), "broken.csv: line 2, column ci: expected an integer, received 'x'"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_faults(cli: Cli, options: tuple[str, ...], says: str) -> None:
    (cli.folder / "hw.json").write_text('{"rows": 8, "cols": 8, "x_bits": 3}')
    header = "name,type,n,h,w,ci,co,kh,kw,sh,sw,pad_h,pad_w,groups"
    (cli.folder / "broken.csv").write_text(f"{header}\na,conv,1,8,8,x,4,3,3,1,1,1,1,1\n")
    cli.refused("fit", *options, says=says)
