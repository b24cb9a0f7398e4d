import type { Readable } from 'node:stream'

/** What a plugin is, for its class's static spec. */
export interface Spec {
  name: string
  version?: string
  /** A hook only listens. */
  kind?: 'bridge' | 'hook'
  /** The attributes of its block in config.hcl. */
  fields?: Field[]
  /** The types that it wants; none: every stored one. typing, receipt and thread.erased come only when they are named. */
  events?: string[]
  /** The platform's quotas. The core keeps them: a bridge never waits for quota. */
  limits?: Limit[]
  /** How many sessions may be delivered to at once; 16 where it is not said. */
  parallel?: number
  /** In words for operators, what the platform cannot do, by action. */
  cannot?: Record<string, string>
  /** It posts what it receives as the visitor. */
  asVisitor?: boolean
}

/** A field is required unless it has a default or is optional. */
export interface Field {
  name: string
  type?: 'string' | 'int' | 'bool' | 'strings'
  default?: string | number | boolean | string[]
  optional?: boolean
  secret?: boolean
  /** No two blocks may have the same value. */
  exclusive?: boolean
  help?: string
}

/** So many calls in so many seconds. */
export interface Limit {
  calls: number
  per: number
  scope?: string
  events?: string[]
}

/** Ties one of our messages to one message of the platform. The link whose messageId is the session's is its status card. */
export interface Link {
  externalId: string
  messageId: string
  /** Where it is missing: the receipt's, or the event's. */
  thread?: string
  part?: number
  revision?: string
  deleted?: boolean
}

/** What a delivery did on the platform. */
export interface Receipt {
  /** Set when the thread was made or replaced. */
  thread?: string
  links?: Link[]
  /** That count against the limits; 1 where it is not said. */
  calls?: number
}

/** What became of an erased session's thread. */
export interface Erased {
  /** Nothing more can be done; true where it is not said. */
  done?: boolean
  /** External ids, when it is not done. */
  removed?: string[]
  /** External ids that people have to remove. */
  left?: string[]
  why?: string
  calls?: number
}

/** One thing that check looked at, and what to do when it is not ok. */
export interface Finding {
  ok: boolean
  name: string
  text: string
}

/** Times of sessions, messages and threads are milliseconds since 1970; 0 is none. */
export interface Session {
  id: string
  projectId: string
  status: 'active' | 'closed'
  createdAt: number
  lastActivity: number
  visitor: Visitor | null
  metadata: Record<string, string>
  seq: number
  read: number
  delivered: number
  /** From host.sessions only. */
  last: Message | null
  unread: number
}

export interface Visitor {
  id: string
  name: string
  email: string
  /** The name and the address are signed by the site. */
  verified: boolean
  traits: Record<string, string>
  subject: string
}

export interface Message {
  id: string
  seq: number
  sender: 'visitor' | 'operator' | 'system'
  text: string
  name: string
  avatar: string
  via: string
  replyTo: string
  replyText: string
  attachments: Attachment[]
  createdAt: number
  editedAt: number
  deletedAt: number
  deleted: boolean
  note: boolean
  failed: boolean
  clientId: string
  author: string
}

export interface Attachment {
  id: string
  name: string
  type: string
  size: number
  url: string
}

export interface Project {
  id: string
  slug: string
  name: string
  operator: string
}

export interface Thread {
  id: string
  sessionId: string
  status: 'active' | 'closed'
  lastActivity: number
}

/** One thing that happened in a session. */
export class Event {
  type: string
  seq: number
  at: Date
  /** Of message.* and note.*, as it is now. */
  message: Message | null
  data: any
  /** It may have been delivered before without our learning of it. */
  uncertain: boolean
  session: Session
  /** The platform's id of the session's thread; empty: make one. */
  thread: string
  links: Required<Link>[]
  /** The platform's messages that show the message, in order. */
  parts(messageId: string): Required<Link>[]
  /** The session's status card, when it has one. */
  card(): Required<Link> | undefined
}

/** What happened on the platform. The same effect reported again has the same effectKey. */
export interface Inbound {
  kind: 'message' | 'edit' | 'delete' | 'close' | 'reopen' | 'typing' | 'read' | 'raw' | 'visitor'
  effectKey: string
  thread?: string
  externalId?: string
  /** Of an edit: a number that grows. */
  revision?: string
  replyTo?: string
  text?: string
  operator?: { id: string; name?: string; avatar?: string }
  /** Ids of saveFile. */
  files?: string[]
  /** Of typing. */
  on?: boolean
  raw?: Uint8Array
}

