"""UtilizationView and DramView: figures, comparison, hover by mouse and keyboard, and how fast a table is drawn."""

from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import deepsoc as ds
from deepsoc.errors import InputError
from deepsoc.widgets import DramView, UtilizationView, link_views
from deepsoc.widgets.layers._layer_view import LayerView
from tests.widgets.page import mounted, open_browser

VIEWS = (UtilizationView, DramView)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def table(network: str = "alexnet", rows: int = 7, cols: int = 96) -> pd.DataFrame:
    return ds.estimate(network, ds.Hardware(rows=rows, cols=cols))


def drawn(page: Page, view: LayerView) -> None:
    expect(page.locator(f"#host[data-drawn='{view.revision}']")).to_have_count(1)


def plot(page: Page) -> Locator:
    return page.locator(".lv-plot")


# ---- without a browser ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", VIEWS)
def test_the_page_gets_the_columns_of_the_tables(kind: type[LayerView]) -> None:
    first, second = table(), table(rows=8, cols=48)
    view = kind(first, second, labels=["big", "small"], hovered=2)
    assert view.data["names"] == first["name"].tolist()
    assert view.hovered == 2
    for design, source in zip(view.data["designs"], (first, second), strict=True):
        assert {name: source[name].tolist() for name in design} == design
    assert view.revision == 1
    view.show(table("vgg16"))
    assert (view.revision, len(view.data["names"]), len(view.data["designs"]), view.other) == (2, 13, 1, None)
    view.show(table("alexnet"), second)
    assert (view.revision, len(view.data["designs"])) == (3, 2)
    view.table = table("alexnet", cols=24)
    view.other = None
    assert (view.revision, len(view.data["designs"])) == (5, 1)
    view.show(None)
    assert view.data == {"names": [], "designs": []}
    assert view.hovered == -1


@pytest.mark.parametrize("kind", VIEWS)
def test_tables_that_cannot_be_drawn(kind: type[LayerView]) -> None:
    good = table()
    with pytest.raises(InputError, match=r"table: expected a table with the columns .*received dict"):
        kind({"name": []})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"other: expected a table with the columns"):
        kind(good, good.drop(columns=view_column(kind)))
    with pytest.raises(InputError, match="other: the two tables are of different layers"):
        kind(good, table("vgg16"))
    with pytest.raises(InputError, match="other: there is no design to compare it with"):
        kind(None, good)
    with pytest.raises(InputError, match="unknown option colour"):
        kind(good, colour="red")
    view = kind(good, good)
    for bad in (table("vgg16"), good["name"]):
        with pytest.raises(InputError):
            view.table = bad
        assert view.table is good
    assert view.revision == 1


def view_column(kind: type[LayerView]) -> str:
    return kind._COLUMNS[0]


def test_links_two_views() -> None:
    first, second = UtilizationView(table()), DramView(table())
    link = link_views(first, second)
    assert (link.source, link.target) == ((first, "hovered"), (second, "hovered"))


def test_each_table_is_a_revision() -> None:
    view, tables = DramView(table("resnet50")), [table("resnet50", cols=cols) for cols in (24, 48)]
    for i in range(20):
        view.table = tables[i % 2]
    assert view.revision == 21


# ---- in a browser ---------------------------------------------------------------------------------------------------
def test_hover_and_keys_show_the_figures_of_a_layer(browser: Browser) -> None:
    view = UtilizationView(table())
    with mounted(browser, view) as page:
        status = page.get_by_role("status")
        expect(status).to_have_text("5 layers: mean 77.1 %; lowest conv1 with 56.5 %.")
        box = plot(page).bounding_box()
        assert box is not None
        plot(page).hover(position={"x": 58 + (box["width"] - 70) * 0.5, "y": 90})
        expect(status).to_contain_text("conv3: 83.5 %")
        assert view.hovered == 2
        page.mouse.move(5, 600)
        expect(status).to_contain_text("5 layers")
        plot(page).focus()
        for key, layer in (
            ("ArrowRight", 0),
            ("ArrowRight", 1),
            ("End", 4),
            ("ArrowLeft", 3),
            ("Home", 0),
            ("Escape", -1),
        ):
            page.keyboard.press(key)
            expect(status).to_contain_text(view.table["name"][layer] if layer >= 0 else "5 layers")
            assert view.hovered == layer
        view.hovered = 4  # of the Python side, as a linked view does
        expect(status).to_contain_text("conv5: 83.4 %")
        page.get_by_text("Table", exact=True).click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(5)
        expect(rows.nth(4)).to_have_class("lv-row")
        expect(rows.nth(0)).to_contain_text("56.5 %")


