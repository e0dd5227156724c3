// Shared by the panels of runs: options and the button, the run that is shown with its state, its result, its log.

const STATUS = {
  queued: ["◷", "queued"], running: ["▶", "running"], done: ["✓", "done"], failed: ["✗", "failed"],
  cancelled: ["■", "cancelled"], lost: ["?", "lost"],
};

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function bytes(count) {
  if (count === null || count === undefined) return "–";
  const [unit, name] = count >= 1e9 ? [1e9, "GB"] : count >= 1e6 ? [1e6, "MB"] : count >= 1e4 ? [1e3, "kB"] : [1, "bytes"];
  return `${Number((count / unit).toPrecision(3))} ${name}`;
}

/**
 * A field of a trait: its node, and as `option` what it shows, for the button beside it: `read()`, and `fault()`, which is
 * empty where the value can be.
 */
function optionField(model, trait, { input, read, show, fault = () => "", parts, hint = "" }) {
  const told = el("span", { class: "fault", id: unique("fault") });
  input.setAttribute("aria-describedby", told.id);
  const look = () => {
    told.textContent = fault();
    if (told.textContent) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return told.textContent;
  };
  input.addEventListener("change", () => {
    if (look()) return; // it stays, with the fault beside it
    model.set(trait, read());
    model.save_changes();
  });
  const follow = () => { show(model.get(trait)); look(); };
  model.on(`change:${trait}`, follow);
  follow();
  const node = el("span", { class: "jp-field", title: hint || null }, parts, told);
  return Object.assign(node, { option: { trait, read, fault: look, input } });
}

/** A number field of a trait; a value outside its range is not sent. */
function numberField(model, trait, label, { min, max, step = 1, hint = "" }) {
  const id = unique(trait);
  const input = el("input", { id, type: "number", min, max, step });
  const fault = () => {
    const value = Number(input.value);
    return input.value !== "" && value >= min && value <= max && (step !== 1 || Number.isInteger(value)) ? "" : `expected ${min} … ${max}`;
  };
  return optionField(model, trait, { input, fault, hint, read: () => Number(input.value), show: (value) => { input.value = value; }, parts: [el("label", { for: id }, label), input] });
}

/** A box to tick of a trait. */
function checkField(model, trait, label, hint = "") {
  const id = unique(trait);
  const input = el("input", { id, type: "checkbox" });
  return optionField(model, trait, { input, hint, read: () => input.checked, show: (value) => { input.checked = value; }, parts: [input, el("label", { for: id }, label)] });
}

/** A text of a trait. */
function textField(model, trait, label, placeholder) {
  const id = unique(trait);
  const input = el("input", { id, type: "text", placeholder });
  return optionField(model, trait, { input, read: () => input.value.trim(), show: (value) => { input.value = value; }, parts: [el("label", { for: id }, label), input] });
}

/** A choice of a trait; `choices`: value and text of each. */
function selectField(model, trait, label, choices) {
  const id = unique(trait);
  const input = el("select", { id }, choices.map(([value, text]) => el("option", { value }, text)));
  return optionField(model, trait, { input, read: () => input.value, show: (value) => { input.value = value; }, parts: [el("label", { for: id }, label), input] });
}

/** Files with their sizes; those that are there can be opened. */
function fileList(files) {
  return el("ul", { class: "jp-list" }, files.map((file) => el("li", {}, file.bytes === null ? el("code", {}, file.path) : fileLink(file.path),
    el("span", { class: "hint" }, ` ${file.bytes === null ? "is gone" : bytes(file.bytes)}${file.replaced ? ", of a later run" : ""}`))));
}

/** Replaces what a node holds when `key` is another; keeps focus and selections otherwise. */
function redraw(node, key, make) {
  const now = JSON.stringify(key);
  if (node.dataset.key === now) return;
  node.dataset.key = now;
  node.replaceChildren(...[make()].flat().filter(Boolean));
}

/** State, progress and cancel of the run that is shown, and the choice of another. */
function runCard(model) {
  const id = unique("run");
  const choice = el("select", { id, onchange: () => { model.set("current", choice.value); model.save_changes(); } });
  const badge = el("strong", { class: "jp-status" });
  const bar = el("progress", { max: 1, "aria-label": "Progress of the run" });
  const stage = el("div", { class: "jp-stage" });
  const live = el("span", { class: "sr-only", role: "status" });
  const reason = el("div", { class: "jp-reason" });
  let [armed, asked] = [0, 0];
  const disarm = () => { clearTimeout(armed); armed = 0; cancel.textContent = asked ? "Cancelling …" : "Cancel"; cancel.classList.remove("armed"); };
  const ask = (run) => { // again and again: a message right after a page was loaded can get lost
    send(model, "cancel", { id: run });
    asked = setTimeout(() => ask(run), 2000);
  };
  const settle = () => { clearTimeout(asked); asked = 0; disarm(); };
  const cancel = el("button", { onclick: () => {
    if (asked) return;
    if (armed) { ask(model.get("current")); disarm(); return; }
    armed = setTimeout(disarm, 4000);
    cancel.textContent = "Click again to cancel";
    cancel.classList.add("armed");
  } });
  disarm();
  const head = el("div", { class: "row" }, el("label", { for: id }, "Run"), choice, badge, bar, cancel);
  const ran = el("div", { class: "hint jp-ran" });
  const card = el("section", { class: "jp-run", "aria-label": "Run" }, head, stage, ran, reason, live);
  const draw = () => {
    const runs = model.get("runs");
    const run = runs.find((each) => each.id === model.get("current"));
    card.hidden = !run;
    if (!run) return;
    redraw(choice, runs.map(({ id: key, status }) => [key, status]), () => runs.map((each) => {
      const time = new Date(each.created * 1000).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
      return el("option", { value: each.id }, `${time} · ${each.status}`);
    }));
    choice.value = run.id;
    card.dataset.status = run.status;
    const [icon, word] = STATUS[run.status] ?? ["", run.status];
    if (badge.dataset.status !== run.status) {
      badge.dataset.status = run.status;
      badge.replaceChildren(el("span", { "aria-hidden": "true" }, icon), ` ${word}`);
      live.textContent = `${run.title}: ${word}`;
    }
    bar.hidden = !run.active;
    if (run.progress === null) bar.removeAttribute("value");
    else bar.value = run.progress;
    const share = run.progress === null || !run.active ? "" : `${Math.round(run.progress * 100)} %`;
    stage.textContent = [run.stage, run.message, share, run.active || run.seconds === null ? duration(run.seconds) : `took ${duration(run.seconds)}`].filter(Boolean).join(" · ");
    redraw(ran, [run.id, model.get("ran")], () => whatRan(model, run.id));
    cancel.hidden = !run.active;
    if (!run.active) settle();
    reason.textContent = run.reason && run.status !== "cancelled" ? `${run.reason}${run.status === "lost" ? `. Its log is below as far as it is known; ${run.folder}` : ""}` : "";
  };
  return { node: card, draw, stop: settle };
}

