// The list of sessions, and the bar below it with the operator's own name.
import { avatar, ago, page, preview, visitorName } from "./format.js";
import { h, icon, reconcile } from "./dom.js";
import { loadSessions } from "./live.js";
import { inList, state, update } from "./store.js";

const el = {};
const words = { connecting: "Connecting…", live: "Live", offline: "Reconnecting…", expired: "Signed out" };

export function initList(setName) {
  el.status = h("span", { class: "status", role: "status" });
  el.tabs = ["active", "closed"].map((filter) =>
    h("button", { type: "button", role: "tab", "data-filter": filter, onClick: () => show(filter) }, filter === "active" ? "Open" : "Closed"));
  el.list = h("ul", { class: "sessions" });
  el.more = h("button", { type: "button", class: "more", hidden: true, onClick: () => loadSessions(state.filter, true).catch(() => {}) }, "Show older sessions");
  el.empty = h("div", { class: "empty-list" });
  el.me = h("span", { class: "me-avatar" });
  el.name = h("input", {
    id: "my-name", class: "my-name", autocomplete: "name", maxlength: 60, placeholder: "Your name", "aria-label": "Your name",
    onInput: () => { setName(el.name.value); drawMe(); },
    onKeydown: (e) => e.key === "Enter" && el.name.blur(),
  });
  el.hint = h("small", {});
  document.getElementById("sidebar").append(
    h("header", { class: "side-head" },
      h("h1", {}, h("span", { class: "logo" }, icon("chat")), "Inbox"), el.status),
    h("div", { class: "tabs", role: "tablist", "aria-label": "Which sessions" }, el.tabs),
    h("nav", { class: "scroll", "aria-label": "Sessions" }, el.list, el.empty, el.more),
    h("footer", { class: "me" }, el.me, h("label", { for: "my-name" }, el.name, el.hint)),
  );
}

function show(filter) {
  update(() => (state.filter = filter));
  loadSessions(filter).catch(() => {});
}

export function drawList() {
  el.status.textContent = words[state.connection];
  el.status.dataset.state = state.connection;
  for (const tab of el.tabs) tab.setAttribute("aria-selected", String(tab.dataset.filter === state.filter));
  const sessions = inList();
  reconcile(el.list, sessions.map(row));
  el.more.hidden = !state.next[state.filter];
  drawEmpty(sessions.length === 0);
  if (document.activeElement !== el.name && el.name.value !== state.name) el.name.value = state.name;
  drawMe();
}

function drawEmpty(empty) {
  el.empty.hidden = !empty;
  if (!empty) return;
  const text = !state.loaded[state.filter] ? "Loading…"
    : state.filter === "active" ? "Nobody is waiting. When a visitor writes, the session appears here."
    : "No session has been closed yet.";
  if (el.empty.textContent !== text) el.empty.replaceChildren(icon("chat"), h("p", {}, text));
}

function drawMe() {
  const name = state.name || "?";
  if (el.me.dataset.name !== name) el.me.replaceChildren(avatar(name, name));
  el.me.dataset.name = name;
  const shown = state.me.projects.length === 1 ? state.me.projects[0].operator : "";
  const unnamed = !state.name || state.name === "Operator";
  el.hint.textContent = shown ? `Visitors see “${shown}”` : unnamed ? "Write your name here: visitors see it" : "Visitors see this name";
}

function row(s) {
  const name = visitorName(s);
  const typing = s.typing > Date.now();
  const current = s.id === state.current;
  const project = state.me.projects.length > 1 ? state.me.projects.find((p) => p.id === s.projectId)?.name : "";
  const when = ago(s.lastActivity);
  const who = s.last?.note ? "Note: " : s.last?.sender === "operator" ? (s.last.via === state.me.bridge ? "You: " : (s.last.name || "Team") + ": ") : "";
  const text = typing ? "typing…" : who + preview(s.last);
  const where = [project, page(s)].filter(Boolean).join(" · ");
  const make = () =>
    h("li", {},
      h("a", { href: "#/" + s.id, class: "session" + (s.unread ? " is-unread" : ""), "aria-current": current ? "true" : null, "data-session": s.id },
        avatar(name, s.visitor.id),
        h("span", { class: "session-body" },
          h("span", { class: "line" }, h("b", {}, name), h("time", { datetime: s.lastActivity }, when)),
          where && h("span", { class: "where" }, where),
          h("span", { class: "line" },
            h("span", { class: "last" + (typing ? " is-typing" : "") }, text),
            s.unread > 0 && h("span", { class: "badge", "aria-label": s.unread + " unread" }, s.unread > 99 ? "99+" : String(s.unread))))));
  return { key: s.id, sig: JSON.stringify([name, current, when, text, where, s.unread, typing]), make };
}