def bars(page: Page, *, place: int) -> list[list[float]]:
    """Ends of the bars of one layer, pixels above the axis, in the order in which they are drawn."""
    found: list[list[float]] = page.evaluate(
        """(place) => [...document.querySelectorAll(".lv-plot path[fill^=url]")].map((path) => {
          const bar = path.getAttribute("d").split("M")[place + 1];
          return bar.match(/^[^ ]+ ([^h]+)h[^V]+V([^h]+)h/).slice(1).map((y) => 214 - Number(y));
        })""",
        place,
    )
    return found


def test_words_are_stacked_to_scale(browser: Browser) -> None:
    first, second = table(), table(rows=8, cols=48)
    view = DramView(first, second, labels=["big", "small"])
    with mounted(browser, view) as page:
        drawn(page, view)
        most, expected = 3e6, []  # the axis ends there
        for one in (first, second):
            x, k, y = (int(one[f"{key}_words"][2]) for key in "xky")
            expected += [0, x, x, x + k, x + k, x + k + y]
        found = [end for bar in bars(page, place=2) for end in bar]
        assert found == pytest.approx([200 * each / most for each in expected], abs=0.02)
        marks = page.locator(".lv-plot path.lv-mark").get_attribute("d") or ""
        assert 214 - float(marks.split("M")[3].split()[1].split("h")[0]) == pytest.approx(
            200 * first["lower_words"][2] / most, abs=0.02
        )
        expect(page.get_by_text("right, outlined: small")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text(
            "5 layers: big 6.38 M words, 1.89 × the lower bound; small 10.4 M words, 3.07 × the lower bound."
        )
        page.get_by_label("Scale").select_option("log")
        page.wait_for_function("document.querySelector('.lv-plot text').textContent === '10 k'")
        assert view.scale == "log"
        assert all(low == 0 < high < 200 for low, high in bars(page, place=2))


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("width", [500, 1000])
def test_many_layers_fit(browser: Browser, kind: type[LayerView], width: int) -> None:
    view = kind(table("resnet50"), table("resnet50", cols=24))
    with mounted(browser, view, width=width) as page:
        drawn(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        labels = page.locator(".lv-plot text.lv-name")
        assert labels.count() == (53 if width == 1000 else 27)
        boxes = [labels.nth(i).bounding_box() for i in (0, labels.count() - 1)]
        outer = plot(page).bounding_box()
        assert outer is not None
        assert all(box and box["y"] + box["height"] <= outer["y"] + outer["height"] + 1 for box in boxes)
        plot(page).focus()
        page.keyboard.press("End")
        expect(page.get_by_role("status")).to_contain_text("conv5_3_expand")


def test_empty_first_and_another_network_later(browser: Browser) -> None:
    view = UtilizationView()
    with mounted(browser, view) as page:
        expect(page.get_by_text("No layers to show yet")).to_be_visible()
        view.table = table()
        drawn(page, view)
        expect(plot(page)).to_be_visible()
        view.show(table("vgg16"), table("vgg16", cols=24))
        drawn(page, view)
        assert page.locator(".lv-plot text.lv-name").count() >= 13
        assert page.locator(".lv-plot path[fill^=url]").count() == 2
        view.show(table())
        drawn(page, view)
        assert page.locator(".lv-plot path[fill^=url]").count() == 1


@pytest.mark.parametrize("kind", VIEWS)
def test_a_table_is_drawn_in_time(browser: Browser, kind: type[LayerView]) -> None:
    """53 layers of two designs, the same elements again; without the way from Python."""
    view = kind(table("resnet50"), table("resnet50", cols=24))
    with mounted(browser, view) as page:
        taken, same = page.evaluate(
            """async () => {
              const host = document.getElementById("host"), taken = [];
              const shapes = [...host.querySelectorAll("path[fill^=url]")];
              const data = model.get("data");
              for (let i = 2; i < 23; i += 1) {
                const other = structuredClone(data);
                for (const design of other.designs) for (const column of Object.values(design)) column.reverse();
                await new Promise(requestAnimationFrame);
                model.set("data", i % 2 ? data : other);
                const start = performance.now();
                model.set("revision", i);
                await new Promise(requestAnimationFrame);
                while (host.dataset.drawn !== String(i)) await new Promise(requestAnimationFrame);
                taken.push(performance.now() - start);
              }
              const after = [...host.querySelectorAll("path[fill^=url]")];
              return [taken.sort((a, b) => a - b), shapes.every((path, k) => path === after[k])];
            }"""
        )
    print(f"{kind.__name__}: table to drawn in ms, next frame included: median {taken[10]:.0f}, most {taken[-1]:.0f}")
    assert same
    assert taken[0] < 50
