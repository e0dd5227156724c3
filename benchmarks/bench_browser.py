"""Milliseconds from a slider's move to the redrawn plots, in a browser on a real JupyterLab; and the Studio's opening.

The hardware tab of a Studio with the design of a ResNet-18 for small images is moved 50 times; each time ends when both
views have drawn the new figures. The model's share is measured beside it, in this process, and so is an
edit of the network. Needs Chromium and the
packages of the extras `lab` and `dev`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from deepsoc.hw import Hardware
from deepsoc.widgets import BundleBuilder, Design, HardwarePanel

MOVES = 50
STUDIO = 'from deepsoc.widgets import Studio\n\nStudio("design")'
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
MOVE = """
(index) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error('no plot was redrawn')), 20000);
  const slider = document.querySelector('[aria-label="Rows, slider"]');
  const views = [...document.querySelectorAll('[data-drawn]:has(.lv-plot)')];
  const before = views.map((view) => view.dataset.drawn);
  const watch = new MutationObserver(() => {
    if (views.every((view, i) => view.dataset.drawn !== before[i])) {
      watch.disconnect();
      done(performance.now() - start);
    }
  });
  for (const view of views) watch.observe(view, { attributes: true, attributeFilter: ["data-drawn"] });
  slider.value = String(Number(slider.max) * (index % 2 ? 0.3 : 0.5));
  const start = performance.now();
  slider.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


def network() -> dict[str, Any]:
    """20 convolutions with residual adds and one dense layer: as many rows as a ResNet-18."""
    bundles: list[dict[str, Any]] = []
    last = "input"
    for index in range(20):
        core = {"type": "conv2d", "filters": 16, "kernel": [3, 3], "strides": [1, 1], "padding": "same"}
        bundle: dict[str, Any] = {"name": f"c{index}", "input": last, "core": core, "act": {"type": "relu"}}
        if index % 2 == 0 and index:
            bundle |= {"act": None, "add": {"with": f"c{index - 2}", "act": {"type": "relu"}}}
        bundles.append(bundle)
        last = bundle["name"]
    bundles[-1]["flatten"] = True
    bundles.append({"name": "out", "input": last, "core": {"type": "dense", "units": 10}, "act": None})
    bits = {"x": 4, "k": 4, "b": 16}
    return {
        "format": "deepsoc-net/1",
        "name": "bench",
        "input": {"shape": [16, 16, 16], "batch": 1},
        "bits": bits,
        "bundles": bundles,
    }


def notebook(*sources: str) -> dict[str, Any]:
    """A notebook of code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for i, text in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def lab(base: Path) -> Iterator[str]:
    """URL of a JupyterLab with a design, in folders of its own."""
    root = base / "root"
    Design("design", root / "designs").net = network()
    (root / "Bench.ipynb").write_text(json.dumps(notebook("print('up')", STUDIO)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(base / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(base / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    command = [sys.executable, "-m", "deepsoc.cli.main", "lab", "--dir", str(root), "--no-browser"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=bench", "--allow-root"]
    with (base / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=bench", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/lab/tree/Bench.ipynb?token=bench"
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def opening_s(page: Page) -> float:
    """Seconds from running the Studio's cell, in a kernel that is up, to its first tab."""
    editors = page.locator(".jp-CodeCell .cm-content")
    output = page.locator(".jp-OutputArea-output", has_text="up")
    for _ in range(20):  # a cell that is run before the kernel is connected stays undone
        editors.first.click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1500)
        if output.count():
            break
    editors.last.click()
    begin = time.perf_counter()
    page.keyboard.press("Control+Enter")
    page.locator(".bb-card").first.wait_for()
    return time.perf_counter() - begin


def moves_ms(page: Page) -> list[float]:
    """Milliseconds of each move."""
    page.get_by_role("tab", name="Hardware").click()
    page.locator("path.lv-bar").first.wait_for()
    page.get_by_role("slider", name="Rows, slider").wait_for()
    page.wait_for_timeout(1000)
    return [float(page.evaluate(MOVE, index)) for index in range(MOVES + 5)][5:]


def model_ms() -> list[float]:
    """Milliseconds in which the panel evaluates a move and estimates its layers, in Python alone."""
    panel = HardwarePanel(value=Hardware(rows=8, cols=24), networks=[network()])
    times = []
    for index in range(MOVES):
        begin = time.perf_counter()
        panel.value = Hardware(rows=8 + index % 2, cols=24)
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def edit_ms() -> list[float]:
    """Milliseconds in which the builder of the network takes an edit: shapes, figures and faults of all bundles."""
    builder = BundleBuilder(value=network())
    times = []
    for index in range(MOVES):
        begin = time.perf_counter()
        builder.on_set(["bundles", 0, "core", "filters"], 16 + index % 2)
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def main() -> None:
    """Prints the figures."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("chromium is missing: scripts/system-packages browser")
    with tempfile.TemporaryDirectory() as name, lab(Path(name)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS])
        page = browser.new_page(viewport={"width": 1000, "height": 1100})
        page.set_default_timeout(120_000)
        page.goto(url)
        opening = opening_s(page)
        print(f"Studio opened in {opening:.2f} s", file=sys.stderr)
        moves = sorted(moves_ms(page))
        browser.close()
    print(
        json.dumps(
            {
                "slider_to_plot_median_ms": round(statistics.median(moves), 1),
                "slider_to_plot_p90_ms": round(moves[int(0.9 * MOVES)], 1),
                "model_median_ms": round(statistics.median(model_ms()), 2),
                "edit_median_ms": round(statistics.median(edit_ms()), 2),
                "studio_opening_s": round(opening, 2),
                "load": os.getloadavg()[0],
            }
        )
    )


if __name__ == "__main__":
    main()
