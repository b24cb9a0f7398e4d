// Who the visitor is and where they are.
import { avatar, moment, outside, visitorName, webURL } from "./format.js";
import { button, h } from "./dom.js";
import { current } from "./store.js";

const wide = matchMedia("(min-width: 1180px)");
let open = false; // where there is no room for it all the time
let panel;

export function initDetails() {
  panel = document.getElementById("details");
  wide.addEventListener("change", drawDetails);
  addEventListener("hashchange", () => (open = false));
  addEventListener("keydown", (e) => e.key === "Escape" && open && toggleDetails());
}

export function toggleDetails() {
  open = !open;
  drawDetails();
  if (open) panel.querySelector("button")?.focus();
}

export function drawDetails() {
  const s = current();
  panel.hidden = !s || !(open || wide.matches);
  if (panel.hidden) return;
  const sig = JSON.stringify([s.id, s.visitor, s.metadata, s.status, localTime(s.metadata?.timezone)]);
  if (panel.dataset.sig === sig) return;
  panel.dataset.sig = sig;
  const { visitor } = s;
  panel.replaceChildren(
    h("header", {}, button("close", "Close details", toggleDetails, { class: "icon-button only-narrow" })),
    h("div", { class: "card-head" }, avatar(visitorName(s), visitor.id), h("h2", {}, visitorName(s)),
      visitor.email && visitor.email !== visitorName(s) && h("p", {}, visitor.email),
      (visitor.name || visitor.email) && h("span", { class: visitor.verified ? "pill good" : "pill" }, visitor.verified ? "Verified by the website" : "Unverified")),
    list("On the website", pageRows(s)),
    list("Browser", browserRows(s.metadata ?? {})),
    list("Traits", Object.entries(visitor.traits ?? {})),
    list("Session", [["Started", moment(s.createdAt)], ["Status", s.status === "active" ? "Open" : "Closed"], ["Visitor", visitor.id], ["Session", s.id]]),
  );
}

function list(title, rows) {
  const given = rows.filter(([, value]) => value);
  if (given.length === 0) return "";
  return h("section", {}, h("h3", {}, title), h("dl", {}, given.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

const link = (text) => {
  const url = webURL(text);
  return url ? outside(url, url.host + (url.pathname === "/" ? "" : url.pathname) + url.search) : text;
};

const pageRows = ({ metadata: m }) => [["Page", m?.title], ["Address", m?.url && link(m.url)], ["Came from", m?.referrer && link(m.referrer)]];

const known = ["title", "url", "referrer", "language", "timezone", "screen"];

function browserRows(m) {
  return [["Language", languageName(m.language)], ["Local time", localTime(m.timezone)], ["Time zone", m.timezone], ["Screen", m.screen],
    ...Object.entries(m).filter(([name]) => !known.includes(name)).map(([name, value]) => [words(name), String(value)])];
}

/** words makes "userAgent" be "User agent". */
const words = (name) => name[0].toUpperCase() + name.slice(1).replace(/([a-z])([A-Z])/g, (_, a, b) => a + " " + b.toLowerCase());

function languageName(code) {
  try {
    return code && new Intl.DisplayNames(undefined, { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function localTime(zone) {
  try {
    return zone && new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", weekday: "short", timeZone: zone }).format(new Date());
  } catch {
    return "";
  }
}
