// The list of BundleBuilder, and the arcs beside it.

const LANE = 13;

/** The edit that moves the selected bundle by places, where there are so many. */
function shifted(model, by) {
  const index = model.get("selected");
  const to = index + by;
  return index < 0 || to < 0 || to >= model.get("value").bundles.length ? null : ["move", { index, to }];
}

/** The list: cards to select, drag and move, and arcs to what each reads out of turn. */
class List {
  /** `edit` of `inTurn`. */
  constructor(model, edit) {
    this.model = model;
    this.edit = edit;
    this.drag = null;
    this.arcs = el("svg", { class: "bb-arcs", role: "img", "aria-label": "Residual adds and inputs out of turn" });
    this.source = el("div", { class: "bb-input" });
    this.box = el("div", { class: "bb-cards", role: "listbox", "aria-label": "Bundles; Alt and an arrow moves one",
      onfocusin: (event) => this.follow(this.cards.indexOf(event.target)),
      onkeydown: (event) => this.key(event), onpointerdown: (event) => this.grab(event), onpointermove: (event) => this.pull(event),
      onpointerup: () => this.drop(true), onpointercancel: () => this.drop(false) });
    this.mark = el("div", { class: "bb-drop", hidden: true });
    this.inner = el("div", { class: "bb-inner" }, this.arcs, this.source, this.box, this.mark);
    this.root = el("div", { class: "bb-list" }, this.inner);
    this.watch = new ResizeObserver(() => this.drawArcs());
    this.watch.observe(this.inner);
  }

  get cards() {
    return [...this.box.querySelectorAll(".bb-card")];
  }

  /** The bundle with the focus is the one that the form shows. */
  follow(index) {
    if (index < 0 || index === this.model.get("selected")) return;
    this.model.set("selected", index);
    this.model.save_changes();
  }

  key(event) {
    const at = this.cards.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape" && this.drag) this.drop(false);
    else if (step && event.altKey) this.edit(() => shifted(this.model, step)); // the card with the focus is selected
    else if (step) this.cards[at + step]?.focus();
    else if (event.key === "Home") this.cards[0].focus();
    else if (event.key === "End") this.cards.at(-1).focus();
    else if (event.key === "Delete") this.edit(() => (this.cards.length ? ["remove", { index: this.model.get("selected") }] : null));
    else if (event.key === "Enter") this.root.parentElement.querySelector(".bb-form input")?.focus();
    else return;
    event.preventDefault();
  }

  grab(event) {
    const at = this.cards.indexOf(event.target.closest(".bb-card"));
    if (at < 0 || event.button) return;
    this.drag = { at, to: at, y: event.clientY, pointer: event.pointerId, moving: false };
    this.cards[at].focus();
  }

  pull(event) {
    const drag = this.drag;
    if (!drag || (!drag.moving && Math.abs(event.clientY - drag.y) < 5)) return;
    if (!drag.moving) this.box.setPointerCapture(drag.pointer);
    drag.moving = true;
    const frame = this.root.getBoundingClientRect();
    if (event.clientY < frame.top + 24) this.root.scrollTop -= 12;
    if (event.clientY > frame.bottom - 24) this.root.scrollTop += 12;
    const slot = this.cards.filter((card) => {
      const { top, height } = card.getBoundingClientRect();
      return event.clientY > top + height / 2;
    }).length;
    drag.to = slot > drag.at ? slot - 1 : slot;
    this.cards.forEach((card, i) => card.classList.toggle("dragged", i === drag.at));
    const card = this.cards[Math.min(slot, this.cards.length - 1)];
    const edge = slot < this.cards.length ? card.offsetTop - 8 : card.offsetTop + card.offsetHeight + 4;
    this.mark.style.top = `${edge}px`;
    this.mark.hidden = drag.to === drag.at;
  }

  drop(keep) {
    const drag = this.drag;
    this.drag = null;
    this.mark.hidden = true;
    if (!drag?.moving) return;
    if (keep && drag.to !== drag.at) this.edit(() => ["move", { index: drag.at, to: drag.to }]);
    this.draw();
  }

  draw() {
    if (this.drag?.moving) return;
    const [value, rows, selected] = ["value", "rows", "selected"].map((name) => this.model.get(name));
    const focused = this.box.contains(this.box.getRootNode().activeElement);
    const most = Math.max(1, ...rows.map((row) => row.macs ?? 0));
    this.source.textContent = `input, ${times(value.input?.shape)}`;
    this.box.replaceChildren(...value.bundles.map((bundle, i) => this.card(bundle, rows[i] ?? {}, i, i === selected, most)));
    if (selected < 0) this.cards[0]?.setAttribute("tabindex", "0");
    if (focused) this.cards[selected]?.focus({ preventScroll: true });
    const card = this.cards[selected];
    if (card && (card.offsetTop < this.root.scrollTop || card.offsetTop + card.offsetHeight + 40 > this.root.scrollTop + this.root.clientHeight)) {
      this.root.scrollTop = card.offsetTop - this.root.clientHeight / 3;
    }
    this.drawArcs();
  }

