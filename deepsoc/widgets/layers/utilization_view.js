// UtilizationView: the share of the multipliers that work.

const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Mean over all clocks. */
function mean({ efficiency, clocks }) {
  const all = clocks.reduce((sum, each) => sum + each, 0);
  return efficiency.reduce((sum, each, i) => sum + each * clocks[i], 0) / all;
}

function render({ model, el: host }) {
  const name = (design) => model.get("labels")[design];
  const width = ({ designs }) => (designs.length > 1 ? 0.4 : 0.8);
  const plot = {
    label: "Utilization of the array, layer by layer",
    traits: [],
    fills: { first: { colour: COLOURS.blue, pattern: "plain" }, second: { colour: COLOURS.orange, pattern: "stripes" } },
    axis: () => ({ values: [0, 0.25, 0.5, 0.75, 1], text: (value) => `${100 * value} %` }),
    bars: (data) => data.designs.map(({ efficiency }, design) => ({
      key: `bars${design}`, fill: design ? "second" : "first", other: design > 0,
      rects: efficiency.map((each, i) => [i, 0.1 + design * width(data), width(data), 0, each]),
    })),
    marks: () => [],
    levels: ({ designs }) => designs.map((design, i) => ({ at: mean(design), other: i > 0 })),
    tops: (data) => data.designs.flatMap(({ efficiency }, design) => (data.designs.length > 1 && data.names.length > 10 ? [] : efficiency.map((each, i) => [i, 0.1 + (design + 0.5) * width(data), each, (100 * each).toFixed(1)]))),
    legend: ({ designs }) => [
      ...designs.map((_, i) => ({ fill: i ? "second" : "first", other: i > 0, text: designs.length > 1 ? name(i) : "multipliers at work" })),
      ...designs.map((design, i) => ({ mark: i ? "lv-level lv-level-other" : "lv-level", text: `mean over all clocks${designs.length > 1 ? `, ${name(i)}` : ""}: ${percent(mean(design))}` }))],
    summary: ({ names, designs }) => {
      const { efficiency } = designs[0];
      const least = efficiency.indexOf(Math.min(...efficiency));
      const means = designs.map((design, i) => `${designs.length > 1 ? `${name(i)} ` : ""}${percent(mean(design))}`).join(", ");
      return `${names.length} layer${names.length > 1 ? "s" : ""}: mean ${means}; lowest ${names[least]} with ${percent(efficiency[least])}.`;
    },
    tell: ({ names, designs }, at) => `${names[at]}: ${designs.map(({ efficiency, clocks, macs, bound }, i) => `${designs.length > 1 ? `${name(i)} ` : ""}${percent(efficiency[at])}, ${si(clocks[at])} clocks, ${si(macs[at])} MACs, bound by ${bound[at]}`).join("; ")}.`,
    table: ({ names, designs }) => ({
      heads: ["Layer", ...designs.flatMap((_, i) => ["utilization", "clocks", "MACs", "bound by"].map((head) => (designs.length > 1 ? `${name(i)}: ${head}` : head)))],
      rows: names.map((each, at) => [each, ...designs.flatMap(({ efficiency, clocks, macs, bound }) => [percent(efficiency[at]), clocks[at].toLocaleString("en"), macs[at].toLocaleString("en"), bound[at]])]),
    }),
  };
  return layerPlot(host, model, plot);
}

export default { render };
