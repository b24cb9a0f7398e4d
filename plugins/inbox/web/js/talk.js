// The session in view: its head, its messages, who types.
import { act, messagePath, sessionPath } from "./api.js";
import { drawComposer, initComposer, startEdit, startReply, takeBack } from "./composer.js";
import { toggleDetails } from "./details.js";
import { button, h, icon, reconcile, toast } from "./dom.js";
import { avatar, dayKey, page, visitorName } from "./format.js";
import { loadTalk } from "./live.js";
import { isDay, lineItem, messageItem, waitingItem } from "./message.js";
import { discard, retry, waitingIn } from "./outbox.js";
import { apply, current, state, talkOf, update } from "./store.js";

const el = {};
const seen = { session: "", atEnd: true, lastKey: "", read: new Map() };
const near = 80; // px from the end that still count as the end

export function initTalk() {
  el.head = h("header", { class: "talk-head" });
  el.list = h("ol", { class: "messages", role: "log", "aria-live": "polite", "aria-label": "Messages" });
  el.older = h("button", { type: "button", class: "more", onClick: older }, "Show earlier messages");
  el.typing = h("p", { class: "typing", "aria-live": "polite", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {})), h("span", {}));
  el.scroll = h("div", { class: "scroll", tabindex: "-1" }, el.older, el.list, el.typing);
  el.down = button("down", "To the newest message", toEnd, { class: "icon-button down", hidden: true });
  el.composer = initComposer();
  el.blank = h("div", { class: "blank" });
  el.open = h("div", { class: "open" }, el.head, h("div", { class: "middle" }, el.scroll, el.down), el.composer);
  document.getElementById("talk").append(el.blank, el.open);
  el.scroll.addEventListener("scroll", onScroll, { passive: true });
  new ResizeObserver(() => seen.atEnd && toEnd()).observe(el.scroll);
  el.list.addEventListener("load", () => seen.atEnd && toEnd(), true); // a picture has come
}

export function drawTalk() {
  const s = current();
  const talk = state.current ? talkOf(state.current) : null;
  el.open.hidden = !s;
  el.blank.hidden = Boolean(s);
  if (!s) return drawBlank(talk);
  if (seen.session !== s.id) Object.assign(seen, { session: s.id, atEnd: true, lastKey: "" });
  drawHead(s);
  drawMessages(s, talk);
  drawTyping(s);
  drawComposer(s);
  if (seen.atEnd) toEnd();
  markRead(s, talk);
}

function drawBlank(talk) {
  const text = talk?.error || (state.current ? "Loading…" : "Pick a session on the left to read and answer it.");
  if (el.blank.dataset.text === text) return;
  el.blank.dataset.text = text;
  el.blank.replaceChildren(
    ...[icon("chat"), h("p", {}, text), talk?.error && h("a", { href: "#/" }, "Back to the list")].filter(Boolean));
}

function drawHead(s) {
  const open = s.status === "active";
  const sig = JSON.stringify([s.id, s.status, s.visitor, page(s)]);
  if (el.head.dataset.sig === sig) return;
  el.head.dataset.sig = sig;
  const name = visitorName(s);
  el.head.replaceChildren(
    button("back", "Back to the list", () => (location.hash = "#/"), { class: "icon-button only-phone" }),
    h("button", { type: "button", class: "who", onClick: toggleDetails, "aria-label": "Visitor details of " + name },
      avatar(name, s.visitor.id),
      h("span", {}, h("h2", {}, name, s.visitor.verified && h("span", { class: "verified", title: "Verified by the website" }, icon("check"))),
        h("small", {}, !open && h("span", { class: "pill" }, "Closed"), page(s) || s.visitor.email || "on the website"))),
    h("button", { type: "button", class: "quiet", id: "toggle-status", onClick: () => setStatus(s, open ? "close" : "reopen") },
      icon(open ? "check" : "reopen"), h("span", {}, open ? "Close" : "Reopen")),
    button("info", "Visitor details", toggleDetails, { class: "icon-button only-narrow" }),
  );
}

async function setStatus(s, to) {
  try {
    const done = await act("POST", sessionPath(s.id, to));
    update(() => apply({ type: "session.changed", session: done.session }));
  } catch (failure) {
    toast(failure.message);
  }
}

