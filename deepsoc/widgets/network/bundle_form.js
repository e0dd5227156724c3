// The forms of BundleBuilder: fields that follow net.json, with what is wrong beside them.

const SLOPES = [7, 6, 5, 4, 3, 2, 1, 0].map((n) => [2 ** -n, `leaky ReLU, ${n ? `1/${2 ** n}` : 1}`]);
const KINDS = { conv2d: "convolution", conv2d_transpose: "transposed convolution", dense: "dense" };
const RELU = { type: "relu", slope: 0 };
const POOL = { type: "max", size: [2, 2], strides: [2, 2], padding: "valid" };

const times = (shape) => (Array.isArray(shape) ? shape.join(" × ") : "?");
const jsonPath = (keys) => "$" + keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
const within = (path, outer) => path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Whether a fault at a path is one of the field's input `i`: of a list, the path names the element. */
function isOf(path, field, i) {
  const element = field.inputs.length > 1 && /^\[(\d+)\]/.exec(path.slice(field.path.length));
  return !element || Number(element[1]) === i;
}

/** What the core of a bundle is, in a few words. */
function described(bundle) {
  const core = bundle.core ?? {};
  const range = Array.isArray(bundle.channels) ? `channels ${bundle.channels[0]} … ${bundle.channels[1] - 1}: ` : "";
  if (core.type === "dense") return `${range}dense → ${core.units}`;
  const strides = Array.isArray(core.strides) ? core.strides : [1, 1];
  const stride = same(strides, [1, 1]) ? "" : ` / ${strides[0] === strides[1] ? strides[0] : strides.join(" × ")}`;
  const groups = (core.groups ?? 1) === 1 ? "" : `, ${core.groups} groups`;
  return `${range}${core.type === "conv2d_transpose" ? "transposed " : ""}conv ${times(core.kernel)}${stride} → ${core.filters}${groups}`;
}

/** Words for what follows the core. */
function badges(bundle) {
  const act = (part) => (part ? (part.slope ? `leaky 1/${1 / part.slope}` : "relu") : null);
  return [
    act(bundle.act), bundle.add ? `+ ${bundle.add.with ?? "?"}` : null, bundle.add ? act(bundle.add.act) : null,
    bundle.pool ? `${bundle.pool.type} ${times(bundle.pool.size)}` : null,
    same(bundle.upsample ?? [1, 1], [1, 1]) ? null : `up ${times(bundle.upsample)}`,
    same(bundle.depth_to_space ?? [1, 1], [1, 1]) ? null : `to space ${times(bundle.depth_to_space)}`, bundle.flatten ? "flatten" : null, bundle.softmax ? "softmax" : null,
  ].filter(Boolean);
}

/** Fields of a form, each with its path in net.json: they follow the value, and show what is wrong beside them. */
class Form {
  /** `outside`: path of faults that are another form's. */
  constructor(model, outside = null) {
    this.model = model;
    this.outside = outside;
    this.fields = [];
  }

  get(keys) {
    return keys.reduce((at, key) => at?.[key], this.model.get("value"));
  }

  set(keys, value, to = send.bind(null, this.model)) {
    to("set", { path: keys, value });
  }

  /** A line of the form: `inputs` under one label, a place for the fault, and `show(value)` that brings it up to date. */
  field(label, keys, inputs, { show = () => {}, hint = () => "" } = {}) {
    const fault = el("span", { class: "fault", id: unique("fault") });
    const note = el("span", { class: "hint", id: unique("hint") });
    for (const input of inputs) input.setAttribute("aria-describedby", `${fault.id} ${note.id}`);
    const refresh = () => {
      show(this.get(keys));
      note.textContent = hint();
    };
    this.fields.push({ path: jsonPath(keys), inputs, fault, refresh });
    return el("div", { class: "bb-field" }, el("span", { class: "bb-label" }, label), el("span", { class: "bb-inputs" }, inputs), note, fault);
  }

