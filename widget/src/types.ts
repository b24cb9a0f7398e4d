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

export interface Settings {
  color?: string;
  operator?: string;
  welcome?: string;
  name?: string;
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
  | { type: 'error'; id?: string; code: string; message: string; retryAfter?: number };

/** What the widget asks for and waits to hear about: it is sent until it is answered. */
export type Request = { id: string } & (
  | { type: 'post'; text: string; replyTo?: string; attachments?: string[] }
  | { type: 'edit'; message: string; text: string }
  | { type: 'delete'; message: string }
  | { type: 'track'; name: string; data?: unknown }
  | { type: 'identify'; identity?: string; traits?: unknown }
);

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
      page: { url: string; title: string; referrer: string };
      language: string;
      timezone: string;
      screen: string;
      identity?: string;
    }
  | { type: 'typing'; on: boolean }
  | { type: 'read'; session: string; seq: number }
  | { type: 'page'; url: string; title: string }
  | { type: 'history'; id: string; session: string; before: number; limit: number };

/** What a page may call: `window.PocketPing`. */
export interface PocketPing {
  open(): void;
  close(): void;
  toggle(): void;
  /** A signed identity (JWT), or bare traits, which operators see as unverified. */
  identify(who: string | Record<string, unknown>): void;
  /** Tells operators that something happened; waits until the visitor has acted. */
  track(name: string, data?: unknown): void;
  /** Calls fn on "open", "close", "message", "unread" and on every custom event of the back end. */
  on(name: string, fn: (data: unknown) => void): () => void;
  /** Removes the widget and closes its connection. */
  destroy(): void;
}

declare global {
  interface Window {
    PocketPing?: PocketPing;
    navigation?: EventTarget;
  }
}
