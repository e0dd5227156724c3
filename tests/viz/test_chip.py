"""Figures of an implementation show the cells, resources and delays of its report, module by module."""

from __future__ import annotations

import io
import json
import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib.colors as colors
import numpy as np
import pytest

from deepsoc import viz
from deepsoc.errors import InputError
from deepsoc.hw.boards import board
from deepsoc.impl import Hop, Implementation, ModuleResources, Resources, TimingPath, measured_run, placement
from deepsoc.impl.placement import PLACEMENT, write_placement
from deepsoc.impl.result import MEASURED
from deepsoc.viz.theme import THEMES
from tests.impl import tiny
from tests.viz.test_figures import luminance

ROWS = (
    ModuleResources(module="top", instance="", lut=1, lut_logic=1),
    ModuleResources(module="array", instance="i_array", lut=6, lut_logic=6, ff=6, dsp=1, bram36=0.5),
    ModuleResources(module="reader", instance="i_x", lut=3, lut_logic=3, ff=1),
    ModuleResources(module="reader", instance="i_k", lut=1, lut_logic=1, ff=1, bram36=0.5),
)
HOPS = (
    Hop(kind="clk-to-q", delay_ns=0.5, instance="i_x.i_fifo", x=4, y=2),
    Hop(kind="routing", delay_ns=1.25, instance="i_array", x=1, y=1),
    Hop(kind="logic", delay_ns=0.25, instance="i_array", x=1, y=1),
    Hop(kind="routing", delay_ns=1.0, instance="", x=0, y=0),
    Hop(kind="setup", delay_ns=0.0, instance="", x=0, y=0),
)
PATH = TimingPath(
    start="i_x.head_q", end="state_q", modules=("i_x", "i_array", ""), delay_ns=3.0, logic_ns=0.75, levels=1, hops=HOPS
)


def netlist() -> dict[str, dict[str, Any]]:
    """The cells of `ROWS`, as nextpnr writes them for an ECP5: the array is a block, the readers are strewn."""
    cells: dict[str, dict[str, Any]] = {}

    def add(name: str, kind: str, bel: str, **parameters: str) -> None:
        cells[name] = {"type": kind, "parameters": parameters, "attributes": {"NEXTPNR_BEL": bel}}

    add("top_LUT4_Z", "TRELLIS_COMB", "X0/Y0/SLICEA.K0")
    for i in range(6):
        add(f"i_board.i_array.a_{i}", "TRELLIS_COMB", f"X{i % 2}/Y1/SLICEA.K{i}")
        add(f"i_board.i_array.q[{i}]", "TRELLIS_FF", f"X{i % 2}/Y1/SLICEA.FF{i}")
    add("i_board.i_array.i_mul.m", "MULT18X18D", "X5/Y0/MULT18_0")
    add("i_board.i_array.mem.0.0", "DP16KD", "X6/Y0/EBR0")
    add("i_board.i_x.b", "TRELLIS_COMB", "X1/Y1/SLICEB.K0")
    add("i_board.i_x.c$CCU2_COMB0", "TRELLIS_COMB", "X4/Y2/SLICEB.K0", MODE="CCU2")
    add("i_board.i_x.c$CCU2_COMB1", "TRELLIS_COMB", "X4/Y2/SLICEB.K1", MODE="CCU2")
    add("i_board.i_x.i_fifo.q", "TRELLIS_FF", "X4/Y2/SLICEA.FF0")
    add("i_board.i_k.b", "TRELLIS_COMB", "X4/Y2/SLICEC.K0")
    add("i_board.i_k.q", "TRELLIS_FF", "X4/Y3/SLICEA.FF0")
    add("i_board.i_k.mem.0.0", "DP16KD", "X6/Y4/EBR0")
    add("$nextpnr_CCU2C_0$CCU2_COMB0", "TRELLIS_COMB", "X3/Y3/SLICEA.K0", MODE="CCU2")
    return cells


@pytest.fixture
def result(tmp_path: Path) -> Implementation:
    routed = tmp_path / "routed.json"
    routed.write_text(json.dumps({"creator": "nextpnr", "modules": {"top": {"cells": netlist()}}}))
    write_placement(routed, "i_board", ROWS)
    return Implementation(
        flow="ecp5", part_family="Lattice ECP5", hw=tiny.HW, folder=str(tmp_path), steps=(), by_module=ROWS,
        resources=Resources(lut=11, lut_logic=11, ff=8, dsp=1, bram36=1.0), fmax_mhz=333.3, fmax_basis="tried",
        artifacts=(PLACEMENT,), paths=(PATH,), board="ulx3s-85f",
    )  # fmt: skip


