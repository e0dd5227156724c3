// The Pareto plot: up to 100,000 points on a canvas, the front as diamonds on a line, choice by click or arrow keys.

const EDGE = { left: 62, right: 14, top: 10, bottom: 34 };
const NEAR = 14;
const POINT = 0xcdd08f3b; // alpha, blue, green, red
const UNBUILDABLE = 0x8a888888;
const FRONT = "#d55e00";

/** Round values between two bounds. */
function ticks(low, high, log) {
  if (log) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const digit of [1, 2, 5]) if (digit * 10 ** power >= low && digit * 10 ** power <= high) found.push(digit * 10 ** power);
    }
    if (found.length > 2) return found;
  }
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= rough);
  return Array.from({ length: Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1 }, (_, i) => Number(((Math.ceil(low / step - 1e-9) + i) * step).toPrecision(12)));
}

/** From values to pixels, with a little room at both ends. */
function axis(values, others, log, from, to) {
  let [low, high] = [Infinity, -Infinity];
  for (const list of [values, others]) for (const value of list) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) [low, high] = [0, 1];
  const logs = log && low > 0;
  const of = logs ? Math.log : (value) => value;
  const room = (of(high) - of(low)) * 0.04 || Math.abs(of(high)) * 0.1 || 1;
  const [start, end] = [of(low) - room, of(high) + room];
  const bounds = logs ? [Math.exp(start), Math.exp(end)] : [start, end];
  return { place: (value) => from + ((of(value) - start) / (end - start)) * (to - from), marks: ticks(bounds[0], bounds[1], logs), positive: low > 0 };
}

