// HardwarePanel: the form on the left; target, resources, figures and fit on the right.

const GOALS = { fps: "most frames a second", latency: "least latency", fps_per_watt: "most frames a joule", fps_per_mm2: "most frames a second and mm²" };
const WORDS = { rows: "Rows", cols: "Columns", frequency_mhz: "Clock, MHz", x_bits: "Activation bits", k_bits: "Weight bits" };

/** Sends the newest edit once a frame, and the next one only after the answer. */
class Edits {
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.serial = model.get("answered");
    this.sent = -Infinity;
    this.open = null;
    this.frame = 0;
    this.answered = () => {
      this.serial = Math.max(this.serial, model.get("answered")); // another view may have sent one
      this.sent = -Infinity;
      this.open = null;
      this.later();
    };
    model.on("change:answered", this.answered);
  }

  stop() {
    this.model.off("change:answered", this.answered);
  }

  put(name, value) {
    this.waiting.set(name, value);
    this.later();
  }

  later() {
    this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.flush(); });
  }

  flush() {
    if (!this.waiting.size || performance.now() - this.sent < 1000) return;
    const [name, value] = this.waiting.entries().next().value;
    this.waiting.delete(name);
    this.sent = performance.now();
    this.open = name;
    const serial = ++this.serial;
    send(this.model, "set", { name, value, serial });
    setTimeout(() => { // an answer may be lost
      if (this.serial === serial) this.open = null;
      this.later();
    }, 1050);
  }

  /** Whether the kernel's value may be older than what was typed. */
  pending(name) {
    return this.open === name || this.waiting.has(name);
  }
}

/** Places of a slider for a field: its choices, every value, or, of a long range, values at even ratios. */
function scaleOf({ choices, min, max, type }) {
  if (choices) return { most: choices.length - 1, value: (at) => choices[at], place: (value) => Math.max(choices.indexOf(value), 0) };
  const low = Math.max(min, 1);
  const places = 400;
  const ratio = Math.log(max / low);
  const round = (value) => (type === "integer" ? Math.round(value) : Number(value.toPrecision(value < 100 ? 2 : 3)));
  return { most: places, value: (at) => round(low * Math.exp((ratio * at) / places)), place: (value) => Math.round((Math.log(Math.max(value, low) / low) / ratio) * places) };
}

/** A line of the form; `slider`: whether it has one. */
function fieldLine(model, edits, field, slider) {
  const { name, label, choices, min, max, type } = field;
  const fault = el("span", { class: "fault", id: unique("fault") });
  const described = { "aria-describedby": fault.id };
  const now = () => model.get("draft")[name];
  const effective = () => now() ?? model.get("resolved")[name] ?? field.default;
  const words = WORDS[name] ?? name;
  let typed;
  const put = (value) => {
    typed = value;
    edits.put(name, value);
  };
  const number = choices
    ? el("select", { ...described, "aria-label": words, onchange: () => put(number.value === "" ? null : type === "string" ? number.value : Number(number.value)) },
      el("option", { value: "" }, "auto"), choices.map((choice) => el("option", { value: choice }, choice)))
    : el("input", { ...described, type: "number", min, max, step: type === "integer" ? 1 : "any", "aria-label": words,
      oninput: () => put(number.value === "" ? null : Number(number.value)), onblur: () => refresh() });
  const scale = slider ? scaleOf(field) : null;
  const range = slider ? el("input", { ...described, type: "range", min: 0, max: scale.most, step: 1, "aria-label": `${words}, slider` }) : null;
  const move = (value) => {
    put(value);
    number.value = value;
    range.setAttribute("aria-valuetext", value);
  };
  if (slider) {
    range.addEventListener("input", () => move(scale.value(Number(range.value))));
    if (!choices) range.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by) return;
      event.preventDefault();
      const value = Math.min(Math.max(Number(number.value || effective()) + by, Math.max(min, 1)), max);
      range.value = scale.place(value);
      move(value);
    });
  }
  const refresh = () => {
    fault.textContent = model.get("faults")[name] ?? "";
    for (const input of [number, range]) {
      if (fault.textContent) input?.setAttribute("aria-invalid", "true");
      else input?.removeAttribute("aria-invalid");
    }
    const value = effective();
    if (choices) number.options[0].textContent = `auto (${value})`;
    else number.placeholder = value ?? "";
    if (edits.pending(name)) return;
    const own = document.activeElement === number && (now() ?? null) === typed; // 07 stays while it is typed
    if (!own && number.value !== String(now() ?? "")) number.value = now() ?? "";
    if (slider && document.activeElement !== range || slider && scale.value(Number(range.value)) !== value) {
      range.value = scale.place(value);
      range.setAttribute("aria-valuetext", value);
    }
  };
  const root = el("div", { class: slider ? "hp-field main" : "hp-field" },
    el("span", { class: "hp-label" }, slider ? words : el("code", {}, name)), range, number, el("span", { class: "hint" }, label), fault);
  return { root, refresh };
}

