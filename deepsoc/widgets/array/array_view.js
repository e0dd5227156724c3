// ArrayView: buttons, the array, pictures of input and output, the strip of events, and what one element does.

const RATES = [1, 2, 4, 8, 16, 60];

/** What a clock shows, looked up once. */
function moment(arrays, clock) {
  const step = arrays.step.values[clock];
  const event = arrays.events.values[clock];
  const [t, n, l, w, ci, kh] = [0, 1, 2, 3, 4, 5].map((i) => arrays.indices.at(step, i));
  const column = { at: arrays.leaving.at(clock, 0), channel: arrays.leaving.at(clock, 1), o: arrays.leaving.at(clock, 2) };
  return { clock, step, event, mac: event === 1, shift: event === 2, t, n, l, w, ci, kh, column };
}

/** What an element computes: its output, kernel column, numbers; `o` is null where its sum is of no output. */
function element(layer, arrays, now, row, col) {
  const w = now.w + (now.ci < 0 && now.event !== 0 ? 1 : 0); // behind a shift the sums are those of the next column
  const left = layer.pad_left - layer.x_before; // columns of padding that are left out
  const phase = (w + left) % layer.sw;
  const tap = arrays.roles.at(now.t, phase, col, 0);
  const channel = arrays.roles.at(now.t, phase, col, 1);
  const o = Math.floor((w + left - tap) / layer.sw);
  const y = now.l * layer.rows + row;
  const counts = tap >= 0 && y < layer.y_rows && now.event !== 0 && arrays.live.at(now.step, col) === 1;
  return { tap, channel, y, o: counts ? o : null, pixel: arrays.pixels.at(now.step, row), weight: arrays.weights.at(now.step, col),
    sum: arrays.sums.at(now.step, row, col) };
}

function explained(layer, now, [row, col], found) {
  const name = `Element row ${row}, column ${col} (group ${Math.floor(col / layer.group)})`;
  if (now.event === 0) return `${name}: waits for weights.`;
  const product = now.mac ? `pixel ${number(found.pixel)} × weight ${number(found.weight)} = ${number(found.pixel * found.weight)}; ` : "";
  if (found.o === null) return `${name}: ${product}its sum, ${number(found.sum)}, is of no output: it lies outside, or has left.`;
  const target = layer.dense ? `unit ${found.channel} of batch element ${found.y}` : `output row ${found.y}, column ${found.o}, channel ${found.channel}, at kernel column ${found.tap}`;
  return `${name}: ${product}sum ${number(found.sum)} of ${target}.`;
}

/** The grid of elements; returns the element under a place. */
function grid(view, wide, { layer, arrays, now, moved, pe }) {
  const { rows, cols, group, most } = layer;
  const groups = Math.max(1, Math.floor(cols / group));
  const gap = cols > 40 ? 3 : 8;
  const [left, top] = [78, 50];
  const size = Math.min((wide - left - 8 - gap * Math.ceil(cols / group)) / cols, 72);
  const high = size < 20 ? Math.min(26, 190 / rows + 6) : Math.min(size, 46);
  const x = (col) => left + col * size + gap * Math.floor(col / group);
  const y = (row) => top + row * high;
  const numbers = size >= 24;
  for (let e = 0; e < groups; e += 1) {
    const words = size * group > 58 ? `group ${e}` : size * group > 14 ? String(e) : "";
    text(view, words, (x(e * group) + x((e + 1) * group - 1) + size) / 2, 8, { size: 10, fill: view.soft });
    box(view, x(e * group) - 2, top - 2, group * size + 4, rows * high + 4, { stroke: view.line, width: 1.5 });
  }
  for (let col = 0; col < cols; col += 1) {
    const weight = arrays.weights.at(now.step, col);
    const idle = !now.mac || weight === 0;
    box(view, x(col) + 1, 18, size - 2, 22, { fill: idle ? view.shade : OPERANDS.k.colour });
    if (numbers && now.mac) text(view, number(weight), x(col) + size / 2, 29.5, { fill: idle ? view.soft : "#111111", bold: !idle, wide: size - 4 });
  }
  text(view, "weights", left - 8, 29, { size: 10, fill: view.soft, align: "right" });
  for (let row = 0; row < rows; row += 1) {
    const exists = now.l * rows + row < layer.y_rows;
    const pixel = arrays.pixels.at(now.step, row);
    box(view, left - 42, y(row) + high / 2 - Math.min(11, high / 2 - 1), 34, Math.min(22, high - 2), { fill: now.mac && exists ? OPERANDS.x.colour : view.shade });
    if (now.mac && high >= 11) text(view, number(pixel), left - 25, y(row) + high / 2 + 0.5, { fill: exists ? "#ffffff" : view.soft, bold: exists });
    if (high >= 11) text(view, `row ${row}`, left - 48, y(row) + high / 2 + 0.5, { size: 10, fill: view.soft, align: "right" });
    for (let col = 0; col < cols; col += 1) cell(view, { x: x(col), y: y(row), size, high, row, col, exists, numbers, layer, arrays, now, moved });
  }
  const [pr, pc] = pe;
  const dash = { stroke: view.ink, width: 2, dash: [4, 2] };
  box(view, x(pc), y(pr), size, high, dash);
  if (now.mac) {
    box(view, x(pc), 17, size, 24, dash);
    box(view, left - 43, y(pr) + high / 2 - Math.min(12, high / 2), 36, Math.min(24, high), dash);
  }
  drain(view, { x, top: y(rows) + 10, size, numbers, layer, arrays, now, left });
  const hit = (px, py) => {
    const row = Math.floor((py - top) / high);
    const col = [...Array(cols).keys()].find((each) => px >= x(each) && px < x(each) + size);
    return row >= 0 && row < rows && col !== undefined ? [row, col] : null;
  };
  return { hit, wide: x(cols - 1) + size + 8, high: y(rows) + 66 };
}

