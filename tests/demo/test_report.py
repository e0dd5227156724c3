"""The report says what was measured, in Markdown and in one page that needs nothing else."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.demo.figures import bundle_table, valid_macs
from deepsoc.demo.report import write_report
from deepsoc.graph import ir
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import SimResult
from deepsoc.sim.result import BundleResult, OperationResult
from tests.widgets.page import open_browser

HW = Hardware(rows=4, cols=6, frequency_mhz=100, x_bits=4, k_bits=4)


def network() -> Graph:
    core = {"type": "conv2d", "filters": 2, "kernel": [3, 2], "strides": [2, 1], "padding": "same"}
    return parse_net(
        {
            "format": "deepsoc-net/1",
            "name": "n",
            "input": {"shape": [7, 5, 3], "batch": 2},
            "bits": {"x": 4, "k": 4, "b": 16},
            "bundles": [
                {"name": "one", "input": "input", "core": core, "act": {"type": "relu"}, "flatten": True},
                {"name": "two", "input": "one", "core": {"type": "dense", "units": 3}},
            ],
        }
    ).to_graph(seed=0)


def run(*, bit_exact: bool = True) -> SimResult:
    operations = [
        OperationResult(
            index=i, name=f"op{i}", bundle=bundle, cycles_rtl=clocks, cycles_model=clocks - 10,
            x_bytes=16, k_bytes=32, o_bytes=0, y_bytes=64, bound="array", mismatches=0,
        )
        for i, (bundle, clocks) in enumerate([("one", 1000), ("one", 500), ("two", 250)])
    ]  # fmt: skip
    return SimResult(
        bit_exact=bit_exact, mismatches=0 if bit_exact else 7, first_difference=None, error="", cycles_rtl=1760,
        cycles_register=1758,
        cycles_model=1720, bundles=(BundleResult(name="one", cycles_rtl=1500, cycles_model=1480, axi_read_bytes=96,
        axi_write_bytes=128, bound="array"),), operations=tuple(operations), faults=(), trace="", wall_s=1.0, run_s=0.5,
        clocks_per_second=3520.0,
    )  # fmt: skip


def test_valid_macs_count_taps_on_pixels() -> None:
    graph = network()
    core = graph.bundles[0].core
    assert isinstance(core, ir.Conv2D)
    # One for each pixel: a convolution with ones counts the taps that are not padding.
    taps = 0
    for row in range(4):
        for column in range(5):
            top, left = 2 * row - 1, column
            taps += sum(0 <= top + i < 7 and 0 <= left + j < 5 for i in range(3) for j in range(2))
    assert valid_macs(graph) == {"one": 2 * taps * 3 * 2, "two": 2 * 40 * 3}


def test_bundle_table_sums_operations() -> None:
    table = bundle_table(run(), network(), HW)
    assert table.index.tolist() == ["one", "two"]
    assert table.loc["one", ["cycles_rtl", "cycles_model", "x_bytes", "y_bytes"]].tolist() == [1500, 1480, 32, 128]
    assert table.loc["two", "utilization"] == pytest.approx(240 / (250 * 24))


def figures(*, bit_exact: bool = True, name: str = "digits") -> dict[str, Any]:
    table = bundle_table(run(bit_exact=bit_exact), network(), HW)
    return {
        "dataset": name,
        "images": 1234,
        "parameters": 5678,
        "batch": 2,
        "accuracy_float": 0.987,
        "accuracy_quantized": 0.976,
        "accuracy_int": 0.965,
        "bit_exact": bit_exact,
        "mismatches": 0 if bit_exact else 7,
        "error": "",
        "cycles_rtl": 1760,
        "cycles_model": 1720,
        "basis": "mapped",
        "utilization": 0.25,
        "dram_bytes": 4321,
        "fps": 98765.4,
        "bundles": table.reset_index().to_dict(orient="records"),
        "seconds": {"train": 1.0, "simulate": 2.0},
    }


def test_both_forms_hold_the_figures(tmp_path: Path) -> None:
    files = write_report(figures(), HW, tmp_path)
    assert [file.name for file in files] == ["report.md", "report.html"]
    for file in files:
        text = file.read_text(encoding="utf-8")
        for value in ("98.70%", "97.60%", "96.50%", "1,760", "1,720", "25.0%", "4,321", "98,765", "1,500", "+1.4%"):
            assert value in text, f"{value} in {file.name}"
        assert "it-exact" in text
        assert "ot bit-exact" not in text.replace("NOT", "Not")


def test_markdown_tables_are_tables(tmp_path: Path) -> None:
    text = write_report(figures(), HW, tmp_path)[0].read_text(encoding="utf-8")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [5, 7, 4]
    for table in tables:
        assert {len(re.findall(r"\|", line)) for line in table} == {len(re.findall(r"\|", table[0]))}


def test_a_failed_run_is_said_plainly(tmp_path: Path) -> None:
    for file in write_report(figures(bit_exact=False), HW, tmp_path):
        text = file.read_text(encoding="utf-8")
        assert "ot bit-exact" in text.replace("NOT", "Not")
        assert "7 values differ" in text


@pytest.mark.parametrize(("width", "count"), [(1000, 123_456), (1200, 12_345_678)])
def test_the_table_is_whole_on_a_page(tmp_path: Path, width: int, count: int) -> None:
    data = figures()
    for bundle in data["bundles"]:
        bundle |= {"name": "residual_block", "bound": "output port"}
        bundle |= {key: count for key, value in bundle.items() if isinstance(value, int)}
    page_file = write_report(data, HW, tmp_path)[1]
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(page_file.as_uri())
        wide = page.locator(".wide")
        page.screenshot(path=f"/tmp/shots/report-{width}.png", full_page=True)
        assert wide.locator("td").first.is_visible()
        assert wide.evaluate("(node) => node.scrollWidth <= node.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=f"/tmp/shots/report-{width}.png", full_page=True)


def test_page_stands_alone_follows_the_theme_and_escapes(tmp_path: Path) -> None:
    page = write_report(figures(name="<script>alert(1)</script>"), HW, tmp_path)[1].read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    outside = [u for u in re.findall(r"""(?:src|href)=["']([^"']+)""", page) if not u.startswith("#")]
    assert outside == []
    assert "@import" not in page
    assert page.count("<svg") == 3
    assert "prefers-color-scheme: dark" in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    clip_paths = [name for name in ids if re.fullmatch(r"p[0-9a-f]{10}", name)]
    assert len(clip_paths) == len(set(clip_paths)), "figures share clip paths"
    drawn = re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", page)
    assert drawn
    assert not {"#000000", "#ffffff"} & set(drawn), "black or white, invisible in one of the themes"
    assert np.isin(["currentColor"], re.findall(r"currentColor", page)).all()
