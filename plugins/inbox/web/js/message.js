// How one message, or one line between messages, looks.
import { fileURL } from "./api.js";
import { button, h, icon } from "./dom.js";
import { avatar, day, linked, moment, preview, size, time, via, visitorName } from "./format.js";
import { state } from "./store.js";

const images = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const together = 5 * 60 * 1000; // ms between messages that stand under one name

const author = (m, session) => (m.sender === "visitor" ? visitorName(session) : m.name || (m.sender === "system" ? "PocketPing" : "Operator"));
const isOwn = (m) => m.sender === "operator" && m.via === state.me.bridge;

export const isDay = (at) => ({ key: "day-" + new Date(at).toDateString(), sig: day(at), make: () => h("li", { class: "day" }, h("span", {}, day(at))) });

/** follows says whether a message stands under the name of the one before it. */
export const follows = (m, before) =>
  Boolean(before?.id) && before.sender === m.sender && before.name === m.name && before.via === m.via && !before.note === !m.note && new Date(m.createdAt) - new Date(before.createdAt) < together;

/** messageItem shows a message: on.reply, on.edit, on.remove, on.jump. */
export function messageItem(m, before, session, quoted, on) {
  const joined = follows(m, before);
  const read = m.seq <= session.read;
  const kind = m.note ? "note" : m.sender;
  const make = () => {
    const li = h("li", { class: `message from-${kind}${joined ? " joined" : ""}${m.deleted ? " is-deleted" : ""}`, "data-message": m.id },
      m.sender === "visitor" ? h("span", { class: "side" }, !joined && avatar(visitorName(session), session.visitor.id)) : null,
      h("div", { class: "stack" },
        !joined && h("div", { class: "author" }, m.note && icon("note"), h("b", {}, author(m, session)), via(m) && m.sender !== "visitor" && via(m) !== state.me.bridge.split(".").pop() && h("span", { class: "via" }, via(m)), m.note && h("span", { class: "private" }, "note, only for your team")),
        h("div", { class: "bubble" },
          m.replyTo && !m.deleted && quote(m, quoted, session, on),
          m.deleted ? h("p", { class: "text" }, "This message was deleted") : m.text && h("p", { class: "text" }, linked(m.text)),
          !m.deleted && (m.attachments ?? []).map(attachment),
          h("span", { class: "meta" },
            m.editedAt && !m.deleted && h("span", { title: "Edited " + moment(m.editedAt) }, "edited"),
            h("time", { datetime: m.createdAt, title: moment(m.createdAt) }, time(m.createdAt)),
            m.sender === "operator" && !m.note && !m.deleted && tick(read)))),
      !m.deleted && actions(m, on));
    li.addEventListener("click", (e) => e.target.closest("a,button") || li.classList.toggle("open"));
    return li;
  };
  return { key: m.id, sig: JSON.stringify([m, joined, read, author(m, session), quoted?.id, quoted?.text, quoted?.deleted]), make };
}

const tick = (read) => h("span", { class: "tick" + (read ? " is-read" : ""), role: "img", "aria-label": read ? "Read" : "Sent", title: read ? "Read by the visitor" : "Sent" }, icon(read ? "ticks" : "tick"));

function actions(m, on) {
  const own = isOwn(m);
  const remove = button("trash", "Delete", () => {
    if (remove.classList.contains("sure")) return on.remove(m);
    remove.classList.add("sure");
    remove.replaceChildren("Delete?");
    setTimeout(() => remove.isConnected && (remove.classList.remove("sure"), remove.replaceChildren(icon("trash"))), 3000);
  });
  return h("div", { class: "actions" }, button("reply", "Reply", () => on.reply(m)), own && button("edit", "Edit", () => on.edit(m)), own && remove);
}

function quote(m, quoted, session, on) {
  const text = quoted ? preview(quoted) : m.replyText || "an earlier message";
  return h("button", { type: "button", class: "quote", onClick: () => on.jump(m.replyTo) }, quoted && h("b", {}, author(quoted, session)), h("span", {}, text));
}

function attachment(file) {
  const href = fileURL(file);
  if (images.includes(file.type)) {
    return h("a", { class: "picture", href, target: "_blank", rel: "noopener" }, h("img", { src: href, alt: file.name, loading: "lazy" }));
  }
  return h("a", { class: "file", href, download: file.name }, icon("file"), h("span", {}, h("b", {}, file.name), h("small", {}, size(file.size))));
}

/** waitingItem is a message of the outbox: on.retry, on.discard, on.takeBack. */
export function waitingItem(item, on) {
  const make = () =>
    h("li", { class: `message waiting from-${item.note ? "note" : "operator"}${item.error ? " has-failed" : ""}`, "data-waiting": item.id },
      h("div", { class: "stack" },
        h("div", { class: "bubble" },
          item.text && h("p", { class: "text" }, item.text),
          item.files.map((f) => h("span", { class: "file" }, icon("file"), h("span", {}, h("b", {}, f.name), h("small", {}, size(f.size))))),
          h("span", { class: "meta" }, item.error ? icon("warn") : icon("clock"), item.error ? "not sent" : item.waiting ? "waiting for the server" : "sending")),
        item.error && h("p", { class: "why", role: "alert" }, item.error, " ",
          h("button", { type: "button", onClick: () => on.retry(item.id) }, "Try again"),
          h("button", { type: "button", onClick: () => on.takeBack(item) }, "Change"),
          h("button", { type: "button", onClick: () => on.discard(item.id) }, "Discard"))));
  return { key: "out-" + item.id, sig: JSON.stringify([item.error, item.waiting]), make };
}

/** lineItem says what happened between messages. */
export function lineItem(line, session) {
  const text = says(line, session);
  if (!text) return null;
  const make = () =>
    h("li", { class: line.type === "notice" ? "notice" : "event" },
      h("p", {}, line.type === "notice" && icon("info"), h("span", {}, sessionLinks(text))), h("time", { datetime: line.at }, time(line.at)));
  return { key: "line-" + line.seq, sig: text + line.at, make };
}

function says({ type, data }, session) {
  const d = data ?? {};
  const who = d.by === "visitor" ? " by " + visitorName(session) : d.name ? " by " + d.name : d.by === "api" ? " over the API" : d.by ? " by an operator" : "";
  switch (type) {
    case "session.opened": return "Session opened";
    case "session.closed": return "Session closed" + who;
    case "session.reopened": return "Session reopened" + who;
    case "session.rated": return `Rated ${"★".repeat(Math.max(0, Math.min(5, d.score | 0)))} ${d.score}/5${d.comment ? ` “${d.comment}”` : ""}`;
    case "session.claimed": return "Session claimed" + (d.name ? " by " + d.name : "");
    case "visitor.identified": return `Identified as ${d.name || d.email || session.visitor.name || session.visitor.email || "a known visitor"}`;
    case "visitor.tracked": return tracked(d);
    case "message.failed": return "A message could not be delivered";
    case "notice": return d.text ?? "";
  }
  return "";
}

function tracked(d) {
  if (d.name === "page") return "";
  const more = d.data && Object.keys(d.data).length ? " " + JSON.stringify(d.data) : "";
  return `Event ${d.name}${more.slice(0, 200)}`;
}

/** sessionLinks lets the operator follow a session that a notice names. */
function sessionLinks(text) {
  return text.split(/(sess_[0-9a-z]+)/).map((part, i) => (i % 2 ? h("a", { href: "#/" + part }, "that session") : part));
}