/** One element: its sum as colour and number; during a shift it comes from the left. */
function cell(view, { x, y, size, high, row, col, exists, numbers, layer, arrays, now, moved }) {
  const sum = arrays.sums.at(now.step, row, col);
  const live = exists && arrays.live.at(now.step, col);
  const { fill, ink } = heat(sum, layer.most);
  const edge = size >= 12 ? 1 : 0.5;
  box(view, x + edge, y + edge, size - 2 * edge, high - 2 * edge, { fill: view.shade });
  const slides = now.shift && moved < 1 && col % layer.group > 0;
  const shift = slides ? (moved - 1) * size : 0;
  const { g } = view;
  g.save();
  if (!live) g.globalAlpha = 0.22;
  if (live || sum !== 0) box(view, x + edge + shift, y + edge, size - 2 * edge, high - 2 * edge, { fill });
  g.restore();
  if (numbers && (live || sum !== 0)) {
    const product = now.mac && live && size >= 40 && arrays.weights.at(now.step, col) !== 0;
    text(view, number(sum), x + size / 2 + shift, y + high / 2 + (product ? 7 : 0.5), { size: 12, fill: live ? ink : view.soft, bold: live, wide: size - 4 });
    if (product) text(view, `${number(arrays.pixels.at(now.step, row))}×${number(arrays.weights.at(now.step, col))}`, x + size / 2, y + high / 2 - 9, { size: 9.5, fill: ink, wide: size - 4 });
  }
  if (now.shift && size >= 16 && col % layer.group > 0 && live) arrow(view, x - 5, y + high - 5, x + 5, y + high - 5, view.ink);
  if (now.mac && exists && arrays.leaves.at(now.step, col)) box(view, x + edge, y + edge, size - 2 * edge, high - 2 * edge, { stroke: COLOURS.green, width: size >= 16 ? 3 : 1.5 });
}

/** The copy of finished sums below the array, and the column that leaves. */
function drain(view, { x, top, size, numbers, layer, arrays, now, left }) {
  const batch = arrays.batch.values[now.clock + 1] ?? -1;
  const waits = new Set();
  for (let at = now.clock + 1; batch >= 0 && arrays.batch.values[at] === batch; at += 1) waits.add(arrays.leaving.at(at, 0));
  text(view, "results", left - 8, top + 9, { size: 10, fill: view.soft, align: "right" });
  for (let col = 0; col < layer.cols; col += 1) {
    const goes = now.column.at === col;
    box(view, x(col) + 1, top, size - 2, 18, goes ? { fill: COLOURS.green } : { fill: waits.has(col) ? OPERANDS.y.colour + "66" : undefined, stroke: view.faint });
    if (waits.has(col) && numbers && !goes) text(view, "…", x(col) + size / 2, top + 8);
    if (!goes) continue;
    if (numbers) text(view, "▾", x(col) + size / 2, top + 10, { fill: "#ffffff" });
    arrow(view, x(col) + size / 2, top + 18, x(col) + size / 2, top + 32, COLOURS.green);
    const words = layer.dense ? `unit ${now.column.channel}` : `channel ${now.column.channel}, column ${now.column.o}`;
    const end = x(layer.cols - 1) + size;
    const half = 54;
    text(view, `${words} → output stage`, Math.min(Math.max(x(col) + size / 2, left + half + 20), Math.max(end - half - 20, left + half + 20)), top + 42, { size: 11 });
  }
}

