// SweepExplorer: the form, the plot, what is behind the selected point, points that were kept, and the code.

const TOTALS = ["end_to_end_fps", "basis", "efficiency", "lut", "ff", "dsp", "bram36", "area_mm2", "power_w", "pes", "end_to_end_clocks", "dram_bytes", "dram_gb_per_s"];

/** A table from columns and rows; `first` makes a cell in front of each row. */
function grid(columns, rows, first = null) {
  return el("table", {}, el("thead", {}, el("tr", {}, first ? el("th", {}) : null, columns.map((name) => el("th", { scope: "col" }, heading(name))))),
    el("tbody", {}, rows.map((row, i) => el("tr", {}, first ? el("td", {}, first(i)) : null, row.map((value) => el("td", {}, figure(value)))))));
}

/** The selected point: figures, resources, hw.json, layers; it can be kept and used. */
function selectedPart(model) {
  const title = el("h4", {});
  const totals = el("table", { "aria-label": "Figures of the point" });
  const name = el("input", { type: "text", placeholder: "name", "aria-label": "Name to keep it by" });
  const keep = el("button", { type: "button", onclick: () => { send(model, "keep", { name: name.value }); name.value = ""; } }, "Keep");
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") keep.click(); });
  const use = el("button", { type: "button", class: "primary", onclick: () => send(model, "use") }, "Use this hardware");
  const text = el("pre", { class: "sw-text", tabindex: 0, "aria-label": "hw.json" });
  const json = el("details", {}, el("summary", {}, "hw.json"), text);
  const fault = el("p", { class: "fault" });
  const none = el("p", { class: "hint" }, "No point is selected.");
  const some = el("div", {}, title, totals, fault, el("div", { class: "row" }, name, keep, use), json);
  const layers = el("details", { class: "sw-wide" }, el("summary"), el("div", { class: "sw-scroll" }));
  const network = el("select", { "aria-label": "Network of the layers", onchange: () => { model.set("network", network.value); model.save_changes(); } });
  const refresh = () => {
    const [row, detail] = [model.get("selected"), model.get("detail")];
    const known = row.rows !== undefined;
    [some.hidden, none.hidden, layers.hidden] = [!known, known, !known];
    if (!known) return;
    title.textContent = `${row.rows} × ${row.cols}`;
    const swept = Object.entries(model.get("space")).filter(([key, value]) => isSwept(value) && key !== "rows" && key !== "cols").map(([key]) => key);
    totals.replaceChildren(el("tbody", {}, [...swept, ...TOTALS].filter((key) => row[key] !== undefined).map((key) => el("tr", {},
      el("th", { scope: "row" }, heading(key)), el("td", {}, key === "efficiency" ? `${(row[key] * 100).toFixed(1)} %` : figure(row[key])), el("td", { class: "sw-share" }, shareBar(row[key], limitOf(model, key)))))));
    text.textContent = detail.hw ?? "";
    json.hidden = use.disabled = !detail.hw;
    fault.textContent = detail.fault ?? "";
    layers.firstChild.replaceChildren(`Layers of ${detail.network}`);
    layers.lastChild.replaceChildren(model.get("names").length > 1 ? network : "", grid(detail.columns ?? [], detail.layers ?? []));
    network.replaceChildren(...model.get("names").map((each) => el("option", {}, each)));
    network.value = detail.network;
  };
  return { root: el("div", { class: "sw-selected", role: "region", "aria-label": "Selected point" }, none, some), layers, refresh };
}

const limitOf = (model, key) => model.get("budget")[key];

/** How much of a budget is used. */
function shareBar(value, most) {
  if (!most) return null;
  return el("span", { class: "sw-bar", title: `${Math.round((value / most) * 100)} % of ${figure(most)}` }, el("span", { style: `width: ${Math.min((value / most) * 100, 100)}%` }), el("em", {}, `${Math.round((value / most) * 100)} %`));
}

