"""Sweeps: equal to estimates, limited, stored, resumed, over several networks, on processes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.mapping import resolve
from deepsoc.perf import Memory, _figures, estimate, summary
from deepsoc.perf import sweep as module
from deepsoc.perf._network import complete, networks_of
from deepsoc.perf.space import PARAMETERS
from deepsoc.perf.sweep import over_networks, sweep
from deepsoc.workloads import Layer, Workload
from tests.conftest import interruptible
from tests.perf.networks import WIDE, graph

SPACE = {"rows": [3, 8], "cols": {"min": 6, "max": 60, "step": 9}, "frequency_mhz": [100, 250.5], "axi_data_bits": 64}
SMALL = Workload(
    "small",
    (
        Layer("a", "conv", 2, 9, 11, 3, 10, 5, 5, 2, 2, 2, 2),
        Layer("b", "conv", 2, 5, 6, 10, 12, 1, 1),
        Layer("c", "conv", 2, 5, 6, 10, 12, 1, 1),
        Layer("d", "dense", 3, 1, 1, 100, 7),
    ),
)


@pytest.mark.parametrize("memory", [Memory(latency_clocks=40, efficiency=0.75), Memory(gb_per_s=0.3)], ids=str)
def test_every_row_is_the_estimate_of_its_hardware(rng, memory):
    table = sweep([SMALL, "mobilenet_v1"], {**SPACE, "x_bits": [4, 8], "k_bits": [2, 8]}, memory=memory)
    assert len(table) == 2 * 2 * 7 * 2 * 4
    networks = {"small": SMALL, "mobilenet_v1": "mobilenet_v1"}
    for i in rng.choice(len(table), 25, replace=False):
        row = table.iloc[i].to_dict()
        hw = Hardware(**{name: value for name, value in row.items() if name in PARAMETERS})
        expected = summary(estimate(networks[row["network"]], hw, memory=memory))
        assert row["pes"] == hw.rows * hw.cols
        for name in expected.keys() & row.keys():
            assert row[name] == pytest.approx(expected[name], rel=1e-12), (name, row)
        seconds = expected["end_to_end_clocks"] / (hw.frequency_mhz * 1e6)
        assert row["dram_gb_per_s"] == pytest.approx(expected["dram_bytes"] / seconds / 1e9)
    assert len(expected.keys() & row.keys()) == 8


def test_counts_are_integers_and_units_are_in_the_names():
    table = sweep([SMALL], SPACE)
    assert {name for name in table if table[name].dtype == np.int64} == {
        "rows", "cols", "axi_data_bits", "pes", "clocks", "dram_words",
    }  # fmt: skip
    assert not table.isna().any().any()


def test_buildable_says_what_the_rtl_accepts():
    table = sweep([SMALL], {"rows": {"min": 20, "max": 80, "step": 1}, "cols": 8, "x_bits": [4, 8]})
    for rows, x_bits, buildable in table[["rows", "x_bits", "buildable"]].itertuples(index=False):
        try:
            Hardware(rows=rows, cols=8, x_bits=x_bits, kh_max=5, sh_max=2)
        except InputError:
            assert not buildable
        else:
            assert buildable
    assert table.groupby("x_bits")["rows"].max().tolist() == [80, 80]
    assert (table[table["buildable"]].groupby("x_bits")["rows"].max().diff().dropna() < 0).all()
    kept = sweep([SMALL], {"rows": [20, 80], "cols": 8}, limits=["buildable == 1"])
    assert kept["rows"].tolist() == [20]


def test_points_too_narrow_for_a_kernel_are_left_out():
    table = sweep([SMALL], {"rows": 4, "cols": [4, 5, 6, 7]})
    assert table["cols"].tolist() == [6, 7]  # 5 columns at stride 2 take 6


def test_parts_and_slabs_do_not_show(monkeypatch):
    whole = sweep([SMALL, "kws_cnn"], SPACE)
    monkeypatch.setattr(module, "_PART", 5)
    monkeypatch.setattr(_figures, "_SLAB", 2)
    pd.testing.assert_frame_equal(sweep([SMALL, "kws_cnn"], SPACE), whole)


def test_limits_keep_what_fulfils_them():
    table = sweep([SMALL], SPACE)
    kept = sweep([SMALL], SPACE, limits=["pes <= 264", "efficiency>=0.2", "frequency_mhz == 100"])
    rows = (table["pes"] <= 264) & (table["efficiency"] >= 0.2) & (table["frequency_mhz"] == 100)
    assert 0 < rows.sum() < len(table)
    pd.testing.assert_frame_equal(kept, table[rows].reset_index(drop=True))
    assert sweep([SMALL], SPACE, limits=["pes < 1"]).empty


def area(points: pd.DataFrame) -> dict[str, pd.Series]:
    return {"area_mm2": points["rows"] * points["cols"] * 0.01}


def test_a_model_of_resources_adds_its_columns_and_frees_its_parameters():
    table = sweep([SMALL], {**SPACE, "weights_ram_depth": [512, 1024]}, resources=area, limits=["area_mm2 <= 2"])
    np.testing.assert_allclose(table["area_mm2"], table["pes"] * 0.01)
    assert table["pes"].max() <= 200
    assert sorted(set(table["weights_ram_depth"])) == [512, 1024]
    with pytest.raises(InputError, match="area: the model of resources must return"):
        sweep([SMALL], SPACE, resources=lambda points: {"area": [1.0]})


def test_a_model_of_resources_sees_complete_points():
    seen = []

    def model(points: pd.DataFrame) -> dict[str, pd.Series]:
        seen.append(points)
        return area(points)

    pooled = graph("kws_cnn", WIDE)
    space = {"rows": 8, "cols": 24, "k_bits": [4, 8], "axi_data_bits": 32}
    table = sweep([SMALL, pooled], space, resources=model)
    assert set(table["x_bits"]) == {4}, "the bits of the network with weights"
    points = seen[-1]
    assert set(points) == set(PARAMETERS)
    assert points["k_bits"].tolist() == [4, 8]
    given = {"rows": 8, "cols": 24, "axi_data_bits": 32}
    for _, row in points.iterrows():
        hw = Hardware(**{name: value if isinstance(value, str) else int(value) for name, value in row.items()})
        # SMALL: kernel 5 x 5 at stride 2, sums of 100 products, batch 3, and the rungs above. The network pools.
        own = resolve(Hardware(**given, x_bits=hw.x_bits, k_bits=hw.k_bits), [pooled])
        small = {
            "kh_max": 5, "kw_max": 7, "sh_max": 2, "sw_max": 2, "ci_max": 100, "co_max": 12, "xh_max": 9,
            "xw_max": 11, "xn_max": 4, "edges_ram_depth": 16, "n_bundles_max": 4,
        }  # fmt: skip
        for name, value in small.items():
            assert getattr(hw, name) == max(value, own.limit(name)), name
        assert hw.edges_ram_depth > 16
        assert hw.y_bits == max(-(-(hw.x_bits + hw.k_bits + 7) // 4) * 4, own.y_bits)


def test_networks_together():
    table = sweep([SMALL, "kws_cnn"], {"rows": [2, 4], "cols": [5, 30]})
    both = over_networks(table)
    assert both[["rows", "cols"]].to_numpy().tolist() == [[2, 30], [4, 30]]  # 5 columns are too few for `small`
    for _, row in both.iterrows():
        parts = table[(table["rows"] == row["rows"]) & (table["cols"] == row["cols"])]
        assert row["clocks"] == parts["clocks"].sum()
        assert row["fps"] == pytest.approx(parts["fps"].prod() ** 0.5)
        assert row["dram_gb_per_s"] == parts["dram_gb_per_s"].max()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"networks": []}, "networks: expected networks of different names, received none"),
        ({"networks": ["vgg16", "vgg16"]}, "networks: expected networks of different names"),
        ({"networks": "vgg16"}, "networks: expected a list of networks, received 'vgg16'"),
        ({"networks": ["vgg61"]}, "vgg61"),
        ({"space": {}}, r"space\.rows"),
        ({"space": {"rows": 8, "cols": 8, "b_bits": [8, 16]}}, r"space\.b_bits: the clocks do not depend on this"),
        (
            {"space": {"rows": {"min": 1, "max": 500, "step": 1}, "cols": {"min": 1, "max": 2000, "step": 1},
                       "frequency_mhz": {"min": 1, "max": 1000, "step": 1}}},
            "1,000,000,000 points times 1 networks, expected at most 5,000,000 .* cols \\(2,000\\), frequency_mhz",
        ),
        ({"limits": ["fast"]}, "limits: expected a column, one of <= >= < > ==, and a number, received 'fast'"),
        ({"limits": ["speed > 1"]}, "no such column of numbers: 'speed'"),
        ({"limits": ["network == 1"]}, "no such column of numbers: 'network'"),
        ({"limits": ["fps > 1.2.3"]}, "limits: expected a column"),
        ({"cluster": 0}, "cluster: expected a number of processes or the address"),
        ({"cluster": -2}, "cluster: expected a number"),
    ],
)  # fmt: skip
def test_faults_are_refused_before_any_work(arguments, says):
    with pytest.raises(InputError, match=says):
        sweep(**{"networks": [SMALL], "space": SPACE, **arguments})


# The file


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(module, "_PART", 4)


def stop_after(parts: int):
    """Progress that interrupts like Ctrl-C."""
    calls = []

    def progress(done: int, total: int) -> None:
        calls.append((done, total))
        if len(calls) == parts:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_sweep_leaves_a_valid_file_and_goes_on(tmp_path, small_parts, monkeypatch):
    out = tmp_path / "f.parquet"
    whole = sweep([SMALL], SPACE)
    with pytest.raises(KeyboardInterrupt):
        sweep([SMALL], SPACE, out=out, progress=stop_after(3))
    first = pd.read_parquet(out)
    assert 0 < len(first) < len(whole)
    assert len(first.merge(whole)) == len(first)

    computed, real = [], module._part
    monkeypatch.setattr(module, "_part", lambda job, part, **kw: computed.append(part) or real(job, part, **kw))
    reports = []
    again = sweep([SMALL], SPACE, out=out, progress=lambda *report: reports.append(report))
    pd.testing.assert_frame_equal(again, whole)
    assert len(computed) == 1 + 7 - 3  # one to check the limits
    assert (reports[0], reports[-1]) == ((16, 28), (28, 28))
    assert [path.name for path in tmp_path.iterdir()] == ["f.parquet"]

    computed.clear()
    pd.testing.assert_frame_equal(sweep([SMALL], SPACE, out=out), whole)
    assert len(computed) == 1


def test_a_killed_sweep_goes_on(tmp_path, small_parts, monkeypatch):
    """Killed while a part is being written: no merge, a temporary file stays."""
    out = tmp_path / "f.parquet"
    monkeypatch.setattr("deepsoc.perf._store.Store.merge", lambda self: None)
    with pytest.raises(KeyboardInterrupt):
        sweep([SMALL], SPACE, out=out, progress=stop_after(2))
    assert not out.exists()
    (tmp_path / "f.parquet.parts" / ".half.parquet.1").write_bytes(b"PAR1")
    monkeypatch.undo()
    monkeypatch.setattr(module, "_PART", 4)
    pd.testing.assert_frame_equal(sweep([SMALL], SPACE, out=out), sweep([SMALL], SPACE))


def test_a_real_interrupt_of_a_process(tmp_path):
    """SIGINT in mid-run: the file is valid, the second run completes it."""
    code = (
        "import sys, time; from deepsoc.perf import sweep as m; m._PART = 5_000\n"
        "report = lambda *counts: (print(*counts, flush=True), time.sleep(0.3))\n"
        "m.sweep(['vgg16'], {'rows': {'min': 1, 'max': 40, 'step': 1}, 'cols': {'min': 3, 'max': 1002, 'step': 1}},"
        " out=sys.argv[1], progress=report)"
    )
    out = tmp_path / "f.parquet"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=interruptible,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=120)
    assert run.returncode != 0, "it was done before the interrupt"
    assert b"KeyboardInterrupt" in errors
    rows = pq.ParquetFile(out).metadata.num_rows
    assert rows >= 5_000
    assert rows % 5_000 == 0
    done = subprocess.run([sys.executable, "-c", code, str(out)], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[0]) == rows + 5_000
    assert pq.ParquetFile(out).metadata.num_rows == 40_000


def test_other_files_are_not_overwritten(tmp_path):
    out = tmp_path / "f.parquet"
    sweep([SMALL], SPACE, out=out)
    before = out.read_bytes()
    for change in ({"limits": ["pes < 100"]}, {"networks": ["kws_cnn"]}, {"memory": Memory(3)}, {"resources": area}):
        with pytest.raises(InputError, match=r"f\.parquet: holds another sweep"):
            sweep(**{"networks": [SMALL], "space": SPACE, "out": out, **change})
    assert out.read_bytes() == before
    pd.DataFrame({"a": [1]}).to_parquet(out)
    with pytest.raises(InputError, match="exists and is no sweep"):
        sweep([SMALL], SPACE, out=out)
    out.write_text("text")
    with pytest.raises(InputError, match="no Parquet file"):
        sweep([SMALL], SPACE, out=out)
    with pytest.raises(InputError, match="cannot be written"):
        sweep([SMALL], SPACE, out=out / "below" / "f.parquet")
    assert out.read_text() == "text"


def damaged(path: Path, rng: random.Random, count: int) -> Iterator[bytes]:
    """The file's content with one flipped bit, and cut short."""
    data = path.read_bytes()
    for _ in range(count):
        i = rng.randrange(len(data))
        yield data[:i] + bytes([data[i] ^ 1 << rng.randrange(8)]) + data[i + 1 :]
        yield data[: rng.randrange(len(data))]