/** All parameters: the main ones with sliders, the others by groups behind "more". */
function form(host, model) {
  const edits = new Edits(model);
  const back = history(host, model, inTurn(model));
  const fields = model.get("fields");
  const lines = fields.map((field) => ({ field, ...fieldLine(model, edits, field, field.main) }));
  const of = (wanted) => lines.filter(({ field }) => wanted(field)).map(({ root }) => root);
  const groups = [...new Set(fields.filter(({ main }) => !main).map(({ group }) => group))];
  const more = el("details", { class: "hp-more" }, el("summary"), el("div", { class: "hp-groups" },
    groups.map((group) => el("fieldset", {}, el("legend", {}, group), of((field) => !field.main && field.group === group)))));
  const root = el("div", {}, el("div", { class: "row", role: "toolbar", "aria-label": "History" }, back.nodes), of((field) => field.main));
  const refresh = () => {
    for (const line of [back, ...lines]) line.refresh();
    const faults = Object.keys(model.get("faults")).filter((name) => !fields.find((field) => field.name === name)?.main).length;
    more.firstChild.textContent = `More parameters${faults ? `: ⚠ ${faults} to look at` : ""}`;
  };
  return { root, more, refresh, stop: () => edits.stop() };
}

/** What the networks make of the hardware. */
function figureTable(model) {
  const body = el("tbody");
  const heads = ["Network", "Frames/s end to end", "basis", "Efficiency", "Clocks", "DRAM", "GB/s"];
  const note = el("p", { class: "hint" });
  const table = el("table", { "aria-label": "Figures of the networks" }, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), body);
  const refresh = () => {
    const entries = Object.entries(model.get("figures"));
    table.hidden = !entries.length;
    note.textContent = entries.length ? "" : "No network: maxima that are left open count as 1.";
    note.hidden = Boolean(entries.length);
    body.replaceChildren(...entries.map(([name, row]) => el("tr", {}, el("th", { scope: "row" }, name), ...(row.clocks
      ? [si(row.end_to_end_fps), row.basis, `${(row.efficiency * 100).toFixed(1)} %`, si(row.end_to_end_clocks), `${si(row.dram_bytes)}B`, si(row.dram_gb_per_s)].map((text) => el("td", {}, text))
      : [el("td", { colspan: 6, class: "fault" }, "does not run: too few columns for a kernel")]))));
  };
  return { root: el("div", { class: "hp-figures" }, table, note), refresh };
}