/** Points that were kept: renamed, removed, used, two of them side by side. */
function keptPart(model) {
  const list = el("div", { class: "sw-kept-list", role: "list" });
  const [left, right] = ["First", "Second"].map((label) => el("select", { "aria-label": `${label} point to compare`, onchange: () => compare() }));
  const table = el("div", { class: "sw-scroll" });
  const both = el("div", {}, el("div", { class: "row" }, "Compare ", left, " with ", right), table);
  const root = el("fieldset", {}, el("legend", {}, "Kept points"), el("div", { class: "sw-pair" }, list, both));
  const compare = () => {
    const kept = model.get("kept");
    const [a, b] = [kept[left.value] ?? {}, kept[right.value] ?? {}];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const change = (key) => {
      if (a[key] === b[key]) return "same";
      return typeof a[key] === "number" && typeof b[key] === "number" && a[key] ? `${b[key] > a[key] ? "+" : "−"}${Math.abs((b[key] / a[key] - 1) * 100).toFixed(1)} %` : "≠";
    };
    table.replaceChildren(el("table", { "aria-label": "Comparison" }, el("thead", {}, el("tr", {}, ["", left.value, right.value, "difference"].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, keys.map((key) => el("tr", { class: a[key] === b[key] ? "sw-same" : "sw-differs" }, el("th", { scope: "row" }, heading(key)), [figure(a[key]), figure(b[key]), change(key)].map((text) => el("td", {}, text)))))));
  };
  let shown = null;
  const refresh = () => {
    const kept = model.get("kept");
    if (kept === shown) return;
    shown = kept;
    const names = Object.keys(kept);
    root.hidden = !names.length;
    both.hidden = names.length < 2;
    list.replaceChildren(...names.map((name) => el("div", { class: "row", role: "listitem" },
      el("input", { type: "text", value: name, "aria-label": `Name of ${name}`, onchange: (event) => {
        send(model, "rename", { old: name, new: event.target.value });
        setTimeout(() => { if (model.get("kept")[name]) event.target.value = name; }, 400);
      } }),
      el("span", { class: "sw-brief" }, `${kept[name].rows} × ${kept[name].cols}, ${figure(kept[name].end_to_end_fps)} fps end to end${kept[name].basis ? `, ${kept[name].basis}` : ""}`),
      el("button", { type: "button", "aria-label": `Use ${name}`, onclick: () => send(model, "use", { name }) }, "Use"),
      el("button", { type: "button", "aria-label": `Remove ${name}`, onclick: () => send(model, "remove", { name }) }, "Remove"))));
    for (const [i, choice] of [left, right].entries()) {
      const before = choice.value;
      choice.replaceChildren(...names.map((name) => el("option", {}, name)));
      choice.value = names.includes(before) ? before : names[Math.min(i, names.length - 1)];
    }
    if (left.value === right.value && names.length > 1) right.value = names.find((name) => name !== left.value);
    if (names.length > 1) compare();
  };
  return { root, refresh };
}

/** The front as a table. */
function frontPart(model) {
  const holder = el("div", { class: "sw-scroll" });
  const root = el("details", { class: "sw-wide", ontoggle: () => refresh() }, el("summary"), holder);
  let shown = null;
  const refresh = () => {
    const front = model.get("front_rows");
    const count = (front.numbers ?? []).length;
    root.hidden = !count;
    root.firstChild.textContent = `Front as a table, ${count.toLocaleString("en")} points`;
    if (!root.open || front === shown) return;
    shown = front;
    holder.replaceChildren(grid(front.columns, front.rows, (i) => el("button", { type: "button", "aria-label": `Select point ${i + 1} of the front`, onclick: () => send(model, "select", { row: front.numbers[i] }) }, "Select")));
  };
  return { root, refresh };
}

/** The code of the sweep, for the notebook. */
function codePart(model) {
  const text = el("pre", { class: "sw-text", tabindex: 0, "aria-label": "Python" });
  const told = el("span", { class: "hint", role: "status" });
  const insert = el("button", { type: "button", onclick: () => {
    if (insertCell(model.get("code"), text)) return;
    root.open = true;
    getSelection().selectAllChildren(text);
    told.textContent = "No notebook to insert into: copy the text with Ctrl+C";
  } }, "Insert cell");
  const root = el("details", { class: "sw-wide" }, el("summary", {}, "Python"), text);
  return { root, insert, told, refresh: () => { text.textContent = model.get("code"); } };
}

function render({ model, el: host }) {
  const body = control(host, model, "Sweep");
  const plot = new Plot(model);
  const [selected, kept, front, code, task] = [selectedPart(model), keptPart(model), frontPart(model), codePart(model), taskBar(model, "Sweep")];
  const forms = [spaceForm(model), objectiveForm(model), limitForm(model)];
  const run = el("button", { type: "button", class: "primary", onclick: () => send(model, "run") }, "Run the sweep");
  body.append(el("div", { class: "sw" }, el("div", { class: "sw-forms" }, forms.map(({ root }) => root)),
    el("div", { class: "row" }, run, code.insert, code.told, task.root), code.root,
    el("div", { class: "sw-main" }, plot.root, selected.root), selected.layers, front.root, kept.root));
  const refreshRun = () => { run.disabled = task.refresh() || Object.keys(model.get("faults")).length > 0; };
  const stops = [
    follow(model, ["taken", "space", "faults", "size", "objectives", "columns", "limits", "board", "node", "area_mm2"], () => forms.forEach((each) => each.refresh())),
    follow(model, ["task", "faults"], refreshRun),
    follow(model, ["drawn", "front_rows", "columns", "x", "y", "kept"], () => plot.refresh()),
    follow(model, ["at", "selected"], () => plot.compose()),
    follow(model, ["selected", "detail", "names", "budget"], () => selected.refresh()),
    follow(model, ["kept"], () => kept.refresh()),
    follow(model, ["front_rows"], () => front.refresh()),
    follow(model, ["code"], () => code.refresh()),
  ];
  return () => {
    for (const stop of stops) stop();
    plot.stop();
  };
}

export default { render };
