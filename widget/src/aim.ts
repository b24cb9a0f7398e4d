// What the text in the composer is meant for: an edit, an answer, or neither.
import { ask, button, compose, cross, form, h, icon, messages, t, write } from './kit';
import type { Message } from './types';

let target: Message | undefined;
let editing = false;
let strip: Element | undefined; // above the composer, says so

export function aim(m?: Message, edit = false): void {
  const text = edit ? m!.text : editing ? '' : undefined;
  target = m;
  editing = edit;
  strip?.remove();
  if (m) {
    strip = h('div', 'strip', h('div', {}, h('b', {}, edit ? t.edit : t.reply), h('div', {}, excerpt(m))), button(t.cancel, 'cancel', () => aim(), icon(cross)));
    form.before(strip);
  }
  compose(text);
}

/** Sends the text as what it is meant to be, if it is. */
export function aimed(text: string): boolean {
  const m = target;
  const edit = editing;
  if (!m) return false;
  editing = false;
  aim();
  if (edit) ask({ type: 'edit', message: m.id, text });
  else write(text, m.id);
  return true;
}

/** The first words of the message that this one answers. */
export function quote(m: Message): string | undefined {
  const about = m.replyTo && messages().find((o) => o.id === m.replyTo);
  return about ? excerpt(about) : undefined;
}

function excerpt(m: Message): string {
  return m.deletedAt ? t.deleted : m.text.slice(0, 90) || m.attachments?.[0]?.name || '';
}
