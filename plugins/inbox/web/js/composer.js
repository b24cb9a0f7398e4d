// Where the operator writes: text, notes, replies, edits and files.
import { act, messagePath, sessionPath, upload } from "./api.js";
import { button, h, icon, newID, toast } from "./dom.js";
import { preview, size, visitorName } from "./format.js";
import { send } from "./outbox.js";
import { apply, current, state, talkOf, update } from "./store.js";

const el = {};
const drafts = new Map(); // by session: {text, note, replyTo, edit, files}
let shown = ""; // session whose draft the field shows
let typingAt = 0;
const typingEvery = 3000; // ms
const draftKey = (id) => "pocketping.inbox.draft." + id;

export function initComposer() {
  el.text = h("textarea", { id: "composer-text", rows: 1, "aria-label": "Message", onInput, onKeydown, onPaste, onBlur: () => typing(false) });
  el.pick = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Choose files", onChange: () => { addFiles(el.pick.files); el.pick.value = ""; } });
  el.mode = h("div", { class: "mode", hidden: true });
  el.files = h("ul", { class: "chips", hidden: true });
  el.note = button("note", "Write a note for your team", () => change({ note: !draft().note }), { class: "icon-button note-toggle" });
  el.send = button("send", "Send", submit, { class: "send" });
  el.hint = h("p", { class: "hint", hidden: true });
  el.form = h("form", { class: "composer", onSubmit: (e) => { e.preventDefault(); submit(); } },
    el.mode, el.files,
    h("div", { class: "row" }, button("clip", "Attach files", () => el.pick.click()), el.note, el.pick, el.text, el.send),
    el.hint);
  dropOn(document.getElementById("talk"));
  return el.form;
}

const draft = () => draftOf(state.current);

function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, { text: "", note: false, replyTo: "", edit: null, files: [], ...stored(id) });
  return drafts.get(id);
}

function stored(id) {
  try {
    return JSON.parse(localStorage.getItem(draftKey(id))) ?? {};
  } catch {
    return {};
  }
}

/** keep makes the draft outlive the page; an edit is not kept, its message is there. */
function keep(id) {
  const { text, note, replyTo, edit, files } = draftOf(id);
  const done = files.filter((f) => f.file).map((f) => ({ key: f.key, file: f.file, name: f.name, size: f.size }));
  try {
    if (edit || !(text || note || replyTo || done.length)) localStorage.removeItem(draftKey(id));
    else localStorage.setItem(draftKey(id), JSON.stringify({ text, note, replyTo, files: done }));
  } catch {
    // then it lives as long as the page
  }
}

function change(part) {
  Object.assign(draft(), part);
  keep(state.current);
  update();
  el.text.focus();
}

export const startReply = (m) => change({ replyTo: m.id, edit: null });

/** startEdit takes a message's text into the field. A sign that would make it a command is doubled, as one writes it. */
export function startEdit(m) {
  const text = !m.note && /^[/!]\p{L}/u.test(m.text) ? m.text[0] + m.text : m.text;
  const d = draft();
  change({ edit: { id: m.id, note: Boolean(m.note), kept: d.edit?.kept ?? d.text }, text, replyTo: "" });
  show(draft());
}

/** takeBack returns an unsent message to the field. */
export function takeBack(item) {
  const files = item.files.map((file) => ({ key: newID(), file, name: file.name, size: file.size }));
  const text = [item.text, draft().text.trim()].filter(Boolean).join("\n");
  change({ text, note: item.note, replyTo: item.replyTo, files: [...draft().files, ...files] });
  show(draft());
}

export function drawComposer(s) {
  const d = draftOf(s.id);
  if (shown !== s.id) {
    shown = s.id;
    show(d);
    if (matchMedia("(hover: hover)").matches) el.text.focus({ preventScroll: true });
  }
  const note = d.edit ? d.edit.note : d.note;
  el.form.classList.toggle("is-note", note);
  el.note.setAttribute("aria-pressed", String(note));
  el.note.disabled = Boolean(d.edit);
  el.text.placeholder = note ? "A note for your team, the visitor never sees it" : s.status === "closed" ? "Writing reopens the session" : "Write to " + visitorName(s);
  drawMode(s, d);
  drawFiles(d);
  el.send.disabled = !sendable(d);
  const command = !d.edit && !note && /^[/!]\p{L}/u.test(d.text.trim());
  el.hint.hidden = !command;
  if (command) el.hint.textContent = "A command, not sent to the visitor: /note /close /reopen /info /status /del /help";
}

/** sendable says whether there is something to send, and no file still on its way. */
function sendable(d) {
  const uploading = d.files.some((f) => !f.file && !f.error);
  return !uploading && !d.edit?.saving && Boolean(d.text.trim() || (!d.edit && d.files.some((f) => f.file)));
}

