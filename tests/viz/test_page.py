"""Figures display themselves, without pyplot, and take the colours of the page that shows them."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.image as mpimg
import pandas as pd
import pytest

from deepsoc import viz
from deepsoc.viz.theme import THEMES
from tests.viz.test_figures import FIGURES
from tests.widgets.page import open_browser

ROOT = Path(__file__).parents[2]
BUNDLES = pd.DataFrame(
    {"utilization": [0.4, 0.9], "cycles_rtl": [90, 40], "cycles_model": [88, 41]} | dict.fromkeys(viz.bundles.PORTS, 8),
    index=["conv1", "conv2"],
)
ALL = {
    **{name: lambda name=name: FIGURES[name]("page") for name in FIGURES},
    **{
        f"bundles.{name}": lambda name=name: getattr(viz.bundles, name)(BUNDLES)
        for name in ("clocks", "traffic", "utilization")
    },
}


def svg_of(html: str) -> str:
    return html[html.index("<svg") : html.index("</svg>") + len("</svg>")]


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_an_image_in_the_colours_of_the_page(name):
    data, metadata = ALL[name]()._repr_mimebundle_()
    pixels = mpimg.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert metadata["image/png"]["width"] == pytest.approx(pixels.shape[1] * 96 / 144, abs=1)
    picture = svg_of(data["text/html"])
    root = ElementTree.fromstring(picture)
    assert root.attrib["aria-label"]
    assert "currentColor" in picture
    for look in THEMES.values():  # no ink and no ground of its own, so that none is lost on the page's
        assert look.ink not in picture
    grounds = [each for each in root.iter() if (each.get("id") or "").startswith("patch_")][:1]
    assert "fill: none" in ElementTree.tostring(grounds[0]).decode()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_of_a_theme_keeps_its_colours(theme):
    data, _ = FIGURES["traffic"](theme)._repr_mimebundle_()
    picture = svg_of(data["text/html"])
    assert THEMES[theme].ink in picture
    assert THEMES[theme].ground in picture
    assert "var(" not in picture


def test_two_on_a_page_share_no_id():
    figure = FIGURES["front"]("page")
    ids = [set(re.findall(r'id="(p[0-9a-f]+)"', figure.svg())) for _ in range(2)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert viz.bundles.clocks(BUNDLES).svg("a") == viz.bundles.clocks(BUNDLES).svg("a")


def test_many_dots_stay_small():
    assert len(FIGURES["front"]("page").svg()) < 300_000


def test_what_a_page_drops_is_told():
    """JupyterLab drops styles and SVG of notebooks that it does not trust; a sentence is left."""
    page = FIGURES["clocks"]("page")._repr_mimebundle_()[0]["text/html"]
    bare = re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.DOTALL)
    assert "trusted notebook" in bare
    assert re.sub(r"<[^>]+>", "", bare).strip() == "This figure shows itself in a trusted notebook."


def test_ipython_displays_it_without_pyplot():
    code = (
        "import sys, pandas as pd\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from deepsoc import viz\n"
        "table = pd.DataFrame({'name': ['a'], 'efficiency': [0.5], 'clocks': [9]})\n"
        "data, _ = InteractiveShell.instance().display_formatter.format(viz.utilization(table))\n"
        "print(*sorted(data), 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["image/png", "text/html", "text/plain", "False"]


def test_in_a_browser_it_has_the_colours_of_the_theme():
    page_of = FIGURES["clocks"]("page")._repr_mimebundle_()[0]["text/html"]
    inks = "() => [...new Set([...document.querySelectorAll('svg [style*=font-color]')].map("
    inks += "(e) => { const s = getComputedStyle(e); return s.stroke !== 'none' ? s.stroke : s.fill; }))]"
    with open_browser() as browser:
        page = browser.new_page()
        page.set_content(f"<body style='color: rgb(1, 2, 3)'>{page_of}</body>")
        assert page.evaluate(inks) == ["rgb(1, 2, 3)"]  # of the text around, where there is no theme
        page.evaluate("document.body.style.setProperty('--jp-ui-font-color1', 'rgb(250, 251, 252)')")
        assert page.evaluate(inks) == ["rgb(250, 251, 252)"]
        assert page.get_by_role("img").is_visible()
        assert not page.get_by_text("trusted notebook").is_visible()
