// Small helpers that make nodes. Foreign text only ever becomes text nodes.

const script = document.currentScript as HTMLScriptElement;
/** What the page has set on the script. */
export const data = script.dataset;
/** Where the core is. */
export const base = new URL('.', script.src).href;

/** Makes an element, with its class or with properties. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: string | (Partial<Omit<HTMLElementTagNameMap[K], 'style'>> & Record<string, unknown>),
  ...kids: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const el = Object.assign(document.createElement(tag), typeof props == 'string' ? { className: props } : props);
  el.append(...kids);
  return el;
}

/** A line drawing in a box of 24 by 24. */
export function icon(path: string): Element {
  const [svg, line] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag) as Element) as [Element, Element];
  svg.setAttribute('viewBox', '0 0 24 24');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** A button, called by its name. */
export function button(name: string, className: string, onclick: (e: Event) => void, ...kids: (Node | string)[]): HTMLButtonElement {
  return h('button', { type: 'button', className, ariaLabel: name, title: name, onclick }, ...kids);
}

/** The whole address of what the core gives, which may be a path there. */
export const full = (address: string) => address.replace(/^\/?(?!\w+:)/, base);

/** A picture that gives way to what stands for it, where it cannot be had. */
export function picture(address: string | undefined, instead: Node | string = ''): Node | string {
  if (!address) return instead;
  const img = h('img', { src: full(address), alt: '', onerror: () => img.replaceWith(instead) });
  return img;
}
