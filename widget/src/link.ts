// The connection: opened when wanted, resumed whenever it breaks, until told to stop.
import type { Incoming, Outgoing } from './types';

export interface Ends {
  hello(): Outgoing;
  frame(frame: Incoming): void;
  /** The connection broke; true stops trying. */
  lost(code: number, reason: string): boolean;
}

const first = 500;
const longest = 30_000;
const patience = 10_000; // from opening to the welcome

let url = '';
let ends: Ends;
let socket: WebSocket | undefined;
let ready = false;
let stopped = false;
let tries = 0;
let timer = 0; // until the welcome has to be there, or until the next try

export function start(address: string, callbacks: Ends): void {
  url = address;
  ends = callbacks;
}

export function open(): void {
  if (socket || stopped) return;
  clearTimeout(timer);
  timer = setTimeout(drop, patience);
  const s = (socket = new WebSocket(url, 'pocketping.v1'));
  s.onopen = () => s.send(JSON.stringify(ends.hello()));
  s.onclose = (e) => s === socket && lost(e.code, e.reason);
  s.onmessage = (e) => {
    if (s !== socket) return;
    const frame: Incoming = JSON.parse(e.data);
    if (frame.type === 'welcome') {
      ready = true;
      tries = 0;
      clearTimeout(timer);
    }
    ends.frame(frame);
  };
}

/** The first wait after a welcome is below half a second, so that restarts and slow moments pass unseen. */
function lost(code: number, reason: string): void {
  socket = undefined;
  ready = false;
  clearTimeout(timer);
  stopped ||= ends.lost(code, reason);
  const wait = Math.min(longest, first * 2 ** tries++) * Math.random();
  if (!stopped) timer = setTimeout(open, code === 4429 ? wait + patience : wait);
}

/** Gives the connection up, as if it had broken. */
export function drop(): void {
  const s = socket;
  if (s) {
    lost(0, '');
    s.close();
  }
}

/** Connects anew at once: the old connection may be dead without knowing it. */
export function renew(): void {
  tries = 0;
  drop();
  open();
}

/** Whether it was sent. */
export function send(frame: Outgoing): boolean {
  if (ready) socket!.send(JSON.stringify(frame));
  return ready;
}

export function stop(): void {
  stopped = true;
  clearTimeout(timer);
  drop();
}