  /** Numbers at one path: a single one, or those of a list. */
  numbers(label, keys, names, { min = 1, max = 65535, list = names.length > 1, optional = false, fallback = null } = {}) {
    const typed = edits(this.model);
    const parsed = () => {
      const values = inputs.map((input) => (input.value === "" ? null : Number(input.value)));
      return list ? values : values[0];
    };
    const inputs = names.map((name) => el("input", {
      type: "number", min, max, step: 1, "aria-label": name, placeholder: optional ? "auto" : null,
      oninput: () => this.set(keys, parsed(), typed.send),
    }));
    const show = (given) => {
      const value = given ?? fallback;
      if (typed.open() || same(value, parsed())) return;
      inputs.forEach((input, i) => { input.value = (list ? value?.[i] : value) ?? ""; });
    };
    const root = this.field(label, keys, inputs, { show });
    typed.leave(root, () => this.refresh());
    return root;
  }

  /** A choice; `options()` are [value, text, why it is impossible]. `read` and `write` translate the value at the path. */
  choice(label, keys, options, { read = (value) => value, write = (value) => this.set(keys, value), hint } = {}) {
    let [shown, before] = [[], undefined];
    const select = el("select", { "aria-label": label, onchange: () => write(shown[select.selectedIndex][0]) });
    const show = (value) => {
      const now = read(value);
      const fresh = options();
      if (!fresh.some(([option]) => same(option, now))) fresh.push([now, `${now ?? "nothing"} ?`]);
      if (!same([fresh, now], [shown, before])) {
        before = now;
        shown = fresh;
        select.replaceChildren(...shown.map(([option, text, why]) => el("option",
          { disabled: Boolean(why) && !same(option, now) }, why && !same(option, now) ? `${text}: ${why}` : text)));
      }
      select.selectedIndex = shown.findIndex(([option]) => same(option, now));
    };
    return this.field(label, keys, [select], { show, hint });
  }

  /** A check box; `why` tells why it may not be set. */
  check(label, keys, { fallback = false, why = "" } = {}) {
    const box = el("input", { type: "checkbox", "aria-label": label, onchange: () => this.set(keys, box.checked) });
    const show = (value) => {
      box.checked = value ?? fallback;
      box.disabled = Boolean(why) && !box.checked;
    };
    return this.field(label, keys, [box], { show, hint: () => why });
  }

  /** A text that is sent when it is complete. */
  text(label, keys, write) {
    let before;
    const input = el("input", { type: "text", spellcheck: "false", "aria-label": label, onchange: () => write(input.value) });
    return this.field(label, keys, [input], {
      show: (value) => {
        const refused = this.model.get("refused").path === jsonPath(keys);
        if (!refused && (document.activeElement !== input || value !== before)) input.value = value ?? "";
        before = value;
      },
    });
  }

  /** A heading with a place for faults of the whole part. */
  part(title, keys, ...lines) {
    const fault = el("span", { class: "fault" });
    this.fields.push({ path: jsonPath(keys), inputs: [], fault, refresh: () => {} });
    return el("fieldset", {}, el("legend", {}, title), fault, lines.flat());
  }

  refresh() {
    for (const field of this.fields) field.refresh();
    const refused = this.model.get("refused");
    const faults = [...this.model.get("faults"), ...(refused.path ? [refused] : [])];
    const found = new Map(this.fields.map((field) => [field, []]));
    for (const fault of faults.filter(({ path }) => !this.outside || !within(path, this.outside))) {
      const around = this.fields.filter((field) => within(fault.path, field.path));
      const nearest = around.sort((a, b) => b.path.length - a.path.length)[0];
      if (nearest) found.get(nearest).push(fault);
    }
    for (const [field, list] of found) {
      field.fault.replaceChildren(...list.flatMap(({ path, message }) => [`⚠ ${message} `, el("code", {}, path), " "]));
      field.inputs.forEach((input, i) => {
        if (list.some(({ path }) => isOf(path, field, i))) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      });
    }
  }
}

/** Options of an activation as one choice. */
function activation(form, label, keys) {
  const keep = (value) => {
    const bits = form.get(keys)?.int_bits;
    form.set(keys, value === null ? null : { type: "relu", slope: value, ...(bits === undefined ? {} : { int_bits: bits }) });
  };
  const options = [[null, "none"], [0, "ReLU"], ...SLOPES];
  return form.choice(label, keys, () => [...options], { read: (value) => (value ? value.slope ?? 0 : null), write: keep });
}

