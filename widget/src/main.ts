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

const script = document.currentScript as HTMLScriptElement;
if (!window.PocketPing) start(new URL('.', script.src).href, script.dataset.key!);

function start(base: string, key: string): void {
  const name = 'pocketping:' + key;
  const listeners: [string, (data: unknown) => void][] = [];
  const life = new AbortController();
  let visitor: Visitor = store.get(name) || {};
  let acted = false;
  let identity: string | undefined;
  let sentRead = 0;
  let unread = 0;
  let drawing = 0;
  let hiddenAt = 0;

  const id = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
  const tell = (event: string, data?: unknown) => listeners.forEach(([on, fn]) => on === event && fn(data));

  outbox.start(name + ':', link.send, link.renew);
  link.start(base.replace('http', 'ws') + 'v1/socket', { hello, frame, lost });
  view.mount({ toggle, write, retry, older }, life);

  fetch(base + 'v1/widget/' + key)
    .then((r) => {
      if (r.ok || r.status > 499) return r.json();
      console.warn('PocketPing: unknown data-key');
      return api.destroy();
    })
    .catch(() => ({}))
    .then((settings) => life.signal.aborted || view.dress(settings));

  function act(): void {
    acted = true;
    link.open();
  }

  function hello(): Outgoing {
    const session = transcript.session;
    return {
      type: 'hello',
      key,
      visitor: visitor.id,
      token: visitor.token,
      session: session?.id,
      after: session && transcript.after,
      page: { url: location.href, title: document.title, referrer: document.referrer },
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
    } else if (f.type === 'typing') view.extras?.typing(f.on, f.author?.name);
    else if (f.type === 'presence') view.online(f.online);
    else if (f.type === 'emit') tell(f.name, f.data);
    else if (f.type === 'history') transcript.older(f.messages, f.hasMore);
    else if (f.type === 'error') refused(f);
    draw();
  }

  function welcome(f: Incoming & { type: 'welcome' }): void {
    sentRead = 0;
    save(f.visitor); // its token is there only when it is new
    if (f.settings) view.dress(f.settings);
    view.online(f.online);
    view.say('');
    if (f.resumed && f.session) transcript.mark(f.session);
    else transcript.begin(f.session);
    outbox.load();
    outbox.waiting.forEach(transcript.queue);
    outbox.flush();
  }

  function event(e: SessionEvent): void {
    const posted = e.type === 'message.posted';
    if (posted || e.type === 'session.opened' || e.type === 'session.reopened') transcript.enter(e.sessionId);
    const m = e.message;
    if (m) {
      if (posted || transcript.entries.some((o) => o.message.id === m.id)) transcript.put(m);
      if (posted && m.sender !== 'visitor') {
        view.extras?.typing(false);
        tell('message', m);
      }
    }
    if (e.sessionId !== transcript.session?.id) return;
    const closed = e.type === 'session.closed';
    if (closed || e.type === 'session.reopened') transcript.mark({ status: closed ? 'closed' : 'active' });
    transcript.advance(e.seq);
  }

  function refused(f: Incoming & { type: 'error' }): void {
    const waits = outbox.waiting.find((w) => w.frame.id === f.id);
    if (waits) outbox.refuse(waits, f.code, f.message, f.retryAfter);
    if (waits?.frame.type !== 'post') view.say(f.message);
  }

  function lost(code: number, reason: string): boolean {
    outbox.pause();
    view.extras?.typing(false);
    view.say(t.offline, true);
    draw();
    if (code === 4401 && visitor.token) {
      visitor = {};
      store.drop(name);
      transcript.begin(null);
    } else if (code === 4401 || code === 4403) {
      view.lock(reason || t.refused);
      return true;
    }
    return false;
  }

  /** Frames that come together are drawn together. */
  function draw(): void {
    clearTimeout(drawing);
    drawing = setTimeout(paint, 16);
  }

  function paint(own?: boolean): void {
    view.sync(own);
    const session = transcript.session;
    if (!session) return;
    const seen = visitor.session === session.id ? visitor.read || 0 : 0;
    const theirs = transcript.entries
      .map((e) => e.message)
      .filter((m) => m.sender === 'operator' && m.sessionId === session.id && !m.deletedAt);
    const newest = theirs.at(-1)?.seq || 0;
    if (view.isOpen && !document.hidden && newest > sentRead && link.send({ type: 'read', session: session.id, seq: newest })) {
      sentRead = newest;
      save({ session: session.id, read: newest });
    }
    const count = view.isOpen ? 0 : theirs.filter((m) => m.seq > seen).length;
    view.count(count);
    if (count !== unread) tell('unread', (unread = count));
  }

  function save(more: Visitor): void {
    visitor = { ...visitor, ...more };
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
    const extra: Promise<{ default: (kit: Kit) => Extras }> = import(base + 'extra.js');
    const find = (message?: string) => transcript.entries.map((e) => e.message).find((m) => m.id === message);
    extra.then(
      (m) =>
        view.extras ||
        view.extend(
          m.default({
            base, life, id, find, ask, write, send: link.send, token: () => visitor.token,
            input: view.input, compose: view.compose, say: view.say, grown: view.grown,
          }),
        ),
      () => {}, // tried again when the panel opens again
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
    ask({ type: 'post', id: id(), text, replyTo });
  }

  function retry(e: transcript.Entry): void {
    const { frame, files } = e.waiting!;
    outbox.remove(frame.id);
    transcript.forget(e);
    ask({ ...frame, id: id() }, files);
  }

  /** Asks for what was said before. Asking twice does no harm. */
  function older(): void {
    const oldest = transcript.entries[0]!.message;
    if (transcript.more) link.send({ type: 'history', id: id(), session: oldest.sessionId, before: oldest.seq, limit: 50 });
  }

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
  // Another tab got a token, or has read.
  const shared = (e: StorageEvent) => {
    if (e.key !== name || !e.newValue) return;
    visitor = store.get(name)!;
    act();
    draw();
  };
  addEventListener('storage', shared, life);

  const api: PocketPing = {
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(!view.isOpen),
    identify(who) {
      ask({ type: 'identify', id: id(), ...(typeof who === 'string' ? { identity: (identity = who) } : { traits: who }) });
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
      clearTimeout(drawing);
      view.host.remove();
      delete window.PocketPing;
    },
  };
  window.PocketPing = api;
  outbox.load();
  outbox.waiting.forEach(transcript.queue);
  if (visitor.token || outbox.waiting.length) act();
  draw();
}
