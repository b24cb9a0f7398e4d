// What the page knows. Views read state and are told when it has changed.

export const state = {
  me: { bridge: "", projects: [], operator: {}, maxFile: 100 << 20 },
  name: "", // what the operator calls themselves
  connection: "connecting", // live, offline, expired
  filter: "active",
  next: { active: "", closed: "" }, // cursors
  loaded: { active: false, closed: false },
  sessions: new Map(),
  talks: new Map(), // messages and history of the sessions that were opened
  current: "", // id of the session in view
};

const listeners = [];
let waiting = false;

export const onChange = (fn) => listeners.push(fn);

/** update changes the state; the views follow, once for all that changes in one go. */
export function update(change) {
  change?.();
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    for (const fn of listeners) fn();
  });
}

export const current = () => state.sessions.get(state.current);

export function talkOf(id) {
  let talk = state.talks.get(id);
  if (!talk) state.talks.set(id, (talk = { messages: [], history: [], hasMore: false, loaded: false, busy: false, error: "" }));
  return talk;
}

export const inList = () =>
  [...state.sessions.values()].filter((s) => s.status === state.filter).sort((a, b) => new Date(b.lastActivity) - new Date(a.lastActivity) || (a.id < b.id ? 1 : -1));

export const unread = () => [...state.sessions.values()].reduce((sum, s) => sum + (s.unread || 0), 0);

/** putSession keeps what the server says of a session. Only lists know its last message and what is unread. */
export function putSession(s, fromList) {
  const have = state.sessions.get(s.id);
  if (have && have.seq > s.seq && !fromList) s = { ...s, status: have.status, seq: have.seq };
  const merged = { ...have, ...s, read: Math.max(have?.read ?? 0, s.read), delivered: Math.max(have?.delivered ?? 0, s.delivered) };
  merged.last = newer(s.last, have?.last);
  merged.unread = fromList ? s.unread : (have?.unread ?? 0);
  merged.counted = Math.max(have?.counted ?? 0, fromList ? s.seq : 0);
  state.sessions.set(s.id, merged);
  return merged;
}

const newer = (a, b) => (!a || (b && b.seq > a.seq) ? b : a);

/** putMessage puts it in its place, or in the place of what it was before. */
export function putMessage(talk, message) {
  const at = talk.messages.findIndex((m) => m.id === message.id);
  if (at >= 0) talk.messages[at] = message;
  else talk.messages.push(message);
  talk.messages.sort((a, b) => a.seq - b.seq);
}

function putHistory(talk, line) {
  if (talk.history.some((have) => have.seq === line.seq)) return;
  talk.history.push(line);
  talk.history.sort((a, b) => a.seq - b.seq);
}

/** putPage keeps a page of messages. The newest page replaces what has a gap to it, and what may have changed unseen. */
export function putPage(id, { messages, hasMore, history }, before) {
  const talk = talkOf(id);
  const known = talk.messages.at(-1)?.seq ?? 0;
  const gap = !before && (talk.stale || hasMore && messages.length > 0 && known < messages[0].seq);
  if (gap) talk.messages = [];
  if (before || gap || !talk.loaded) talk.hasMore = hasMore;
  for (const m of messages) putMessage(talk, m);
  for (const line of history) putHistory(talk, line);
  talk.loaded = true;
  if (!before) talk.stale = false;
}

const typingFor = 8000; // ms; the visitor's page repeats it while they type

/** apply takes an event of the live stream. */
export function apply(e) {
  const data = e.data ?? {};
  if (e.type === "session.read") {
    const s = state.sessions.get(e.session.id);
    if (s && e.seq >= (s.last?.sender === "visitor" ? s.last.seq : 0)) s.unread = 0;
    return;
  }
  if (e.type === "thread.erased") {
    state.sessions.delete(e.session.id);
    state.talks.delete(e.session.id);
    if (state.current === e.session.id) talkOf(state.current).error = "This visitor was erased.";
    return;
  }
  const s = putSession(e.session);
  if (e.type === "typing") {
    s.typing = data.on ? Date.now() + typingFor : 0;
    if (data.on) setTimeout(update, typingFor + 50);
  } else if (e.type === "receipt") {
    s.read = Math.max(s.read, data.read ?? 0);
    s.delivered = Math.max(s.delivered, data.delivered ?? 0);
  } else if (e.message) {
    applyMessage(s, e);
  } else if (e.seq) {
    if (state.talks.has(s.id)) putHistory(talkOf(s.id), { type: e.type, seq: e.seq, at: e.at, data: e.data });
  }
}

function applyMessage(s, e) {
  if (state.talks.has(s.id)) putMessage(talkOf(s.id), e.message);
  if (!s.last || s.last.id === e.message.id || s.last.seq < e.message.seq) s.last = e.message;
  if (e.message.sender === "operator" && e.type === "message.posted") s.unread = 0; // who answers has read
  if (e.message.sender !== "visitor") return;
  s.typing = 0;
  if (e.type === "message.posted" && e.seq > s.counted) s.unread += 1;
  s.counted = Math.max(s.counted, e.seq);
}
