// Elements are made here, and only here: text is always text, never markup.

/** h makes an element. Props: on* are listeners, booleans attributes that are there or not. */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(el, name, value);
  el.append(...children.flat(2).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return el;
}

function set(el, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) el.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === "class") el.className = value;
  else if (name === "value" || name === "hidden" || name === "disabled") el[name] = value;
  else el.setAttribute(name, value === true ? "" : String(value));
}

const paths = {
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 16-3-7z",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.500 8.500a1.700 1.700 0 0 1-2.500-2.500L14.500 7.500",
  note: "M5 4h14v10l-6 6H5zM13 20v-6h6M8 8.500h8M8 12h4",
  reply: "M10 6L4 12l6 6M4 12h10a6 6 0 0 1 6 6",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  close: "M6 6l12 12M18 6L6 18",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.1",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  check: "M5 12.500l4.500 4.500L19 7.500",
  reopen: "M4 12a8 8 0 1 0 2.500-5.800M4 4v4.500h4.500",
  down: "M6 9l6 6 6-6",
  chat: "M4 5h16v11h-8l-5 4v-4H4z",
  tick: "M4 12.500l4.500 4.500L17 8",
  ticks: "M2 12.500l4.500 4.500L15 8M10.500 16.500L11 17l8.500-9",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4l3 2",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.1",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
};

/** icon draws one of the paths above; it is decoration, its button has the words. */
export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon icon-" + name);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** button is an icon with words for those who cannot see it. */
export function button(name, label, onClick, props) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onClick, ...props }, icon(name));
}

/**
 * reconcile makes the parent's children those of items, in order. An item whose
 * key and sig are as before keeps its element, with its focus and its pictures.
 */
export function reconcile(parent, items) {
  const old = new Map();
  for (const child of parent.children) old.set(child.dataset.key, child);
  let at = parent.firstElementChild;
  for (const item of items) {
    let el = old.get(item.key);
    old.delete(item.key);
    if (!el || el.dataset.sig !== item.sig) {
      const fresh = item.make();
      fresh.dataset.key = item.key;
      fresh.dataset.sig = item.sig;
      if (el) {
        if (at === el) at = fresh;
        el.replaceWith(fresh);
      }
      el = fresh;
    }
    if (el === at) at = at.nextElementSibling;
    else parent.insertBefore(el, at);
  }
  for (const el of old.values()) el.remove();
}

/** toast says something for a moment. */
export function toast(text) {
  const el = h("p", { class: "toast" }, text);
  document.getElementById("toasts").append(el);
  setTimeout(() => el.remove(), 6000);
}

/** newID is 128 random bits: what is sent again with the same one happens once. */
export function newID() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
