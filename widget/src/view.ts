// The bubble and the panel, in a shadow root of their own.
import css from '../dist/widget.css';
import { draw } from './bubble';
import { button, h, icon } from './dom';
import type { Extras } from './extra';
import { t } from './strings';
import * as transcript from './transcript';
import type { Entry } from './transcript';
import type { Settings } from './types';

export interface Wishes {
  toggle(open: boolean): void;
  write(text: string): void;
  retry(e: Entry): void;
  older(): void;
}

export let isOpen = false;
let who = t.team; // whom the visitor talks to
export let extras: Extras | undefined;

let wishes: Wishes;
let atEnd = true;
let top: Entry | undefined;

const cross = 'M6 6l12 12M18 6L6 18';

export const host = h('pocketping-widget' as 'div');
const root = host.attachShadow({ mode: 'open' });
const avatar = h('div', { class: 'avatar' });
const title = h('b');
const presence = h('div', { class: 'presence' });
const welcome = h('div', { class: 'b' });
const hello = h('div', { class: 'm operator' }, h('div', { class: 'row' }, welcome));
const closed = h('div', { class: 'line' });
const log = h('div', { class: 'log', role: 'log', tabindex: '0', 'aria-label': t.messages, scroll: scrolled }, hello, closed);
const notice = h('div', { class: 'notice', role: 'status' });
const input = h('textarea', { rows: '1', 'aria-label': t.write, placeholder: t.write, input: grow, keydown: pressed });
const send = h('button', { class: 'send', 'aria-label': t.send, title: t.send }, icon('M12 19V5M5.5 11.5L12 5l6.5 6.5'));
const form = h('form', { submit: sent }, input, send);
const badge = h('span', { class: 'badge' });
const launcher = button(
  t.open,
  'launcher',
  () => wishes.toggle(!isOpen),
  icon('M12 4a8 8 0 1 1-4 15l-4 1 1-4A8 8 0 0 1 12 4z'),
  icon(cross),
  badge,
);
const panel = h(
  'section',
  { class: 'panel', role: 'dialog', keydown: (e) => e.key === 'Escape' && wishes.toggle(false) },
  h('header', {}, avatar, h('div', {}, title, presence), button(t.close, 'close', () => wishes.toggle(false), icon(cross))),
  log,
  notice,
  form,
);
const all = h('div', { class: 'all' }, panel, launcher);

export { input };

/** Makes the closed bubble, which comes on the page once it is dressed. */
export function mount(w: Wishes, life: AbortController): void {
  wishes = w;
  style(css);
  root.append(all);
  for (const change of ['resize', 'scroll']) visualViewport!.addEventListener(change, fit, life);
  show(false);
}

/** Adds a style sheet in a way that a strict policy allows. */
function style(text: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  root.adoptedStyleSheets.push(sheet);
}

/** Takes in what extra.js adds. */
export function extend(more: Extras): void {
  extras = more;
  style(more.css);
  log.append(more.dots);
  form.before(more.strip);
  form.prepend(more.clip);
  sync();
}

/** Takes over the project's colour and words. */
export function dress(s: Settings): void {
  const color = s.color || '#4f46e5';
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  all.style.setProperty('--c', color);
  all.style.setProperty('--on', r! * 3 + g! * 6 + b! > 1650 ? '#111' : '#fff');
  who = s.operator || s.name || t.team;
  title.textContent = who;
  avatar.textContent = [...who][0]!;
  welcome.textContent = s.welcome!;
  hello.hidden = !s.welcome;
  panel.ariaLabel = who;
  if (!host.isConnected) document.documentElement.append(host);
}

/** Opens or closes the panel. */
export function show(open: boolean): void {
  panel.hidden = !open;
  launcher.classList.toggle('on', open);
  launcher.ariaExpanded = '' + open;
  if (open) {
    fit();
    toEnd();
    input.focus();
  } else if (isOpen) launcher.focus();
  isOpen = open;
}

export function online(on: boolean): void {
  presence.textContent = on ? t.online : t.away;
  presence.classList.toggle('on', on);
}

/** A line above the composer: the connection is away, or what went wrong. */
export function say(words: string, late = false): void {
  notice.textContent = words;
  notice.classList.toggle('late', late);
}

/** No more can be written. */
export function lock(words: string): void {
  say(words);
  form.hidden = true;
}

/** How many messages of operators are unread. */
export function count(unread: number): void {
  badge.textContent = unread > 9 ? '9+' : '' + (unread || '');
  launcher.ariaLabel = launcher.title = isOpen ? t.close : unread ? `${t.open} (${unread} ${t.unread})` : t.open;
}

/** Shows the transcript as it is now. */
export function sync(toBottom?: boolean): void {
  const height = log.scrollHeight;
  let before: Element = hello;
  let day = '';
  let author = '';
  for (const e of transcript.entries) {
    const node = draw(e, who, wishes.retry, extras);
    const at = new Date(e.message.createdAt);
    const date = at.toDateString();
    const by = date + e.message.sender + e.message.author?.name;
    node.classList.toggle('follows', by === author);
    node.dataset.day = date === day ? '' : extras?.day(at) || '';
    day = date;
    author = by;
    if (before.nextSibling !== node) before.after(node);
    before = node;
  }
  while (before.nextSibling !== closed) before.nextSibling!.remove();
  closed.textContent = transcript.session?.status === 'closed' ? t.closed : '';
  if (atEnd || toBottom) toEnd();
  else if (top !== transcript.entries[0]) log.scrollTop += log.scrollHeight - height;
  top = transcript.entries[0];
}

export function grown(): void {
  if (atEnd) toEnd();
}

function toEnd(): void {
  atEnd = true;
  log.scrollTop = log.scrollHeight;
}

function scrolled(): void {
  if (panel.hidden) return;
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (top && log.scrollTop < 60) wishes.older();
}

/** A phone's keyboard covers the page: the panel takes what is left. */
function fit(): void {
  all.style.setProperty('--h', visualViewport!.height + 'px');
  all.style.setProperty('--y', visualViewport!.offsetTop + 'px');
  grown();
}

/** Lets the visitor write on, from the text if one is given. */
export function compose(text = input.value): void {
  input.value = text;
  grow();
  input.focus();
}

function grow(): void {
  input.style.height = 'auto';
  input.style.height = input.scrollHeight + 'px';
  form.classList.toggle('full', !!input.value.trim());
  grown();
}

function pressed(e: KeyboardEvent): void {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) sent(e);
}

function sent(e: Event): void {
  e.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  compose('');
  if (!extras?.take(text)) wishes.write(text);
}
