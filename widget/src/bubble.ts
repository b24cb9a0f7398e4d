// One message of the list.
import { button, h, icon } from './dom';
import type { Extras } from './extra';
import { rich } from './markdown';
import * as outbox from './outbox';
import { t } from './strings';
import * as transcript from './transcript';
import type { Message } from './types';

const ticks = {
  queued: 'M12 7v5l3 2M12 4a8 8 0 1 0 1 0',
  stored: 'M6 13l4 4 8-10',
  delivered: 'M2 13l4 4 8-10M11 16l1 1 8-10',
};

/** A message's node, and what it shows. */
interface Bubble extends HTMLElement {
  _drawn?: string;
}
const bubbles: Record<string, Bubble> = Object.create(null); // ids are any text, "constructor" too

/** Draws the message into its node, unless the node shows it already. */
export function draw(m: Message, name: string, retry: (m: Message) => void, extras?: Extras): HTMLElement {
  const node = (bubbles[m.clientId || m.id] ||= h('div'));
  const gone = m.deletedAt;
  const words = !m.id && outbox.find(m.clientId)?.words;
  const status = m.sender === 'visitor' && !gone && transcript.status(m);
  const quote = extras?._quote(m);
  const drawn = JSON.stringify([m, words, status, quote, name, !!extras]);
  if (node._drawn === drawn) return node;
  node._drawn = drawn;

  const body = h('div', { className: 'b', dir: 'auto' }, ...(gone ? [h('i', {}, t.deleted)] : rich(m.text)));
  const row = h('div', 'row', body);
  const foot = h('div', 'foot');
  if (words) foot.append(h('span', { className: 'no', title: words }, t.failed), button(t.retry, 'retry', () => retry(m), t.retry));
  else {
    if (m.failed) foot.append(h('span', 'no', t.undelivered));
    if (m.editedAt && !gone) foot.append(h('em', {}, t.edited));
    foot.append(h('time', {}, new Date(m.createdAt).toLocaleTimeString(t.code, { timeStyle: 'short' })));
    if (status) foot.append(h('span', { className: 'tick ' + status, role: 'img', ariaLabel: t[status] }, icon(ticks[status as 'queued'] || ticks.delivered)));
  }
  node.className = 'm ' + m.sender;
  node.replaceChildren(row, foot);
  if (m.sender === 'operator') node.prepend(h('div', 'who', m.author?.name || name));
  if (!gone) extras?._adorn(m, node, quote, row, body);
  return node;
}
