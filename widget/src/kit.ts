// What widget.js lends to extra.js: all that the two share, in one list.
import type * as dom from './dom';
import type { Line } from './link';
import type { Words } from './strings';
import type * as markdown from './markdown';
import type { Attachment, Message, Outgoing, Unsent, Session, Settings, Visitor } from './types';

export type Kit = [
  base: string,
  h: typeof dom.h,
  icon: typeof dom.icon,
  button: typeof dom.button,
  full: typeof dom.full,
  picture: typeof dom.picture,
  t: Words,
  life: AbortController,
  rich: typeof markdown.rich,
  link: typeof markdown.link,
  panel: HTMLElement,
  log: HTMLElement,
  list: HTMLElement,
  form: HTMLElement,
  input: HTMLTextAreaElement,
  close: HTMLElement,
  cross: string,
  settings: () => Settings,
  visitor: () => Visitor,
  session: () => (Pick<Session, 'id'> & Partial<Session>) | undefined,
  messages: () => Message[],
  more: () => boolean, // there are older ones
  there: () => boolean | undefined, // somebody answers
  who: () => string, // the operator's name
  save: (more: Visitor) => void,
  act: () => void,
  paint: () => void,
  style: (css: string) => void,
  say: (words: string) => void,
  compose: (text?: string) => void,
  set: (name: string, value: unknown) => void,
  ask: (frame: Unsent, files?: Attachment[], keep?: boolean) => void,
  write: (text: string, replyTo?: string) => void,
  send: (frame: Outgoing) => boolean,
  hello: () => Outgoing & { type: 'hello' },
  socket: () => Line,
];

export let base: Kit[0];
export let h: Kit[1];
export let icon: Kit[2];
export let button: Kit[3];
export let full: Kit[4];
export let picture: Kit[5];
export let t: Kit[6];
export let life: Kit[7];
export let rich: Kit[8];
export let link: Kit[9];
export let panel: Kit[10];
export let log: Kit[11];
export let list: Kit[12];
export let form: Kit[13];
export let input: Kit[14];
export let close: Kit[15];
export let cross: Kit[16];
export let settings: Kit[17];
export let visitor: Kit[18];
export let session: Kit[19];
export let messages: Kit[20];
export let more: Kit[21];
export let there: Kit[22];
export let who: Kit[23];
export let save: Kit[24];
export let act: Kit[25];
export let paint: Kit[26];
export let style: Kit[27];
export let say: Kit[28];
export let compose: Kit[29];
export let set: Kit[30];
export let ask: Kit[31];
export let write: Kit[32];
export let send: Kit[33];
export let hello: Kit[34];
export let socket: Kit[35];

export function borrow(kit: Kit): void {
  [
    base, h, icon, button, full, picture, t, life, rich, link, panel, log, list, form, input, close, cross,
    settings, visitor, session, messages, more, there, who, save, act, paint, style, say, compose, set, ask, write,
    send, hello, socket,
  ] = kit;
}
