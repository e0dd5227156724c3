// The form of SweepExplorer: swept and fixed parameters, objectives, limits.

const SLOTS = 3;
const SIGNS = [">=", "<=", ">", "<", "=="];
const isSwept = (value) => typeof value === "object" && value !== null;

/** A number input's value; null where it is empty. */
const numberOf = (input) => (input.value === "" ? null : Number(input.value));

/** A select with options [value, text]. */
function select(label, options, onchange, attributes = {}) {
  return el("select", { "aria-label": label, onchange, ...attributes }, options.map(([value, text]) => el("option", { value }, text)));
}

/** One parameter to sweep: by a range or a list. */
function slot(model, index, changed) {
  const fields = model.get("fields");
  const which = `Parameter ${index + 1}`;
  const name = select(which, [["", "none"], ...fields.map((field) => [field.name, field.name])], () => { suggest(); update(); changed(); });
  const kind = select(`${which}: values by`, [["range", "range"], ["list", "list"]], () => { update(); changed(); });
  const input = (label) => el("input", { type: "number", step: "any", "aria-label": `${which}: ${label}`, title: label, placeholder: label, oninput: changed });
  const [low, high, step] = ["min", "max", "step"].map(input);
  const list = el("input", { type: "text", "aria-label": `${which}: list`, placeholder: "4, 8, 16", oninput: changed });
  const fault = el("span", { class: "fault" });
  const range = el("span", { class: "sw-range" }, low, " to ", high, " by ", step);
  const root = el("div", { class: "sw-slot" }, name, kind, range, list, fault);
  const suggest = () => {
    const field = fields.find((each) => each.name === name.value);
    if (!field) return;
    const start = field.default ?? Math.max(field.min, 1);
    kind.value = field.choices ? "list" : "range";
    list.value = (field.choices ?? [start, Math.min(start * 2, field.max)]).join(", ");
    [low.value, high.value, step.value] = [start, Math.min(start * 4, field.max), start];
  };
  const update = () => {
    kind.hidden = !name.value;
    range.hidden = !name.value || kind.value !== "range";
    list.hidden = !name.value || kind.value !== "list";
  };
  const read = () => {
    if (!name.value) return null;
    if (kind.value === "list") return [name.value, list.value.split(/[,\s]+/).filter(Boolean).map(Number)];
    return [name.value, { min: numberOf(low), max: numberOf(high), step: numberOf(step) }];
  };
  const show = (entry) => {
    name.value = entry ? entry[0] : "";
    if (entry && Array.isArray(entry[1])) [kind.value, list.value] = ["list", entry[1].join(", ")];
    else if (entry) [kind.value, low.value, high.value, step.value] = ["range", entry[1].min, entry[1].max, entry[1].step];
    update();
  };
  const tell = (faults) => {
    const found = Object.entries(faults).find(([path]) => name.value && (path === name.value || path.startsWith(`${name.value}.`) || path.startsWith(`${name.value}[`)));
    fault.textContent = found ? found[1] : "";
  };
  return { root, read, show, tell };
}

/** What is swept, and what is fixed. */
function spaceForm(model) {
  const typed = edits(model);
  let told = "";
  const swept = () => Object.entries(model.get("space")).filter(([, value]) => isSwept(value));
  const changed = () => {
    const entries = slots.map((each) => each.read()).filter(Boolean);
    told = JSON.stringify(entries);
    typed.send("space", { swept: entries });
  };
  const slots = Array.from({ length: SLOTS }, (_, i) => slot(model, i, changed));
  const fixed = el("div", { class: "sw-fixed" });
  const count = el("span", { class: "hint", role: "status" });
  const add = el("select", { "aria-label": "Fix another parameter", onchange: () => {
    const field = model.get("fields").find(({ name }) => name === add.value);
    send(model, "fixed", { name: field.name, value: field.default ?? field.min });
  } });
  const root = el("fieldset", {}, el("legend", {}, "Sweep"), slots.map((each) => each.root), fixed, el("div", { class: "row" }, add, count));
  const fixedLine = (name) => {
    const input = el("input", { type: "number", step: "any", "aria-label": `${name}, fixed`, onchange: () => send(model, "fixed", { name, value: numberOf(input) }) });
    const drop = el("button", { type: "button", "aria-label": `Leave ${name} open`, onclick: () => { add.focus(); send(model, "fixed", { name, value: null }); } }, "×");
    return { name, input, root: el("label", { class: "sw-fix" }, `${name} `, input, name === "rows" || name === "cols" ? null : drop) };
  };
  let [lines, offered] = [[], null];
  const refreshFixed = (space) => {
    const names = Object.keys(space).filter((name) => !isSwept(space[name]));
    if (names.join() !== lines.map(({ name }) => name).join()) {
      lines = names.map((name) => lines.find((line) => line.name === name) ?? fixedLine(name));
      const active = document.activeElement;
      fixed.replaceChildren(...lines.map((line) => line.root));
      if (fixed.contains(active)) active.focus();
    }
    const open = model.get("fields").filter(({ name }) => !(name in space)).map(({ name }) => name);
    if (open.join() !== offered) {
      offered = open.join();
      add.replaceChildren(el("option", { value: "" }, "fix another …"), ...open.map((name) => el("option", { value: name }, name)));
    }
    for (const { name, input } of lines) if (input !== document.activeElement) input.value = space[name];
  };
  const refresh = () => {
    const now = swept();
    const refused = told && Object.keys(model.get("faults")).length; // the text stays, with the fault beside it
    if (!typed.open() && !refused && JSON.stringify(now) !== told) {
      told = JSON.stringify(now);
      slots.forEach((each, i) => each.show(now[i]));
    }
    slots.forEach((each) => each.tell(model.get("faults")));
    refreshFixed(model.get("space"));
    count.textContent = `${model.get("size").toLocaleString("en")} points`;
  };
  typed.leave(root, refresh);
  return { root, refresh };
}

