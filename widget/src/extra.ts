// What a chat of plain text can do without: files and pictures, quotes, the menu of
// a message (reply, edit, delete) and who is typing. widget.js fetches it when the
// panel opens first.
import css from '../dist/extra.css';
import { button, h, icon, link } from './dom';
import type { Entry } from './transcript';
import type { Attachment, Message, Outgoing, Request } from './types';

/** What widget.js lends to it. */
export interface Kit {
  base: string;
  input: HTMLTextAreaElement;
  life: AbortController;
  id(): string;
  find(message: string | undefined): Message | undefined;
  send(frame: Outgoing): boolean;
  ask(frame: Request, files?: Attachment[]): void;
  write(text: string, replyTo?: string): void;
  compose(text?: string): void;
  say(words: string): void;
  token(): string | undefined;
  grown(): void; // the list has become longer by itself
}

/** What it adds to widget.js. */
export interface Extras {
  css: string;
  dots: HTMLElement; // below the messages: someone types
  strip: HTMLElement; // above the composer: what is edited or answered
  clip: HTMLElement; // in the composer: attaches files
  typing(on: boolean, who?: string): void;
  /** The first words of the message that this one answers. */
  quote(m: Message): string | undefined;
  /** Adds the quote, files and menu of a message. */
  adorn(e: Entry, quote: string | undefined, row: HTMLElement, body: HTMLElement): void;
  day(at: Date): string;
  /** Whether the text has been taken care of: it was an edit or an answer. */
  take(text: string): boolean;
}

const t = {
  attach: 'Attach a file',
  reply: 'Reply',
  edit: 'Edit',
  remove: 'Delete',
  deleted: 'message deleted',
  cancel: 'Cancel',
  typing: 'is typing',
  upload: 'The file could not be sent.',
};

const clipPath = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.5 17a1.7 1.7 0 0 1-2.4-2.4L14.5 7';

export default function extra(kit: Kit): Extras {
  const { strip, target, aimed } = aiming(kit);
  const { clip } = uploads(kit);
  const { dots, typing, quiet } = typings(kit);
  followPages(kit);

  function quote(m: Message): string | undefined {
    const about = kit.find(m.replyTo);
    return about && excerpt(about);
  }

  function adorn(e: Entry, quoted: string | undefined, row: HTMLElement, body: HTMLElement): void {
    if (quoted) body.prepend(h('div', { class: 'quote' }, quoted));
    for (const a of e.message.attachments || []) body.append(attachment(kit, a));
    if (e.waiting) return;
    const menu = h('div', { class: 'menu' });
    const add = (name: string, kind: string, press: () => void, path: string) => menu.append(button(name, kind, press, icon(path)));
    add(t.reply, 'reply', () => target(e.message), 'M10 8L5 13l5 5M5 13h9a5 5 0 0 1 5 5');
    if (e.message.sender === 'visitor') {
      const message = e.message.id;
      add(t.edit, 'edit', () => target(e.message, true), 'M5 19l1-4L16 5l3 3L9 18z');
      add(t.remove, 'delete', () => kit.ask({ type: 'delete', id: kit.id(), message }), 'M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12');
    }
    row.append(menu);
    row.tabIndex = -1; // a tap on it opens the menu
  }

  function take(text: string): boolean {
    quiet();
    return aimed(text);
  }

  function day(at: Date): string {
    return at.toLocaleDateString([], { weekday: 'long', month: 'long', day: 'numeric' });
  }

  return { css, dots, strip, clip, typing, quote, adorn, day, take };
}

/** The first words of a message, for those that answer it. */
function excerpt(m: Message): string {
  return m.deletedAt ? t.deleted : m.text.slice(0, 90) || m.attachments?.[0]?.name || '';
}

