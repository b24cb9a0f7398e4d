// What a chat of text can do without: files and pictures, quotes, the menu of a message
// (reply, edit, delete), who is typing or has joined, older messages, cards, sound, room
// for a phone's keyboard, and a line for where WebSockets do not get through. widget.js
// fetches it when the visitor acts first.
import css from '../dist/extra.css';
import { aim, aimed, quote } from './aim';
import { card } from './cards';
import { attachment, files } from './files';
import { act, ask, borrow, button, full, h, icon, life, log, messages, more, picture, save, set, settings, style, t, who } from './kit';
import type { Kit } from './kit';
import type { Line } from './link';
import { beep, sounds } from './sound';
import { stream } from './stream';
import { proof, traits } from './traits';
import type { Incoming, Message } from './types';
import { quiet, typing, typings } from './typing';

/** What it adds to widget.js. */
export interface Extras {
  _stream(): Line;
  _traits: typeof traits;
  /** A frame has come, while the visitor looks or does not. */
  _frame(f: Incoming, seen?: boolean): void;
  _unread(count: number): void;
  /** Shows the card that is due; whether it takes the composer's place. */
  _card(): boolean;
  /** The first words of the message that this one answers. */
  _quote(m: Message): string | undefined;
  /** Adds the quote, files, avatar and menu of a message. */
  _adorn(m: Message, node: HTMLElement, quote: string | undefined, row: HTMLElement, body: HTMLElement): void;
  /** Sets a message among those before it: its day, who joined, whose it is. */
  _place(m: Message, node: HTMLElement, first: boolean): void;
  /** Whether the text has been taken care of: it was an edit or an answer. */
  _take(text: string): boolean;
}

export default function extra(kit: Kit): Extras {
  borrow(kit);
  style(css);
  typings();
  fit();
  for (const change of ['resize', 'scroll']) visualViewport!.addEventListener(change, fit, life);
  log.addEventListener('scroll', scrolled);
  if (settings().sound !== false) sounds();
  if (settings().files !== false) files();
  life.signal.addEventListener('abort', () => unread(0));
  return {
    _stream: stream,
    _traits: traits,
    _frame: heard,
    _unread: unread,
    _card: card,
    _quote: quote,
    _adorn: adorn,
    _place: place,
    _take(text) {
      quiet();
      return aimed(text);
    },
  };
}

function heard(f: Incoming & { challenge?: string }, seen?: boolean): void {
  if (f.challenge) import(full('pow.js')).then((m) => m.default(f, proof, act));
  if (f.type === 'typing') typing(f.on, f.author?.name);
  if (f.type !== 'event') return;
  const { type, sessionId, message } = f.event;
  if (type === 'session.rated') save({ rated: sessionId });
  if (type === 'message.posted' && message!.sender !== 'visitor') {
    typing(false);
    if (!seen) beep();
  }
}

/** A phone's keyboard covers the page: the panel takes what is left. */
function fit(): void {
  set('h', visualViewport!.height + 'px');
  set('top', visualViewport!.offsetTop + 'px');
}

let asked = ''; // from which message on

/** Asks for what was said before. */
function scrolled(): void {
  const [oldest] = messages();
  if (!more() || oldest!.id === asked || log.scrollHeight + log.scrollTop - log.clientHeight > 60) return;
  asked = oldest!.id;
  ask({ type: 'history', session: oldest!.sessionId, before: oldest!.seq, limit: 50 });
}

function adorn(m: Message, node: HTMLElement, quoted: string | undefined, row: HTMLElement, body: HTMLElement): void {
  if (m.author?.avatar) node.firstElementChild!.prepend(picture(m.author.avatar));
  if (quoted) body.prepend(h('div', 'quote', quoted));
  for (const a of m.attachments || []) body.append(attachment(a));
  if (!m.id || m.sender === 'system') return;
  const menu = h('div', 'menu');
  const add = (name: string, kind: string, press: () => void, path: string) => menu.append(button(name, kind, press, icon(path)));
  add(t.reply, 'reply', () => aim(m), 'M10 8L5 13l5 5M5 13h9a5 5 0 0 1 5 5');
  if (m.sender === 'visitor') {
    add(t.edit, 'edit', () => aim(m, true), 'M5 19l1-4L16 5l3 3L9 18z');
    add(t.remove, 'delete', () => ask({ type: 'delete', message: m.id }), 'M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12');
  }
  row.append(menu);
  row.tabIndex = -1; // a tap on it opens the menu
}

let last = ''; // day
let author = ''; // on that day
let met = ''; // operators

/** Days, and operators who write for the first time in a session, stand above the message. */
function place(m: Message, node: HTMLElement, first: boolean): void {
  const at = new Date(m.createdAt);
  const day = at.toDateString();
  const by = day + m.sender + m.author?.name;
  const name = m.sender === 'operator' && m.author?.name;
  const lines = [];
  if (first) last = author = met = '';
  if (day !== last) lines.push(at.toLocaleDateString(t.code, { weekday: 'long', month: 'long', day: 'numeric' }));
  node.classList.toggle('follows', by === author);
  last = day;
  author = by;
  const who_ = `\n${m.sessionId} ${name}\n`;
  if (name && name !== who() && !met.includes(who_)) {
    met += who_;
    lines.push(t.joined.replace('{}', () => name));
  }
  node.dataset.above = lines.join('\n');
}

let added = '';

/** Tells in the page's title of what came while it was not looked at. */
function unread(count: number): void {
  if (document.title.startsWith(added)) document.title = document.title.slice(added.length);
  added = count && document.hidden ? `(${count}) ` : '';
  document.title = added + document.title;
}
