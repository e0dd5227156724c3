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
  const question = el("div", { class: "dsoc-error st-asks", role: "alert", hidden: true },
    "This design was changed elsewhere, in another Studio or by a program. What you have changed here is not saved. ",
    el("button", { type: "button", onclick: () => send(model, "theirs") }, "Show theirs"), " ",
    el("button", { type: "button", onclick: () => send(model, "mine") }, "Keep mine"));
  body.append(question, el("div", { class: "row st-head" }, el("strong", { class: "st-name" }, model.get("name")), summary, saved), list);
  const studio = () => host.closest(".dsoc-studio") ?? host;
  let looked = 0;
  const look = ({ target }) => { // somebody works here: the design may have been changed elsewhere
    if (Date.now() - looked < 1000 || !studio().contains(target)) return;
    looked = Date.now();
    send(model, "look");
  };
  const signs = ["pointerover", "focusin"];
  for (const sign of signs) document.addEventListener(sign, look);
  const stop = follow(model, ["tab", "summary", "saved", "read", "asks", "folder"], () => {
    summary.textContent = model.get("summary");
    question.hidden = !model.get("asks");
    const [written, read] = [model.get("saved"), model.get("read")];
    const what = model.get("asks") ? "not saved" : read > written ? "changed elsewhere, read again" : written ? "saved" : "";
    const time = what && !model.get("asks") ? ` ${new Date(Math.max(read, written) * 1000).toLocaleTimeString()}` : "";
    saved.textContent = `${what}${time} in ${model.get("folder")}`.trim();
    tabs.forEach((tab, index) => {
      const on = index === model.get("tab");
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    });
  });
  return () => {
    stop();
    for (const sign of signs) document.removeEventListener(sign, look);
  };
}

export default { render };