FIGURES = {"floor plan": viz.floor_plan, "bars": viz.utilization_bars, "path": viz.critical_path}


def labels(figure: Any) -> dict[str, str]:
    """What the legend says of each colour, and of each mark."""
    (found,) = figure.legends
    return {
        text.get_text(): colors.to_hex(handle.get_facecolor()) if hasattr(handle, "get_facecolor") else ""
        for text, handle in zip(found.get_texts(), found.legend_handles, strict=True)
    }


def test_the_floor_plan_has_the_colour_of_most_cells_in_each_tile(result: Implementation) -> None:
    figure = viz.floor_plan(result)
    said = labels(figure)
    assert list(said) == [
        "1  array: 14", "2  reader: 7", "3  top: 1", "others: 1", "block RAMs: 2", "multipliers: 1",
        "longest path: 3.0 ns",
    ]  # fmt: skip
    array, reader, top, added = list(said.values())[:4]
    assert len({array, reader, top, added}) == 4
    (image,) = figure.axes[0].images
    picture = np.asarray(image.get_array())
    assert picture.shape == (5, 7, 4)
    expected = {
        (0, 0): top, (1, 0): array, (1, 1): array, (0, 5): array, (0, 6): array, (2, 4): reader, (3, 4): reader,
        (4, 6): reader, (3, 3): added,
    }  # fmt: skip
    shown = {(y, x): colors.to_hex(picture[y, x]) for y, x in zip(*np.nonzero(picture[..., 3]), strict=True)}
    assert shown == expected
    blocks, multipliers, path = figure.axes[0].lines
    np.testing.assert_array_equal(blocks.get_xydata(), [(6, 0), (6, 4)])
    np.testing.assert_array_equal(multipliers.get_xydata(), [(5, 0)])
    np.testing.assert_array_equal(path.get_xydata(), [(hop.x, hop.y) for hop in HOPS])
    numbers = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert numbers["3"] == (0, 0)
    assert all(shown[y, x] == [array, reader, top][int(number) - 1] for number, (x, y) in numbers.items())


@pytest.mark.parametrize("of", [None, "ulx3s-45f", board("zedboard")], ids=["own board", "by name", "board"])
def test_bars_are_the_resources_as_shares_of_the_board(result: Implementation, of: Any) -> None:
    figure = viz.utilization_bars(result, board=of)
    target = of if of is not None and not isinstance(of, str) else board(of or "ulx3s-85f")
    axes = figure.axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["LUT", "FF", "DSP", "BRAM36"]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers])
    whole = np.array([target.lut, target.ff, target.dsp, target.bram36])
    np.testing.assert_allclose(widths * whole / 100, [[6, 6, 1, 0.5], [4, 2, 0, 0.5], [1, 0, 0, 0]], atol=1e-9)
    begins = np.array([[bar.get_x() for bar in bars] for bars in axes.containers])
    np.testing.assert_allclose(begins, np.cumsum(widths, axis=0) - widths, atol=1e-9)
    said = labels(figure)
    assert list(said) == ["1  array: 12", "2  reader: 6", "3  top: 1"]
    assert list(said.values()) == [colors.to_hex(bars[0].get_facecolor()) for bars in axes.containers]
    counts = [text.get_text() for text in axes.texts if " of " in text.get_text()]
    assert counts == [f"{n:,g} of {of:,g}" for n, of in zip((11, 8, 1, 1), whole, strict=True)]
    assert target.title in axes.get_xlabel()


def test_bars_without_a_board_are_shares_of_the_design(result: Implementation) -> None:
    axes = viz.utilization_bars(result.model_copy(update={"board": ""})).axes[0]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers])
    np.testing.assert_allclose(widths.sum(axis=0), 100)
    np.testing.assert_allclose(widths[:, 0], [600 / 11, 400 / 11, 100 / 11])