/** Input with the pixels that are read and the window of the element; output with what has left. */
function pictures(view, { wide, abreast }, { layer, arrays, now, found }) {
  const [, ih, iw, channels] = arrays.image.shape;
  const [, oh, ow] = arrays.outputs.shape;
  const channel = layer.dense ? 0 : Math.min(Math.max(now.ci, 0), channels - 1);
  const pads = layer.dense ? {} : { above: layer.pad_top, left: layer.pad_left };
  const place = { x: 2, y: 0, wide: abreast ? wide / 2 - 10 : wide - 4, high: abreast ? 220 : 168 };
  const title = layer.dense ? "input: batch × features" : `input, channel ${channel} of ${channels}`;
  const input = picture(view, place, { rows: ih, cols: iw, most: 8, title: () => title, cell: (y, x) => arrays.image.at(now.n, y, x, channel), ...pads });
  const column = layer.dense ? now.ci : (now.w - layer.x_before) * layer.x_step;
  for (let row = 0; now.mac && row < layer.rows; row += 1) {
    const y = layer.dense ? now.l * layer.rows + row : now.l * layer.row_step + row * layer.sh + now.kh - layer.pad_top;
    if (y < -layer.pad_top || y >= ih + layer.pad_top) continue;
    const [px, py] = input.at(y, column);
    box(view, px, py, input.size, input.size, { stroke: COLOURS.red, width: 2 });
  }
  if (found.o !== null && !layer.dense) {
    const [px, py] = input.at(found.y * layer.sh - layer.pad_top, (found.o * layer.sw - layer.pad_left) * layer.x_step);
    box(view, px, py, layer.kw * input.size, layer.kh * input.size, { stroke: view.ink, width: 2, dash: [4, 2] });
  }
  const shown = now.column.channel >= 0 ? now.column.channel : Math.max(found.channel, 0);
  const at = (y, x) => [now.n, y, x, layer.dense ? 0 : shown];
  let count = 0;
  const cell = (y, x) => {
    const done = arrays.done.at(...at(y, x));
    if (done < 0 || done > now.clock) return undefined;
    count += 1;
    return arrays.outputs.at(...at(y, x));
  };
  const told = () => `${layer.dense ? "sums, batch × units" : `output sums, channel ${shown}`}: ${count} of ${oh * ow}`;
  const output = picture(view, { ...place, ...(abreast ? { x: wide / 2 + 8 } : { y: input.end + 10 }) }, { rows: oh, cols: ow, most: layer.most, title: told, cell });
  if (found.o !== null && (layer.dense || shown === found.channel)) {
    const [px, py] = output.at(found.y, layer.dense ? found.channel : found.o);
    box(view, px, py, output.size, output.size, { stroke: view.ink, width: 2, dash: [4, 2] });
  }
  return { summary: `${title}; ${told()}`, wide, high: Math.ceil(Math.max(input.end, output.end)) + 4 };
}

/** Sums of the clock as a table. */
function sums(layer, arrays, now) {
  const cols = [...Array(layer.cols).keys()];
  const head = (words, values) => el("tr", {}, el("th", { scope: "row" }, words), el("td"), values.map((value) => el("td", {}, value)));
  return [el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Row"), el("th", { scope: "col" }, "Pixel"), cols.map((col) => el("th", { scope: "col" }, `col ${col}`)))),
    el("tbody", {}, head("Weight", cols.map((col) => (now.mac ? String(arrays.weights.at(now.step, col)) : "–"))),
      [...Array(layer.rows).keys()].map((row) => el("tr", {}, el("th", { scope: "row" }, String(row)),
        el("td", {}, now.mac ? String(arrays.pixels.at(now.step, row)) : "–"), cols.map((col) => el("td", {}, String(arrays.sums.at(now.step, row, col))))))),
  ];
}

/** What the buttons, keys and pictures do to the model. */
function actions(model) {
  const put = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const go = (clock) => {
    const next = Math.min(Math.max(clock, 0), model.get("clocks") - 1);
    if (next !== model.get("clock")) put("clock", next);
  };
  const play = (on) => {
    if (on === model.get("playing")) return;
    if (on && model.get("clock") === model.get("clocks") - 1) go(0);
    put("playing", on);
  };
  const scrub = (clock) => { play(false); go(clock); };
  const explain = (row, col) => {
    const { rows, cols } = model.get("layer");
    put("pe", [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(col, 0), cols - 1)]);
  };
  return { put, go, play, scrub, explain, toggle: () => play(!model.get("playing")), step: (by) => scrub(model.get("clock") + by) };
}

