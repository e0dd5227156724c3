// DramView: words to and from DRAM by operand, and the lower bound.

const KEYS = Object.keys(OPERANDS);

function render({ model, el: host }) {
  const name = (design) => model.get("labels")[design];
  const log = () => model.get("scale") === "log";
  const place = ({ designs }, design) => ({ offset: 0.1 + (design * 0.8) / designs.length, width: 0.8 / designs.length });
  const sum = (values) => values.reduce((all, each) => all + each, 0);
  const most = ({ designs }) => Math.max(...designs.flatMap(({ words, lower_words: lower }) => [...words, ...lower]));

  /** Bars of one operand: stacked, or side by side where a logarithm would distort a stack. */
  const operand = (data, design, which) => {
    const columns = data.designs[design];
    const { offset, width } = place(data, design);
    return {
      key: `${KEYS[which]}${design}`, fill: KEYS[which], other: design > 0,
      rects: data.names.map((_, i) => {
        const [value, below] = [columns[`${KEYS[which]}_words`][i], log() ? 0 : sum(KEYS.slice(0, which).map((key) => columns[`${key}_words`][i]))];
        return log() ? [i, offset + (which * width) / 3, width / 3, 0, value] : [i, offset, width, below, below + value];
      }),
    };
  };
  const plot = {
    label: "DRAM words, layer by layer",
    traits: ["scale"],
    fills: OPERANDS,
    axis: (data) => {
      if (!log()) return { values: ticks(most(data)), text: (value) => si(value) };
      const all = data.designs.flatMap((columns) => KEYS.flatMap((key) => columns[`${key}_words`])).filter((each) => each > 0);
      const [low, high] = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(most(data)))];
      const powers = [...Array(Math.max(high - low, 1) + 1).keys()].map((i) => 10 ** (low + i));
      return { values: powers, text: (value) => (value >= 1000 && value < 10000 ? "1 k" : si(value)), log: true };
    },
    bars: (data) => data.designs.flatMap((_, design) => KEYS.map((__, which) => operand(data, design, which))),
    marks: (data) => data.designs.slice(0, 1).map(({ lower_words: lower }) => ({ key: "lower", lines: lower.map((each, i) => [i, 0.03, 0.94, each]) })),
    levels: () => [],
    tops: (data) => (log() || data.designs.length > 1 ? [] : data.designs[0].words.map((each, i) => [i, 0.5, each, si(each)])),
    legend: ({ designs }) => [
      ...KEYS.map((key) => ({ fill: key, text: OPERANDS[key].name })), { mark: "lv-mark", text: "lower bound: every word once" },
      ...(designs.length > 1 ? [{ fill: "x", text: `left: ${name(0)}` }, { fill: "x", other: true, text: `right, outlined: ${name(1)}` }] : [])],
    summary: ({ names, designs }) => `${names.length} layer${names.length > 1 ? "s" : ""}: ${designs.map(({ words, lower_words: lower }, i) => `${designs.length > 1 ? `${name(i)} ` : ""}${si(sum(words))} words, ${(sum(words) / sum(lower)).toFixed(2)} × the lower bound`).join("; ")}.`,
    tell: ({ names, designs }, at) => `${names[at]}: ${designs.map((columns, i) => `${designs.length > 1 ? `${name(i)} ` : ""}${si(columns.words[at])} words (${KEYS.map((key) => `${OPERANDS[key].name} ${si(columns[`${key}_words`][at])}`).join(", ")}), ${(columns.words[at] / columns.lower_words[at]).toFixed(2)} × the lower bound, ${si(columns.ops_per_access[at])} operations a word`).join("; ")}.`,
    table: ({ names, designs }) => ({
      heads: ["Layer", ...designs.flatMap((_, i) => [...KEYS.map((key) => OPERANDS[key].name), "all words", "lower bound", "operations a word"].map((head) => (designs.length > 1 ? `${name(i)}: ${head}` : head)))],
      rows: names.map((each, at) => [each, ...designs.flatMap((columns) => [...KEYS.map((key) => `${key}_words`), "words", "lower_words"].map((column) => columns[column][at].toLocaleString("en")).concat(columns.ops_per_access[at].toFixed(1)))]),
    }),
  };
  const scale = el("select", { "aria-label": "Scale", onchange: () => { model.set("scale", scale.value); model.save_changes(); } },
    el("option", { value: "linear" }, "linear, stacked"), el("option", { value: "log" }, "logarithmic, side by side"));
  const show = () => { scale.value = model.get("scale"); };
  model.on("change:scale", show);
  show();
  const stop = layerPlot(host, model, plot, [scale]);
  return () => {
    model.off("change:scale", show);
    stop();
  };
}

export default { render };