/** Fit: goal, floors, progress, what binds, and the runners-up. */
function fitPart(model) {
  const goal = el("select", { "aria-label": "Goal" }, Object.entries(GOALS).map(([value, text]) => el("option", { value }, text)));
  const floor = el("input", { type: "number", min: 0, step: "any", "aria-label": "Least frames a second" });
  const power = el("input", { type: "number", min: 0, step: "any", "aria-label": "Most power in watts" });
  const amountOf = (input) => (input.value === "" ? null : Number(input.value));
  const start = el("button", { type: "button", class: "primary", onclick: () => send(model, "fit", { goal: goal.value, fps_min: amountOf(floor), power_w: amountOf(power) }) }, "Fit");
  const task = taskBar(model, "Fit");
  const limits = el("tbody");
  const [head, body] = [el("tr"), el("tbody")];
  const found = el("details", { class: "hp-found" }, el("summary", {}, "Limits and runners-up"), el("div", { class: "hp-tables" },
    el("table", { "aria-label": "Limits" }, el("thead", {}, el("tr", {}, ["Limit", "used", "budget", "share", "without it"].map((text) => el("th", { scope: "col" }, text)))), limits),
    el("div", { class: "hp-scroll" }, el("table", { "aria-label": "Runners-up" }, el("thead", {}, head), body))));
  const root = el("fieldset", {}, el("legend", {}, "Find the best"), el("div", { class: "row" }, goal,
    el("label", {}, "at least ", floor, " frames/s"), el("label", {}, "at most ", power, " W"), start), task.root, found);
  let shown = null;
  const refresh = () => {
    const busy = task.refresh();
    start.disabled = busy || !Object.keys(model.get("figures")).length || !Object.keys(model.get("budget")).length;
    start.title = start.disabled && !busy ? "Needs a network and a budget" : "";
    goal.options[3].disabled = !model.get("node");
    if (goal.options[3].disabled && goal.value === "fps_per_mm2") goal.value = "fps";
    const fit = model.get("runners_up");
    found.hidden = !fit.rows;
    if (!fit.rows || fit === shown) return;
    shown = fit;
    found.open = true;
    limits.replaceChildren(...fit.limits.map((row) => el("tr", { class: row.binds ? "hp-binds" : null }, el("th", { scope: "row" }, `${row.binds ? "● " : ""}${heading(row.limit)}${row.binds ? " binds" : ""}`),
      [figure(row.used), figure(row.budget), `${(row.share * 100).toFixed(0)} %`, row.gain ? `+${(row.gain * 100).toFixed(row.gain < 0.1 ? 1 : 0)} %` : "–"].map((text) => el("td", {}, text)))));
    head.replaceChildren(...["", ...fit.columns].map((name) => el("th", { scope: "col" }, heading(name))));
    body.replaceChildren(...fit.rows.map((row, i) => el("tr", {},
      el("td", {}, el("button", { type: "button", "aria-label": `Use point ${i + 1}`, onclick: () => send(model, "use", { index: i }) }, i ? "Use" : "Best")), row.map((value) => el("td", {}, figure(value))))));
  };
  return { root, refresh };
}

function render({ model, el: host }) {
  const body = control(host, model, "Hardware");
  const bars = budgetBars();
  const target = targetChoice(model);
  const parts = [form(host, model), target, figureTable(model), fitPart(model)];
  const [fields, , figures, fit] = parts;
  fit.root.hidden = !model.get("search");
  const hint = el("p", { class: "hint" });
  body.append(el("div", { class: "hp" }, el("div", { class: "hp-main" }, fields.root,
    el("div", {}, target.root, bars.root, hint, figures.root)), fields.more, fit.root));
  const refresh = () => {
    for (const part of parts) part.refresh();
    bars.refresh(model.get("resources"), model.get("budget"), model.get("capacity"));
    hint.textContent = model.get("board") ? "The line marks the share that still routes and closes timing." : "";
    hint.hidden = !hint.textContent;
  };
  const stop = follow(model, ["draft", "resolved", "faults", "resources", "budget", "capacity", "figures", "board", "node", "area_mm2", "task", "runners_up", "can_undo", "can_redo"], refresh);
  return () => {
    stop();
    fields.stop();
  };
}

export default { render };
