// One message of the list.
import { button, h, icon, rich } from './dom';
import type { Extras } from './extra';
import { t } from './strings';
import * as transcript from './transcript';
import type { Entry } from './transcript';

const clock = 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18';
const once = 'M6 13l4 4 8-10';
const twice = 'M2 13l4 4 8-10M11 16l1 1 8-10';

/** Draws the message into its node, unless the node shows it already. */
export function draw(e: Entry, name: string, retry: (e: Entry) => void, extras?: Extras): HTMLElement {
  const m = e.message;
  const words = e.waiting?.words;
  const status = m.sender === 'visitor' && !m.deletedAt && transcript.status(e);
  const quote = extras?.quote(m);
  const drawn = JSON.stringify([m, words, status, quote, name, !!extras]);
  const node = (e.node ||= h('div'));
  if (e.drawn === drawn) return node;
  e.drawn = drawn;

  const body = h('div', { class: 'b' }, ...(m.deletedAt ? [h('i', {}, t.deleted)] : rich(m.text || (extras ? '' : '📎'))));
  const row = h('div', { class: 'row' }, body);
  const foot = h('div', { class: 'foot' });
  if (words) foot.append(h('span', { class: 'no', title: words }, t.failed), button(t.retry, 'retry', () => retry(e), t.retry));
  else {
    const at = new Date(m.createdAt);
    if (m.failed) foot.append(h('span', { class: 'no' }, t.undelivered));
    if (m.editedAt && !m.deletedAt) foot.append(h('em', {}, t.edited));
    foot.append(h('time', {}, at.toLocaleTimeString([], { timeStyle: 'short' })));
    if (status) {
      const path = status === 'queued' ? clock : status === 'stored' ? once : twice;
      foot.append(h('span', { class: 'tick ' + status, role: 'img', 'aria-label': t[status] }, icon(path)));
    }
  }
  if (!m.deletedAt) extras?.adorn(e, quote, row, body);
  node.className = 'm ' + m.sender;
  node.replaceChildren(row, foot);
  if (m.sender === 'operator') node.prepend(h('div', { class: 'who' }, m.author?.name || name));
  return node;
}