/** What the text in the composer is meant for: an edit, an answer, or neither. */
function aiming(kit: Kit) {
  const strip = h('div', { class: 'strip' });
  let aim: { message: Message; edit: boolean } | undefined;

  function target(message?: Message, edit = false): void {
    const text = edit ? message!.text : aim?.edit ? '' : undefined;
    aim = message && { message, edit };
    strip.replaceChildren();
    if (message) {
      const what = h('div', {}, h('b', {}, edit ? t.edit : t.reply), h('div', {}, excerpt(message)));
      strip.append(what, button(t.cancel, 'cancel', () => target(), icon('M6 6l12 12M18 6L6 18')));
    }
    kit.compose(text);
  }

  function aimed(text: string): boolean {
    if (!aim) return false;
    const { message, edit } = aim;
    aim = undefined;
    strip.replaceChildren();
    if (edit) kit.ask({ type: 'edit', id: kit.id(), message: message.id, text });
    else kit.write(text, message.id);
    return true;
  }

  return { strip, target, aimed };
}

/** Typing, both ways. */
function typings(kit: Kit) {
  const dots = h('div', { class: 'typing', role: 'img' }, h('i'), h('i'), h('i'));
  let told = 0; // when operators were told
  let idle = 0;
  let still = 0;

  kit.input.addEventListener('input', () => {
    clearTimeout(idle);
    if (!kit.input.value) return quiet();
    idle = setTimeout(quiet, 5000);
    if (Date.now() - told > 3000 && kit.send({ type: 'typing', on: true })) told = Date.now();
  });

  function quiet(): void {
    clearTimeout(idle);
    if (told) kit.send({ type: 'typing', on: false });
    told = 0;
  }

  function typing(on: boolean, who?: string): void {
    clearTimeout(still);
    if (on) still = setTimeout(() => typing(false), 8000);
    dots.classList.toggle('on', on);
    dots.setAttribute('aria-label', `${who || ''} ${t.typing}`);
    kit.grown();
  }

  return { dots, typing, quiet };
}

/** Tells of each page that a single-page site turns to. */
function followPages(kit: Kit): void {
  const turned = () => kit.send({ type: 'page', url: location.href, title: document.title });
  const on: EventTarget = window.navigation || window;
  on.addEventListener(window.navigation ? 'navigatesuccess' : 'popstate', turned, kit.life);
}

/** Files: each becomes a message of its own, once the core has it. */
function uploads(kit: Kit) {
  const picker = h('input', { type: 'file', hidden: 'hidden', multiple: 'multiple', change: picked });
  const press = button(t.attach, 'attach', () => picker.click(), icon(clipPath));

  kit.input.addEventListener('paste', (e) => {
    const files = e.clipboardData?.files;
    if (!files?.length) return;
    e.preventDefault();
    void upload([...files]);
  });

  function picked(): void {
    void upload([...picker.files!]);
    picker.value = '';
  }

  async function upload(files: File[]): Promise<void> {
    press.disabled = true;
    kit.say('');
    try {
      for (const file of files) {
        const got = await store(kit, file);
        kit.ask({ type: 'post', id: kit.id(), text: '', attachments: [got.id] }, [got]);
      }
    } catch (e) {
      kit.say(e instanceof Refusal ? e.message : t.upload);
    }
    press.disabled = false;
  }

  return { clip: h('span', {}, press, picker) };
}

/** The core's own words about why it does not take a file. */
class Refusal extends Error {}

async function store(kit: Kit, file: File): Promise<Attachment> {
  const body = new FormData();
  body.append('file', file);
  const headers = { Authorization: 'Bearer ' + kit.token() };
  const answer = await fetch(kit.base + 'v1/uploads', { method: 'POST', headers, body });
  const got = await answer.json();
  if (!answer.ok) throw new Refusal(got.error.message);
  return got;
}

function attachment(kit: Kit, a: Attachment): HTMLElement {
  const file = link(a.url ? new URL(a.url, kit.base).href : '', a.name);
  file.className = 'file';
  if (file.href && /^image\/(png|jpeg|gif|webp)$/.test(a.type)) {
    file.replaceChildren(h('img', { src: file.href, alt: a.name, load: kit.grown, error: () => file.replaceChildren(a.name) }));
  }
  return file;
}