def test_a_damaged_file_is_refused_by_name(tmp_path, small_parts, monkeypatch):
    """Parquet itself has no checksums: most flipped bits give other values, or other statistics."""
    seed = int(os.environ.get("DEEPSOC_SEED", "0"))
    print(f"DEEPSOC_SEED={seed}")
    out, rng = tmp_path / "f.parquet", random.Random(seed)
    whole = sweep([SMALL], SPACE, out=out)
    kept = out.read_bytes()
    for data in damaged(out, rng, 200):
        out.write_bytes(data)
        with pytest.raises(InputError, match=r"f\.parquet: (is damaged|exists and is no)"):
            sweep([SMALL], SPACE, out=out)
    out.write_bytes(kept)
    pd.testing.assert_frame_equal(sweep([SMALL], SPACE, out=out), whole)

    out.unlink()
    with pytest.raises(KeyboardInterrupt):
        sweep([SMALL], SPACE, out=out, progress=stop_after(2))
    part = next((tmp_path / "f.parquet.parts").glob("*.parquet"))
    kept = part.read_bytes()
    for data in damaged(part, rng, 20):
        part.write_bytes(data)
        with pytest.raises(InputError, match=rf"{part.name}: (is damaged|exists and is no)"):
            sweep([SMALL], SPACE, out=out)
    part.write_bytes(kept)
    pd.testing.assert_frame_equal(sweep([SMALL], SPACE, out=out), whole)


