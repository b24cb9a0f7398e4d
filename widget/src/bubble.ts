// One message of the list.
import { button, h, icon, link, rich, safe } from './dom';
import { t } from './strings';
import * as transcript from './transcript';
import type { Entry } from './transcript';
import type { Attachment } from './types';

export interface Actions {
  base: string;
  edit(e: Entry): void;
  reply(e: Entry): void;
  remove(e: Entry): void;
  retry(e: Entry): void;
  grown(): void; // a picture has come
}

const ticks = {
  queued: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18',
  stored: 'M6 13l4 4 8-10',
  delivered: 'M2 13l4 4 8-10M11 16l1 1 8-10',
  read: 'M2 13l4 4 8-10M11 16l1 1 8-10',
};

/** Draws the message into its node, unless the node shows it already. */
export function draw(e: Entry, name: string, actions: Actions): HTMLElement {
  const m = e.message;
  const mine = m.sender === 'visitor';
  const quoted = m.replyTo && transcript.entries.find((o) => o.message.id === m.replyTo);
  const current = e.waiting || m.sessionId === transcript.session?.id;
  const status = mine && !m.deletedAt && current && transcript.status(e);
  const drawn = [m.id, m.editedAt, m.deletedAt, m.failed, status, e.waiting?.words, quoted && excerpt(quoted), name].join();
  const node = (e.node ||= h('div', { tabindex: -1 }));
  if (e.drawn === drawn) return node;
  e.drawn = drawn;

  const body = h('div', { class: 'b' });
  if (quoted) body.append(h('div', { class: 'quote' }, excerpt(quoted)));
  if (m.deletedAt) body.append(h('i', {}, t.deleted));
  else {
    body.append(h('span', {}, ...rich(m.text)));
    for (const a of m.attachments || []) body.append(attachment(a, actions));
  }

  const foot = h('div', { class: 'foot' });
  const words = e.waiting?.words;
  if (words || m.failed) {
    foot.append(h('span', { class: 'bad', title: words }, words ? t.failed : t.undelivered));
    if (words) foot.append(button(t.retry, 'text retry', () => actions.retry(e), t.retry));
  } else {
    if (m.editedAt && !m.deletedAt) foot.append(t.edited + ' · ');
    const at = new Date(m.createdAt);
    foot.append(h('time', { title: at.toLocaleString() }, at.toLocaleTimeString([], { timeStyle: 'short' })));
    if (status) {
      const tick = h('span', { class: 'tick ' + status, role: 'img', title: t[status], 'aria-label': t[status] });
      tick.append(icon(ticks[status]));
      foot.append(tick);
    }
  }

  const menu = h('div', { class: 'menu' });
  if (m.id && !m.deletedAt) {
    menu.append(button(t.reply, 'reply', () => actions.reply(e), icon('M10 8L5 13l5 5M5 13h9a5 5 0 0 1 5 5')));
    if (mine) {
      menu.append(
        button(t.edit, 'edit', () => actions.edit(e), icon('M5 19l1-4L16 5l3 3L9 18z')),
        button(t.remove, 'delete', () => actions.remove(e), icon('M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12')),
      );
    }
  }
  const author = mine ? '' : m.sender === 'system' ? '' : m.author?.name || name;
  node.className = 'm ' + m.sender + (words || m.failed ? ' bad' : '') + (m.deletedAt ? ' gone' : '');
  node.replaceChildren(...(author ? [h('div', { class: 'who' }, author)] : []), h('div', { class: 'row' }, body, menu), foot);
  return node;
}

/** The first words of a message, for those that answer it. */
export function excerpt({ message: m }: Entry): string {
  return m.deletedAt ? t.deleted : m.text.slice(0, 90) || m.attachments?.[0]?.name || '';
}

function attachment(a: Attachment, actions: Actions): HTMLElement {
  const href = safe(a.url || '', actions.base);
  const el = link(a.url && href, a.name);
  el.className = 'file';
  if (a.url && href && /^image\/(png|jpeg|gif|webp)$/.test(a.type)) {
    const img = h('img', { src: href, alt: a.name, load: actions.grown, error: () => el.replaceChildren(a.name) });
    el.replaceChildren(img);
  }
  return el;
}
