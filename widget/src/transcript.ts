// What was said, as the core says it: the sessions in time, their messages by seq, and
// at the end what waits to be sent.
import * as outbox from './outbox';
import type { Message, Session } from './types';

/** What is known of it; `after` is the last event seen, the point to resume from. */
export let session: (Pick<Session, 'id'> & Partial<Session> & { after: number }) | undefined;
export let more = false; // there are older messages

let stored = new Map<string, Message>();

/** Starts from the session as the core has it. What waits stays. */
export function begin(from: Session | null): void {
  stored = new Map();
  session = from ? { ...from, after: from.seq } : undefined;
  more = false;
  if (from) older(from.messages, !!from.messages[49]);
}

/** From now on this is the session. Earlier ones stay on screen. */
export function enter(id: string): void {
  if (session?.id !== id) session = { id, after: 0 };
}

/** Takes over what the core says of the session. */
export function mark(marks: object): void {
  if (session) Object.assign(session, marks);
}

export const knows = (id: string) => stored.has(id);

/** Stores a message. */
export function put(m: Message): void {
  stored.set(m.id, m);
}

export function older(messages: Message[], hasMore: boolean): void {
  messages.forEach(put);
  more = hasMore;
}

/** All messages. Those that wait have no id yet. */
export function messages(): Message[] {
  const all = [...stored.values()].sort((a, b) =>
    a.sessionId === b.sessionId ? a.seq - b.seq : a.createdAt < b.createdAt ? -1 : 1,
  );
  for (const { frame, files, at } of outbox.waiting) {
    if (frame.type === 'post' && !all.some((m) => m.clientId === frame.id))
      all.push({ ...frame, id: '', sender: 'visitor', attachments: files, createdAt: new Date(at).toISOString(), clientId: frame.id } as Partial<Message> as Message);
  }
  return all;
}

/** How far a message of the visitor's came. */
export function status(m: Message): 'queued' | 'stored' | 'delivered' | 'read' {
  if (!m.id) return 'queued';
  if (m.seq <= session!.read!) return 'read';
  return m.seq <= session!.delivered! ? 'delivered' : 'stored';
}