def test_the_path_goes_through_its_instances_in_time(result: Implementation) -> None:
    figure = viz.critical_path(result)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["2 i_x", "1 i_array", "3 top"]
    parts = [bars[0] for bars in axes.containers if bars[0].get_width() or bars[0].get_height()][: len(HOPS)]
    at = np.cumsum([0.0, *(hop.delay_ns for hop in HOPS)])
    np.testing.assert_allclose([part.get_x() for part in parts], at[:-1])
    np.testing.assert_allclose([part.get_width() for part in parts], np.diff(at))
    np.testing.assert_allclose([part.get_y() + part.get_height() / 2 for part in parts], [0, 1, 1, 2, 2])
    assert [bool(part.get_hatch()) for part in parts] == [hop.kind == "routing" for hop in HOPS]
    assert list(labels(figure)) == ["in 1 cells: 0.75 ns", "wires: 2.25 ns"]
    assert "from i_x.head_q to state_q" in axes.get_xlabel()
    # The same colour as in the other figures.
    said = list(labels(viz.floor_plan(result)).values())
    assert [colors.to_hex(part.get_facecolor()) for part in parts if not part.get_hatch()] == [
        said[1],
        said[0],
        said[2],
    ]


def test_paths_of_which_only_sums_are_known_are_a_bar_each(result: Implementation) -> None:
    paths = tuple(PATH.model_copy(update={"hops": (), "delay_ns": 3.0 - i, "start": f"a{i}" * 60}) for i in range(2))
    figure = viz.critical_path(result.model_copy(update={"paths": paths}))
    axes = figure.axes[0]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers])
    np.testing.assert_allclose(widths, [[0.75, 0.75], [2.25, 1.25]])
    assert list(labels(figure)) == ["logic", "wires"]
    assert all(len(text.get_text()) < 120 for text in axes.get_yticklabels())


def test_colours_stay_when_other_modules_grow(result: Implementation) -> None:
    def chosen(found: Implementation) -> dict[str, str]:
        return {re.match(r"\d  (\w+)", text)[1]: colour for text, colour in labels(viz.utilization_bars(found)).items()}

    before = chosen(result)
    grown = tuple(row.model_copy(update={"lut": 50}) if row.module == "top" else row for row in ROWS)
    after = chosen(result.model_copy(update={"by_module": grown}))
    assert list(after) == ["top", "array", "reader"]
    assert after == before


def test_many_modules_have_colours_of_their_own_and_the_rest_share_one(result: Implementation) -> None:
    rows = tuple(ModuleResources(module=f"{'abc'[i % 3]}{i**3}", instance=f"i_{i}", lut=100 - i) for i in range(20))
    said = labels(viz.utilization_bars(result.model_copy(update={"by_module": rows})))
    assert len(said) == 9
    assert max(Counter(said.values()).values()) == 1
    assert list(said)[-1] == f"others: {sum(100 - i for i in range(8, 20)):,}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_readable_on_its_ground(result: Implementation, name: str, theme: Any) -> None:
    figure = FIGURES[name](result, theme=theme)
    figure.savefig(io.BytesIO(), format="png")
    ground = luminance(THEMES[theme].ground)
    texts = [text for axes in figure.axes for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts)]
    texts += [text for axes in figure.axes for text in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    texts += [text for found in figure.legends for text in (*found.get_texts(), found.get_title())]
    for text in (text for text in texts if text.get_text()):
        low, high = sorted((luminance(text.get_color()), ground))
        assert (high + 0.05) / (low + 0.05) >= 7, text.get_text()


def test_a_number_stands_where_most_of_its_module_is(result: Implementation) -> None:
    places = [(40, 20), *((x, y) for x in range(10, 13) for y in range(5, 8)), (0, 30)]
    cells = {
        f"i_board.i_x.q{i}": {"type": "TRELLIS_FF", "parameters": {}, "attributes": {"NEXTPNR_BEL": f"X{x}/Y{y}/FF0"}}
        for i, (x, y) in enumerate(places)
    }
    routed = Path(result.folder) / "routed.json"
    routed.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    write_placement(routed, "i_board", ROWS)
    (number,) = viz.floor_plan(result).axes[0].texts
    assert number.get_text() == "2"
    assert number.get_position() in places[1:-1]


def test_fifty_thousand_cells_are_one_small_image(result: Implementation) -> None:
    cells = {
        f"i_board.i_{'xk'[i % 2]}.q{i}": {
            "type": "TRELLIS_FF", "parameters": {},
            "attributes": {"NEXTPNR_BEL": f"X{i % 250}/Y{i // 250 % 100}/SLICEA.FF{i // 25000}"},
        }
        for i in range(50_000)
    }  # fmt: skip
    routed = Path(result.folder) / "routed.json"
    routed.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    write_placement(routed, "i_board", ROWS)
    figure = viz.floor_plan(result)
    assert np.asarray(figure.axes[0].images[0].get_array()).shape == (100, 250, 4)
    assert len(figure.svg("all")) < 200_000


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("floor plan", {"artifacts": (), "flow": "yosys-xc7"}, "yosys-xc7 has no placement; take a flow that places"),
        ("bars", {"resources": None}, "the flow ended before it counted them; run it further"),
        ("path", {"paths": ()}, "ecp5 has named no path; take a flow that routes"),
    ],
)
def test_what_is_not_there_is_said(result: Implementation, name: str, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        FIGURES[name](result.model_copy(update=changes))
    with pytest.raises(InputError, match="theme: expected page, light, dark, received 'blue'"):
        FIGURES[name](result, theme="blue")


def test_a_board_that_is_none_is_said(result: Implementation) -> None:
    with pytest.raises(InputError, match="nowhere"):
        viz.utilization_bars(result, board="nowhere")


@pytest.mark.parametrize("data", [b"", b"no gzip", None])
def test_a_damaged_or_missing_table_is_said(result: Implementation, data: bytes | None) -> None:
    path = Path(result.folder) / PLACEMENT
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(str(path))):
        viz.floor_plan(result)