/** What an inbound became. */
export interface Ack {
  sessionId: string
  messageId: string
  seq: number
  /** It had been received before. */
  repeated: boolean
}

export interface Query {
  status?: 'active' | 'closed'
  limit?: number
  cursor?: string
}

/** The core, as a plugin sees it. */
export interface Host {
  readonly bridgeId: string
  /** Those that the bridge serves now. */
  readonly projects: Project[]
  readonly log: Record<'debug' | 'info' | 'warn' | 'error', (...words: unknown[]) => void>
  /** Reports what happened on the platform, and resolves when it is committed: only then may the platform be told that it was received. Refused is the core's last word. */
  receive(inbound: Inbound): Promise<Ack>
  /** Keeps what was made on the platform so far; gone is a thread that no longer exists. */
  record(record: { sessionId: string; thread?: string; gone?: string; links?: Link[] }): Promise<void>
  /** Keeps a few bytes that state gives back, also after a restart. */
  saveState(key: string, value: string | Uint8Array): Promise<void>
  state(key: string): Buffer | undefined
  /** An attachment, to read. */
  openFile(attachmentId: string): Promise<Readable>
  /** Stores a file, whose id receive names. */
  saveFile(name: string, data: string | Uint8Array | Readable): Promise<Attachment>
  /** The bridge's sessions, the latest active first. */
  sessions(query?: Query): Promise<{ sessions: Session[]; next: string }>
  session(id: string): Promise<Session>
  /** A session's messages and notes, ascending. */
  messages(query: { sessionId: string; after?: number; before?: number; limit?: number }): Promise<{ messages: Message[]; more: boolean }>
  /** The bridge's threads, those of the latest active session first. */
  threads(query?: Query): Promise<{ threads: Thread[]; next: string }>
  /** The thread's newest messages that are known, the newest first. */
  links(thread: string, limit?: number): Promise<Required<Link>[]>
}

/** A bridge or a hook: extend it, say in static spec what it is, and define deliver. It is made with the values of its block and must not call its platform then. */
export abstract class Bridge<Config = Record<string, any>> {
  static spec: Spec
  constructor(config: Config, host: Host)
  readonly config: Config
  readonly host: Host
  /** Brings one event to the platform. The events of one session come in order and one at a time. */
  abstract deliver(event: Event): Promise<Receipt | void> | Receipt | void
  /** Receives from the platform until the signal is aborted; when it ends earlier, the plugin is launched anew. */
  run?(signal: AbortSignal): Promise<void>
  /** Makes live calls: is the token good, which right is missing. */
  check?(): Promise<Finding[]>
  /** Closes what is open. */
  stop?(): Promise<void> | void
  /** Shows that the visitor types, where typing is one of the events. */
  typing?(event: Event): Promise<void>
  /** Removes what was made for an erased session, where thread.erased is one of the events. */
  erase?(thread: string, links: Required<Link>[]): Promise<Erased>
}

/** Runs a class of Bridge until the core is done with it. */
export function serve(kind: { new (config: any, host: Host): Bridge<any>; spec: Spec }): Promise<void>

/** Why something did not work: try again later, with backoff. Any other error means the same. */
export class Failure extends Error {
  constructor(reason: string, more?: { calls?: number; cause?: unknown })
}
/** The platform asked to wait so many seconds, and nothing was done. The scope is "thread", that of a declared limit, or empty: everything waits. */
export class RetryAfter extends Failure {
  constructor(wait: number, reason: string, more?: { scope?: string; calls?: number; cause?: unknown })
}
/** This event can never be delivered: operators are told, and the next one follows. */
export class Permanent extends Failure {}
/** The session's thread no longer exists: forget it, and deliver again. */
export class ThreadGone extends Failure {}
/** Nothing works until someone acts: the token was revoked, the bot removed. */
export class Unusable extends Failure {}
/** A field of the plugin's block is wrong; the constructor throws it. */
export class FieldError extends Failure {
  constructor(field: string, reason: string)
}
/** The core will not take what was reported, also not when it is sent again. */
export class Refused extends Error {}
/** The connection to the core is broken: what was under way comes, or is sent, again. */
export class Disconnected extends Error {}
