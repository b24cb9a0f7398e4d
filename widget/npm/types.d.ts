// The wire contract as the widget sees it. Fields that it does not use are left out.

export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  url?: string;
}

export interface Message {
  id: string;
  seq: number;
  sessionId: string;
  sender: 'visitor' | 'operator' | 'system';
  text: string;
  author?: { name: string; avatar?: string };
  replyTo?: string;
  attachments?: Attachment[];
  createdAt: string;
  editedAt?: string;
  deletedAt?: string;
  failed?: boolean;
  clientId?: string;
}

export interface Session {
  id: string;
  status: 'active' | 'closed';
  seq: number;
  delivered: number;
  read: number;
  messages: Message[];
}

/**
 * What a project or a page chooses. The core sends it as JSON, at most 1 KB of it
 * gzipped, from `GET /v1/widget/{pk}` and in every welcome; a page overrides it with
 * attributes (`data-auto-open="5"`) or `PocketPing.init({autoOpen: 5})`. Every field
 * may be left out; what then holds stands in brackets.
 */
export interface Settings {
  // Looks
  color?: string; // "#rrggbb": bubble, header, the visitor's messages ["#4f46e5"]
  dark?: 'auto' | 'light' | 'dark'; // ["auto": as the visitor's system is]
  position?: 'right' | 'left'; // the lower corner ["right"]
  x?: number; // pixels from that side [20]
  y?: number; // pixels from below [20]
  radius?: number; // of the panel's corners, in pixels [20]
  font?: string; // a CSS font-family ["system-ui, sans-serif"]
  icon?: string; // address of a picture for the bubble [a speech bubble]

  // Words
  name?: string; // of the project; used where there is no operator
  operator?: string; // whom the visitor talks to: "Acme support"
  avatar?: string; // address of the operator's picture [the first letter]
  title?: string; // the header's first line [operator]
  reply?: string; // its second line while somebody is there ["Online"]
  away?: string; // its second line outside office hours or while nobody is there ["We reply as soon as we can"]
  welcome?: string; // said before the first message; safe markdown [nothing]
  placeholder?: string; // of the composer ["Write a message…"]
  lang?: string; // "fr"; of those in dist/lang [the page's <html lang>, else the browser's; English]
  strings?: Record<string, string>; // own words in place of the language's, by the names in strings.ts

  // Where and when the bubble is there
  show?: string; // only on these paths, separated by spaces, with * for anything: "/ /shop/*" [everywhere]
  hide?: string; // not on these paths [nowhere]
  delay?: number; // seconds until it appears [0]
  autoOpen?: number; // seconds until the panel opens by itself, for those who have never used it [never]

  // What visitors are asked for
  consent?: string; // shown, and agreed to, before anything is stored or sent; safe markdown [not asked]
  ask?: string; // required fields, separated by spaces: "name email" [none]; others than these two are plain text
  askAfter?: boolean; // ask after the first message, not before it [false]
  awayEmail?: boolean; // while `online` is false, ask for an e-mail address after the first message [false]
  rating?: boolean; // ask for 1 to 5 after closing [false]

  // What there is
  sound?: boolean; // on new messages; visitors can switch it off [true]
  files?: boolean; // visitors may attach files [true]
  fingerprint?: boolean; // hello carries a hash of stable browser traits [true]

  /** Whether somebody answers now: office hours are on and a bridge runs. A welcome's and a presence frame's `online` overrule it. [true] */
  online?: boolean;
}

export interface SessionEvent {
  type: string;
  seq: number;
  sessionId: string;
  message?: Message;
}

