// Parts of ArrayView: the arrays of the Python side, canvases, pictures of input and output, the strip of events.

const KINDS = { i1: Int8Array, u1: Uint8Array, i4: Int32Array };

/** The arrays by name; each can be asked `at(i, j, ...)`. */
function unpacked(model) {
  const data = model.get("data");
  const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  return Object.fromEntries(Object.entries(model.get("arrays")).map(([name, [kind, shape, offset]]) => {
    const values = new KINDS[kind](buffer, offset, shape.reduce((a, b) => a * b, 1));
    const at = (...index) => values[index.reduce((sum, i, axis) => sum * shape[axis] + i, 0)];
    return [name, { values, shape, at }];
  }));
}

/** A canvas as wide as its parent; `draw(g, width, colours)` gets pixels of CSS and returns nothing. */
function surface(label, height) {
  const node = el("canvas", { role: "img", "aria-label": label });
  const g = node.getContext("2d");
  const begin = (wide, high = height) => {
    const ratio = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (node.width !== w || node.height !== h) {
      [node.width, node.height] = [w, h];
      [node.style.width, node.style.height] = [`${wide}px`, `${high}px`];
    }
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, wide, high);
    const style = getComputedStyle(node);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    return { g, font: style.fontFamily, ink: colour("ink"), soft: colour("ink-soft"), ground: colour("ground"),
      shade: colour("ground-soft"), line: colour("line"), faint: colour("line-soft"), accent: colour("accent") };
  };
  return { node, begin };
}

/** Cividis of a signed value, 0 in the middle, and an ink that can be read on it. */
function heat(value, most) {
  const t = 0.5 + value / (2 * most);
  return { fill: cividis(t), ink: t >= 0.5 ? "#111111" : "#ffffff" };
}

function text(view, words, x, y, { size = 11, fill = view.ink, align = "center", bold = false, wide } = {}) {
  const { g } = view;
  g.font = `${bold ? "600 " : ""}${size}px ${view.font}`;
  g.fillStyle = fill;
  g.textAlign = align;
  g.textBaseline = "middle";
  g.fillText(words, x, y, wide);
}

function box(view, x, y, w, h, { fill, stroke, width = 1, dash = [] }) {
  const { g } = view;
  if (fill) { g.fillStyle = fill; g.fillRect(x, y, w, h); }
  if (!stroke) return;
  g.strokeStyle = stroke;
  g.lineWidth = width;
  g.setLineDash(dash);
  g.strokeRect(x + width / 2, y + width / 2, w - width, h - width);
  g.setLineDash([]);
}

const number = (value) => String(value).replace("-", "−");

/** An arrow from one point to another. */
function arrow(view, x0, y0, x1, y1, colour) {
  const { g } = view;
  const turn = Math.atan2(y1 - y0, x1 - x0);
  g.strokeStyle = g.fillStyle = colour;
  g.lineWidth = 1.6;
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  g.stroke();
  g.beginPath();
  g.moveTo(x1, y1);
  for (const side of [-0.5, 0.5]) g.lineTo(x1 - 6 * Math.cos(turn + side), y1 - 6 * Math.sin(turn + side));
  g.fill();
}

/** A titled picture of numbers with `rows` x `cols` places; `cell(y, x)` gives its value, undefined where there is none yet. */
function picture(view, place, { rows, cols, most, title, cell, above = 0, left = 0 }) {
  const size = Math.min(place.wide / (cols + 2 * left), place.high / (rows + 2 * above), 26);
  const at = (y, x) => [place.x + (x + left) * size, place.y + 20 + (y + above) * size];
  if (above + left > 0) {
    const [x, y] = at(-above, -left);
    box(view, x, y, (cols + 2 * left) * size, (rows + 2 * above) * size, { stroke: view.line, dash: [2, 3] });
  }
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < cols; x += 1) {
      const value = cell(y, x);
      const [px, py] = at(y, x);
      const { fill, ink } = heat(value ?? 0, most);
      box(view, px, py, size, size, value === undefined ? { stroke: size > 5 ? view.faint : undefined } : { fill });
      if (size >= 17 && value !== undefined) text(view, number(value), px + size / 2, py + size / 2 + 0.5, { size: 10, fill: ink, wide: size - 2 });
    }
  }
  text(view, title(), place.x, place.y + 9, { fill: view.soft, align: "left", wide: place.wide });
  return { size, at, end: at(rows + above, 0)[1] };
}

const LANE = { high: 13, names: 78 };
// A lane of its own is the second cue of each event.
const EVENTS = [COLOURS.pink, COLOURS.blue, COLOURS.orange, COLOURS.red, COLOURS.green];

/** The strip: a lane for each event, and one for results that leave; returns the clock under a place. */
function strip(view, wide, { events, leaving, clock, lanes }) {
  const count = events.shape[0];
  const step = Math.max((wide - LANE.names - 6) / count, 4);
  const seen = Math.min(count, Math.floor((wide - LANE.names - 6) / step));
  const first = Math.min(Math.max(clock - Math.floor(seen / 2), 0), count - seen);
  const x = (at) => LANE.names + (at - first) * step;
  const shown = [...lanes.slice(0, 4), "results leave"];
  shown.forEach((name, lane) => {
    text(view, name, LANE.names - 6, (lane + 0.5) * LANE.high, { size: 10, fill: view.soft, align: "right" });
    box(view, LANE.names, lane * LANE.high + 1, seen * step, LANE.high - 2, { fill: view.shade });
  });
  const gap = step > 5 ? 1 : 0;
  for (let at = first; at < first + seen; at += 1) {
    const event = events.values[at];
    if (event < 4) box(view, x(at), event * LANE.high + 1, step - gap, LANE.high - 2, { fill: EVENTS[event] });
    if (leaving.at(at, 0) >= 0) box(view, x(at), 4 * LANE.high + 1, step - gap, LANE.high - 2, { fill: EVENTS[4] });
  }
  box(view, x(clock) - 1.5, 0, step + 3 - gap, 5 * LANE.high, { stroke: view.ink, width: 2 });
  const apart = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((each) => each * step >= 44) ?? 5000;
  for (let at = Math.ceil(first / apart) * apart; at < first + seen; at += apart) {
    text(view, String(at), x(at) + step / 2, 5 * LANE.high + 8, { size: 10, fill: view.soft });
  }
  return (place) => Math.min(Math.max(first + Math.floor((place - LANE.names) / step), 0), count - 1);
}