function show(d) {
  el.text.value = d.text;
  grow();
}

function drawMode(s, d) {
  const target = d.edit ? null : talkOf(s.id).messages.find((m) => m.id === d.replyTo);
  const label = d.edit ? (d.edit.note ? "Editing your note" : "Editing your message") : d.replyTo ? "Replying to " + (target?.sender === "operator" ? target.name || "a message" : visitorName(s)) : "";
  const sig = label + (target ? preview(target) : "");
  el.mode.hidden = !label;
  if (el.mode.dataset.sig === sig) return;
  el.mode.dataset.sig = sig;
  el.mode.replaceChildren(icon(d.edit ? "edit" : "reply"), h("span", {}, h("b", {}, label), target && h("span", {}, preview(target))), button("close", "Cancel", cancel));
}

function cancel() {
  const d = draft();
  change({ text: d.edit ? d.edit.kept : d.text, edit: null, replyTo: "" });
  show(draft());
}

function drawFiles(d) {
  el.files.hidden = d.files.length === 0;
  const sig = JSON.stringify(d.files);
  if (el.files.dataset.sig === sig) return;
  el.files.dataset.sig = sig;
  el.files.replaceChildren(...d.files.map((f) =>
    h("li", { class: "chip" + (f.error ? " has-failed" : "") },
      f.file || f.error ? icon(f.error ? "warn" : "file") : h("span", { class: "spinner", role: "img", "aria-label": "Uploading" }),
      h("span", {}, h("b", {}, f.name), h("small", {}, f.error || size(f.size))),
      button("close", "Remove " + f.name, () => change({ files: draft().files.filter((other) => other.key !== f.key) })))));
}

function onInput() {
  draft().text = el.text.value;
  keep(state.current);
  grow();
  typing(Boolean(el.text.value.trim()));
  update();
}

function grow() {
  el.text.style.height = "auto";
  el.text.style.height = Math.min(el.text.scrollHeight, 180) + "px";
}

function onKeydown(e) {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    submit();
  } else if (e.key === "Escape" && (draft().edit || draft().replyTo)) {
    cancel();
  } else if (e.key === "ArrowUp" && !el.text.value) {
    const last = talkOf(state.current).messages.findLast((m) => m.sender === "operator" && m.via === state.me.bridge && !m.deleted);
    if (last) e.preventDefault(), startEdit(last);
  }
}

function onPaste(e) {
  if (e.clipboardData.files.length) e.preventDefault(), addFiles(e.clipboardData.files);
}

function dropOn(target) {
  const drag = (on) => (e) => {
    if (!e.dataTransfer?.types.includes("Files") || !current()) return;
    e.preventDefault();
    target.classList.toggle("is-drop", on);
    if (e.type === "drop") addFiles(e.dataTransfer.files);
  };
  target.addEventListener("dragover", drag(true));
  target.addEventListener("dragleave", drag(false));
  target.addEventListener("drop", drag(false));
}

/** addFiles uploads them at once, so that sending is quick. */
function addFiles(files) {
  const id = state.current;
  for (const file of files) {
    const chip = { key: newID(), name: file.name, size: file.size };
    if (file.size > state.me.maxFile) chip.error = `too large: ${size(state.me.maxFile)} at most`;
    draftOf(id).files.push(chip);
    if (!chip.error) upload(file).then((saved) => (chip.file = saved), (failure) => (chip.error = failure.message)).then(() => (keep(id), update()));
  }
  update();
}

/** typing tells the visitor, now and then while it goes on; a note is nobody's business. */
function typing(on) {
  const d = draft();
  const now = Date.now();
  if (d.note || d.edit) on = false;
  if (on ? now - typingAt < typingEvery : !typingAt) return;
  typingAt = on ? now : 0;
  if (shown) act("POST", sessionPath(shown, "typing"), { on }).catch(() => {});
}

function submit() {
  const d = draft();
  if (!sendable(d)) return;
  if (d.edit) return saveEdit(state.current, d);
  typing(false);
  send(state.current, { text: d.text.trim(), note: d.note, replyTo: d.replyTo, files: d.files.filter((f) => f.file).map((f) => f.file) });
  change({ text: "", replyTo: "", note: false, files: [] });
  show(draft());
}

async function saveEdit(id, d) {
  const { edit, text } = d;
  edit.saving = true;
  update();
  try {
    const done = await act("PATCH", messagePath(id, edit.id), { text: text.trim() });
    update(() => apply({ type: "message.edited", session: done.session, message: done.message }));
    if (d.edit !== edit) return;
    const typedSince = d.text === text ? "" : d.text;
    Object.assign(d, { text: [edit.kept, typedSince].filter(Boolean).join("\n"), edit: null });
    keep(id);
    if (shown === id) show(d);
    update();
  } catch (failure) {
    edit.saving = false;
    toast(failure.message);
    update();
  }
}
