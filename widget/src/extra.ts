// What a chat of plain text can do without: the menu of a message (reply, edit,
// delete), files and pictures. widget.js fetches it when the panel opens first.
import css from '../dist/extra.css';
import { excerpt } from './bubble';
import { button, h, icon } from './dom';
import type { Waiting } from './outbox';
import type { Entry } from './transcript';
import type { Attachment, Request } from './types';

/** What widget.js lends to it. */
export interface Kit {
  base: string;
  input: HTMLTextAreaElement;
  id(): string;
  ask(frame: Request, files?: Waiting['files']): void;
  write(text: string, replyTo?: string): void;
  compose(text?: string): void;
  say(words: string): void;
  token(): string | undefined;
}

/** What it adds to widget.js. */
export interface Extras {
  css: string;
  strip: HTMLElement; // above the composer: what is edited or answered
  clip: HTMLElement; // in the composer: attaches files
  /** Gives a message its menu. */
  menu(row: HTMLElement, entry: Entry): void;
  /** Shows a picture in place of its name. */
  preview(file: HTMLElement, a: Attachment, grown: () => void): void;
  /** Whether the text has been taken care of: it was an edit or an answer. */
  take(text: string): boolean;
}

const t = {
  attach: 'Attach a file',
  reply: 'Reply',
  edit: 'Edit',
  remove: 'Delete',
  cancel: 'Cancel',
  upload: 'The file could not be sent.',
};

export default function extra(kit: Kit): Extras {
  let aim: { entry: Entry; edit: boolean } | undefined;

  const strip = h('div', { class: 'strip' });
  const picker = h('input', { type: 'file', hidden: '', multiple: '', change: picked });
  const clip = button(t.attach, 'clip', () => picker.click(), icon('M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.5 17a1.7 1.7 0 0 1-2.4-2.4L14.5 7'));
  kit.input.addEventListener('paste', pasted);

  function target(entry?: Entry, edit = false): void {
    const text = edit ? entry!.message.text : aim?.edit ? '' : undefined;
    aim = entry && { entry, edit };
    strip.replaceChildren();
    if (entry) {
      const what = h('div', {}, h('b', {}, edit ? t.edit : t.reply), h('div', {}, excerpt(entry)));
      strip.append(what, button(t.cancel, 'cancel', () => target(), icon('M6 6l12 12M18 6L6 18')));
    }
    kit.compose(text);
  }

  function take(text: string): boolean {
    if (!aim) return false;
    const { entry, edit } = aim;
    aim = undefined;
    strip.replaceChildren();
    if (edit) kit.ask({ type: 'edit', id: kit.id(), message: entry.message.id, text });
    else kit.write(text, entry.message.id);
    return true;
  }

  function menu(row: HTMLElement, e: Entry): void {
    const items = [button(t.reply, 'reply', () => target(e), icon('M10 8L5 13l5 5M5 13h9a5 5 0 0 1 5 5'))];
    const message = e.message.id;
    if (e.message.sender === 'visitor') {
      items.push(
        button(t.edit, 'edit', () => target(e, true), icon('M5 19l1-4L16 5l3 3L9 18z')),
        button(t.remove, 'delete', () => kit.ask({ type: 'delete', id: kit.id(), message }), icon('M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12')),
      );
    }
    row.append(h('div', { class: 'menu' }, ...items));
  }

  function picked(): void {
    if (picker.files?.length) void upload([...picker.files]);
    picker.value = '';
  }

  function pasted(e: ClipboardEvent): void {
    const files = e.clipboardData?.files;
    if (!files?.length) return;
    e.preventDefault();
    void upload([...files]);
  }

  /** Each file becomes a message of its own, once the core has it. */
  async function upload(files: File[]): Promise<void> {
    clip.disabled = true;
    kit.say('');
    try {
      for (const file of files) {
        const got = await send(file);
        kit.ask({ type: 'post', id: kit.id(), text: '', attachments: [got.id] }, [got]);
      }
    } catch (e) {
      kit.say(e instanceof Refusal ? e.message : t.upload);
    }
    clip.disabled = false;
  }

  async function send(file: File): Promise<Attachment> {
    const body = new FormData();
    body.append('file', file);
    const answer = await fetch(kit.base + 'v1/uploads', {
      method: 'POST',
      headers: { Authorization: 'Bearer ' + kit.token() },
      body,
    });
    const got = await answer.json();
    if (!answer.ok) throw new Refusal(got.error.message);
    return got;
  }

  return { css, strip, clip: h('span', {}, clip, picker), menu, preview, take };
}

/** The core's own words about why it does not take a file. */
class Refusal extends Error {}

function preview(file: HTMLElement, a: Attachment, grown: () => void): void {
  const src = (file as HTMLAnchorElement).href;
  if (!src || !/^image\/(png|jpeg|gif|webp)$/.test(a.type)) return;
  file.replaceChildren(h('img', { src, alt: a.name, load: grown, error: () => file.replaceChildren(a.name) }));
}
