// The bubble and the panel, in a shadow root of their own.
import css from '../dist/widget.css';
import { draw } from './bubble';
import type { Extras } from './extra';
import { button, h, icon } from './dom';
import { t } from './strings';
import * as transcript from './transcript';
import type { Settings } from './types';

export interface Wishes {
  base: string;
  toggle(open: boolean): void;
  write(text: string): void;
  retry(e: transcript.Entry): void;
  typing(on: boolean): void;
  older(): void;
}

export let isOpen = false;

let wishes: Wishes;
let settings: Settings = {};
let extras: Extras | undefined;
let atEnd = true;
let frozen = 0;

const cross = 'M6 6l12 12M18 6L6 18';
const chat = 'M12 3.5a8.5 8.5 0 0 1 0 17c-1.5 0-2.9-.4-4.1-1L3.5 20.5l1.1-4.2A8.5 8.5 0 0 1 12 3.5z';

const host = h('pocketping-widget' as 'div');
const avatar = h('div', { class: 'avatar', 'aria-hidden': 'true' });
const title = h('b');
const presence = h('div', { class: 'presence' });
const welcome = h('div', { class: 'b' });
const hello = h('div', { class: 'm operator' }, h('div', { class: 'row' }, welcome));
const closed = h('div', { class: 'line', role: 'status' });
const dots = h('div', { class: 'typing' }, h('i'), h('i'), h('i'));
const log = h('div', { class: 'log', role: 'log', tabindex: 0, 'aria-label': t.messages, scroll: scrolled }, hello, closed, dots);
const notice = h('div', { class: 'notice', role: 'status' });
export const input = h('textarea', { rows: 1, 'aria-label': t.write, placeholder: t.write, input: typed, keydown: pressed });
const form = h(
  'form',
  { submit: sent },
  input,
  h('button', { class: 'send', 'aria-label': t.send, title: t.send }, icon('M12 19V5M5.5 11.5L12 5l6.5 6.5')),
);
const badge = h('span', { class: 'badge' });
const launcher = button(t.open, 'launcher', () => wishes.toggle(!isOpen), icon(chat), icon(cross), badge);
const panel = h(
  'section',
  { class: 'panel', role: 'dialog' },
  h('header', {}, avatar, h('div', {}, title, presence), button(t.close, 'close', () => wishes.toggle(false), icon(cross))),
  log,
  notice,
  form,
);

const all = h('div', { class: 'all' }, panel, launcher);

/** Puts the closed bubble on the page. */
export function mount(w: Wishes): void {
  wishes = w;
  const root = host.attachShadow({ mode: 'open' });
  style(css);
  panel.addEventListener('keydown', (e) => e.key === 'Escape' && wishes.toggle(false));
  root.append(all);
  document.documentElement.append(host);
  visualViewport?.addEventListener('resize', fit);
  visualViewport?.addEventListener('scroll', fit);
  show(false);
}

/** Adds a style sheet to those of the widget, in a way that a strict policy allows. */
function style(text: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  host.shadowRoot!.adoptedStyleSheets.push(sheet);
}

/** Takes in what extra.js adds. */
export function extend(more: Extras): void {
  extras = more;
  style(more.css);
  form.before(more.strip);
  form.prepend(more.clip);
  for (const e of transcript.entries) e.drawn = '';
  sync();
}

/** Puts a text up for editing. */
export function compose(text?: string): void {
  if (text != null) input.value = text;
  grow();
  input.focus();
}

export function unmount(): void {
  visualViewport?.removeEventListener('resize', fit);
  visualViewport?.removeEventListener('scroll', fit);
  host.remove();
}

/** Takes over the project's colour and words. */
export function dress(s: Settings): void {
  settings = s;
  const color = s.color || '#4f46e5';
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  all.style.setProperty('--c', color);
  all.style.setProperty('--on', r! * 0.3 + g! * 0.59 + b! * 0.11 > 165 ? '#111' : '#fff');
  const name = s.operator || s.name || t.team;
  title.textContent = name;
  avatar.textContent = [...name][0]!;
  welcome.textContent = s.welcome || '';
  hello.hidden = !s.welcome;
  panel.setAttribute('aria-label', name);
}

/** Opens or closes the panel. */
export function show(open: boolean): void {
  const had = isOpen;
  isOpen = open;
  panel.hidden = !open;
  launcher.classList.toggle('on', open);
  launcher.setAttribute('aria-expanded', '' + open);
  name(0);
  if (open) {
    fit();
    toEnd();
    input.focus();
  } else if (had) launcher.focus();
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

export function typing(on: boolean, who?: string): void {
  dots.classList.toggle('on', on);
  dots.setAttribute('aria-label', `${who || settings.operator || t.team} ${t.typing}`);
  if (atEnd) toEnd();
}

/** How many messages of operators are unread. */
export function name(unread: number): void {
  badge.textContent = unread > 9 ? '9+' : unread ? '' + unread : '';
  const label = isOpen ? t.close : unread ? `${t.open} (${unread} ${t.unread})` : t.open;
  launcher.setAttribute('aria-label', label);
  launcher.title = label;
}

/** Shows the transcript as it is now. */
export function sync(toBottom = false): void {
  const height = log.scrollHeight - log.scrollTop;
  let day = '';
  let before = hello;
  let last: transcript.Entry | undefined;
  for (const e of transcript.entries) {
    const node = draw(e, settings.operator || t.team, wishes, extras, grown);
    const date = new Date(e.message.createdAt).toDateString();
    node.dataset.day = date === day ? '' : label(date);
    const follows = date === day && last?.message.sender === e.message.sender && last.message.author?.name === e.message.author?.name;
    node.classList.toggle('follows', follows);
    if (before !== hello) before.classList.toggle('followed', follows);
    day = date;
    last = e;
    if (before.nextSibling !== node) before.after(node);
    before = node as HTMLDivElement;
  }
  before.classList.remove('followed');
  while (before.nextSibling !== closed) before.nextSibling!.remove();
  closed.textContent = transcript.session?.status === 'closed' ? t.closed : '';
  if (atEnd || toBottom) toEnd();
  else if (frozen) log.scrollTop = log.scrollHeight - height;
  frozen = 0;
}

/** The next messages come above those on screen, which stay where they are. */
export function freeze(): void {
  frozen = 1;
}

function label(date: string): string {
  return date === new Date().toDateString()
    ? t.today
    : new Date(date).toLocaleDateString([], { weekday: 'long', month: 'long', day: 'numeric' });
}

function grown(): void {
  if (atEnd) toEnd();
}

function toEnd(): void {
  atEnd = true;
  log.scrollTop = log.scrollHeight;
}

function scrolled(): void {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (log.scrollTop < 60 && !panel.hidden) wishes.older();
}

/** A phone's keyboard covers the page: the panel takes what is left. */
function fit(): void {
  if (!visualViewport) return;
  panel.style.setProperty('--h', visualViewport.height + 'px');
  panel.style.setProperty('--y', visualViewport.offsetTop + 'px');
  if (atEnd) toEnd();
}

function grow(): void {
  input.style.height = 'auto';
  input.style.height = input.scrollHeight + 'px';
  form.classList.toggle('full', !!input.value.trim());
}

function typed(): void {
  grow();
  wishes.typing(!!input.value);
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
