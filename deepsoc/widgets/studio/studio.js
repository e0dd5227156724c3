// The head of the Studio: the design in a line, and its tabs.

function render({ model, el: host }) {
  const body = control(host, model, "Studio");
  body.classList.add("st");
  const summary = el("span", { class: "hint st-summary" });
  const saved = el("span", { class: "hint st-saved" });
  const list = el("div", { class: "st-tabs", role: "tablist", "aria-label": "Parts of the design" });
  const choose = (index, focus) => {
    model.set("tab", index);
    model.save_changes();
    if (focus) list.children[index].focus();
  };
  const tabs = model.get("tabs").map((name, index) => el("button", { class: "st-tab", role: "tab", onclick: () => choose(index) }, name));
  list.append(...tabs);
  list.addEventListener("keydown", (event) => {
    const now = model.get("tab");
    const to = { ArrowLeft: (now + tabs.length - 1) % tabs.length, ArrowRight: (now + 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); choose(to, true); }
  });
  body.append(el("div", { class: "row st-head" }, el("strong", { class: "st-name" }, model.get("name")), summary, saved), list);
  return follow(model, ["tab", "summary", "saved", "folder"], () => {
    summary.textContent = model.get("summary");
    const time = model.get("saved");
    saved.textContent = time ? `saved ${new Date(time * 1000).toLocaleTimeString()} in ${model.get("folder")}` : `in ${model.get("folder")}`;
    tabs.forEach((tab, index) => {
      const on = index === model.get("tab");
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    });
  });
}

export default { render };
