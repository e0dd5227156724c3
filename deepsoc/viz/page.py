"""Figures that display themselves: in a notebook without pyplot, in the colours of the page around them."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Collection, Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

__all__ = ["PageFigure"]

_DPI = 144  # of the picture for those that show no SVG; twice what is displayed
_UNTRUSTED = "This figure shows itself in a trusted notebook."


class PageFigure(Figure):
    """A matplotlib figure that notebooks show as an image, whatever the backend.

    On a page it is an SVG without background whose colours are those of JupyterLab's theme, or of VS Code's, and follow
    when it changes; elsewhere it is a PNG.

    Args:
        colours: by colour of the figure, as #rrggbb, the CSS value that it has on a page.
        **kwargs: of `matplotlib.figure.Figure`.
    """

    def __init__(self, *, colours: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.colours = dict(colours or {})

    def svg(self, salt: str | None = None) -> str:
        """The `<svg>` element for a page; with `colours`, without background.

        Args:
            salt: of the ids in it, unique on the page; None: a random one.
        """
        text = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": salt}):
            metadata = {"Date": None, "Creator": None}
            self.savefig(text, format="svg", transparent=bool(self.colours), metadata=metadata)
        found = text.getvalue()[text.getvalue().index("<svg") :]
        for colour, css in self.colours.items():
            found = found.replace(colour, css)
        head = f'<svg role="img" aria-label="{html.escape(self._words())}" style="max-width: 100%; height: auto"'
        return head + found.removeprefix("<svg")

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=_DPI)
        width, height = (round(96 * inches) for inches in self.get_size_inches())
        # What a page that does not trust the notebook leaves of this is the sentence.
        page = (
            f"<style>.dsoc-figure > em {{ display: none }}</style>"
            f'<div class="dsoc-figure">{self.svg()}<em>{_UNTRUSTED}</em></div>'
        )
        data = {"text/html": page, "image/png": base64.b64encode(png.getvalue()).decode()}
        return data, {"image/png": {"width": width, "height": height}}

    def _words(self) -> str:
        """What the figure shows, in words: the titles of its axes, else their quantities."""
        titles = [axes.get_title() for axes in self.axes if axes.get_title()]
        labels = [text for axes in self.axes for text in (axes.get_ylabel(), axes.get_xlabel()) if text]
        return "; ".join(titles or labels)