/** Fields of the network as a whole. */
function networkForm(model) {
  const form = new Form(model, "$.bundles");
  const image = (form.get(["input", "shape"]) ?? []).length !== 1;
  const bits = (label, key, widths) => form.choice(label, ["bits", key], () => widths.map((n) => [n, `${n}`]));
  const kind = form.choice("Input is", ["input"], () => [[3, "an image, h × w × c"], [1, "a vector"]], {
    read: (value) => value?.shape?.length,
    write: (n) => {
      const shape = [form.get(["input", "shape"]) ?? 1].flat();
      form.set(["input", "shape"], n === 3 ? [28, 28, shape.at(-1)] : [shape.reduce((a, b) => a * b, 1)]);
    },
  });
  const root = form.part("Network", [],
    el("div", { class: "bb-line" },
      form.text("Name", ["name"], (name) => form.set(["name"], name)), kind,
      form.numbers("Shape", ["input", "shape"], image ? ["Input rows", "Input columns", "Input channels"] : ["Input values"], { list: true }),
      form.numbers("Batch", ["input", "batch"], ["Batch"])),
    el("div", { class: "bb-line" },
      bits("Activation bits", "x", [2, 4, 8]), bits("Weight bits", "k", [2, 4, 8]), bits("Bias bits", "b", [8, 16, 32]),
      form.numbers("Input integer bits", ["input", "int_bits"], ["Input integer bits"], { min: -24, max: 24, optional: true })));
  return { form, root };
}

/** Tensors that a bundle may read: [name, text, why not]. */
function tensors(model, index, fits) {
  const [value, rows] = [model.get("value"), model.get("rows")];
  const sources = [{ name: "input", shape: value.input?.shape },
    ...rows.slice(0, index).map((row) => ({ name: row.name, shape: row.output_shape }))];
  return sources.map(({ name, shape }) => [name, `${name}, ${times(shape)}`, shape ? fits(shape) : ""]);
}

