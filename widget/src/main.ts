// widget.js: what a page loads. It puts the bubble there, and talks with the core from
// the moment when the visitor acts.
import { base, button, data, full, h, icon, picture } from './dom';
import type { Extras } from './extra';
import type { Kit } from './kit';
import * as link from './link';
import * as markdown from './markdown';
import * as outbox from './outbox';
import * as store from './store';
import { t } from './strings';
import { settling } from './times';
import * as transcript from './transcript';
import type { Incoming, Message, Outgoing, Page, PocketPing, Settings, Unsent, Visitor } from './types';
import * as view from './view';

const early = window.PocketPing;
if (!early?.destroy) start(early?.q);

function start(calls: [any, ...any][] = []): void {
  let listeners: [string, (data: any) => void][] = [];
  const life = new AbortController();
  const chosen: Record<string, unknown> = {}; // by the page
  let visitor: Visitor = store.get(store.name) || {};
  let served: Settings | undefined;
  let tried = false; // to get them
  let settings: Settings = {};
  let page: Partial<Page> = {};
  let address = location.href;
  let acted = false;
  let extended: Promise<void> | undefined;
  let due = false; // the bubble's time has come
  let hidden = false; // by the page
  let refusal = '';
  let identity: string | undefined;
  let unread = 0;
  let drawing = 0;
  let hiddenAt = Date.now();

  const tell = (event: string, data?: unknown) => listeners.forEach(([on, fn]) => on === event && fn(data));
  const here = (): Page => ({ url: location.href, title: document.title, ...page });
  const stored = () => visitor.token || store.names(store.name + ':')[0];
  const allowed = () => (served ? !settings.consent || visitor.agreed : stored());
  const seen = () => view.isOpen && !document.hidden;
  const later = (seconds = 0, fn: () => void) => setTimeout(() => life.signal.aborted || fn(), seconds * 1000);

  /** What is done with each frame of the core's. */
  const frames: { [type: string]: (f: any) => void } = {
    welcome,
    event,
    ok(f: Incoming & { type: 'ok' }) {
      const m = f.message;
      if (m) {
        if (m.clientId === f.id) transcript.enter(m.sessionId);
        if (!transcript.knows(m.id)) transcript.put(m); // stale against its event
      }
      outbox.remove(f.id);
    },
    receipt: ({ session, delivered, read }: Incoming & { type: 'receipt' }) =>
      session === transcript.session?.id && transcript.mark({ delivered, read }),
    presence: (f: Incoming & { type: 'presence' }) => view.online(f.online),
    emit: (f: Incoming & { type: 'emit' }) => tell(f.name, f.data),
    history(f: Incoming & { type: 'history' }) {
      transcript.older(f.messages, f.hasMore);
      outbox.remove(f.id);
    },
    error(f: Incoming & { type: 'error' }) {
      const waits = outbox.find(f.id);
      if (waits) outbox.refuse(waits, f.code, f.message, f.retryAfter);
      if (waits?.frame.type !== 'post') view.say(f.message);
    },
  };

  function welcome(f: Incoming & { type: 'welcome' }): void {
    const other = store.get<Visitor>(store.name);
    if (f.visitor.token && other?.token) {
      visitor = other; // another tab was quicker
      return link.renew();
    }
    save(f.visitor); // its token is there only when it is new
    if (!served) dress(f.settings);
    view.online(f.online);
    view.say('');
    if (f.resumed && f.session) transcript.mark(f.session);
    else transcript.begin(f.session);
    outbox.load();
    outbox.hold(f.visitor.token ? settling : 0);
  }

  function event({ event: e }: Incoming & { type: 'event' }): void {
    const turn = /(opened|closed)$/.exec(e.type)?.[1];
    const posted = e.type === 'message.posted';
    if (posted || turn === 'opened') transcript.enter(e.sessionId);
    const m = e.message;
    if (m) {
      if (posted || transcript.knows(m.id)) transcript.put(m);
      if (posted && m.sender !== 'visitor') tell('message', m);
    }
    if (e.sessionId !== transcript.session?.id) return;
    transcript.mark({ after: e.seq, ...(turn && { status: turn }) });
  }

  function lost(code: number, reason: string): boolean {
    outbox.pause();
    view.say((code === 4429 && reason) || t.offline);
    if (code === 4401 && visitor.token) {
      save({ id: undefined, token: undefined });
      transcript.begin(null);
    } else if (code === 4401 || code === 4403) view.say((refusal = reason || t.refused));
    draw();
    return !!refusal;
  }

  function hello(): Outgoing & { type: 'hello' } {
    const session = transcript.session;
    return {
      type: 'hello',
      key: data.key!,
      visitor: visitor.id,
      token: visitor.token,
      session: session?.id,
      after: session?.after,
      page: { referrer: document.referrer, ...here() },
      identity,
      ...view.extras?._traits(),
    };
  }

  /** Takes over settings: the core's, and above them the page's. */
  function dress(s?: Settings): void {
    served = s;
    tried = true;
    settings = { ...s, ...chosen };
    Object.assign(t, served?.strings, chosen.strings);
    view.dress(settings);
    paint();
  }

  /** The page may have turned to another address, or taken the bubble away. */
  function look(_?: unknown): void {
    const { url } = here();
    const { pathname } = new URL(url, location.href);
    const on = (paths: string) =>
      paths.split(' ').some((p) => RegExp(`^${p.replace(/\W/g, (c) => (c === '*' ? '.*' : '\\' + c))}$`).test(pathname));
    if (due) view.reveal(!hidden && on(settings.show || '*') && !on(settings.hide || ''));
    if (url !== address) link.send({ type: 'page', ...here() });
    address = url;
  }

  /** From now on the visitor is somebody. */
  function act(): void {
    if (!allowed()) return;
    (extended ||= extend()).then(() => {
      acted = true;
      link.open();
    });
  }

  /** Frames that come together are drawn together. */
  function draw(): void {
    drawing ||= setTimeout(paint, 16);
  }

  function paint(own?: unknown): void {
    drawing = 0;
    view.form.hidden = !!(refusal || (view.extras ? view.extras._card() : !tried || settings.consent || settings.ask));
    view.sync(own);
    const session = transcript.session;
    if (!session) return;
    const last = (visitor.session === session.id && visitor.read) || 0;
    const fresh = transcript
      .messages()
      .filter((m) => m.sender === 'operator' && m.sessionId === session.id && !m.deletedAt && m.seq > last);
    const seq = fresh.at(-1)?.seq;
    if (seq && seen() && link.send({ type: 'read', session: session.id, seq })) save({ session: session.id, read: seq });
    const count = seen() ? 0 : fresh.length;
    view.count(count);
    if (count !== unread) tell('unread', (unread = count));
    view.extras?._unread(count);
  }

  function save(more: Visitor): void {
    visitor = { ...visitor, ...more };
    store.put(store.name, visitor);
  }

  function toggle(open = !view.isOpen, own = true): void {
    if (open === view.isOpen) return;
    view.show(open, own);
    if (own) act();
    if (open) extended ||= extend();
    draw();
    tell(open ? 'open' : 'close');
  }

  /** Fetches what a bubble can do without. */
  function extend(): Promise<void> {
    const extra: Promise<{ default(kit: Kit): Extras }> = import(base + 'extra.js');
    return extra.then(
      (m) => {
        view.extend(m.default(kit()));
        dress(served);
      },
      () => (extended = undefined), // tried again when the panel opens again
    );
  }

  const kit = (): Kit => [
    view.set, save, act, () => transcript.more, write, paint, () => view.who, view.cross, markdown.rich, view.log,
    view.form, view.say, life, full, link.socket, view.input, () => settings, button, () => visitor, picture, h,
    markdown.link, view.panel, ask, view.compose, view.list, view.style, () => view.there, view.close, hello, t,
    icon, transcript.messages, () => transcript.session, link.send,
  ];

  function ask(frame: Unsent, files?: outbox.Waiting['files'], keep = /post|edit|delete/.test(frame.type)): void {
    outbox.add({ ...frame, id: crypto.getRandomValues(new Uint32Array(4)).join('-') }, files, !!(keep && allowed()));
    paint(frame.type === 'post');
    if (acted) link.open();
  }

  function write(text: string, replyTo?: string): void {
    act();
    ask({ type: 'post', text, replyTo });
  }

  function retry(m: Message): void {
    const { frame, files } = outbox.find(m.clientId)!;
    outbox.remove(frame.id);
    ask(frame, files);
  }

  function destroy(): void {
    life.abort();
    link.stop();
    clearInterval(looking);
    view.host.remove();
    delete window.PocketPing;
  }

  const methods: Omit<PocketPing, 'q'> = {
    init(more) {
      Object.assign(chosen, more);
      dress(served);
      look();
    },
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(),
    show: () => look((hidden = false)),
    hide: () => look((hidden = true)),
    send(text) {
      if (!view.form.hidden) return write(text);
      toggle(true);
      view.compose(text);
    },
    identify(who) {
      visitor.asked = true;
      ask({ type: 'identify', ...(typeof who === 'string' ? { identity: (identity = who) } : { traits: who }) });
    },
    track(event, data) {
      if (acted || outbox.waiting.length < 20) ask({ type: 'track', name: event, data });
    },
    on(event, fn) {
      listeners.push([event, fn]);
      return () => api.off(event, fn);
    },
    off(event, fn) {
      listeners = listeners.filter(([on, f]) => on !== event || f !== fn);
    },
    setPage: (to) => look((page = to)),
    destroy,
    persistent: store.lasting,
  };
  const api: PocketPing = Object.assign((call: string, ...args: any) => (api as any)[call](...args), methods);
  window.PocketPing = api;

  for (const name in data) chosen[name] = data[name] !== 'false' && data[name];
  link.start({
    _hello: hello,
    _frame(f) {
      frames[f.type]?.(f);
      view.extras?._frame(f, seen());
      draw();
    },
    _lost: lost,
    _detour: () => view.extras?._stream(),
  });
  view.mount({ _toggle: toggle, _write: write, _retry: retry });
  const looking = setInterval(look, 1000, 0);

  /** Asks for the settings until they are there. The core may also say that there is nothing here. */
  async function settle(wait: number): Promise<void> {
    let s: Settings | undefined;
    try {
      const r = await fetch(`${base}v1/widget/${data.key}?lang=${[data.lang, document.documentElement.lang || navigator.language]}`);
      if (r.ok) s = await r.json();
      else if (r.status < 405) destroy();
    } catch {
      // like any other failure
    }
    if (life.signal.aborted) return;
    dress(s || served);
    if (!s) later(wait, () => settle(Math.min(wait * 2, 30)));
    if (view.isOpen) act();
    later(stored() ? 0 : settings.delay, () => look((due = true)));
    if (settings.autoOpen) later(settings.autoOpen, () => stored() || toggle(true, false));
  }
  void settle(1);

  const listen = (on: EventTarget, event: string, fn: (e: any) => void) =>
    on.addEventListener(event, (e) => acted && fn(e), life);
  listen(window, 'online', link.renew);
  listen(window, 'offline', link.drop);
  listen(window, 'pageshow', (e) => e.persisted && link.renew());
  listen(document, 'visibilitychange', () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > 60_000) link.renew();
    else link.open();
    draw();
  });
  view.panel.addEventListener('focusin', act, life);
  // Another tab got a token, has read, or has tried again.
  const shared = (e: StorageEvent) => {
    if (!e.newValue) outbox.retried(e.key?.slice(store.name.length + 1));
    else if (e.key === store.name) {
      const { token } = visitor;
      visitor = store.get(store.name)!;
      if (acted && token !== visitor.token) link.renew();
      act();
    }
    draw();
  };
  addEventListener('storage', shared, life);
  outbox.load();
  if (stored()) act();
  draw();
  calls.forEach((call) => api(...call));
}