  card(bundle, row, index, selected, most) {
    const figures = row.macs == null ? "" : `${si(row.macs)} MACs, ${si(row.weights)} weights`;
    const bits = row.sum_bits == null ? "" : `${row.sum_bits}-bit sums${row.out_bits > 8 ? ", left raw" : ""}`;
    const shapes = `${times(row.input_shape)} → ${times(row.output_shape)}`;
    const told = [bundle.name, described(bundle), ...badges(bundle), shapes, figures, bits, row.fault && `fault: ${row.fault}`, row.note];
    return el("div", { class: `bb-card ${row.kind === "dense" ? "dense" : "conv"}${row.fault ? " bad" : ""}`, role: "option",
      "aria-selected": String(selected), "aria-label": told.filter(Boolean).join(", "), "data-name": bundle.name, tabindex: selected ? 0 : -1 },
      el("div", { class: "bb-title" }, el("span", { class: "bb-grip" }, "⠿"), el("strong", {}, bundle.name ?? "?"), el("span", {}, described(bundle)),
        badges(bundle).map((word) => el("span", { class: "bb-badge" }, word))),
      el("div", { class: "bb-figures" }, el("span", {}, shapes), el("span", {}, figures), el("span", {}, bits)),
      el("div", { class: "bb-share" }, el("div", { style: `width: ${(100 * (row.macs ?? 0)) / most}%` })),
      row.fault ? el("div", { class: "fault" }, `⚠ ${row.fault}`) : row.note ? el("div", { class: "hint" }, `Note: ${row.note}`) : null);
  }

  drawArcs() {
    const bundles = this.model.get("value").bundles;
    const cards = this.cards;
    const places = new Map([["input", -1], ...bundles.map((bundle, i) => [bundle.name, i])]);
    const links = bundles.flatMap((bundle, to) => [
      ...[bundle.input].flat().map((name) => ({ to, from: places.get(name), kind: "input" })),
      ...(bundle.add ? [{ to, from: places.get(bundle.add.with), kind: "add" }] : []),
    ]).filter(({ from }) => from !== undefined);
    const chain = links.filter(({ from, to, kind }) => kind === "input" && from === to - 1);
    const arcs = links.filter((link) => !chain.includes(link)).sort((a, b) => Math.abs(a.to - a.from) - Math.abs(b.to - b.from));
    const lanes = [];
    for (const arc of arcs) {
      const [low, high] = [Math.min(arc.from, arc.to), Math.max(arc.from, arc.to)];
      arc.lane = lanes.findIndex((taken) => taken.every(([a, b]) => high <= a || low >= b));
      if (arc.lane < 0) arc.lane = lanes.push([]) - 1;
      lanes[arc.lane].push([low, high]);
    }
    const gutter = lanes.length ? 14 + LANE * lanes.length : 0;
    this.inner.style.paddingLeft = `${gutter + 4}px`;
    const box = (i) => (i < 0 ? { top: this.source.offsetTop, height: this.source.offsetHeight }
      : { top: cards[i].offsetTop, height: cards[i].offsetHeight });
    const strong = (link) => (link.to === this.model.get("selected") ? " strong" : "");
    const draw = ({ from, to, kind, lane, ...link }) => {
      const [a, b] = [box(from), box(to)];
      const [y0, y1] = [a.top + a.height - 8, b.top + (kind === "add" ? b.height / 2 + 6 : 10)];
      const x = gutter - 10 - LANE * lane;
      const turn = Math.sign(y1 - y0) * Math.min(6, Math.abs(y1 - y0) / 2);
      const line = `M${gutter + 4},${y0} H${x + 6} Q${x},${y0} ${x},${y0 + turn} V${y1 - turn} Q${x},${y1} ${x + 6},${y1} H${gutter + 2}`;
      const names = `${from < 0 ? "input" : bundles[from].name} → ${bundles[to].name}`;
      return el("g", { class: `bb-arc ${kind}${from >= to ? " bad" : ""}${strong({ to })}` },
        el("title", {}, kind === "add" ? `residual add: ${names}` : `input: ${names}`), el("path", { d: line }),
        kind === "add" ? [el("circle", { cx: gutter - 2, cy: y1, r: 6 }), el("path", { class: "plus", d: `M${gutter - 5},${y1} h6 M${gutter - 2},${y1 - 3} v6` })]
          : el("path", { class: "tip", d: `M${gutter + 3},${y1} l-6,-3.5 v7 z` }));
    };
    const steps = chain.map(({ from, to }) => {
      const [a, b] = [box(from), box(to)];
      const x = gutter + 26;
      return el("g", { class: `bb-arc${strong({ to })}` }, el("path", { d: `M${x},${a.top + a.height} V${b.top - 3}` }),
        el("path", { class: "tip", d: `M${x},${b.top} l-3.5,-5 h7 z` }));
    });
    this.arcs.setAttribute("height", this.inner.clientHeight); // not scrollHeight: that is never less than the arcs' own
    this.arcs.replaceChildren(...steps, ...arcs.map(draw));
    const told = arcs.map(({ from, to, kind }) => `${bundles[to].name} ${kind === "add" ? "adds" : "reads"} ${from < 0 ? "input" : bundles[from].name}`);
    this.arcs.setAttribute("aria-label", told.length ? `Out of turn: ${told.join(", ")}` : "Every bundle reads its neighbour");
  }
}
