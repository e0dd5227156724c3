// A window of a trace as an SVG: bits as levels, words as boxes, handshakes as beats and waits.

const LANE = { high: 22, gap: 6, left: 86, top: 22 };
const BEATS = {
  beat: { name: "a beat moves", colour: COLOURS.green, pattern: "plain" },
  waits: { name: "ready, nothing offered", colour: "#8a939c", pattern: "dots" },
  stalled: { name: "offered, not taken", colour: COLOURS.orange, pattern: "stripes" },
};

function waveSvg(wave, wide) {
  const prefix = unique("wave");
  const { begin, count, lanes } = wave;
  const step = (wide - LANE.left - 8) / count;
  const x = (at) => LANE.left + at * step;
  const high = LANE.top + lanes.length * (LANE.high + LANE.gap);
  const every = [1, 2, 5, 10, 20, 50, 100].find((n) => n * step >= 46) ?? 200;
  const nodes = [];
  for (let clock = Math.ceil(begin / every) * every; clock <= begin + count; clock += every) {
    nodes.push(el("line", { class: "grid-line", x1: x(clock - begin), x2: x(clock - begin), y1: LANE.top - 4, y2: high }),
      el("text", { x: x(clock - begin), y: 12, "text-anchor": x(clock - begin) > wide - 16 ? "end" : "middle" }, String(clock)));
  }
  lanes.forEach((lane, i) => {
    const y = LANE.top + i * (LANE.high + LANE.gap);
    const low = y + LANE.high;
    nodes.push(el("text", { x: LANE.left - 8, y: y + 15, "text-anchor": "end" }, el("title", {}, lane.title), lane.name));
    if (lane.kind === "bit") {
      const path = lane.runs.map(([at, length, value]) => `${at ? "L" : "M"}${x(at)} ${value === "1" ? y + 3 : low - 3}H${x(at + length)}`).join("");
      nodes.push(el("path", { class: "wv-line", d: path }));
      return;
    }
    for (const [at, length, value] of lane.runs) {
      if (!value) {
        nodes.push(el("path", { class: "wv-idle", d: `M${x(at)} ${y + LANE.high / 2}H${x(at + length)}` }));
        continue;
      }
      const word = lane.name === "operation" ? wave.operations[value]?.[0] ?? value : value;
      const title = el("title", {}, `${lane.name}: ${BEATS[value]?.name ?? word}, clock ${begin + at}${length > 1 ? ` to ${begin + at + length - 1}` : ""}`);
      const fill = lane.kind === "beats" ? `url(#${prefix}-${value})` : null;
      const short = lane.kind === "beats" && value !== "beat";
      nodes.push(el("rect", { class: fill ? "wv-beat" : `wv-word wv-${value}`, x: x(at), y: short ? y + 7 : y + 2, width: Math.max(length * step - (step > 4 ? 1 : 0), 0.6), height: short ? LANE.high - 14 : LANE.high - 4, fill, rx: step > 4 ? 2 : 0 }, title));
      if (fill) continue;
      const text = [word, word[0]].find((each) => length * step > 6.2 * each.length + 4);
      if (text) nodes.push(el("text", { class: "wv-text", x: x(at + length / 2), y: y + 15, "text-anchor": "middle" }, text));
    }
  });
  const moved = lanes.filter((lane) => lane.kind === "beats").map((lane) => `${lane.name} ${lane.runs.reduce((sum, [, n, v]) => sum + (v === "beat" ? n : 0), 0)}`);
  const label = `Waveform of clocks ${begin} to ${begin + count - 1} of ${wave.clocks}; beats: ${moved.join(", ")}`;
  return el("svg", { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": label, class: "wv-plot", "data-begin": begin }, patterns(prefix, BEATS), nodes);
}

/** The waveform with its window: operation, first clock, clocks; arrow keys move it. */
function wavePart(model) {
  const plot = el("div", { class: "wv-host", tabindex: 0, role: "group", "aria-label": "Waveform; arrow keys move it, plus and minus zoom" });
  const ask = (begin, count) => {
    const wave = model.get("wave");
    const most = Math.max(Math.min(count ?? wave.count, 400), 10);
    send(model, "window", { begin: Math.round(Math.min(Math.max(begin, 0), wave.clocks - most)), count: most });
  };
  const [idOp, idFirst, idCount] = ["operation", "first", "count"].map(unique);
  const operation = el("select", { id: idOp, onchange: () => { if (operation.value !== "") ask(Number(operation.value) - 4); } });
  const first = el("input", { id: idFirst, type: "number", min: 0, onchange: () => ask(Number(first.value)) });
  const count = el("select", { id: idCount, onchange: () => ask(model.get("wave").begin, Number(count.value)) }, [25, 50, 100, 200, 400].map((n) => el("option", { value: n }, String(n))));
  const move = (by) => () => { const wave = model.get("wave"); ask(wave.begin + by * wave.count); };
  const zoom = (by) => { const sizes = [25, 50, 100, 200, 400]; const wave = model.get("wave"); ask(wave.begin, sizes[Math.min(Math.max(sizes.indexOf(wave.count) + by, 0), 4)]); };
  plot.addEventListener("keydown", (event) => {
    const does = { ArrowLeft: move(-0.25), ArrowRight: move(0.25), PageUp: move(-1), PageDown: move(1), "+": () => zoom(-1), "-": () => zoom(1), Home: () => ask(0), End: () => ask(model.get("wave").clocks) }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
  const legend = el("span", { class: "wv-legend hint" }, Object.entries(BEATS).map(([key, { name }]) => {
    const prefix = unique("key");
    return el("span", { class: "wv-key" }, el("svg", { width: 18, height: 12, "aria-hidden": "true" }, patterns(prefix, { [key]: BEATS[key] }), el("rect", { width: 18, height: 12, rx: 2, fill: `url(#${prefix}-${key})` })), name);
  }));
  const table = el("table");
  const details = el("details", { ontoggle: () => fill() }, el("summary", {}, "Waveform as a table"), el("div", { class: "jp-scroll" }, table));
  const fault = el("div", { class: "hint", role: "status" });
  const tools = el("div", { class: "row" },
    el("label", { for: idOp }, "Operation"), operation, el("label", { for: idFirst }, "from clock"), first,
    el("label", { for: idCount }, "clocks"), count,
    el("button", { onclick: move(-0.5), "aria-label": "Earlier clocks" }, "◀"), el("button", { onclick: move(0.5), "aria-label": "Later clocks" }, "▶"));
  const file = el("span", { class: "hint wv-file" });
  const whole = el("div", {}, tools, legend, plot, details);
  const node = el("section", { class: "wv", "aria-label": "Waveform" }, el("h4", {}, "Waveform ", file), fault, whole);
  function fill() {
    const wave = model.get("wave");
    if (!details.open || !wave.lanes) return;
    const rows = wave.lanes.flatMap((lane) => lane.runs.filter(([, , v]) => v && v !== "0").map(([at, n, v]) => [lane.name, wave.begin + at, wave.begin + at + n - 1, BEATS[v]?.name ?? (v === "1" ? "high" : v)]));
    table.replaceChildren(el("tr", {}, ["signal", "first clock", "last clock", "value"].map((h) => el("th", { scope: "col" }, h))), ...rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, String(cell))))));
  }
  let wide = 0;
  const draw = () => {
    const wave = model.get("wave");
    fault.textContent = model.get("wave_fault");
    fault.hidden = !fault.textContent;
    const trace = model.get("trace_file");
    redraw(file, trace, () => (trace.path ? [fileLink(trace.path, { download: true }), ` ${bytes(trace.bytes)}`] : []));
    whole.hidden = !wave.lanes;
    node.hidden = whole.hidden && fault.hidden;
    if (whole.hidden) return;
    redraw(operation, wave.operations, () => [el("option", { value: "" }, "any"), ...wave.operations.map(([name, at]) => el("option", { value: at }, name))]);
    const middle = wave.begin + Math.min(8, wave.count / 2);
    const now = wave.operations.find(([, from, to]) => from <= middle && middle <= to);
    operation.value = now ? now[1] : "";
    first.value = wave.begin;
    first.max = wave.clocks - wave.count;
    count.value = [25, 50, 100, 200, 400].includes(wave.count) ? wave.count : "";
    wide = Math.max(node.clientWidth - 2, 420);
    plot.replaceChildren(waveSvg(wave, wide));
    fill();
  };
  new ResizeObserver(() => { if (Math.abs(node.clientWidth - 2 - wide) > 8 && node.clientWidth > 0) draw(); }).observe(node);
  return { node, draw, traits: ["wave", "wave_fault", "trace_file"] };
}
