"""The command `sweep`."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pandas as pd
import pytest

from deepsoc.perf.pareto import pareto
from tests.cli.conftest import Cli

SPACE = {"rows": {"min": 2, "max": 8, "step": 2}, "cols": [12, 24, 96], "frequency_mhz": 200}


@pytest.fixture
def space(cli: Cli) -> str:
    (cli.folder / "space.json").write_text(json.dumps(SPACE))
    return "space.json"


def test_json_holds_points_and_the_front(cli: Cli, space):
    outcome = cli("sweep", "resnet18", "--space", space, "--out", "f.parquet", "--json")
    assert outcome.status == 0, outcome.stderr
    data = json.loads(outcome.stdout)
    assert (data["points"], data["rows"]) == (12, 12)
    assert data["points_per_second"] > 0
    table = pd.read_parquet(cli.folder / "f.parquet")
    best = pareto(table, {"end_to_end_fps": "max", "pes": "min"})
    assert data["objectives"] == {"end_to_end_fps": "max", "pes": "min"}
    assert data["pareto"] == best.to_dict(orient="records")
    assert 0 < len(best) < 12


@pytest.mark.parametrize("name", ["run-12:30.parquet", "a b.parquet", "100%.parquet", "größe ×.parquet", "-x.parquet"])
def test_any_name_of_a_file_does(cli: Cli, space, name):
    (cli.folder / "of: a $folder").mkdir()
    for out in (name, f"of: a $folder/{name}"):
        outcome = cli("sweep", "resnet18", "--space", space, "--out", out, "--json")
        assert outcome.status == 0, outcome.stderr
        assert json.loads(outcome.stdout)["out"] == out
        assert len(pd.read_parquet((cli.folder / out).open("rb"))) == 12


def test_a_full_disk_is_an_error_line_and_the_sweep_goes_on(cli: Cli, space):
    """The limit of a file's size fails where a full disk does, in the write."""
    command = [sys.executable, "-m", "deepsoc.cli.main", "sweep", "resnet18", "--space", space, "--out", "f.parquet"]
    full = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert (full.returncode, full.stdout) == (1, "")
    assert full.stderr.startswith("error: f.parquet.parts/"), full.stderr
    assert "cannot be written: File too large" in full.stderr
    assert full.stderr.count("\n") == 1, full.stderr
    assert not list(cli.folder.glob("**/.deepsoc*"))
    assert not (cli.folder / "f.parquet").exists()
    assert cli("sweep", "resnet18", "--space", space, "--out", "f.parquet").status == 0
    assert "f.parquet.parts" not in cli.names()


def test_an_output_that_is_no_file_is_refused(cli: Cli, space):
    os.mkfifo(cli.folder / "pipe")
    for out in ("pipe", "/dev/full", "/dev/null"):
        cli.refused("sweep", "resnet18", "--space", space, "--out", out, says="is no regular file")
        cli.refused("fit", "net.json", "--board", "pynq-z2", "--out", out, says="is no regular file")


def test_a_network_file_beside_a_workload_with_limits_and_objectives(cli: Cli, space):
    outcome = cli(
        "sweep", "net.json", "kws_cnn", "--space", space, "--limit", "pes<=100", "--objective", "dram_words:min",
        "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.stderr
    data = json.loads(outcome.stdout)
    assert data["points"] == 24
    assert data["objectives"] == {"dram_words": "min"}
    assert all(row["pes"] <= 100 for row in data["pareto"])
    assert "network" not in data["pareto"][0]


def test_text_shows_the_front(cli: Cli, space):
    outcome = cli("sweep", "resnet18", "--space", space)
    assert outcome.status == 0
    assert "12 points, 12 of them kept" in outcome.stdout
    assert "Pareto front of end_to_end_fps max, pes min" in outcome.stdout


def test_the_front_holds_what_can_be_built(cli: Cli):
    (cli.folder / "space.json").write_text(json.dumps({"rows": [8, 99], "cols": 24}))
    outcome = cli("sweep", "resnet18", "--space", "space.json", "--json")
    data = json.loads(outcome.stdout)
    assert (outcome.status, data["rows"], [row["rows"] for row in data["pareto"]]) == (0, 2, [8])


def test_no_point_within_the_limits_is_an_answer_of_no(cli: Cli, space):
    outcome = cli("sweep", "resnet18", "--space", space, "--limit", "end_to_end_fps >= 1e9", "--json")
    assert outcome.status == 1
    assert json.loads(outcome.stdout)["pareto"] == []
    assert "no point can run the networks within the limits" in outcome.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("resnet18",), "--space"),
        (("--space", "space.json"), "WORKLOAD"),
        (("resnet81", "--space", "space.json"), "resnet81"),
        (("resnet18", "--space", "none.json"), "none.json"),
        (("resnet18", "--space", "hw.json"), "hw.json.x_bits"),
        (("resnet18", "--space", "space.json", "--limit", "speed>1"), "no such column of numbers: 'speed'"),
        (("resnet18", "--space", "space.json", "--objective", "fps"), "expected COLUMN:max or COLUMN:min"),
        (("resnet18", "--space", "space.json", "--objective", "speed:max", "--out", "f.parquet"), "no column 'speed'"),
        (("resnet18", "--space", "space.json", "--out", "."), "is a directory"),
        (("resnet18", "--space", "space.json", "--out", "none/f.parquet"), "does not exist"),
        (("resnet18", "--space", "space.json", "--out", "net.json"), "no Parquet file"),
        (("resnet18", "--space", "space.json", "--cluster", "0"), "cluster"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_faults(cli: Cli, space, options, says):
    (cli.folder / "hw.json").write_text('{"rows": 8, "cols": 8, "x_bits": 3}')
    cli.refused("sweep", *options, says=says)
