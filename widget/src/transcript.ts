// What was said, as the core says it: ordered by seq, what waits comes last.
import type { Waiting } from './outbox';
import type { Message, Session } from './types';

export interface Entry {
  message: Message;
  waiting?: Waiting; // not stored yet
  node?: HTMLElement;
  drawn?: string; // what its node shows
}

export let entries: Entry[] = [];
export let session: Omit<Session, 'messages' | 'seq'> | undefined;
export let after = 0; // the last event seen
export let more = false; // there are older messages

let order: string[] = []; // sessions, the oldest first
const page = 50;

/** Starts from the session as the core has it. What waits stays. */
export function begin(from: Session | null): void {
  entries = entries.filter((e) => e.waiting);
  order = [];
  session = undefined;
  after = 0;
  more = false;
  if (!from) return;
  enter(from.id);
  mark(from);
  older(from.messages, from.messages.length >= page);
  after = from.seq;
}

/** From now on this is the session. Earlier ones stay on screen. */
export function enter(id: string): void {
  if (session?.id === id) return;
  more = !!session && more;
  session = { id, status: 'active', delivered: 0, read: 0 };
  order = [...order.filter((o) => o !== id), id];
  after = 0;
}

export function mark(marks: { status?: Session['status']; delivered?: number; read?: number }): void {
  if (!session) return;
  session.status = marks.status || session.status;
  session.delivered = Math.max(session.delivered, marks.delivered || 0);
  session.read = Math.max(session.read, marks.read || 0);
}

/** Only events move the point to resume from. */
export function advance(seq: number): void {
  after = Math.max(after, seq);
}

/** Stores a message. An ok is stale against an event: it only fills in what still waits. */
export function put(m: Message, stale = false): void {
  const known = entries.find(({ message, waiting }) => (waiting ? message.clientId === m.clientId : message.id === m.id));
  if (!known) entries.push({ message: m });
  else if (!stale || known.waiting) {
    known.message = m;
    known.waiting = undefined;
  }
  sort();
}

export function older(messages: Message[], hasMore: boolean): void {
  messages.forEach((m) => put(m));
  more = hasMore;
}

/** Shows a post that waits. */
export function queue(waiting: Waiting): void {
  const { frame, files, at } = waiting;
  if (frame.type !== 'post' || entries.some((e) => e.message.clientId === frame.id)) return;
  entries.push({
    waiting,
    message: {
      id: '',
      seq: at,
      sessionId: '',
      sender: 'visitor',
      text: frame.text,
      replyTo: frame.replyTo,
      attachments: files,
      createdAt: new Date(at).toISOString(),
      clientId: frame.id,
    },
  });
  sort();
}

export function forget(entry: Entry): void {
  entries = entries.filter((e) => e !== entry);
}

function sort(): void {
  const rank = (e: Entry) => (e.waiting ? 1e9 : order.indexOf(e.message.sessionId));
  entries.sort((a, b) => rank(a) - rank(b) || a.message.seq - b.message.seq);
}

/** How far a message of the visitor's came. */
export function status(e: Entry): 'queued' | 'stored' | 'delivered' | 'read' {
  if (e.waiting) return 'queued';
  if (e.message.seq <= session!.read) return 'read';
  return e.message.seq <= session!.delivered ? 'delivered' : 'stored';
}
