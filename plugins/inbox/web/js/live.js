// The live stream, and reading what was missed whenever it opens.
import { get, sessionPath } from "./api.js";
import { apply, putPage, putSession, state, talkOf, update } from "./store.js";
import { arrived } from "./outbox.js";

/** follow keeps the live stream open for as long as the page is. */
export function follow() {
  const source = new EventSource("api/events");
  source.addEventListener("open", () => {
    update(() => (state.connection = "live"));
    refresh();
  });
  source.addEventListener("message", (m) => {
    const e = JSON.parse(m.data);
    if (e.clientId) arrived(e.clientId);
    update(() => apply(e));
  });
  source.addEventListener("error", async () => {
    if (state.connection !== "expired") update(() => (state.connection = "offline"));
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    source.close();
    await get("me").catch(() => {}); // tells "signed out" from "not there"
    if (state.connection !== "expired") setTimeout(follow, 2000);
  });
}

/** refresh reads the list and the session in view anew; the others when they are opened. */
export function refresh() {
  for (const [id, talk] of state.talks) {
    if (id === state.current) talk.stale = true;
    else state.talks.delete(id);
  }
  loadSessions(state.filter).catch(() => {});
  if (state.current) loadTalk(state.current);
}

export async function loadSessions(status, more) {
  const cursor = more ? state.next[status] : "";
  const { sessions, next } = await get(`sessions?status=${status}&cursor=${encodeURIComponent(cursor)}`);
  update(() => {
    for (const s of sessions) putSession(s, true);
    if (more || !state.loaded[status]) state.next[status] = next;
    state.loaded[status] = true;
  });
  if (!more) await Promise.all(missing(status, sessions, next).map(async (id) => {
    const s = await get("sessions/" + encodeURIComponent(id));
    update(() => putSession(s, true));
  }));
}

/** missing are the sessions that the first page should name and does not: they were closed or reopened unseen. */
function missing(status, sessions, next) {
  const named = new Set(sessions.map((s) => s.id));
  const end = next ? new Date(sessions.at(-1).lastActivity) : 0;
  return [...state.sessions.values()].filter((s) => s.status === status && !named.has(s.id) && new Date(s.lastActivity) > end).map((s) => s.id);
}

/** loadTalk reads a session's messages: the newest, or the page before a seq. */
export async function loadTalk(id, before) {
  const talk = talkOf(id);
  if (talk.busy) {
    talk.again ||= !before;
    return;
  }
  talk.busy = true;
  talk.again = false;
  try {
    const [page, session] = await Promise.all([
      get(sessionPath(id, "messages") + (before ? "?before=" + before : "")),
      before ? null : get("sessions/" + encodeURIComponent(id)),
    ]);
    update(() => {
      talk.error = "";
      if (session) putSession(session);
      putPage(id, page, before);
    });
  } catch (failure) {
    update(() => (talk.error = talk.loaded ? "" : failure.message));
  } finally {
    talk.busy = false;
  }
  if (talk.again) await loadTalk(id);
}