def test_a_part_that_is_damaged_while_the_sweep_runs_is_refused(tmp_path, small_parts):
    out = tmp_path / "f.parquet"

    def damage(done: int, total: int) -> None:
        part = next((tmp_path / "f.parquet.parts").glob("*.parquet"))
        part.write_bytes(part.read_bytes().replace(b"PAR1", b"PAR2"))

    with pytest.raises(InputError, match="exists and is no Parquet file"):
        sweep([SMALL], SPACE, out=out, progress=damage)
    assert not out.exists()


NAMES = [
    "run-12:30.parquet",
    "a b.parquet",
    "100%.parquet",
    "größe × 2 ⚡.parquet",
    "-x.parquet",
    "s3:x",
    "'\"$(x)\\",
    "f" * 248,
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_does(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for out in (name, tmp_path / name):
        pd.testing.assert_frame_equal(sweep([SMALL], SPACE, out=out), sweep([SMALL], SPACE))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(InputError, match="cannot be written"):
        sweep([SMALL], SPACE, out="f" * 250)


def test_a_file_of_no_rows(tmp_path):
    out = tmp_path / "f.parquet"
    assert sweep([SMALL], SPACE, out=out, limits=["pes < 1"]).empty
    assert pq.ParquetFile(out).metadata.num_rows == 0


@pytest.mark.parametrize(("features", "bits"), [(8, 20), (1 << 20, 32)])
def test_sums_of_a_long_product_take_32_bits_at_most(features, bits):
    _, networks = networks_of([Workload("long", (Layer("d", "dense", 1, 1, 1, features, 4),))])
    assert complete({"rows": np.array([2])}, networks)["y_bits"].tolist() == [bits]
