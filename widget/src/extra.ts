// What a chat of plain text can do without: files and pictures, quotes, the menu of
// a message (reply, edit, delete), who is typing or has joined, languages, cards,
// sound, and a line for where WebSockets do not get through. widget.js fetches it when
// the visitor acts first.
import css from '../dist/extra.css';
import { aim, aimed, quote } from './aim';
import { card } from './cards';
import { attachment, files } from './files';
import { ask, borrow, button, h, icon, id, life, picture, settings, style, t, who } from './kit';
import type { Kit } from './kit';
import type { Line } from './link';
import { rich } from './markdown';
import { beep, sounds } from './sound';
import { stream } from './stream';
import { traits } from './traits';
import type { Message } from './types';
import { quiet, typing, typings } from './typing';

/** What it adds to widget.js. */
export interface Extras {
  _stream(): Line;
  _traits: typeof traits;
  _rich: typeof rich;
  _typing(on: boolean, who?: string): void;
  /** An operator's message has come while the visitor looks, or does not. */
  _heard(seen: boolean): void;
  _unread(count: number): void;
  /** Shows the card that is due; whether it takes the composer's place. */
  _card(): boolean;
  /** The first words of the message that this one answers. */
  _quote(m: Message): string | undefined;
  /** Adds the quote, files, avatar and menu of a message. */
  _adorn(m: Message, node: HTMLElement, quote: string | undefined, row: HTMLElement, body: HTMLElement): void;
  /** The lines above a message: its day, and who joined. */
  _above(m: Message, first: boolean): string;
  /** Whether the text has been taken care of: it was an edit or an answer. */
  _take(text: string): boolean;
}

export default function extra(kit: Kit): Extras {
  borrow(kit);
  style(css);
  typings();
  if (settings().sound !== false) sounds();
  if (settings().files !== false) files();
  life.signal.addEventListener('abort', () => unread(0));
  return {
    _stream: stream,
    _traits: traits,
    _rich: rich,
    _typing: typing,
    _heard(seen) {
      typing(false);
      if (!seen) beep();
    },
    _unread: unread,
    _card: card,
    _quote: quote,
    _adorn: adorn,
    _above: above,
    _take(text) {
      quiet();
      return aimed(text);
    },
  };
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
    add(t.remove, 'delete', () => ask({ type: 'delete', id: id(), message: m.id }), 'M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12');
  }
  row.append(menu);
  row.tabIndex = -1; // a tap on it opens the menu
}

let last = ''; // day
let met = ''; // operators

/** Days, and operators who write for the first time in a session. */
function above(m: Message, first: boolean): string {
  const at = new Date(m.createdAt);
  const day = at.toDateString();
  const name = m.sender === 'operator' && m.author?.name;
  const lines = [];
  if (first) last = met = '';
  if (day !== last) lines.push(at.toLocaleDateString(t.code || 'en', { weekday: 'long', month: 'long', day: 'numeric' }));
  last = day;
  const who_ = `\n${m.sessionId} ${name}\n`;
  if (name && name !== who() && !met.includes(who_)) {
    met += who_;
    lines.push(t.joined.replace('{}', () => name));
  }
  return lines.join('\n');
}

let added = '';

/** Tells in the page's title of what came while it was not looked at. */
function unread(count: number): void {
  if (document.title.startsWith(added)) document.title = document.title.slice(added.length);
  added = count && document.hidden ? `(${count}) ` : '';
  document.title = added + document.title;
}
