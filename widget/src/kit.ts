// What widget.js lends to extra.js: all that the two share, in one list.
import type * as dom from './dom';
import type { Line } from './link';
import type { Words } from './strings';
import type * as markdown from './markdown';
import type { Attachment, Message, Outgoing, Unsent, Session, Settings, Visitor } from './types';

export type Kit = [
  set: (name: string, value: unknown) => void,
  save: (more: Visitor) => void,
  act: () => void,
  more: () => boolean, // there are older ones
  write: (text: string, replyTo?: string) => void,
  paint: () => void,
  who: () => string, // the operator's name
  cross: string,
  rich: typeof markdown.rich,
  log: HTMLElement,
  form: HTMLElement,
  say: (words: string) => void,
  life: AbortController,
  full: typeof dom.full,
  socket: () => Line,
  input: HTMLTextAreaElement,
  settings: () => Settings,
  button: typeof dom.button,
  visitor: () => Visitor,
  picture: typeof dom.picture,
  h: typeof dom.h,
  link: typeof markdown.link,
  panel: HTMLElement,
  ask: (frame: Unsent, files?: Attachment[], keep?: boolean) => void,
  compose: (text?: string) => void,
  list: HTMLElement,
  style: (css: string) => void,
  there: () => boolean | undefined, // somebody answers
  close: HTMLElement,
  hello: () => Outgoing & { type: 'hello' },
  t: Words,
  icon: typeof dom.icon,
  messages: () => Message[],
  session: () => (Pick<Session, 'id'> & Partial<Session>) | undefined,
  send: (frame: Outgoing) => boolean,
];

export let set: Kit[0];
export let save: Kit[1];
export let act: Kit[2];
export let more: Kit[3];
export let write: Kit[4];
export let paint: Kit[5];
export let who: Kit[6];
export let cross: Kit[7];
export let rich: Kit[8];
export let log: Kit[9];
export let form: Kit[10];
export let say: Kit[11];
export let life: Kit[12];
export let full: Kit[13];
export let socket: Kit[14];
export let input: Kit[15];
export let settings: Kit[16];
export let button: Kit[17];
export let visitor: Kit[18];
export let picture: Kit[19];
export let h: Kit[20];
export let link: Kit[21];
export let panel: Kit[22];
export let ask: Kit[23];
export let compose: Kit[24];
export let list: Kit[25];
export let style: Kit[26];
export let there: Kit[27];
export let close: Kit[28];
export let hello: Kit[29];
export let t: Kit[30];
export let icon: Kit[31];
export let messages: Kit[32];
export let session: Kit[33];
export let send: Kit[34];

export function borrow(kit: Kit): void {
  [
    set, save, act, more, write, paint, who, cross, rich, log, form, say, life, full, socket, input, settings,
    button, visitor, picture, h, link, panel, ask, compose, list, style, there, close, hello, t, icon, messages,
    session, send,
  ] = kit;
}
