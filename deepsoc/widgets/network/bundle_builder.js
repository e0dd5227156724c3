// BundleBuilder: buttons, the list, the form of the bundle that is selected, a table, the code, and files.

/** Buttons above the list; `refresh` dims those that would do nothing. */
function toolbar(host, model, edit) {
  const button = (text, label, does, enabled = () => true) => {
    const node = el("button", { type: "button", "aria-label": label, title: label, onclick: () => edit(does) }, text);
    return { node, refresh: () => { node.disabled = !enabled(); } };
  };
  const at = () => model.get("selected");
  const count = () => model.get("value").bundles.length;
  const after = () => (at() < 0 ? count() - 1 : at());
  const selected = (name) => () => (at() < 0 ? null : [name, { index: at() }]);
  const buttons = [
    button("+ Convolution", "Add a convolution", () => ["add", { kind: "conv2d", after: after() }]),
    button("+ Dense", "Add a dense layer", () => ["add", { kind: "dense", after: after() }]),
    button("Duplicate", "Duplicate the bundle", selected("duplicate"), () => at() >= 0),
    button("Remove", "Remove the bundle", selected("remove"), () => at() >= 0),
    button("↑", "Move the bundle up", () => shifted(model, -1), () => at() > 0),
    button("↓", "Move the bundle down", () => shifted(model, 1), () => at() >= 0 && at() < count() - 1),
  ];
  const back = history(host, model, edit);
  const names = model.get("templates");
  const start = el("select", { "aria-label": "Start from a template", onchange: () => {
    const name = names[start.selectedIndex - 1];
    edit(() => ["template", { name }]);
    start.selectedIndex = 0;
  } }, el("option", {}, "Start from …"), names.map((name) => el("option", {}, name)));
  const root = el("div", { class: "row", role: "toolbar", "aria-label": "Bundles" },
    buttons.map(({ node }, i) => [i === 2 ? el("span", { class: "bb-gap" }) : null, node]).flat(), el("span", { class: "bb-gap" }), back.nodes, el("span", { class: "bb-gap" }), start);
  return { root, refresh: () => [...buttons, back].forEach((each) => each.refresh()) };
}

