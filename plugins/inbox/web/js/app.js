// The inbox page: reads who it is for, follows what happens, shows it.
import { get } from "./api.js";
import { h } from "./dom.js";
import { drawDetails, initDetails } from "./details.js";
import { drawList, initList } from "./list.js";
import { follow, loadSessions, loadTalk, refresh } from "./live.js";
import { resume } from "./outbox.js";
import { inList, onChange, state, unread, update } from "./store.js";
import { drawTalk, initTalk } from "./talk.js";

const nameKey = "pocketping.inbox.name";

/** setName is what the operator calls themselves; the page remembers it. */
export function setName(name) {
  state.name = name.trim().slice(0, 60);
  try {
    localStorage.setItem(nameKey, state.name);
  } catch {
    // it holds until the page is closed
  }
}

function storedName() {
  try {
    return localStorage.getItem(nameKey) ?? "";
  } catch {
    return "";
  }
}

/** route shows the session that the address names. Anything else in it, such as the code of a link, goes. */
function route() {
  const id = location.hash.match(/^#\/([\w-]+)$/)?.[1] ?? "";
  if (!id && location.hash !== "#/") history.replaceState(null, "", "#/");
  update(() => (state.current = id));
  document.body.dataset.screen = id ? "talk" : "list";
  if (id) loadTalk(id);
}

function drawTitle() {
  const count = unread();
  document.title = (count ? `(${count}) ` : "") + "Inbox · PocketPing";
  const icon = count ? "icon-unread.svg" : "icon.svg";
  const link = document.getElementById("favicon");
  if (link.getAttribute("href") !== icon) link.setAttribute("href", icon);
}

function drawGate() {
  const gate = document.getElementById("gate");
  if (state.connection !== "expired" || gate) return;
  document.body.append(
    h("div", { id: "gate", role: "alertdialog", "aria-labelledby": "gate-title" },
      h("div", { class: "card" },
        h("h1", { id: "gate-title" }, "You are signed out"),
        h("p", {}, "Open a fresh link from the terminal: the server prints one when it starts. What you have typed stays in this browser."),
        h("button", { type: "button", class: "primary", onClick: () => location.reload() }, "I have opened it, reload"))),
  );
}

/** Alt and an arrow go to the next session, Escape leaves the details. */
function keys(e) {
  if (!e.altKey || (e.key !== "ArrowDown" && e.key !== "ArrowUp")) return;
  const list = inList();
  const at = list.findIndex((s) => s.id === state.current) + (e.key === "ArrowDown" ? 1 : -1);
  if (list.length === 0) return;
  e.preventDefault();
  location.hash = "#/" + list[Math.max(0, Math.min(at, list.length - 1))].id;
}

async function start() {
  initList(setName);
  initTalk();
  initDetails();
  onChange(() => [drawList, drawTalk, drawDetails, drawTitle, drawGate].forEach((draw) => draw()));
  addEventListener("hashchange", route);
  addEventListener("keydown", keys);
  addEventListener("online", refresh);
  document.addEventListener("visibilitychange", () => update());
  setInterval(() => update(), 30000); // "5 min" becomes "6 min"
  state.name = storedName();
  for (;;) {
    try {
      state.me = await get("me");
      break;
    } catch {
      if (state.connection === "expired") return;
      update(() => (state.connection = "offline"));
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
  state.name ||= state.me.operator.name;
  route();
  loadSessions(state.filter).catch(() => {});
  follow();
  resume();
}

start();
