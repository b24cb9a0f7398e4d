// What widget.js lends to extra.js: all that the two share, in one list.
import type * as dom from './dom';
import type { Line } from './link';
import type { Words } from './strings';
import type { Attachment, Message, Outgoing, Request, Session, Settings, Visitor } from './types';

export type Kit = [
  base: string,
  h: typeof dom.h,
  icon: typeof dom.icon,
  button: typeof dom.button,
  full: typeof dom.full,
  picture: typeof dom.picture,
  t: Words,
  life: AbortController,
  panel: HTMLElement,
  list: HTMLElement,
  form: HTMLElement,
  input: HTMLTextAreaElement,
  close: HTMLElement,
  cross: string,
  settings: () => Settings,
  visitor: () => Visitor,
  session: () => Pick<Session, 'id' | 'status'> | undefined,
  messages: () => Message[],
  there: () => boolean | undefined, // somebody answers
  who: () => string, // the operator's name
  save: (more: Visitor) => void,
  act: () => void,
  paint: () => void,
  style: (css: string) => void,
  say: (words: string) => void,
  compose: (text?: string) => void,
  id: () => string,
  ask: (frame: Request, files?: Attachment[], keep?: boolean) => void,
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
export let panel: Kit[8];
export let list: Kit[9];
export let form: Kit[10];
export let input: Kit[11];
export let close: Kit[12];
export let cross: Kit[13];
export let settings: Kit[14];
export let visitor: Kit[15];
export let session: Kit[16];
export let messages: Kit[17];
export let there: Kit[18];
export let who: Kit[19];
export let save: Kit[20];
export let act: Kit[21];
export let paint: Kit[22];
export let style: Kit[23];
export let say: Kit[24];
export let compose: Kit[25];
export let id: Kit[26];
export let ask: Kit[27];
export let write: Kit[28];
export let send: Kit[29];
export let hello: Kit[30];
export let socket: Kit[31];

export function borrow(kit: Kit): void {
  [
    base, h, icon, button, full, picture, t, life, panel, list, form, input, close, cross, settings, visitor, session, messages,
    there, who, save, act, paint, style, say, compose, id, ask, write, send, hello, socket,
  ] = kit;
}
