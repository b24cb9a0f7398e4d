// The bubble and the panel, in a shadow root of their own.
import css from '../dist/widget.css';
import { draw } from './bubble';
import { button, h, icon, picture } from './dom';
import type { Extras } from './extra';
import { rich } from './markdown';
import { t } from './strings';
import * as transcript from './transcript';
import type { Message, Settings } from './types';

export interface Wishes {
  _toggle(open?: boolean): void;
  _write(text: string): void;
  _retry(m: Message): void;
}

export let isOpen = false;
export let who = ''; // whom the visitor talks to
export let extras: Extras | undefined;

let wishes: Wishes;
let settings: Settings = {};
export let there: boolean | undefined; // somebody answers
let unread = 0;
let face: Node | string;

export const cross = 'M6 6l12 12M18 6L6 18';

export const host = h('pocketping-widget' as 'div');
const root = host.attachShadow({ mode: 'open' });
const avatar = h('div', 'avatar');
const title = h('b');
const presence = h('div', 'presence');
const welcome = h('div', { className: 'b', dir: 'auto' });
const hello = h('div', 'm operator', h('div', 'row', welcome));
const closed = h('div', 'line');
const list = h('div', 'list', hello, closed);
const log = h('div', { className: 'log', role: 'log', tabIndex: 0 }, list);
const notice = h('div', { className: 'notice', role: 'status' });
const input = h('textarea', { rows: 1, oninput: grow, onkeydown: pressed });
const send = button('', 'send', sent, icon('M12 19V5l-6 6m12 0l-6-6'));
const form = h('form', {}, input, send);
const badge = h('span', 'badge');
const bubble = icon('M12 4a8 8 0 1 1-4 15l-4 1 1-4A8 8 0 0 1 12 4z');
const launcher = button('', 'launcher', () => wishes._toggle());
const close = button('', 'close', () => wishes._toggle(false), icon(cross));
const header = h('header', {}, avatar, h('div', {}, title, presence), close);
const panel = h(
  'section',
  { className: 'panel', role: 'dialog', onkeydown: (e: KeyboardEvent) => void (e.key === 'Escape' && wishes._toggle(false)) },
  header,
  log,
  notice,
  form,
);
const all = h('div', 'all', panel, launcher);

export { close, form, input, list, log, panel };

/** Makes the closed bubble, which is on the page once it is shown. */
export function mount(w: Wishes): void {
  wishes = w;
  style(css);
  root.append(all);
  show(false, false);
}

/** Adds a style sheet in a way that a strict policy allows. */
export function style(text: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  root.adoptedStyleSheets.push(sheet);
}

/** Takes in what extra.js adds. */
export function extend(more: Extras): void {
  extras = more;
}

/** Sets a custom property, for the style sheets. */
export const set = (name: string, value: unknown) => all.style.setProperty('--' + name, (value ?? '') as string);
const call = (el: HTMLElement, name: string) => (el.ariaLabel = el.title = name);

/** Black or white, which has a contrast of 4.5 to the colour at least. The style sheet darkens it: white is then 277. */
const ink = (rgb: number) =>
  [0.0722, 0.7152, 0.2126].reduce((sum, part, i) => sum + part * (((rgb >> (8 * i)) & 255) / 277) ** 2.2, 0) > 0.18 ? '#000' : '#fff';

/** Takes over the looks and words that are chosen, in the language of today. */
export function dress(s: Settings): void {
  const color = s.color || '#4f46e5';
  settings = s;
  for (const name of ['x', 'y', 'radius', 'font'] as const) set(name, s[name]);
  set('c', color);
  set('on', ink(parseInt(color.slice(1), 16)));
  all.className = `all ${s.position} ${s.dark || 'auto'}`;
  all.dir = t.dir;
  all.lang = t.code;
  who = s.operator || s.name || t.team;
  title.textContent = panel.ariaLabel = s.title || who;
  avatar.replaceChildren(picture(s.avatar, [...who][0]));
  face = picture(s.icon, bubble);
  mark();
  welcome.replaceChildren(...rich(s.welcome || ''));
  hello.hidden = !s.welcome;
  input.placeholder = input.ariaLabel = s.placeholder || t.write;
  log.ariaLabel = t.messages;
  call(send, t.send);
  call(close, t.close);
  count(unread);
  online(there);
}

/** Whether the bubble is on the page at all. */
export function reveal(on: boolean): void {
  all.hidden = !on;
  if (!host.isConnected) document.documentElement.append(host);
}

const mark = () => launcher.replaceChildren(isOpen ? icon(cross) : face, badge);

/** Opens or closes the panel. */
export function show(open: boolean, focus: boolean): void {
  panel.hidden = !open;
  launcher.ariaExpanded = '' + open;
  isOpen = open;
  mark();
  if (focus) (!open ? launcher : form.hidden ? log : input).focus();
}

export function online(on = settings.online): void {
  there = on;
  presence.textContent = on === undefined ? '' : on ? settings.reply || t.online : settings.away || t.away;
  presence.classList.toggle('on', on);
}

/** A line above the composer: the connection is away, or what went wrong. */
export function say(words: string): void {
  notice.textContent = words;
}

/** How many messages of operators are unread. */
export function count(messages: number): void {
  unread = messages;
  badge.textContent = unread > 9 ? '9+' : '' + (unread || '');
  call(launcher, isOpen ? t.close : unread ? `${t.open} (${unread} ${t.unread})` : t.open);
}

/** Shows the transcript as it is now. */
export function sync(toBottom?: unknown): void {
  let before: Element = hello;
  transcript.messages().forEach((m, i) => {
    const node = draw(m, who, wishes._retry, extras);
    extras?._place(m, node, !i);
    if (before.nextSibling !== node) before.after(node);
    before = node;
  });
  while (before.nextSibling !== closed) before.nextSibling!.remove();
  closed.textContent = transcript.session?.status === 'closed' ? t.closed : '';
  if (toBottom) log.scrollTop = 0; // the end: see the style sheet
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
}

function pressed(e: KeyboardEvent): void {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) sent(e);
}

function sent(e: Event): void {
  e.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  compose('');
  if (!extras?._take(text)) wishes._write(text);
}
