"""BundleBuilder in a browser: built, sorted, edited and mended by mouse and by keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deepsoc.widgets import BundleBuilder
from deepsoc.widgets.network._nettemplates import TEMPLATES
from tests.widgets.page import delay, mounted, open_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def names(builder: BundleBuilder) -> list[str]:
    return [bundle["name"] for bundle in builder.value["bundles"]]


def cards(page: Page, *expected: str) -> None:
    expect(page.locator(".bb-card").locator("strong")).to_have_text(list(expected))


def builder_of(name: str, **kwargs: Any) -> BundleBuilder:
    return BundleBuilder(value=TEMPLATES[name](), **kwargs)


def test_three_bundles_by_mouse_with_a_residual_arc(browser: Browser) -> None:
    builder = BundleBuilder()
    with mounted(browser, builder) as page:
        conv = page.get_by_role("button", name="Add a convolution")
        conv.click()
        cards(page, "conv1")
        conv.click()
        cards(page, "conv1", "conv2")
        page.get_by_label("Residual add of").select_option(label="conv1, 28 × 28 × 16")
        expect(page.locator(".bb-arc.add title")).to_have_text("residual add: conv1 → conv2")
        expect(page.get_by_role("img", name="Out of turn: conv2 adds conv1")).to_be_visible()
        page.get_by_label("Activation of the sum").select_option(label="leaky ReLU, 1/8")
        page.get_by_role("button", name="Add a dense").click()
        cards(page, "conv1", "conv2", "dense1")
        page.get_by_label("Softmax", exact=True).check()
        expect(page.locator(".bb-card").nth(2)).to_contain_text("softmax")
        page.get_by_text("Keras code").click()
        expect(page.locator(".bb-code")).to_contain_text("ds.Add(act=ds.ReLU(0.125))")
    assert builder.faults == []
    assert builder.value["bundles"][1]["add"] == {"with": "conv1", "act": {"type": "relu", "slope": 0.125}}


def test_sorting_by_drag(browser: Browser) -> None:
    builder = builder_of("LeNet-like")
    with mounted(browser, builder) as page:
        first, second = (page.locator(".bb-card").nth(i).bounding_box() for i in (0, 1))
        assert first
        assert second
        page.mouse.move(first["x"] + 40, first["y"] + 10)
        page.mouse.down()
        page.mouse.move(second["x"] + 40, second["y"] + 20)
        page.mouse.move(second["x"] + 40, second["y"] + second["height"] - 4)
        expect(page.locator(".bb-drop")).to_be_visible()
        page.mouse.up()
        cards(page, "conv2", "conv1", "dense1", "dense2", "classes")
        expect(page.locator(".bb-drop")).to_be_hidden()
    assert builder.value["bundles"][1]["input"] == "conv2"


def test_all_by_keyboard(browser: Browser) -> None:
    builder = builder_of("LeNet-like")
    with mounted(browser, builder) as page:
        page.locator(".bb-card").first.focus()
        expect(page.get_by_text("Bundle 1 of 5")).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".bb-card").nth(1)).to_be_focused()
        page.keyboard.press("Alt+ArrowUp")
        cards(page, "conv2", "conv1", "dense1", "dense2", "classes")
        expect(page.locator(".bb-card").nth(0)).to_be_focused()
        page.keyboard.press("End")
        page.keyboard.press("Delete")
        cards(page, "conv2", "conv1", "dense1", "dense2")
        page.keyboard.press("Control+z")
        cards(page, "conv2", "conv1", "dense1", "dense2", "classes")
        page.keyboard.press("Control+z")
        cards(page, "conv1", "conv2", "dense1", "dense2", "classes")
        page.keyboard.press("Control+Shift+z")
        cards(page, "conv2", "conv1", "dense1", "dense2", "classes")
        page.locator(".bb-card").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Name").nth(1)).to_be_focused()


def test_typing_updates_figures_at_every_key_and_keeps_the_focus(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        filters = page.get_by_label("Filters", exact=True)
        filters.select_text()
        page.keyboard.type("12", delay=30)
        expect(page.locator(".bb-card").first).to_contain_text("14 × 14 × 12")
        expect(filters).to_be_focused()
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        expect(page.locator(".bb-side .fault", has_text="valid integer")).to_be_visible()
        expect(filters).to_have_attribute("aria-invalid", "true")
        expect(page.locator(".bb-card").first).to_contain_text("⚠")
        page.keyboard.type("8")
        expect(page.locator(".bb-card").first).to_contain_text("14 × 14 × 8")
        page.keyboard.press("Control+z")
        expect(filters).to_have_value("6")
        expect(filters).to_be_focused()


def test_groups_are_one_unless_they_are_given(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=1)
    with mounted(browser, builder) as page:
        groups = page.get_by_label("Groups", exact=True)
        expect(groups).to_have_value("1")
        groups.select_text()
        page.keyboard.type("2", delay=30)
        expect(page.locator(".bb-card").nth(1)).to_contain_text("2 groups")
        page.keyboard.type("3", delay=30)
        expect(page.locator(".bb-side .fault", has_text="23 groups do not divide")).to_be_visible()


def test_concatenations_are_chosen_and_drawn(browser: Browser) -> None:
    builder = builder_of("small ResNet", selected=2)
    with mounted(browser, builder) as page:
        page.get_by_label("Concatenated with", exact=True).select_option(label="stem, 32 × 32 × 16")
        expect(page.get_by_label("Concatenated with (2)")).to_be_visible()
        expect(page.locator(".bb-arc title", has_text="input: stem → s1_b")).to_have_count(1)
        page.get_by_label("Concatenated with (2)").select_option(label="input, 32 × 32 × 3")
        expect(page.locator(".bb-card").nth(2)).to_contain_text("32 × 32 × 35 → 32 × 32 × 16")
        assert builder.value["bundles"][2]["input"] == ["s1_a", "stem", "input"]
        assert builder.value["format"] == "deepsoc-net/2"
        assert "ds.concatenate([s1_a, stem, inputs])" in builder.code
        page.get_by_label("Concatenated with", exact=True).select_option(label="nothing")
        expect(page.get_by_label("Concatenated with (2)")).to_be_visible()
        page.get_by_label("Concatenated with", exact=True).select_option(label="nothing")
        expect(page.get_by_label("Concatenated with (2)")).to_have_count(0)
        assert builder.value["bundles"][2]["input"] == "s1_a"
        assert not builder.faults


def test_rows_and_columns_of_padding_have_fields(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        page.get_by_label("Padding", exact=True).select_option(label="rows and columns")
        below = page.get_by_label("Padding below")
        expect(below).to_have_value("0")
        below.select_text()
        page.keyboard.type("2", delay=30)
        expect(page.locator(".bb-card").nth(0)).to_contain_text("28 × 28 × 1")
        assert builder.value["bundles"][0]["core"]["padding"] == [[0, 2], [0, 0]]
        assert builder.value["format"] == "deepsoc-net/2"
        assert "padding=((0, 2), (0, 0))" in builder.code
        page.keyboard.type("5", delay=30)
        expect(
            page.locator(".bb-side .fault", has_text="padding of 25 elements would hold a whole window")
        ).to_be_visible()
        page.get_by_label("Padding", exact=True).select_option(label="valid: none")
        expect(below).to_have_count(0)
        assert not builder.faults


def test_up_sampling_shows_the_size_of_the_result(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        columns = page.get_by_label("Columns repeated")
        expect(columns).to_have_value("1")
        columns.select_text()
        page.keyboard.type("2", delay=30)
        expect(page.locator(".bb-card").nth(0)).to_contain_text("up 1 × 2")
        assert builder.value["format"] == "deepsoc-net/2"
        assert "upsample=(1, 2)" in builder.code
        assert builder.rows[0]["output_shape"][1] == 2 * builder.rows[0]["output_shape"][0]


def test_a_transposed_convolution_and_depth_to_space(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        rows = page.get_by_label("Rows from channels")
        rows.select_text()
        page.keyboard.type("2", delay=30)
        expect(page.locator(".bb-card").nth(0)).to_contain_text("to space 2 × 1")
        page.get_by_label("Pool", exact=True).select_option(label="none")
        page.get_by_label("Type").select_option(label="transposed convolution")
        expect(page.get_by_text("conv2d_transpose has no depth_to_space behind it").first).to_be_visible()
        rows.select_text()
        page.keyboard.type("1", delay=30)
        expect(page.locator(".bb-card").nth(0)).to_contain_text("transposed conv 2 × 2 / 2")
        expect(page.get_by_label("Groups")).to_have_count(0)
        assert not builder.faults
        assert builder.value["format"] == "deepsoc-net/2"
        assert builder.rows[0]["output_shape"][:2] == [2 * size for size in builder.value["input"]["shape"][:2]]


def test_typing_outruns_the_answers(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    delay(builder, "set")
    with mounted(browser, builder) as page:
        filters, name = page.get_by_label("Filters", exact=True), page.get_by_label("Name").nth(1)
        filters.evaluate(
            """async (filters) => {
              filters.focus();
              const type = async (value, pause) => {
                filters.value = value;
                filters.dispatchEvent(new Event("input"));
                await new Promise((next) => setTimeout(next, pause));
              };
              for (const value of [1, 12, 1]) await type(value, 40); // answers repeat, too
              await type(12, 400);
              await type(`${filters.value}3`, 0);
            }"""
        )
        name.select_text()
        page.keyboard.type("first", delay=30)
        page.keyboard.press("Enter")
        cards(page, "first", "conv2", "dense1", "dense2", "classes")
        expect(filters).to_have_value("123")
    assert builder.value["bundles"][0]["core"]["filters"] == 123


def test_clicks_outrun_the_answers(browser: Browser) -> None:
    """Each edit is made at the place where the one before it left off, however late the kernel is."""
    builder = BundleBuilder()
    for name in ("add", "duplicate", "remove", "move"):
        delay(builder, name)
    with mounted(browser, builder) as page:

        def clicks(name: str, count: int) -> None:
            page.get_by_role("button", name=name).evaluate(
                "(button, n) => { for (let i = 0; i < n; i += 1) button.dispatchEvent(new Event('click')); }", count
            )

        clicks("Add a convolution", 3)
        cards(page, "conv1", "conv2", "conv3")
        assert [bundle["input"] for bundle in builder.value["bundles"]] == ["input", "conv1", "conv2"]
        page.locator(".bb-card").nth(0).click()
        clicks("Add a dense", 2)
        cards(page, "conv1", "dense1", "dense2", "conv2", "conv3")
        clicks("Duplicate the bundle", 2)
        cards(page, "conv1", "dense1", "dense2", "dense3", "dense4", "conv2", "conv3")
        clicks("Move the bundle up", 9)
        cards(page, "dense4", "conv1", "dense1", "dense2", "dense3", "conv2", "conv3")
        page.locator(".bb-card").nth(3).focus()
        page.evaluate(
            """() => { for (let i = 0; i < 3; i += 1) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "ArrowDown", altKey: true, bubbles: true })); }"""
        )
        cards(page, "dense4", "conv1", "dense1", "dense3", "conv2", "conv3", "dense2")
        page.locator(".bb-card").nth(4).click()
        clicks("Remove the bundle", 9)
        cards(page)
    assert builder.error == ""


def test_arcs_are_no_taller_than_the_list(browser: Browser) -> None:
    builder = builder_of("small ResNet")
    high = "[...document.querySelectorAll('.bb-arcs, .bb-inner')].map((each) => each.getBoundingClientRect().height)"
    with mounted(browser, builder) as page:
        expect(page.locator(".bb-card")).to_have_count(10)
        before = page.evaluate(high)
        builder.value = {**builder.value, "bundles": builder.value["bundles"][:2]}
        expect(page.locator(".bb-card")).to_have_count(2)
        page.wait_for_function(f"Math.abs(({high})[0] - ({high})[1]) < 1")
        assert page.evaluate(high)[0] < before[0] / 2
        scrolls = "document.querySelector('.bb-list').scrollHeight <= document.querySelector('.bb-list').clientHeight"
        assert page.evaluate(scrolls)


def test_one_fault_marks_one_field(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        for names, wrong in (
            (("Input rows", "Input columns", "Input channels"), "Input columns"),
            (("Kernel rows", "Kernel columns"), "Kernel columns"),
        ):
            page.get_by_label(wrong).fill("0")
            expect(page.get_by_label(wrong)).to_have_attribute("aria-invalid", "true")
            for name in names:
                if name != wrong:
                    expect(page.get_by_label(name)).not_to_have_attribute("aria-invalid", "true")
            page.get_by_label(wrong).fill("5")
            expect(page.get_by_label(wrong)).not_to_have_attribute("aria-invalid", "true")
        builder.on_set(["bundles", 0, "core", "kernel"], "wide")  # a fault of the kernel as a whole
        for name in ("Kernel rows", "Kernel columns"):
            expect(page.get_by_label(name)).to_have_attribute("aria-invalid", "true")


def test_impossible_choices_are_dimmed_with_the_reason(browser: Browser) -> None:
    with mounted(browser, builder_of("small ResNet", selected=5)) as page:
        partner = page.get_by_label("Residual add of").locator("option", has_text="stem")
        expect(partner).to_have_text("stem, 32 × 32 × 16: not 16 × 16 × 32")
        expect(partner).to_be_disabled()
        expect(page.get_by_label("Softmax", exact=True)).to_be_disabled()
        expect(page.locator(".bb-side")).to_contain_text("only on the last bundle")
        page.get_by_label("Kernel rows").fill("20")
        page.get_by_label("Padding", exact=True).select_option(label="valid: none")
        expect(page.locator(".bb-side")).to_contain_text("a window of 20 does not fit into 16 elements")


def test_a_name_in_use_is_refused_beside_the_field(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        name = page.get_by_label("Name").nth(1)
        name.fill("conv2")
        name.press("Enter")
        expect(page.locator(".bb-side .fault", has_text="choose one that is free")).to_be_visible()
        expect(name).to_have_value("conv2")
        name.fill("first")
        name.press("Enter")
        cards(page, "first", "conv2", "dense1", "dense2", "classes")
        expect(page.locator(".bb-side .fault", has_text="free")).to_have_count(0)


def test_upload_download_save_and_load(browser: Browser, tmp_path: Path) -> None:
    builder = BundleBuilder(path=str(tmp_path / "net.json"))
    mine = TEMPLATES["keyword spotting"]()
    with mounted(browser, builder) as page:
        page.get_by_label("Upload").set_input_files(
            {"name": "mine.json", "mimeType": "application/json", "buffer": json.dumps(mine).encode()}
        )
        cards(page, "conv1", "conv2", "conv3", "conv4", "words")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert json.loads(Path(download.value.path()).read_text()) == mine
        assert download.value.suggested_filename == "keywords.json"
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved")).to_be_visible()
        page.get_by_label("Start from a template").select_option("LeNet-like")
        cards(page, "conv1", "conv2", "dense1", "dense2", "classes")
        page.get_by_role("button", name="Load", exact=True).click()
        cards(page, "conv1", "conv2", "conv3", "conv4", "words")
        page.get_by_label("File", exact=True).fill("nowhere.json")
        page.get_by_role("button", name="Load", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("nowhere.json: cannot read")
    assert json.loads((tmp_path / "net.json").read_text()) == mine


def test_a_program_and_the_page_see_the_same(browser: Browser) -> None:
    builder = builder_of("LeNet-like")
    with mounted(browser, builder, width=640) as page:
        builder.value = TEMPLATES["small ResNet"]()
        expect(page.locator(".bb-card")).to_have_count(10)
        builder.selected = 2
        expect(page.locator(".bb-card").nth(2)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_label("Residual add of")).to_be_visible()
        page.locator(".bb-card").nth(4).click()
        expect(page.get_by_text("Bundle 5 of 10")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert builder.selected == 4


NASTY: list[tuple[list[str | int], Any]] = [
    (["input"], None), (["input", "shape"], 7), (["bits"], "four"), (["bundles", 0], {}),
    (["bundles", 0, "core"], None), (["bundles", 0, "core"], {"type": "lstm"}), (["bundles", 0, "core", "kernel"], 3),
    (["bundles", 0, "core", "strides"], 2), (["bundles", 0, "name"], 5), (["bundles", 0, "act"], "relu"),
    (["bundles", 0, "pool"], {}), (["bundles", 0, "pool"], {"type": "max", "size": 2}), (["bundles", 0, "add"], {}),
    (["bundles", 0, "add"], "input"), (["bundles", 0, "input"], None), (["bundles", 1, "add"], {"with": "classes"}),
]  # fmt: skip


def test_what_is_badly_wrong_is_still_shown(browser: Browser) -> None:
    builder = builder_of("LeNet-like", selected=0)
    with mounted(browser, builder) as page:
        for path, value in NASTY:
            builder.value = TEMPLATES["LeNet-like"]()
            builder.on_set(path, value)
            expect(page.locator(".bb-totals")).to_contain_text("⚠")
            builder.on_template("keyword spotting")
            builder.selected = 0
            expect(page.locator(".bb-totals")).not_to_contain_text("⚠")
