"""`deepsoc estimate`: the JSON contract, the text, and bad input."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import HW, Cli, changed

LAYER_KEYS = {"name", "type", "clocks", "efficiency", "x_words", "k_words", "y_words"}
TOTAL_KEYS = {"clocks", "fps", "efficiency", "dram_words", "dram_bytes", "ops_per_access"}
TABLE = "name,type,n,h,w,ci,co,kh,kw,sh,sw,pad_h,pad_w,groups\nc1,conv,1,8,8,4,6,3,3,1,1,1,1,1\n"


@pytest.mark.parametrize(("source", "layers"), [("resnet50", 53), ("net.json", 3), ("table.csv", 1)])
def test_json(cli: Cli, source: str, layers: int) -> None:
    (cli.folder / "table.csv").write_text(TABLE)
    outcome = cli("estimate", source, "--hw", "hw.json", "--json")
    assert outcome.status == 0, outcome
    data = json.loads(outcome.stdout)
    assert set(data["totals"]) >= TOTAL_KEYS
    assert len(data["layers"]) == layers
    assert set(data["layers"][0]) >= LAYER_KEYS
    assert data["totals"]["clocks"] == sum(layer["clocks"] for layer in data["layers"])


def test_published_figures(cli: Cli) -> None:
    (cli.folder / "hw.json").write_text(json.dumps({"rows": 7, "cols": 96, "frequency_mhz": 400}))
    data = json.loads(cli("estimate", "vgg16", "--hw", "hw.json", "--json").stdout)
    assert data["totals"] == data["totals_by_type"]["conv"]
    assert data["totals"]["fps"] == pytest.approx(17.5, rel=0.01)
    assert data["totals"]["efficiency"] == pytest.approx(0.965, rel=0.01)
    (cli.folder / "hw.json").write_text(json.dumps({"rows": 7, "cols": 96, "frequency_mhz": 200}))
    data = json.loads(cli("estimate", "alexnet_fc", "--hw", "hw.json", "--json").stdout)
    assert [layer["efficiency"] for layer in data["layers"]] == pytest.approx([0.992, 0.992, 0.947], abs=0.001)


def test_the_cpu_does_the_softmax(cli: Cli) -> None:
    arguments = ("estimate", "net.json", "--hw", "hw.json", "--cpu-mhz", "50")
    fast, slow = (json.loads(cli(*arguments, *more, "--json").stdout)["totals"] for more in ((), ("--no-cpu-float",)))
    assert fast["cpu_us"] == fast["cpu_clocks"] / 50 > 0
    assert slow["cpu_us"] > 10 * fast["cpu_us"]
    assert slow["end_to_end_us"] - fast["end_to_end_us"] == pytest.approx(slow["cpu_us"] - fast["cpu_us"])
    assert "softmax on the CPU: " in (text := cli(*arguments).stdout)
    assert "at 50 MHz" in text


def test_text_names_every_layer_and_the_sums(cli: Cli) -> None:
    lines = cli("estimate", "net.json", "--hw", "hw.json").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == [
        "layer", "b1", "b2", "out", "sum", "conv", "dense", "all", "softmax",
    ]  # fmt: skip


def test_memory_latency_takes_time(cli: Cli) -> None:
    fast, slow = (
        json.loads(cli("estimate", "net.json", "--hw", "hw.json", "--mem-latency", n, "--json").stdout)["totals"]
        for n in ("0", "200")
    )
    assert slow["end_to_end_clocks"] >= fast["end_to_end_clocks"] + 4 * 400
    assert slow["clocks"] == fast["clocks"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense", "--hw", "hw.json"), "nonsense: no such file or built-in workload"),
        (("gone.json", "--hw", "hw.json"), "gone.json"),
        (("../net.csv", "--hw", "hw.json"), "../net.csv"),
        (("bad.csv", "--hw", "hw.json"), "bad.csv: line 2, column h: expected an integer"),
        (("net.json", "--hw", "hw.json", "--batch", "2"), "--batch"),
        (("resnet50", "--hw", "hw.json", "--batch", "0"), "--batch"),
        (("resnet50", "--hw", "hw.json", "--batch", "70000"), "n: expected an integer of 1"),
        (("resnet50", "--hw", "narrow.json"), "layer conv1: a kernel of 7 columns at stride 2 takes 8 columns"),
        (("resnet50", "--hw", "gone.json"), "--hw"),
        (("resnet50",), "--hw"),
        (("net.json", "--hw", "hw.json", "--cpu-mhz", "0"), "cpu_mhz: expected more than 0"),
        (("net.json", "--hw", "hw.json", "--mem-latency", "-1"), "--mem-latency"),
        (("net.json", "--hw", "hw.json", "--mem-latency", "9999999"), "latency_clocks"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    (cli.folder / "bad.csv").write_text(TABLE.replace("1,8,8", "1,nan,8"))
    (cli.folder / "narrow.json").write_text(json.dumps(changed(HW, "cols", 7)))
    cli.refused("estimate", *arguments, says=says)