/** Fields of one bundle. */
function bundleForm(model, index) {
  const form = new Form(model);
  const at = (...keys) => ["bundles", index, ...keys];
  const bundle = form.get(at());
  const count = form.get(["bundles"]).length;
  const conv = bundle.core?.type !== "dense";
  const transposed = bundle.core?.type === "conv2d_transpose";
  const target = () => model.get("rows")[index]?.core_shape;
  const reads = () => tensors(model, index, (shape) => (shape.length === (conv ? 3 : 1) ? ""
    : conv ? "flat, a convolution needs h × w × c" : "not flat, set its flatten"));
  const read = () => [form.get(at("input")) ?? []].flat();
  const readAll = (names) => form.set(at("input"), names.length === 1 ? names[0] : names);
  const size = (shape) => [shape].flat().slice(0, -1);
  const beside = (i) => form.choice(i > 1 ? `Concatenated with (${i})` : "Concatenated with", at("input", i), () => {
    const [name] = read();
    const shape = name === "input" ? model.get("value").input?.shape : model.get("rows").find((row) => row.name === name)?.output_shape;
    return [[null, "nothing"], ...tensors(model, index, (other) => (!shape || same(size(other), size(shape)) ? ""
      : size(shape).length ? `not ${times(size(shape))} × c` : "not flat"))];
  }, { read: () => read()[i] ?? null, write: (name) => readAll(read().toSpliced(i, 1, ...(name === null ? [] : [name]))) });
  const partners = () => tensors(model, index, (shape) => (!target() || same(shape, target()) ? "" : `not ${times(target())}`));
  const join = (name) => {
    if (name === null) form.set(at("add"), null);
    else if (form.get(at("add"))) form.set(at("add", "with"), name);
    else form.set(at("add"), { with: name, act: RELU });
  };
  const padding = (label, part) => {
    const keys = at(part, "padding");
    const own = Array.isArray(form.get(keys));
    const sides = ([first, second], i) => form.numbers(`${label}, ${["rows", "columns"][i]}`, [...keys, i],
      [first, second].map((side) => `${label} ${side}`), { min: 0, max: 254 });
    return [
      form.choice(label, keys, () => [["same", "same: zeros around"], ["valid", "valid: none"], ["own", "rows and columns"]], {
        read: (value) => (Array.isArray(value) ? "own" : value),
        write: (rule) => form.set(keys, rule === "own" ? [[0, 0], [0, 0]] : rule),
      }),
      own ? [["above", "below"], ["left", "right"]].map(sides) : [],
    ].flat();
  };
  const points = (label, ...keys) => form.numbers(label, at(...keys, "int_bits"), [`Integer bits, ${label}`], { min: -24, max: 24, optional: true });
  const core = conv ? [
    form.numbers("Filters", at("core", "filters"), ["Filters"]),
    form.numbers("Kernel", at("core", "kernel"), ["Kernel rows", "Kernel columns"], { max: 255 }),
    form.numbers("Strides", at("core", "strides"), ["Vertical stride", "Horizontal stride"], { max: 255 }),
    ...(transposed ? [] : padding("Padding", "core")),
    transposed ? null : form.numbers("Groups", at("core", "groups"), ["Groups"], { fallback: 1 }),
  ] : [form.numbers("Units", at("core", "units"), ["Units"])];
  const pool = bundle.pool ? [
    form.numbers("Window", at("pool", "size"), ["Window rows", "Window columns"], { max: 255 }),
    form.numbers("Pool strides", at("pool", "strides"), ["Vertical pool stride", "Horizontal pool stride"], { max: 255 }),
    ...padding("Pool padding", "pool"),
  ] : [];
  const flat = conv ? "" : "needs a convolution";
  const grids = [bundle.act && points("activation", "act"), bundle.add?.act && points("sum", "add", "act"), bundle.pool && points("pool", "pool")].filter(Boolean);
  const open = [bundle.act, bundle.add?.act, bundle.pool].some((part) => part?.int_bits != null);
  const root = el("div", { class: "bb-form" },
    form.part(`Bundle ${index + 1} of ${count}`, at(),
      form.text("Name", at("name"), (name) => send(model, "rename", { index, name })),
      form.choice("Reads", at("input"), reads, { read: () => read()[0], write: (name) => readAll([name, ...read().slice(1)]) }),
      Array.from({ length: Math.max(read().length, 1) }, (_, i) => beside(i + 1))),
    form.part("Core", at("core"),
      form.choice("Type", at("core", "type"), () => Object.entries(KINDS)), core,
      form.check("Bias", at("core", "use_bias"), { fallback: true })),
    form.part("Then", [...at(), "then"],
      activation(form, "Activation", at("act")),
      form.choice("Residual add of", at("add", "with"), () => [[null, "nothing"], ...partners()], {
        read: (value) => value ?? (form.get(at("add")) ? undefined : null), write: join,
        hint: () => (form.get(at("add")) || partners().some(([, , why]) => !why) ? "" : `no earlier tensor is ${times(target())}`),
      }),
      bundle.add ? activation(form, "Activation of the sum", at("add", "act")) : null,
      form.choice("Pool", at("pool"), () => [[null, "none"], ["max", "maximum", flat], ["avg", "average", flat]], {
        read: (value) => value?.type ?? null,
        write: (type) => form.set(at("pool"), type && { ...POOL, ...form.get(at("pool")), type }),
      }),
      pool,
      conv ? form.numbers("Up-sampling", at("upsample"), ["Rows repeated", "Columns repeated"], { max: 255, fallback: [1, 1] }) : null,
      conv ? form.numbers("Depth to space", at("depth_to_space"), ["Rows from channels", "Columns from channels"], { max: 255, fallback: [1, 1] }) : null,
      form.check("Flatten", at("flatten"), { why: conv ? "" : "flat already" }),
      form.check("Softmax", at("softmax"), { why: index === count - 1 ? "" : "ends a network: only on the last bundle" })),
    el("details", { open }, el("summary", {}, "Binary points"),
      el("p", { class: "hint" }, grids.length ? "Integer bits of a result without its sign. Left empty, they are chosen from data."
        : "Nothing in this bundle has a binary point to place."),
      grids));
  return { form, root };
}
