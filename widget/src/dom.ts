// Small helpers that make nodes. Foreign text only ever becomes text nodes.

type Props = Record<string, string | number | undefined | ((e: any) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...kids: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const name in props) {
    const value = props[name];
    if (typeof value === 'function') el.addEventListener(name, value);
    else if (value != null) el.setAttribute(name, value as string);
  }
  el.append(...kids);
  return el;
}

/** A line drawing in a box of 24 by 24. */
export function icon(path: string): SVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const p = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  p.setAttribute('d', path);
  svg.append(p);
  return svg;
}

/** A button that shows an icon and is called by its name. */
export function button(name: string, kind: string, press: () => void, ...kids: (Node | string)[]): HTMLButtonElement {
  return h('button', { type: 'button', class: kind, 'aria-label': name, title: name, click: press }, ...kids);
}

/** The address, if a visitor may safely follow it. */
export function safe(address: string, base?: string): string | undefined {
  try {
    const url = new URL(address, base);
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

export function link(href: string | undefined, ...kids: (Node | string)[]): HTMLElement {
  return h('a', { href, target: '_blank', rel: 'noopener nofollow' }, ...kids);
}

/** The text with its web addresses as links. */
export function rich(text: string): (Node | string)[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]])/).map((part, i) => {
    const href = i % 2 ? safe(part) : undefined;
    return href ? link(href, part) : part;
  });
}