/** Up to three objectives. */
function objectiveForm(model) {
  const typed = edits(model);
  const lines = Array.from({ length: 3 }, (_, i) => {
    const goal = select(`Objective ${i + 1}: direction`, [["max", "most"], ["min", "least"]], () => changed());
    const name = el("select", { "aria-label": `Objective ${i + 1}`, onchange: () => changed() });
    return { goal, name, root: el("div", { class: "sw-objective" }, goal, name) };
  });
  const changed = () => {
    const objectives = lines.filter(({ name }) => name.value).map(({ name, goal }) => [name.value, goal.value]);
    if (objectives.length) typed.send("objectives", { objectives });
  };
  const refresh = () => {
    if (typed.open()) return;
    const now = Object.entries(model.get("objectives"));
    const columns = model.get("columns").filter((column) => column !== "buildable");
    lines.forEach(({ name, goal }, i) => {
      const options = ["", ...new Set([...columns, ...(now[i] ? [now[i][0]] : [])])];
      if (options.join() !== [...name.options].map((option) => option.value).join()) { // a list that is open stays open
        name.replaceChildren(...options.map((column) => el("option", { value: column }, column ? heading(column) : "none")));
      }
      name.value = now[i] ? now[i][0] : "";
      if (now[i]) goal.value = now[i][1];
    });
  };
  const root = el("fieldset", {}, el("legend", {}, "Objectives"), lines.map((line) => line.root));
  typed.leave(root, refresh);
  return { root, refresh };
}

/** Limits: the budget, and any column against a number. */
function limitForm(model) {
  const target = targetChoice(model);
  const typed = edits(model);
  const list = el("div");
  let [lines, sent] = [[], "[]"];
  const changed = () => {
    const limits = lines.filter(({ bound }) => bound.value !== "").map(({ name, sign, bound }) => `${name.value} ${sign.value} ${bound.value}`);
    if (JSON.stringify(limits) === sent) return;
    sent = JSON.stringify(limits);
    typed.send("limits", { limits });
  };
  const line = (column = "end_to_end_fps", mark = ">=", value = "") => {
    const columns = model.get("columns");
    const name = select("Limited column", (columns.includes(column) ? columns : [...columns, column]).map((each) => [each, heading(each)]), changed);
    const sign = select("Sign", SIGNS.map((each) => [each, each]), changed);
    const bound = el("input", { type: "number", step: "any", value, "aria-label": "Bound", oninput: changed });
    [name.value, sign.value] = [column, mark];
    const drop = el("button", { type: "button", "aria-label": "Remove the limit", onclick: () => { lines = lines.filter((each) => each !== entry); place(); changed(); } }, "×");
    const entry = { name, sign, bound, root: el("div", { class: "sw-limit" }, name, sign, bound, drop) };
    return entry;
  };
  const place = () => list.replaceChildren(...lines.map(({ root }) => root));
  const add = el("button", { type: "button", onclick: () => { lines.push(line()); place(); lines.at(-1).bound.focus(); } }, "+ Limit");
  const refresh = () => {
    target.refresh();
    const now = JSON.stringify(model.get("limits"));
    if (typed.open() || now === sent) return;
    sent = now;
    lines = model.get("limits").map((limit) => line(...limit.match(/^\s*(\w+)\s*(<=|>=|==|<|>)\s*(\S+)/).slice(1)));
    place();
  };
  const root = el("fieldset", {}, el("legend", {}, "Limits"), target.root, list, add);
  typed.leave(root, refresh);
  return { root, refresh };
}