def test_what_there_is_of_the_pictures(result: Implementation) -> None:
    assert list(viz.pictures(result)) == ["Floor plan", "Utilization", "Longest path"]
    bare = result.model_copy(update={"artifacts": (), "paths": ()})
    assert list(viz.pictures(bare)) == ["Utilization"]
    with pytest.raises(InputError, match="theme"):
        viz.pictures(bare, theme="blue")


def test_a_notebook_shows_the_modules_of_a_result_by_size(result: Implementation) -> None:
    def table(text: str) -> dict[str, list[str]]:
        rows = ElementTree.fromstring(text[text.index("<table>") :]).iterfind("tbody/tr")
        return {cells[0].text or "": [cell.text or "" for cell in cells[1:]] for cells in map(list, rows)}

    rows = (*ROWS, ModuleResources(module="<b>", instance="i_b", lut=40))
    text = result.model_copy(update={"by_module": rows, "slack_ns": -1.5})._repr_html_()
    found = table(text)
    assert list(found) == ["<b>", "array", "reader", "top", "all"]
    assert found["reader"] == ["2", "4", "0", "2", "0", "0.5"]
    assert found["all"] == ["5", "11", "0", "8", "1", "1"]
    assert "<b>" not in text
    assert "<strong>333.3 MHz</strong>" in text
    assert "longest path 3 ns, 0.75 ns of it logic, through i_x, i_array, top" in text
    many = tuple(ModuleResources(module=f"m{i}", instance=f"i_{i}", lut=100 - i) for i in range(20))
    found = table(result.model_copy(update={"by_module": many})._repr_html_())
    assert len(found) == 14
    assert found["8 others"][1] == str(sum(100 - i for i in range(12, 20)))


def test_the_run_that_was_measured_is_one_of_the_hardware_it_names() -> None:
    """A rerun of scripts/measure_floor_plan.py must have written both of its files."""
    found = measured_run()
    script = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "measure_floor_plan.py"), run_name="read")
    assert found.hw == script["HW"]
    assert (found.flow, found.board, len(found.paths)) == ("ecp5-ooc", "ulx3s-85f", 1)
    table = placement(found)
    counts = table.pivot_table("cells", "module", "kind", aggfunc="sum", observed=False, fill_value=0)
    for module, count in counts.iterrows():
        rows = [row for row in found.by_module if row.module == module]
        assert (count["dsp"], count["bram"]) == (sum(row.dsp for row in rows), sum(2 * row.bram36 for row in rows))
        assert count["ff"] <= sum(row.ff for row in rows)  # some are read by nobody
    figure = viz.floor_plan(found)
    modules = [re.match(r"\d  (\w+): ([\d,]+)$", text) for text in labels(figure)]
    sizes = {m[1]: int(m[2].replace(",", "")) for m in modules if m}
    assert len(sizes) == 8
    assert all(counts.loc[name].sum() == size for name, size in sizes.items())
    assert sum(hop.delay_ns for hop in found.paths[0].hops) == pytest.approx(found.paths[0].delay_ns)
    files = [path for path in MEASURED.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 150_000


def test_names_are_shown_as_they_are(result: Implementation) -> None:
    path = PATH.model_copy(update={"start": "$a$b_c"})
    figure = viz.critical_path(result.model_copy(update={"paths": (path,)}))
    assert r"from \$a\$b_c to" in figure.axes[0].get_xlabel()  # no formula
