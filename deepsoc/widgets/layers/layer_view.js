// Shared by UtilizationView and DramView: a plot with one place a layer, figures of the layer looked at, a table.

const FRAME = { left: 58, right: 12, top: 14, high: 200 };

/** Values for the lines of an axis from 0: about four, each a round number. */
function ticks(most) {
  const rough = most / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  return [...Array(Math.ceil(most / step - 1e-9) + 1).keys()].map((i) => i * step);
}

const short = (name) => (name.length > 18 ? `${name.slice(0, 9)}…${name.slice(-8)}` : name);

/**
 * A plot of layers in `host`. What it draws comes from `plot`:
 *   label           name of the control
 *   traits          that change the drawing, besides data and labels
 *   fills           colours and patterns by name
 *   axis(data)      { values, text(value), log }: where lines go; the last value ends the axis
 *   bars(data)      list of { key, fill, other, rects: [layer, offset, width, from, to] }, offsets and widths of a place
 *   marks(data)     list of { key, lines: [layer, offset, width, at] }
 *   levels(data)    list of { at, other }: lines across all layers
 *   tops(data)      list of [layer, offset, value, text]: figures above bars, where there is room
 *   legend(data)    list of { fill | mark, text, other }
 *   summary(data), tell(data, layer), table(data) -> { heads, rows }: the same in words
 */
