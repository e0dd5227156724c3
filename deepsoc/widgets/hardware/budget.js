// What hardware is built on, and what it takes of that: shared by HardwarePanel and SweepExplorer.

const COSTS = { lut: "LUT", ff: "flip-flops", dsp: "DSP", bram36: "block RAM", area_mm2: "area", power_w: "power" };
const UNITS = { area_mm2: " mm²", power_w: " W" };

/** A figure of a resource with its unit. */
function amount(name, value) {
  return UNITS[name] ? `${Number(value.toPrecision(3))}${UNITS[name]}` : Math.round(value * 2) / 2 > 1e4 ? Math.round(value).toLocaleString("en") : `${Math.round(value * 2) / 2}`;
}

const HEADINGS = { end_to_end_fps: "fps end to end", weights_ram_depth: "RAM depth", axi_data_bits: "AXI bits", frequency_mhz: "MHz", pes: "PEs",
  dram_gb_per_s: "GB/s", memory_gb_per_s: "GB/s of the memory", area_mm2: "area, mm²", power_w: "power, W", lut: "LUT", ff: "FF", dsp: "DSP", bram36: "BRAM" };

/** A column's name for people. */
const heading = (name) => HEADINGS[name] ?? name.replaceAll("_", " ");

/** A number in a table: whole ones in full. */
const figure = (value) => (typeof value !== "number" ? `${value ?? "–"}` : Number.isInteger(value) && Math.abs(value) < 1e6 ? value.toLocaleString("en") : si(value));

/** Choice of a board or process, with the area of the latter: sends `target` and `area`. */
function targetChoice(model) {
  const known = model.get("targets");
  const choice = el("select", { "aria-label": "Built on", onchange: () => {
    const [kind, ...name] = choice.value.split(":");
    send(model, "target", { kind, name: name.join(":") });
  } }, el("option", { value: ":" }, "no budget"), [["board", "FPGA boards"], ["node", "Silicon"]].map(([kind, label]) => el("optgroup", { label },
    known.filter((each) => each.kind === kind).map(({ name, title }) => el("option", { value: `${kind}:${name}` }, title)))));
  const area = el("input", { type: "number", min: 0.01, step: "any", "aria-label": "Area in mm²",
    onchange: () => send(model, "area", { value: area.value === "" ? null : Number(area.value) }) });
  const limit = el("label", {}, area, " mm²");
  const root = el("div", { class: "row" }, el("label", {}, "Built on ", choice), limit);
  const refresh = () => {
    const [board, node] = [model.get("board"), model.get("node")];
    const value = board ? `board:${board}` : node ? `node:${node}` : ":";
    if (![...choice.options].some((option) => option.value === value)) choice.append(el("option", { value }, board ?? node));
    choice.value = value;
    limit.hidden = !node;
    if (document.activeElement !== area) area.value = model.get("area_mm2") ?? "";
  };
  return { root, refresh };
}

/** A bar a resource: what is used, against all there is, with a mark where the budget ends. */
function budgetBars() {
  const root = el("div", { class: "bd-bars", role: "list", "aria-label": "Resources" });
  const bars = new Map();
  const bar = (name) => {
    if (!bars.has(name)) {
      const parts = { fill: el("div", { class: "bd-fill" }), mark: el("div", { class: "bd-mark" }), text: el("span", { class: "bd-text" }), over: el("span", { class: "bd-over" }) };
      const track = el("div", { class: "bd-track", "aria-hidden": "true" }, parts.fill, parts.mark);
      bars.set(name, { ...parts, track, row: el("div", { class: "bd-row", role: "listitem" }, el("span", { class: "bd-name" }, COSTS[name] ?? name), track, parts.text, parts.over) });
    }
    return bars.get(name);
  };
  const refresh = (used, budget, capacity) => {
    const rows = Object.entries(used).map(([name, value]) => {
      const { row, track, fill, mark, text, over } = bar(name);
      const [all, most] = [capacity[name], budget[name]];
      track.hidden = most === undefined;
      if (most !== undefined) {
        const scale = Math.max(all, 1e-12);
        fill.style.width = `${Math.min(value / scale, 1) * 100}%`;
        fill.classList.toggle("over", value > most);
        mark.style.left = `${(most / scale) * 100}%`;
        mark.hidden = most >= all;
        mark.title = `fill limit ${amount(name, most)}`;
      }
      const share = most === undefined ? "" : `, ${Math.round((value / Math.max(most, 1e-12)) * 100)} %`;
      text.textContent = most === undefined ? amount(name, value) : `${amount(name, value)} of ${amount(name, most)}${share}`;
      over.textContent = most !== undefined && value > most ? "▲ too much" : "";
      return row;
    });
    if (rows.length !== root.children.length || rows.some((row, i) => row !== root.children[i])) root.replaceChildren(...rows);
  };
  return { root, refresh };
}

/** Progress of work in the background, with Cancel. */
function taskBar(model, label) {
  const bar = el("progress", { "aria-label": label });
  const text = el("span", { class: "hint" });
  const cancel = el("button", { type: "button", onclick: () => send(model, "cancel") }, "Cancel");
  const line = el("div", { class: "row" }, bar, text, cancel);
  const told = el("div", { role: "status", class: "bd-told" });
  const refresh = () => {
    const task = model.get("task");
    const busy = task.state === "running" || task.state === "cancelling";
    line.hidden = !busy;
    if (task.total) {
      bar.max = task.total;
      bar.value = task.done;
    } else {
      bar.removeAttribute("value");
    }
    cancel.disabled = task.state !== "running";
    text.textContent = task.state === "cancelling" ? "cancelling …" : !task.total ? "starting …" : task.done >= task.total ? "finishing …"
      : `${si(task.done)} of ${si(task.total)} points, ${si(task.rate)} a second, ${task.left_s < 1 ? "under 1" : Math.ceil(task.left_s)} s left`;
    const message = busy ? "" : task.state === "failed" ? `⚠ ${task.message}` : task.message;
    if (told.textContent !== message) told.textContent = message;
    return busy;
  };
  return { root: el("div", {}, line, told), refresh };
}