/** What the core sends. */
export type Incoming =
  | {
      type: 'welcome';
      visitor: { id: string; token?: string };
      session: Session | null;
      settings?: Settings;
      online: boolean;
      resumed: boolean;
    }
  | { type: 'ok'; id: string; session?: string; seq?: number; message?: Message }
  | { type: 'event'; event: SessionEvent }
  | { type: 'receipt'; session: string; delivered: number; read: number }
  | { type: 'typing'; on: boolean; author?: { name: string } }
  | { type: 'presence'; online: boolean }
  | { type: 'emit'; name: string; data?: unknown }
  | { type: 'history'; id: string; messages: Message[]; hasMore: boolean }
  | { type: 'error'; id?: string; code: string; message: string; retryAfter?: number; challenge?: string };

/** What the widget asks for and waits to hear about: it is sent until it is answered. */
export type Request = { id: string } & Unsent;
export type Unsent =
  | { type: 'post'; text: string; replyTo?: string; attachments?: string[] }
  | { type: 'edit'; message: string; text: string }
  | { type: 'delete'; message: string }
  | { type: 'track'; name: string; data?: unknown }
  | { type: 'identify'; identity?: string; traits?: unknown }
  | { type: 'rate'; score: number; comment: string }
  | { type: 'history'; session: string; before: number; limit: number };

/** Everything that the widget sends. */
export type Outgoing =
  | Request
  | {
      type: 'hello';
      key: string;
      visitor?: string;
      token?: string;
      session?: string;
      after?: number;
      page: Page & { referrer: string };
      identity?: string;
      language?: string;
      timezone?: string;
      screen?: string;
      fingerprint?: string;
      proof?: string; // the challenge that a refused hello got, solved
    }
  | { type: 'typing'; on: boolean }
  | { type: 'read'; session: string; seq: number }
  | { type: 'page'; url: string; title: string };

/** Where the visitor is. */
export interface Page {
  url: string;
  title: string;
}

/** What is kept of the visitor between pages. */
export interface Visitor {
  id?: string;
  token?: string;
  session?: string; // the session that `read` is of
  read?: number; // the last message seen
  rated?: string; // the session that was rated last
  agreed?: boolean; // to the consent text
  asked?: boolean; // and has answered
  mute?: boolean; // wants no sound
}

/**
 * What a page may call: `window.PocketPing`. It is a function too, so that a page can
 * call before the script has loaded: `PocketPing('open')` is `PocketPing.open()`.
 */
export interface PocketPing {
  <K extends Call>(call: K, ...args: Parameters<PocketPing[K]>): void;
  /** Settings of this page, which overrule the project's. */
  init(settings: Settings): void;
  open(): void;
  close(): void;
  toggle(): void;
  /** Brings the bubble back, where the page rules allow it. */
  show(): void;
  /** Takes the bubble, and the open panel, off the page. */
  hide(): void;
  /** Sends the text as the visitor's message. Where consent or a name is asked for first, it waits in the composer. */
  send(text: string): void;
  /** A signed identity (JWT), or bare traits, which operators see as unverified. */
  identify(who: string | Record<string, unknown>): void;
  /** Tells operators that something happened; waits until the visitor has acted. */
  track(name: string, data?: unknown): void;
  /**
   * Calls fn on "open", "close", "message" (with the message of an operator), "unread" (with
   * how many) and on every custom event of the back end. Answers with a way to stop it.
   */
  on(name: string, fn: (data: any) => void): () => void;
  off(name: string, fn: (data: any) => void): void;
  /** Says where the visitor is, where the address and title of the document do not. */
  setPage(page: Partial<Page>): void;
  /** Removes the widget and closes its connection. */
  destroy(): void;
  /** Whether the browser keeps the conversation for the next page; false in private windows and where storage is blocked. */
  readonly persistent: boolean;
  /** Calls from before the script had loaded. */
  q?: [string, ...unknown[]][];
}

type Call = 'init' | 'open' | 'close' | 'toggle' | 'show' | 'hide' | 'send' | 'identify' | 'track' | 'on' | 'off' | 'setPage' | 'destroy';

declare global {
  interface Window {
    PocketPing?: PocketPing;
    navigation?: EventTarget;
  }
}
