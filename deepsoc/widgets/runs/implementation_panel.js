// ImplementationPanel: the flows, the steps of the run, resources beside the estimate, artifacts, pictures.

const MARK = { done: "✓", kept: "✓", running: "▶", failed: "✗", cancelled: "■", lost: "?", waiting: "○", "not run": "○" };

function flowFields(model) {
  const [idFlow, idBoard, idUntil] = ["flow", "board", "until"].map(unique);
  const set = (trait, value) => { model.set(trait, value); model.save_changes(); };
  const remedy = el("span", { class: "fault", role: "status" });
  const board = el("select", { id: idBoard, onchange: () => set("board", board.value) });
  const until = el("select", { id: idUntil, onchange: () => set("until", until.value) });
  const flow = el("select", { id: idFlow, onchange: () => { set("until", ""); set("flow", flow.value); draw(); } },
    model.get("flows").map((each) => el("option", { value: each.name }, `${each.name}: ${each.title}${each.available ? "" : " (tool missing)"}`)));
  const draw = () => {
    const chosen = model.get("flows").find((each) => each.name === model.get("flow"));
    flow.value = model.get("flow");
    if (!chosen) return;
    redraw(until, chosen.steps, () => [el("option", { value: "" }, "the end"), ...chosen.steps.map((step) => el("option", { value: step.name }, step.name))]);
    until.value = model.get("until");
    const own = model.get("board");
    const boards = [...chosen.boards, ...(own.endsWith(".toml") ? [{ name: own, title: own }] : [])];
    redraw(board, [chosen.name, boards], () => boards.map((each) => el("option", { value: each.name }, each.title)));
    boardField.hidden = !chosen.boards.length;
    board.value = boards.some((each) => each.name === own) ? own : chosen.boards[0]?.name ?? "";
    remedy.textContent = chosen.available ? "" : `Its tool is missing; get it with: ${chosen.remedy}`;
  };
  const field = (trait, node, ...parts) => Object.assign(el("span", { class: "jp-field" }, parts), { option: { trait, input: node, read: () => node.value, fault: () => "" } });
  const boardField = field("board", board, el("label", { for: idBoard }, "for"), board);
  follow(model, ["flow", "board", "until"], draw);
  return [
    field("flow", flow, el("label", { for: idFlow }, "Flow"), flow),
    boardField,
    field("until", until, el("label", { for: idUntil }, "until"), until),
    checkField(model, "fresh", "All steps anew", "otherwise steps whose inputs have not changed are kept"),
    remedy,
  ];
}

function stepsPart(model) {
  const list = el("ol", { class: "ip-steps", "aria-label": "Steps" });
  const node = el("section", { "aria-label": "Steps" }, list);
  const draw = () => {
    const steps = model.get("steps");
    node.hidden = !steps.length;
    redraw(list, [steps, model.get("step_log")], () => steps.map((step, i) => el("li", { class: "ip-step", "data-state": step.state },
      el("span", { class: "ip-mark", "aria-hidden": "true" }, MARK[step.state] ?? ""),
      el("span", { class: "ip-name" }, `${i + 1}. ${step.name}`), el("span", { class: "hint" }, step.title),
      el("span", { class: "hint ip-state" }, [step.state, step.seconds === null ? "" : `${step.state === "kept" ? "took " : ""}${duration(step.seconds)}`].filter(Boolean).join(" · ")),
      el("button", {
        class: "ip-log", "aria-pressed": String(model.get("step_log") === step.name), "aria-label": `Log of ${step.name}`, disabled: ["waiting", "not run"].includes(step.state),
        onclick: () => {
          model.set("step_log", model.get("step_log") === step.name ? "" : step.name);
          model.save_changes();
          node.closest(".jp").querySelector(".jp-logs").open = true;
        },
      }, "log"))));
  };
  return { node, draw, traits: ["steps", "step_log"] };
}

/** The clock rate beside the one that was asked for; `names` of tools are set as code. */
function clock({ fmax_mhz: most, fmax_basis: basis, hw }) {
  const why = basis.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
  if (most === null) return el("p", {}, "Clock: ", why);
  const short = most < hw.frequency_mhz;
  const asked = el("span", { class: short ? "fault" : "hint" }, `${short ? "⚠ less than" : "enough for"} the ${hw.frequency_mhz} MHz of the design`);
  return el("p", { class: "ip-clock" }, "Clock: ", el("strong", {}, `${most} MHz`), " at most, ", asked, el("br"), el("span", { class: "hint" }, why));
}

function resourcesPart(model) {
  const node = el("section", { "aria-label": "Resources" });
  const count = (n) => (n === null || n === undefined ? "–" : Number.isInteger(n) || n >= 100 ? Math.round(n).toLocaleString("en").replaceAll(",", "\u2009") : n.toFixed(1));
  const draw = () => {
    const value = model.get("value");
    redraw(node, value, () => {
      if (!value.comparison) return [];
      const rows = value.comparison.map(({ name, found, estimate }) => {
        const by = estimate && found ? (estimate / found - 1) * 100 : null;
        const text = by === null ? (estimate === found ? "equal" : "–") : Math.abs(by) < 0.05 ? "equal" : `${by > 0 ? "+" : "−"}${Math.abs(by).toFixed(1)} %`;
        const most = Math.max(found, estimate ?? 0, 1);
        return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, count(found)), el("td", {}, count(estimate)), el("td", {}, text),
          el("td", { "aria-hidden": "true" }, el("div", { class: "ip-bar", style: `width: ${160 * found / most}px` }), estimate === null ? null : el("div", { class: "ip-bar model", style: `width: ${160 * estimate / most}px` })));
      });
      return [
        value.comparison.length ? el("h4", {}, `Resources, ${value.part_family}`) : null,
        value.comparison.length ? el("table", {}, el("caption", { class: "sr-only" }, "Resources found and estimated"), el("thead", {}, el("tr", {}, ["resource", "found", "estimate", "estimate is off by", "■ found  □ estimate"].map((head, i) => el("th", { scope: "col", class: i === 4 ? "words hint" : null, "aria-hidden": i === 4 ? "true" : null }, head)))), el("tbody", {}, rows)) : null,
        clock(value),
        el("h4", {}, "Artifacts"),
        fileList(value.files),
      ].filter(Boolean);
    });
    node.hidden = !value.comparison;
  };
  return { node, draw, traits: ["value"] };
}

/** The pictures: SVG that the kernel has drawn, in the colours of the page. */
function picturesPart(model) {
  const node = el("section", { "aria-label": "Pictures" });
  const draw = () => {
    const pictures = model.get("pictures");
    node.hidden = !pictures.length;
    redraw(node, pictures.map(({ svg }) => svg), () => pictures.map(({ title, svg }) => {
      const figure = el("figure", { class: "ip-picture" });
      figure.innerHTML = svg;
      figure.firstElementChild.setAttribute("aria-label", title);
      figure.prepend(el("figcaption", {}, title));
      return figure;
    }));
  };
  return { node, draw, traits: ["pictures"] };
}

function render({ model, el: host }) {
  return jobPanel(host, model, { label: "Implementation", verb: "Implement", options: flowFields(model), parts: [stepsPart(model), resourcesPart(model), picturesPart(model)] });
}

export default { render };
