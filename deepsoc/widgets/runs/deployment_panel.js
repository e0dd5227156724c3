// DeploymentPanel: the target, and the files of the folder that was written.

function filesPart(model) {
  const node = el("section", { "aria-label": "Files" });
  const draw = () => {
    const value = model.get("value");
    redraw(node, value, () => !value.files ? [] : [
      el("h4", {}, `${value.files.length} files for ${value.target}, in `, el("code", {}, value.folder)),
      fileList(value.files),
    ]);
    node.hidden = !value.files;
  };
  return { node, draw, traits: ["value"] };
}

function render({ model, el: host }) {
  const titles = model.get("targets").map(({ name, title }) => [name, `${name}: ${title}`]);
  const options = [selectField(model, "target", "Target", titles), textField(model, "weights", "Weights", "random")];
  return jobPanel(host, model, { label: "Deployment", verb: "Make the folder", options, parts: [filesPart(model)] });
}

export default { render };
