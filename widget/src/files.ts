// Files: picked, pasted or dropped. Each becomes a message of its own, once the core
// has it.
import { ask, button, cross, form, full, h, icon, link, panel, say, t, visitor } from './kit';
import type { Attachment } from './types';

const clip = 'M20 11l-8 8a5 5 0 0 1-7-7l8-8a3 3 0 0 1 5 5l-8 8a2 2 0 0 1-3-3l7-7';

export function files(): void {
  const picker = h('input', { type: 'file', hidden: true, multiple: true, onchange: picked });
  form.prepend(button(t.attach, 'attach', () => picker.click(), icon(clip)), picker);

  function picked(): void {
    void upload([...picker.files!]);
    picker.value = '';
  }

  const given = (name: 'paste' | 'drop', from: 'clipboardData' | 'dataTransfer') =>
    panel.addEventListener(name, (e: any) => {
      const list: FileList | undefined = e[from]?.files;
      if (!list?.length) return;
      e.preventDefault();
      void upload([...list]);
    });
  given('paste', 'clipboardData');
  given('drop', 'dataTransfer');
  panel.addEventListener('dragover', (e) => e.preventDefault());

  async function upload(list: File[]): Promise<void> {
    say('');
    for (const file of form.hidden ? [] : list) await store(file).catch((why) => say(why || t.upload));
  }

  /** Sends the file and shows how far it has come; fails with the core's words, if it has any. */
  function store(file: File): Promise<void> {
    return new Promise((done, fail) => {
      const call = new XMLHttpRequest();
      const bar = h('progress', { value: 0, ariaLabel: file.name });
      const row = h('div', 'strip', h('div', {}, file.name, bar), button(t.cancel, 'cancel', () => call.abort(), icon(cross)));
      form.before(row);
      call.open('POST', full('v1/uploads'));
      call.setRequestHeader('Authorization', 'Bearer ' + visitor().token);
      call.responseType = 'json';
      call.upload.onprogress = (e) => (bar.value = e.loaded / e.total);
      call.onabort = () => done();
      call.onloadend = () => {
        const got: (Attachment & { error?: { message: string } }) | null = call.response;
        row.remove();
        if (got?.id) ask({ type: 'post', text: '', attachments: [got.id] }, [got]);
        else fail(got?.error?.message);
        done();
      };
      const body = new FormData();
      body.append('file', file);
      call.send(body);
    });
  }
}

export function attachment(a: Attachment): HTMLElement {
  const file = link(a.url ? full(a.url) : '', a.name);
  file.className = 'file';
  if (file.href && /^image\/(png|jpeg|gif|webp)$/.test(a.type)) {
    file.replaceChildren(h('img', { src: file.href, alt: a.name, onerror: () => file.replaceChildren(a.name) }));
  }
  return file;
}