class Plot {
  constructor(model) {
    this.model = model;
    this.canvas = el("canvas", { role: "img" });
    this.base = document.createElement("canvas");
    this.tip = el("div", { class: "sw-tip", hidden: true });
    this.status = el("div", { role: "status", class: "hint sw-status" });
    this.area = el("div", { class: "sw-area", tabindex: 0, role: "group", "aria-label": "Points: arrow keys go along the front, Home and End to its ends, Enter keeps, Escape selects none",
      onkeydown: (event) => this.key(event), onpointermove: (event) => this.hover(event), onpointerleave: () => this.over(-1), onclick: (event) => this.click(event) }, this.canvas, this.tip);
    const option = (label) => el("select", { "aria-label": label, onchange: (event) => { model.set(label === "Up" ? "y" : "x", event.target.value); model.save_changes(); } });
    this.choice = { y: option("Up"), x: option("Along") };
    this.log = { y: el("input", { type: "checkbox", onchange: () => this.draw() }), x: el("input", { type: "checkbox", onchange: () => this.draw() }) };
    const pair = (label, key) => el("span", { class: "sw-axis" }, el("label", {}, `${label} `, this.choice[key]), el("label", {}, this.log[key], " log"));
    this.none = el("span", { title: "More rows than the RTL has line buffers for, or a maximum too small for the networks" }, " × not buildable");
    const key = el("span", { class: "sw-key" }, el("span", { class: "sw-dot" }), " point ", el("span", { class: "sw-diamond" }, "◆"), " front ", el("span", { class: "sw-kept" }, "■"), " kept", this.none);
    this.axes = el("div", { class: "row" }, pair("Up", "y"), pair("Along", "x"));
    this.root = el("div", {}, this.axes, this.area, el("div", { class: "sw-below" }, this.status, key));
    this.seen = null;
    this.near = -1;
    this.read();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.area);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  }

  stop() {
    this.watch.disconnect();
    this.theme.disconnect();
  }

  read() {
    const view = this.model.get("drawn");
    const bytes = view && view.byteLength ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : new ArrayBuffer(0);
    this.seen = view;
    this.count = bytes.byteLength / 13;
    this.x = new Float32Array(bytes, 0, this.count);
    this.y = new Float32Array(bytes, 4 * this.count, this.count);
    this.row = new Int32Array(bytes, 8 * this.count, this.count);
    this.buildable = new Uint8Array(bytes, 12 * this.count, this.count);
    this.none.hidden = !this.buildable.includes(0);
    const places = new Map();
    const wanted = new Set(this.model.get("front_rows").numbers ?? []);
    for (let i = 0; i < this.count; i += 1) if (wanted.has(this.row[i])) places.set(this.row[i], i);
    this.front = [...wanted].map((row) => places.get(row)).filter((place) => place !== undefined).sort((a, b) => this.x[a] - this.x[b] || this.y[a] - this.y[b]);
    this.near = -1;
  }

  refresh() {
    if (this.model.get("drawn") !== this.seen || this.numbers !== this.model.get("front_rows")) {
      this.numbers = this.model.get("front_rows");
      this.read();
    }
    const columns = this.model.get("columns");
    this.axes.hidden = !columns.length;
    for (const key of ["x", "y"]) {
      const now = this.model.get(key);
      const options = now && !columns.includes(now) ? [...columns, now] : columns;
      if (this.choice[key].options.length !== options.length || [...this.choice[key].options].some((each, i) => each.value !== options[i])) {
        this.choice[key].replaceChildren(...options.map((name) => el("option", { value: name }, heading(name))));
      }
      this.choice[key].value = now;
    }
    this.draw();
  }

  draw() {
    const width = this.area.clientWidth || 600;
    const height = 360;
    const ratio = globalThis.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.base]) [canvas.width, canvas.height] = [Math.round(width * ratio), height * ratio];
    [this.canvas.style.width, this.canvas.style.height] = [`${width}px`, `${height}px`];
    const kept = Object.entries(this.model.get("kept")).map(([name, row]) => [name, row[this.model.get("x")], row[this.model.get("y")]]).filter(([, x, y]) => Number.isFinite(x) && Number.isFinite(y));
    const across = axis(this.x, kept.map(([, x]) => x), this.log.x.checked, EDGE.left, width - EDGE.right);
    const up = axis(this.y, kept.map(([, , y]) => y), this.log.y.checked, height - EDGE.bottom, EDGE.top);
    this.log.x.disabled = !across.positive;
    this.log.y.disabled = !up.positive;
    [this.px, this.py] = [new Float32Array(this.count), new Float32Array(this.count)];
    for (let i = 0; i < this.count; i += 1) [this.px[i], this.py[i]] = [across.place(this.x[i]), up.place(this.y[i])];
    const style = getComputedStyle(this.area);
    const colour = (name) => style.getPropertyValue(name).trim();
    const pen = this.base.getContext("2d");
    pen.scale(ratio, ratio);
    this.frame(pen, across, up, width, height, colour);
    this.cloud(pen, width, height, ratio);
    this.line(pen);
    for (const [name, x, y] of kept) {
      const [left, top] = [across.place(x), up.place(y)];
      pen.fillStyle = colour("--ink");
      pen.fillRect(left - 5, top - 5, 10, 10);
      pen.textAlign = left > width - 110 ? "right" : "left";
      const beside = left + (left > width - 110 ? -9 : 9);
      pen.strokeStyle = colour("--ground");
      pen.lineWidth = 3;
      pen.strokeText(name, beside, top + 14);
      pen.fillText(name, beside, top + 14);
    }
    this.ink = colour("--ink");
    const front = this.front.length;
    this.canvas.setAttribute("aria-label", this.count
      ? `${heading(this.model.get("y"))} over ${heading(this.model.get("x"))}: ${this.count.toLocaleString("en")} points, ${front} of them on the front; the table of the front is below`
      : "No points yet: run the sweep");
    this.compose();
  }

  frame(pen, across, up, width, height, colour) {
    pen.font = `11px ${getComputedStyle(this.area).fontFamily}`;
    pen.lineWidth = 1;
    pen.strokeStyle = colour("--line-soft");
    pen.fillStyle = colour("--ink-soft");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const mark of this.count ? up.marks : []) {
      const y = Math.round(up.place(mark)) + 0.5;
      pen.beginPath(); pen.moveTo(EDGE.left, y); pen.lineTo(width - EDGE.right, y); pen.stroke();
      pen.fillText(si(mark), EDGE.left - 6, y);
    }
    pen.textAlign = "center";
    let last = -Infinity;
    for (const mark of this.count ? across.marks : []) {
      const x = Math.round(across.place(mark)) + 0.5;
      pen.beginPath(); pen.moveTo(x, EDGE.top); pen.lineTo(x, height - EDGE.bottom); pen.stroke();
      if (x - last > 34) pen.fillText(si(mark), last = x, height - EDGE.bottom + 12);
    }
    pen.strokeStyle = colour("--line");
    pen.strokeRect(EDGE.left + 0.5, EDGE.top + 0.5, width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom);
    pen.textBaseline = "alphabetic";
    if (this.count) {
      pen.fillStyle = colour("--ink");
      pen.fillText(heading(this.model.get("x")), (EDGE.left + width - EDGE.right) / 2, height - 5);
      pen.save();
      pen.translate(12, (height - EDGE.bottom + EDGE.top) / 2);
      pen.rotate(-Math.PI / 2);
      pen.fillText(heading(this.model.get("y")), 0, 0);
      pen.restore();
    } else {
      pen.fillText("Run the sweep to see its points.", (EDGE.left + width) / 2, height / 2);
    }
  }

  /** All points, straight into the pixels: squares, and fainter crosses of what cannot be built. */
  cloud(pen, width, height, ratio) {
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    const picture = new ImageData(wide, high);
    const pixels = new Uint32Array(picture.data.buffer);
    const reach = Math.round((this.count > 5000 ? 1 : 2) * ratio);
    for (const [kind, colour, touches] of [[0, UNBUILDABLE, (x, y) => Math.abs(x) === Math.abs(y)], [1, POINT, () => true]]) {
      const offsets = [];
      for (let y = -reach; y <= reach; y += 1) for (let x = -reach; x <= reach; x += 1) if (touches(x, y)) offsets.push(y * wide + x);
      for (let i = 0; i < this.count; i += 1) {
        if (this.buildable[i] !== kind) continue;
        const at = Math.round(this.py[i] * ratio) * wide + Math.round(this.px[i] * ratio);
        for (const offset of offsets) pixels[at + offset] = colour;
      }
    }
    const layer = el("canvas", { width: wide, height: high });
    layer.getContext("2d").putImageData(picture, 0, 0);
    pen.drawImage(layer, 0, 0, width, height);
  }

  line(pen) {
    pen.strokeStyle = FRONT;
    pen.fillStyle = FRONT;
    pen.lineWidth = 1.5;
    const objectives = Object.keys(this.model.get("objectives"));
    const flat = objectives.length === 2 && [this.model.get("x"), this.model.get("y")].every((name) => objectives.includes(name));
    if (flat) {
      pen.beginPath();
      this.front.forEach((i) => pen.lineTo(this.px[i], this.py[i]));
      pen.stroke();
    }
    pen.beginPath();
    for (const i of this.front) {
      const [x, y] = [this.px[i], this.py[i]];
      pen.moveTo(x, y - 5); pen.lineTo(x + 5, y); pen.lineTo(x, y + 5); pen.lineTo(x - 5, y); pen.closePath();
    }
    pen.fill();
  }

  /** What moves, on top of what stays. */
  compose() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.base, 0, 0);
    const ratio = globalThis.devicePixelRatio || 1;
    pen.scale(ratio, ratio);
    const ring = (i, radius, wide) => {
      pen.strokeStyle = this.ink;
      pen.lineWidth = wide;
      pen.beginPath(); pen.arc(this.px[i], this.py[i], radius, 0, 7); pen.stroke();
    };
    const at = this.model.get("at");
    const chosen = at < 0 ? -1 : this.row.indexOf(at);
    if (chosen >= 0) ring(chosen, 9, 2.5);
    if (this.near >= 0) ring(this.near, 7, 1.2);
    const row = this.model.get("selected");
    const place = this.front.indexOf(chosen);
    const where = place >= 0 ? `point ${place + 1} of ${this.front.length} on the front` : "a point behind the front";
    const text = chosen >= 0 ? `Selected: ${row.rows} × ${row.cols}, ${where}.` : this.count ? "Click a point, or go along the front with ← →." : "";
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  nearest(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [-1, NEAR * NEAR];
    const look = (i, bonus) => {
      const far = (this.px[i] - x) ** 2 + (this.py[i] - y) ** 2 - bonus;
      if (far < least) [best, least] = [i, far];
    };
    for (let i = 0; i < this.count; i += 1) look(i, 0);
    for (const i of this.front) look(i, 16); // of neighbours the one on the front
    return best;
  }

  over(place) {
    if (place === this.near) return;
    this.near = place;
    this.tip.hidden = place < 0;
    if (place >= 0) {
      this.tip.textContent = `${heading(this.model.get("y"))} ${si(this.y[place], 4)}, ${heading(this.model.get("x"))} ${si(this.x[place], 4)}`;
      this.tip.style.top = `${Math.max(this.py[place] - 34, 0)}px`;
      const right = this.px[place] > this.area.clientWidth / 2;
      this.tip.style.left = right ? "auto" : `${this.px[place] + 10}px`;
      this.tip.style.right = right ? `${this.area.clientWidth - this.px[place] + 10}px` : "auto";
    }
    this.compose();
  }

  hover(event) {
    const { clientX, clientY } = event;
    this.pending ||= requestAnimationFrame(() => { this.pending = 0; this.over(this.nearest({ clientX: this.last[0], clientY: this.last[1] })); });
    this.last = [clientX, clientY];
  }

  click(event) {
    const place = this.nearest(event);
    send(this.model, "select", { row: place < 0 ? -1 : this.row[place] });
  }

  key(event) {
    const now = this.front.findIndex((i) => this.row[i] === (this.aimed ?? this.model.get("at")));
    const last = this.front.length - 1;
    const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now < 0 ? last : now - 1, ArrowDown: now < 0 ? last : now - 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter" && this.model.get("at") >= 0) send(this.model, "keep");
    else if (event.key === "Escape") send(this.model, "select", { row: -1 });
    else if (to !== undefined && last >= 0) {
      this.aimed = this.row[this.front[Math.min(Math.max(to, 0), last)]];
      send(this.model, "select", { row: this.aimed });
      setTimeout(() => { this.aimed = undefined; }, 300);
    } else return;
    event.preventDefault();
  }
}
