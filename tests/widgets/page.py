"""A control in a real browser without a notebook server: its real front end, joined to the real Python object.

with open_browser() as browser, mounted(browser, ArrayView(...)) as page:
    page.get_by_role("button", name="Play").click()
"""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deepsoc.widgets.base._control import Control

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

_PAGE = """<!doctype html><meta charset="utf-8"><title>control</title><style id="css"></style><main id="host"></main>
<script type="module">
const unpack = (v) => v && v.__bytes__ !== undefined
  ? new DataView(Uint8Array.from(atob(v.__bytes__), (c) => c.charCodeAt(0)).buffer) : v;
const pack = (v) => v instanceof DataView || v instanceof ArrayBuffer || ArrayBuffer.isView(v)
  ? { __bytes__: btoa(String.fromCharCode(...new Uint8Array(v.buffer ?? v))) } : v;
const state = {}, listeners = {}, changed = {};
const emit = (name, ...values) => (listeners[name] ?? []).slice().forEach((f) => f(...values));
const apply = (answer) => {
  const names = Object.keys(answer.state);
  for (const name of names) state[name] = unpack(answer.state[name]);
  for (const name of names) emit(`change:${name}`, model, state[name]);
  if (names.length) emit("change", model);
  for (const message of answer.messages) emit("msg:custom", message, []);
};
const call = async (request) => apply(await python(request));
const model = {
  get: (name) => state[name],
  set: (name, value) => {
    state[name] = value; changed[name] = value; emit(`change:${name}`, model, value); emit("change", model);
  },
  save_changes: () => {
    const values = Object.fromEntries(Object.entries(changed).map(([k, v]) => [k, pack(v)]));
    for (const name in changed) delete changed[name];
    call({ state: values });
  },
  send: (content) => { call({ message: content }); },
  on: (name, f) => { (listeners[name] ??= []).push(f); },
  off: (name, f) => { if (name === undefined) { for (const n in listeners) delete listeners[n]; return; }
    listeners[name] = f ? (listeners[name] ?? []).filter((g) => g !== f) : []; },
};
window.model = model;
const start = await python({ start: true });
document.getElementById("css").textContent = start.css;
for (const name in start.state) state[name] = unpack(start.state[name]);
const front = await import(URL.createObjectURL(new Blob([start.esm], { type: "text/javascript" })));
const definition = typeof front.default === "function" ? await front.default() : front.default;
await definition.initialize?.({ model });
await definition.render({ model, el: document.getElementById("host") });
window.mounted = true;
setInterval(() => call({}), 50);
</script>"""


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview | bytearray):
        return {"__bytes__": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return json.loads(json.dumps(value))


def _native(value: Any) -> Any:
    if isinstance(value, dict) and "__bytes__" in value:
        return base64.b64decode(value["__bytes__"])
    return value


def delay(widget: Control, message: str, seconds: float = 0.15) -> None:
    """Makes the Python side slow to take a message, as a kernel that is busy."""
    handler = getattr(widget, f"on_{message}")

    def late(**arguments: Any) -> None:
        time.sleep(seconds)
        handler(**arguments)

    setattr(widget, f"on_{message}", late)


def misplaced(page: Page) -> list[str]:
    """Fields, buttons and words of a control that overlap, or of which a part is outside what can be seen."""
    found: list[str] = page.locator("#host").evaluate(Path(__file__).with_name("misplaced.js").read_text())
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Headless Chromium."""
    program = shutil.which("chromium") or pytest.fail("chromium is missing: scripts/system-packages browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def mounted(
    browser: Browser, widget: Control, *, width: int = 1000, dark: bool = False, before: str = ""
) -> Iterator[Page]:
    """A page with the control; faults of its script fail the test. The script `before` runs first.

    Changes on the Python side reach the page within 50 ms while the test waits inside a call of Playwright.
    """
    names = [name for name in widget.keys if not name.startswith("_")]
    fresh: dict[str, Any] = {}
    messages: list[Any] = []
    widget.observe(lambda change: fresh.update({change["name"]: None}), names=names)
    widget.send = lambda content, buffers=None: messages.append(content)

    def serve(request: dict[str, Any]) -> dict[str, Any]:
        if "start" in request:
            css, esm = str(widget._css), str(widget._esm)
            return {"css": css, "esm": esm, "state": _plain(widget.get_state(names))}
        if "state" in request:
            widget.set_state({name: _native(value) for name, value in request["state"].items()})
        if "message" in request:
            widget._handle_custom_msg(request["message"], [])
        changed, sent = list(fresh), messages[:]
        fresh.clear()
        messages.clear()
        return {"state": _plain(widget.get_state(changed)) if changed else {}, "messages": sent}

    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda entry: faults.append(entry.text) if entry.type == "error" else None)
    page.expose_function("python", serve)
    if before:
        page.evaluate(before)
    page.set_content(_PAGE)
    try:
        page.wait_for_function("window.mounted === true")
        yield page
        assert not faults, faults
    finally:
        page.close()
