// Shared by all controls: elements, keys, the error pane, colours, numbers. Put before each control's own file.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "rect", "path", "line", "text", "circle", "defs", "pattern", "title", "polyline", "polygon"]);

/** An element with attributes, listeners (`onclick`) and children; a child that is null is left out. */
function el(tag, attributes = {}, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Makes `host` a control's root: named, with an error pane, keeping bare keys from the notebook's shortcuts. */
function control(host, model, label) {
  host.classList.add("dsoc");
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", label);
  host.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  const body = el("div", { class: "dsoc-body" });
  const pane = el("div", { class: "dsoc-error", role: "alert", hidden: true });
  const show = () => {
    pane.textContent = model.get("error");
    pane.hidden = !pane.textContent;
  };
  model.on("change:error", show);
  show();
  host.append(pane, body);
  watchKernel(host, model, body);
  return body;
}

/** Says when the kernel that stands behind a control is gone, and offers to run its cell again. */
function watchKernel(host, model, body) {
  const gone = () => {
    if (host.dataset.gone) return;
    host.dataset.gone = "true";
    body.inert = true;
    const run = () => globalThis.deepsocLab.runCellOf(host);
    host.prepend(el("div", { class: "dsoc-error dsoc-gone", role: "alert" }, "The kernel was restarted: what is shown here is not connected any more. ",
      globalThis.deepsocLab?.runCellOf ? el("button", { type: "button", onclick: run }, "Reconnect") : "Run its cell again."));
  };
  host.addEventListener("deepsoc-gone", gone); // the extension's word
  model.on("comm_live_update", () => requestAnimationFrame(() => { // the widgets' own
    if (host.closest(".jupyter-widgets-disconnected")) gone();
  }));
}

/** Calls `on_<name>` of the Python side. */
function send(model, name, values = {}) {
  model.send({ do: name, ...values });
}

/**
 * Edits of one form. While one is open, the kernel's values may be older than what was typed: they are not to be shown.
 * `leave` makes `refresh` follow the kernel again some time after the focus has left `root`, as a message may get lost.
 * The form is to follow the trait `taken`, too.
 */
function edits(model) {
  let last = "";
  return {
    send: (name, values) => {
      last = unique("edit");
      send(model, name, { ...values, edit: last });
    },
    open: () => last !== "" && model.get("taken") !== last,
    leave: (root, refresh) => root.addEventListener("focusout", (event) => {
      const mine = last;
      if (!root.contains(event.relatedTarget)) setTimeout(() => {
        if (last === mine) last = "";
        refresh();
      }, 1000);
    }),
  };
}

/**
 * Edits of a page that depend on what the kernel holds, such as a place in a list: each is made when the one before it
 * was answered, and so means what the page shows by then. Returns a function that takes `() => [name, values]`, or null
 * where there is nothing to do any more.
 */
function inTurn(model) {
  const waiting = [];
  let [sent, late] = ["", 0];
  const next = () => {
    clearTimeout(late);
    sent = "";
    while (!sent && waiting.length) {
      const [name, values] = waiting.shift()() ?? [];
      if (!name) continue;
      sent = unique("turn");
      send(model, name, { ...values, turn: sent });
      late = setTimeout(next, 5000); // an answer may be lost
    }
  };
  model.on("change:turn", () => { if (sent && model.get("turn") === sent) next(); });
  return (edit) => {
    waiting.push(edit);
    if (!sent) next();
  };
}

/** Buttons that take edits back and make them again; Ctrl+Z and Ctrl+Y in `host`, but in its texts, do the same. */
function history(host, model, edit) {
  const button = (text, label, name) => el("button", { type: "button", "aria-label": label, title: label, onclick: () => edit(() => [name]) }, text);
  const [undo, redo] = [button("↶ Undo", "Undo (Ctrl+Z)", "undo"), button("↷ Redo", "Redo (Ctrl+Shift+Z)", "redo")];
  host.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !["z", "y"].includes(key) || event.target.type === "text") return;
    event.preventDefault();
    event.stopPropagation();
    edit(() => [key === "y" || event.shiftKey ? "redo" : "undo"]);
  });
  return { nodes: [undo, redo], refresh: () => { undo.disabled = !model.get("can_undo"); redo.disabled = !model.get("can_redo"); } };
}