const on = {
  reply: (m) => startReply(m),
  edit: (m) => startEdit(m),
  remove: async (m) => {
    try {
      const done = await act("DELETE", messagePath(state.current, m.id));
      update(() => apply({ type: "message.deleted", session: done.session, message: done.message }));
    } catch (failure) {
      toast(failure.message);
    }
  },
  jump: (id) => {
    const target = el.list.querySelector(`[data-message="${CSS.escape(id)}"]`);
    if (!target) return toast("That message is further up: show earlier messages.");
    target.scrollIntoView({ block: "center", behavior: "smooth" });
    target.classList.add("flash");
    setTimeout(() => target.classList.remove("flash"), 1600);
  },
  retry,
  discard,
  takeBack: (item) => {
    discard(item.id);
    takeBack(item);
  },
};

function drawMessages(s, talk) {
  el.older.hidden = !talk.hasMore;
  const waiting = waitingIn(s.id);
  const items = [];
  let lastDay = "";
  let before = null;
  for (const entry of entries(s, talk)) {
    const at = entry.createdAt ?? entry.at;
    if (dayKey(at) !== lastDay) {
      lastDay = dayKey(at);
      before = null;
      items.push(isDay(at));
    }
    const item = entry.id ? messageItem(entry, before, s, talk.messages.find((m) => m.id === entry.replyTo), on) : lineItem(entry, s);
    if (item) items.push(item);
    if (item) before = entry;
  }
  items.push(...waiting.map((item) => waitingItem(item, on)));
  reconcile(el.list, items);
  const lastKey = items.at(-1)?.key ?? "";
  if (lastKey.startsWith("out-") && lastKey !== seen.lastKey) seen.atEnd = true;
  seen.lastKey = lastKey;
  el.down.hidden = seen.atEnd;
}

/** entries are messages and what happened between them, in order. */
function entries(s, talk) {
  const first = talk.hasMore ? (talk.messages[0]?.seq ?? 0) : 0;
  const lines = talk.history.filter((line) => line.seq >= first);
  if (!talk.hasMore && talk.loaded && !lines.some((line) => line.type === "session.opened")) {
    lines.unshift({ type: "session.opened", seq: 0, at: s.createdAt });
  }
  const lastStatus = lines.findLast((line) => line.type === "session.closed" || line.type === "session.reopened");
  if (s.status === "closed" && talk.loaded && lastStatus?.type !== "session.closed") {
    lines.push({ type: "session.closed", seq: s.seq + 0.5, at: s.lastActivity });
  }
  return [...talk.messages, ...lines].sort((a, b) => a.seq - b.seq);
}

function drawTyping(s) {
  const typing = s.typing > Date.now();
  el.typing.hidden = !typing;
  el.typing.lastChild.textContent = typing ? visitorName(s) + " is typing" : "";
}

function onScroll() {
  seen.atEnd = el.scroll.scrollHeight - el.scroll.scrollTop - el.scroll.clientHeight < near;
  el.down.hidden = seen.atEnd;
}

function toEnd() {
  seen.atEnd = true;
  el.scroll.scrollTop = el.scroll.scrollHeight;
}

/** older shows the page before, and keeps in place what is being read. */
async function older() {
  const id = state.current;
  const from = el.scroll.scrollHeight - el.scroll.scrollTop;
  await loadTalk(id, talkOf(id).messages[0]?.seq);
  setTimeout(() => id === state.current && (el.scroll.scrollTop = el.scroll.scrollHeight - from));
}

/** markRead tells the visitor that what they wrote has been seen. */
function markRead(s, talk) {
  if (document.visibilityState !== "visible" || !talk.loaded) return;
  const newest = talk.messages.findLast((m) => m.sender === "visitor" && !m.deleted);
  if (!newest || (seen.read.get(s.id) ?? 0) >= newest.seq) return;
  seen.read.set(s.id, newest.seq);
  act("POST", sessionPath(s.id, "read"), { message: newest.id }).catch(() => seen.read.delete(s.id));
  if (s.unread) update(() => (s.unread = 0));
}
