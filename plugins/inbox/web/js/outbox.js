// What is being sent. Each message has its id from the start and stays here, also
// over a reload of the page, until the server has it: nothing typed is ever lost,
// and nothing is stored twice.
import { act, sessionPath } from "./api.js";
import { newID } from "./dom.js";
import { apply, update } from "./store.js";

const place = "pocketping.inbox.outbox";
let items = read();
const sending = new Set(); // sessions

function read() {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? [];
  } catch {
    return [];
  }
}

function save() {
  try {
    localStorage.setItem(place, JSON.stringify(items));
  } catch {
    // a full or forbidden storage only costs what a reload would bring back
  }
}

export const waitingIn = (session) => items.filter((item) => item.session === session);

/** send queues a message: {text, note, replyTo, files}. */
export function send(session, message) {
  items.push({ id: newID(), session, at: new Date().toISOString(), ...message, error: "" });
  change();
  pump(session);
}

/** retry sends what was refused once more. It is a new message: the refusal of the old one stands. */
export function retry(id) {
  for (const item of items) if (item.id === id) Object.assign(item, { id: newID(), error: "" });
  change();
  resume();
}

/** resume sends everything that waits. */
export function resume() {
  for (const session of new Set(items.map((item) => item.session))) pump(session);
}

export function discard(id) {
  items = items.filter((item) => item.id !== id);
  change();
}

/** arrived says that the server has it. */
export const arrived = discard;

function change() {
  save();
  update();
}

/** pump sends a session's messages one after the other, in order. */
async function pump(session) {
  if (sending.has(session)) return;
  sending.add(session);
  for (let pause = 1000; ; ) {
    const item = items.find((i) => i.session === session && !i.error);
    if (!item) break;
    try {
      const done = await act("POST", sessionPath(session, "messages"), {
        clientId: item.id, text: item.text, note: item.note, replyTo: item.replyTo, files: item.files.map((f) => f.id),
      });
      update(() => done.message && apply({ type: done.message.note ? "note.posted" : "message.posted", seq: done.message.seq, session: done.session, message: done.message }));
      arrived(item.id);
      pause = 1000;
    } catch (failure) {
      if (!failure.retry) {
        item.error = failure.message;
        change();
        continue;
      }
      item.waiting = true;
      update();
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 15000);
    }
  }
  sending.delete(session);
}