/** Calls `draw` now and, at most once a frame, whenever one of the traits changes; returns a function that stops it. */
function follow(model, traits, draw) {
  let waiting = 0;
  const later = () => {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; draw(); });
  };
  for (const name of traits) model.on(`change:${name}`, later);
  draw();
  return () => {
    cancelAnimationFrame(waiting);
    for (const name of traits) model.off(`change:${name}`, later);
  };
}

/**
 * Puts a code cell below the one that shows `from`, and below those put there before, and runs it; false where the page is
 * not JupyterLab with the extension.
 */
function insertCell(code, from) {
  const lab = globalThis.deepsocLab;
  return Boolean(lab && lab.insertCell && lab.insertCell(code, { from }));
}

/**
 * A path as Python's `short` gives it. Where JupyterLab with the extension is the page, and the file lies in the working
 * folder, it is a button that opens the file, or with `download` brings it to the computer of the browser.
 */
function fileLink(path, { download = false } = {}) {
  if (path.startsWith("/") || !globalThis.deepsocLab?.openFile) return el("code", {}, path);
  const title = download ? "Download" : "Open in an editor";
  const open = () => globalThis.deepsocLab.openFile(path, { download });
  return el("button", { type: "button", class: "file", title, "aria-label": `${title}: ${path}`, onclick: open }, path);
}

// Okabe and Ito's colours; each comes with a pattern of its own, so that colour is never the only cue.
const COLOURS = { blue: "#0072b2", orange: "#e69f00", green: "#009e73", pink: "#cc79a7", sky: "#56b4e9", red: "#d55e00" };
const OPERANDS = {
  x: { name: "inputs", colour: COLOURS.blue, pattern: "plain" },
  k: { name: "weights", colour: COLOURS.orange, pattern: "stripes" },
  y: { name: "outputs", colour: COLOURS.green, pattern: "dots" },
};

/** Patterns `url(#<prefix>-<key>)` for the entries `{key: {colour, pattern}}`. */
function patterns(prefix, entries) {
  return el("defs", {}, Object.entries(entries).map(([key, { colour, pattern }]) => {
    const ink = "rgba(255, 255, 255, 0.75)";
    const marks = {
      plain: [],
      stripes: [el("path", { d: "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", stroke: ink, "stroke-width": 1.4 })],
      dots: [el("circle", { cx: 3, cy: 3, r: 1.2, fill: ink })],
      cross: [el("path", { d: "M0,3 h6 M3,0 v6", stroke: ink, "stroke-width": 1 })],
    }[pattern];
    return el("pattern", { id: `${prefix}-${key}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      el("rect", { width: 6, height: 6, fill: colour }), marks);
  }));
}

/** Cividis at 0 to 1: even in lightness, the same to colour-blind eyes. */
function cividis(t) {
  const stops = [[0, 32, 76], [0, 42, 102], [65, 77, 107], [100, 107, 112], [124, 123, 120], [154, 145, 113], [187, 169, 96], [220, 196, 70], [255, 234, 70]];
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const mix = stops[low].map((c, i) => Math.round(c + (stops[low + 1][i] - c) * (at - low)));
  return `rgb(${mix.join(", ")})`;
}

/** 12345678 as "12.3 M". */
function si(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const [unit, name] = size >= 1e9 ? [1e9, " G"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
  return `${Number((value / unit).toPrecision(digits))}${name}`;
}

let serial = 0;
/** A new name for an element that others refer to. */
function unique(prefix) {
  serial += 1;
  return `dsoc-${prefix}-${serial}-${Math.random().toString(36).slice(2, 7)}`;
}
