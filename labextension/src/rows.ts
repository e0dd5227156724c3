/** An element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A button with a text and what it does. */
export function button(text: string, action: () => void): HTMLButtonElement {
  const node = el('button', { class: 'dsoc-button', type: 'button' }, text);
  node.addEventListener('click', action);
  return node;
}

/** Sets a text only where it differs, so that selections and readers are not disturbed. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** One row of a list, kept as long as its item is there. */
export interface IRow<T> {
  readonly node: HTMLElement;
  update(item: T): void;
}

/** A list whose rows stay the same elements while their items change, so that the focus stays where it is. */
export class Rows<T> {
  readonly node: HTMLUListElement;
  private rows = new Map<string, IRow<T>>();

  constructor(
    label: string,
    private readonly key: (item: T) => string,
    private readonly make: (item: T) => IRow<T>
  ) {
    this.node = el('ul', { 'aria-label': label });
  }

  update(items: readonly T[]): void {
    const rows = new Map(items.map(item => [this.key(item), this.rows.get(this.key(item)) ?? this.make(item)]));
    const nodes = [...rows.values()].map(row => row.node);
    for (const child of [...this.node.children].filter(child => !nodes.includes(child as HTMLElement))) {
      child.remove();
    }
    nodes.forEach((node, index) => {
      if (this.node.children[index] !== node) {
        this.node.insertBefore(node, this.node.children[index] ?? null);
      }
    });
    this.rows = rows;
    items.forEach(item => rows.get(this.key(item))?.update(item));
  }
}
