// widget.js: what a page loads. It puts the bubble there, and talks with the core from
// the moment when the visitor acts.
import { base, button, data, full, h, icon, picture } from './dom';
import type { Extras } from './extra';
import type { Kit } from './kit';
import * as link from './link';
import * as outbox from './outbox';
import * as store from './store';
import { t } from './strings';
import * as transcript from './transcript';
import type { Incoming, Message, Outgoing, Page, PocketPing, Request, Settings, Visitor } from './types';
import * as view from './view';

const early = window.PocketPing;
if (!early?.destroy) start(data.key!, early?.q);

function start(key: string, calls: [any, ...any][] = []): void {
  const name = 'pocketping:' + key;
  let listeners: [string, (data: any) => void][] = [];
  const life = new AbortController();
  const chosen: Record<string, unknown> = {}; // by the page
  let visitor: Visitor = store.get(name) || {};
  let served: Settings | undefined;
  let dressed = false;
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
  let hiddenAt = 0;

  const id = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
  const tell = (event: string, data?: unknown) => listeners.forEach(([on, fn]) => on === event && fn(data));
  const here = (): Page => ({ url: location.href, title: document.title, ...page });
  const stored = () => visitor.token || outbox.waiting.length;
  const seen = () => view.isOpen && !document.hidden;
  const later = (seconds = 0, fn: () => void) =>
    setTimeout(() => life.signal.aborted || fn(), stored() ? 0 : seconds * 1000);

  /** What is done with each frame of the core's. */
  const frames: { [type: string]: (f: any) => void } = {
    welcome,
    event,
    ok(f: Incoming & { type: 'ok' }) {
      const m = f.message;
      if (m) {
        if (outbox.find(f.id)?.frame.type === 'post') transcript.enter(m.sessionId);
        if (!transcript.knows(m.id)) transcript.put(m); // stale against its event
      }
      outbox.remove(f.id);
    },
    receipt: ({ session, delivered, read }: Incoming & { type: 'receipt' }) =>
      session === transcript.session?.id && transcript.mark({ delivered, read }),
    typing: (f: Incoming & { type: 'typing' }) => view.extras?._typing(f.on, f.author?.name),
    presence: (f: Incoming & { type: 'presence' }) => view.online(f.online),
    emit: (f: Incoming & { type: 'emit' }) => tell(f.name, f.data),
    history: (f: Incoming & { type: 'history' }) => transcript.older(f.messages, f.hasMore),
    error(f: Incoming & { type: 'error' }) {
      const waits = outbox.find(f.id);
      if (waits) outbox.refuse(waits, f.code, f.message, f.retryAfter);
      if (waits?.frame.type !== 'post') view.say(f.message);
    },
  };

  function welcome(f: Incoming & { type: 'welcome' }): void {
    const other = store.get<Visitor>(name);
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
    outbox.flush();
  }

  function event({ event: e }: Incoming & { type: 'event' }): void {
    const turn = /(opened|closed)$/.exec(e.type)?.[1];
    const posted = e.type === 'message.posted';
    if (posted || turn === 'opened') transcript.enter(e.sessionId);
    const m = e.message;
    if (m) {
      if (posted || transcript.knows(m.id)) transcript.put(m);
      if (posted && m.sender !== 'visitor') {
        view.extras?._heard(seen());
        tell('message', m);
      }
    }
    if (e.type === 'session.rated') save({ rated: e.sessionId });
    if (e.sessionId !== transcript.session?.id) return;
    if (turn) transcript.mark({ status: turn === 'closed' ? turn : 'active' });
    transcript.advance(e.seq);
  }

  function lost(code: number, reason: string): boolean {
    outbox.pause();
    view.extras?._typing(false);
    view.say(t.offline);
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
      key,
      visitor: visitor.id,
      token: visitor.token,
      session: session?.id,
      after: session && transcript.after,
      page: { referrer: document.referrer, ...here() },
      identity,
      ...view.extras?._traits(),
    };
  }

  /** Takes over settings: the core's, and above them the page's. */
  function dress(s?: Settings): void {
    served = s;
    dressed = true;
    settings = { ...s, ...chosen };
    Object.assign(t, served?.strings, chosen.strings);
    view.dress(settings);
    paint();
  }

  /** The page may have turned to another address, or taken the bubble away. */
  function look(_?: unknown): void {
    const { url } = here();
    const { pathname } = new URL(url, location.href);
    const on = (paths = '') =>
      paths.split(' ').some((p) => p && RegExp(`^${p.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`).test(pathname));
    if (due) view.reveal(!hidden && (!settings.show || on(settings.show)) && !on(settings.hide));
    if (url !== address) link.send({ type: 'page', ...here() });
    address = url;
  }

  /** From now on the visitor is somebody. */
  function act(): void {
    if (dressed ? settings.consent && !visitor.agreed : !stored()) return;
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
    view.form.hidden = !!(refusal || (view.extras ? view.extras._card() : !dressed || settings.consent || settings.ask));
    view.sync(own);
    const session = transcript.session;
    if (!session) return;
    const last = (visitor.session === session.id && visitor.read) || 0;
    const theirs = transcript.messages().filter((m) => m.sender === 'operator' && m.sessionId === session.id && !m.deletedAt);
    const newest = theirs.at(-1)?.seq || 0;
    if (seen() && newest > last && link.send({ type: 'read', session: session.id, seq: newest }))
      save({ session: session.id, read: newest });
    const count = seen() ? 0 : theirs.filter((m) => m.seq > last).length;
    view.count(count);
    if (count !== unread) tell('unread', (unread = count));
    view.extras?._unread(count);
  }

  function save(more: Visitor): void {
    visitor = { ...visitor, ...more };
    store.put(name, visitor);
  }

  function toggle(open = !view.isOpen, own = true): void {
    if (open === view.isOpen) return;
    view.show(open, own);
    if (own) act();
    if (open) extended ||= extend();
    else if (acted) save({ used: true });
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
    base, h, icon, button, full, picture, t, life,
    view.panel, view.list, view.form, view.input, view.close, view.cross,
    () => settings, () => visitor, () => transcript.session, transcript.messages, () => view.there, () => view.who,
    save, act, paint, view.style, view.say, view.compose, id, ask, write, link.send, hello, link.socket,
  ];

  function ask(frame: Request, files?: outbox.Waiting['files'], keep?: boolean): void {
    outbox.add(frame, files, keep);
    paint(frame.type === 'post');
    if (acted) link.open();
  }

  function write(text: string, replyTo?: string): void {
    act();
    ask({ type: 'post', id: id(), text, replyTo });
  }

  function retry(m: Message): void {
    const { frame, files } = outbox.find(m.clientId)!;
    outbox.remove(frame.id);
    ask({ ...frame, id: id() }, files);
  }

  /** Asks for what was said before. Asking twice does no harm. */
  function older(): void {
    const [oldest] = transcript.messages();
    if (oldest && transcript.more) link.send({ type: 'history', id: id(), session: oldest.sessionId, before: oldest.seq, limit: 50 });
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
      ask({ type: 'identify', id: id(), ...(typeof who === 'string' ? { identity: (identity = who) } : { traits: who }) });
    },
    track(event, data) {
      if (acted || outbox.waiting.length < 20) ask({ type: 'track', id: id(), name: event, data });
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
  outbox.start(name + ':', link.send, link.renew);
  link.start(base.replace('http', 'ws') + 'v1/socket', {
    _hello: hello,
    _frame(f) {
      frames[f.type]?.(f);
      draw();
    },
    _lost: lost,
    _detour: () => view.extras?._stream(),
  });
  view.mount({ _toggle: toggle, _write: write, _retry: retry, _older: older }, life);
  const looking = setInterval(look, 1000, 0);

  fetch(`${base}v1/widget/${key}?lang=${[data.lang, document.documentElement.lang || navigator.language]}`)
    .then((r) => (r.ok || r.status > 499 ? r.json() : destroy()))
    .catch(() => {})
    .then((s?: Settings) => {
      if (life.signal.aborted) return;
      dress(s);
      if (view.isOpen) act();
      later(settings.delay, () => look((due = true)));
      if (settings.autoOpen) later(settings.autoOpen, () => stored() || visitor.used || toggle(true, false));
    });

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
  // Another tab got a token, or has read.
  const shared = (e: StorageEvent) => {
    if (e.key !== name || !e.newValue) return;
    const { token } = visitor;
    visitor = store.get(name)!;
    if (acted && token !== visitor.token) link.renew();
    act();
    draw();
  };
  addEventListener('storage', shared, life);
  outbox.load();
  if (stored()) act();
  draw();
  calls.forEach((call) => api(...call));
}
