// Fields, buttons and words in `root` that overlap, or of which a part is outside what can be seen.
(root) => {
  const seen = (node) => node.checkVisibility({ opacityProperty: true }) && node.getClientRects().length > 0;
  const name = (node) => `${node.tagName.toLowerCase()} ${node.getAttribute("aria-label") ?? node.textContent.trim().slice(0, 40)}`;
  const box = (node) => node.getBoundingClientRect();
  const shown = (node) => { // what its scrolling ancestors leave of it
    let { left, right, top, bottom } = box(node);
    for (let up = node.parentElement; up && root.contains(up); up = up.parentElement) {
      if (getComputedStyle(up).overflowY === "visible") continue;
      const edge = box(up);
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    return { left, right, top, bottom };
  };
  const fields = [...root.querySelectorAll("input, select, button, label, th, td, .hint, .fault")].filter(seen);
  const found = [];
  fields.forEach((a, i) => fields.slice(i + 1).forEach((b) => {
    const [p, q] = [shown(a), shown(b)];
    const [x, y] = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
    if (x > 1 && y > 1 && !a.contains(b) && !b.contains(a)) found.push(`${name(a)} and ${name(b)} overlap`);
  }));
  for (const node of fields) {
    const { left, right } = box(node);
    for (let up = node.parentElement; up && root.contains(up); up = up.parentElement) {
      const { overflowX } = getComputedStyle(up);
      const edge = box(up);
      if (overflowX !== "visible" && (right > edge.left + up.clientLeft + up.clientWidth + 1 || left < edge.left - 1)) {
        found.push(`${name(node)} is clipped`);
        break;
      }
    }
    if (node.matches(".hint, .fault, label") && node.scrollWidth > node.clientWidth + 1 && node.clientWidth) found.push(`${name(node)} is cut`);
  }
  return found;
}
