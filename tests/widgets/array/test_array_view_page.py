"""ArrayView in a browser: stepped, scrubbed and played by mouse and keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from deepsoc.hw import Hardware
from deepsoc.widgets import ArrayView
from tests.widgets.array.test_array_view import NET
from tests.widgets.page import mounted, open_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def status(page: Page, *, clock: int) -> None:
    """The page shows this clock, in words and drawn."""
    expect(page.get_by_role("status")).to_contain_text(f"Clock {clock} of", timeout=30_000)
    expect(page.locator(f"[data-drawn='{clock}']")).to_have_count(1)


def colours(page: Page, label: str) -> int:
    """How many colours a canvas shows."""
    return int(
        page.get_by_role("img", name=label).evaluate(
            """(node) => {
              const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
              return new Set(new Uint32Array(data.buffer)).size;
            }"""
        )
    )


def test_steps_by_keyboard_and_mouse(browser: Browser) -> None:
    view = ArrayView()
    with mounted(browser, view) as page:
        status(page, clock=0)
        stage = page.get_by_role("img", name="Array of 4 rows and 6 columns")
        stage.focus()
        for key, clock in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 87), ("Home", 0)):
            page.keyboard.press(key)
            status(page, clock=clock)
            assert view.clock == clock
        page.get_by_role("button", name="One clock forward").click()
        status(page, clock=1)
        page.get_by_role("button", name="Last clock").click()
        status(page, clock=87)
        page.get_by_role("slider", name="Clock").fill("13")
        status(page, clock=13)
        expect(page.get_by_role("status")).to_contain_text(view.event)
        strip = page.get_by_role("img", name="Events of all clocks")
        box = strip.bounding_box()
        assert box is not None
        strip.click(position={"x": 78 + (box["width"] - 84) * 40.5 / 88, "y": 20})
        status(page, clock=40)
        assert view.state["w"] == view.layer["w"] - 1


def test_plays_and_stops_at_the_end(browser: Browser) -> None:
    view = ArrayView(clock=80, speed=60)
    with mounted(browser, view) as page:
        page.get_by_role("img", name="Array of").focus()
        page.keyboard.press("Space")
        status(page, clock=87)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        assert (view.clock, view.playing) == (87, False)
        page.get_by_label("Speed").select_option("1 clock/s")
        assert view.speed == 1
        page.get_by_role("button", name="Play").click()
        status(page, clock=1)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        assert not view.playing


def test_explains_an_element(browser: Browser) -> None:
    view = ArrayView(clock=27)
    with mounted(browser, view) as page:
        stage = page.get_by_role("img", name="Array of")
        stage.click(position={"x": 78 + 2.5 * 72, "y": 50 + 1.5 * 46})
        text = (
            "Element row 1, column 2 (group 0): pixel −2 × weight −1 = 2; sum 22 of output row 1, column 2, channel 0"
        )
        expect(page.locator(".av-about")).to_contain_text(text)
        assert view.pe == [1, 2]
        stage.focus()
        page.keyboard.press("Shift+ArrowDown")
        expect(page.locator(".av-about")).to_contain_text("Element row 2, column 2")
        page.keyboard.press("ArrowRight")
        status(page, clock=28)
        expect(page.locator(".av-about")).to_contain_text("of output row 2, column 3, channel 0")  # from the left
        page.get_by_text("Table of this clock").click()
        expect(page.locator("tbody tr")).to_have_count(5)
        cells = page.locator("tbody tr").nth(3).locator("td").all_text_contents()
        assert cells[1:] == [str(value) for value in view.state["sums"][2]]


def test_every_sum_of_the_page_is_told_as_the_output_says(browser: Browser) -> None:
    """At the clock of its end, the sum that is told equals the output at the place that is told."""
    view = ArrayView(3, 8, strides=(2, 2), width=7, height=5, channels_in=1, channels_out=4)
    clocks = view._clocks
    with mounted(browser, view) as page:
        ends = [i for i in range(view.clocks) if clocks.events[i] == 1 and clocks.states.leaves[clocks.step[i]].any()]
        for clock in (ends[0], ends[1], ends[-1]):
            view.clock = clock
            status(page, clock=clock)
            for col in range(8):
                if not view.state["leaves"][col]:
                    continue
                view.pe = [0, col]
                expect(page.locator(".av-about")).to_contain_text(f"column {col} (")
                words = (page.locator(".av-about").text_content() or "").replace("−", "-").split("; sum ")[1]
                value, _, _, _, row, _, column, _, channel, *_ = words.replace(",", "").split()
                assert clocks.outputs[0, int(row), int(column), int(channel)] == int(value), words


@pytest.mark.parametrize("width", [500, 1000])
def test_fits_the_page_and_draws(browser: Browser, width: int) -> None:
    view = ArrayView(7, 96, channels_in=3, channels_out=32, width=14, height=14, clock=100)
    with mounted(browser, view, width=width) as page:
        status(page, clock=100)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert colours(page, "Array of") > 30
        assert colours(page, "input, channel") > 10
        assert colours(page, "Events") > 5
        view.show(NET, Hardware(rows=4, cols=8), "fc")  # another layer in the same page
        expect(page.locator(".av-where")).to_contain_text("fc: 4 × 8 elements · iteration 0 of 2")
        view.clock = 9
        status(page, clock=9)
        expect(page.get_by_role("img", name="input: batch × features")).to_be_visible()


def test_a_clock_is_drawn_in_time(browser: Browser) -> None:
    view = ArrayView(7, 96, channels_in=3, channels_out=32, width=14, height=14)
    with mounted(browser, view) as page:
        taken = page.evaluate(
            """async () => {
              const host = document.getElementById("host"), taken = [];
              for (let clock = 50; clock < 61; clock += 1) {
                const start = performance.now();
                model.set("clock", clock);
                while (host.dataset.drawn !== String(clock)) await new Promise(requestAnimationFrame);
                taken.push(performance.now() - start);
              }
              return taken.sort((a, b) => a - b);
            }"""
        )
    print(f"clock to drawn 7 x 96 array in ms: median {taken[5]:.0f}, most {taken[-1]:.0f}")
    assert taken[0] < 100
