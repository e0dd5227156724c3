// SimulationPanel: options, the run, its verdict, clocks and bytes by bundle, clocks by cause, the waveform.

function verdict(value) {
  if (value.bit_exact) return el("div", { class: "jp-verdict good", role: "status" }, "bit-exact");
  const d = value.first_difference;
  const texts = [value.error, d && `${value.mismatches.toLocaleString("en")} values differ; the first in bundle ${d.bundle}, operation ${d.operation}, at (${d.index.join(", ")}): expected ${d.expected}, received ${d.received}`];
  return el("div", { class: "jp-verdict bad", role: "status" }, texts.filter(Boolean).join("; ") || "values were never written");
}

const figure = (name, value) => el("div", { class: "jp-figure" }, el("span", {}, name), el("span", {}, value));
const grouped = (n) => Math.round(n).toLocaleString("en").replaceAll(",", "\u2009");

// The hardware's own counters: steps of the array and each cause of a wait, as a bar and in figures.
const CAUSES = ["array", "start", "pixels", "weights", "operands", "results", "outputs", "end", "writes"];

function countersTable(value) {
  const rows = (value.operations ?? []).filter((operation) => operation.counters);
  if (!rows.length) return [];
  const most = Math.max(...rows.map((operation) => operation.counters.clocks), 1);
  const heads = ["operation", "clocks", "", ...CAUSES, "bound by, model"];
  const bar = (counters) => el("div", { class: "sp-causes", style: `width: ${120 * counters.clocks / most}px` },
    CAUSES.map((cause) => el("span", { class: `sp-cause ${cause}`, style: `flex-grow: ${counters[cause]}` })));
  return [
    el("h4", {}, "Clocks by cause, counted in hardware"),
    el("div", { class: "jp-scroll" }, el("table", {}, el("caption", { class: "sr-only" }, "Clocks of each operation by cause"),
      el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: CAUSES.includes(head) ? `sp-head ${head}` : i === heads.length - 1 ? "words" : null, "aria-hidden": head ? null : "true" }, head)))),
      el("tbody", {}, rows.map(({ name, counters, model: terms }) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, grouped(counters.clocks)),
        el("td", { "aria-hidden": "true" }, bar(counters)), CAUSES.map((cause) => el("td", {}, grouped(counters[cause]))), el("td", { class: "words" }, terms?.bound ?? "–")))))),
  ];
}

function resultPart(model) {
  const node = el("section", { class: "sp-result", "aria-label": "Result" });
  const draw = () => {
    const value = model.get("value");
    redraw(node, value, () => {
      if (value.bit_exact === undefined) return [];
      const ratio = (rtl, clocks) => (clocks ? (rtl / clocks).toFixed(3) : "–");
      const sum = (name) => value.bundles.reduce((all, bundle) => all + bundle[name], 0);
      const most = Math.max(...value.bundles.map((bundle) => Math.max(bundle.cycles_rtl, bundle.cycles_model)), 1);
      const heads = ["bundle", "clocks, RTL", `clocks, model (${value.basis ?? "mapped"})`, "RTL ÷ model", "■ RTL  □ model", "bytes read", "bytes written", "bound by"];
      const rows = value.bundles.map((bundle) => el("tr", {}, el("th", { scope: "row" }, bundle.name),
        el("td", {}, grouped(bundle.cycles_rtl)), el("td", {}, grouped(bundle.cycles_model)), el("td", {}, ratio(bundle.cycles_rtl, bundle.cycles_model)),
        el("td", { "aria-hidden": "true" }, el("div", { class: "sp-bar", style: `width: ${120 * bundle.cycles_rtl / most}px` }), el("div", { class: "sp-bar model", style: `width: ${120 * bundle.cycles_model / most}px` })),
        el("td", {}, grouped(bundle.axi_read_bytes)), el("td", {}, grouped(bundle.axi_write_bytes)), el("td", { class: "words" }, bundle.bound)));
      return [
        verdict(value),
        el("div", { class: "jp-figures" },
          figure("clocks, RTL", grouped(value.cycles_rtl)), figure(`clocks, model (${value.basis ?? "mapped"})`, grouped(value.cycles_model)),
          figure("RTL ÷ model", ratio(value.cycles_rtl, value.cycles_model)),
          figure("bytes read", grouped(sum("axi_read_bytes"))), figure("bytes written", grouped(sum("axi_write_bytes"))),
          figure("wall time", duration(value.wall_s)), figure("simulated clocks a second", si(value.clocks_per_second))),
        el("div", { class: "jp-scroll" }, el("table", {}, el("caption", { class: "sr-only" }, "Clocks and bytes by bundle"),
          el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: { 4: "words hint", 7: "words" }[i], "aria-hidden": i === 4 ? "true" : null }, head)))), el("tbody", {}, rows))),
        ...countersTable(value),
      ];
    });
    node.hidden = value.bit_exact === undefined;
  };
  return { node, draw, traits: ["value"] };
}

function render({ model, el: host }) {
  const options = [
    numberField(model, "stall_prob", "Stall probability", { min: 0, max: 0.95, step: "any", hint: "for each channel and clock" }),
    numberField(model, "mem_latency", "Memory latency, clocks", { min: 0, max: 100000 }),
    numberField(model, "seed", "Seed", { min: 0, max: 2 ** 31 - 1 }),
    checkField(model, "trace", "Trace", "what the waveform is drawn from; a run with a trace is slower"),
    textField(model, "weights", "Weights", "random"),
  ];
  return jobPanel(host, model, { label: "Simulation", verb: "Simulate", options, parts: [resultPart(model), wavePart(model)] });
}

export default { render };
