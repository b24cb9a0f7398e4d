// The little markdown that people type in a chat, as nodes. What does not fit stays
// the text that it is.
import { h } from './dom';

const marks =
  /```(?:\w*\n)?([^]+?)```\n?|`([^`\n]+)`|((?:^(?:[-*]|\d+[.)]) .+\n?)+)|(?<![\w*])(\*\*?|_)(?=\S)(.+?)\4(?!\w)|\[([^\]\n]+)\]\((https?:[^\s)]+)\)|https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]*]/gm;

export function rich(text: string): (Node | string)[] {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(marks)) {
    const [all, block, code, list, mark, marked, label, address] = found;
    nodes.push(
      text.slice(at, found.index),
      block
        ? h('pre', {}, block)
        : code
          ? h('code', {}, code)
          : list
            ? h(+list[0]! >= 0 ? 'ol' : 'ul', { start: parseInt(list) }, ...list.match(/.+/g)!.map((item) => h('li', {}, ...rich(item.replace(/\S+ +/, '')))))
            : mark
              ? h(mark[1] ? 'b' : 'em', {}, ...rich(marked!))
              : link(address || all, label || all),
    );
    at = found.index + all.length;
  }
  return [...nodes, text.slice(at)];
}

/** A link to somewhere else; without an address that is safe to follow it leads nowhere. */
export function link(address: string, ...kids: (Node | string)[]): HTMLAnchorElement {
  const to = /^https?:\/\//i.test(address) && { href: address };
  return h('a', { target: '_blank', rel: 'noopener nofollow', ...to }, ...kids);
}
