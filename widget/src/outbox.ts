// What waits for an answer of the core. Requests are stored before they are sent,
// go one at a time in order, and leave only when they are answered; a repeated id
// stores nothing twice, so a second tab may send the same ones.
import * as link from './link';
import * as store from './store';
import { patience } from './times';
import type { Attachment, Request } from './types';

export interface Waiting {
  frame: Request;
  at: number;
  words?: string; // why it was refused
  files?: Attachment[];
}

export const waiting: Waiting[] = [];

let busy: string | undefined;
let timer = 0;
let last = 0;

const prefix = store.name + ':';
export const find = (id?: string) => waiting.find((w) => w.frame.id === id);

/** Reads what an earlier page or another tab has left. */
export function load(): void {
  for (const name of store.names(prefix)) {
    const item = store.get<Waiting>(name);
    if (item && !find(item.frame.id)) waiting.push(item);
  }
  waiting.sort((a, b) => a.at - b.at);
}

/** Takes a request; one to keep is sent even from the next page. */
export function add(frame: Request, files: Attachment[] | undefined, keep: boolean): void {
  last = Math.max(last + 1, Date.now());
  const item = { frame, at: last, files };
  if (keep) store.put(prefix + frame.id, item);
  waiting.push(item);
  flush();
}

export function flush(): void {
  const head = waiting.find((w) => !w.words);
  if (busy || !head || !link.send(head.frame)) return;
  busy = head.frame.id;
  timer = setTimeout(link.renew, patience);
}

/** The connection is gone: whatever was under way is sent again on the next one. */
export function pause(): void {
  busy = undefined;
  clearTimeout(timer);
}

export function remove(id: string): void {
  const item = find(id);
  if (item) waiting.splice(waiting.indexOf(item), 1);
  store.drop(prefix + id);
  if (busy === id) pause();
  flush();
}

/** Nothing is sent for a while, as if something were under way. */
export function hold(ms: number): void {
  busy = 'hold';
  timer = setTimeout(remove, ms, 'hold');
}

/** Another tab has sent it again, under another id. */
export function retried(id = ''): void {
  if (find(id)?.words) remove(id);
}

/** The core refused it: later when it asks for time, otherwise never by itself. */
export function refuse(item: Waiting, code: string, words: string, retryAfter = 2): void {
  pause();
  const { frame } = item;
  if (code === 'rate_limited' || code === 'unavailable') hold(retryAfter * 1000);
  else if (frame.type === 'post') {
    item.words = words;
    store.put(prefix + frame.id, item);
    flush();
  } else remove(frame.id);
}
