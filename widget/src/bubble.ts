// One message of the list.
import { button, h, icon, link, rich, safe } from './dom';
import type { Extras } from './extra';
import { t } from './strings';
import * as transcript from './transcript';
import type { Entry } from './transcript';
import type { Wishes } from './view';

const ticks = {
  queued: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18',
  stored: 'M6 13l4 4 8-10',
  delivered: 'M2 13l4 4 8-10M11 16l1 1 8-10',
  read: 'M2 13l4 4 8-10M11 16l1 1 8-10',
};

/** Draws the message into its node, unless the node shows it already. */
export function draw(e: Entry, name: string, wishes: Wishes, extras: Extras | undefined, grown: () => void): HTMLElement {
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
    for (const a of m.attachments || []) {
      const file = link(a.url && safe(a.url, wishes.base), a.name);
      file.className = 'file';
      extras?.preview(file, a, grown);
      body.append(file);
    }
  }

  const foot = h('div', { class: 'foot' });
  const words = e.waiting?.words;
  if (words || m.failed) {
    foot.append(h('span', { class: 'bad', title: words }, words ? t.failed : t.undelivered));
    if (words) foot.append(button(t.retry, 'text retry', () => wishes.retry(e), t.retry));
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

  const row = h('div', { class: 'row' }, body);
  if (m.id && !m.deletedAt) extras?.menu(row, e);
  const author = m.sender === 'operator' && (m.author?.name || name);
  node.className = 'm ' + m.sender + (words || m.failed ? ' bad' : '') + (m.deletedAt ? ' gone' : '');
  node.replaceChildren(...(author ? [h('div', { class: 'who' }, author)] : []), row, foot);
  return node;
}

/** The first words of a message, for those that answer it. */
export function excerpt({ message: m }: Entry): string {
  return m.deletedAt ? t.deleted : m.text.slice(0, 90) || m.attachments?.[0]?.name || '';
}