function keys(model, act) {
  const plain = { " ": act.toggle, ArrowLeft: () => act.step(-1), ArrowRight: () => act.step(1), Home: () => act.step(-Infinity), End: () => act.step(Infinity) };
  const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  return (event) => {
    if (event.target.closest("button, select, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = event.shiftKey && ways[event.key];
    const action = way ? () => act.explain(...model.get("pe").map((at, i) => at + way[i])) : !event.shiftKey && plain[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
}

/** The elements of the control; `parts.hit` and `parts.clockAt` tell what is at a place, once it is drawn. */
function screen(body, act, ontable) {
  const button = (words, label, action) => el("button", { type: "button", "aria-label": label, title: label, onclick: action }, words);
  const legend = (name, words) => el("span", { class: "av-key" }, el("i", { class: name }), words);
  const parts = {
    playing: button("Play", "Play", act.toggle),
    slider: el("input", { type: "range", min: 0, class: "av-slider", "aria-label": "Clock", oninput: () => act.scrub(Number(parts.slider.value)) }),
    speed: el("select", { "aria-label": "Speed", onchange: () => act.put("speed", RATES[parts.speed.selectedIndex]) },
      RATES.map((rate) => el("option", {}, `${rate} clock${rate > 1 ? "s" : ""}/s`))),
    status: el("div", { class: "av-status", role: "status" }), where: el("div", { class: "hint av-where" }),
    stage: surface("Processing elements", 300), images: surface("Input and output", 250), events: surface("Events of all clocks", 5 * LANE.high + 16),
    about: el("div", { class: "av-about", "aria-live": "polite" }), table: el("table"),
    scale: el("span", { class: "av-scale" }, el("span"), el("i", { "aria-hidden": "true" }), el("span")),
    hit: () => null, clockAt: () => 0,
  };
  parts.details = el("details", { ontoggle: ontable }, el("summary", {}, "Table of this clock"), el("div", { class: "av-scroll" }, parts.table));
  parts.playing.classList.add("av-play", "primary");
  parts.stage.node.setAttribute("tabindex", "0");
  parts.stage.node.addEventListener("click", (event) => {
    const found = parts.hit(event.offsetX, event.offsetY);
    if (found) act.explain(...found);
  });
  for (const kind of ["pointerdown", "pointermove"]) {
    parts.events.node.addEventListener(kind, (event) => { if (event.buttons) act.scrub(parts.clockAt(event.offsetX)); });
  }
  body.append(el("div", { class: "row" },
    button("|◀", "First clock", () => act.step(-Infinity)), button("◀", "One clock back", () => act.step(-1)), parts.playing,
    button("▶", "One clock forward", () => act.step(1)), button("▶|", "Last clock", () => act.step(Infinity)), parts.slider, parts.speed),
  parts.status, parts.where, el("div", { class: "av-main" }, parts.stage.node, parts.images.node), parts.about, parts.events.node,
  el("div", { class: "row hint" }, parts.scale, legend("av-done", "finished sum"), legend("av-faded", "of no output"), legend("av-read", "pixel read"),
    legend("av-pe", "the element explained; click or Shift + arrows choose it")),
  el("div", { class: "hint" }, "Space plays, ← → step, Home and End jump. Everything is counted from 0."), parts.details);
  return parts;
}

/** Draws on a canvas whose size only the drawing knows; twice where that has changed. */
function sized({ node, begin }, first, draw) {
  const [wide, high] = node.dataset.size?.split(" ").map(Number) ?? first;
  let made = draw(begin(Math.min(wide, first[0]), high));
  if (made.wide !== wide || made.high !== high) made = draw(begin(made.wide, made.high));
  node.dataset.size = `${made.wide} ${made.high}`;
  return made;
}

/** All canvases; `moved` 0 … 1 is how far the sums of a shift have come. */
function paint(parts, long, scene) {
  const { layer, arrays, now } = scene;
  const below = long < 620;
  const most = below ? long : long - 246;
  const drawn = sized(parts.stage, [most, 300], (view) => grid(view, most, scene));
  const rest = below ? long : Math.min(long - drawn.wide - 26, 480);
  const { summary } = sized(parts.images, [rest, 250], (view) => pictures(view, { wide: rest, abreast: rest >= 380 }, scene));
  parts.images.node.setAttribute("aria-label", summary);
  parts.hit = drawn.hit;
  parts.clockAt = strip(parts.events.begin(long), long, { events: arrays.events, leaving: arrays.leaving, clock: now.clock, lanes: layer.lanes });
}

/** All texts. */
function tell(model, parts, { layer, arrays, now, found, pe }) {
  const [count, words, on, rate] = [model.get("clocks"), model.get("words")[now.clock], model.get("playing"), model.get("speed")];
  parts.slider.max = count - 1;
  parts.slider.value = now.clock;
  parts.slider.setAttribute("aria-valuetext", `clock ${now.clock} of ${count}: ${words}`);
  parts.playing.textContent = on ? "Pause" : "Play";
  for (const name of ["aria-label", "title"]) parts.playing.setAttribute(name, parts.playing.textContent);
  parts.speed.selectedIndex = RATES.reduce((best, each, i) => (Math.abs(each - rate) < Math.abs(RATES[best] - rate) ? i : best), 0);
  for (const node of [parts.status, parts.about]) node.setAttribute("aria-live", on ? "off" : "polite");
  parts.status.replaceChildren(el("b", {}, `Clock ${now.clock}`), ` of ${count} · ${words}`);
  parts.where.textContent = [`${layer.name}: ${layer.rows} × ${layer.cols} elements`, `iteration ${now.t} of ${layer.t}`, layer.n > 1 ? `image ${now.n} of ${layer.n}` : "",
    `row block ${now.l} of ${layer.l}`, layer.dense ? "" : `input column ${now.w} of ${layer.w}`,
    layer.total > count ? `the first ${count.toLocaleString("en")} of ${layer.total.toLocaleString("en")} clocks` : ""].filter(Boolean).join(" · ");
  parts.about.textContent = explained(layer, now, pe, found);
  parts.stage.node.setAttribute("aria-label", `Array of ${layer.rows} rows and ${layer.cols} columns in clock ${now.clock}: ${words}`);
  parts.scale.firstChild.textContent = `sums −${layer.most}`;
  parts.scale.lastChild.textContent = `${layer.most}`;
  if (parts.details.open) parts.table.replaceChildren(...sums(layer, arrays, now));
}

/** Runs the clocks while the model plays; each clock starts the wait for the next, so several views keep one pace. */
function player(model, act) {
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (!model.get("playing")) return;
    const last = model.get("clock") >= model.get("clocks") - 1;
    timer = setTimeout(() => (last ? act.play(false) : act.go(model.get("clock") + 1)), 1000 / model.get("speed"));
  };
  const names = ["change:playing", "change:clock", "change:speed"];
  for (const name of names) model.on(name, wait);
  wait();
  return () => {
    clearTimeout(timer);
    for (const name of names) model.off(name, wait);
  };
}

function render({ model, el: host }) {
  const body = control(host, model, "Array of processing elements, clock by clock");
  const act = actions(model);
  let [layer, arrays] = [model.get("layer"), unpacked(model)];
  const opened = () => { [layer, arrays] = [model.get("layer"), unpacked(model)]; };
  for (const name of ["change:data", "change:layer"]) model.on(name, opened);

  const scene = (moved = 1) => {
    const now = moment(arrays, Math.min(model.get("clock"), model.get("clocks") - 1));
    const pe = model.get("pe");
    return { layer, arrays, now, pe, moved, found: element(layer, arrays, now, ...pe) };
  };
  const long = () => Math.max(body.clientWidth, 300);
  const parts = screen(body, act, () => draw());
  let frame = 0;
  const draw = (slides = false) => {
    cancelAnimationFrame(frame);
    tell(model, parts, scene());
    host.dataset.drawn = model.get("clock");
    const [from, lasts] = [performance.now(), Math.min(320, 700 / model.get("speed"))];
    const next = () => {
      const moved = slides ? Math.min((performance.now() - from) / lasts, 1) : 1;
      paint(parts, long(), scene(moved));
      if (moved < 1) frame = requestAnimationFrame(next);
    };
    next();
  };
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let before = model.get("clock");
  const update = () => {
    const { now } = scene();
    draw(now.shift && now.clock === before + 1 && !still.matches && model.get("speed") <= 16 && layer.cols <= 40);
    before = now.clock;
  };
  const onkey = keys(model, act);
  host.addEventListener("keydown", onkey);
  const stops = [follow(model, ["clock", "pe", "data", "layer", "playing", "speed"], update), player(model, act)];
  const watches = [new ResizeObserver(() => draw()), new MutationObserver(() => draw())];
  watches[0].observe(body);
  watches[1].observe(document.body, { attributes: true }); // JupyterLab's theme
  return () => {
    cancelAnimationFrame(frame);
    for (const watch of watches) watch.disconnect();
    for (const stop of stops) stop();
    host.removeEventListener("keydown", onkey);
    for (const name of ["change:data", "change:layer"]) model.off(name, opened);
  };
}

export default { render };
