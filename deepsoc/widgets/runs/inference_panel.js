// InferencePanel: images and machine; images a second, the time of every operation, the first outputs.

const largest = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
const written = (value) => (Number.isInteger(value) ? String(value) : Number(value.toPrecision(4)).toString());

function outputRows(outputs) {
  return outputs.map((output, i) => {
    const values = [output].flat(Infinity);
    return el("tr", {}, el("th", { scope: "row" }, String(i)), el("td", {}, String(largest(values))),
      el("td", { class: "words" }, values.slice(0, 12).map(written).join("  ") + (values.length > 12 ? " …" : "")));
  });
}

function table(caption, heads, rows) {
  return el("div", { class: "jp-scroll" }, el("table", {}, el("caption", { class: "sr-only" }, caption),
    el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i === heads.length - 1 ? "words" : null }, head)))), el("tbody", {}, rows)));
}

function inferencePart(model) {
  const node = el("section", { "aria-label": "Result" });
  const figure = (name, value) => el("div", { class: "jp-figure" }, el("span", {}, name), el("span", {}, value));
  const draw = () => {
    const value = model.get("value");
    redraw(node, value, () => {
      if (value.outputs === undefined) return [];
      const operations = value.operations.map((op) => el("tr", {}, el("th", { scope: "row" }, op.name),
        el("td", {}, op.clocks.toLocaleString("en")), el("td", {}, written(op.us)), el("td", { class: "words" }, op.waits_for)));
      return [
        el("div", { class: "jp-figures" },
          figure("images", value.images.toLocaleString("en")), figure("images a run", String(value.batch)),
          figure(`images a second (${value.fps_basis})`, si(value.fps)),
          figure("clocks", value.clocks === null ? "–" : value.clocks.toLocaleString("en")), figure("wall time", duration(value.seconds))),
        operations.length ? table("Operations of the last run", ["operation", "clocks", "µs", "waits for"], operations) : null,
        el("h4", {}, value.images > value.outputs.length ? `Outputs of the first ${value.outputs.length} images` : "Outputs"),
        table("Outputs", ["image", "largest is", "values"], outputRows(value.outputs)),
      ];
    });
    node.hidden = value.outputs === undefined;
  };
  return { node, draw, traits: ["value"] };
}

function render({ model, el: host }) {
  const options = [
    selectField(model, "device", "Device", model.get("devices").map((name) => [name, name])),
    textField(model, "images", "Images", "X.npy"),
    textField(model, "output", "Outputs to", "not kept"),
    checkField(model, "integers", "Integer outputs"),
    textField(model, "weights", "Weights", "random"),
  ];
  return jobPanel(host, model, { label: "Inference", verb: "Run", options, parts: [inferencePart(model)] });
}

export default { render };