function layerPlot(host, model, plot, tools = []) {
  const body = control(host, model, plot.label);
  const prefix = unique("layers");
  const band = el("rect", { class: "lv-band", y: FRAME.top, height: FRAME.high, hidden: true });
  const [lines, names, shapes, figures] = [1, 2, 3, 4].map(() => el("g"));
  const svg = el("svg", { class: "lv-plot", tabindex: 0, role: "group", "aria-roledescription": "bar chart" },
    patterns(prefix, plot.fills), band, lines, shapes, figures, names);
  const status = el("div", { class: "lv-status", role: "status" });
  const key = el("div", { class: "row lv-legend hint" });
  const table = el("table");
  const details = el("details", { ontoggle: () => fill() }, el("summary", {}, "Table"), el("div", { class: "lv-scroll" }, table));
  const empty = el("div", { class: "hint lv-empty" }, "No layers to show yet: they come with a network that can run.");
  body.append(el("div", { class: "row lv-head" }, key, tools), svg, empty, status, details);

  const paths = {};
  let place = { slot: 1, count: 0 };
  let named = "";
  const path = (name, attributes) => {
    if (!paths[name]) shapes.append(paths[name] = el("path"));
    for (const [key, value] of Object.entries(attributes)) paths[name].setAttribute(key, value);
    return name;
  };

  const label = (list, wide) => {
    const texts = list.map(short);
    const long = 6.4 * Math.max(...texts.map((each) => each.length), 1);
    const flat = long < place.slot - 4;
    const every = flat ? 1 : Math.max(1, Math.ceil(13 / place.slot));
    const foot = FRAME.top + FRAME.high;
    const now = `${texts} ${wide}`;
    if (now !== named) {
      names.replaceChildren(...texts.flatMap((each, i) => {
        if (i % every) return [];
        const x = FRAME.left + (i + 0.5) * place.slot + (flat ? 0 : 4);
        return [el("text", { class: "lv-name", x, y: foot + (flat ? 16 : 10), "text-anchor": flat ? "middle" : "end", transform: flat ? null : `rotate(-60 ${x} ${foot + 10})` }, each)];
      }));
      named = now;
    }
    return foot + (flat ? 24 : 16 + 0.87 * long);
  };

  const draw = () => {
    const data = model.get("data");
    const count = data.names?.length ?? 0;
    svg.toggleAttribute("hidden", !count);
    details.hidden = key.hidden = !count;
    empty.hidden = count > 0;
    if (count) {
      const wide = Math.max(body.clientWidth, 320);
      place = { slot: (wide - FRAME.left - FRAME.right) / count, count };
      const { values, text, log } = plot.axis(data);
      const [low, high] = [values[0], values[values.length - 1]];
      const part = (value) => (log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low));
      const y = (value) => FRAME.top + FRAME.high * (1 - Math.min(Math.max(part(value), 0), 1));
      const x = (layer, offset) => FRAME.left + (layer + offset) * place.slot;
      lines.replaceChildren(...values.flatMap((value) => [
        el("line", { class: "grid-line", x1: FRAME.left, x2: wide - FRAME.right, y1: y(value), y2: y(value) }),
        el("text", { x: FRAME.left - 6, y: y(value) + 4, "text-anchor": "end" }, text(value))]));
      const drawn = new Set();
      for (const { key: name, fill: style, other, rects } of plot.bars(data)) {
        const d = rects.map(([i, offset, width, from, to]) => `M${x(i, offset).toFixed(2)} ${y(from).toFixed(2)}h${(width * place.slot).toFixed(2)}V${y(to).toFixed(2)}h${(-width * place.slot).toFixed(2)}z`).join("");
        drawn.add(path(name, { d, fill: `url(#${prefix}-${style})`, class: !other ? "lv-bar" : rects[0][2] * place.slot < 5 ? "lv-other lv-thin" : "lv-other" }));
      }
      for (const { key: name, lines: each } of plot.marks(data)) {
        const d = each.map(([i, offset, width, at]) => `M${x(i, offset).toFixed(2)} ${y(at).toFixed(2)}h${(width * place.slot).toFixed(2)}`).join("");
        drawn.add(path(name, { d, class: "lv-mark" }));
      }
      for (const [name, node] of Object.entries(paths)) if (!drawn.has(name)) { node.remove(); delete paths[name]; }
      figures.replaceChildren(
        ...plot.levels(data).map(({ at, other }) => el("line", { class: other ? "lv-level lv-level-other" : "lv-level", x1: FRAME.left, x2: wide - FRAME.right, y1: y(at), y2: y(at) })),
        ...(place.slot < 46 ? [] : plot.tops(data).map(([i, offset, value, words]) => el("text", { class: "lv-name", x: x(i, offset), y: y(value) - 4, "text-anchor": "middle" }, words))));
      const tall = label(data.names, wide);
      svg.setAttribute("width", wide);
      svg.setAttribute("height", tall);
      svg.setAttribute("aria-label", `${plot.summary(data)} Arrow keys go from layer to layer.`);
      key.replaceChildren(...plot.legend(data).map(({ fill: style, mark: line, text: words, other }) => el("span", { class: "lv-key" },
        el("svg", { width: 20, height: 12, "aria-hidden": "true" },
          style ? el("rect", { x: 1, y: 1, width: 18, height: 10, fill: `url(#${prefix}-${style})`, class: other ? "lv-other" : "lv-bar" }) : el("path", { d: "M1 6h18", class: line })), words)));
    }
    mark();
    fill();
    host.dataset.drawn = model.get("revision");
  };
  const fill = () => {
    if (!details.open) return;
    const { heads, rows } = plot.table(model.get("data"));
    table.replaceChildren(el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row" }, name), cells.map((each) => el("td", {}, each))))));
    mark();
  };
  const mark = () => {
    const at = Math.min(model.get("hovered"), place.count - 1);
    const shown = place.count > 0 && at >= 0;
    band.toggleAttribute("hidden", !shown);
    band.setAttribute("width", place.slot);
    if (shown) band.setAttribute("x", FRAME.left + at * place.slot);
    status.classList.toggle("lv-two", model.get("data").designs?.length > 1);
    status.textContent = !place.count ? "" : shown ? plot.tell(model.get("data"), at) : plot.summary(model.get("data"));
    [...table.querySelectorAll("tbody tr")].forEach((row, i) => row.classList.toggle("lv-row", i === at));
  };

  const look = (at) => {
    if (at === model.get("hovered")) return;
    model.set("hovered", at);
    model.save_changes();
  };
  svg.addEventListener("pointermove", (event) => {
    const at = Math.floor((event.clientX - svg.getBoundingClientRect().left - FRAME.left) / place.slot);
    look(at >= 0 && at < place.count ? at : -1);
  });
  svg.addEventListener("pointerleave", () => look(-1));
  svg.addEventListener("keydown", (event) => {
    const at = model.get("hovered");
    const to = { ArrowRight: Math.min(at + 1, place.count - 1), ArrowLeft: at < 0 ? place.count - 1 : Math.max(at - 1, 0), Home: 0, End: place.count - 1, Escape: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    look(to);
  });
  const stops = [follow(model, ["data", "revision", "labels", ...plot.traits], draw), follow(model, ["hovered"], mark)];
  const watch = new ResizeObserver(() => { if (place.count && Number(svg.getAttribute("width")) !== Math.max(body.clientWidth, 320)) draw(); });
  watch.observe(body);
  return () => {
    watch.disconnect();
    for (const stop of stops) stop();
  };
}
