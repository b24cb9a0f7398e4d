// Where the script starts: one instance on the page, one request for its settings,
// and everything else once the visitor acts or has acted before.
import type { Extras, Kit } from './extra';
import * as link from './link';
import * as outbox from './outbox';
import * as store from './store';
import { t } from './strings';
import * as transcript from './transcript';
import type { Incoming, Outgoing, PocketPing, Request, SessionEvent } from './types';
import * as view from './view';

/** What is kept of the visitor between pages. */
interface Visitor {
  id?: string;
  token?: string;
  session?: string; // the session that `read` is of
  read?: number; // the last message seen
}

const script = document.currentScript as HTMLScriptElement | null;
const key = script?.dataset.key;
if (!script || !key) console.warn('PocketPing: the script tag needs data-key="pk_…"');
else if (!window.PocketPing) start(new URL('.', script.src).href, key);

function start(base: string, key: string): void {
  const name = 'pocketping:' + key;
  const listeners: [string, (data: unknown) => void][] = [];
  const life = new AbortController();
  let visitor: Visitor = store.get(name) || {};
  let acted = false;
  let forgot = false;
  let identity: string | undefined;
  let sentRead = 0;
  let unread = 0;
  let typedAt = 0;
  let idle = 0;
  let still = 0;
  let drawing = 0;
  let asked = '';
  let hiddenAt = 0;
  let extended = false;

  const id = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(15)))).replace(/\W/g, '-');
  const tell = (event: string, data?: unknown) => listeners.forEach(([on, fn]) => on === event && fn(data));

  outbox.start(name + ':', link.send, link.renew);
  link.start(base.replace('http', 'ws') + 'v1/socket', { hello, frame, lost });
  view.mount({ base, toggle, write, retry, typing, older });

  fetch(base + 'v1/widget/' + key, { credentials: 'omit' })
    .then((r) => (r.ok || r.status > 499 ? r.json() : Promise.reject(r.status)))
    .then(view.dress, (why) => {
      if (typeof why === 'number') {
        console.warn(`PocketPing: the key ${key} is refused (${why})`);
        api.destroy();
      } else view.dress({});
    });

  function act(): void {
    acted = true;
    link.open();
  }

  function hello(): Outgoing {
    visitor = { ...visitor, ...store.get<Visitor>(name) };
    const session = transcript.session;
    return {
      type: 'hello',
      key,
      visitor: visitor.id,
      token: visitor.token,
      session: session?.id,
      after: session && transcript.after,
      page: { ...page(), referrer: document.referrer },
      language: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      screen: `${screen.width}x${screen.height}`,
      identity,
    };
  }

  function frame(f: Incoming): void {
    if (f.type === 'welcome') welcome(f);
    else if (f.type === 'event') event(f.event);
    else if (f.type === 'ok') {
      if (f.message) {
        if (outbox.waiting.some((w) => w.frame.id === f.id && w.frame.type === 'post')) transcript.enter(f.message.sessionId);
        transcript.put(f.message, true);
      }
      outbox.remove(f.id);
    } else if (f.type === 'receipt') {
      if (f.session === transcript.session?.id) transcript.mark(f);
    } else if (f.type === 'typing') {
      view.typing(f.on, f.author?.name);
      clearTimeout(still);
      if (f.on) still = setTimeout(() => view.typing(false), 8000);
    } else if (f.type === 'presence') view.online(f.online);
    else if (f.type === 'emit') tell(f.name, f.data);
    else if (f.type === 'history') {
      if (f.id !== asked) return;
      view.freeze();
      transcript.older(f.messages, f.hasMore);
      asked = '';
    } else if (f.type === 'error') refused(f);
    draw();
  }

  function welcome(f: Incoming & { type: 'welcome' }): void {
    visitor.id = f.visitor.id;
    if (f.visitor.token) visitor.token = f.visitor.token;
    forgot = false;
    sentRead = 0;
    asked = '';
    save();
    if (f.settings) view.dress(f.settings);
    view.online(f.online);
    view.say('');
    if (f.resumed && f.session) transcript.mark(f.session);
    else transcript.begin(f.session);
    for (const { message: m } of transcript.entries) if (m.clientId && m.id) outbox.remove(m.clientId);
    outbox.load();
    outbox.waiting.forEach(transcript.queue);
    outbox.flush();
  }

  function event(e: SessionEvent): void {
    const posted = e.type === 'message.posted';
    if (posted || e.type === 'session.opened' || e.type === 'session.reopened') transcript.enter(e.sessionId);
    const m = e.message;
    if (m) {
      if (m.clientId) outbox.remove(m.clientId);
      if (posted || transcript.entries.some((o) => o.message.id === m.id)) transcript.put(m);
      if (posted && m.sender !== 'visitor') {
        view.typing(false);
        tell('message', m);
      }
    }
    if (e.sessionId !== transcript.session?.id) return;
    const closed = e.type === 'session.closed';
    if (closed || e.type === 'session.reopened') transcript.mark({ status: closed ? 'closed' : 'active' });
    transcript.advance(e.seq);
  }

  function refused(f: Incoming & { type: 'error' }): void {
    if (f.id && f.id === asked) asked = '';
    const waits = outbox.waiting.find((w) => w.frame.id === f.id);
    if (waits) outbox.refuse(f.id!, f.code, f.message, f.retryAfter);
    if (waits?.frame.type !== 'post') view.say(f.message);
  }

  function lost(code: number, reason: string): boolean {
    if (code === 4400) outbox.blame(reason || t.failed);
    outbox.pause();
    view.typing(false);
    view.say(t.offline, true);
    draw();
    if (code === 4401 && visitor.token && !forgot) {
      forgot = true;
      visitor = {};
      store.drop(name);
      transcript.begin(null);
      return false;
    }
    if (code !== 4401 && code !== 4403) return false;
    view.lock(reason || t.refused);
    return true;
  }

  function draw(now?: boolean): void {
    clearTimeout(drawing);
    if (now) paint();
    else drawing = setTimeout(paint, 16);
  }

  function paint(own?: boolean): void {
    view.sync(own);
    const session = transcript.session;
    if (!session) return;
    const seen = visitor.session === session.id ? visitor.read || 0 : 0;
    const theirs = transcript.entries.filter((e) => e.message.sessionId === session.id && e.message.sender === 'operator' && !e.message.deletedAt);
    const newest = theirs.length ? theirs[theirs.length - 1]!.message.seq : 0;
    if (view.isOpen && !document.hidden && newest > sentRead && link.send({ type: 'read', session: session.id, seq: newest })) {
      sentRead = newest;
      if (newest > seen) {
        visitor.session = session.id;
        visitor.read = newest;
        save();
      }
    }
    const count = view.isOpen ? 0 : theirs.filter((e) => e.message.seq > seen).length;
    view.name(count);
    if (count !== unread) tell('unread', (unread = count));
  }

  function save(): void {
    store.put(name, visitor);
  }

  function toggle(open: boolean): void {
    if (open === view.isOpen) return;
    view.show(open);
    if (open) {
      act();
      extend();
    }
    draw();
    tell(open ? 'open' : 'close');
  }

  /** Fetches what a chat of plain text can do without. */
  function extend(): void {
    if (extended) return;
    extended = true;
    const extra: Promise<{ default: (kit: Kit) => Extras }> = import(base + 'extra.js');
    extra.then(
      (m) => view.extend(m.default({ base, id, ask, write, input: view.input, compose: view.compose, say: view.say, token: () => visitor.token })),
      () => (extended = false),
    );
  }

  function ask(frame: Request, files?: outbox.Waiting['files']): void {
    const item = outbox.add(frame, files);
    transcript.queue(item);
    paint(frame.type === 'post');
    if (acted) link.open();
  }

  function write(text: string, replyTo?: string): void {
    act();
    quiet();
    ask({ type: 'post', id: id(), text, replyTo });
  }

  function retry(e: transcript.Entry): void {
    const { frame, files } = e.waiting!;
    outbox.remove(frame.id);
    transcript.forget(e);
    ask({ ...frame, id: id() }, files);
  }

  function typing(on: boolean): void {
    clearTimeout(idle);
    if (!on) return quiet();
    idle = setTimeout(quiet, 5000);
    if (Date.now() - typedAt > 3000 && link.send({ type: 'typing', on })) typedAt = Date.now();
  }

  function quiet(): void {
    clearTimeout(idle);
    if (typedAt) link.send({ type: 'typing', on: false });
    typedAt = 0;
  }

  function older(): void {
    const session = transcript.session;
    const oldest = transcript.entries.find((e) => e.message.sessionId === session?.id);
    if (!session || !transcript.more || asked || !oldest) return;
    asked = id();
    if (!link.send({ type: 'history', id: asked, session: session.id, before: oldest.message.seq, limit: 50 })) asked = '';
  }

  function page() {
    return { url: location.href, title: document.title };
  }

  const listen = (on: EventTarget | undefined, event: string, fn: (e: any) => void) =>
    on?.addEventListener(event, (e) => acted && fn(e), life);
  const turned = () => link.send({ type: 'page', ...page() });
  listen(window, 'online', link.renew);
  listen(window, 'offline', link.drop);
  listen(window, 'pageshow', (e) => e.persisted && link.renew());
  listen(window, 'popstate', turned);
  listen(window.navigation, 'navigatesuccess', turned);
  listen(document, 'visibilitychange', () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > 60_000) link.renew();
    else link.open();
    draw();
  });
  addEventListener('storage', (e) => e.key === name && e.newValue && another(), life);

  /** Another tab got a token, or has read. */
  function another(): void {
    visitor = store.get(name)!;
    act();
    draw();
  }

  const api: PocketPing = {
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(!view.isOpen),
    identify(who) {
      if (typeof who === 'string') identity = who;
      ask({ type: 'identify', id: id(), ...(identity === who ? { identity } : { traits: who }) });
    },
    track: (event, data) => ask({ type: 'track', id: id(), name: event, data }),
    on(event, fn) {
      const pair: (typeof listeners)[0] = [event, fn];
      listeners.push(pair);
      return () => void listeners.splice(listeners.indexOf(pair), 1);
    },
    destroy() {
      life.abort();
      link.stop();
      outbox.pause();
      [idle, still, drawing].forEach(clearTimeout);
      view.unmount();
      delete window.PocketPing;
    },
  };
  window.PocketPing = api;
  outbox.load();
  outbox.waiting.forEach(transcript.queue);
  if (visitor.token || outbox.waiting.length) act();
  draw();
}
