// The connection: opened when wanted, resumed whenever it breaks, until told to stop.
import { base } from './dom';
import { first, longest, patience } from './times';
import type { Incoming, Outgoing } from './types';

/** The part of a WebSocket that is used, for whatever stands in for one. */
export interface Line {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: ((e: { code: number; reason: string }) => void) | null;
  onmessage: ((e: { data: string }) => void) | null;
}

export interface Ends {
  _hello(): Outgoing;
  _frame(frame: Incoming): void;
  /** The connection broke; true stops trying. */
  _lost(code: number, reason: string): boolean;
  /** Stands in where WebSockets do not get through, once it is there. */
  _detour(): Line | undefined;
}

let ends: Ends;
let line: Line | undefined;
let ready = false;
let stopped = false;
let tries = 0;
let timer = 0; // until the welcome has to be there, or until the next try

export function start(callbacks: Ends): void {
  ends = callbacks;
}

export const socket = () => new WebSocket(base.replace('http', 'ws') + 'v1/socket', 'pocketping.v1') as Line;

/** Every second try after two that failed takes the detour. */
export function open(): void {
  if (line || stopped) return;
  clearTimeout(timer);
  timer = setTimeout(drop, patience);
  const l = (line = (tries > 1 && !(tries % 2) && ends._detour()) || socket());
  l.onopen = () => l.send(JSON.stringify(ends._hello()));
  l.onclose = (e) => l === line && lost(e.code, e.reason);
  l.onmessage = (e) => {
    if (l !== line) return;
    const frame: Incoming = JSON.parse(e.data);
    if (frame.type === 'welcome') {
      ready = true;
      tries = 0;
      clearTimeout(timer);
    }
    ends._frame(frame);
  };
}

/** The first wait after a welcome is below half a second, so that restarts and slow moments pass unseen. */
function lost(code: number, reason: string): void {
  line = undefined;
  ready = false;
  clearTimeout(timer);
  stopped ||= ends._lost(code, reason);
  const wait = Math.min(longest, first * 2 ** tries++) * Math.random();
  if (!stopped) timer = setTimeout(open, code === 4429 ? wait + patience : wait);
}

/** Gives the connection up, as if it had broken. */
export function drop(): void {
  const l = line;
  if (l) {
    lost(0, '');
    l.close();
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
  if (ready) line!.send(JSON.stringify(frame));
  return ready;
}

export function stop(): void {
  stopped = true;
  drop();
}