/** All figures as a table, and all faults with their paths. */
function table(model) {
  const heads = ["Bundle", "Core", "Reads", "Input", "Output", "MACs", "Weights", "Weight bits", "Sum bits", "Result bits"];
  const body = el("tbody");
  const faults = el("ul", { class: "bb-faults" });
  const root = el("details", { ontoggle: () => refresh() }, el("summary", {}, "Table"),
    el("div", { class: "bb-scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), body)), faults);
  const refresh = () => {
    if (!root.open) return;
    const [value, rows] = [model.get("value"), model.get("rows")];
    const number = (n) => (n == null ? "–" : n.toLocaleString("en"));
    body.replaceChildren(...rows.map((row, i) => {
      const bundle = value.bundles[i] ?? {};
      const reads = [[bundle.input].flat().join(" ⧺ "), bundle.add && `+ ${bundle.add.with}`].filter(Boolean).join(" ");
      const cells = [described(bundle), reads, times(row.input_shape), times(row.output_shape),
        ...["macs", "weights", "weight_bits", "sum_bits", "out_bits"].map((key) => number(row[key]))];
      return el("tr", {}, el("th", { scope: "row" }, row.name), cells.map((cell) => el("td", {}, cell)));
    }));
    faults.replaceChildren(...model.get("faults").map(({ path, message }) => el("li", { class: "fault" }, el("code", {}, path), ` ${message}`)));
  };
  return { root, refresh };
}

/** The Keras code, to copy or to put into the notebook. */
function keras(model) {
  const text = el("code");
  const told = el("span", { class: "hint", role: "status" });
  const copy = async () => {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(model.get("code"));
      told.textContent = "Copied";
    } catch {
      told.textContent = "Marked: copy it with Ctrl+C";
    }
  };
  const insert = () => (insertCell(model.get("code"), text) ? null : copy());
  const buttons = [el("button", { type: "button", onclick: copy }, "Copy"),
    el("button", { type: "button", onclick: insert, hidden: !globalThis.deepsocLab }, "Insert and run as a cell")];
  const root = el("details", {}, el("summary", {}, "Keras code"), el("div", { class: "row" }, buttons, told), el("pre", { class: "bb-code", tabindex: 0 }, text));
  const refresh = () => {
    const code = model.get("code");
    if (text.textContent !== code) told.textContent = "";
    text.textContent = code || "# no code before the faults and notes in the list are mended";
    for (const button of buttons) button.disabled = !code;
  };
  return { root, refresh };
}

/** Load and Save on the kernel's disk, Upload and Download in the browser. */
function files(model) {
  const path = el("input", { type: "text", "aria-label": "File", spellcheck: "false", onchange: () => {
    model.set("path", path.value);
    model.save_changes();
  } });
  const upload = el("input", { type: "file", accept: ".json,application/json", class: "sr-only", tabindex: -1, "aria-label": "Upload a net.json", onchange: async () => {
    const file = upload.files[0];
    if (file) send(model, "open", { name: file.name, text: await file.text() });
    upload.value = "";
  } });
  const download = () => {
    const text = JSON.stringify(model.get("value"), null, 1) + "\n";
    const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: `${model.get("value").name || "net"}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const button = (text, title, action) => el("button", { type: "button", title, onclick: action }, text);
  const root = el("div", { class: "row" }, el("span", { class: "bb-label" }, "File"), path,
    button("Load", "Read this file", () => send(model, "load", { path: path.value })),
    button("Save", "Write this file", () => send(model, "save", { path: path.value })),
    el("span", { class: "bb-gap" }),
    button("Upload", "Open a file of this computer", () => upload.click()), upload,
    button("Download", "Keep a file on this computer", download));
  return { root, refresh: () => { path.value = model.get("path"); } };
}

function totals(model) {
  const rows = model.get("rows");
  if (!rows.length) return "No bundle yet";
  const sum = (key) => rows.reduce((all, row) => all + (row[key] ?? 0), 0);
  const faults = model.get("faults").length;
  const size = si(Math.ceil(sum("weight_bits") / 8));
  const bytes = size.includes(" ") ? `${size}B` : `${size} B`;
  const known = rows.every((row) => row.macs != null);
  return [counted(rows.length, "bundle"), `${known ? "" : "at least "}${si(sum("macs"))} MACs`, `${si(sum("weights"))} weights in ${bytes}`,
    faults ? `⚠ ${counted(faults, "fault")}` : ""].filter(Boolean).join(" · ");
}

function render({ model, el: host }) {
  const body = control(host, model, "Bundle builder");
  const edit = inTurn(model);
  const [bar, data, code, disk, list] = [toolbar(host, model, edit), table(model), keras(model), files(model), new List(model, edit)];
  const head = el("div");
  const side = el("div", { class: "bb-side" });
  const sum = el("div", { class: "bb-totals" });
  const status = el("div", { class: "hint", role: "status" });
  const places = [[head, {}], [side, {}]];
  body.append(el("div", { class: "bb" }, bar.root, head, el("div", { class: "bb-main" }, list.root, side),
    el("div", { class: "row" }, sum, status), disk.root, data.root, code.root));

  /** Builds a form anew where other fields are due, and else only brings its fields up to date. */
  const draw = (place, key, make) => {
    const [node, shown] = place;
    if (shown.key !== key) {
      const active = node.contains(host.getRootNode().activeElement) ? host.getRootNode().activeElement.getAttribute("aria-label") : null;
      const open = [...node.querySelectorAll("details")].map((part) => part.open);
      Object.assign(shown, { key }, make());
      node.replaceChildren(shown.root);
      [...node.querySelectorAll("details")].forEach((part, i) => { part.open ||= Boolean(open[i]); });
      if (active) [...node.querySelectorAll("[aria-label]")].find((part) => part.getAttribute("aria-label") === active)?.focus();
    }
    shown.form?.refresh();
  };
  const forms = () => {
    const [value, index] = [model.get("value"), model.get("selected")];
    draw(places[0], `${value.input?.shape?.length}`, () => networkForm(model));
    const bundle = value.bundles[index];
    const key = bundle && [index, value.bundles.length, [bundle.input].flat().length, bundle.core?.type,
      ...[bundle.core, bundle.pool].map((part) => Array.isArray(part?.padding)), ...[bundle.act, bundle.add, bundle.add?.act, bundle.pool].map(Boolean)].join();
    draw(places[1], key ?? "none", () => (bundle ? bundleForm(model, index) : { form: null, root: el("p", { class: "bb-none hint" },
      value.bundles.length ? "Choose a bundle in the list to edit it." : "Add a convolution or a dense layer, or start from a template.") }));
  };
  const stop = follow(model, ["value", "taken", "rows", "faults", "refused", "selected", "can_undo", "can_redo", "code", "status", "path"], () => {
    list.draw();
    forms();
    for (const part of [bar, data, code, disk]) part.refresh();
    sum.textContent = totals(model);
    status.textContent = model.get("status");
  });
  return () => {
    stop();
    list.watch.disconnect();
  };
}

export default { render };
