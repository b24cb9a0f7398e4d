// Small helpers that make nodes. Foreign text only ever becomes text nodes.

type Props = Record<string, string | undefined | ((e: any) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...kids: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const name in props) {
    const value = props[name];
    if (typeof value === 'function') el.addEventListener(name, value);
    else if (value) el.setAttribute(name, value);
  }
  el.append(...kids);
  return el;
}

/** A line drawing in a box of 24 by 24. */
export function icon(path: string): SVGElement {
  const make = (tag: string, name: string, value: string) => {
    const el = document.createElementNS('http://www.w3.org/2000/svg', tag);
    el.setAttribute(name, value);
    return el as SVGElement;
  };
  const svg = make('svg', 'viewBox', '0 0 24 24');
  svg.append(make('path', 'd', path));
  return svg;
}

/** A button, called by its name. */
export function button(name: string, kind: string, press: () => void, ...kids: (Node | string)[]): HTMLButtonElement {
  return h('button', { type: 'button', class: kind, 'aria-label': name, title: name, click: press }, ...kids);
}

/** A link to somewhere else; without an address that is safe to follow it leads nowhere. */
export function link(address: string, ...kids: (Node | string)[]): HTMLAnchorElement {
  const href = /^https?:\/\//i.test(address) ? address : undefined;
  return h('a', { href, target: '_blank', rel: 'noopener nofollow' }, ...kids);
}

/** The text with its web addresses as links. */
export function rich(text: string): (Node | string)[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]])/).map((part, i) => (i % 2 ? link(part, part) : part));
}