/** With what a run was started, and of which design. */
function whatRan(model, id) {
  const { options, design, files, changed, usable } = model.get("ran");
  const lines = [options ? `With ${options}.` : null];
  if (design) {
    lines.push(" Of ", design, ": ", fileLink(files[0]), ", ", fileLink(files[1]), ".");
    if (changed) lines.push(el("strong", { class: "jp-changed" }, " The design has changed since. "));
    if (usable) lines.push(el("button", { onclick: () => send(model, "restore", { id }) }, "Take this one back"));
  }
  return lines;
}

/** The end of the log, following it while it is scrolled to its end. */
function logPane(model) {
  const pre = el("pre", { class: "jp-log", role: "log", "aria-label": "Log", tabindex: 0 });
  const size = el("span", { class: "hint" });
  const files = el("div", { class: "hint jp-files" });
  const details = el("details", { class: "jp-logs" }, el("summary", {}, "Log ", size), files, pre);
  const draw = () => {
    const text = model.get("log");
    details.hidden = !model.get("current");
    const run = model.get("runs").find((each) => each.id === model.get("current"));
    const total = model.get("log_bytes");
    size.textContent = `· ${!text ? "empty" : total > 2 * text.length + 200 ? `the end of ${bytes(total)}` : bytes(total)}`;
    const path = model.get("log_path");
    const own = run ? `${run.folder}/log.txt` : "";
    redraw(files, [path, own], () => [...(path ? ["All of it: ", fileLink(path)] : []), ...(path && own && path !== own ? ["; of the run: ", fileLink(own)] : [])]);
    if (pre.textContent === text) return;
    const end = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    pre.textContent = text;
    if (end) pre.scrollTop = pre.scrollHeight;
    if (run && ["failed", "lost"].includes(run.status) && text) details.open = true;
  };
  details.addEventListener("toggle", () => { pre.scrollTop = pre.scrollHeight; });
  return { node: details, draw };
}

/**
 * A panel of runs.
 *   label, verb     name of the control, text of the button
 *   options         nodes between the button and the run; those of optionField are sent with its click
 *   parts           list of { node, draw, traits }: what is shown of the run
 */
function jobPanel(host, model, { label, verb, options, parts }) {
  const body = control(host, model, label);
  body.classList.add("jp");
  const view = unique("view");
  const said = el("span", { class: "hint", role: "status" });
  const code = el("pre", { class: "jp-code", tabindex: 0, "aria-label": "Code" });
  const shown = el("details", { class: "jp-shown", hidden: true, open: true }, el("summary", {}, "What was started, as code for a cell"), code);
  const fields = options.map((node) => node.option).filter(Boolean);
  const begin = () => {
    const wrong = fields.find(({ fault }) => fault());
    said.textContent = wrong ? "Not started: an option cannot be." : "";
    if (wrong) wrong.input.focus();
    else send(model, "start", { view, options: Object.fromEntries(fields.map(({ trait, read }) => [trait, read()])) });
  };
  const start = el("button", { class: "primary", onclick: begin }, verb);
  const message = (content) => {
    if (content.do !== "insert" || content.view !== view) return;
    if (insertCell(content.code, host)) {
      shown.hidden = true;
      said.textContent = "A cell below does it.";
      return;
    }
    code.textContent = content.code;
    shown.hidden = false;
    send(model, "run");
  };
  model.on("msg:custom", message);
  const run = runCard(model);
  const log = logPane(model);
  body.append(
    el("div", { class: "row jp-options" }, start, options, said), shown,
    run.node, ...parts.map((part) => part.node), log.node,
  );
  const none = el("div", { class: "hint jp-none" }, `No run of ${model.get("folder")} yet.`);
  run.node.before(none);
  const stops = [
    follow(model, ["runs", "current", "ran"], () => { none.hidden = model.get("runs").length > 0; run.draw(); }),
    follow(model, ["log", "log_bytes", "log_path", "current", "runs"], log.draw),
    follow(model, ["busy"], () => { start.disabled = Boolean(model.get("busy")); if (model.get("busy")) said.textContent = `${model.get("busy")} …`; else if (said.textContent.endsWith("…")) said.textContent = ""; }),
    ...parts.map((part) => follow(model, part.traits, part.draw)),
  ];
  return () => { stops.forEach((stop) => stop()); run.stop(); model.off("msg:custom", message); };
}
