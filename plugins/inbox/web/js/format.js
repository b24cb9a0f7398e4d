// How things are said: names, times, sizes, links.
import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const time = (at) => clock.format(new Date(at));
export const moment = (at) => full.format(new Date(at));
export const dayKey = (at) => new Date(at).toDateString();

export function day(at) {
  const today = new Date();
  if (dayKey(at) === today.toDateString()) return "Today";
  today.setDate(today.getDate() - 1);
  if (dayKey(at) === today.toDateString()) return "Yesterday";
  return weekday.format(new Date(at));
}

/** ago is short enough for a list. */
export function ago(at, now = Date.now()) {
  const minutes = Math.floor((now - new Date(at)) / 60000);
  if (minutes < 1) return "now";
  if (minutes < 60) return minutes + " min";
  if (dayKey(at) === new Date(now).toDateString()) return time(at);
  return minutes < 7 * 24 * 60 ? new Intl.DateTimeFormat(undefined, { weekday: "short" }).format(new Date(at)) : short.format(new Date(at));
}

export function size(bytes) {
  if (bytes < 1000) return bytes + " B";
  if (bytes < 1e6) return Math.round(bytes / 1000) + " kB";
  return (bytes / 1e6).toFixed(1) + " MB";
}

export const visitorName = (session) => session?.visitor?.name || session?.visitor?.email || "Visitor";

/** via is the place a message came through, as a word: "telegram" of "acme.telegram". */
export function via(message) {
  if (!message.via || message.via === "widget") return "";
  return message.via === "api" ? "API" : message.via.split(".").pop();
}

/** page is the path that the visitor looks at, or the host when it is its root. */
export function page(session) {
  const url = webURL(session?.metadata?.url);
  if (!url) return session?.metadata?.title ?? "";
  return url.pathname === "/" ? url.host : url.pathname;
}

/** webURL is the address when it is one that may become a link. */
export function webURL(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

/** outside is a link that leaves without saying where it comes from. */
export const outside = (url, ...children) => h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);

/** linked is a text whose web addresses are links. */
export function linked(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+/gi)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/, "");
    const url = webURL(address);
    if (!url) continue;
    parts.push(text.slice(at, match.index), outside(url, address));
    at = match.index + address.length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** preview is a message in one line. */
export function preview(message) {
  if (!message) return "No messages yet";
  if (message.deleted) return "Deleted message";
  if (message.text) return message.text.replace(/\s+/g, " ").slice(0, 140);
  const files = message.attachments ?? [];
  return files.length === 1 ? files[0].name : files.length + " files";
}

/** avatar is a disc with the first letters, coloured by whom it is for. */
export function avatar(name, id, url) {
  let sum = 0;
  for (const c of id ?? name) sum = (sum * 31 + c.codePointAt(0)) % 997;
  const letters = name.split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase());
  return h("span", { class: "avatar hue" + (sum % 8), "aria-hidden": "true" }, letters.join("") || "?");
}
